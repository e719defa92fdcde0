//! From a contract's event to a posted message, and every way of being refused.

use super::{events, received};
use crate::{
	Error, Event, Gateway,
	mock::{
		BeaconClient, Ethereum, EthereumInbox, GATEWAY, RuntimeOrigin, Test, alice, execute,
		message, posted,
	},
	weights::{SubstrateWeight, WeightInfo},
};
use gearway_ethereum::{
	Gateway as GatewayId, H256, HeaderProof, ReceiptProof,
	testing::{gateway_log, receipt},
};
use gearway_primitives::{ActorId, Origin, Posting, Provenance};
use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
	},
	sp_runtime::DispatchError,
};

fn submit(header: Box<HeaderProof>, receipts: Vec<ReceiptProof>) -> DispatchResultWithPostInfo {
	EthereumInbox::submit(alice(), header, receipts.try_into().unwrap())
}

#[test]
fn a_proven_event_becomes_a_message() {
	execute(|| {
		assert_eq!(events(), [Event::GatewaySet { gateway: GATEWAY }]);
		let ethereum = Ethereum::with(&[message(1)]);
		assert!(!EthereumInbox::is_consumed(1));
		assert_ok!(submit(ethereum.header_proof(), vec![ethereum.proof(0, 1)]));
		assert!(EthereumInbox::is_consumed(1));

		let mut source = [0; 32];
		source[12..].fill(0xbb);
		let expected = Posting {
			source: ActorId::new(source),
			payer: EthereumInbox::reserve(),
			destination: ActorId::new([0xcc; 32]),
			payload: vec![1, 2, 3, 1],
			gas_limit: 5_000_000,
			value: 0,
			provenance: Provenance {
				origin: Origin::Ethereum { chain_id: 1_337, address: [0xbb; 20] },
				topic: Some(GATEWAY.topic(1)),
				assets: Default::default(),
				reply_to: None,
			},
		};
		assert_eq!(posted(), [expected]);
		assert_eq!(events(), [received(1, 1)]);
	});
}

#[test]
fn a_batch_is_delivered_in_its_order_and_nonces_have_none() {
	execute(|| {
		let nonces = [130, 3, 127, 128, u64::MAX];
		let ethereum = Ethereum::with(&nonces.map(message));
		let proofs = nonces.iter().enumerate();
		let proofs = proofs.map(|(index, nonce)| ethereum.proof(index as u32, *nonce)).collect();
		events();
		assert_ok!(submit(ethereum.header_proof(), proofs));
		let expected: Vec<_> =
			nonces.iter().zip(1..).map(|(nonce, number)| received(*nonce, number)).collect();
		assert_eq!(events(), expected);
		for nonce in nonces {
			assert!(EthereumInbox::is_consumed(nonce));
		}
		for nonce in [0, 1, 2, 4, 126, 129, 131, u64::MAX - 1] {
			assert!(!EthereumInbox::is_consumed(nonce));
		}
	});
}

#[test]
fn a_replayed_nonce_is_refused() {
	execute(|| {
		let ethereum = Ethereum::with(&[message(1)]);
		let proof = ethereum.proof(0, 1);
		assert_ok!(submit(ethereum.header_proof(), vec![proof.clone()]));
		assert_noop!(
			submit(ethereum.header_proof(), vec![proof.clone()]),
			Error::<Test>::NonceUsed
		);
		assert_noop!(
			submit(ethereum.header_proof(), vec![proof.clone(), proof]),
			Error::<Test>::NonceUsed
		);
		assert_eq!(posted().len(), 1);
	});
}

#[test]
fn a_racing_relayer_loses_nothing_but_what_is_done() {
	execute(|| {
		let ethereum = Ethereum::with(&[message(1), message(2)]);
		assert_ok!(submit(ethereum.header_proof(), vec![ethereum.proof(0, 1)]));
		events();
		// One is done already, one is there twice.
		let batch = vec![ethereum.proof(0, 1), ethereum.proof(1, 2), ethereum.proof(1, 2)];
		let one = &batch[1];
		let expected = SubstrateWeight::<Test>::submit(4)
			.saturating_add(SubstrateWeight::<Test>::event(one.nodes.len() as u32, one.len()));
		let info = submit(ethereum.header_proof(), batch.clone()).unwrap();
		assert_eq!(
			events(),
			[
				Event::MessageSkipped { nonce: 1 },
				received(2, 2),
				Event::MessageSkipped { nonce: 2 },
			]
		);
		assert_eq!(posted().len(), 2);

		// What was skipped is not charged.
		assert_eq!(info.actual_weight, Some(expected));
		let call = crate::Call::<Test>::submit {
			header_proof: ethereum.header_proof(),
			receipts: batch.try_into().unwrap(),
		};
		assert!(call.get_dispatch_info().call_weight.all_gt(expected));
	});
}

#[test]
fn one_forged_proof_refuses_the_batch() {
	execute(|| {
		let ethereum = Ethereum::with(&[message(1), message(2)]);
		let mut forged = ethereum.proof(1, 2);
		forged.nodes[0][10] ^= 1;
		assert_noop!(
			submit(ethereum.header_proof(), vec![ethereum.proof(0, 1), forged]),
			Error::<Test>::BadReceiptProof
		);
		assert!(!EthereumInbox::is_consumed(1));
	});
}

#[test]
fn refuses_without_gateway_or_beacon_client_or_events() {
	execute(|| {
		let world = {
			let mut world = gearway_ethereum::testing::World::electra();
			world.block(10, H256::zero());
			world
		};
		let header = Box::new(world.header_proof(10, 10));
		let proof = ReceiptProof { nonce: 1, tx_index: 0, log_index: 0, nodes: Default::default() };
		assert_noop!(submit(header.clone(), vec![]), Error::<Test>::NoEvents);
		assert_noop!(submit(header.clone(), vec![proof.clone()]), Error::<Test>::NoBeaconClient);
		Gateway::<Test>::kill();
		assert!(!EthereumInbox::is_consumed(1));
		assert_noop!(submit(header, vec![proof]), Error::<Test>::NoGateway);
	});
}

#[test]
fn only_root_sets_the_gateway_and_only_signed_submits() {
	execute(|| {
		for origin in [alice(), RuntimeOrigin::none()] {
			assert_noop!(EthereumInbox::set_gateway(origin, 1, [0; 20]), DispatchError::BadOrigin);
		}
		let ethereum = Ethereum::with(&[message(1)]);
		let receipts = vec![ethereum.proof(0, 1)].try_into().unwrap();
		assert_noop!(
			EthereumInbox::submit(RuntimeOrigin::none(), ethereum.header_proof(), receipts),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn refuses_each_bad_header_proof_with_its_reason() {
	execute(|| {
		let ethereum = Ethereum::with(&[message(1)]);
		let refused = |damage: &dyn Fn(&mut HeaderProof), error: Error<Test>| {
			let mut header = ethereum.header_proof();
			damage(&mut header);
			assert_noop!(submit(header, vec![ethereum.proof(0, 1)]), error);
		};
		refused(&|header| header.descendants.truncate(3), Error::HeaderNotFinalized);
		refused(&|header| header.descendants.clear(), Error::HeaderNotFinalized);
		refused(
			&|header| {
				header.descendants.remove(1);
			},
			Error::BrokenHeaderChain,
		);
		refused(&|header| header.header.proposer_index += 1, Error::BrokenHeaderChain);
		refused(
			&|header| header.receipts_branch[4] = H256::repeat_byte(1),
			Error::BadExecutionBranch,
		);
		refused(&|header| header.receipts_root = H256::zero(), Error::BadExecutionBranch);
	});
}

#[test]
fn a_header_before_the_first_fork_is_refused() {
	execute(|| {
		let ethereum = Ethereum::with(&[message(1)]);
		let mut network = ethereum.world.network.clone();
		network.forks[0].epoch = 2;
		assert_ok!(BeaconClient::set_network(RuntimeOrigin::root(), network));
		assert_noop!(
			submit(ethereum.header_proof(), vec![ethereum.proof(0, 1)]),
			Error::<Test>::UnknownFork
		);
	});
}

#[test]
fn refuses_each_bad_receipt_proof_with_its_reason() {
	execute(|| {
		let good = gateway_log(&GATEWAY, &message(1));
		let foreign = gateway_log(&GatewayId { address: [0xab; 20], ..GATEWAY }, &message(1));
		let mut other_event = good.clone();
		other_event.data.topics_mut_unchecked()[0].0[0] ^= 1;
		let reverted = receipt(false, vec![good.clone()]);
		let mut future = receipt(true, vec![good.clone()]);
		future[0] = 0x7f;
		let mut malformed = receipt(true, vec![good.clone()]);
		malformed.pop();
		let ethereum = Ethereum::new(vec![
			receipt(true, vec![good.clone(), foreign, other_event]),
			reverted,
			future,
			malformed,
		]);
		let refused = |tx_index, log_index, nonce, error: Error<Test>| {
			let proof = ethereum.receipts.prove(tx_index, log_index, nonce).unwrap();
			assert_noop!(submit(ethereum.header_proof(), vec![proof]), error);
		};
		refused(0, 0, 2, Error::WrongNonce);
		refused(0, 1, 1, Error::WrongGateway);
		refused(0, 2, 1, Error::WrongEvent);
		refused(0, 3, 1, Error::LogIndexOutOfBounds);
		refused(0, u32::MAX, 1, Error::LogIndexOutOfBounds);
		refused(1, 0, 1, Error::TransactionReverted);
		refused(2, 0, 1, Error::UnknownReceiptType);
		refused(3, 0, 1, Error::BadReceipt);

		let mut elsewhere = ethereum.receipts.prove(0, 0, 1).unwrap();
		elsewhere.tx_index = 1;
		assert_noop!(
			submit(ethereum.header_proof(), vec![elsewhere]),
			Error::<Test>::BadReceiptProof
		);
		let proof = ethereum.receipts.prove(0, 0, 1).unwrap();
		assert_ok!(submit(ethereum.header_proof(), vec![proof]));
	});
}

#[test]
fn another_gateway_numbers_its_messages_anew() {
	execute(|| {
		let ethereum = Ethereum::with(&[message(1)]);
		assert_ok!(submit(ethereum.header_proof(), vec![ethereum.proof(0, 1)]));
		let set = |gateway: GatewayId| {
			assert_ok!(EthereumInbox::set_gateway(
				RuntimeOrigin::root(),
				gateway.chain_id,
				gateway.address
			));
		};
		// The first log of the transaction is that of this contract.
		set(GatewayId { address: [0xdd; 20], ..GATEWAY });
		assert!(!EthereumInbox::is_consumed(1));
		let proof = ethereum.receipts.prove(0, 0, 1).unwrap();
		assert_ok!(submit(ethereum.header_proof(), vec![proof]));
		// And the former's nonces stay used.
		set(GATEWAY);
		assert_noop!(
			submit(ethereum.header_proof(), vec![ethereum.proof(0, 1)]),
			Error::<Test>::NonceUsed
		);
	});
}

#[test]
fn weight_grows_with_every_part_of_a_proof() {
	let event = SubstrateWeight::<Test>::event(3, 2_000);
	assert!(SubstrateWeight::<Test>::event(4, 2_000).ref_time() > event.ref_time());
	assert!(SubstrateWeight::<Test>::event(3, 2_001).all_gt(event));
	let header = SubstrateWeight::<Test>::submit(3);
	assert!(SubstrateWeight::<Test>::submit(4).ref_time() > header.ref_time());
}
