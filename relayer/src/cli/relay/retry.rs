//! `gearway relay retry`

use super::{super::CommandError, Common};
use crate::relay::outbox::Outbox;

/// Arguments of `gearway relay retry`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct RetryArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// The gateway's numbers of the messages
	#[arg(required = true, value_name = "NONCE")]
	pub(super) nonces: Vec<u64>,
}

/// Changes the database; a relayer that works with it takes the messages up by itself.
pub(super) async fn execute(args: RetryArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let path = config.database.path().ok_or("[database] url: `sqlite:PATH` is expected")?;
	if !path.is_file() {
		return Err(format!("[database] url: there is no {}", path.display()).into());
	}
	let outbox = Outbox::open(path).await?;
	let mut not_dead = Vec::new();
	for nonce in args.nonces {
		if outbox.retry(nonce).await? {
			println!("message {nonce} is tried again");
		} else {
			not_dead.push(nonce.to_string());
		}
	}
	if not_dead.is_empty() {
		Ok(())
	} else {
		Err(format!("not dead, or not known: {}", not_dead.join(", ")).into())
	}
}
