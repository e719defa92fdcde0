//! What does not end in the block in which it began: waits and delays.

use super::{living, reply_to, send, send_as, statuses, wasm};
use crate::{
	Agendas, DispatchStash, DispatchStatus, Event, FirstAgenda, Tasks, Waitlist,
	mock::{
		ALICE, BOB, ED, FUNDS, GAS, Gear, REMOTE, Test, chain, end_block, end_block_with, events,
		h256, total,
	},
};
use gearway_primitives::{Origin, PostMessage, Posting, Provenance};
use polkadot_sdk::sp_weights::Weight;

/// `handle` waits three blocks, then replies.
const WAITER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_wait_for" (func $wait (param i32)))
	(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
	(func (export "handle")
		(if (i32.load (i32.const 8192))
			(then (call $reply (i32.const 0) (i32.const 4) (i32.const -1) (i32.const 16384)))
			(else
				(i32.store (i32.const 8192) (i32.const 1))
				(call $wait (i32.const 3)))))
)"#;

/// `handle` sends what value it gets back to who it is from, two blocks later.
const DELAYER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_source" (func $source (param i32)))
	(import "env" "gr_value" (func $value (param i32)))
	(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
	(func (export "handle")
		(call $source (i32.const 64))
		(call $value (i32.const 96))
		(call $send (i32.const 64) (i32.const 0) (i32.const 4) (i32.const 2) (i32.const 4096)))
)"#;

/// Nothing is scheduled, and no agenda of a block gone by is left.
fn nothing_is_left() {
	assert_eq!(Tasks::<Test>::iter().count(), 0);
	let first = FirstAgenda::<Test>::get().unwrap();
	assert!(Agendas::<Test>::iter_keys().all(|block| block >= first));
}

#[test]
fn a_message_waits_and_goes_on() {
	chain(|| {
		let program = living(&wasm(WAITER), b"");
		let message = send(program, b"");
		end_block();
		assert!(events().contains(&Event::MessageWaited {
			id: message,
			program: h256(program),
			expiration: 5,
		}));
		assert_eq!(Waitlist::<Test>::iter().count(), 1);
		end_block();
		end_block();
		assert_eq!(statuses(&events()), []);
		end_block();
		let told = events();
		assert!(told.contains(&Event::MessageWoken { id: message, program: h256(program) }));
		assert_eq!(statuses(&told), [DispatchStatus::Success]);
		assert_eq!(reply_to(&told, message).payload.len(), 4);
		assert_eq!(Waitlist::<Test>::iter().count(), 0);
		end_block();
		nothing_is_left();
	});
}

#[test]
fn a_message_that_waited_is_the_cause_of_what_it_sends() {
	chain(|| {
		let program = living(&wasm(WAITER), b"");
		let posting = Posting {
			source: REMOTE,
			payer: BOB,
			destination: program,
			payload: Vec::new(),
			gas_limit: GAS,
			value: 0,
			provenance: Provenance {
				origin: Origin::Ethereum { chain_id: 1, address: [7; 20] },
				topic: Some([0x70; 32]),
				assets: Default::default(),
				reply_to: None,
			},
		};
		let message = Gear::post(posting).unwrap();
		for _ in 0..4 {
			end_block();
		}
		// The router of these tests names the journey of what leaves by its cause.
		let topic = events().into_iter().find_map(|event| match event {
			Event::MessageSent { topic, destination, .. } if destination == h256(REMOTE) => {
				Some(topic)
			}
			_ => None,
		});
		assert_eq!(topic, Some(message.into_bytes()));
	});
}

#[test]
fn a_delayed_message_comes_in_its_block() {
	chain(|| {
		let program = living(&wasm(DELAYER), b"");
		let before = total(&ALICE);
		send_as(ALICE, program, b"", GAS, 5 * ED);
		end_block();
		assert_eq!(DispatchStash::<Test>::iter().count(), 1);
		assert!(
			events().iter().any(|event| matches!(event, Event::MessageDelayed { until: 4, .. }))
		);
		assert!(total(&ALICE) <= before - 5 * ED);
		end_block();
		assert_eq!(super::mails(&events()), []);
		end_block();
		assert_eq!(DispatchStash::<Test>::iter().count(), 0);
		assert_eq!(super::mails(&events()).len(), 1);
		assert_eq!(Gear::mailbox(&ALICE).count(), 1);
		assert!(total(&ALICE) < FUNDS);
	});
}

#[test]
fn what_has_no_room_in_its_block_is_done_in_a_later_one() {
	chain(|| {
		let program = living(&wasm(WAITER), b"");
		let message = send(program, b"");
		end_block();
		events();
		for _ in 0..10 {
			assert_eq!(end_block_with(Weight::zero()), Weight::zero());
		}
		assert_eq!(events(), []);
		end_block();
		assert_eq!(reply_to(&events(), message).payload.len(), 4);
	});
}
