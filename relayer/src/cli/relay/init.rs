//! `gearway relay init`

use super::super::{CommandError, output::say};
use crate::{
	gear::account_of,
	relay::{
		config::{Config, Endpoint, SignerConfig},
		outbox::Location,
	},
};
use alloy::primitives::Address;
use std::{
	fs::OpenOptions,
	io::{BufRead, ErrorKind, IsTerminal, Read, Write},
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	str::FromStr,
};

/// The file that explains every key; what `init` writes is this one with other values.
const TEMPLATE: &str = include_str!("../../../relay.example.toml");

/// Arguments of `gearway relay init`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct InitArgs {
	/// File to write
	#[arg(long, value_name = "FILE")]
	config: PathBuf,
	/// WebSocket endpoint of a node of the Gear chain
	#[arg(long, value_name = "URL")]
	gear_url: Option<String>,
	/// JSON-RPC endpoint of an execution node
	#[arg(long, value_name = "URL")]
	execution_url: Option<String>,
	/// REST endpoint of a beacon node
	#[arg(long, value_name = "URL")]
	beacon_url: Option<String>,
	/// EIP-155 id of the Ethereum chain
	#[arg(long, value_name = "NUMBER")]
	chain_id: Option<u64>,
	/// Address of the gateway contract
	#[arg(long, value_name = "ADDRESS")]
	gateway: Option<Address>,
	/// Block the gateway was deployed in
	#[arg(long, value_name = "NUMBER")]
	start_block: Option<u64>,
	/// Where the relayer keeps what it knows: sqlite:PATH or postgres://USER@HOST/DATABASE
	#[arg(long, value_name = "URL")]
	database: Option<String>,
	/// File with the secret URI that signs
	#[arg(long, value_name = "FILE", conflicts_with = "key_env")]
	key_file: Option<PathBuf>,
	/// Environment variable with the secret URI that signs
	#[arg(long, value_name = "VARIABLE")]
	key_env: Option<String>,
	/// Make a key that nobody has, in the key file
	#[arg(long, conflicts_with = "key_env")]
	new_key: bool,
	/// Replace the configuration if there is one; a key is never replaced
	#[arg(long)]
	force: bool,
}

/// A value for the file, the key that it belongs to, and how a person is asked for it.
struct Setting {
	section: &'static str,
	key: &'static str,
	/// As TOML writes it.
	value: String,
}

/// Writes the file, and says what comes next.
pub(super) fn execute(args: InitArgs) -> Result<(), CommandError> {
	if args.config.exists() && !args.force {
		return Err(format!(
			"{} exists; name another file, or replace it with --force",
			args.config.display()
		)
		.into());
	}
	let ask = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
	let settings = settings(&args, ask)?;
	let text = settings.iter().fold(TEMPLATE.to_string(), |text, setting| put(&text, setting));
	// What is written is what `run` will read.
	let config = Config::read(&args.config, &text)?;
	let mut said = String::new();
	if args.new_key {
		let file = config.signer.key_file.as_deref().ok_or("a key needs a file: --key-file")?;
		said += &format!("key           {}\naccount       {}\n", file.display(), new_key(file)?);
	}
	write(&args.config, &text, args.force)?;
	let file = args.config.display();
	said += &format!("configuration {file}\n");
	said += &format!(
		"next: give the account funds, look with `gearway relay doctor --config {file}`, then \
		 `gearway relay run --config {file}`\n"
	);
	say(&said)
}

fn settings(args: &InitArgs, ask: bool) -> Result<Vec<Setting>, CommandError> {
	let mut asker = Asker { ask, missing: Vec::new() };
	let endpoint = |text: &str| Endpoint::parse(text).map(|_| ());
	let number = |text: &str| u64::from_str(text).map(|_| ()).map_err(|e| e.to_string());
	let address = |text: &str| Address::from_str(text).map(|_| ()).map_err(|e| e.to_string());
	let location = |text: &str| Location::parse(text).map(|_| ());
	let any = |text: &str| if text.is_empty() { Err("empty".into()) } else { Ok(()) };
	let chain_id = args.chain_id.map(|id| id.to_string());
	let gateway = args.gateway.map(|address| address.to_string());
	let start_block = args.start_block.map(|number| number.to_string());
	let key_file = args.key_file.as_ref().map(|file| file.display().to_string());

	let gear = asker.get(
		"--gear-url",
		"Gear node's WebSocket endpoint",
		&args.gear_url,
		Some("ws://127.0.0.1:9944"),
		endpoint,
	)?;
	let execution = asker.get(
		"--execution-url",
		"execution node's endpoint",
		&args.execution_url,
		Some("http://127.0.0.1:8545"),
		endpoint,
	)?;
	let beacon = asker.get(
		"--beacon-url",
		"beacon node's endpoint",
		&args.beacon_url,
		Some("http://127.0.0.1:5052"),
		endpoint,
	)?;
	let chain_id = asker.get("--chain-id", "Ethereum chain's id", &chain_id, None, number)?;
	let gateway = asker.get("--gateway", "gateway contract's address", &gateway, None, address)?;
	let start = asker.get(
		"--start-block",
		"block the gateway was deployed in",
		&start_block,
		None,
		number,
	)?;
	let database =
		asker.get("--database", "database", &args.database, Some("sqlite:relay.db"), location)?;
	let key = match &args.key_env {
		Some(name) => Setting::text("signer", "key_env", name),
		None => {
			let file = asker.get(
				"--key-file",
				"file with the signing key",
				&key_file,
				Some("relayer.key"),
				any,
			)?;
			Setting::text("signer", "key_file", &file)
		}
	};
	if !asker.missing.is_empty() {
		return Err(format!(
			"needed, and nobody is there to be asked: {}",
			asker.missing.join(", ")
		)
		.into());
	}
	Ok(vec![
		Setting::text("gear", "url", &gear),
		Setting::text("ethereum", "execution_url", &execution),
		Setting::text("ethereum", "beacon_url", &beacon),
		Setting::plain("ethereum", "chain_id", chain_id),
		Setting::text("ethereum", "gateway", &gateway),
		Setting::plain("ethereum", "start_block", start),
		Setting::text("database", "url", &database),
		key,
	])
}

impl Setting {
	fn text(section: &'static str, key: &'static str, value: &str) -> Self {
		Self::plain(section, key, toml::Value::String(value.to_string()).to_string())
	}

	fn plain(section: &'static str, key: &'static str, value: String) -> Self {
		Self { section, key, value }
	}
}

/// Asks for what the flags do not say, where there is somebody to be asked.
struct Asker {
	ask: bool,
	/// Flags that were needed.
	missing: Vec<&'static str>,
}

impl Asker {
	fn get(
		&mut self,
		flag: &'static str,
		what: &str,
		given: &Option<String>,
		usual: Option<&str>,
		check: impl Fn(&str) -> Result<(), String>,
	) -> Result<String, CommandError> {
		if let Some(given) = given {
			check(given).map_err(|error| format!("{flag}: {error}"))?;
			return Ok(given.clone());
		}
		if !self.ask {
			match usual {
				Some(usual) => return Ok(usual.to_string()),
				None => self.missing.push(flag),
			}
			return Ok(String::new());
		}
		loop {
			let hint = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
			print!("{what}{hint}: ");
			std::io::stdout().flush()?;
			let mut line = String::new();
			if std::io::stdin().lock().read_line(&mut line)? == 0 {
				return Err("the questions were not answered".into());
			}
			let answer = match (line.trim(), usual) {
				("", Some(usual)) => usual,
				(answer, _) => answer,
			};
			match check(answer) {
				Ok(()) => return Ok(answer.to_string()),
				Err(error) => println!("  {error}"),
			}
		}
	}
}

/// Puts a value into the file's text. Where the key stands commented out, as one of two that
/// exclude each other, the other one is commented out instead.
fn put(text: &str, setting: &Setting) -> String {
	let mut section = String::new();
	let mut lines = Vec::new();
	for line in text.lines() {
		if let Some(name) = line.strip_prefix('[') {
			section = name.trim_end_matches(']').to_string();
		}
		let bare = line.trim_start_matches("# ");
		let key = bare.split_once(" = ").map(|(key, _)| key);
		let is_ours = section == setting.section && key == Some(setting.key);
		let excludes = section == "signer" && setting.section == "signer" && key.is_some();
		lines.push(match (is_ours, excludes) {
			(true, _) => format!("{} = {}", setting.key, setting.value),
			(false, true) if !line.starts_with('#') => format!("# {line}"),
			_ => line.to_string(),
		});
	}
	lines.join("\n") + "\n"
}

/// Makes a key of 32 random bytes, in a file that nobody else may read. Returns its account.
fn new_key(file: &Path) -> Result<String, CommandError> {
	let mut seed = [0; 32];
	std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
	let mut options = OpenOptions::new();
	options.write(true).create_new(true).mode(0o600);
	let mut out = options.open(file).map_err(|error| match error.kind() {
		ErrorKind::AlreadyExists => {
			format!("{} exists: a key is never replaced; leave --new-key out", file.display())
		}
		_ => format!("{}: {error}", file.display()),
	})?;
	writeln!(out, "0x{}", hex::encode(seed))?;
	out.sync_all()?;
	let signer = SignerConfig { key_file: Some(file.to_path_buf()), key_env: None };
	let (key, _) = crate::gear::read_key(&signer)?;
	Ok(account_of(&key).to_string())
}

fn write(file: &Path, text: &str, force: bool) -> Result<(), CommandError> {
	let mut options = OpenOptions::new();
	// The database's address may hold a password.
	options.write(true).mode(0o600);
	if force {
		options.create(true).truncate(true)
	} else {
		options.create_new(true)
	};
	let mut out = options.open(file).map_err(|error| format!("{}: {error}", file.display()))?;
	out.write_all(text.as_bytes())?;
	Ok(out.sync_all()?)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn args(config: &Path) -> InitArgs {
		InitArgs {
			config: config.to_path_buf(),
			gear_url: Some("wss://gear.example".into()),
			execution_url: Some("https://eth.example/v3/token".into()),
			beacon_url: Some("https://beacon.example".into()),
			chain_id: Some(11_155_111),
			gateway: Some(Address::repeat_byte(0x42)),
			start_block: Some(1_234),
			database: Some("postgres://me@db.example/relay".into()),
			key_file: Some("keys/it's \"mine\".key".into()),
			key_env: None,
			new_key: false,
			force: false,
		}
	}

	#[test]
	fn every_answer_is_in_the_file_and_the_comments_stay() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("relay.toml");
		execute(args(&file)).unwrap();
		let config = Config::load(&file).unwrap();
		assert_eq!(config.gear.url.to_string(), "wss://gear.example");
		assert_eq!(config.ethereum.execution_url.url().path(), "/v3/token");
		assert_eq!(config.ethereum.chain_id, 11_155_111);
		assert_eq!(config.ethereum.gateway, Address::repeat_byte(0x42));
		assert_eq!(config.ethereum.start_block, 1_234);
		assert_eq!(config.database.location.to_string(), "postgres://db.example/relay");
		assert_eq!(config.signer.key_file, Some(folder.path().join("keys/it's \"mine\".key")));
		let comments = |text: &str| text.lines().filter(|line| line.starts_with("# ")).count();
		let written = std::fs::read_to_string(&file).unwrap();
		assert!(comments(&written) >= comments(TEMPLATE), "{written}");
	}

	#[test]
	fn a_key_in_the_environment_takes_the_place_of_the_file() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("relay.toml");
		let key_env = Some("MY_KEY".into());
		execute(InitArgs { key_file: None, key_env, ..args(&file) }).unwrap();
		let signer = Config::load(&file).unwrap().signer;
		assert_eq!((signer.key_file, signer.key_env.as_deref()), (None, Some("MY_KEY")));
	}

	#[test]
	fn nothing_is_ever_lost() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("relay.toml");
		let with_key = |force| InitArgs {
			key_file: Some("a.key".into()),
			new_key: true,
			force,
			..args(&file)
		};
		execute(with_key(false)).unwrap();
		let key = std::fs::read_to_string(folder.path().join("a.key")).unwrap();
		let text = std::fs::read_to_string(&file).unwrap();
		let error = execute(with_key(false)).unwrap_err().to_string();
		assert!(error.contains("--force"), "{error}");
		let error = execute(with_key(true)).unwrap_err().to_string();
		assert!(error.contains("a key is never replaced"), "{error}");
		assert_eq!(std::fs::read_to_string(folder.path().join("a.key")).unwrap(), key);
		assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
		execute(InitArgs { force: true, start_block: Some(9), ..args(&file) }).unwrap();
		assert_eq!(Config::load(&file).unwrap().ethereum.start_block, 9);
	}

	#[test]
	fn what_cannot_be_meant_is_not_written() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("relay.toml");
		for (wrong, said) in [
			(InitArgs { gear_url: Some("not a url".into()), ..args(&file) }, "--gear-url"),
			(InitArgs { gear_url: Some("http://gear".into()), ..args(&file) }, "[gear] url"),
			(InitArgs { database: Some("mysql://db".into()), ..args(&file) }, "--database"),
			(InitArgs { chain_id: None, gateway: None, ..args(&file) }, "--chain-id, --gateway"),
		] {
			let error = execute(wrong).unwrap_err().to_string();
			assert!(error.contains(said), "{error}");
			assert!(!file.exists());
		}
	}
}
