//! A whole beacon block, and the proof that its receipts are in it.

use super::{
	Error, ProvenReceipts,
	body::{Body, PAYLOAD_DEPTH, RECEIPTS_ROOT_FIELD},
};
use crate::{
	BeaconHeader, BlockProof, Branch, H256, HeaderProof, Preset,
	beacon_api::{self, Quoted},
	inclusion, merkle,
};
use polkadot_sdk::sp_runtime::BoundedVec;
use serde::Deserialize;

/// Position of the execution payload among the fields of a block body.
const PAYLOAD_FIELD: usize = 9;

/// Height of the tree over the fields of a block body: 12 in Deneb, 13 from Electra on.
const BODY_DEPTH: u32 = 4;

/// A beacon block, as far as proofs need it.
#[derive(Clone, PartialEq, Debug)]
pub struct BeaconBlock {
	/// Its header.
	pub header: BeaconHeader,
	/// Hash of the execution block it carries.
	pub execution_hash: H256,
	/// Number of that block.
	pub execution_number: u64,
	/// Root of that block's receipts.
	pub receipts_root: H256,
	receipts_branch: Branch,
}

#[derive(Deserialize)]
struct Answer {
	version: String,
	data: Signed,
}

#[derive(Deserialize)]
struct Signed {
	message: Message,
}

#[derive(Deserialize)]
struct Message {
	slot: Quoted<u64>,
	proposer_index: Quoted<u64>,
	parent_root: H256,
	state_root: H256,
	body: Body,
}

impl BeaconBlock {
	/// Reads `GET /eth/v2/beacon/blocks/{block_id}`.
	pub fn from_json(json: &[u8], preset: Preset) -> Result<Self, Error> {
		let answer: Answer = serde_json::from_slice(json).map_err(beacon_api::Error::from)?;
		let Message { slot, proposer_index, parent_root, state_root, body } = answer.data.message;

		let fields = body.field_roots(&answer.version, preset)?;
		let payload = body.execution_payload.field_roots(preset);
		let mut branch = merkle::branch(&payload, PAYLOAD_DEPTH, RECEIPTS_ROOT_FIELD);
		branch.extend(merkle::branch(&fields, BODY_DEPTH, PAYLOAD_FIELD));
		let header = BeaconHeader {
			slot: slot.0,
			proposer_index: proposer_index.0,
			parent_root,
			state_root,
			body_root: merkle::merkleize(&fields, BODY_DEPTH),
		};
		Ok(Self {
			header,
			execution_hash: body.execution_payload.block_hash,
			execution_number: body.execution_payload.block_number.0,
			receipts_root: body.execution_payload.receipts_root,
			// Nine nodes, of sixteen there is room for.
			receipts_branch: BoundedVec::truncate_from(branch),
		})
	}

	/// Root of the block. Compare it with the root the block was asked for by.
	pub fn root(&self) -> H256 {
		merkle::header_root(&self.header)
	}

	/// What a [`Batch`](crate::Batch) shows of this block, whose header is at `position` there.
	pub fn prove_in_batch(&self, position: u32, (nodes, receipts): ProvenReceipts) -> BlockProof {
		BlockProof {
			header: position,
			receipts_root: self.receipts_root,
			receipts_branch: self.receipts_branch.clone(),
			nodes,
			receipts,
		}
	}

	/// Proves the receipts' root against the last of `descendants`, which are the headers after
	/// this block, in order, up to a finalised one.
	pub fn prove(&self, descendants: Vec<BeaconHeader>) -> Result<HeaderProof, Error> {
		let mut parent = self.root();
		for header in &descendants {
			if header.parent_root != parent {
				return Err(inclusion::Error::BrokenChain.into());
			}
			parent = merkle::header_root(header);
		}
		let length = descendants.len();
		Ok(HeaderProof {
			header: self.header,
			receipts_root: self.receipts_root,
			receipts_branch: self.receipts_branch.clone(),
			descendants: BoundedVec::try_from(descendants)
				.map_err(|_| Error::TooManyHeaders(length))?,
		})
	}
}
