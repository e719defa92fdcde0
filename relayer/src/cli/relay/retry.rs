//! `gearway relay retry`

use super::{
	super::{CommandError, exit::Failure, output::Output},
	Common,
};
use crate::relay::{outbox::Outbox, stage::Stage};
use serde::Serialize;

/// Most messages taken up by one `--all`.
const MOST: u32 = 100_000;

/// Arguments of `gearway relay retry`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct RetryArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// The gateway's numbers of the messages
	#[arg(required_unless_present = "all", value_name = "NONCE")]
	pub(super) nonces: Vec<u64>,
	/// All messages that were given up
	#[arg(long, conflicts_with = "nonces")]
	pub(super) all: bool,
	#[command(flatten)]
	pub(super) output: Output,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Retried {
	/// Nonces of messages that are tried again at once.
	again: Vec<u64>,
	/// Nonces of messages that have not failed.
	left: Vec<u64>,
	/// Nonces of messages that are not known.
	unknown: Vec<u64>,
}

/// Changes the database; a relayer that works with it takes the messages up by itself.
pub(super) async fn execute(args: RetryArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let outbox = crate::relay::open_to_change(&config).await?;
	let nonces = if args.all { dead(&outbox).await? } else { args.nonces };
	let mut retried = Retried::default();
	for nonce in nonces {
		if outbox.retry(nonce).await? {
			retried.again.push(nonce);
		} else if outbox.message(nonce).await?.is_some() {
			retried.left.push(nonce);
		} else {
			retried.unknown.push(nonce);
		}
	}
	args.output.print(&retried, text)?;
	match retried.unknown.len() {
		0 => Ok(()),
		count => Err(Failure::Unknown(format!("{count} of the messages are not known")).into()),
	}
}

async fn dead(outbox: &Outbox) -> Result<Vec<u64>, CommandError> {
	let dead = outbox.messages(Some(Stage::Dead), None, MOST).await?;
	Ok(dead.iter().map(|message| message.nonce).rev().collect())
}

fn text(retried: &Retried) -> String {
	let lines = [
		(&retried.again, "is tried again"),
		(&retried.left, "has not failed: left as it is"),
		(&retried.unknown, "is not known"),
	];
	let text: String = lines
		.iter()
		.flat_map(|(nonces, what)| {
			nonces.iter().map(move |nonce| format!("message {nonce} {what}\n"))
		})
		.collect();
	if text.is_empty() { "no message was given up\n".to_string() } else { text }
}
