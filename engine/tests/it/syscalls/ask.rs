//! Asking: about the message, the program, the block.

use super::*;
use gearway_engine::{Economy, gear_core_errors::ExecutionError, ids, testkit::DEFAULT_GAS};

/// What a syscall that takes nothing but an address writes there.
fn asked(name: &str, len: u32) -> Vec<u8> {
	payload(&format!("(call ${name} (i32.const 0)) (call $answer (i32.const {len}))"))
}

#[test]
fn gr_size_is_the_payloads() {
	assert_eq!(asked("gr_size", 4), 5u32.to_le_bytes());
}

#[test]
fn gr_source_is_the_sender() {
	assert_eq!(asked("gr_source", 32), ALICE.as_ref());
}

#[test]
fn gr_value_is_what_came_along() {
	assert_eq!(asked("gr_value", 16), VALUE.to_le_bytes());
}

#[test]
fn gr_value_available_leaves_the_existential_deposit() {
	assert_eq!(asked("gr_value_available", 16), (VALUE - ED).to_le_bytes());
}

#[test]
fn gr_block_height_is_the_blocks() {
	assert_eq!(asked("gr_block_height", 4), 2u32.to_le_bytes());
}

#[test]
fn gr_block_timestamp_is_in_milliseconds() {
	assert_eq!(asked("gr_block_timestamp", 8), 1_700_000_006_000u64.to_le_bytes());
}

#[test]
fn gr_program_id_is_its_own() {
	let (program, reply) = on_both_backends!(|system| {
		replied(&mut system, "(call $gr_program_id (i32.const 0)) (call $answer (i32.const 32))")
	});
	assert_eq!(reply.payload, program.as_ref());
}

#[test]
fn gr_message_id_is_the_messages() {
	let (_, reply) = on_both_backends!(|system| {
		replied(&mut system, "(call $gr_message_id (i32.const 0)) (call $answer (i32.const 32))")
	});
	assert_eq!(reply.payload, reply.reply.unwrap().to.as_ref());
}

#[test]
fn gr_gas_available_is_what_is_left() {
	let left = payload("nop (call $gr_gas_available (i32.const 0)) (call $answer (i32.const 8))");
	// One page; nop, const, call, const, call: all in one run, paid for at its start.
	let expected = DEFAULT_GAS - 1_000 - 5_000;
	assert_eq!(u64::from_le_bytes(left.try_into().unwrap()), expected);
}

#[test]
fn gr_read_gives_the_payload_and_nothing_beyond_it() {
	let read = |at: i32, len: i32, answer: i32| {
		payload(&format!(
			"(call $gr_read (i32.const {at}) (i32.const {len}) (i32.const 0) (i32.const 600)) \
			(call $answer (i32.const {answer}))"
		))
	};
	assert_eq!(read(0, 5, 5), b"hello");
	assert_eq!(read(1, 3, 3), b"ell");
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
fn gr_random_hashes_the_subject_with_the_blocks_seed() {
	// The subject is Bob's id.
	let random =
		payload("(call $gr_random (i32.const 256) (i32.const 0)) (call $answer (i32.const 36))");
	let (block, number) = random.split_at(4);
	assert_eq!(block, 2u32.to_le_bytes());
	let seed = ids::code_id(&2u32.to_le_bytes());
	let subject_and_seed = [BOB.as_ref(), seed.as_ref()].concat();
	assert_eq!(number, ids::code_id(&subject_and_seed).as_ref());
	// Another subject, another number.
	let other =
		payload("(call $gr_random (i32.const 448) (i32.const 0)) (call $answer (i32.const 36))");
	assert_ne!(random, other);
}

#[test]
fn gr_env_vars_has_the_layout_of_gsys() {
	let vars = "(call $gr_env_vars (i32.const 1) (i32.const 0)) (call $answer (i32.const 52))";
	let expected = |threshold: u64, gas_per_value: u64, value_per_gas: Value| {
		[
			&100u32.to_le_bytes()[..],
			&ED.to_le_bytes(),
			&threshold.to_le_bytes(),
			&gas_per_value.to_le_bytes(),
			&value_per_gas.to_le_bytes(),
		]
		.concat()
	};
	assert_eq!(payload(vars), expected(0, 1, 1));
	let rented = on_both_backends!(rented(), |system| { replied(&mut system, vars).1.payload });
	assert_eq!(rented, expected(20_000, 1, 1));
	let free = on_both_backends!(|system| {
		system.set_economy(Economy::Free);
		replied(&mut system, vars).1.payload
	});
	assert_eq!(free, expected(0, u64::MAX, 0));
	// There is one version.
	let reply = on_both_backends!(|system| {
		replied(&mut system, "(call $gr_env_vars (i32.const 2) (i32.const 0))").1
	});
	assert!(reply.reply.unwrap().code.is_error());
}

#[test]
fn gr_reply_to_wants_a_reply() {
	assert_eq!(error("(call $gr_reply_to (i32.const 0))"), code(ExecutionError::NoReplyContext));
}

#[test]
fn gr_reply_code_wants_a_reply() {
	assert_eq!(error("(call $gr_reply_code (i32.const 0))"), code(ExecutionError::NoReplyContext));
}

#[test]
fn gr_reply_to_and_code_tell_what_is_answered_and_how() {
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
