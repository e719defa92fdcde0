//! The proxy: what it awaits comes, fails, is late, or comes in another order.

use super::{at_real_prices, made};
use crate::support::*;
use gearway_engine::{
	ReplyCode, State,
	testkit::{Log, Program},
};
use gearway_programs::{ASYNC_PROXY, CAPACITOR, PING};

#[test]
fn an_answer_is_passed_on_with_value_going_the_other_way() {
	at_real_prices!(|system| {
		let ping = made(&mut system, PING, ());
		let proxy = made(&mut system, ASYNC_PROXY, ping.id());
		let value = 5_000_000_000;
		let message = proxy.send_bytes_with_value(&mut system, ALICE, "PING", value).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(message);
		assert!(block.contains(&Log::from((proxy, ALICE, "PONG")).reply_to(message)));
		let least = system.existential_deposit();
		assert_eq!((proxy.balance(&system), ping.balance(&system)), (least, least + value));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_failure_behind_is_a_failure_of_the_proxy() {
	at_real_prices!(|system| {
		let capacitor = Program::from_binary(&mut system, CAPACITOR).unwrap();
		capacitor.send_bytes(&mut system, ALICE, "10").unwrap();
		let proxy = made(&mut system, ASYNC_PROXY, capacitor.id());
		let message = proxy.send_bytes(&mut system, ALICE, "x").unwrap();
		let block = system.run_next_block();
		block.assert_panicked_with(message, "no answer by block");
		block.assert_panicked_with(message, "is not a charge");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn who_is_silent_is_waited_for_ten_blocks() {
	at_real_prices!(|system| {
		let proxy = made(&mut system, ASYNC_PROXY, BOB);
		let message = proxy.send_bytes(&mut system, ALICE, "hello?").unwrap();
		let sent = system.block_height();
		let quiet = system.run_to_block(sent + 10);
		assert!(quiet.iter().all(|block| block.report.failed == 0));
		assert_eq!(system.reply_to(message), None);
		let block = system.run_next_block();
		block.assert_panicked_with(message, &format!("no answer by block {}", sent + 10));
		// Bob may still read what he was asked.
		system.get_mailbox(BOB).claim_value(&Log::builder().payload_bytes("hello?")).unwrap();
		system.run_next_block();
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn answers_find_the_questions_that_wait_for_them() {
	at_real_prices!(|system| {
		let proxy = made(&mut system, ASYNC_PROXY, BOB);
		let first = proxy.send_bytes(&mut system, ALICE, "first").unwrap();
		let second = proxy.send_bytes(&mut system, ALICE, "second").unwrap();
		system.run_next_block();
		for (question, answer) in [("second", "2"), ("first", "1")] {
			let question = Log::from((proxy, BOB, question));
			system.get_mailbox(BOB).reply_bytes(&question, answer, 0).unwrap();
			system.run_next_block();
		}
		for (message, answer) in [(first, b"1"), (second, b"2")] {
			let reply = system.reply_to(message).unwrap();
			assert_eq!(reply.payload, answer);
			assert!(reply.reply.is_some_and(|reply| matches!(reply.code, ReplyCode::Success(_))));
		}
		assert_at_rest(&system, 2 * FUNDS);
	});
}
