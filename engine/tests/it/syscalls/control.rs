//! Ending, and saying why.

use super::*;
use gearway_engine::{
	ErrorReplyReason, Phase, State,
	gear_core_errors::{SimpleExecutionError, SimpleUnavailableActorError},
};

fn failure(handle: &str) -> (ErrorReplyReason, Vec<u8>) {
	let (_, reply) = on_both_backends!(|system| { replied(&mut system, handle) });
	match reply.reply.unwrap().code {
		ReplyCode::Error(reason) => (reason, reply.payload),
		code => panic!("{code:?}"),
	}
}

#[test]
fn gr_leave_keeps_what_was_done() {
	let (_, reply) = on_both_backends!(|system| {
		replied(
			&mut system,
			"(i32.store (i32.const 0) (i32.const 77)) (call $answer (i32.const 1)) (call $gr_leave) unreachable",
		)
	});
	assert_eq!(reply.payload, [77]);
}

#[test]
fn gr_panic_gives_its_reason_to_the_sender() {
	let panic = failure("(call $gr_panic (i32.const 448) (i32.const 4))");
	assert_eq!(panic, (SimpleExecutionError::UserspacePanic.into(), b"text".to_vec()));
	// The reason is cut off where it becomes too long.
	let long = failure("(call $gr_panic (i32.const 0) (i32.const 60000))");
	assert_eq!(long.1.len(), 1_024);
}

#[test]
fn gr_oom_panic_is_a_memory_overflow() {
	let out = failure("(call $gr_oom_panic)");
	assert_eq!(out, (SimpleExecutionError::MemoryOverflow.into(), Vec::new()));
}

#[test]
fn traps_have_gears_codes() {
	assert_eq!(failure("unreachable").0, SimpleExecutionError::UnreachableInstruction.into());
}

#[test]
fn gr_exit_leaves_everything_to_the_inheritor() {
	on_both_backends!(|system| {
		let exits = module("(call $gr_exit (i32.const 256))", "");
		let program = deploy(&mut system, &exits, b"");
		system.send_message(program, ALICE, b"", VALUE).unwrap();
		let late = system.send_message(program, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		assert_eq!(system.program(program).unwrap().phase, Phase::Exited { inheritor: BOB });
		assert_eq!(system.account(BOB).free, FUNDS + VALUE);
		let reply = system.reply_to(late).unwrap();
		let gone = SimpleUnavailableActorError::ProgramExited;
		assert_eq!(reply.reply.unwrap().code, ReplyCode::error(gone));
		assert_eq!(reply.payload, BOB.as_ref());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_exit_of_several_passes_on_to_the_last_inheritor() {
	on_both_backends!(|system| {
		// Exits for whom it is told.
		let exits = module(
			"(call $gr_read (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 600)) \
			(call $gr_exit (i32.const 0))",
			"",
		);
		let code = system.upload_code(&exits).unwrap();
		let programs = [b"a", b"b", b"c"]
			.map(|salt| system.create_program(code, salt, ALICE, b"", VALUE).unwrap().0);
		let [a, b, c] = programs;
		system.run_next_block();
		for (program, inheritor) in [(a, BOB), (b, a), (c, c)] {
			system.send_message(program, ALICE, inheritor.as_ref(), 0).unwrap();
			system.run_next_block();
		}
		// What `b` left to `a`, which was gone, is Bob's.
		assert_eq!(system.account(BOB).free, FUNDS + 2 * VALUE);
		// Who leaves to itself keeps what it has, and nobody has it ever after.
		assert_eq!(system.account(c).free, VALUE);
		// What comes in later can be claimed, in the name of the inheritor.
		system.mint_to(b, VALUE);
		assert_eq!(system.claim_inheritance(b), Ok(BOB));
		assert_eq!(system.account(BOB).free, FUNDS + 3 * VALUE);
		assert_eq!(system.claim_inheritance(c), Ok(c));
		assert_eq!(system.account(c).free, VALUE);
		assert_at_rest(&system, 2 * FUNDS + VALUE);
	});
}

#[test]
fn gr_exit_in_a_circle_harms_nobody_else() {
	on_both_backends!(|system| {
		let exits = module(
			"(call $gr_read (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 600)) \
			(call $gr_exit (i32.const 0))",
			"",
		);
		let code = system.upload_code(&exits).unwrap();
		let [a, b] = [b"a", b"b"]
			.map(|salt| system.create_program(code, salt, ALICE, b"", VALUE).unwrap().0);
		system.send_message(a, ALICE, b.as_ref(), 0).unwrap();
		system.send_message(b, ALICE, a.as_ref(), 0).unwrap();
		system.run_next_block();
		// An even number of steps leads back to where it began.
		assert_eq!(system.claim_inheritance(a), Ok(a));
		assert_eq!(system.account(a).free + system.account(b).free, 2 * VALUE);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_debug_is_kept_within_bounds() {
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
