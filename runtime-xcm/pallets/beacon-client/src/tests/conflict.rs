//! Two truths, and what the client does about them.

use super::{PERIOD, bootstrap, last_events, submit};
use crate::{
	Error, Event, Stopped,
	mock::{BeaconClient, RuntimeOrigin, Test, execute, world},
};
use gearway_ethereum::{
	BeaconChain, BeaconHeader, Conflict, H256, Update, merkle::header_root, testing::World,
};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_runtime::{DispatchError, DispatchResult},
};

/// A chain with the same validators, and other blocks from a slot on: as many as [`world`] has.
fn other_world(from: u64, epochs: u64) -> World {
	let mut world = World::electra();
	grow(&mut world, from, epochs);
	world
}

fn grow(world: &mut World, from: u64, epochs: u64) {
	for epoch in 1..=epochs {
		if epoch > 2 {
			world.finalize((epoch - 2) * 8);
		}
		let slot = epoch * 8;
		world.block(slot, H256::repeat_byte(u8::from(slot >= from)));
	}
}

/// The blocks from slot `from` to slot `to`.
fn headers(world: &World, from: u64, to: u64) -> Vec<BeaconHeader> {
	(from / 8..=to / 8).map(|epoch| world.header(epoch * 8)).collect()
}

fn report(update: Update, known: H256, headers: Vec<BeaconHeader>) -> DispatchResult {
	let headers = headers.try_into().unwrap();
	let origin = RuntimeOrigin::signed(1);
	BeaconClient::report_conflict(origin, Box::new(update), known, headers)
}

/// A client that knows the block at slot 32 to be final, and the next committee.
fn start(world: &mut World) {
	bootstrap(world, 8);
	assert_ok!(submit(world.committee_update(48)));
}

#[test]
fn another_final_block_at_the_same_slot_stops_the_client() {
	execute(|| {
		let mut ours = world(8);
		let mut theirs = other_world(16, 8);
		start(&mut ours);
		let [known, other] = [ours.root(32), theirs.root(32)];
		assert_ok!(submit(theirs.finality_update(48)));
		let conflict = Conflict::Finality { known, other };
		assert_eq!(last_events(1), [Event::ConflictFound { conflict }]);
		assert_eq!(Stopped::<Test>::get(), Some(conflict));

		// Nothing is final while nobody knows what is.
		assert_eq!(BeaconClient::finalized_slot(known), None);
		assert_eq!(BeaconClient::finalized_slot(other), None);
		assert_noop!(submit(ours.finality_update(56)), Error::<Test>::Stopped);
		assert_noop!(report(theirs.finality_update(48), known, vec![]), Error::<Test>::Stopped);
	});
}

#[test]
fn another_next_committee_stops_the_client() {
	execute(|| {
		let mut ours = world(8);
		start(&mut ours);
		let mut theirs = World::electra();
		theirs.replace_committee(1);
		grow(&mut theirs, u64::MAX, 8);
		// Final at another slot than here, so it is the committee that contradicts.
		let update = theirs.committee_update(56);
		let other = theirs.next_committee(8).committee.root();
		assert_ok!(submit(update));
		let known = ours.next_committee(8).committee.root();
		assert_ne!(known, other);
		let conflict = Conflict::NextCommittee { known, other };
		assert_eq!(last_events(1), [Event::ConflictFound { conflict }]);
	});
}

/// Before it is final, two blocks of a new period may well say different things.
#[test]
fn a_committee_that_is_not_final_contradicts_nothing() {
	execute(|| {
		let mut ours = world(20);
		start(&mut ours);
		assert_ok!(submit(ours.committee_update(PERIOD + 16)));
		let mut theirs = World::electra();
		theirs.replace_committee(2);
		grow(&mut theirs, u64::MAX, 20);
		let update = theirs.committee_update(PERIOD + 8);
		assert_eq!(update.finalized_header.slot, PERIOD - 8);
		assert_noop!(submit(update), Error::<Test>::NothingNew);
	});
}

#[test]
fn an_unsigned_conflict_is_refused_and_stops_nothing() {
	execute(|| {
		let mut ours = world(8);
		let mut theirs = other_world(16, 8);
		start(&mut ours);
		let mut forged = theirs.finality_update(48);
		forged.sync_aggregate.signature.0[50] ^= 1;
		assert_noop!(submit(forged.clone()), Error::<Test>::BadSignature);
		assert_noop!(
			report(forged, ours.root(32), vec![theirs.header(32)]),
			Error::<Test>::BadSignature
		);
		let few = theirs.signed_update(48, 49, 21);
		assert_noop!(submit(few), Error::<Test>::NotEnoughParticipation);
		assert_ok!(submit(ours.finality_update(56)));
	});
}

#[test]
fn a_later_final_block_of_another_chain_can_be_reported() {
	execute(|| {
		let mut ours = world(8);
		let mut theirs = other_world(24, 8);
		start(&mut ours);
		let known = ours.root(32);
		let update = theirs.finality_update(56);
		let other = theirs.root(40);
		assert_eq!(update.finalized_header, theirs.header(40));
		assert_ok!(report(update, known, headers(&theirs, 32, 40)));
		let conflict = Conflict::Finality { known, other };
		assert_eq!(last_events(1), [Event::ConflictFound { conflict }]);
	});
}

#[test]
fn an_earlier_final_block_of_another_chain_can_be_reported() {
	execute(|| {
		let mut ours = world(8);
		let mut theirs = other_world(24, 8);
		start(&mut ours);
		let update = theirs.finality_update(40);
		assert_eq!(header_root(&update.finalized_header), theirs.root(24));
		let known = ours.root(32);
		assert_ok!(report(update, known, headers(&ours, 24, 32)));
		assert!(Stopped::<Test>::exists());
	});
}

#[test]
fn what_agrees_is_no_conflict_whatever_is_made_of_it() {
	execute(|| {
		let mut ours = world(8);
		start(&mut ours);
		let known = ours.root(32);
		let later = ours.finality_update(56);
		let same = ours.finality_update(48);
		let earlier = ours.finality_update(40);
		for (update, headers, error) in [
			(&later, headers(&ours, 32, 40), Error::<Test>::NoConflict),
			(&same, headers(&ours, 32, 32), Error::<Test>::NoConflict),
			(&earlier, headers(&ours, 24, 32), Error::<Test>::NoConflict),
			// A chain that goes back too far, or not far enough, or ends elsewhere.
			(&later, headers(&ours, 24, 40), Error::<Test>::WrongChainStart),
			(&later, headers(&ours, 40, 40), Error::<Test>::WrongChainStart),
			(&later, headers(&ours, 32, 48), Error::<Test>::WrongChainEnd),
			(&earlier, headers(&ours, 24, 24), Error::<Test>::WrongChainEnd),
			(&later, vec![], Error::<Test>::WrongChainEnd),
			// A parent that is none.
			(&later, vec![ours.header(24), ours.header(40)], Error::<Test>::BrokenHeaderChain),
		] {
			assert_noop!(report(update.clone(), known, headers), error);
		}
		assert_noop!(
			report(later.clone(), H256::zero(), headers(&ours, 32, 40)),
			Error::<Test>::UnknownHeader
		);
		assert_ok!(submit(later));
	});
}

#[test]
fn root_lets_the_client_go_on() {
	execute(|| {
		let mut ours = world(8);
		start(&mut ours);
		assert_noop!(BeaconClient::resume(RuntimeOrigin::root()), Error::<Test>::NotStopped);
		assert_ok!(submit(other_world(16, 8).finality_update(48)));
		assert_noop!(BeaconClient::resume(RuntimeOrigin::signed(1)), DispatchError::BadOrigin);
		assert_ok!(BeaconClient::resume(RuntimeOrigin::root()));
		assert_eq!(last_events(1), [Event::Resumed]);
		assert_eq!(BeaconClient::finalized_slot(ours.root(32)), Some(32));
		assert_ok!(submit(ours.finality_update(56)));
	});
}

#[test]
fn root_starts_anew_on_the_other_chain() {
	execute(|| {
		let mut ours = world(8);
		let mut theirs = other_world(16, 8);
		start(&mut ours);
		assert_ok!(submit(theirs.finality_update(48)));
		bootstrap(&mut theirs, 32);
		assert!(!Stopped::<Test>::exists());
		assert_eq!(BeaconClient::finalized_slot(ours.root(32)), None);
		assert_ok!(submit(theirs.finality_update(56)));
	});
}
