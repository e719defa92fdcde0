//! How the chains begin: specs for this one network.
//!
//! The relay chain's comes from Westend's runtime by way of the parachains' node, which has the
//! tools for it; the parachains are in its genesis state. Theirs are the raw specs that
//! `gearway-chain-specs` makes, with the authorities that this network has collators for.
//!
//! HRMP channels are not in the genesis state: the relay chain would send the parachains word of
//! them in its block 0, which a parachain takes for a message it has processed already, and it
//! would never make a block.

use super::{
	binaries::Binaries,
	plan::{GEAR, GearCollators, SIBLING},
};
use codec::{Compact, Encode};
use polkadot_sdk::{
	sp_core::{Blake2Hasher, Hasher},
	sp_trie::{LayoutV1, TrieConfiguration},
};
use serde_json::{Value, json};
use std::{
	collections::BTreeMap,
	fs, io,
	path::{Path, PathBuf},
	process::{Output, Stdio},
	time::Duration,
};
use subxt_signer::sr25519::{Keypair, dev};
use tokio::{process::Command, time::timeout};

/// Where a chain keeps the keys that may make its blocks: `Aura.Authorities`, and the copy that
/// validators of the relay chain check them against, `AuraExt.Authorities`.
const AUTHORITIES_KEYS: [&str; 2] = [
	"0x57f8dc2f5ab09467896f47300f0424385e0621c4869aa60c02be9adcc98a0d1d",
	"0x3c311d57d4daf52904616cf69648081e5e0621c4869aa60c02be9adcc98a0d1d",
];

/// Where a chain keeps its code: `:code`.
const CODE_KEY: &str = "0x3a636f6465";

/// What the keys of child tries begin with.
const CHILD_PREFIX: &[u8] = b":child_storage:default:";

/// The spec id of the relay chain, which the parachains' specs name.
pub const RELAY_ID: &str = "westend-local";

/// The name that the relay chain goes by.
pub const RELAY_NAME: &str = "Westend Local";

/// The preset of Westend's runtime that has two validators, Alice and Bob.
const RELAY_PRESET: &str = "local_testnet";

/// Limits of messages between chains as Polkadot has them; the preset's are those of a toy.
const LIMITS: &str = include_str!("../../../../zombienet/relay-limits.json");

/// Messages that a channel may hold, which is what Polkadot gives to whoever asks for one.
pub const CHANNEL_CAPACITY: u32 = 25;

/// The largest message of a channel, and all its messages together, in bytes.
pub const CHANNEL_BYTES: u32 = 102_400;

/// How long the node may take to make a spec, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A spec that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
	/// A file cannot be read or written.
	#[error("cannot use {}", path.display())]
	Io {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// A parachain's spec is none.
	#[error("chain spec {}: a raw spec with code and Aura authorities is expected\n  cure: run `make build`", .0.display())]
	NotRaw(PathBuf),
	/// A parachain's spec is for another parachain or relay chain.
	#[error("chain spec {}: {found}, where {wanted} is expected\n  cure: run `make build`", path.display())]
	Another {
		/// The file.
		path: PathBuf,
		/// What it says.
		found: String,
		/// What it should say.
		wanted: String,
	},
	/// The node did not make the relay chain's spec.
	#[error("{} cannot make the relay chain's spec: {reason}", program.display())]
	Tool {
		/// The node.
		program: PathBuf,
		/// Its last words.
		reason: String,
	},
	/// The relay chain's runtime has another preset than expected.
	#[error("{} is no runtime of Westend's that this network can use: its preset has no {missing}\n  cure: take the one of polkadot-sdk stable2609", runtime.display())]
	AnotherRuntime {
		/// The runtime.
		runtime: PathBuf,
		/// What is not in its preset.
		missing: &'static str,
	},
	/// A parachain's node made another genesis block than the one that the relay chain knows.
	#[error(
		"{chain} begins with block 0x{}, and the relay chain expects 0x{}", hex::encode(.found), hex::encode(.expected)
	)]
	AnotherBeginning {
		/// The chain.
		chain: &'static str,
		/// The genesis block's hash, from its spec.
		expected: [u8; 32],
		/// What its node says.
		found: [u8; 32],
	},
}

/// A parachain as the relay chain gets to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parachain {
	/// Its id.
	pub id: u32,
	/// The name that it goes by.
	pub name: String,
	/// Its genesis header.
	head: Vec<u8>,
	/// Its code, `0x…`.
	code: String,
}

impl Parachain {
	/// Its genesis block's hash.
	pub fn genesis(&self) -> [u8; 32] {
		Blake2Hasher::hash(&self.head).0
	}
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> GenesisError + use<> {
	let path = path.to_path_buf();
	move |source| GenesisError::Io { path, source }
}

fn read(path: &Path) -> Result<Value, GenesisError> {
	let json = fs::read(path).map_err(io_error(path))?;
	serde_json::from_slice(&json).map_err(|error| io_error(path)(error.into()))
}

fn write(path: &Path, spec: &Value) -> Result<(), GenesisError> {
	fs::write(path, spec.to_string()).map_err(io_error(path))
}

/// The authorities of a chain with that many collators.
fn authorities(collators: GearCollators) -> Vec<Keypair> {
	match collators {
		GearCollators::One => vec![dev::alice()],
		GearCollators::Two => vec![dev::alice(), dev::bob()],
	}
}

/// Copies the Gear chain's raw spec, with the authorities of that many collators.
pub fn gear(from: &Path, to: &Path, collators: GearCollators) -> Result<Parachain, GenesisError> {
	parachain(GEAR, from, to, &authorities(collators))
}

/// Copies the sibling's raw spec, with the authority of its one collator.
pub fn sibling(from: &Path, to: &Path) -> Result<Parachain, GenesisError> {
	parachain(SIBLING, from, to, &authorities(GearCollators::One))
}

fn parachain(
	id: u32,
	from: &Path,
	to: &Path,
	authorities: &[Keypair],
) -> Result<Parachain, GenesisError> {
	let mut spec = read(from)?;
	let expect = |what: &str, found: Option<&Value>, wanted: Value| match found {
		Some(found) if *found == wanted => Ok(()),
		other => Err(GenesisError::Another {
			path: from.into(),
			found: format!("{what} {}", other.unwrap_or(&Value::Null)),
			wanted: wanted.to_string(),
		}),
	};
	expect("para_id", spec.get("para_id"), id.into())?;
	expect("relay_chain", spec.get("relay_chain"), RELAY_ID.into())?;

	let not_raw = || GenesisError::NotRaw(from.into());
	let top = spec.pointer_mut("/genesis/raw/top").and_then(Value::as_object_mut);
	let top = top.ok_or_else(not_raw)?;
	let keys: Vec<[u8; 32]> = authorities.iter().map(|pair| pair.public_key().0).collect();
	let keys = format!("0x{}", hex::encode(keys.encode()));
	for key in AUTHORITIES_KEYS {
		*top.get_mut(key).ok_or_else(not_raw)? = keys.clone().into();
	}
	let code = top.get(CODE_KEY).and_then(Value::as_str).ok_or_else(not_raw)?.to_owned();
	let head = spec.pointer("/genesis/raw").and_then(genesis_head).ok_or_else(not_raw)?;
	write(to, &spec)?;
	let name = spec.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
	Ok(Parachain { id, name, head, code })
}

/// The header of block 0 of a chain that begins with a raw state, encoded.
fn genesis_head(raw: &Value) -> Option<Vec<u8>> {
	let mut state = pairs(raw.get("top")?)?;
	if let Some(children) = raw.get("childrenDefault").and_then(Value::as_object) {
		for (key, child) in children {
			let root = LayoutV1::<Blake2Hasher>::trie_root(pairs(child)?);
			state.insert([CHILD_PREFIX, &bytes(key)?].concat(), root.as_bytes().to_vec());
		}
	}
	let state_root = LayoutV1::<Blake2Hasher>::trie_root(state);
	let no_extrinsics = LayoutV1::<Blake2Hasher>::trie_root(BTreeMap::<Vec<u8>, Vec<u8>>::new());
	// Parent, number, state, extrinsics, and a digest of nothing.
	Some(([0u8; 32], Compact(0u32), state_root, no_extrinsics, Vec::<u8>::new()).encode())
}

fn pairs(object: &Value) -> Option<BTreeMap<Vec<u8>, Vec<u8>>> {
	object
		.as_object()?
		.iter()
		.map(|(key, value)| Some((bytes(key)?, bytes(value.as_str()?)?)))
		.collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
	hex::decode(text.strip_prefix("0x")?).ok()
}

/// Makes the relay chain's raw spec: with these parachains from the start, and HRMP as wide as on
/// Polkadot. `plain` is where its plain form goes.
pub async fn relay(
	binaries: &Binaries,
	parachains: &[&Parachain],
	plain: &Path,
	raw: &Path,
) -> Result<(), GenesisError> {
	let mut create = builder(binaries, plain);
	create.args(["create", "-t", "local", "--chain-id", RELAY_ID]);
	create.args(["--chain-name", RELAY_NAME, "--runtime"]).arg(&binaries.runtime);
	create.args(["named-preset", RELAY_PRESET]);
	run(binaries, create).await?;

	let mut spec = read(plain)?;
	settle(&mut spec, parachains).map_err(|missing| GenesisError::AnotherRuntime {
		runtime: binaries.runtime.clone(),
		missing,
	})?;
	write(plain, &spec)?;

	let mut convert = builder(binaries, raw);
	convert.arg("convert-to-raw").arg(plain);
	run(binaries, convert).await
}

fn builder(binaries: &Binaries, to: &Path) -> Command {
	let mut line = Command::new(&binaries.omni_node);
	line.arg("chain-spec-builder").arg("--chain-spec-path").arg(to);
	line.env_remove("RUST_LOG").stdin(Stdio::null()).kill_on_drop(true);
	line
}

async fn run(binaries: &Binaries, mut line: Command) -> Result<(), GenesisError> {
	let fail = |reason| GenesisError::Tool { program: binaries.omni_node.clone(), reason };
	match timeout(PATIENCE, line.output()).await {
		Ok(Ok(output)) if output.status.success() => Ok(()),
		Ok(Ok(output)) => Err(fail(last_words(&output))),
		Ok(Err(error)) => Err(fail(error.to_string())),
		Err(_) => Err(fail(format!("not done within {} s", PATIENCE.as_secs()))),
	}
}

fn last_words(output: &Output) -> String {
	let said = String::from_utf8_lossy(&output.stderr);
	let last = said.lines().rev().find(|line| !line.trim().is_empty());
	format!("{}: {}", output.status, last.unwrap_or("it says nothing"))
}

/// Puts the parachains and Polkadot's limits into a plain spec; what is missing for that, if it is.
fn settle(spec: &mut Value, parachains: &[&Parachain]) -> Result<(), &'static str> {
	let patch = spec.pointer_mut("/genesis/runtimeGenesis/patch").ok_or("patch")?;
	let config = patch.pointer_mut("/configuration/config").ok_or("configuration.config")?;
	let limits = serde_json::from_str::<BTreeMap<String, u32>>(LIMITS);
	for (limit, value) in limits.map_err(|_| "limits to be given")? {
		*config.get_mut(&limit).ok_or("configuration of HRMP")? = value.into();
	}
	let paras: Vec<_> = parachains
		.iter()
		.map(|para| {
			let head = format!("0x{}", hex::encode(&para.head));
			json!([
				para.id,
				{ "genesis_head": head, "validation_code": para.code, "parachain": true },
			])
		})
		.collect();
	patch["paras"] = json!({ "paras": paras });
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn raw_spec(para_id: u32) -> Value {
		let mut top = serde_json::Map::new();
		for key in AUTHORITIES_KEYS.into_iter().chain([CODE_KEY, "0x42"]) {
			top.insert(key.into(), "0x00".into());
		}
		json!({
			"name": "Gearway", "id": "x", "para_id": para_id, "relay_chain": RELAY_ID,
			"genesis": { "raw": { "top": top, "childrenDefault": {} } },
		})
	}

	fn made(spec: &Value, collators: GearCollators) -> Result<(Parachain, Value), GenesisError> {
		let folder = tempfile::tempdir().unwrap();
		let [from, to] = ["from.json", "to.json"].map(|name| folder.path().join(name));
		fs::write(&from, spec.to_string()).unwrap();
		let para = gear(&from, &to, collators)?;
		Ok((para, read(&to).unwrap()))
	}

	#[test]
	fn a_parachain_has_the_authorities_of_its_collators_and_all_else_as_before() {
		let spec = raw_spec(GEAR);
		for (collators, count) in [(GearCollators::One, 1), (GearCollators::Two, 2)] {
			let (para, copy) = made(&spec, collators).unwrap();
			assert_eq!(
				(para.id, para.name.as_str(), para.code.as_str()),
				(GEAR, "Gearway", "0x00")
			);
			let top = &copy["genesis"]["raw"]["top"];
			for key in AUTHORITIES_KEYS {
				let keys = bytes(top[key].as_str().unwrap()).unwrap();
				assert_eq!(keys.len(), 1 + 32 * count);
			}
			assert_eq!(top["0x42"], "0x00");
			assert_eq!(copy["id"], "x");
		}
		let heads =
			[GearCollators::One, GearCollators::Two].map(|n| made(&spec, n).unwrap().0.head);
		assert_ne!(heads[0], heads[1], "another state, another genesis");
	}

	#[test]
	fn a_spec_that_does_not_fit_is_refused_with_the_cure() {
		let other = made(&raw_spec(2042), GearCollators::One).unwrap_err();
		assert!(other.to_string().contains("para_id 2042, where 2000 is expected"), "{other}");
		let mut plain = raw_spec(GEAR);
		plain["genesis"] = json!({ "runtimeGenesis": {} });
		let plain = made(&plain, GearCollators::One).unwrap_err();
		assert!(
			matches!(plain, GenesisError::NotRaw(_)) && plain.to_string().contains("make build")
		);
		let mut no_aura = raw_spec(GEAR);
		no_aura["genesis"]["raw"]["top"].as_object_mut().unwrap().remove(AUTHORITIES_KEYS[1]);
		assert!(matches!(made(&no_aura, GearCollators::One), Err(GenesisError::NotRaw(_))));
	}

	/// The header that a stock node makes of an empty state, as `export-genesis-head` told it.
	#[test]
	fn a_genesis_header_is_that_of_a_node() {
		let raw = json!({ "top": {}, "childrenDefault": {} });
		let empty = "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314";
		let expected = format!("{}00{empty}{empty}00", "00".repeat(32));
		assert_eq!(hex::encode(genesis_head(&raw).unwrap()), expected);
	}

	#[test]
	fn the_relay_chain_gets_the_parachains_and_polkadots_limits() {
		let (para, _) = made(&raw_spec(GEAR), GearCollators::One).unwrap();
		let limits: BTreeMap<String, u32> = serde_json::from_str(LIMITS).unwrap();
		let config: serde_json::Map<_, _> =
			limits.keys().map(|limit| (limit.clone(), json!(1))).collect();
		let patch = json!({ "configuration": { "config": config }, "sudo": { "key": "A" } });
		let mut spec = json!({ "genesis": { "runtimeGenesis": { "patch": patch } } });

		settle(&mut spec, &[&para]).unwrap();

		let patch = &spec["genesis"]["runtimeGenesis"]["patch"];
		assert_eq!(patch["sudo"]["key"], "A");
		assert_eq!(patch["paras"]["paras"][0][0], GEAR);
		assert_eq!(patch["paras"]["paras"][0][1]["parachain"], true);
		assert!(limits.len() > 3);
		for (limit, value) in &limits {
			assert_eq!(patch["configuration"]["config"][limit], *value, "{limit}");
		}
		assert!(limits["hrmp_channel_max_capacity"] >= CHANNEL_CAPACITY);
		assert!(limits["hrmp_channel_max_total_size"] >= CHANNEL_BYTES);
	}

	#[test]
	fn a_runtime_of_another_kind_is_refused() {
		let patch = json!({ "balances": {} });
		let mut spec = json!({ "genesis": { "runtimeGenesis": { "patch": patch } } });
		assert_eq!(settle(&mut spec, &[]), Err("configuration.config"));
	}
}
