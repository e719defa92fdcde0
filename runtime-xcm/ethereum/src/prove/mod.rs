//! Proofs, built from what any beacon and execution node answers.
//!
//! Builders check their input against the roots it comes with, so a node that answers nonsense is
//! found out here and not on the chain.

mod block;
mod body;
mod receipts;

pub use block::BeaconBlock;
pub use receipts::{BlockReceipts, ProvenReceipts};

use crate::{H256, beacon_api, inclusion};

/// Why a proof cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// A node's answer cannot be read.
	#[error(transparent)]
	BeaconApi(#[from] beacon_api::Error),
	/// A block of a fork whose body is laid out in an unknown way.
	#[error("the beacon block is of an unknown fork, {0}")]
	UnknownFork(String),
	/// The headers given do not make a chain.
	#[error(transparent)]
	Inclusion(#[from] inclusion::Error),
	/// More headers than a proof may have.
	#[error("{0} headers lie between the block and the finalised one: too many for a proof")]
	TooManyHeaders(usize),
	/// The receipts are not those of the block.
	#[error("the receipts have root {actual:?}, the block says {expected:?}")]
	WrongReceipts {
		/// What the block says.
		expected: H256,
		/// What the receipts come to.
		actual: H256,
	},
	/// There is no such receipt.
	#[error("the block has {receipts} receipts, none at index {index}")]
	NoReceipt {
		/// The index asked for.
		index: u32,
		/// How many there are.
		receipts: usize,
	},
	/// More receipts, or claims on one, than a proof may have.
	#[error("too many receipts of the block, or logs of a receipt, for one proof")]
	TooManyClaims,
	/// The receipt is longer than a proof may carry.
	#[error("the receipt at index {0} is too long for a proof")]
	ReceiptTooLong(u32),
}
