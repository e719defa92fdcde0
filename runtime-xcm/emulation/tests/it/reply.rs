//! A program's reply arrives back.
//!
//! - it names the message it answers and travels under that message's topic;
//! - replies arrive in the order of the messages they answer, and none twice;
//! - what needs no answer gets none;
//! - value goes to the program, and comes back if it fails.

use crate::common::*;
use gearway_emulation::{capacitor, ping, run, sibling};
use gearway_runtime_common::currency::{MILLIUNIT, UNIT};
use polkadot_sdk::{
	frame_support::{BoundedVec, assert_ok},
	sp_keyring::Sr25519Keyring::Alice,
};

#[test]
fn ping_is_answered_under_the_same_topic() {
	run(|| {
		let program = ping(UNIT);
		let topic = send(Alice, program, b"PING", 0);
		let (events, arrived) = settle();
		let asked = only(posted(&events)).id;
		let expected = Received {
			program,
			answer: Some(replied(asked)),
			topic,
			payload: b"PONG".to_vec(),
			kept: true,
		};
		assert_eq!(only(received(&arrived)), expected);
	});
}

#[test]
fn many_in_one_block_are_answered_in_order() {
	run(|| {
		let program = ping(UNIT);
		sibling(|| {
			for _ in 0..5 {
				assert_ok!(sibling_runtime::ProgramClient::send_message(
					sibling_runtime::RuntimeOrigin::signed(Alice.to_account_id()),
					program,
					BoundedVec::truncate_from(b"PING".to_vec()),
					GAS,
					0,
					FEE,
				));
			}
		});

		let (events, arrived) = settle();
		let (asked, answers) = (posted(&events), received(&arrived));
		assert_eq!(asked.len(), 5);
		let answered = answers.iter().map(|answer| (answer.answer, Some(answer.topic)));
		let expected = asked.iter().map(|asked| (Some(replied(asked.id)), asked.topic));
		assert_eq!(answered.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
	});
}

#[test]
fn silence_brings_nothing_back() {
	run(|| {
		let program = ping(UNIT);
		let topic = send(Alice, program, b"quiet please", 0);
		let (events, arrived) = settle();
		assert_eq!(executed(&events, topic), Some(true));
		assert_eq!(received(&arrived), vec![]);
		assert_eq!(balance(&account_of(program)), UNIT + MILLIUNIT);
	});
}

#[test]
fn value_stays_with_a_program_that_succeeds_and_returns_from_one_that_fails() {
	run(|| {
		let (good, bad) = (ping(UNIT), capacitor(9, UNIT));
		let had = balance(&account_of(good));
		send(Alice, good, b"quiet please", 5 * UNIT);
		settle();
		assert_eq!(balance(&account_of(good)), had + 5 * UNIT);

		let alice = purse(Alice);
		let alice_had = balance(&alice);
		send(Alice, bad, b"not a number", 5 * UNIT);
		settle();
		assert!(balance(&alice) > alice_had - UNIT, "the value is back");
	});
}
