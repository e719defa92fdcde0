//! What must be there before anything is started, and what to do when it is not.

use super::{
	layout::Repository,
	nodes::{
		binaries::{self, BinaryError, Found, Places},
		resources,
	},
};
use std::{
	fmt,
	path::{Path, PathBuf},
	process::Command,
};

/// The oldest Node.js that the JavaScript parts run on.
const MIN_NODE: u32 = 20;

const SET_UP: &str = "run `make setup`";
const BUILD: &str = "run `make dev`, which builds it, or `make build` alone";

/// Files that the Ethereum pair is started from, all present.
#[derive(Debug, Clone)]
pub struct EthereumParts {
	/// Starts the execution node.
	pub execution: PathBuf,
	/// Runs the beacon node.
	pub python: PathBuf,
	/// The folder of the beacon node's program.
	pub beacon: PathBuf,
	/// The gateway contract, compiled.
	pub contract: PathBuf,
}

/// Files that the development network is started from, all present.
#[derive(Debug, Clone)]
pub struct Parts {
	/// Starts the parachains.
	pub chopsticks: PathBuf,
	/// Its configurations, Gear's and the sibling's.
	pub chopsticks_configs: [PathBuf; 2],
	/// What the Ethereum pair is started from.
	pub ethereum: EthereumParts,
	/// Gear's chain spec, with its genesis state in raw form.
	pub gear_spec: PathBuf,
	/// The sibling's.
	pub sibling_spec: PathBuf,
}

/// Files that the network of nodes is started from, all present.
#[derive(Debug, Clone)]
pub struct NodeParts {
	/// The nodes' programs.
	pub found: Found,
	/// What the Ethereum pair is started from.
	pub ethereum: EthereumParts,
	/// Gear's chain spec, with its genesis state in raw form.
	pub gear_spec: PathBuf,
	/// The sibling's.
	pub sibling_spec: PathBuf,
}

/// Something that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
	/// What, in words.
	pub what: &'static str,
	/// Where it was looked for, or what was found instead.
	pub found: String,
	/// What brings it.
	pub cure: &'static str,
}

/// Everything that is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network cannot be started:{}", .0.iter().map(|m| format!("\n  {m}")).collect::<String>())]
pub struct PreflightError(pub Vec<Missing>);

impl fmt::Display for Missing {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{} is missing: {}\n    cure: {}", self.what, self.found, self.cure)
	}
}

/// Looks for every part of the development network, and names all that are missing at once.
pub fn check(repository: &Repository, chain_specs: &Path) -> Result<Parts, PreflightError> {
	let mut look = Look::default();
	let parts = Parts {
		chopsticks: look.file(
			"the parachain runner",
			repository.path("zombienet/node_modules/@acala-network/chopsticks/chopsticks.cjs"),
			SET_UP,
		),
		chopsticks_configs: ["gear", "sibling"].map(|chain| {
			let file = repository.path(&format!("zombienet/chopsticks/{chain}.yml"));
			look.file("a parachain's configuration", file, "restore the file from version control")
		}),
		ethereum: look.ethereum(repository),
		gear_spec: look.file("Gear's chain spec", chain_specs.join("gear.json"), BUILD),
		sibling_spec: look.file(
			"the sibling's chain spec",
			chain_specs.join("sibling.json"),
			BUILD,
		),
	};
	look.outcome(parts)
}

/// Looks for every part of the network of nodes, whose files will go to `data`, and names all that
/// is missing at once: files, programs, memory, disk space.
pub async fn check_nodes(
	repository: &Repository,
	chain_specs: &Path,
	data: &Path,
	places: &Places,
) -> Result<NodeParts, PreflightError> {
	let mut look = Look::default();
	let ethereum = look.ethereum(repository);
	let gear_spec = look.file("Gear's chain spec", chain_specs.join("gear.json"), BUILD);
	let sibling_spec =
		look.file("the sibling's chain spec", chain_specs.join("sibling.json"), BUILD);
	look.0.extend(resources::lacking(data));
	match binaries::find(places).await {
		Ok(found) => look.outcome(NodeParts { found, ethereum, gear_spec, sibling_spec }),
		Err(errors) => {
			look.0.extend(errors.iter().map(Missing::from));
			Err(PreflightError(look.0))
		}
	}
}

/// What is missing, as far as was looked.
#[derive(Default)]
struct Look(Vec<Missing>);

impl Look {
	fn file(&mut self, what: &'static str, path: PathBuf, cure: &'static str) -> PathBuf {
		if !path.is_file() {
			self.0.push(Missing { what, found: path.display().to_string(), cure });
		}
		path
	}

	fn ethereum(&mut self, repository: &Repository) -> EthereumParts {
		self.0.extend(unfit_node(
			Command::new("node")
				.arg("--version")
				.output()
				.ok()
				.as_ref()
				.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()),
		));
		let in_zombienet = |path: &str| repository.path(&format!("zombienet/{path}"));
		EthereumParts {
			execution: self.file(
				"the Ethereum execution node",
				in_zombienet("node_modules/@ethereumjs/client/dist/esm/bin/cli.js"),
				SET_UP,
			),
			python: self.file(
				"the beacon node's Python",
				in_zombienet("beacon/.venv/bin/python"),
				SET_UP,
			),
			beacon: in_zombienet("beacon"),
			contract: self.file(
				"the compiled gateway contract",
				repository.path("bridge-contracts/out/Gateway.sol/Gateway.json"),
				BUILD,
			),
		}
	}

	fn outcome<T>(self, parts: T) -> Result<T, PreflightError> {
		if self.0.is_empty() { Ok(parts) } else { Err(PreflightError(self.0)) }
	}
}

impl From<&BinaryError> for Missing {
	fn from(error: &BinaryError) -> Self {
		Self {
			what: "a program of polkadot-sdk stable2609",
			found: error.to_string(),
			cure: error.cure(),
		}
	}
}

/// What is wrong with the Node.js that reports `version`, if anything.
fn unfit_node(version: Option<String>) -> Option<Missing> {
	let missing = |found: String| Missing {
		what: "Node.js 20 or newer",
		found,
		cure: "install it: https://nodejs.org/en/download",
	};
	let Some(version) = version else {
		return Some(missing("there is no `node` on PATH".into()));
	};
	let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
	match major {
		Some::<u32>(major) if major >= MIN_NODE => None,
		_ => Some(missing(format!("`node --version` says {version:?}"))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn empty_repository() -> (tempfile::TempDir, Repository) {
		let folder = tempfile::tempdir().unwrap();
		fs::create_dir(folder.path().join("zombienet")).unwrap();
		fs::write(folder.path().join("zombienet/package.json"), "{}").unwrap();
		let repository = Repository::find(Some(folder.path().into())).unwrap();
		(folder, repository)
	}

	#[test]
	fn all_that_is_missing_is_told_at_once_with_its_cure() {
		let (_folder, repository) = empty_repository();
		let error = check(&repository, Path::new("no-specs")).unwrap_err();
		let told = error.to_string();
		for expected in [
			"the parachain runner is missing",
			"chopsticks.cjs\n    cure: run `make setup`",
			"beacon/.venv/bin/python\n    cure: run `make setup`",
			"Gateway.json\n    cure: run `make dev`",
			"no-specs/gear.json\n    cure: run `make dev`",
		] {
			assert!(told.contains(expected), "{expected:?} is not in {told}");
		}
	}

	#[test]
	fn what_is_there_is_not_told() {
		let (folder, repository) = empty_repository();
		let specs = folder.path().join("specs");
		fs::create_dir(&specs).unwrap();
		fs::write(specs.join("gear.json"), "{}").unwrap();
		let told = check(&repository, &specs).unwrap_err().to_string();
		assert!(!told.contains("gear.json"), "{told}");
		assert!(told.contains("sibling.json"), "{told}");
	}

	#[tokio::test]
	async fn nodes_that_are_missing_are_told_with_all_else() {
		let (folder, repository) = empty_repository();
		let empty = folder.path().join("empty");
		let places = Places { named: Some(empty.clone()), cache: None, path: Vec::new() };
		let error =
			check_nodes(&repository, Path::new("no-specs"), &empty, &places).await.unwrap_err();
		let told = error.to_string();
		for expected in [
			"beacon/.venv/bin/python\n    cure: run `make setup`",
			"no-specs/sibling.json\n    cure: run `make dev`",
			"polkadot-omni-node is in none of these folders",
			"name it in GEARWAY_NODE_BIN",
		] {
			assert!(told.contains(expected), "{expected:?} is not in {told}");
		}
		assert!(!told.contains("chopsticks"), "{told}");
	}

	#[test]
	fn an_old_or_absent_node_is_told() {
		assert_eq!(unfit_node(Some("v20.20.2".into())), None);
		assert_eq!(unfit_node(Some("v24.0.0".into())), None);
		for unfit in [Some("v18.19.0".into()), Some(String::new()), None] {
			assert!(unfit_node(unfit).unwrap().cure.contains("nodejs.org"));
		}
	}
}
