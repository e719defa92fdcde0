//! The relayer, as a child of the same executable.

use super::{
	ethereum::CHAIN_ID,
	layout::DataDir,
	ports::{Listener, Ports},
	process::{Ending, Program},
	steps::StepFailure,
};
use alloy::primitives::Address;
use std::{fs, io, path::PathBuf};

/// The secret URI of the account that the relayer signs with; a development key.
const KEY: &str = "//Bob";

/// Variable that hands it over.
const KEY_VARIABLE: &str = "GEARWAY_RELAYER_KEY";

/// Files of the relayer in the data folder.
const CONFIG: &str = "relayer.toml";
const DATABASE: &str = "relayer.sqlite";

/// The configuration of a relayer for this network.
fn config(ports: &Ports, gateway: Address, start_block: u64) -> String {
	let gear = ports.url("ws", Listener::Gear);
	let execution = ports.url("http", Listener::Execution);
	let beacon = ports.url("http", Listener::Beacon);
	format!(
		r#"# Written by `gearway net up`. The key is a development key, in an environment variable.
[gear]
url = "{gear}"

[ethereum]
execution_url = "{execution}"
beacon_url = "{beacon}"
chain_id = {CHAIN_ID}
gateway = "{gateway}"
start_block = {start_block}
poll_ms = 500

[database]
url = "sqlite:{DATABASE}"

[signer]
key_env = "{KEY_VARIABLE}"

[http]
listen = "127.0.0.1:0"
"#
	)
}

/// Where the relayer keeps what it knows.
pub fn database(data: &DataDir) -> PathBuf {
	data.path(DATABASE)
}

/// Writes the configuration, and says how to start the relayer with it.
pub fn program(
	data: &DataDir,
	ports: &Ports,
	gateway: Address,
	start_block: u64,
) -> Result<Program, StepFailure> {
	let file = data.path(CONFIG);
	let fail = |source: io::Error| StepFailure::File { path: file.clone(), source };
	fs::write(&file, config(ports, gateway, start_block)).map_err(fail)?;
	Ok(Program {
		name: "relayer",
		command: std::env::current_exe().map_err(fail)?,
		args: vec!["relay".into(), "run".into(), "--config".into(), file.clone().into()],
		env: vec![(KEY_VARIABLE, KEY.into()), ("NO_COLOR", "1".into())],
		env_remove: Vec::new(),
		dir: data.path("."),
		ending: Ending::Asked,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::relay::config::Config;

	#[test]
	fn the_relayer_accepts_its_configuration() {
		let folder = tempfile::tempdir().unwrap();
		let data = DataDir::take(folder.path()).unwrap();
		let ports = Ports::any().unwrap();
		let gateway = Address::repeat_byte(0x42);

		let program = program(&data, &ports, gateway, 7).unwrap();

		let file = program.args.last().map(PathBuf::from).unwrap();
		let config = Config::load(&file).unwrap();
		assert_eq!(config.ethereum.gateway, gateway);
		assert_eq!(config.ethereum.chain_id, CHAIN_ID);
		assert_eq!(config.ethereum.start_block, 7);
		assert_eq!(config.signer.key_env.as_deref(), Some(KEY_VARIABLE));
		assert_eq!(config.database.path(), Some(database(&data).as_path()));
	}
}
