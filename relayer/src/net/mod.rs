//! `gearway net`: whole networks on one machine.

use std::convert::Infallible;

/// What can be done with a network.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum NetCommand {}

/// Does what was asked.
pub async fn execute(command: NetCommand) -> Result<(), Infallible> {
	match command {}
}
