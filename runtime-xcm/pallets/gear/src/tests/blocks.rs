//! What fits in a block, what waits, and in which order.

use super::{FORWARDER, capacitor, forward, living, mails, send, send_as, status, statuses, wasm};
use crate::{
	DispatchStatus, Event, InstrumentedCodes, MAX_PASSED_OVER, QuarantinedMessages, QueueState,
	mock::{
		ALICE, BLOCK, BOB, ED, FUNDS, GAS, Gear, System, Test, chain, check, end_block,
		end_block_with, events, total,
	},
	weights::{SubstrateWeight, WeightInfo},
};
use gearway_engine::ApplyError;
use gearway_programs::PING;
use polkadot_sdk::frame_support::{traits::Hooks, weights::Weight};

/// Room for `gas` and what looking through the queue takes.
fn room_for(gas: u64) -> Weight {
	let looking = SubstrateWeight::<Test>::pass_over().saturating_mul(MAX_PASSED_OVER.into());
	let looking = looking.saturating_add(SubstrateWeight::<Test>::on_idle());
	Weight::from_parts(looking.ref_time() + gas, BLOCK.proof_size())
}

fn waiting() -> u32 {
	QueueState::<Test>::get().len
}

#[test]
fn an_idle_chain_uses_next_to_nothing() {
	chain(|| {
		let used = end_block();
		assert_eq!(used, SubstrateWeight::<Test>::on_idle());
	});
}

#[test]
fn a_block_without_room_carries_the_queue_over() {
	chain(|| {
		let id = capacitor();
		let message = send(id, b"11");
		for room in [Weight::zero(), room_for(GAS - 1), Weight::from_parts(u64::MAX, 1_000)] {
			end_block_with(room);
			assert_eq!(waiting(), 1);
			assert_eq!(status(&events(), message), None);
		}
		end_block_with(room_for(GAS));
		assert_eq!(waiting(), 0);
		assert!(mails(&events()).iter().any(|mail| mail.payload == b"Discharged: 11"));
	});
}

#[test]
fn what_is_used_is_what_messages_spent_not_what_they_might_have() {
	chain(|| {
		let id = capacitor();
		send(id, b"1");
		let used = end_block();
		assert!(used.ref_time() < GAS, "{used:?}");
		assert!(used.proof_size() > 30_000, "the code is in the proof: {used:?}");
		// A second message in the block finds the code there.
		send(id, b"1");
		send(id, b"1");
		let two = end_block();
		assert!(two.proof_size() < 2 * used.proof_size());
	});
}

#[test]
fn a_heavy_head_does_not_block_the_queue() {
	chain(|| {
		let (heavy, light) = (capacitor(), living(PING, b""));
		let waits = send_as(ALICE, heavy, b"3", 200_000_000_000, 0);
		let behind = send_as(ALICE, heavy, b"4", GAS, 0);
		let passes = send_as(BOB, light, b"PING", GAS, 0);
		end_block_with(room_for(100_000_000_000));
		let first = events();
		assert_eq!(status(&first, passes), Some(DispatchStatus::Success));
		assert_eq!(status(&first, waits), None);
		assert_eq!(status(&first, behind), None, "it must not overtake");
		assert_eq!(waiting(), 2);
		end_block();
		let second = events();
		assert_eq!(status(&second, waits), Some(DispatchStatus::Success));
		assert_eq!(status(&second, behind), Some(DispatchStatus::Success));
	});
}

#[test]
fn messages_to_a_program_are_handled_in_order_across_blocks() {
	chain(|| {
		let id = capacitor();
		let ids: Vec<_> = (0..9).map(|_| send(id, b"1")).collect();
		let mut done = 0;
		for _ in 0..ids.len() {
			// One at most: what is left after it is less than a gas limit.
			end_block_with(room_for(GAS));
			let events = events();
			for id in &ids[done..] {
				match status(&events, *id) {
					Some(_) => done += 1,
					None => break,
				}
			}
			assert_eq!(waiting() as usize, ids.len() - done, "one was done out of order");
		}
		assert_eq!(done, ids.len());
	});
}

#[test]
fn places_leave_the_queue_from_anywhere() {
	chain(|| {
		for _ in 0..5 {
			Gear::push(entry());
		}
		let places = || {
			let mut after = None;
			std::iter::from_fn(move || {
				let next = after.map_or_else(Gear::first_in_queue, Gear::next_in_queue);
				let (place, _) = next?;
				after = Some(place);
				after
			})
			.collect::<Vec<_>>()
		};
		assert_eq!(places(), [0, 1, 2, 3, 4]);
		for (taken, left) in
			[(2, vec![0, 1, 3, 4]), (0, vec![1, 3, 4]), (4, vec![1, 3]), (3, vec![1]), (1, vec![])]
		{
			assert!(Gear::take(taken).is_some());
			assert!(Gear::take(taken).is_none());
			assert_eq!(places(), left);
		}
		Gear::push(entry());
		assert_eq!(places(), [5], "a place is never given twice");
		assert!(Gear::take(5).is_some());
		check();
	});
}

fn entry() -> crate::Entry {
	use gearway_engine::{ActorId, Dispatch, DispatchKind, Message, MessageId};
	let message = Message {
		id: MessageId::zero(),
		source: ActorId::zero(),
		destination: ActorId::zero(),
		payload: vec![],
		value: 0,
		reply: None,
	};
	let (id, payer) = (message.id, message.source);
	let dispatch = Dispatch::new(DispatchKind::Handle, message, id, payer);
	crate::Entry { dispatch, provenance: None, trace: Default::default() }
}

#[test]
fn a_conversation_that_never_ends_ends_with_its_gas() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		// It tells itself to tell itself ... thirty times, each in the payload of the one before.
		let mut payload = b"end".to_vec();
		for _ in 0..30 {
			payload = forward(id, 0, &payload);
		}
		send_as(BOB, id, &payload, GAS / 2, 0);
		end_block();
		let events = events();
		assert!(statuses(&events).contains(&DispatchStatus::Failed));
		assert_eq!(waiting(), 0);
	});
}

#[test]
fn a_broken_invariant_costs_one_message_and_not_the_block() {
	chain(|| {
		let (broken, sound) = (capacitor(), living(PING, b""));
		let code = Gear::program(broken).unwrap().code;
		let bytes = InstrumentedCodes::<Test>::take(code).unwrap();
		let lost = send_as(BOB, broken, b"11", GAS, 5 * ED);
		let other = send(sound, b"PING");
		Gear::on_idle(System::block_number(), BLOCK);
		InstrumentedCodes::<Test>::insert(code, bytes);

		let events = events();
		assert_eq!(status(&events, other), Some(DispatchStatus::Success));
		assert_eq!(status(&events, lost), None);
		let error = ApplyError::BadCode(code);
		assert!(events.contains(&Event::MessageQuarantined { id: lost, error }));
		assert_eq!(QuarantinedMessages::<Test>::iter().count(), 1);
		assert_eq!(total(&BOB), FUNDS, "held, and neither spent nor lost");
		// Its funds are accounted for, as every message's.
		check();
	});
}

#[test]
fn storage_proof_is_rationed() {
	chain(|| {
		let id = capacitor();
		let proof = end_block_of(id, BLOCK.proof_size());
		assert!(proof.is_some_and(|used| used < 200_000), "{proof:?}");
		// Room for all the gas, but not for code and memory.
		assert_eq!(end_block_of(id, 500_000), None);
	});
}

/// Sends a message and ends a block with so much room for proof. Returns how much was used, or
/// `None` if the message had to wait.
fn end_block_of(id: gearway_engine::ActorId, proof: u64) -> Option<u64> {
	send(id, b"1");
	let used = end_block_with(Weight::from_parts(BLOCK.ref_time(), proof));
	let done = waiting() == 0;
	done.then(|| used.proof_size())
}
