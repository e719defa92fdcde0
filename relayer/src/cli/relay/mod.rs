//! `gearway relay`

mod bootstrap;
mod retry;
mod run;
mod status;

use super::CommandError;
use crate::relay::config::Config;
use std::path::PathBuf;

/// What can be done about carrying messages.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub(super) enum RelayCommand {
	/// Carry messages until told to stop
	Run(run::RunArgs),
	/// Tell how many messages are at which stage
	Status(status::StatusArgs),
	/// Give a message that was given up another chance
	Retry(retry::RetryArgs),
	/// Start the Gear chain's light client of Ethereum, as its root
	Bootstrap(bootstrap::BootstrapArgs),
}

/// What every command here is told.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(super) struct Common {
	/// Configuration file
	#[arg(long, value_name = "FILE")]
	config: PathBuf,
}

impl Common {
	fn load(&self) -> Result<Config, CommandError> {
		Ok(Config::load(&self.config)?)
	}
}

/// Does what was asked.
pub(super) async fn execute(command: RelayCommand) -> Result<(), CommandError> {
	match command {
		RelayCommand::Run(args) => run::execute(args).await,
		RelayCommand::Status(args) => status::execute(args).await,
		RelayCommand::Retry(args) => retry::execute(args).await,
		RelayCommand::Bootstrap(args) => bootstrap::execute(args).await,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::cli::{Cli, Command};
	use clap::Parser;

	fn parse(line: &str) -> RelayCommand {
		match Cli::try_parse_from(line.split(' ')).unwrap().command {
			Command::Relay(command) => command,
			Command::Net(_) | Command::Load(_) => panic!("not a command of the relayer"),
		}
	}

	fn common() -> Common {
		Common { config: "relay.toml".into() }
	}

	#[test]
	fn arguments_are_understood() {
		assert_eq!(
			parse("gearway relay run --config relay.toml"),
			RelayCommand::Run(run::RunArgs { common: common(), pause_after: None })
		);
		assert_eq!(
			parse("gearway relay status --config relay.toml --json"),
			RelayCommand::Status(status::StatusArgs { common: common(), json: true })
		);
		assert_eq!(
			parse("gearway relay retry --config relay.toml 7 9"),
			RelayCommand::Retry(retry::RetryArgs { common: common(), nonces: vec![7, 9] })
		);
	}

	#[test]
	fn the_configuration_is_never_guessed() {
		for command in ["run", "status", "retry 1", "bootstrap"] {
			let line = format!("gearway relay {command}");
			assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
		}
	}
}
