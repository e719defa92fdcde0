//! Finds the gateway's messages in execution blocks.
//!
//! Every block from the configured one on is looked through once, in order, each the child of the
//! one before. Whether it can hold a message is told by the bloom filter in its header, and what it
//! holds by its receipts. The header must have its own hash and the receipts the root that it
//! commits to; later the beacon chain must have finalised that very hash. So a node that has not
//! got a block's logs yet, or hides them, is caught, and the cursor stays where it is.
//!
//! When the chain turns out to be another than the one looked through, the blocks that are no
//! longer part of it are forgotten together with the messages found in them.

use super::{
	Error,
	outbox::{Found, Outbox, SeenBlock},
	runner::{Progress, Stage},
};
use crate::ethereum::{ExecutionClient, Nodes, execution::BlockHeader};
use alloy::primitives::{Address, B256};
use futures::{StreamExt, TryStreamExt, stream};
use gearway_ethereum::{Gateway, GatewayMessage};
use std::sync::Arc;
use tokio::sync::Notify;

#[cfg(test)]
mod tests;

/// Most blocks looked through in one step.
const BLOCKS_A_STEP: u64 = 64;

/// Most headers asked for at the same time.
const CONCURRENT_HEADERS: usize = 8;

/// The first stage.
pub(super) struct Observe {
	pub(super) execution: Nodes<ExecutionClient>,
	pub(super) outbox: Outbox,
	pub(super) gateway: Gateway,
	/// The first block to look through.
	pub(super) start_block: u64,
	/// Rung when messages were found.
	pub(super) next: Arc<Notify>,
}

impl Stage for Observe {
	const NAME: &'static str = "observe";

	async fn step(&mut self) -> Result<Progress, Error> {
		// One node for the whole step: two may be at different blocks.
		let (execution, outbox) = (&self.execution.now().clone(), &self.outbox);
		let head = execution.head().await?;
		let tip = outbox.tip().await?;
		if let Some(tip) = tip
			&& !self.is_canonical(execution, tip, head).await?
		{
			self.unwind(execution, head).await?;
			return Ok(Progress::More);
		}
		let first = tip.map_or(self.start_block, |tip| tip.number + 1);
		if first > head {
			return Ok(Progress::Idle);
		}
		let last = head.min(first + BLOCKS_A_STEP - 1);
		let headers: Vec<Option<BlockHeader>> = stream::iter(first..=last)
			.map(|number| execution.header(number))
			.buffered(CONCURRENT_HEADERS)
			.try_collect()
			.await?;
		let mut parent = tip.map(|tip| tip.hash);
		for header in headers {
			// Behind a load balancer, one node may be ahead of the next.
			let Some(header) = header else { return Ok(Progress::Idle) };
			if parent.is_some_and(|parent| parent != header.header.parent_hash) {
				// The chain changed under our hands: the next step finds out how far.
				return Ok(Progress::More);
			}
			self.look_through(execution, &header).await?;
			parent = Some(header.hash);
		}
		Ok(if last < head { Progress::More } else { Progress::Idle })
	}
}

impl Observe {
	async fn look_through(
		&self,
		execution: &ExecutionClient,
		block: &BlockHeader,
	) -> Result<(), Error> {
		let found = messages_in(execution, &self.gateway, block).await?;
		let BlockHeader { hash, header } = block;
		let seen = SeenBlock { number: header.number, hash: *hash, parent: header.parent_hash };
		self.outbox.append(seen, header.timestamp, &found).await?;
		for message in &found {
			tracing::info!(
				nonce = message.nonce,
				topic = super::context::topic(&self.gateway, message.nonce),
				block = header.number,
				%hash,
				tx = %message.tx_hash,
				"observed"
			);
		}
		if !found.is_empty() {
			self.next.notify_one();
		}
		Ok(())
	}

	/// Whether the highest block we know is part of the node's chain, as far as the node has come.
	async fn is_canonical(
		&self,
		execution: &ExecutionClient,
		tip: SeenBlock,
		head: u64,
	) -> Result<bool, Error> {
		let number = tip.number.min(head);
		let Some(ours) = self.outbox.seen(number).await? else {
			return Err(Error::Disagreement(format!(
				"the execution node is at block {head}, before the last finalised one; it is \
				 syncing, or of another chain"
			)));
		};
		match execution.header(number).await? {
			Some(theirs) => Ok(theirs.hash == ours.hash),
			None => Err(lagging(number)),
		}
	}

	/// Forgets all that is not part of the node's chain.
	async fn unwind(&self, execution: &ExecutionClient, head: u64) -> Result<(), Error> {
		let outbox = &self.outbox;
		for ours in outbox.seen_from_tip().await? {
			if ours.number > head {
				continue;
			}
			let theirs =
				execution.header(ours.number).await?.ok_or_else(|| lagging(ours.number))?;
			if theirs.hash != ours.hash {
				continue;
			}
			let forgotten = outbox.unwind_to(ours.number).await?;
			tracing::warn!(
				ancestor = ours.number,
				hash = %ours.hash,
				messages = ?forgotten,
				"the chain was reorganised: what was found since is looked for again"
			);
			return Ok(());
		}
		Err(Error::Contradiction(
			"the execution node's chain does not contain the block that was final; check \
			 [ethereum] execution_url, or start with a new [database] url"
				.to_string(),
		))
	}
}

/// The gateway's messages in a block.
pub(super) async fn messages_in(
	execution: &ExecutionClient,
	gateway: &Gateway,
	block: &BlockHeader,
) -> Result<Vec<Found>, Error> {
	let event = B256::from(GatewayMessage::EVENT.0);
	if !block.may_hold(Address::from(gateway.address), event) {
		return Ok(Vec::new());
	}
	let mut found = Vec::new();
	for (tx_index, receipt) in (0..).zip(execution.receipts(block).await?) {
		for (log_index, log) in (0..).zip(receipt.logs()) {
			// Other contracts' logs, and the gateway's other events.
			let Ok(message) = gateway.message(&log.inner) else { continue };
			found.push(Found {
				nonce: message.nonce,
				tx_hash: receipt.transaction_hash,
				tx_index,
				log_index,
				sender: Address::from(message.sender),
				program: B256::from(message.program),
			});
		}
	}
	Ok(found)
}

fn lagging(number: u64) -> Error {
	Error::Disagreement(format!(
		"the execution node had block {number} a moment ago and has it no longer"
	))
}
