//! Proves final messages, as the Gear chain will want them proven.
//!
//! A proof leads from a message's receipt to the receipts' root, from there to the beacon block
//! that carries it, and from there by parent roots to a finalised beacon block that the Gear chain
//! knows. It is verified here by the same code that the chain runs.

use super::{
	Error, Fate,
	context::Context,
	outbox::{Blame, Message},
	runner::{Progress, Stage},
	runtime::Anchor,
};
use crate::{ethereum::beacon::BlockName, gear::At};
use alloy::primitives::B256;
use codec::Encode;
use gearway_ethereum::{
	BeaconHeader, H256, HeaderProof,
	merkle::header_root,
	prove::{BeaconBlock, BlockReceipts},
};
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
};

/// Most messages proven in one step.
const MESSAGES_A_STEP: u32 = 256;

/// From how many slots on it is worth asking the Gear chain for a nearer finalised header than its
/// latest: four epochs of Ethereum.
const FAR: u64 = 128;

/// Most beacon headers kept in memory: two days of Ethereum's.
const MAX_HEADERS: usize = 16_384;

/// The third stage.
pub(super) struct Prove {
	pub(super) context: Arc<Context>,
	/// Beacon headers by root: messages of neighbouring blocks share most of their way.
	pub(super) headers: HashMap<H256, BeaconHeader>,
}

impl Stage for Prove {
	const NAME: &'static str = "prove";

	async fn step(&mut self) -> Result<Progress, Error> {
		let due = self.context.outbox.to_prove(MESSAGES_A_STEP).await?;
		if due.is_empty() {
			return Ok(Progress::Idle);
		}
		let at = self.context.gear.at_finalized().await?;
		let Some(state) = self.context.gear.client_state(&at).await? else {
			self.context.bells.upkeep.notify_one();
			return Ok(Progress::Idle);
		};
		let latest = Anchor { root: header_root(&state.finalized), slot: state.finalized.slot };
		let mut blocks: BTreeMap<u64, Vec<Message>> = BTreeMap::new();
		for message in due {
			blocks.entry(message.block_number).or_default().push(message);
		}
		for messages in blocks.values() {
			self.block(messages, latest, &at).await?;
		}
		Ok(Progress::Idle)
	}
}

impl Prove {
	/// Proves messages of one block, if the Gear chain knows of a finalised block after it.
	async fn block(&mut self, messages: &[Message], latest: Anchor, at: &At) -> Result<(), Error> {
		let Some(Message { block_hash, block_time, .. }) = messages.first() else {
			return Ok(());
		};
		let slot = self.context.slot_of(*block_time);
		if latest.slot < slot {
			self.context.bells.upkeep.notify_one();
			return Ok(());
		}
		let anchor = self.nearest(slot, latest, at).await?;
		match self.prove(*block_hash, slot, anchor, messages).await {
			Ok(()) => {
				self.context.bells.send.notify_one();
				Ok(())
			}
			Err(error @ (Error::Gear(_) | Error::Database(_))) => Err(error),
			Err(error @ Error::Ethereum(crate::ethereum::EthereumError::Unreachable { .. })) => {
				Err(error)
			}
			// Other blocks go on.
			Err(error) if error.fate() != Fate::Fatal => {
				let nonces: Vec<u64> = messages.iter().map(|message| message.nonce).collect();
				let Context { outbox, patience, .. } = &*self.context;
				outbox.failed(&nonces, &error.to_string(), Blame::Circumstances, patience).await
			}
			Err(error) => Err(error),
		}
	}

	/// The earliest finalised header at or after `slot` that the Gear chain knows.
	async fn nearest(&self, slot: u64, latest: Anchor, at: &At) -> Result<Anchor, Error> {
		if latest.slot - slot < FAR {
			return Ok(latest);
		}
		let anchors = self.context.gear.anchors(at).await?;
		Ok(anchors.into_iter().find(|anchor| anchor.slot >= slot).unwrap_or(latest))
	}

	async fn prove(
		&mut self,
		block_hash: B256,
		slot: u64,
		anchor: Anchor,
		messages: &[Message],
	) -> Result<(), Error> {
		let context = self.context.clone();
		let Context { beacon, execution, outbox, gateway, network, .. } = &*context;
		let block = beacon.block(BlockName::Slot(slot), network.preset).await?;
		if block.execution_hash.0 != block_hash.0 {
			return Err(Error::Disagreement(format!(
				"the beacon block at slot {slot} carries execution block {:?} instead of \
				 {block_hash}",
				block.execution_hash
			)));
		}
		let header_proof = self.header_proof(&block, anchor).await?;
		let receipts_root = header_proof
			.verify(network, |root| root == anchor.root)
			.map_err(|error| Error::Disagreement(format!("the beacon block's proof: {error}")))?;

		let header = execution.header_by_hash(block_hash).await?;
		let receipts = BlockReceipts::new(execution.receipts(&header).await?, receipts_root)
			.map_err(|error| Error::Disagreement(error.to_string()))?;
		let mut proofs = Vec::new();
		for message in messages {
			let Message { nonce, tx_index, log_index, .. } = *message;
			let proven = receipts
				.prove(tx_index, log_index, nonce)
				.map_err(|error| Error::Proof(error.to_string()))
				.and_then(|proof| {
					proof
						.verify(receipts_root, gateway)
						.map_err(|error| Error::Proof(error.to_string()))?;
					Ok(proof.encode())
				});
			match proven {
				Ok(proof) => proofs.push((nonce, proof)),
				Err(error) => {
					let reason = error.to_string();
					outbox.failed(&[nonce], &reason, Blame::Message, &context.patience).await?;
				}
			}
		}
		outbox.proven(block_hash, &header_proof.encode(), &proofs).await?;
		for (nonce, _) in &proofs {
			let topic = context.topic(*nonce);
			tracing::info!(
				nonce,
				topic,
				slot,
				anchor = anchor.slot,
				headers = header_proof.descendants.len(),
				"proven"
			);
		}
		Ok(())
	}

	/// Goes back from the finalised header by parent roots until it meets the block.
	async fn header_proof(
		&mut self,
		block: &BeaconBlock,
		anchor: Anchor,
	) -> Result<HeaderProof, Error> {
		let target = block.root();
		let mut descendants = Vec::new();
		let mut root = anchor.root;
		while root != target {
			let header = self.header(root).await?;
			if header.slot <= block.header.slot {
				return Err(Error::Disagreement(format!(
					"the beacon block at slot {} is not an ancestor of the finalised block at \
					 slot {}",
					block.header.slot, anchor.slot
				)));
			}
			descendants.push(header);
			root = header.parent_root;
		}
		descendants.reverse();
		block.prove(descendants).map_err(|error| Error::Disagreement(error.to_string()))
	}

	async fn header(&mut self, root: H256) -> Result<BeaconHeader, Error> {
		if let Some(header) = self.headers.get(&root) {
			return Ok(*header);
		}
		let (_, header) = self.context.beacon.header(BlockName::Root(root)).await?;
		if self.headers.len() >= MAX_HEADERS {
			self.headers.clear();
		}
		self.headers.insert(root, header);
		Ok(header)
	}
}
