//! All receipts of a block, and proofs of single ones.

use super::Error;
use crate::{
	Claim, H256, ReceiptClaims, ReceiptProof,
	batch::{MAX_POOL, MAX_RECEIPTS},
	receipts::{Node, trie_key},
};
use alloy::{eips::eip2718::Encodable2718, rpc::types::TransactionReceipt};
use alloy_trie::{
	HashBuilder,
	proof::{ProofNodes, ProofRetainer},
	root::adjust_index_for_rlp,
};
use polkadot_sdk::sp_runtime::{BoundedVec, traits::ConstU32};
use std::collections::{BTreeMap, btree_map::Entry};

/// Trie nodes, each once, and the ways through them.
pub type ProvenReceipts =
	(BoundedVec<Node, ConstU32<MAX_POOL>>, BoundedVec<ReceiptClaims, ConstU32<MAX_RECEIPTS>>);

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
		let too_long = || Error::ReceiptTooLong(tx_index);
		let paths = self.paths(&[tx_index])?;
		let nodes = paths.matching_nodes_sorted(&trie_key(tx_index));
		let nodes: Vec<Node> = nodes
			.into_iter()
			.map(|(_, node)| Node::try_from(node.to_vec()).map_err(|_| too_long()))
			.collect::<Result<_, _>>()?;
		let nodes = BoundedVec::try_from(nodes).map_err(|_| too_long())?;
		Ok(ReceiptProof { nonce, tx_index, log_index, nodes })
	}

	/// Proves several receipts at once, each node once: what [`BlockProof`] has as its nodes and
	/// receipts. `claims` are the receipts' positions and what their logs are.
	///
	/// [`BlockProof`]: crate::BlockProof
	pub fn prove_all(&self, claims: BTreeMap<u32, Vec<Claim>>) -> Result<ProvenReceipts, Error> {
		let targets: Vec<u32> = claims.keys().copied().collect();
		let paths = self.paths(&targets)?;
		let mut nodes = Vec::new();
		let mut positions = BTreeMap::new();
		let mut receipts = Vec::new();
		for (tx_index, claims) in claims {
			let too_long = || Error::ReceiptTooLong(tx_index);
			let mut path = Vec::new();
			for (place, node) in paths.matching_nodes_sorted(&trie_key(tx_index)) {
				let position = match positions.entry(place) {
					Entry::Occupied(known) => *known.get(),
					Entry::Vacant(new) => {
						nodes.push(Node::try_from(node.to_vec()).map_err(|_| too_long())?);
						*new.insert(nodes.len() as u32 - 1)
					}
				};
				path.push(position);
			}
			receipts.push(ReceiptClaims {
				tx_index,
				path: BoundedVec::try_from(path).map_err(|_| too_long())?,
				claims: BoundedVec::try_from(claims).map_err(|_| Error::TooManyClaims)?,
			});
		}
		Ok((
			BoundedVec::try_from(nodes).map_err(|_| Error::TooManyClaims)?,
			BoundedVec::try_from(receipts).map_err(|_| Error::TooManyClaims)?,
		))
	}

	/// The nodes on the ways to these receipts.
	fn paths(&self, targets: &[u32]) -> Result<ProofNodes, Error> {
		let receipts = self.encoded.len();
		if let Some(index) = targets.iter().find(|index| **index as usize >= receipts) {
			return Err(Error::NoReceipt { index: *index, receipts });
		}
		let keys = targets.iter().map(|index| trie_key(*index)).collect();
		let mut builder = HashBuilder::default().with_proof_retainer(ProofRetainer::new(keys));
		// The builder wants keys in the order of their encoding, which is not that of numbers.
		for position in 0..receipts {
			let index = adjust_index_for_rlp(position, receipts);
			let key = alloy_trie::Nibbles::unpack(alloy_rlp::encode_fixed_size(&index));
			builder.add_leaf(key, &self.encoded[index]);
		}
		builder.root();
		Ok(builder.take_proof_nodes())
	}
}
