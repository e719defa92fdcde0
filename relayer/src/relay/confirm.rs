//! Sees to it that what was sent has arrived.
//!
//! Reads the events of every finalised block of the Gear chain, and from time to time the chain's
//! own record of which nonces it has used. That record alone decides: whatever became of an
//! extrinsic, and whoever sent it.

use super::{
	Error,
	context::Context,
	outbox::{Blame, Delivery, Kind, State},
	runner::{Progress, Stage},
	runtime::Arrival,
	submit::nonces,
};
use crate::gear::{At, BlockId, GearError};
use alloy::primitives::B256;
use std::{collections::HashMap, sync::Arc};
use subxt::utils::H256;
use tokio::time::Instant;

/// Most blocks read in one step.
const BLOCKS_A_STEP: u64 = 32;

/// How many blocks back a node that prunes can be trusted to still have the state of; the default
/// of Substrate's nodes is 256.
const HORIZON: u64 = 200;

/// The last stage.
pub(super) struct Confirm {
	pub(super) context: Arc<Context>,
	/// When the chain's record was last compared with ours.
	pub(super) reconciled: Option<Instant>,
	/// Why extrinsics failed, of those that were seen to.
	pub(super) failures: HashMap<H256, String>,
}

impl Stage for Confirm {
	const NAME: &'static str = "confirm";

	async fn step(&mut self) -> Result<Progress, Error> {
		let Context { gear, config, .. } = &*self.context;
		let head = gear.finalized().await?;
		let at = gear.at(head).await?;
		if self.reconciled.is_none_or(|last| last.elapsed() >= config.relay.reconcile()) {
			self.reconcile(&at).await?;
			self.reconciled = Some(Instant::now());
		}
		if !self.walk(head).await? || self.reconciled.is_none() {
			return Ok(Progress::More);
		}
		self.settle(&at).await?;
		Ok(Progress::Idle)
	}
}

impl Confirm {
	/// Compares all messages that are not done with the chain's record.
	async fn reconcile(&self, at: &At) -> Result<(), Error> {
		let Context { gear, outbox, gateway, .. } = &*self.context;
		let nonces = outbox.undelivered().await?;
		let consumed = gear.consumed(at, gateway, &nonces).await?;
		let deliveries: Vec<_> = consumed.into_iter().map(|nonce| (nonce, None)).collect();
		let news = outbox.delivered(&deliveries).await?;
		for nonce in &news {
			let topic = self.context.topic(*nonce);
			tracing::info!(nonce, topic, "done: the Gear chain has used its nonce");
		}
		self.context.metrics.confirmed(&outbox.ages(&news).await?);
		Ok(())
	}

	/// Reads the events of finalised blocks up to `head`. Returns whether it got there.
	async fn walk(&mut self, head: BlockId) -> Result<bool, Error> {
		let context = self.context.clone();
		let Context { gear, outbox, .. } = &*context;
		let walked = outbox.walked().await?.unwrap_or(head);
		if head.number < walked.number {
			return Err(Error::Disagreement(format!(
				"the Gear node is at finalised block {}, and block {} was finalised before; it is \
				 syncing, or of another chain",
				head.number, walked.number
			)));
		}
		let mut next = walked.number + 1;
		if head.number - walked.number > HORIZON {
			next = head.number - HORIZON;
			tracing::warn!(
				from = walked.number,
				to = next,
				"away for long: not every delivery's place will be known"
			);
			let at = gear.at(head).await?;
			self.reconcile(&at).await?;
		}
		let last = head.number.min(next + BLOCKS_A_STEP - 1);
		for number in next..=last {
			let hash = if number == head.number {
				Some(head.hash)
			} else {
				gear.block_hash(number).await?
			};
			let hash = hash.ok_or_else(|| {
				Error::Disagreement(format!("the Gear node does not know its block {number}"))
			})?;
			let block = BlockId { number, hash };
			match self.read(block).await {
				// A node forgets old states. What happened there is in the chain's record.
				Err(Error::Gear(GearError::Refused(refusal))) if number < head.number => {
					tracing::warn!(number, %refusal, "a block's events cannot be read any more");
					outbox.walk(block, &[]).await?;
					self.reconciled = None;
				}
				outcome => outcome?,
			}
		}
		Ok(last == head.number)
	}

	async fn read(&mut self, block: BlockId) -> Result<(), Error> {
		let context = self.context.clone();
		let Context { gear, outbox, .. } = &*context;
		let at = gear.at(block).await?;
		let arrivals = gear.arrivals(&at).await?;
		if !arrivals.failed_extrinsics.is_empty() {
			let hashes = gear.extrinsics(&at).await?;
			for (index, reason) in arrivals.failed_extrinsics {
				let hash = usize::try_from(index).ok().and_then(|index| hashes.get(index));
				if let Some(hash) = hash {
					self.failures.insert(*hash, reason);
				}
			}
			// Only ours are wanted, and those only as long as they are not settled.
			let pending = outbox.pending().await?;
			self.failures
				.retain(|hash, _| pending.iter().any(|pending| pending.signed.hash == *hash));
		}
		let deliveries: Vec<_> = arrivals
			.messages
			.iter()
			.map(|Arrival { nonce, outcome }| {
				let outcome = outcome.clone().map(B256::from);
				let block_hash = B256::from(block.hash.0);
				(*nonce, Some(Delivery { block_number: block.number, block_hash, outcome }))
			})
			.collect();
		let news = outbox.walk(block, &deliveries).await?;
		for Arrival { nonce, outcome } in &arrivals.messages {
			let topic = context.topic(*nonce);
			let (number, hash) = (block.number, block.hash);
			match outcome {
				Ok(id) => {
					let id = hex::encode(id);
					tracing::info!(nonce, topic, block = number, ?hash, id, "done");
				}
				Err(error) => {
					tracing::error!(nonce, topic, block = number, ?hash, error, "done, not posted");
				}
			}
		}
		if !news.is_empty() {
			context.metrics.confirmed(&outbox.ages(&news).await?);
			context.bells.send.notify_one();
		}
		Ok(())
	}

	/// Closes the extrinsics whose fate is known at `at`.
	async fn settle(&mut self, at: &At) -> Result<(), Error> {
		let Context { gear, outbox, patience, bells, .. } = &*self.context;
		let pending = outbox.pending().await?;
		if pending.is_empty() {
			return Ok(());
		}
		let nonces = nonces(gear, at, &pending).await?;
		for submission in pending {
			let nonce = nonces.get(&submission.signer.0).copied().unwrap_or_default();
			let signed = &submission.signed;
			let (state, reason, blame) = if signed.nonce < nonce {
				match (self.failures.remove(&signed.hash), submission.kind) {
					(Some(reason), kind) => {
						tracing::warn!(hash = ?signed.hash, ?kind, reason, "the extrinsic failed");
						let reason = format!("the extrinsic failed: {reason}");
						(State::Included, reason, Blame::Message)
					}
					(None, Kind::Update) => (State::Included, String::new(), Blame::Circumstances),
					// Said of messages that are not done by now only.
					(None, Kind::Messages) => {
						let reason = "another extrinsic used the nonce".to_string();
						(State::Included, reason, Blame::Circumstances)
					}
				}
			} else if at.block_number() > signed.last_block {
				let reason = "the extrinsic was not included in time".to_string();
				(State::Expired, reason, Blame::Circumstances)
			} else {
				continue;
			};
			outbox.close(submission.id, state, &reason, blame, patience).await?;
			bells.send.notify_one();
			bells.prove.notify_one();
			bells.upkeep.notify_one();
		}
		Ok(())
	}
}
