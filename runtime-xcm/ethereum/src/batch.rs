//! Many blocks under one finalised header, many receipts in a block, many logs of a receipt.
//!
//! What proofs have in common is carried once: the header chain, and within a block every trie
//! node. One more log of a receipt costs four bytes, one more receipt little more than itself.

use crate::{
	BeaconHeader, Branch, Network,
	inclusion::{self, MAX_DESCENDANTS, check_chain, check_receipts_root},
	merkle::header_root,
	receipts::{self, MAX_NODES, Node, Receipt, verify_receipt},
};
use alloc::vec::Vec;
use alloy_primitives::Bytes;
use codec::{Decode, DecodeWithMemTracking, Encode};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{BoundedVec, traits::ConstU32},
};
use scale_info::TypeInfo;

/// Most blocks of a batch.
pub const MAX_BLOCKS: u32 = 64;

/// Most receipts of a block.
pub const MAX_RECEIPTS: u32 = 128;

/// Most trie nodes of a block.
pub const MAX_POOL: u32 = MAX_RECEIPTS * MAX_NODES;

/// Most claims on a receipt.
pub const MAX_CLAIMS: u32 = 128;

/// Proof of things that happened in blocks under one finalised header.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Batch {
	/// Beacon headers, each the child of the one before. The last is final.
	pub headers: BoundedVec<BeaconHeader, ConstU32<{ MAX_DESCENDANTS + 1 }>>,
	/// What happened in some of their blocks, in their order.
	pub blocks: BoundedVec<BlockProof, ConstU32<MAX_BLOCKS>>,
}

/// Proof of what happened in one block.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct BlockProof {
	/// Position of the block's header in [`Batch::headers`].
	pub header: u32,
	/// Root of the receipts trie in the block's execution payload.
	pub receipts_root: H256,
	/// Leads from the receipts' root to the header's body root.
	pub receipts_branch: Branch,
	/// Nodes of the receipts trie, each once.
	pub nodes: BoundedVec<Node, ConstU32<MAX_POOL>>,
	/// What the receipts are to show, by ascending position in the block.
	pub receipts: BoundedVec<ReceiptClaims, ConstU32<MAX_RECEIPTS>>,
}

/// What one receipt is to show.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ReceiptClaims {
	/// The transaction's position in the block.
	pub tx_index: u32,
	/// Positions in [`BlockProof::nodes`] of the nodes from the trie's root to the receipt.
	pub path: BoundedVec<u32, ConstU32<MAX_NODES>>,
	/// What its logs are.
	pub claims: BoundedVec<Claim, ConstU32<MAX_CLAIMS>>,
}

/// What a log is said to be, so that one dealt with before is not verified at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Claim {
	/// A message of the gateway.
	Message {
		/// The log's position in the receipt (not in the block).
		log_index: u32,
		/// The nonce it carries.
		nonce: u64,
	},
	/// An event of a contract, for a program that subscribed to it.
	Event {
		/// The log's position in the receipt (not in the block).
		log_index: u32,
		/// The program.
		program: [u8; 32],
	},
}

/// Why a batch is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// The headers do not lead to a final one, or a receipts' root is not under its header.
	#[error(transparent)]
	Inclusion(#[from] inclusion::Error),
	/// A receipt is not in its block, or is malformed.
	#[error(transparent)]
	Receipt(#[from] receipts::Error),
	/// There is no header to verify anything by.
	#[error("the batch has no header")]
	NoHeaders,
	/// A block is of a header that is not there.
	#[error("a block's header is not in the batch")]
	HeaderOutOfBounds,
	/// A receipt's path has a node that is not there.
	#[error("a trie node is not in the batch")]
	NodeOutOfBounds,
	/// Blocks, or receipts of a block, are not in ascending order, each once.
	#[error("blocks or receipts are out of order")]
	OutOfOrder,
}

impl Batch {
	/// Root of the header that has to be final; `None` without headers.
	pub fn anchor(&self) -> Option<H256> {
		self.headers.last().map(header_root)
	}

	/// How many claims there are.
	pub fn claims(&self) -> u32 {
		let receipts = self.blocks.iter().flat_map(|block| &block.receipts);
		receipts.map(|receipt| receipt.claims.len() as u32).fold(0, u32::saturating_add)
	}

	/// Verifies that every header is final, and that blocks and receipts are in order: what is left
	/// then is [`Batch::open_block`].
	///
	/// `is_finalized` says whether a beacon block root is known to be final; it is asked once.
	pub fn verify_headers(&self, is_finalized: impl FnOnce(H256) -> bool) -> Result<(), Error> {
		let anchor = self.anchor().ok_or(Error::NoHeaders)?;
		let ascending = |positions: &[u32]| positions.is_sorted_by(|one, other| one < other);
		let blocks: Vec<u32> = self.blocks.iter().map(|block| block.header).collect();
		let in_order = ascending(&blocks)
			&& self.blocks.iter().all(|block| {
				let receipts: Vec<_> =
					block.receipts.iter().map(|receipt| receipt.tx_index).collect();
				ascending(&receipts)
			});
		if !in_order {
			return Err(Error::OutOfOrder);
		}
		if !is_finalized(anchor) {
			return Err(inclusion::Error::NotFinalized.into());
		}
		Ok(check_chain(&self.headers)?)
	}

	/// Verifies that a block's receipts are under its header. [`Batch::verify_headers`] goes first.
	pub fn open_block(&self, block: &BlockProof, network: &Network) -> Result<OpenBlock, Error> {
		let position = usize::try_from(block.header).map_err(|_| Error::HeaderOutOfBounds)?;
		let header = self.headers.get(position).ok_or(Error::HeaderOutOfBounds)?;
		check_receipts_root(header, block.receipts_root, &block.receipts_branch, network)?;
		let nodes = block.nodes.iter().map(|node| Bytes::copy_from_slice(node)).collect();
		Ok(OpenBlock { slot: header.slot, receipts_root: block.receipts_root, nodes })
	}
}

/// A block whose receipts' root has been verified.
#[derive(Clone, Debug)]
pub struct OpenBlock {
	/// Its slot.
	pub slot: u64,
	receipts_root: H256,
	nodes: Vec<Bytes>,
}

impl OpenBlock {
	/// Verifies one of the block's receipts, which has to be of a transaction that succeeded.
	pub fn receipt(&self, claims: &ReceiptClaims) -> Result<Receipt, Error> {
		let path = self.path(claims)?;
		let receipt = verify_receipt(self.receipts_root, claims.tx_index, &path)?;
		if !receipt.success {
			return Err(receipts::Error::Reverted.into());
		}
		Ok(receipt)
	}

	fn path(&self, claims: &ReceiptClaims) -> Result<Vec<&Bytes>, Error> {
		let node = |position: &u32| {
			let position = usize::try_from(*position).map_err(|_| Error::NodeOutOfBounds)?;
			self.nodes.get(position).ok_or(Error::NodeOutOfBounds)
		};
		claims.path.iter().map(node).collect()
	}
}

impl BlockProof {
	/// How long the nodes on a receipt's way are together, and the last of them, which holds the
	/// receipt; in bytes. Nodes that are not there have no length.
	pub fn lengths(&self, claims: &ReceiptClaims) -> (u32, u32) {
		let length = |position: &u32| {
			let node = usize::try_from(*position).ok().and_then(|index| self.nodes.get(index));
			node.map_or(0, |node| node.len() as u32)
		};
		let all = claims.path.iter().map(length).fold(0, u32::saturating_add);
		(all, claims.path.last().map_or(0, length))
	}
}
