//! `gearway relay list`

use super::{
	super::{
		CommandError,
		output::{Output, utc},
	},
	Common,
};
use crate::relay::{self, journey::Summary, stage::Stage};

/// Arguments of `gearway relay list`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct ListArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// Only messages at this stage: observed, final, proven, sent, done, failed or dead
	#[arg(long, value_name = "STAGE")]
	pub(super) stage: Option<Stage>,
	/// Only messages with a smaller nonce, to read on where the last list ended
	#[arg(long, value_name = "NONCE")]
	pub(super) below: Option<u64>,
	/// Most messages to list
	#[arg(long, value_name = "COUNT", default_value_t = 50)]
	pub(super) limit: u32,
	#[command(flatten)]
	pub(super) output: Output,
}

/// Reads the database, which a relayer may be working with.
pub(super) async fn execute(args: ListArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let outbox = super::open_to_read(&config).await?;
	let (gateway, troubles) = (relay::gateway(&config), outbox.troubles().await?);
	let messages = outbox.messages(args.stage, args.below, args.limit).await?;
	let summaries: Vec<_> =
		messages.iter().map(|message| Summary::new(message, &gateway, &troubles)).collect();
	args.output.print(&summaries, |summaries| table(summaries))
}

fn table(summaries: &[Summary]) -> String {
	let mut lines = vec![format!("{:>10}  {:<10}{:<25}why", "nonce", "stage", "seen")];
	for summary in summaries {
		let seen = utc(summary.observed_at);
		let line = format!("{:>10}  {:<10}{seen:<25}{}", summary.nonce, summary.stage, summary.why);
		lines.push(line);
	}
	if summaries.is_empty() {
		lines = vec!["no messages".to_string()];
	}
	lines.join("\n") + "\n"
}
