//! All receipts of a block, and proofs of single ones.

use super::Error;
use crate::{
	H256, ReceiptProof,
	receipts::{MAX_NODE_LEN, MAX_NODES, trie_key},
};
use alloy::{eips::eip2718::Encodable2718, rpc::types::TransactionReceipt};
use alloy_trie::{HashBuilder, proof::ProofRetainer, root::adjust_index_for_rlp};
use polkadot_sdk::sp_runtime::{BoundedVec, traits::ConstU32};

/// The receipts of one block, in the order of its transactions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockReceipts {
	root: H256,
	encoded: Vec<Vec<u8>>,
}

impl BlockReceipts {
	/// Takes what `eth_getBlockReceipts` answers and checks it against the block's receipts root:
	/// a node that leaves some out, or has none yet, is found out.
	pub fn new(
		receipts: impl IntoIterator<Item = TransactionReceipt>,
		receipts_root: H256,
	) -> Result<Self, Error> {
		let encoded = receipts
			.into_iter()
			.map(|receipt| receipt.into_primitives_receipt().inner.encoded_2718())
			.collect();
		Self::from_encoded(encoded, receipts_root)
	}

	/// The same, from receipts in their consensus encoding.
	pub fn from_encoded(encoded: Vec<Vec<u8>>, receipts_root: H256) -> Result<Self, Error> {
		let actual = H256(alloy_trie::root::ordered_trie_root_encoded(&encoded).0);
		if actual != receipts_root {
			return Err(Error::WrongReceipts { expected: receipts_root, actual });
		}
		Ok(Self { root: receipts_root, encoded })
	}

	/// Root of the receipts trie.
	pub fn root(&self) -> H256 {
		self.root
	}

	/// Proves the receipt at `tx_index`, for the log at `log_index` in it, which carries `nonce`.
	pub fn prove(&self, tx_index: u32, log_index: u32, nonce: u64) -> Result<ReceiptProof, Error> {
		let receipts = self.encoded.len();
		if tx_index as usize >= receipts {
			return Err(Error::NoReceipt { index: tx_index, receipts });
		}
		let target = trie_key(tx_index);
		let mut builder =
			HashBuilder::default().with_proof_retainer(ProofRetainer::new(vec![target]));
		// The builder wants keys in the order of their encoding, which is not that of numbers.
		for position in 0..receipts {
			let index = adjust_index_for_rlp(position, receipts);
			let key = alloy_trie::Nibbles::unpack(alloy_rlp::encode_fixed_size(&index));
			builder.add_leaf(key, &self.encoded[index]);
		}
		builder.root();
		let nodes = builder
			.take_proof_nodes()
			.into_nodes_sorted()
			.into_iter()
			.map(|(_, node)| BoundedVec::<u8, ConstU32<MAX_NODE_LEN>>::try_from(node.to_vec()))
			.collect::<Result<Vec<_>, _>>()
			.map_err(|_| Error::ReceiptTooLong(tx_index))?;
		let nodes = BoundedVec::<_, ConstU32<MAX_NODES>>::try_from(nodes)
			.map_err(|_| Error::ReceiptTooLong(tx_index))?;
		Ok(ReceiptProof { nonce, tx_index, log_index, nodes })
	}
}
