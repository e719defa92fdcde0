//! Sending, at once.

use super::*;
use gearway_engine::gear_core_errors::{ExecutionError, MessageError};

const INIT: &str = "(call $gr_send_init (i32.const 8))";

fn commit(handle: i32) -> String {
	format!(
		"(call $gr_send_commit (i32.const {handle}) (i32.const 256) (i32.const 0) (i32.const 0))"
	)
}

fn push(handle: i32) -> String {
	format!("(call $gr_send_push (i32.const {handle}) (i32.const 448) (i32.const 4) (i32.const 0))")
}

fn push_input(handle: i32, offset: i32, len: i32) -> String {
	format!(
		"(call $gr_send_push_input (i32.const {handle}) (i32.const {offset}) (i32.const {len}) (i32.const 0))"
	)
}

#[test]
fn gr_send_sends_bytes() {
	assert_eq!(
		bob_gets(
			"(call $gr_send (i32.const 256) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0))"
		),
		[(b"text".to_vec(), 0)]
	);
}

#[test]
fn gr_send_is_refused_with_a_code() {
	let send = |to: i32, len: i32| {
		format!(
			"(call $gr_send (i32.const {to}) (i32.const 448) (i32.const {len}) (i32.const 0) (i32.const 0))"
		)
	};
	assert_eq!(error(&send(384, 4)), code(MessageError::InsufficientValue));
	assert_eq!(error(&send(256, 65_537)), code(MessageError::MaxMessageSizeExceed));
	let two = send(320, 4);
	assert_eq!(error(&two), 0);
	// 4 000 000 000 may be spent: twice 2 000 000 000, and no more.
	assert_eq!(error(&format!("{two} {two}")), 0);
	assert_eq!(error(&format!("{two} {two} {two}")), code(ExecutionError::NotEnoughValue));
}

#[test]
fn gr_send_wgas_sends_value_and_gas() {
	let send = |gas: i64| {
		format!(
			"(call $gr_send_wgas (i32.const 320) (i32.const 448) (i32.const 4) (i64.const {gas}) (i32.const 0) (i32.const 0))"
		)
	};
	assert_eq!(bob_gets(&send(7)), [(b"text".to_vec(), 2_000_000_000)]);
	assert_eq!(error(&send(-1)), code(ExecutionError::NotEnoughGas));
}

#[test]
fn gr_send_wgas_wants_the_mailbox_threshold_or_nothing() {
	let send = |gas: i64| {
		format!(
			"(call $gr_send_wgas (i32.const 256) (i32.const 448) (i32.const 4) (i64.const {gas}) (i32.const 0) (i32.const 0)) \
			(call $answer (i32.const 4))"
		)
	};
	for (gas, expected) in
		[(0, 0), (1, code(MessageError::InsufficientGasLimit)), (19_999, 308), (20_000, 0)]
	{
		let reply =
			on_both_backends!(rented(), |system| { replied(&mut system, &send(gas)).1.payload });
		assert_eq!(reply, expected.to_le_bytes(), "{gas}");
	}
}

#[test]
fn gr_send_input_sends_a_piece_of_the_input() {
	assert_eq!(
		bob_gets(
			"(call $gr_send_input (i32.const 256) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 0))"
		),
		[(b"ell".to_vec(), 0)]
	);
}

#[test]
fn gr_send_input_wgas_sends_a_piece_of_the_input() {
	assert_eq!(
		bob_gets(
			"(call $gr_send_input_wgas (i32.const 256) (i32.const 0) (i32.const 5) (i64.const 0) (i32.const 0) (i32.const 0))"
		),
		[(b"hello".to_vec(), 0)]
	);
}

#[test]
fn gr_send_init_begins_drafts_that_are_sent_in_any_order() {
	let two = "(call $gr_send_init (i32.const 0)) (call $gr_send_init (i32.const 8)) \
		(call $gr_send_push (i32.load (i32.const 4)) (i32.const 448) (i32.const 4) (i32.const 16)) \
		(call $gr_send_push_input (i32.load (i32.const 12)) (i32.const 0) (i32.const 2) (i32.const 16)) \
		(call $gr_send_push (i32.load (i32.const 4)) (i32.const 448) (i32.const 1) (i32.const 16)) \
		(call $gr_send_commit_wgas (i32.load (i32.const 12)) (i32.const 256) (i64.const 3) (i32.const 0) (i32.const 16)) \
		(call $gr_send_commit (i32.load (i32.const 4)) (i32.const 320) (i32.const 0) (i32.const 16))";
	assert_eq!(bob_gets(two), [(b"he".to_vec(), 0), (b"textt".to_vec(), 2_000_000_000)]);
	// What is begun and not sent is nothing.
	assert_eq!(bob_gets("(call $gr_send_init (i32.const 0))"), []);
}

#[test]
fn gr_send_init_begins_only_so_many() {
	// As many drafts as are allowed, and one more.
	let begin = "(local $i i32) (loop $l (call $gr_send_init (i32.const 0)) \
		(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ROUNDS))))";
	assert_eq!(error(&begin.replace("ROUNDS", "1024")), 0);
	assert_eq!(
		error(&begin.replace("ROUNDS", "1025")),
		code(MessageError::OutgoingMessagesAmountLimitExceeded)
	);
}

#[test]
fn gr_send_sends_only_so_many_bytes() {
	// 1 MiB in messages of 60 000 bytes: 17 fit.
	let send = "(local $i i32) (loop $l \
		(call $gr_send (i32.const 256) (i32.const 0) (i32.const 60000) (i32.const 0) (i32.const 0)) \
		(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ROUNDS))))";
	assert_eq!(error(&send.replace("ROUNDS", "17")), 0);
	assert_eq!(
		error(&send.replace("ROUNDS", "18")),
		code(MessageError::OutgoingMessagesBytesLimitExceeded)
	);
}

#[test]
fn gr_send_push_wants_an_open_draft() {
	assert_eq!(error(&push(0)), code(MessageError::OutOfBounds));
	assert_eq!(error(&format!("{INIT} {}", push(0))), 0);
	assert_eq!(error(&format!("{INIT} {} {}", commit(0), push(0))), code(MessageError::LateAccess));
}

#[test]
fn gr_send_push_input_wants_an_open_draft_and_a_piece_of_the_input() {
	assert_eq!(error(&push_input(0, 0, 1)), code(MessageError::OutOfBounds));
	assert_eq!(
		error(&format!("{INIT} {} {}", commit(0), push_input(0, 0, 1))),
		code(MessageError::LateAccess)
	);
	assert_eq!(
		error(&format!("{INIT} {}", push_input(0, 5, 1))),
		code(MessageError::OutOfBoundsInputSliceOffset)
	);
	assert_eq!(
		error(&format!("{INIT} {}", push_input(0, 4, 2))),
		code(MessageError::OutOfBoundsInputSliceLength)
	);
}

#[test]
fn gr_send_commit_wants_an_open_draft() {
	assert_eq!(error(&commit(0)), code(MessageError::OutOfBounds));
	assert_eq!(error(&format!("{INIT} {}", commit(0))), 0);
	assert_eq!(
		error(&format!("{INIT} {} {}", commit(0), commit(0))),
		code(MessageError::LateAccess)
	);
}

#[test]
fn gr_send_commit_wgas_that_fails_leaves_the_draft_open() {
	let commit = |gas: i64| {
		format!(
			"(call $gr_send_commit_wgas (i32.const 0) (i32.const 256) (i64.const {gas}) (i32.const 0) (i32.const 0))"
		)
	};
	assert_eq!(error(&format!("{INIT} {}", commit(-1))), code(ExecutionError::NotEnoughGas));
	assert_eq!(
		bob_gets(&format!("{INIT} {} {} {}", push(0), commit(-1), commit(0))),
		[(b"text".to_vec(), 0)]
	);
}
