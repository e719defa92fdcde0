//! `gearway net`: whole networks on one machine.
//!
//! The development network is two parachains run by chopsticks from their genesis, an Ethereum
//! execution node driven by a beacon node, and a relayer. The network of nodes has, instead of
//! chopsticks, a relay chain with two validators, and collators. Nothing listens beyond the
//! loopback interface, for every key in use is public knowledge. All of it ends with the command
//! that started it, which is also what the other commands here talk about.

pub mod chains;
pub mod ethereum;
pub mod events;
pub mod family;
pub mod figures;
pub mod guest;
pub mod journey;
pub mod layout;
pub mod nodes;
pub mod ports;
pub mod preflight;
pub mod process;
pub mod relayer;
pub mod report;
pub mod select;
pub mod setup;
pub mod spec;
pub mod state;
pub mod steps;

mod down;
mod error;
mod logs;
mod make;
mod status;
mod up;

pub use error::NetError;
pub use logs::LogsArgs;
pub use select::Which;
pub use up::UpArgs;

/// What can be done with a network.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum NetCommand {
	/// Start a network on this machine: a relay chain, Gear, a sibling parachain, an Ethereum pair
	/// and the relayer, all on the loopback interface and with keys that everybody knows
	Up(UpArgs),
	/// Show how a running network is doing: stage, chains, processes, addresses
	Status(Which),
	/// Show what the programs of a network have written
	Logs(LogsArgs),
	/// End a running network, and whatever is left of one that was killed
	Down(Which),
}

/// Does what was asked.
pub async fn execute(command: NetCommand) -> Result<(), NetError> {
	match command {
		NetCommand::Up(args) => up::execute(args).await,
		NetCommand::Status(which) => status::execute(&which).await,
		NetCommand::Logs(args) => logs::execute(&args).await,
		NetCommand::Down(which) => down::execute(&which).await,
	}
}
