//! `gearway relay replay`

use super::{
	super::{CommandError, output::Output},
	Common,
};
use crate::relay::{self, BlockRange, Replayed};

/// Arguments of `gearway relay replay`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct ReplayArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// Execution blocks, the first and the last one; the relayer has passed both
	#[arg(value_name = "FROM..TO")]
	pub(super) range: BlockRange,
	#[command(flatten)]
	pub(super) output: Output,
}

/// Changes the database; a relayer that works with it takes the messages up by itself.
pub(super) async fn execute(args: ReplayArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let replayed = relay::replay(&config, args.range).await?;
	args.output.print(&replayed, text)
}

fn text(replayed: &Replayed) -> String {
	let Replayed { blocks, added, again, left } = replayed;
	format!(
		"blocks looked through  {blocks}\nmessages added         {}\nmessages tried again   {}\n\
		 messages left alone    {}\n",
		told(added),
		told(again),
		left.len()
	)
}

fn told(nonces: &[u64]) -> String {
	let list: Vec<_> = nonces.iter().map(u64::to_string).collect();
	match list.len() {
		0 => "0".to_string(),
		count => format!("{count}: {}", list.join(", ")),
	}
}
