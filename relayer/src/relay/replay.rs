//! Looks through blocks once more, as an operator asks: for messages that were missed, because
//! the relayer was told to start too late, and for those that failed.
//!
//! Doing it twice changes nothing. What is found is checked as it is the first time; for blocks
//! that are final and long forgotten, the beacon node says which were part of the chain.

use super::{
	Error,
	config::Config,
	observe::messages_in,
	outbox::{Found, Outbox},
	preflight,
	stage::Stage,
};
use crate::ethereum::{BeaconClient, ExecutionClient, beacon::BlockName, execution::BlockHeader};
use gearway_ethereum::{Gateway, Network};
use serde::Serialize;
use std::str::FromStr;

/// Execution blocks from one to another, both among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRange {
	/// The first.
	pub first: u64,
	/// The last.
	pub last: u64,
}

impl FromStr for BlockRange {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let (first, last) =
			text.split_once("..").ok_or("FROM..TO is expected: two block numbers")?;
		let number = |text: &str| {
			text.parse::<u64>()
				.map_err(|_| format!("`{text}` is no block number; FROM..TO is expected"))
		};
		let (first, last) = (number(first)?, number(last)?);
		if first > last {
			return Err(format!("block {first} comes after block {last}"));
		}
		Ok(Self { first, last })
	}
}

/// What came of it.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
	/// How many blocks were looked through.
	pub blocks: u64,
	/// Nonces of messages that were not known.
	pub added: Vec<u64>,
	/// Nonces of messages that had failed and are tried again at once.
	pub again: Vec<u64>,
	/// Nonces of messages that were left alone: they are done, or on their way.
	pub left: Vec<u64>,
}

/// Looks through blocks that a relayer has passed.
pub async fn replay(config: &Config, range: BlockRange) -> Result<Replayed, Error> {
	let outbox = preflight::open_to_change(config).await?;
	let tip = outbox.tip().await?.map(|tip| tip.number);
	if tip.is_none_or(|tip| range.last > tip) {
		let tip = tip.map_or("none".to_string(), |tip| tip.to_string());
		return Err(Error::Disagreement(format!(
			"the relayer has looked through blocks up to {tip}, and will come to block {} by \
			 itself; replay what lies behind it",
			range.last
		)));
	}
	let (execution, (beacon, network)) =
		tokio::try_join!(preflight::check_execution(config), preflight::check_beacon(config))?;
	let gateway = preflight::gateway(config);
	let (execution, beacon) = (execution.now().clone(), beacon.now().clone());
	let replay = Replay { execution, beacon, network, gateway, outbox };
	let mut replayed = Replayed::default();
	for number in range.first..=range.last {
		replay.look_through(number, &mut replayed).await?;
	}
	Ok(replayed)
}

struct Replay {
	execution: ExecutionClient,
	beacon: BeaconClient,
	network: Network,
	gateway: Gateway,
	outbox: Outbox,
}

impl Replay {
	async fn look_through(&self, number: u64, replayed: &mut Replayed) -> Result<(), Error> {
		let header = self.execution.header(number).await?.ok_or_else(|| {
			Error::Disagreement(format!("the execution node does not have block {number}"))
		})?;
		let found = messages_in(&self.execution, &self.gateway, &header).await?;
		if !found.is_empty() {
			self.ensure_canonical(&header).await?;
		}
		for message in &found {
			self.take_up(&header, message, replayed).await?;
		}
		replayed.blocks += 1;
		Ok(())
	}

	async fn take_up(
		&self,
		block: &BlockHeader,
		message: &Found,
		replayed: &mut Replayed,
	) -> Result<(), Error> {
		let nonce = message.nonce;
		let Some(known) = self.outbox.message(nonce).await? else {
			let BlockHeader { hash, header } = block;
			self.outbox.add_missing(header.number, *hash, header.timestamp, message).await?;
			replayed.added.push(nonce);
			return Ok(());
		};
		if known.block_hash != block.hash {
			return Err(Error::Disagreement(format!(
				"message {nonce} is in block {} ({}) by the relayer's books, and in block {} ({}) \
				 by the execution node",
				known.block_number, known.block_hash, block.header.number, block.hash
			)));
		}
		if matches!(known.stage, Stage::Failed | Stage::Dead) && self.outbox.retry(nonce).await? {
			replayed.again.push(nonce);
		} else {
			replayed.left.push(nonce);
		}
		Ok(())
	}

	/// Checks that a block is part of the chain: by our own record where it is not long final, else
	/// by what the beacon node says about its slot.
	async fn ensure_canonical(&self, block: &BlockHeader) -> Result<(), Error> {
		let BlockHeader { hash, header } = block;
		let expected = match self.outbox.seen(header.number).await? {
			Some(seen) => seen.hash,
			None => {
				let slot = super::context::slot_of(&self.network, header.timestamp);
				self.beacon.execution_block(BlockName::Slot(slot)).await?.hash
			}
		};
		if expected == *hash {
			return Ok(());
		}
		Err(Error::Disagreement(format!(
			"block {} is {hash} by the execution node, and should be {expected}; is it syncing?",
			header.number
		)))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ranges_are_read_with_both_ends() {
		assert_eq!("7..7".parse(), Ok(BlockRange { first: 7, last: 7 }));
		assert_eq!("0..18446744073709551615".parse(), Ok(BlockRange { first: 0, last: u64::MAX }));
		for (text, said) in [
			("7", "FROM..TO"),
			("7..", "`` is no block number"),
			("a..b", "`a`"),
			("9..8", "comes after"),
			("1..=2", "`=2`"),
		] {
			let error = text.parse::<BlockRange>().unwrap_err();
			assert!(error.contains(said), "{text}: {error}");
		}
	}
}
