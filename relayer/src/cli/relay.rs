//! `gearway relay`

use super::CommandError;
use std::path::PathBuf;

/// What can be done about carrying messages.
#[derive(Debug, clap::Subcommand)]
pub(super) enum RelayCommand {
	/// Carry messages until told to stop
	Run(RunArgs),
}

/// Arguments of `gearway relay run`.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
	/// Configuration file
	#[arg(long, value_name = "FILE")]
	pub(super) config: PathBuf,
}

/// Does what was asked.
pub(super) async fn execute(command: RelayCommand) -> Result<(), CommandError> {
	match command {
		RelayCommand::Run(args) => {
			crate::relay::config::Config::load(&args.config)?;
			Ok(())
		}
	}
}
