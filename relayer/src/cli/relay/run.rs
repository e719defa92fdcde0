//! `gearway relay run`

use super::{super::CommandError, Common};
use crate::relay::{self, PausePoint};
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `gearway relay run`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct RunArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// For tests that kill the relayer: let messages come as far as this point and no further
	#[arg(long, value_name = "POINT", hide = true)]
	pub(super) pause_after: Option<PausePoint>,
}

/// Relays until an interrupt or a request to terminate.
pub(super) async fn execute(args: RunArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let mut interrupt = signal(SignalKind::interrupt())?;
	let mut terminate = signal(SignalKind::terminate())?;
	let stop = async {
		tokio::select! {
			_ = interrupt.recv() => {},
			_ = terminate.recv() => {},
		}
	};
	Ok(relay::run(config, args.pause_after, stop).await?)
}
