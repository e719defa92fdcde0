//! Many blocks, receipts and logs at once, and every way of being refused.

use super::{events, received};
use crate::{
	Error, Event,
	mock::{Blocks, EthereumInbox, GATEWAY, RuntimeOrigin, Test, alice, execute, message, posted},
	weights::{SubstrateWeight, WeightInfo},
};
use gearway_ethereum::{
	Batch, Claim, Gateway as GatewayId, H256,
	testing::{gateway_log, receipt},
};
use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
	},
	sp_runtime::DispatchError,
};

/// The log of a message, as the receipt's log at `log_index`.
fn claim(log_index: u32, nonce: u64) -> Claim {
	Claim::Message { log_index, nonce }
}

/// A receipt with the messages of these nonces as its logs.
fn sent(nonces: &[u64]) -> Vec<u8> {
	receipt(true, nonces.iter().map(|nonce| gateway_log(&GATEWAY, &message(*nonce))).collect())
}

/// Two blocks: three transactions of which one has two messages, and one transaction.
fn blocks() -> Blocks {
	let mut blocks = Blocks::new([
		(10, vec![sent(&[1]), sent(&[2, 3]), receipt(true, vec![])]),
		(20, vec![sent(&[4])]),
	]);
	blocks.finalize();
	events();
	blocks
}

fn all(blocks: &Blocks) -> Box<Batch> {
	blocks.prove([
		(10, 0, vec![claim(0, 1)]),
		(10, 1, vec![claim(0, 2), claim(1, 3)]),
		(20, 0, vec![claim(0, 4)]),
	])
}

fn submit(batch: Box<Batch>) -> DispatchResultWithPostInfo {
	EthereumInbox::submit_batch(alice(), batch)
}

#[test]
fn many_blocks_receipts_and_logs_go_in_one_batch() {
	execute(|| {
		let blocks = blocks();
		let batch = all(&blocks);
		// Shared: the header chain, and the trie's nodes.
		assert_eq!(batch.headers.len(), 23);
		let paths = batch.blocks[0].receipts.iter().map(|receipt| receipt.path.len());
		assert!(batch.blocks[0].nodes.len() < paths.sum());

		let info = submit(batch.clone()).unwrap();
		let expected: Vec<_> = (1..=4).map(|nonce| received(nonce, nonce as u8)).collect();
		assert_eq!(events(), expected);
		assert_eq!(posted().len(), 4);
		assert!((1..=4).all(EthereumInbox::is_consumed));

		// All of it was new, but a message is shorter than the receipt it is in.
		let call = crate::Call::<Test>::submit_batch { batch };
		let most = call.get_dispatch_info().call_weight;
		assert!(most.all_gte(info.actual_weight.unwrap()));
	});
}

#[test]
fn what_was_received_before_is_passed_over_and_not_charged() {
	execute(|| {
		let blocks = blocks();
		assert_ok!(submit(blocks.prove([(10, 1, vec![claim(1, 3)]), (20, 0, vec![claim(0, 4)])])));
		events();
		let mut batch = all(&blocks);
		// Nobody looks at the proof of a block without news.
		batch.blocks[1].receipts_branch.clear();
		let info = submit(batch.clone()).unwrap();
		let skipped = Event::MessageSkipped { nonce: 3 };
		assert_eq!(events(), [received(1, 3), received(2, 4), skipped]);
		let block = &batch.blocks[0];
		let receipts = block.receipts.iter().map(|receipt| {
			let (bytes, _) = block.lengths(receipt);
			SubstrateWeight::<Test>::receipt(receipt.path.len() as u32, bytes)
		});
		let expected = receipts.fold(
			SubstrateWeight::<Test>::submit_batch(23, 4)
				+ SubstrateWeight::<Test>::block()
				+ SubstrateWeight::<Test>::deliver(4) * 2,
			|weight, receipt| weight + receipt,
		);
		assert_eq!(info.actual_weight, Some(expected));

		assert_noop!(submit(batch), Error::<Test>::NonceUsed);
	});
}

/// The same log twice: in one receipt's claims, and as two receipts of one transaction.
#[test]
fn a_log_counts_once_however_often_it_is_claimed() {
	execute(|| {
		let blocks = blocks();
		let twice = blocks.prove([(20, 0, vec![claim(0, 4), claim(0, 4)])]);
		assert_ok!(submit(twice));
		assert_eq!(events(), [received(4, 1), Event::MessageSkipped { nonce: 4 }]);

		let mut batch = all(&blocks);
		let receipt = batch.blocks[0].receipts[0].clone();
		batch.blocks[0].receipts.try_insert(0, receipt).unwrap();
		assert_noop!(submit(batch), Error::<Test>::OutOfOrder);
		let mut batch = all(&blocks);
		let block = batch.blocks[0].clone();
		batch.blocks.try_insert(0, block).unwrap();
		assert_noop!(submit(batch), Error::<Test>::OutOfOrder);
		assert_eq!(posted().len(), 1);
	});
}

#[test]
fn refuses_each_damage_with_its_reason_and_does_nothing() {
	execute(|| {
		let blocks = blocks();
		let refused = |damage: &dyn Fn(&mut Batch), error: Error<Test>| {
			let mut batch = all(&blocks);
			damage(&mut batch);
			assert_noop!(submit(batch), error);
		};
		// Indices.
		refused(&|batch| batch.blocks[1].header = 23, Error::HeaderOutOfBounds);
		refused(&|batch| batch.blocks[1].header = u32::MAX, Error::HeaderOutOfBounds);
		refused(
			&|batch| {
				let block = &mut batch.blocks[0];
				block.receipts[0].path[0] = block.nodes.len() as u32;
			},
			Error::NodeOutOfBounds,
		);
		refused(&|batch| batch.blocks[0].receipts[0].path[1] = u32::MAX, Error::NodeOutOfBounds);
		refused(
			&|batch| batch.blocks[0].receipts[1].claims[1] = claim(2, 3),
			Error::LogIndexOutOfBounds,
		);
		refused(
			&|batch| batch.blocks[0].receipts[1].claims[1] = claim(u32::MAX, 3),
			Error::LogIndexOutOfBounds,
		);
		// Order.
		refused(&|batch| batch.blocks.as_mut().swap(0, 1), Error::OutOfOrder);
		refused(&|batch| batch.blocks[0].receipts.as_mut().swap(0, 1), Error::OutOfOrder);
		// Headers.
		refused(&|batch| batch.headers.truncate(22), Error::HeaderNotFinalized);
		refused(
			&|batch| {
				batch.headers.remove(5);
			},
			Error::BrokenHeaderChain,
		);
		refused(&|batch| batch.headers[2].body_root = H256::zero(), Error::BrokenHeaderChain);
		refused(
			&|batch| {
				batch.headers.clear();
				batch.blocks[0].header = 0;
			},
			Error::HeaderOutOfBounds,
		);
		// Receipts.
		refused(&|batch| batch.blocks[1].header = 11, Error::BadExecutionBranch);
		refused(&|batch| batch.blocks[0].receipts_root = H256::zero(), Error::BadExecutionBranch);
		refused(&|batch| batch.blocks[0].receipts_branch.clear(), Error::BadExecutionBranch);
		refused(&|batch| batch.blocks[0].receipts[1].tx_index = 2, Error::BadReceiptProof);
		refused(&|batch| batch.blocks[0].receipts[1].path.clear(), Error::BadReceiptProof);
		refused(
			&|batch| {
				batch.blocks[0].receipts[1].path.pop();
			},
			Error::BadReceiptProof,
		);
		refused(&|batch| batch.blocks[1].nodes[0][9] ^= 1, Error::BadReceiptProof);
		refused(&|batch| batch.blocks[0].receipts[0].claims[0] = claim(0, 7), Error::WrongNonce);
	});
}

/// A path may name a node more than once, or another's: only the right one leads anywhere.
#[test]
fn paths_are_checked_node_by_node() {
	execute(|| {
		let blocks = blocks();
		let honest = all(&blocks);
		let nodes = honest.blocks[0].nodes.len() as u32;
		let length = honest.blocks[0].receipts[0].path.len();
		for place in 0..length {
			for node in 0..nodes {
				let mut batch = honest.clone();
				let path = &mut batch.blocks[0].receipts[0].path;
				if path[place] != node {
					path[place] = node;
					assert_noop!(submit(batch), Error::<Test>::BadReceiptProof);
				}
			}
		}
	});
}

#[test]
fn refuses_what_is_no_message() {
	execute(|| {
		let foreign = GatewayId { address: [0xab; 20], ..GATEWAY };
		let mut other_event = gateway_log(&GATEWAY, &message(1));
		other_event.data.topics_mut_unchecked()[0].0[0] ^= 1;
		let logs = vec![gateway_log(&foreign, &message(1)), other_event];
		let reverted = receipt(false, vec![gateway_log(&GATEWAY, &message(1))]);
		let mut blocks = Blocks::new([(10, vec![receipt(true, logs), reverted])]);
		blocks.finalize();
		for (tx_index, log_index, error) in [
			(0, 0, Error::<Test>::WrongGateway),
			(0, 1, Error::<Test>::WrongEvent),
			(1, 0, Error::<Test>::TransactionReverted),
		] {
			let batch = blocks.prove([(10, tx_index, vec![claim(log_index, 1)])]);
			assert_noop!(submit(batch), error);
		}
	});
}

#[test]
fn a_batch_is_bounded() {
	execute(|| {
		let nonces: Vec<u64> = (1..=9).collect();
		let claims = |count: u32| (0..count).map(|log| claim(log, log as u64 + 1)).collect();
		let mut blocks = Blocks::new([(10, vec![sent(&nonces)])]);
		blocks.finalize();
		let batch = blocks.prove([(10, 0, claims(9))]);
		assert_noop!(submit(batch), Error::<Test>::TooManyEvents);
		assert_noop!(submit(blocks.prove([(10, 0, vec![])])), Error::<Test>::NoEvents);
		assert_noop!(submit(blocks.prove([])), Error::<Test>::NoEvents);
		assert_ok!(submit(blocks.prove([(10, 0, claims(8))])));
	});
}

#[test]
fn only_signed_and_only_with_gateway_and_beacon_client() {
	execute(|| {
		let blocks = blocks();
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			assert_noop!(
				EthereumInbox::submit_batch(origin, all(&blocks)),
				DispatchError::BadOrigin
			);
		}
		pallet_beacon_client::Network::<Test>::kill();
		assert_noop!(submit(all(&blocks)), Error::<Test>::NoBeaconClient);
		crate::Gateway::<Test>::kill();
		assert_noop!(submit(all(&blocks)), Error::<Test>::NoGateway);
		pallet_beacon_client::State::<Test>::kill();
	});
}

#[test]
fn weight_grows_with_every_part_of_a_batch() {
	type W = SubstrateWeight<Test>;
	assert!(W::submit_batch(2, 1).ref_time() > W::submit_batch(1, 1).ref_time());
	assert!(W::submit_batch(1, 2).proof_size() > W::submit_batch(1, 1).proof_size());
	assert!(W::receipt(2, 100).ref_time() > W::receipt(1, 100).ref_time());
	assert!(W::receipt(1, 101).ref_time() > W::receipt(1, 100).ref_time());
	assert!(W::deliver(101).all_gt(W::deliver(100)));
	assert!(W::block().ref_time() > 0);
}
