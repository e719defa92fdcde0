//! From a block's receipts root to one log of one receipt.

use crate::gateway::{self, Gateway, GatewayMessage};
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes, Log};
use alloy_rlp::{Decodable, Header};
use alloy_trie::{Nibbles, proof::verify_proof};
use codec::{Decode, DecodeWithMemTracking, Encode};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{BoundedVec, traits::ConstU32},
};
use scale_info::TypeInfo;

/// Most trie nodes from root to receipt: a key has at most five bytes, a node consumes at least
/// half of one, and no block comes near the transactions it would take to need more than six.
pub const MAX_NODES: u32 = 8;

/// Longest trie node, in bytes. The last one holds the whole receipt.
pub const MAX_NODE_LEN: u32 = 64 * 1024;

/// A node of the receipts trie, encoded.
pub type Node = BoundedVec<u8, ConstU32<MAX_NODE_LEN>>;

/// [EIP-2718](https://eips.ethereum.org/EIPS/eip-2718) types whose receipts have the layout that
/// is decoded here: access list, dynamic fee, blob, set code.
const ENVELOPES: core::ops::RangeInclusive<u8> = 1..=4;

/// Proof that a log of the gateway is in the receipts of a block.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ReceiptProof {
	/// Nonce the log is said to carry, so that one already consumed is not verified at all.
	pub nonce: u64,
	/// The transaction's position in the block.
	pub tx_index: u32,
	/// The log's position in the transaction's receipt (not in the block).
	pub log_index: u32,
	/// Nodes of the receipts trie, from the root to the receipt.
	pub nodes: BoundedVec<Node, ConstU32<MAX_NODES>>,
}

/// A receipt, as far as it is needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
	/// Whether the transaction did what it set out to do; logs of one that did not are void.
	pub success: bool,
	/// Its logs.
	pub logs: Vec<Log>,
}

/// Why a [`ReceiptProof`] is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// The nodes do not lead from the root to a receipt at that position.
	#[error("the proof does not lead to a receipt")]
	BadProof,
	/// What is at that position is no receipt.
	#[error("the receipt is malformed")]
	BadReceipt,
	/// A receipt of an unknown transaction type.
	#[error("the receipt is of an unknown transaction type")]
	UnknownReceiptType,
	/// The transaction was reverted.
	#[error("the transaction was reverted")]
	Reverted,
	/// The receipt has fewer logs.
	#[error("the receipt has no log at this position")]
	LogIndexOutOfBounds,
	/// The log is not a message of the gateway.
	#[error(transparent)]
	Gateway(#[from] gateway::Error),
	/// The log carries another nonce than the proof says.
	#[error("the log carries another nonce")]
	WrongNonce,
}

impl ReceiptProof {
	/// Length of all nodes, in bytes.
	pub fn len(&self) -> u32 {
		self.nodes.iter().map(|node| node.len() as u32).sum()
	}

	/// Whether there is nothing in it.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}

	/// Verifies the proof against a block's receipts root and returns the gateway's message.
	pub fn verify(&self, receipts_root: H256, gateway: &Gateway) -> Result<GatewayMessage, Error> {
		let receipt = self.receipt(receipts_root)?;
		if !receipt.success {
			return Err(Error::Reverted);
		}
		let log = usize::try_from(self.log_index)
			.ok()
			.and_then(|index| receipt.logs.get(index))
			.ok_or(Error::LogIndexOutOfBounds)?;
		let message = gateway.message(log)?;
		if message.nonce != self.nonce {
			return Err(Error::WrongNonce);
		}
		Ok(message)
	}

	/// Verifies the proof and returns the receipt it leads to.
	pub fn receipt(&self, receipts_root: H256) -> Result<Receipt, Error> {
		let nodes: Vec<Bytes> =
			self.nodes.iter().map(|node| Bytes::copy_from_slice(node)).collect();
		verify_receipt(receipts_root, self.tx_index, &nodes.iter().collect::<Vec<_>>())
	}
}

/// Verifies that `path`, nodes from root to leaf, leads to the receipt at `tx_index`, and decodes
/// that.
pub(crate) fn verify_receipt(
	receipts_root: H256,
	tx_index: u32,
	path: &[&Bytes],
) -> Result<Receipt, Error> {
	// A receipt is far too long to be inlined in its parent, so it is in a leaf of its own, the
	// last node. An empty proof, or one that ends elsewhere, proves absence at best.
	let leaf = path.last().ok_or(Error::BadProof)?;
	let value = leaf_value(leaf).map_err(|_| Error::BadProof)?;
	let key = trie_key(tx_index);
	// Looks into a node only after comparing its hash, so nothing made up is ever parsed.
	verify_proof(B256::from(receipts_root.0), key, Some(value.to_vec()), path.iter().copied())
		.map_err(|_| Error::BadProof)?;
	decode_receipt(value)
}

/// The value in `[path, value]`; of any other node, something that is not its value.
fn leaf_value(mut node: &[u8]) -> alloy_rlp::Result<&[u8]> {
	let mut fields = Header::decode_bytes(&mut node, true)?;
	Header::decode_bytes(&mut fields, false)?;
	Header::decode_bytes(&mut fields, false)
}

/// Path of the receipt at a position: the nibbles of the position's RLP.
pub fn trie_key(tx_index: u32) -> Nibbles {
	Nibbles::unpack(alloy_rlp::encode_fixed_size(&tx_index))
}

/// Decodes a receipt, with or without an envelope.
pub fn decode_receipt(bytes: &[u8]) -> Result<Receipt, Error> {
	let mut rest = match bytes.first() {
		Some(kind) if ENVELOPES.contains(kind) => &bytes[1..],
		// A byte below 0xc0 does not begin a list.
		Some(0xc0..) => bytes,
		Some(0..0x80) => return Err(Error::UnknownReceiptType),
		_ => return Err(Error::BadReceipt),
	};
	decode_body(&mut rest).map_err(|_| Error::BadReceipt)
}

/// `[status, cumulative gas, bloom, logs]`
fn decode_body(rest: &mut &[u8]) -> alloy_rlp::Result<Receipt> {
	let mut fields = Header::decode_bytes(rest, true)?;
	let success = <bool as Decodable>::decode(&mut fields)?;
	let _cumulative_gas = <u64 as Decodable>::decode(&mut fields)?;
	let _bloom = Header::decode_bytes(&mut fields, false)?;
	let logs = <Vec<Log> as Decodable>::decode(&mut fields)?;
	if !fields.is_empty() || !rest.is_empty() {
		return Err(alloy_rlp::Error::UnexpectedLength);
	}
	Ok(Receipt { success, logs })
}
