//! `gearway relay status`

use super::{super::CommandError, Common};
use crate::relay::outbox::{Backlog, Outbox};

/// Arguments of `gearway relay status`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct StatusArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// Tell it in JSON
	#[arg(long)]
	pub(super) json: bool,
}

/// Reads the database, which a relayer may be working with.
pub(super) async fn execute(args: StatusArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let path = config.database.path().ok_or("[database] url: `sqlite:PATH` is expected")?;
	let outbox = Outbox::open_to_read(path)
		.await
		.map_err(|error| format!("[database] url: {}: {error}", path.display()))?;
	let backlog = outbox.backlog().await?;
	if args.json {
		println!("{}", serde_json::to_string_pretty(&backlog)?);
	} else {
		print!("{}", table(&backlog));
	}
	Ok(())
}

fn table(backlog: &Backlog) -> String {
	let number = |number: Option<u64>| number.map_or("-".to_string(), |number| number.to_string());
	let mut lines = vec![
		format!("last block looked through  {}", number(backlog.observed_block)),
		format!("extrinsics under way       {}", backlog.pending_submissions),
		String::new(),
		format!("{:<10}{:>10}{:>14}  last error", "stage", "messages", "oldest nonce"),
	];
	for row in &backlog.stages {
		let error = row.last_error.as_deref().unwrap_or_default();
		let line = format!(
			"{:<10}{:>10}{:>14}  {error}",
			row.stage,
			row.messages,
			number(row.oldest_nonce)
		);
		lines.push(line.trim_end().to_string());
	}
	lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::relay::outbox::StageBacklog;

	#[test]
	fn the_table_tells_what_there_is() {
		let row = StageBacklog {
			stage: "failed",
			messages: 2,
			oldest_nonce: Some(17),
			oldest_observed_at: Some(0),
			last_error: Some("no funds".to_string()),
		};
		let backlog =
			Backlog { observed_block: Some(99), stages: vec![row], pending_submissions: 1 };
		let table = table(&backlog);
		for part in ["99", "failed", "17", "no funds"] {
			assert!(table.contains(part), "{table}");
		}
	}
}
