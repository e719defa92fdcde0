//! `gearway relay show`

use super::{
	super::{
		CommandError,
		exit::Failure,
		output::{Output, utc},
	},
	Common,
};
use crate::relay::{
	self,
	journey::{Journey, Name, find},
};

/// Arguments of `gearway relay show`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct ShowArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// The gateway's number of the message, its topic, the hash of the transaction that brought it,
	/// or its id on the Gear chain
	#[arg(value_name = "ID")]
	pub(super) name: Name,
	#[command(flatten)]
	pub(super) output: Output,
}

/// Reads the database, which a relayer may be working with.
pub(super) async fn execute(args: ShowArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let outbox = super::open_to_read(&config).await?;
	let gateway = relay::gateway(&config);
	let mut journeys = Vec::new();
	for nonce in find(&outbox, &gateway, args.name).await? {
		journeys.extend(Journey::of(&outbox, &gateway, nonce).await?);
	}
	if journeys.is_empty() {
		let tip = outbox.tip().await?.map_or("none yet".to_string(), |tip| tip.number.to_string());
		return Err(Failure::Unknown(format!(
			"no message of that name is known; the last block looked through is {tip}"
		))
		.into());
	}
	args.output
		.print(&journeys, |journeys| journeys.iter().map(text).collect::<Vec<_>>().join("\n"))
}

fn text(journey: &Journey) -> String {
	let Journey { summary, origin, arrival, next_attempt_at, steps, extrinsics } = journey;
	let mut lines = vec![
		format!("message      {}", summary.nonce),
		format!("topic        {}", summary.topic),
		format!("stage        {}", summary.stage),
		format!("why          {}", summary.why),
		format!("from         {}", summary.sender),
		format!("to program   {}", summary.program),
		format!("block        {} {}", summary.block, origin.block_hash),
		format!("transaction  {} (number {} in the block)", origin.tx_hash, origin.tx_index),
	];
	if summary.attempts > 0 {
		lines.push(format!("attempts     {}", summary.attempts));
	}
	if let Some(at) = next_attempt_at {
		lines.push(format!("next try     {}", utc(*at)));
	}
	if let Some(arrival) = arrival {
		lines.push(format!("arrived in   {} {}", arrival.block, arrival.block_hash));
		match (&arrival.message_id, &arrival.error) {
			(Some(id), _) => lines.push(format!("as           {id}")),
			(None, error) => {
				let error = error.as_deref().unwrap_or("no reason is known");
				lines.push(format!("not posted   {error}"));
			}
		}
	}
	lines.push(String::new());
	for step in steps {
		let times = match step.times {
			1 => String::new(),
			times => format!(" ({times} times, last {})", utc(step.last_at)),
		};
		lines.push(format!("{}  {:<10}{}{times}", utc(step.first_at), step.stage, step.note));
	}
	for ride in extrinsics {
		lines.push(String::new());
		lines.push(format!("extrinsic    {} ({})", ride.hash, ride.state));
		lines.push(format!("  signed by  {}, nonce {}", ride.signer, ride.nonce));
		lines.push(format!("  signed at  {}", utc(ride.created_at)));
		let sent = ride.sent_at.map_or("not yet".to_string(), utc);
		lines.push(format!("  sent at    {sent}"));
		lines.push(format!("  valid to   block {}", ride.last_block));
		lines.extend(ride.error.as_ref().map(|error| format!("  error      {error}")));
	}
	lines.join("\n") + "\n"
}
