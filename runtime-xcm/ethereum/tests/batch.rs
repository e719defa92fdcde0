//! Many receipts of many blocks by one proof.

use gearway_ethereum::{
	Batch, Claim, Gateway, GatewayMessage, H256,
	batch::Error,
	inclusion,
	prove::{BlockReceipts, Error as ProveError},
	receipts,
	testing::{World, block_receipts, gateway_log, receipt},
};
use std::collections::BTreeMap;

const GATEWAY: Gateway = Gateway { chain_id: 1, address: [0xaa; 20] };

fn message(nonce: u64) -> GatewayMessage {
	let (sender, program) = ([0xbb; 20], [0xcc; 32]);
	GatewayMessage { nonce, sender, program, gas_limit: 1, payload: vec![nonce as u8; 100] }
}

/// Receipts whose only log is the message with the receipt's position as its nonce.
fn receipts(count: u64) -> BlockReceipts {
	let one = |nonce| receipt(true, vec![gateway_log(&GATEWAY, &message(nonce))]);
	block_receipts((0..count).map(one).collect())
}

fn claims(indices: impl IntoIterator<Item = u32>) -> BTreeMap<u32, Vec<Claim>> {
	let one = |index: u32| (index, vec![Claim::Message { log_index: 0, nonce: index.into() }]);
	indices.into_iter().map(one).collect()
}

/// Blocks at slots 8 to 12, of which the second has the receipts; the last is final.
fn world(receipts: &BlockReceipts) -> World {
	let mut world = World::electra();
	for slot in 8..=12 {
		world.block(slot, if slot == 9 { receipts.root() } else { H256::zero() });
	}
	world
}

fn batch(count: u64, indices: impl IntoIterator<Item = u32>) -> (World, Batch) {
	let receipts = receipts(count);
	let world = world(&receipts);
	let block = world.block_proof(
		9,
		8,
		receipts.prove_all(claims(indices)).expect("the receipts are there"),
	);
	let batch = world.batch(8, 12, vec![block]);
	(world, batch)
}

#[test]
fn every_receipt_of_blocks_of_many_sizes_is_proven_at_once() {
	for count in [1, 2, 16, 17, 127, 128] {
		let (world, batch) = batch(count, 0..count as u32);
		assert_eq!(batch.claims(), count as u32);
		assert_eq!(batch.verify_headers(|root| root == world.root(12)), Ok(()));
		let block = &batch.blocks[0];
		let open = batch.open_block(block, &world.network).unwrap();
		assert_eq!(open.slot, 9);
		for (receipt, nonce) in block.receipts.iter().zip(0..) {
			let read = open.receipt(receipt).unwrap();
			assert_eq!(GATEWAY.message(&read.logs[0]), Ok(message(nonce)));
		}
		// Each node is there once.
		let mut nodes: Vec<_> = block.nodes.iter().collect();
		nodes.sort();
		nodes.dedup();
		assert_eq!(nodes.len(), block.nodes.len());
	}
}

#[test]
fn one_more_receipt_adds_little_more_than_itself() {
	let bytes = |indices: Vec<u32>| {
		let (_, batch) = batch(100, indices);
		batch.blocks[0].nodes.iter().map(|node| node.len()).sum::<usize>()
	};
	let leaf = {
		let (_, batch) = batch(100, [20]);
		batch.blocks[0].nodes.last().unwrap().len()
	};
	assert_eq!(bytes(vec![20, 21]), bytes(vec![20]) + leaf);
}

#[test]
fn lengths_are_those_of_the_nodes_on_the_way() {
	let (_, batch) = batch(100, [3, 4]);
	let block = &batch.blocks[0];
	let mut receipt = block.receipts[1].clone();
	let on_the_way = receipt.path.iter().map(|node| block.nodes[*node as usize].len() as u32);
	let (all, last) = block.lengths(&receipt);
	assert_eq!(all, on_the_way.sum::<u32>());
	assert_eq!(last, block.nodes[*receipt.path.last().unwrap() as usize].len() as u32);
	receipt.path[0] = u32::MAX;
	assert!(block.lengths(&receipt).0 < all);
	receipt.path.clear();
	assert_eq!(block.lengths(&receipt), (0, 0));
}

#[test]
fn a_batch_without_headers_proves_nothing() {
	let (_, mut batch) = batch(3, [1]);
	batch.headers.clear();
	assert_eq!(batch.verify_headers(|_| true), Err(Error::NoHeaders));
}

#[test]
fn finality_is_asked_once_and_for_the_last_header() {
	let (world, batch) = batch(3, [1]);
	assert_eq!(batch.anchor(), Some(world.root(12)));
	let refused = batch.verify_headers(|root| root == world.root(11));
	assert_eq!(refused, Err(inclusion::Error::NotFinalized.into()));
}

#[test]
fn a_receipt_is_proven_under_its_own_position_only() {
	let (world, batch) = batch(128, [3, 64]);
	let block = &batch.blocks[0];
	let open = batch.open_block(block, &world.network).unwrap();
	let [one, other] = [&block.receipts[0], &block.receipts[1]].map(Clone::clone);
	for (tx_index, path) in [(3, other.path.clone()), (64, one.path.clone()), (4, one.path.clone())]
	{
		let mut forged = one.clone();
		(forged.tx_index, forged.path) = (tx_index, path);
		assert_eq!(open.receipt(&forged), Err(receipts::Error::BadProof.into()));
	}
}

#[test]
fn only_receipts_that_are_there_are_proven() {
	let receipts = receipts(3);
	let refused = receipts.prove_all(claims([1, 3]));
	assert!(matches!(refused, Err(ProveError::NoReceipt { index: 3, receipts: 3 })));
	let many = vec![Claim::Message { log_index: 0, nonce: 0 }; 129];
	let refused = receipts.prove_all([(1, many)].into());
	assert!(matches!(refused, Err(ProveError::TooManyClaims)));
}
