//! The command line: a file per command, mirroring the tree of commands.

mod load;
mod net;
mod relay;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Gear programs, reached from any parachain and from Ethereum.
#[derive(Debug, Parser)]
#[command(name = "gearway", version, propagate_version = true)]
pub struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Carry messages from an Ethereum gateway to a Gear chain
	#[command(subcommand)]
	Relay(relay::RelayCommand),
	/// Run a whole network on this machine
	#[command(subcommand)]
	Net(crate::net::NetCommand),
	/// Send messages at a rate to a network on this machine, and tell how it takes them
	Load(crate::load::LoadArgs),
}

impl Cli {
	/// Does what was asked. The exit code is zero only if it was done.
	pub async fn execute(self) -> ExitCode {
		crate::tls::install();
		init_logging();
		let outcome = match self.command {
			Command::Relay(command) => relay::execute(command).await,
			Command::Net(command) => net::execute(command).await,
			Command::Load(args) => load::execute(args).await,
		};
		match outcome {
			Ok(()) => ExitCode::SUCCESS,
			Err(error) => {
				eprintln!("error: {error}");
				let mut cause = error.source();
				while let Some(inner) = cause {
					eprintln!("  because: {inner}");
					cause = inner.source();
				}
				ExitCode::FAILURE
			}
		}
	}
}

/// What a command ends with when it fails: shown to the user with its causes.
type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Logs go to standard error, filtered by `RUST_LOG`, by default this crate at `info`.
fn init_logging() {
	let filter = tracing_subscriber::EnvFilter::try_from_default_env()
		.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,gearway=info"));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_target(false)
		.init();
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_tree_of_commands_is_consistent() {
		Cli::command().debug_assert();
	}
}
