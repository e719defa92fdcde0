//! From a finalised beacon header to the receipts of an older block.

use crate::{
	Branch,
	merkle::{header_root, is_valid_branch},
	network::Network,
};
use codec::{Decode, DecodeWithMemTracking, Encode};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{BoundedVec, traits::ConstU32},
};
use scale_info::TypeInfo;
use snowbridge_beacon_primitives::BeaconHeader;

/// Most headers that may lie between a block and a finalised one: two sync-committee periods.
///
/// A client learns at least one finalised header a period, so there is always one in reach.
pub const MAX_DESCENDANTS: u32 = 2 * 8192;

/// Proof that a block's receipts have a certain root, and that the block is final.
///
/// The execution payload in a block body and the header that stands for it have the same SSZ
/// root, so the branch goes straight from the receipts' root, through the payload, to the body.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct HeaderProof {
	/// Header of the beacon block that carries the receipts' execution payload.
	pub header: BeaconHeader,
	/// Root of the receipts trie in that payload.
	pub receipts_root: H256,
	/// Leads from the receipts' root to the header's body root.
	pub receipts_branch: Branch,
	/// The blocks after `header`, each the child of the one before, up to a finalised one; empty
	/// where `header` itself is one.
	pub descendants: BoundedVec<BeaconHeader, ConstU32<MAX_DESCENDANTS>>,
}

/// Why a [`HeaderProof`] is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// A block before the first fork that is listed.
	#[error("the block is before the first known fork")]
	UnknownFork,
	/// The last header is not known to be final.
	#[error("the header chain does not end at a known finalised header")]
	NotFinalized,
	/// A header is not the child of the one before.
	#[error("the header chain is broken")]
	BrokenChain,
	/// The receipts' root is not in the block body.
	#[error("the branch of the execution payload is wrong")]
	BadExecutionBranch,
}

impl HeaderProof {
	/// Root of the header that has to be final.
	pub fn anchor(&self) -> H256 {
		header_root(self.descendants.last().unwrap_or(&self.header))
	}

	/// Verifies the proof and returns the receipts' root.
	///
	/// `is_finalized` says whether a beacon block root is known to be final; it is asked once.
	pub fn verify(
		&self,
		network: &Network,
		is_finalized: impl FnOnce(H256) -> bool,
	) -> Result<H256, Error> {
		// The cheapest first, and before any hash of the chain.
		if network.fork_at(self.header.slot).is_none() {
			return Err(Error::UnknownFork);
		}
		if !is_finalized(self.anchor()) {
			return Err(Error::NotFinalized);
		}
		check_chain(core::iter::once(&self.header).chain(&self.descendants))?;
		check_receipts_root(&self.header, self.receipts_root, &self.receipts_branch, network)?;
		Ok(self.receipts_root)
	}
}

/// Checks that each header is the child of the one before.
pub(crate) fn check_chain<'a>(
	headers: impl IntoIterator<Item = &'a BeaconHeader>,
) -> Result<(), Error> {
	let mut headers = headers.into_iter();
	let Some(mut parent) = headers.next() else { return Ok(()) };
	for header in headers {
		if header.parent_root != header_root(parent) {
			return Err(Error::BrokenChain);
		}
		parent = header;
	}
	Ok(())
}

/// Checks that receipts with this root are those of the block under `header`.
pub(crate) fn check_receipts_root(
	header: &BeaconHeader,
	receipts_root: H256,
	branch: &Branch,
	network: &Network,
) -> Result<(), Error> {
	let index = network.fork_at(header.slot).ok_or(Error::UnknownFork)?.layout.receipts_root;
	if !is_valid_branch(receipts_root, branch, index, header.body_root) {
		return Err(Error::BadExecutionBranch);
	}
	Ok(())
}
