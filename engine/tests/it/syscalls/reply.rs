//! Replying.

use super::*;
use gearway_engine::gear_core_errors::{ExecutionError, MessageError};

const PUSH: &str = "(call $gr_reply_push (i32.const 448) (i32.const 4) (i32.const 0))";
const COMMIT: &str = "(call $gr_reply_commit (i32.const -1) (i32.const 0))";

/// The error code of a call after a first reply, sent to Bob.
fn after_a_reply(call: &str) -> u32 {
	let sent = on_both_backends!(|system| {
		let handle = format!(
			"(call $answer (i32.const 0)) {call} \
			(call $gr_send (i32.const 256) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 600))"
		);
		replied(&mut system, &handle);
		inbox(&system, BOB)[0].payload.clone()
	});
	u32::from_le_bytes(sent.try_into().unwrap())
}

#[test]
fn gr_reply_carries_value() {
	// At 352 stands 2 000 000 000.
	let (program, reply) = on_both_backends!(|system| {
		let sent = replied(
			&mut system,
			"(call $gr_reply (i32.const 448) (i32.const 4) (i32.const 352) (i32.const 0))",
		);
		assert_eq!(system.account(sent.0).free, VALUE - 2_000_000_000);
		sent
	});
	assert_eq!((reply.source, reply.destination, reply.value), (program, ALICE, 2_000_000_000));
	assert_eq!(reply.payload, b"text");
}

#[test]
fn gr_reply_comes_once() {
	let duplicate = code(MessageError::DuplicateReply);
	assert_eq!(
		after_a_reply(
			"(call $gr_reply (i32.const 448) (i32.const 4) (i32.const -1) (i32.const 0))"
		),
		duplicate
	);
}

#[test]
fn gr_reply_that_fails_may_be_tried_again() {
	// At 416 stands 1. The draft is as before.
	assert_eq!(
		payload(
			"(call $gr_reply (i32.const 448) (i32.const 4) (i32.const 416) (i32.const 0)) \
			(call $answer (i32.const 4))"
		),
		code(MessageError::InsufficientValue).to_le_bytes()
	);
	assert_eq!(
		error("(call $gr_reply (i32.const 0) (i32.const 65537) (i32.const -1) (i32.const 0))"),
		code(MessageError::MaxMessageSizeExceed)
	);
}

#[test]
fn gr_reply_wgas_needs_the_gas() {
	let reply = |gas: i64| {
		format!(
			"(call $gr_reply_wgas (i32.const 448) (i32.const 4) (i64.const {gas}) (i32.const -1) (i32.const 0))"
		)
	};
	assert_eq!(payload(&reply(9)), b"text");
	assert_eq!(error(&reply(-1)), code(ExecutionError::NotEnoughGas));
}

#[test]
fn gr_reply_input_adds_to_what_was_pushed() {
	let reply = |offset: i32, len: i32| {
		format!(
			"(call $gr_reply_input (i32.const {offset}) (i32.const {len}) (i32.const -1) (i32.const 0))"
		)
	};
	assert_eq!(payload(&format!("{PUSH} {}", reply(0, 5))), b"texthello");
	assert_eq!(error(&reply(5, 0)), code(MessageError::OutOfBoundsInputSliceOffset));
	assert_eq!(error(&reply(1, 5)), code(MessageError::OutOfBoundsInputSliceLength));
}

#[test]
fn gr_reply_input_wgas_gives_a_piece_of_the_input() {
	let reply = |gas: i64| {
		format!(
			"(call $gr_reply_input_wgas (i32.const 0) (i32.const 1) (i64.const {gas}) (i32.const -1) (i32.const 0))"
		)
	};
	assert_eq!(payload(&reply(9)), b"h");
	assert_eq!(error(&reply(-1)), code(ExecutionError::NotEnoughGas));
}

#[test]
fn gr_reply_push_is_refused_after_the_reply() {
	assert_eq!(after_a_reply(PUSH), code(MessageError::LateAccess));
	assert_eq!(payload(&format!("{PUSH} {PUSH} {COMMIT}")), b"texttext");
}

#[test]
fn gr_reply_push_input_takes_a_piece_of_the_input() {
	let push = |offset: i32, len: i32| {
		format!("(call $gr_reply_push_input (i32.const {offset}) (i32.const {len}) (i32.const 0))")
	};
	assert_eq!(payload(&format!("{PUSH} {} {PUSH} {COMMIT}", push(1, 2))), b"texteltext");
	assert_eq!(error(&push(5, 1)), code(MessageError::OutOfBoundsInputSliceOffset));
	assert_eq!(error(&push(4, 2)), code(MessageError::OutOfBoundsInputSliceLength));
	assert_eq!(after_a_reply(&push(0, 1)), code(MessageError::LateAccess));
}

#[test]
fn gr_reply_commit_comes_once() {
	assert_eq!(payload(&format!("{PUSH} {COMMIT}")), b"text");
	assert_eq!(after_a_reply(COMMIT), code(MessageError::DuplicateReply));
}

#[test]
fn gr_reply_commit_wgas_needs_the_gas() {
	let commit = |gas: i64| {
		format!("(call $gr_reply_commit_wgas (i64.const {gas}) (i32.const -1) (i32.const 0))")
	};
	assert_eq!(payload(&format!("{PUSH} {}", commit(9))), b"text");
	assert_eq!(error(&commit(-1)), code(ExecutionError::NotEnoughGas));
}
