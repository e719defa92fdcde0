//! Builds the proofs that the Gear chain wants to see, from what any two nodes answer.

use super::{Error, outbox::Message};
use crate::ethereum::{BeaconClient, ExecutionClient, beacon::BlockName};
use alloy::primitives::B256;
use gearway_ethereum::{
	BeaconHeader, Gateway, H256, HeaderProof, Network, ReceiptProof,
	merkle::header_root,
	prove::{BeaconBlock, BlockReceipts},
};
use std::collections::HashMap;

/// Most beacon headers kept in memory: two days of Ethereum's.
const MAX_HEADERS: usize = 16_384;

/// A finalised beacon header that the Gear chain knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
	/// Its root.
	pub root: H256,
	/// Its slot.
	pub slot: u64,
}

impl From<&BeaconHeader> for Anchor {
	fn from(header: &BeaconHeader) -> Self {
		Self { root: header_root(header), slot: header.slot }
	}
}

/// Proofs of messages of one block.
#[derive(Debug)]
pub struct Proofs {
	/// Leads from the block's receipts to the anchor.
	pub header: HeaderProof,
	/// Lead from each message to the block's receipts, in the order of the messages; or why there
	/// is no such proof.
	pub receipts: Vec<Result<ReceiptProof, Error>>,
}

/// Asks two nodes for what proofs are made of.
#[derive(Debug)]
pub struct ProofBuilder {
	beacon: BeaconClient,
	execution: ExecutionClient,
	network: Network,
	gateway: Gateway,
	/// Beacon headers by root: messages of neighbouring blocks share most of their way.
	headers: HashMap<H256, BeaconHeader>,
}

impl ProofBuilder {
	/// A builder for one gateway's messages.
	pub fn new(
		beacon: BeaconClient,
		execution: ExecutionClient,
		network: Network,
		gateway: Gateway,
	) -> Self {
		Self { beacon, execution, network, gateway, headers: HashMap::new() }
	}

	/// Asks these nodes from now on, which are of the same chains.
	pub fn ask(&mut self, beacon: &BeaconClient, execution: &ExecutionClient) {
		self.beacon.clone_from(beacon);
		self.execution.clone_from(execution);
	}

	/// Proves messages of one block, which the beacon block at `slot` carries.
	///
	/// Every proof is verified as the Gear chain will verify it. Errors that are a message's own
	/// are in its place in [`Proofs::receipts`]; all others are the nodes'.
	pub async fn prove(
		&mut self,
		block_hash: B256,
		slot: u64,
		anchor: Anchor,
		messages: &[Message],
	) -> Result<Proofs, Error> {
		let block = self.beacon.block(BlockName::Slot(slot), self.network.preset).await?;
		if block.execution_hash.0 != block_hash.0 {
			return Err(Error::Disagreement(format!(
				"the beacon block at slot {slot} carries execution block {:?} instead of \
				 {block_hash}",
				block.execution_hash
			)));
		}
		let header = self.header_proof(&block, anchor).await?;
		let receipts_root = header
			.verify(&self.network, |root| root == anchor.root)
			.map_err(|error| Error::Disagreement(format!("the beacon block's proof: {error}")))?;

		let execution_header = self.execution.header_by_hash(block_hash).await?;
		let answer = self.execution.receipts(&execution_header).await?;
		let receipts = BlockReceipts::new(answer, receipts_root)
			.map_err(|error| Error::Disagreement(error.to_string()))?;
		let receipts = messages
			.iter()
			.map(|message| {
				let proof = receipts
					.prove(message.tx_index, message.log_index, message.nonce)
					.map_err(|error| Error::Proof(error.to_string()))?;
				proof
					.verify(receipts_root, &self.gateway)
					.map_err(|error| Error::Proof(error.to_string()))?;
				Ok(proof)
			})
			.collect();
		Ok(Proofs { header, receipts })
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
		let (_, header) = self.beacon.header(BlockName::Root(root)).await?;
		if self.headers.len() >= MAX_HEADERS {
			self.headers.clear();
		}
		self.headers.insert(root, header);
		Ok(header)
	}
}
