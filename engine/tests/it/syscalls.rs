//! What each syscall does, with the layouts of `gsys` 2.0.

use crate::support::*;
use gearway_engine::{
	ActorId, Executor, GasSchedule, Message, ReplyCode, Value,
	gear_core_errors::{
		ErrorReplyReason, ExecutionError, ExtError, MessageError, SimpleExecutionError,
		SuccessReplyReason,
	},
	ids,
	testkit::{DEFAULT_GAS, System},
};

const VALUE: Value = 5_000_000_000;
const ED: Value = 1_000_000_000;

/// All syscalls there are rows for, and memory: 0 is for results, Bob's id and no value lie at
/// 256, Bob's id and 2 000 000 000 at 320, Bob's id and 1 at 384, a text at 448.
fn module(handle: &str, rest: &str) -> Vec<u8> {
	let functions = [
		("alloc", "(param i32) (result i32)"),
		("free", "(param i32) (result i32)"),
		("free_range", "(param i32 i32) (result i32)"),
		("gr_block_height", "(param i32)"),
		("gr_block_timestamp", "(param i32)"),
		("gr_debug", "(param i32 i32)"),
		("gr_exit", "(param i32)"),
		("gr_gas_available", "(param i32)"),
		("gr_leave", ""),
		("gr_message_id", "(param i32)"),
		("gr_program_id", "(param i32)"),
		("gr_read", "(param i32 i32 i32 i32)"),
		("gr_reply", "(param i32 i32 i32 i32)"),
		("gr_reply_code", "(param i32)"),
		("gr_reply_commit", "(param i32 i32)"),
		("gr_reply_commit_wgas", "(param i64 i32 i32)"),
		("gr_reply_input", "(param i32 i32 i32 i32)"),
		("gr_reply_input_wgas", "(param i32 i32 i64 i32 i32)"),
		("gr_reply_push", "(param i32 i32 i32)"),
		("gr_reply_push_input", "(param i32 i32 i32)"),
		("gr_reply_to", "(param i32)"),
		("gr_reply_wgas", "(param i32 i32 i64 i32 i32)"),
		("gr_send", "(param i32 i32 i32 i32 i32)"),
		("gr_send_commit", "(param i32 i32 i32 i32)"),
		("gr_send_commit_wgas", "(param i32 i32 i64 i32 i32)"),
		("gr_send_init", "(param i32)"),
		("gr_send_input", "(param i32 i32 i32 i32 i32)"),
		("gr_send_input_wgas", "(param i32 i32 i32 i64 i32 i32)"),
		("gr_send_push", "(param i32 i32 i32 i32)"),
		("gr_send_push_input", "(param i32 i32 i32 i32)"),
		("gr_send_wgas", "(param i32 i32 i32 i64 i32 i32)"),
		("gr_size", "(param i32)"),
		("gr_source", "(param i32)"),
		("gr_value", "(param i32)"),
		("gr_value_available", "(param i32)"),
	];
	let imports: String = functions
		.iter()
		.map(|(name, ty)| format!(r#"(import "env" "{name}" (func ${name} {ty}))"#))
		.collect();
	let bob = "\\b0".repeat(32);
	let value = |value: Value| -> String {
		value.to_le_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect()
	};
	wat(&format!(
		r#"(module {imports}
			(import "env" "memory" (memory 1))
			(data (i32.const 256) "{bob}")
			(data (i32.const 320) "{bob}{two}")
			(data (i32.const 384) "{bob}{one}")
			(data (i32.const 448) "text")
			;; Replies with `len` bytes from address 0.
			(func $answer (param $len i32)
				(call $gr_reply (i32.const 0) (local.get $len) (i32.const -1) (i32.const 1024)))
			(func (export "init"))
			(func (export "handle") {handle})
			{rest})"#,
		two = value(2_000_000_000),
		one = value(1),
	))
}

/// Sends "hello" with value to a program whose `handle` is this; returns its reply.
fn replied<E: Executor>(system: &mut System<E>, handle: &str) -> (ActorId, Message) {
	let program = deploy(system, &module(handle, ""), b"");
	let message = system.send_message(program, ALICE, b"hello", VALUE).unwrap();
	system.run_next_block();
	let reply = system.reply_to(message).expect("there is a reply").clone();
	assert_eq!(reply.id, ids::reply_message_id(message));
	claim_all(system);
	system.run_next_block();
	assert_eq!(system.open_gas().count(), 0);
	assert_eq!(system.total_issuance(), 2 * FUNDS);
	(program, reply)
}

/// The payload of that reply, which is the same on both backends.
fn payload(handle: &str) -> Vec<u8> {
	let reply = on_both_backends!(|system| { replied(&mut system, handle).1 });
	let code = reply.reply.unwrap().code;
	assert_eq!(code, ReplyCode::Success(SuccessReplyReason::Manual), "{handle}");
	reply.payload
}

/// The error code that a syscall leaves at address 0.
fn error(calls: &str) -> u32 {
	u32::from_le_bytes(
		payload(&format!("{calls} (call $answer (i32.const 4))")).try_into().unwrap(),
	)
}

fn code(error: impl Into<ExtError>) -> u32 {
	error.into().to_u32()
}

#[test]
fn asking() {
	assert_eq!(
		payload("(call $gr_size (i32.const 0)) (call $answer (i32.const 4))"),
		5u32.to_le_bytes()
	);
	assert_eq!(
		payload("(call $gr_source (i32.const 0)) (call $answer (i32.const 32))"),
		[0xA1; 32]
	);
	assert_eq!(
		payload("(call $gr_value (i32.const 0)) (call $answer (i32.const 16))"),
		VALUE.to_le_bytes()
	);
	// What it must keep to live is not available.
	assert_eq!(
		payload("(call $gr_value_available (i32.const 0)) (call $answer (i32.const 16))"),
		(VALUE - ED).to_le_bytes()
	);
	assert_eq!(
		payload("(call $gr_block_height (i32.const 0)) (call $answer (i32.const 4))"),
		2u32.to_le_bytes()
	);
	assert_eq!(
		payload("(call $gr_block_timestamp (i32.const 0)) (call $answer (i32.const 8))"),
		1_700_000_006_000u64.to_le_bytes()
	);
	let (program, reply) = on_both_backends!(|system| {
		replied(&mut system, "(call $gr_program_id (i32.const 0)) (call $answer (i32.const 32))")
	});
	assert_eq!(reply.payload, program.as_ref());
	let (_, reply) = on_both_backends!(|system| {
		replied(&mut system, "(call $gr_message_id (i32.const 0)) (call $answer (i32.const 32))")
	});
	assert_eq!(reply.payload, reply.reply.unwrap().to.as_ref());
}

#[test]
fn gas_available_is_what_is_left() {
	let left = payload("nop (call $gr_gas_available (i32.const 0)) (call $answer (i32.const 8))");
	// One page; nop, const, call, const, call: all in one run, paid for at its start.
	let expected = DEFAULT_GAS - 1_000 - 5_000;
	assert_eq!(u64::from_le_bytes(left.try_into().unwrap()), expected);
	assert_eq!(GasSchedule::white_paper().syscall, 0);
}

#[test]
fn reading() {
	assert_eq!(
		payload(
			"(call $gr_read (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 600)) (call $answer (i32.const 5))"
		),
		b"hello"
	);
	assert_eq!(
		payload(
			"(call $gr_read (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 600)) (call $answer (i32.const 3))"
		),
		b"ell"
	);
	let read = |at: i32, len: i32| {
		error(&format!(
			"(call $gr_read (i32.const {at}) (i32.const {len}) (i32.const 700) (i32.const 0))"
		))
	};
	assert_eq!(read(0, 5), 0);
	assert_eq!(read(5, 0), 0);
	assert_eq!(read(0, 6), code(ExecutionError::ReadWrongRange));
	assert_eq!(read(6, 0), code(ExecutionError::ReadWrongRange));
	assert_eq!(read(-1, 2), code(ExecutionError::TooBigReadLen));
}

#[test]
fn replying() {
	let text = "(call $gr_reply_push (i32.const 448) (i32.const 4) (i32.const 0))";
	let hello = "(call $gr_reply_push_input (i32.const 1) (i32.const 2) (i32.const 0))";
	let commit = "(call $gr_reply_commit (i32.const -1) (i32.const 0))";
	assert_eq!(payload(&format!("{text} {hello} {text} {commit}")), b"texteltext");
	// A reply adds to what was pushed.
	assert_eq!(
		payload(&format!(
			"{text} (call $gr_reply_input (i32.const 0) (i32.const 5) (i32.const -1) (i32.const 0))"
		)),
		b"texthello"
	);
	assert_eq!(
		payload(
			"(call $gr_reply_wgas (i32.const 448) (i32.const 4) (i64.const 9) (i32.const -1) (i32.const 0))"
		),
		b"text"
	);
	assert_eq!(
		payload(
			"(call $gr_reply_input_wgas (i32.const 0) (i32.const 1) (i64.const 9) (i32.const -1) (i32.const 0))"
		),
		b"h"
	);
	assert_eq!(
		payload(&format!(
			"{hello} (call $gr_reply_commit_wgas (i64.const 9) (i32.const -1) (i32.const 0))"
		)),
		b"el"
	);
	// With value: at 352 stands 2 000 000 000.
	let (program, reply) = on_both_backends!(|system| {
		let sent = replied(
			&mut system,
			"(call $gr_reply (i32.const 448) (i32.const 4) (i32.const 352) (i32.const 0))",
		);
		assert_eq!(system.account(sent.0).free, VALUE - 2_000_000_000);
		sent
	});
	assert_eq!((reply.source, reply.destination, reply.value), (program, ALICE, 2_000_000_000));
}

#[test]
fn replies_that_are_refused() {
	// A first reply, and then its successors' error codes where a receiver finds them: in a
	// message to Bob.
	let attempt = |call: &str| {
		let sent = on_both_backends!(|system| {
			let handle = format!(
				"(call $answer (i32.const 0)) {call} \
				(call $gr_send (i32.const 256) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 600))"
			);
			replied(&mut system, &handle);
			inbox(&system, BOB)[0].payload.clone()
		});
		u32::from_le_bytes(sent.try_into().unwrap())
	};
	let duplicate = code(MessageError::DuplicateReply);
	assert_eq!(
		attempt("(call $gr_reply (i32.const 448) (i32.const 4) (i32.const -1) (i32.const 0))"),
		duplicate
	);
	assert_eq!(attempt("(call $gr_reply_commit (i32.const -1) (i32.const 0))"), duplicate);
	assert_eq!(
		attempt("(call $gr_reply_push (i32.const 448) (i32.const 4) (i32.const 0))"),
		code(MessageError::LateAccess)
	);
	// What fails first may be tried again: the draft is as before.
	assert_eq!(
		payload(
			"(call $gr_reply (i32.const 448) (i32.const 4) (i32.const 416) (i32.const 0)) \
			(call $answer (i32.const 4))"
		),
		code(MessageError::InsufficientValue).to_le_bytes()
	);
	assert_eq!(
		error(
			"(call $gr_reply_wgas (i32.const 0) (i32.const 0) (i64.const -1) (i32.const -1) (i32.const 0))"
		),
		code(ExecutionError::NotEnoughGas)
	);
	assert_eq!(
		error("(call $gr_reply (i32.const 0) (i32.const 65537) (i32.const -1) (i32.const 0))"),
		code(MessageError::MaxMessageSizeExceed)
	);
	assert_eq!(
		error("(call $gr_reply_input (i32.const 5) (i32.const 0) (i32.const -1) (i32.const 0))"),
		code(MessageError::OutOfBoundsInputSliceOffset)
	);
	assert_eq!(
		error("(call $gr_reply_input (i32.const 1) (i32.const 5) (i32.const -1) (i32.const 0))"),
		code(MessageError::OutOfBoundsInputSliceLength)
	);
	assert_eq!(error("(call $gr_reply_to (i32.const 0))"), code(ExecutionError::NoReplyContext));
	assert_eq!(error("(call $gr_reply_code (i32.const 0))"), code(ExecutionError::NoReplyContext));
}

/// What Bob gets from a program whose `handle` is this.
fn bob_gets(handle: &str) -> Vec<(Vec<u8>, Value)> {
	on_both_backends!(|system| {
		let (program, _) = replied(&mut system, handle);
		let messages = inbox(&system, BOB);
		let sum: Value = messages.iter().map(|message| message.value).sum();
		assert_eq!(system.account(program).free, VALUE - sum);
		assert_eq!(system.account(BOB).free, FUNDS + sum);
		messages.iter().map(|message| (message.payload.clone(), message.value)).collect()
	})
}

#[test]
fn sending() {
	assert_eq!(
		bob_gets(
			"(call $gr_send (i32.const 256) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0))"
		),
		[(b"text".to_vec(), 0)]
	);
	assert_eq!(
		bob_gets(
			"(call $gr_send_wgas (i32.const 320) (i32.const 448) (i32.const 4) (i64.const 7) (i32.const 0) (i32.const 0))"
		),
		[(b"text".to_vec(), 2_000_000_000)]
	);
	assert_eq!(
		bob_gets(
			"(call $gr_send_input (i32.const 256) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 0))"
		),
		[(b"ell".to_vec(), 0)]
	);
	assert_eq!(
		bob_gets(
			"(call $gr_send_input_wgas (i32.const 256) (i32.const 0) (i32.const 5) (i64.const 0) (i32.const 0) (i32.const 0))"
		),
		[(b"hello".to_vec(), 0)]
	);
	// Two drafts at a time, sent in the other order.
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
fn messages_that_are_refused() {
	let send = |to: i32, len: i32, delay: i32| {
		error(&format!(
			"(call $gr_send (i32.const {to}) (i32.const 448) (i32.const {len}) (i32.const {delay}) (i32.const 0))"
		))
	};
	assert_eq!(send(384, 4, 0), code(MessageError::InsufficientValue));
	assert_eq!(send(256, 65_537, 0), code(MessageError::MaxMessageSizeExceed));
	let twice =
		"(call $gr_send (i32.const 320) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0))";
	assert_eq!(error(twice), 0);
	// 4 000 000 000 may be spent: twice 2 000 000 000, and no more.
	assert_eq!(error(&format!("{twice} {twice}")), 0);
	assert_eq!(error(&format!("{twice} {twice} {twice}")), code(ExecutionError::NotEnoughValue));
	assert_eq!(
		error(
			"(call $gr_send_wgas (i32.const 256) (i32.const 448) (i32.const 4) (i64.const -1) (i32.const 0) (i32.const 0))"
		),
		code(ExecutionError::NotEnoughGas)
	);
	let commit = |handle: i32| {
		format!(
			"(call $gr_send_commit (i32.const {handle}) (i32.const 256) (i32.const 0) (i32.const 0))"
		)
	};
	let push = |handle: i32| {
		format!(
			"(call $gr_send_push (i32.const {handle}) (i32.const 448) (i32.const 4) (i32.const 0))"
		)
	};
	let init = "(call $gr_send_init (i32.const 8))";
	assert_eq!(error(&commit(0)), code(MessageError::OutOfBounds));
	assert_eq!(error(&push(0)), code(MessageError::OutOfBounds));
	assert_eq!(error(&format!("{init} {}", commit(0))), 0);
	assert_eq!(
		error(&format!("{init} {} {}", commit(0), commit(0))),
		code(MessageError::LateAccess)
	);
	assert_eq!(error(&format!("{init} {} {}", commit(0), push(0))), code(MessageError::LateAccess));
}

#[test]
fn a_dispatch_sends_only_so_much() {
	// As many drafts as are allowed, and one more.
	let begin = "(local $i i32) (loop $l (call $gr_send_init (i32.const 0)) \
		(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ROUNDS))))";
	assert_eq!(error(&begin.replace("ROUNDS", "1024")), 0);
	assert_eq!(
		error(&begin.replace("ROUNDS", "1025")),
		code(MessageError::OutgoingMessagesAmountLimitExceeded)
	);
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
fn leaving_keeps_what_was_done() {
	let (_, reply) = on_both_backends!(|system| {
		replied(
			&mut system,
			"(i32.store (i32.const 0) (i32.const 77)) (call $answer (i32.const 1)) (call $gr_leave) unreachable",
		)
	});
	assert_eq!(reply.payload, [77]);
}

#[test]
fn debug_output_is_kept_within_bounds() {
	on_both_backends!(|system| {
		let body = "(call $gr_debug (i32.const 448) (i32.const 4)) \
			(call $gr_debug (i32.const 0) (i32.const 20000)) \
			(call $gr_debug (i32.const 448) (i32.const 4)) unreachable";
		let program = deploy(&mut system, &module(body, ""), b"");
		let (_, block) = send(&mut system, program, b"");
		let texts: Vec<_> = block
			.events
			.into_iter()
			.filter_map(|event| match event {
				gearway_engine::Event::Debug { text, .. } => Some(text),
				_ => None,
			})
			.collect();
		// Also of a dispatch that fails.
		assert_eq!(texts.len(), 2);
		assert_eq!((texts[0].as_slice(), texts[1].len()), (b"text".as_slice(), 16 * 1024 - 4));
	});
}

#[test]
fn memory_is_allocated_where_there_is_room() {
	let calls = |calls: &str| payload(&format!("{calls} (call $answer (i32.const 24))"));
	let store = |index: u32, call: &str| format!("(i32.store (i32.const {}) {call})", index * 4);
	let alloc = |pages: u32| format!("(call $alloc (i32.const {pages}))");
	let results = calls(
		&[
			store(0, &alloc(2)),
			store(1, &alloc(1)),
			store(2, "(call $free (i32.const 2))"),
			store(3, &alloc(2)),
			store(4, &alloc(1)),
			store(5, &alloc(0)),
		]
		.concat(),
	);
	let words = |bytes: Vec<u8>| -> Vec<u32> {
		bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
	};
	// Two do not fit into the gap of one, one does; none begins where the heap does.
	assert_eq!(words(results), [1, 3, 0, 4, 2, 1]);
	let results = calls(
		&[
			store(0, &alloc(511)),
			store(1, &alloc(1)),
			store(2, "(call $free (i32.const 0))"),
			store(3, "(call $free (i32.const 512))"),
			store(4, "(call $free_range (i32.const 3) (i32.const 2))"),
			store(5, "(call $free_range (i32.const 1) (i32.const 511))"),
		]
		.concat(),
	);
	assert_eq!(words(results), [1, u32::MAX, 1, 1, 1, 0]);
	let results = calls(
		&[
			store(0, &alloc(u32::MAX)),
			store(1, "(call $free_range (i32.const 1) (i32.const 512))"),
			store(2, "(call $free_range (i32.const 1) (i32.const 9))"),
			store(3, "(call $free (i32.const -1))"),
			store(4, "(memory.size)"),
			store(5, "(i32.const 0)"),
		]
		.concat(),
	);
	assert_eq!(words(results), [u32::MAX, 1, 0, 1, 1, 0]);
}

#[test]
fn replies_are_handled_and_tell_what_they_answer() {
	on_both_backends!(|system| {
		let ping = deploy(&mut system, gearway_programs::PING, b"");
		// Sends its input to the actor whose id is at 512 (see `data` below), notes the message's
		// id at 2048, and in `handle_reply` what is answered, how, and with what.
		let id: String = ping.as_ref().iter().map(|byte| format!("\\{byte:02x}")).collect();
		let asker = module(
			"(call $gr_send_input (i32.const 512) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 2048))",
			&format!(
				r#"(data (i32.const 512) "{id}")
				(func (export "handle_reply")
					(call $gr_reply_to (i32.const 2112))
					(call $gr_reply_code (i32.const 2176))
					(call $gr_read (i32.const 0) (i32.const 4) (i32.const 2192) (i32.const 2188))
					(call $gr_reply (i32.const 0) (i32.const 4) (i32.const -1) (i32.const 2200)))"#
			),
		);
		let asker = deploy(&mut system, &asker, b"");
		let (_, block) = send(&mut system, asker, b"PING");
		// The question, its forwarding, the answer.
		assert_eq!((block.report.processed, block.report.failed), (3, 0));
		let memory = system.memory(asker).unwrap();
		assert_eq!(memory[2048..2052], [0; 4]);
		assert_eq!(memory[2112..2148], memory[2048..2084]);
		let manual = ReplyCode::Success(SuccessReplyReason::Manual).to_bytes();
		assert_eq!((&memory[2176..2180], &memory[2180..2184]), (&[0; 4][..], &manual[..]));
		assert_eq!(&memory[2192..2196], b"PONG");
		// To a reply there is no reply.
		let refused = u32::from_le_bytes(memory[2200..2204].try_into().unwrap());
		assert_eq!(refused, code(ExecutionError::IncorrectEntryForReply));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn trap_codes_are_gears() {
	let (_, reply) = on_both_backends!(|system| { replied(&mut system, "unreachable") });
	let trap = ErrorReplyReason::Execution(SimpleExecutionError::UnreachableInstruction);
	assert_eq!(reply.reply.unwrap().code, ReplyCode::Error(trap));
}
