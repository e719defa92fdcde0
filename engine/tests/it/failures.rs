//! What a failed dispatch leaves: its gas, its error reply, and all else as before.

use crate::support::*;
use gearway_engine::{
	ActorId, ApplyError, CodeId, Dispatch, DispatchKind, ErrorReplyReason, Executor, GasNode,
	Message, MessageId, Phase, PostError, Posting, Program, ReplyCode, State, StateMut, Value,
	gear_core_errors::{
		SimpleExecutionError as Execution, SimpleUnavailableActorError as Unavailable,
	},
	ids,
	testkit::{BLOCK_GAS, DEFAULT_GAS, System},
};

const VALUE: Value = 5_000_000_000;

/// A program that counts messages in memory, tells Bob, allocates a page, and then does `body`.
fn failing(body: &str) -> Vec<u8> {
	wat(&format!(
		r#"(module
			(import "env" "memory" (memory 1))
			(import "env" "alloc" (func $alloc (param i32) (result i32)))
			(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
			(import "env" "gr_panic" (func $panic (param i32 i32)))
			(import "env" "gr_oom_panic" (func $oom))
			(import "env" "gr_size" (func $size (param i32)))
			(import "env" "gr_debug" (func $debug (param i32 i32)))
			(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
			(type $void (func))
			(table 1 funcref)
			(elem (i32.const 0) $deeper)
			(data (i32.const 100) "{bob}")
			(data (i32.const 200) "for this reason")
			(func $deep (call $deep))
			(func $deeper (call_indirect (type $void) (i32.const 0)))
			(func (export "init"))
			(func (export "handle")
				(i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
				(call $send (i32.const 100) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 300))
				(drop (call $alloc (i32.const 1)))
				{body}))"#,
		bob = "\\b0".repeat(32)
	))
}

/// Sends `failing(body)` a message with value, asserts that nothing is left of it, and returns
/// why it failed and what the error reply says.
fn fails(body: &str) -> (ErrorReplyReason, Vec<u8>) {
	on_both_backends!(|system| {
		let program = deploy(&mut system, &failing(body), b"");
		let before = (system.program(program), system.memory(program));

		// A million instructions, for those who never come to an end.
		let gas = 1_000_000_000;
		let message = system.send_with_gas(program, ALICE, b"", VALUE, gas).unwrap();
		let block = system.run_next_block();
		assert_eq!((block.report.processed, block.report.failed), (1, 1));

		assert_eq!((system.program(program), system.memory(program)), before);
		assert_eq!(inbox(&system, BOB).len(), 0);
		assert_eq!(system.account(program).total(), 0);
		let spent = Value::from(gas_spent(&block, message));
		assert!(spent > 0);
		let init = FUNDS - system.account(ALICE).free - spent;
		assert_eq!(init, 64_000, "all that Alice lacks is gas");
		assert_at_rest(&system, 2 * FUNDS);

		let reply = system.reply_to(message).unwrap();
		assert_eq!((reply.source, reply.value), (program, 0));
		match reply.reply.unwrap().code {
			ReplyCode::Error(reason) => (reason, reply.payload.clone()),
			code => panic!("{code:?}"),
		}
	})
}

#[track_caller]
fn assert_fails(body: &str, error: Execution) {
	assert_eq!(fails(body), (ErrorReplyReason::Execution(error), Vec::new()), "{body}");
}

#[test]
fn traps() {
	assert_fails("unreachable", Execution::UnreachableInstruction);
	assert_fails(
		"(drop (i32.div_u (i32.const 1) (i32.const 0)))",
		Execution::UnreachableInstruction,
	);
	assert_fails("(drop (i32.load (i32.const -4)))", Execution::UnreachableInstruction);
	assert_fails("(call_indirect (type $void) (i32.const 1))", Execution::UnreachableInstruction);
}

#[test]
fn endless_work() {
	assert_fails("(loop (br 0))", Execution::RanOutOfGas);
}

#[test]
fn endless_depth() {
	assert_fails("(call $deep)", Execution::StackLimitExceeded);
	assert_fails("(call $deeper)", Execution::StackLimitExceeded);
}

#[test]
fn panics() {
	let (reason, payload) = fails("(call $panic (i32.const 200) (i32.const 15))");
	assert_eq!(reason, ErrorReplyReason::Execution(Execution::UserspacePanic));
	assert_eq!(payload, b"for this reason");
	// A reason of any length is cut.
	let (_, payload) = fails("(call $panic (i32.const 200) (i32.const -1))");
	assert_eq!(payload.len(), 1_024);
	assert_fails("(call $oom)", Execution::MemoryOverflow);
}

#[test]
fn pointers_out_of_memory() {
	for body in [
		"(call $size (i32.const -2))",
		"(call $size (i32.const 131070))",
		"(call $panic (i32.const -1) (i32.const 15))",
		"(call $debug (i32.const 131071) (i32.const 2))",
		"(call $send (i32.const 131040) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
		"(call $send (i32.const -32) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
		"(call $send (i32.const 100) (i32.const -4) (i32.const 9) (i32.const 0) (i32.const 0))",
		"(call $reply (i32.const 0) (i32.const 0) (i32.const -2) (i32.const 0))",
		"(call $reply (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 131040))",
	] {
		assert_fails(body, Execution::BackendError);
	}
}

#[test]
fn a_failed_init_ends_the_program() {
	on_both_backends!(|system| {
		let code = wat(r#"(module (import "env" "memory" (memory 1))
				(func (export "init") (i32.store (i32.const 0) (i32.const 1)) unreachable))"#);
		let code = system.upload_code(&code).unwrap();
		let (program, init) = system.create_program(code, b"", ALICE, b"", VALUE).unwrap();
		// Behind the message that will fail.
		let early = system.send_message(program, BOB, b"", VALUE).unwrap();
		system.run_next_block();

		assert_eq!(system.program(program).unwrap().phase, Phase::Terminated);
		let reply = system.reply_to(init).unwrap().reply.unwrap();
		let trap = ErrorReplyReason::Execution(Execution::UnreachableInstruction);
		assert_eq!(reply.code, ReplyCode::Error(trap));
		let reply = system.reply_to(early).unwrap().reply.unwrap();
		assert_eq!(reply.code, ReplyCode::error(Unavailable::InitializationFailure));
		assert_eq!(system.account(BOB).free, FUNDS);

		let late = system.send_message(program, ALICE, b"", 0);
		assert_eq!(late, Err(PostError::ProgramGone(program)));
		let again = system.create_program(code, b"", ALICE, b"", 0);
		assert_eq!(again, Err(PostError::ProgramExists(program)));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

/// Puts a message into the queue that posting would not take.
fn smuggle<E: Executor>(system: &mut System<E>, destination: ActorId) -> MessageId {
	let id = ids::posted_message_id(0, ALICE, 0);
	system.reserve_gas(ALICE, DEFAULT_GAS).unwrap();
	system.hold_value(ALICE, VALUE).unwrap();
	let node = GasNode { payer: ALICE, remaining: DEFAULT_GAS, locked: 0, users: 1 };
	system.set_gas_node(id, Some(node));
	let message =
		Message { id, source: ALICE, destination, payload: vec![], value: VALUE, reply: None };
	let kind = DispatchKind::Handle;
	system.queue_push(Dispatch::new(kind, message, id, ALICE));
	id
}

#[test]
fn programs_that_take_no_message() {
	for (phase, reason, payload) in [
		(None, Unavailable::ProgramNotCreated, vec![]),
		(Some(Phase::Terminated), Unavailable::InitializationFailure, vec![]),
		(Some(Phase::Exited { inheritor: BOB }), Unavailable::ProgramExited, vec![0xB0; 32]),
		(Some(Phase::Uploaded { init: [9; 32].into() }), Unavailable::Uninitialized, vec![]),
		(Some(Phase::Initialising { init: [9; 32].into() }), Unavailable::Uninitialized, vec![]),
	] {
		on_both_backends!(|system| {
			let id = ActorId::new([7; 32]);
			if let Some(phase) = phase {
				let program = Program::new([1; 32].into(), [9; 32].into());
				system.set_program(id, Program { phase, ..program });
			}
			let message = smuggle(&mut system, id);
			assert_eq!(system.run_next_block().report.failed, 1);
			let reply = system.reply_to(message).unwrap();
			assert_eq!(reply.reply.unwrap().code, ReplyCode::error(reason));
			assert_eq!(reply.payload, payload);
			assert_eq!(system.account(ALICE).free, FUNDS);
			assert_at_rest(&system, 2 * FUNDS);
		});
	}
}

#[test]
fn postings_that_are_refused() {
	let mut system = system(gearway_engine::Wasmi::new());
	let program = deploy(&mut system, gearway_programs::PING, b"");
	let before = system.chain().clone();
	let posting = |gas_limit, value, len| Posting {
		source: ALICE,
		payer: ALICE,
		payload: vec![0; len],
		gas_limit,
		value,
	};
	let funds = gearway_engine::FundsError::Insufficient;
	let nobody = ActorId::new([7; 32]);
	for (destination, posting, error) in [
		(nobody, posting(0, 0, 0), PostError::NoProgram(nobody)),
		(
			program,
			posting(BLOCK_GAS + 1, 0, 0),
			PostError::GasLimitTooHigh { actual: BLOCK_GAS + 1, limit: BLOCK_GAS },
		),
		(program, Posting { payer: nobody, ..posting(1, 0, 0) }, PostError::Gas(funds)),
		(program, posting(1, Value::MAX, 0), PostError::Value(funds)),
		(program, posting(1, 1, 0), PostError::ValueTooSmall { actual: 1, least: 1_000_000_000 }),
		(
			program,
			posting(1, 0, 65_537),
			PostError::PayloadTooLong { actual: 65_537, limit: 65_536 },
		),
	] {
		assert_eq!(system.post_message(destination, posting), Err(error));
		assert_eq!(system.chain(), &before);
	}
	let code = CodeId::from([3; 32]);
	let refused = system.post_program(code, b"", posting(1, 0, 0));
	assert_eq!(refused, Err(PostError::NoCode(code)));
	assert_eq!(system.chain(), &before);
}

#[test]
fn broken_invariants_put_the_message_aside() {
	let mut system = system(gearway_engine::Wasmi::new());
	let program = deploy(&mut system, gearway_programs::CAPACITOR, b"10");
	let good = system.program(program).unwrap();

	let lost_code = Program { code: [5; 32].into(), ..good.clone() };
	let index = good.chunks.iter().next().unwrap();
	let chunk = system.chunk(program, index);
	for (broken, chunk, error) in [
		(&lost_code, &chunk, ApplyError::NoCode([5; 32].into())),
		(&good, &None, ApplyError::NoChunk(program, index)),
	] {
		system.set_program(program, broken.clone());
		system.set_chunk(program, index, chunk.clone());
		system.send_message(program, ALICE, b"1", 0).unwrap();
		let other = system.send_message(program, ALICE, b"2", 0).unwrap();
		let block = system.run_next_block();
		assert_eq!((block.report.processed, block.report.quarantined), (2, 2));
		let aside = &system.quarantined()[system.quarantined().len() - 1];
		assert_eq!((aside.0.message.id, aside.1), (other, error));
		assert_eq!(system.program(program).as_ref(), Some(broken));
	}
	// A message whose gas node is gone is put aside too, and the block goes on.
	system.set_chunk(program, index, chunk);
	let lost = system.send_message(program, ALICE, b"3", 0).unwrap();
	system.set_gas_node(lost, None);
	let fine = system.send_message(program, ALICE, b"4", 0).unwrap();
	let block = system.run_next_block();
	assert_eq!((block.report.processed, block.report.quarantined), (2, 1));
	assert!(system.reply_to(fine).unwrap().reply.unwrap().code.is_success());
}

#[test]
fn funds_that_vanish_fail_the_dispatch_as_a_whole() {
	let mut system = system(gearway_engine::Wasmi::new());
	let program = deploy(&mut system, gearway_programs::CAPACITOR, b"10");
	let memory = system.memory(program);
	let message = system.send_message(program, ALICE, b"9", VALUE).unwrap();
	// Somebody took the held value: neither delivery nor return is possible.
	system.deliver_value(ALICE, BOB, VALUE).unwrap();
	let block = system.run_next_block();
	assert_eq!(block.report.quarantined, 1);
	assert_eq!(system.memory(program), memory);
	assert_eq!(system.quarantined()[0].0.message.id, message);
}
