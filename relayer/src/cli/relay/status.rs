//! `gearway relay status`

use super::{
	super::{
		CommandError,
		output::{Output, span},
	},
	Common,
};
use crate::relay::outbox::{Backlog, now};

/// Arguments of `gearway relay status`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct StatusArgs {
	#[command(flatten)]
	pub(super) common: Common,
	#[command(flatten)]
	pub(super) output: Output,
}

/// Reads the database, which a relayer may be working with.
pub(super) async fn execute(args: StatusArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let backlog = super::open_to_read(&config).await?.backlog().await?;
	args.output.print(&backlog, table)
}

fn table(backlog: &Backlog) -> String {
	let number = |number: Option<u64>| number.map_or("-".to_string(), |number| number.to_string());
	let mut lines = vec![
		format!("last block looked through  {}", number(backlog.observed_block)),
		format!("extrinsics under way       {}", backlog.pending_submissions),
	];
	if let Some(leader) = &backlog.leader {
		let held = if leader.expires_in_ms > 0 { "" } else { " (its lease has run out)" };
		lines.push(format!("relayer at work            {}{held}", leader.name));
	}
	for trouble in &backlog.troubles {
		let since = span(now().saturating_sub(trouble.since));
		let (stage, times) = (&trouble.stage, trouble.failures);
		lines.push(format!("`{stage}` failing for {since}, {times} times: {}", trouble.error));
	}
	lines.push(String::new());
	lines
		.push(format!("{:<10}{:>10}{:>14}{:>10}  why", "stage", "messages", "oldest nonce", "age"));
	for row in &backlog.stages {
		let age = row.oldest_observed_at.map(|at| span(now().saturating_sub(at)));
		let line = format!(
			"{:<10}{:>10}{:>14}{:>10}  {}",
			row.stage,
			row.messages,
			number(row.oldest_nonce),
			age.unwrap_or("-".to_string()),
			row.why.as_deref().unwrap_or_default(),
		);
		lines.push(line.trim_end().to_string());
	}
	lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::relay::outbox::{Holder, StageBacklog, Trouble};

	#[test]
	fn the_table_tells_what_there_is() {
		let row = StageBacklog {
			stage: "failed",
			messages: 2,
			oldest_nonce: Some(17),
			oldest_observed_at: Some(0),
			latest_update_at: Some(0),
			last_error: Some("no funds".to_string()),
			why: Some("is tried again: no funds".to_string()),
		};
		let trouble = Trouble {
			stage: "send".to_string(),
			failures: 4,
			error: "the node is away".to_string(),
			since: now() - 180_000,
			last_at: now(),
		};
		let leader = Holder { name: "host-b".to_string(), expires_in_ms: -1, epoch: 3 };
		let backlog = Backlog {
			observed_block: Some(99),
			stages: vec![row],
			pending_submissions: 1,
			troubles: vec![trouble],
			leader: Some(leader),
		};
		let table = table(&backlog);
		for part in
			["99", "failed", "17", "no funds", "the node is away", "3 min", "host-b", "run out"]
		{
			assert!(table.contains(part), "{part} is not in:\n{table}");
		}
	}
}
