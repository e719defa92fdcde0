//! The client on storage. The rules themselves are tested where they are.

mod conflict;
mod snowbridge;

use crate::{
	CurrentCommittee, Error, Event, FinalizedHeaders, Network, NextCommittee, State,
	mock::{BeaconClient, RuntimeEvent, RuntimeOrigin, System, Test, execute, world},
	weights::{SubstrateWeight, WeightInfo},
};
use gearway_ethereum::{
	BeaconChain, Fork, H256, Layout, Update, light_client::NextCommittee as Next, testing::World,
};
use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
	},
	sp_runtime::DispatchError,
};

/// Slots in a period of the minimal preset.
const PERIOD: u64 = 64;

fn bootstrap(world: &mut World, slot: u64) {
	let from = Box::new(world.bootstrap(slot));
	assert_ok!(BeaconClient::bootstrap(RuntimeOrigin::root(), world.network.clone(), from));
}

fn submit(update: Update) -> DispatchResultWithPostInfo {
	BeaconClient::submit(RuntimeOrigin::signed(1), Box::new(update))
}

fn last_events(count: usize) -> Vec<Event<Test>> {
	let events = System::events();
	events[events.len() - count..]
		.iter()
		.map(|record| match record.event.clone() {
			RuntimeEvent::BeaconClient(event) => event,
			other => panic!("{other:?}"),
		})
		.collect()
}

#[test]
fn follows_a_beacon_chain_through_periods() {
	execute(|| {
		let mut world = world(20);
		bootstrap(&mut world, 8);
		assert_eq!(last_events(1), [Event::Bootstrapped { slot: 8, root: world.root(8) }]);
		assert_eq!(BeaconClient::finalized_slot(world.root(8)), Some(8));

		assert_ok!(submit(world.committee_update(32)));
		let next = NextCommittee::<Test>::get().unwrap();
		assert_eq!(
			last_events(2),
			[
				Event::CommitteeLearned { period: 1, root: next.root },
				Event::HeaderFinalized { slot: 16, root: world.root(16) },
			]
		);

		assert_ok!(submit(world.committee_update(PERIOD + 16)));
		assert_eq!(CurrentCommittee::<Test>::get(), Some(next));
		assert_eq!(State::<Test>::get().unwrap().finalized, world.header(PERIOD));
		assert_ok!(submit(world.committee_update(2 * PERIOD + 16)));
	});
}

#[test]
fn remembers_only_the_latest_headers() {
	execute(|| {
		let mut world = world(8);
		bootstrap(&mut world, 8);
		assert_ok!(submit(world.committee_update(32)));
		for slot in [40, 48, 56, 64] {
			assert_ok!(submit(world.finality_update(slot)));
		}
		assert_eq!(FinalizedHeaders::<Test>::iter().count(), 4);
		for forgotten in [8, 16] {
			assert_eq!(BeaconClient::finalized_slot(world.root(forgotten)), None);
		}
		for known in [24, 32, 40, 48] {
			assert_eq!(BeaconClient::finalized_slot(world.root(known)), Some(known));
		}
		// Not final yet, though it was attested.
		assert_eq!(BeaconClient::finalized_slot(world.root(64)), None);
	});
}

#[test]
fn can_be_bootstrapped_anew() {
	execute(|| {
		let mut world = world(12);
		bootstrap(&mut world, 8);
		assert_ok!(submit(world.committee_update(32)));
		bootstrap(&mut world, PERIOD + 8);
		assert_eq!(NextCommittee::<Test>::get(), None);
		assert_eq!(FinalizedHeaders::<Test>::iter().count(), 1);
		assert_ok!(submit(world.finality_update(PERIOD + 32)));
	});
}

#[test]
fn only_root_bootstraps_and_only_signed_submits() {
	execute(|| {
		let mut world = world(4);
		let from = Box::new(world.bootstrap(8));
		let network = world.network.clone();
		for origin in [RuntimeOrigin::signed(1), RuntimeOrigin::none()] {
			assert_noop!(
				BeaconClient::bootstrap(origin, network.clone(), from.clone()),
				DispatchError::BadOrigin
			);
		}
		let update = Box::new(world.finality_update(32));
		assert_noop!(BeaconClient::submit(RuntimeOrigin::none(), update), DispatchError::BadOrigin);
	});
}

#[test]
fn refuses_before_it_is_bootstrapped() {
	execute(|| {
		let mut world = world(4);
		assert_noop!(submit(world.finality_update(32)), Error::<Test>::NotBootstrapped);
		assert_noop!(
			BeaconClient::set_network(RuntimeOrigin::root(), world.network.clone()),
			Error::<Test>::NotBootstrapped
		);
		assert_eq!(BeaconClient::network(), None);
	});
}

#[test]
fn refuses_a_bad_bootstrap() {
	execute(|| {
		let mut world = world(2);
		let from = Box::new(world.bootstrap(8));
		let start = |network, from| BeaconClient::bootstrap(RuntimeOrigin::root(), network, from);

		let mut damaged = from.clone();
		damaged.current_committee_branch[2] = H256::repeat_byte(1);
		assert_noop!(
			start(world.network.clone(), damaged),
			Error::<Test>::BadCurrentCommitteeBranch
		);
		let mut network = world.network.clone();
		network.forks.clear();
		assert_noop!(start(network, from), Error::<Test>::BadNetwork);
	});
}

#[test]
fn refuses_each_bad_update_with_its_reason() {
	execute(|| {
		let mut world = world(20);
		bootstrap(&mut world, 8);
		let good = world.committee_update(32);
		let damaged = |damage: &dyn Fn(&mut Update)| {
			let mut update = good.clone();
			damage(&mut update);
			submit(update)
		};
		assert_noop!(
			damaged(&|update| update.sync_aggregate.signature.0[50] ^= 1),
			Error::<Test>::BadSignature
		);
		assert_noop!(
			damaged(&|update| update.attested_header.proposer_index += 1),
			Error::<Test>::BadSignature
		);
		assert_noop!(
			damaged(&|update| update.sync_aggregate.bits[0] = 0),
			Error::<Test>::BadSignature
		);
		assert_noop!(
			damaged(&|update| update.sync_aggregate.bits.iter_mut().for_each(|byte| *byte = 0x0f)),
			Error::<Test>::NotEnoughParticipation
		);
		assert_noop!(
			damaged(&|update| update.sync_aggregate.bits.clear()),
			Error::<Test>::WrongCommitteeSize
		);
		assert_noop!(
			damaged(&|update| update.finality_branch[0] = H256::repeat_byte(1)),
			Error::<Test>::BadFinalityBranch
		);
		assert_noop!(
			damaged(&|update| {
				let Some(Next { branch, .. }) = &mut update.next_committee else { panic!() };
				branch[0] = H256::repeat_byte(1);
			}),
			Error::<Test>::BadNextCommitteeBranch
		);
		assert_noop!(damaged(&|update| update.signature_slot = 32), Error::<Test>::SlotsOutOfOrder);
		assert_noop!(submit(world.finality_update(8)), Error::<Test>::NothingFinal);
		assert_noop!(submit(world.finality_update(PERIOD)), Error::<Test>::SkippedPeriod);

		assert_ok!(submit(good.clone()));
		assert_noop!(submit(good), Error::<Test>::NothingNew);
		assert_noop!(
			submit(world.finality_update(PERIOD + 16)),
			Error::<Test>::NextCommitteeMissing
		);
		assert_ok!(submit(world.committee_update(PERIOD + 16)));
		assert_noop!(submit(world.finality_update(48)), Error::<Test>::PastPeriod);
	});
}

#[test]
fn a_fork_is_added_by_root_and_nothing_else_is_changed() {
	execute(|| {
		let mut world = world(4);
		bootstrap(&mut world, 8);
		let set = |origin, network| BeaconClient::set_network(origin, network);
		let mut network = world.network.clone();
		let fork = Fork { version: [6, 0, 0, 1], epoch: 1_000, layout: Layout::FULU };
		network.forks.try_push(fork).unwrap();
		assert_noop!(set(RuntimeOrigin::signed(1), network.clone()), DispatchError::BadOrigin);
		assert_ok!(set(RuntimeOrigin::root(), network.clone()));
		assert_eq!(Network::<Test>::get(), Some(network.clone()));

		let mut other = network.clone();
		other.genesis_validators_root = H256::zero();
		assert_noop!(set(RuntimeOrigin::root(), other), Error::<Test>::OtherNetwork);
		network.forks.as_mut().swap(0, 1);
		assert_noop!(set(RuntimeOrigin::root(), network), Error::<Test>::BadNetwork);
	});
}

#[test]
fn what_was_not_needed_is_not_charged() {
	execute(|| {
		let mut world = world(8);
		bootstrap(&mut world, 8);
		let call = |update: Update| crate::Call::<Test>::submit { update: Box::new(update) };
		let small = world.finality_update(32);
		let large = world.committee_update(40);
		let announced = call(small.clone()).get_dispatch_info().call_weight;
		assert_eq!(announced, SubstrateWeight::<Test>::submit(512));
		assert!(call(large.clone()).get_dispatch_info().call_weight.all_gt(announced));

		let spent = submit(small).unwrap().actual_weight;
		assert_eq!(spent, Some(SubstrateWeight::<Test>::submit(32)));
		let spent = submit(large).unwrap().actual_weight;
		assert_eq!(spent, Some(SubstrateWeight::<Test>::submit_with_committee(32)));
	});
}
