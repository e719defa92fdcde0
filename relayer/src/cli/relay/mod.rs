//! `gearway relay`

mod bootstrap;
mod doctor;
mod init;
mod list;
mod replay;
mod retry;
mod run;
mod show;
mod status;

use super::CommandError;
use crate::relay::{config::Config, outbox::Outbox};
use std::path::PathBuf;

/// What can be done about carrying messages.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub(super) enum RelayCommand {
	/// Write a configuration, from flags or by asking
	Init(init::InitArgs),
	/// Look whether all that a relayer needs is there and well
	Doctor(doctor::DoctorArgs),
	/// Carry messages until told to stop
	Run(run::RunArgs),
	/// Tell how many messages are at which stage, and why
	Status(status::StatusArgs),
	/// List messages, the newest first
	List(list::ListArgs),
	/// Tell a message's whole journey
	Show(show::ShowArgs),
	/// Try messages again that failed or were given up
	Retry(retry::RetryArgs),
	/// Look through blocks once more, for messages that were missed or failed
	Replay(replay::ReplayArgs),
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

/// The database that relayers may be at work with.
async fn open_to_read(config: &Config) -> Result<Outbox, CommandError> {
	let location = &config.database.location;
	Outbox::open_to_read(location.clone()).await.map_err(|error| {
		format!(
			"[database] url: {location} cannot be read: {error}\n cure: `gearway relay run` makes \
			 it; is this the configuration that it was run with?"
		)
		.into()
	})
}

/// Does what was asked.
pub(super) async fn execute(command: RelayCommand) -> Result<(), CommandError> {
	match command {
		RelayCommand::Init(args) => init::execute(args),
		RelayCommand::Doctor(args) => doctor::execute(args).await,
		RelayCommand::Run(args) => run::execute(args).await,
		RelayCommand::Status(args) => status::execute(args).await,
		RelayCommand::List(args) => list::execute(args).await,
		RelayCommand::Show(args) => show::execute(args).await,
		RelayCommand::Retry(args) => retry::execute(args).await,
		RelayCommand::Replay(args) => replay::execute(args).await,
		RelayCommand::Bootstrap(args) => bootstrap::execute(args).await,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		cli::{Cli, Command, output::Output},
		relay::{BlockRange, journey::Name, stage::Stage},
	};
	use clap::Parser;

	fn parse(line: &str) -> RelayCommand {
		match Cli::try_parse_from(line.split(' ')).unwrap().command {
			Command::Relay(command) => command,
			_ => panic!("not a command of the relayer"),
		}
	}

	fn common() -> Common {
		Common { config: "relay.toml".into() }
	}

	#[test]
	fn arguments_are_understood() {
		let plain = Output { json: false };
		let json = Output { json: true };
		assert_eq!(
			parse("gearway relay run --config relay.toml"),
			RelayCommand::Run(run::RunArgs { common: common(), pause_after: None })
		);
		assert_eq!(
			parse("gearway relay status --config relay.toml --json"),
			RelayCommand::Status(status::StatusArgs { common: common(), output: json })
		);
		assert_eq!(
			parse("gearway relay list --config relay.toml --stage failed --below 9 --limit 3"),
			RelayCommand::List(list::ListArgs {
				common: common(),
				stage: Some(Stage::Failed),
				below: Some(9),
				limit: 3,
				output: plain,
			})
		);
		assert_eq!(
			parse("gearway relay show --config relay.toml 17"),
			RelayCommand::Show(show::ShowArgs {
				common: common(),
				name: Name::Nonce(17),
				output: plain,
			})
		);
		assert_eq!(
			parse("gearway relay retry --config relay.toml 7 9"),
			RelayCommand::Retry(retry::RetryArgs {
				common: common(),
				nonces: vec![7, 9],
				all: false,
				output: plain,
			})
		);
		assert_eq!(
			parse("gearway relay replay --config relay.toml 7..9"),
			RelayCommand::Replay(replay::ReplayArgs {
				common: common(),
				range: BlockRange { first: 7, last: 9 },
				output: plain,
			})
		);
	}

	#[test]
	fn the_configuration_is_never_guessed() {
		for command in [
			"run",
			"status",
			"list",
			"show 1",
			"retry 1",
			"replay 1..2",
			"doctor",
			"init",
			"bootstrap",
		] {
			let line = format!("gearway relay {command}");
			assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
		}
	}

	#[test]
	fn nothing_and_everything_cannot_both_be_retried() {
		for rest in ["", " --all 1"] {
			let line = format!("gearway relay retry --config relay.toml{rest}");
			assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
		}
	}
}
