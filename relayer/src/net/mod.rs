//! `gearway net`: whole networks on one machine.

pub mod chains;
pub mod layout;
pub mod ports;
pub mod preflight;
pub mod process;
pub mod report;

use std::path::PathBuf;

/// What can be done with a network.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum NetCommand {
	/// Start a network on this machine and do the main job on it
	Up(UpArgs),
}

/// `gearway net up`
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct UpArgs {
	/// The development network: Gear, a sibling parachain, an Ethereum pair and the relayer, all
	/// on the loopback interface and with keys that everybody knows
	#[arg(long, required = true)]
	pub dev: bool,
	/// Stop after the main job; the exit code is zero only if every step was seen in final state
	#[arg(long)]
	pub once: bool,
	/// Folder for logs, keys and databases; emptied of an earlier run's
	#[arg(long, value_name = "DIR")]
	pub data_dir: Option<PathBuf>,
	/// Folder that holds gear.json and sibling.json, made by gearway-chain-specs
	#[arg(long, value_name = "DIR")]
	pub chain_specs: Option<PathBuf>,
	/// Listen on consecutive ports from here on, instead of the customary or any free ones
	#[arg(long, value_name = "PORT")]
	pub port_base: Option<u16>,
	/// Gearway's repository, when the current folder is not inside it
	#[arg(long, value_name = "DIR")]
	pub root: Option<PathBuf>,
}

/// Does what was asked.
pub async fn execute(command: NetCommand) -> Result<(), NetError> {
	match command {
		NetCommand::Up(args) => up(args).await,
	}
}

/// A network that could not be started, or whose main job was not done.
#[derive(Debug, thiserror::Error)]
pub enum NetError {}

async fn up(_: UpArgs) -> Result<(), NetError> {
	Ok(())
}
