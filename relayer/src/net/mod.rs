//! `gearway net`: whole networks on one machine.
//!
//! The development network is two parachains run by chopsticks from their genesis, an Ethereum
//! execution node driven by a beacon node, and a relayer. Nothing listens beyond the loopback
//! interface, for every key in use is public knowledge. All of it ends with this command.

pub mod chains;
pub mod ethereum;
pub mod events;
pub mod journey;
pub mod layout;
pub mod ports;
pub mod preflight;
pub mod process;
pub mod relayer;
pub mod report;
pub mod setup;
pub mod spec;
pub mod steps;

mod up;

pub use up::{NetError, UpArgs};

/// What can be done with a network.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum NetCommand {
	/// Start a network on this machine and do the main job on it
	Up(UpArgs),
}

/// Does what was asked.
pub async fn execute(command: NetCommand) -> Result<(), NetError> {
	match command {
		NetCommand::Up(args) => up::execute(args).await,
	}
}
