//! SSZ Merkle trees: roots, and branches that lead to them.
//!
//! <https://github.com/ethereum/consensus-specs/blob/master/ssz/simple-serialize.md#merkleization>

use alloc::vec::Vec;
use polkadot_sdk::{sp_core::H256, sp_io::hashing::sha2_256};
use snowbridge_beacon_primitives::{BeaconHeader, verify_merkle_branch};

/// Parent of two nodes.
pub fn hash_pair(left: H256, right: H256) -> H256 {
	let mut both = [0u8; 64];
	both[..32].copy_from_slice(left.as_bytes());
	both[32..].copy_from_slice(right.as_bytes());
	sha2_256(&both).into()
}

/// Root of a tree of `2^depth` leaves that starts with `leaves` and is zero from there on.
///
/// Leaves beyond `2^depth` make the tree deeper, so no leaf is ever left out.
pub fn merkleize(leaves: &[H256], depth: u32) -> H256 {
	let mut layer = leaves.to_vec();
	let mut zero = H256::zero();
	let mut height = 0;
	while height < depth || layer.len() > 1 {
		layer = parents(&layer, zero);
		zero = hash_pair(zero, zero);
		height += 1;
	}
	layer.first().copied().unwrap_or(zero)
}

/// Branch of the leaf at `index` in the tree that [`merkleize`] takes the root of.
pub fn branch(leaves: &[H256], depth: u32, mut index: usize) -> Vec<H256> {
	let mut layer = leaves.to_vec();
	let mut zero = H256::zero();
	let mut branch = Vec::new();
	for _ in 0..depth {
		branch.push(layer.get(index ^ 1).copied().unwrap_or(zero));
		layer = parents(&layer, zero);
		zero = hash_pair(zero, zero);
		index /= 2;
	}
	branch
}

fn parents(layer: &[H256], zero: H256) -> Vec<H256> {
	layer.chunks(2).map(|pair| hash_pair(pair[0], pair.get(1).copied().unwrap_or(zero))).collect()
}

/// Root of a list: that of its elements with its length mixed in.
pub fn mix_in_length(root: H256, length: usize) -> H256 {
	hash_pair(root, uint64(length as u64))
}

/// Leaf of a `uint64`.
pub fn uint64(value: u64) -> H256 {
	let mut leaf = H256::zero();
	leaf.0[..8].copy_from_slice(&value.to_le_bytes());
	leaf
}

/// Leaves of a byte string.
pub fn pack(bytes: &[u8]) -> Vec<H256> {
	bytes
		.chunks(32)
		.map(|chunk| {
			let mut leaf = H256::zero();
			leaf.0[..chunk.len()].copy_from_slice(chunk);
			leaf
		})
		.collect()
}

/// Root of a byte vector, which is as long as `bytes`.
pub fn byte_vector(bytes: &[u8]) -> H256 {
	merkleize(&pack(bytes), 0)
}

/// Root of a beacon block, which is that of its header.
pub fn header_root(header: &BeaconHeader) -> H256 {
	let fields = [
		uint64(header.slot),
		uint64(header.proposer_index),
		header.parent_root,
		header.state_root,
		header.body_root,
	];
	merkleize(&fields, 3)
}

/// Whether `branch` leads from `leaf`, at generalised index `index`, to `root`.
pub fn is_valid_branch(leaf: H256, branch: &[H256], index: u32, root: H256) -> bool {
	let Some(depth) = index.checked_ilog2() else { return false };
	let position = (index - (1 << depth)) as usize;
	verify_merkle_branch(leaf, branch, position, depth as usize, root)
}
