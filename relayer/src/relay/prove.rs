//! Proves final messages, as soon as the Gear chain knows a finalised block after theirs.

use super::{
	Error, Fate,
	context::Context,
	outbox::{Blame, Message},
	proof::{Anchor, ProofBuilder, Proofs},
	runner::{Progress, Stage},
};
use crate::{ethereum::EthereumError, gear::At};
use alloy::primitives::B256;
use codec::Encode;
use std::{collections::BTreeMap, sync::Arc};

/// Most messages proven in one step.
const MESSAGES_A_STEP: u32 = 256;

/// From how many slots on it is worth asking the Gear chain for a nearer finalised header than its
/// latest: four epochs of Ethereum.
const FAR: u64 = 128;

/// The third stage.
pub(super) struct Prove {
	pub(super) context: Arc<Context>,
	pub(super) builder: ProofBuilder,
}

impl Stage for Prove {
	const NAME: &'static str = "prove";

	async fn step(&mut self) -> Result<Progress, Error> {
		let due = self.context.outbox.to_prove(MESSAGES_A_STEP).await?;
		if due.is_empty() {
			return Ok(Progress::Idle);
		}
		self.builder.ask(self.context.beacon.now(), self.context.execution.now());
		let at = self.context.gear.at_finalized().await?;
		let Some(state) = self.context.gear.client_state(&at).await? else {
			self.context.bells.upkeep.notify_one();
			return Ok(Progress::Idle);
		};
		let latest = Anchor::from(&state.finalized);
		let mut blocks: BTreeMap<(u64, B256), Vec<Message>> = BTreeMap::new();
		for message in due {
			blocks.entry((message.block_time, message.block_hash)).or_default().push(message);
		}
		for ((time, hash), messages) in blocks {
			let slot = self.context.slot_of(time);
			if latest.slot < slot {
				self.context.bells.upkeep.notify_one();
				break;
			}
			let anchor = self.nearest(slot, latest, &at).await?;
			match self.builder.prove(hash, slot, anchor, &messages).await {
				Ok(proofs) => self.record(hash, &messages, anchor, proofs).await?,
				Err(error) => self.give_up_for_now(&messages, error).await?,
			}
		}
		Ok(Progress::Idle)
	}
}

impl Prove {
	/// The earliest finalised header at or after `slot` that the Gear chain knows.
	async fn nearest(&self, slot: u64, latest: Anchor, at: &At) -> Result<Anchor, Error> {
		if latest.slot - slot < FAR {
			return Ok(latest);
		}
		let anchors = self.context.gear.anchors(at).await?;
		Ok(anchors.into_iter().find(|anchor| anchor.slot >= slot).unwrap_or(latest))
	}

	async fn record(
		&self,
		block_hash: B256,
		messages: &[Message],
		anchor: Anchor,
		Proofs { header, receipts }: Proofs,
	) -> Result<(), Error> {
		let Context { outbox, patience, bells, .. } = &*self.context;
		let mut proven = Vec::new();
		for (Message { nonce, .. }, proof) in messages.iter().zip(receipts) {
			match proof {
				Ok(proof) => proven.push((*nonce, proof.encode())),
				Err(error) => {
					let reason = error.to_string();
					outbox.failed(&[*nonce], &reason, Blame::Message, patience).await?;
				}
			}
		}
		outbox.proven(block_hash, &header.encode(), &proven).await?;
		for (nonce, _) in &proven {
			let topic = self.context.topic(*nonce);
			let headers = header.descendants.len();
			let slot = header.header.slot;
			tracing::info!(nonce, topic, slot, anchor = anchor.slot, headers, "proven");
		}
		bells.send.notify_one();
		Ok(())
	}

	/// Puts off one block's messages for what is wrong with this block alone; what is wrong with
	/// the nodes stops the stage for a while.
	async fn give_up_for_now(&self, messages: &[Message], error: Error) -> Result<(), Error> {
		let of_the_nodes = matches!(
			error,
			Error::Gear(_)
				| Error::Database(_)
				| Error::Ethereum(EthereumError::Unreachable { .. })
		);
		if of_the_nodes || error.fate() == Fate::Fatal {
			return Err(error);
		}
		self.context.turn_from(&error);
		let nonces: Vec<u64> = messages.iter().map(|message| message.nonce).collect();
		let Context { outbox, patience, .. } = &*self.context;
		outbox.failed(&nonces, &error.to_string(), Blame::Circumstances, patience).await
	}
}
