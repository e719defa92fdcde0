//! Programs from upload to exit, and what passes between actors.

use crate::support::*;
use gearway_engine::{
	ActorId, Executor, Phase, ReplyCode, Settings, State, Value, Wasmi, check_code,
	gear_core_errors::SuccessReplyReason,
	ids,
	testkit::{DEFAULT_GAS, System},
};

const VALUE: Value = 5_000_000_000;

#[test]
fn a_program_lives_through_its_phases() {
	on_both_backends!(|system| {
		// Exits for Bob when told anything.
		let code = wat(&format!(
			r#"(module
				(import "env" "memory" (memory 1))
				(import "env" "gr_exit" (func $exit (param i32)))
				(import "env" "alloc" (func $alloc (param i32) (result i32)))
				(data (i32.const 0) "{}")
				(func (export "init") (i32.store (i32.const 9000) (call $alloc (i32.const 1))))
				(func (export "handle") (call $exit (i32.const 0)) unreachable))"#,
			bytes(BOB)
		));
		let code = system.upload_code(&code).unwrap();
		let (program, init) = system.create_program(code, b"", ALICE, b"", VALUE).unwrap();
		assert_eq!(program, ids::program_id(code, b""));
		let phase = |system: &System<_>| system.program(program).unwrap().phase;
		assert_eq!(phase(&system), Phase::Uploaded { init });
		system.run_next_block();
		assert_eq!(phase(&system), Phase::Active);
		let now = system.program(program).unwrap();
		assert_eq!((now.pages.len(), now.chunks.len()), (1, 1));
		assert_eq!(system.account(program).free, VALUE);

		let last = system.send_message(program, ALICE, b"", VALUE).unwrap();
		let late = system.send_message(program, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		assert_eq!(phase(&system), Phase::Exited { inheritor: BOB });
		let gone = system.program(program).unwrap();
		assert!(gone.pages.is_empty() && gone.chunks.is_empty());
		assert_eq!(system.chunk(program, 2), None);
		// All it had goes to Bob, what came too late back to Alice.
		assert_eq!(system.account(program).total(), 0);
		assert_eq!(system.account(BOB).free, FUNDS + 2 * VALUE);
		assert!(system.reply_to(last).unwrap().reply.unwrap().code.is_success());
		let exited = system.reply_to(late).unwrap();
		assert_eq!(exited.payload, BOB.as_ref());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn what_has_no_entry_point_is_delivered() {
	on_both_backends!(|system| {
		let only = |entry: &str| {
			wat(&format!(
				r#"(module (import "env" "memory" (memory 2)) (func (export "{entry}") nop))"#
			))
		};
		let silent = deploy(&mut system, &only("init"), b"");
		let message = system.send_message(silent, ALICE, b"", VALUE).unwrap();
		let block = system.run_next_block();
		assert_eq!(gas_spent(&block, message), 0);
		let reply = system.reply_to(message).unwrap().reply.unwrap();
		assert_eq!(reply.code, ReplyCode::Success(SuccessReplyReason::Auto));
		assert_eq!(system.account(silent).free, VALUE);

		// Without `init`, its memory is its own all the same.
		let code = system.upload_code(&only("handle")).unwrap();
		let (program, init) = system.create_program(code, b"", ALICE, b"", 0).unwrap();
		assert_eq!(gas_spent(&system.run_next_block(), init), 2 * 64_000);
		let (message, block) = send(&mut system, program, b"");
		assert_eq!(gas_spent(&block, message), 2_000 + 1_000);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn memory_persists_and_freed_memory_does_not() {
	on_both_backends!(|system| {
		// The first message allocates a page and writes to it, the second frees it, the third
		// allocates it again.
		let code = wat(r#"(module
				(import "env" "memory" (memory 1))
				(import "env" "alloc" (func $alloc (param i32) (result i32)))
				(import "env" "free" (func $free (param i32) (result i32)))
				(func (export "init"))
				(func (export "handle") (local $n i32)
					(local.set $n (i32.add (i32.load (i32.const 0)) (i32.const 1)))
					(i32.store (i32.const 0) (local.get $n))
					(if (i32.eq (local.get $n) (i32.const 1)) (then
						(drop (call $alloc (i32.const 1)))
						(i32.store (i32.const 70000) (i32.const 42))))
					(if (i32.eq (local.get $n) (i32.const 2)) (then
						(if (i32.ne (i32.load (i32.const 70000)) (i32.const 42)) (then unreachable))
						(drop (call $free (i32.const 1)))
						;; Zeroed within one message, too.
						(drop (call $alloc (i32.const 1)))
						(if (i32.load (i32.const 70000)) (then unreachable))
						(i32.store (i32.const 70000) (i32.const 43))
						(drop (call $free (i32.const 1)))))
					(if (i32.eq (local.get $n) (i32.const 3)) (then
						(if (i32.ne (memory.size) (i32.const 1)) (then unreachable))
						(drop (call $alloc (i32.const 1)))
						(if (i32.load (i32.const 70000)) (then unreachable))))))"#);
		let program = deploy(&mut system, &code, b"");
		let mut stored = Vec::new();
		for _ in 0..3 {
			let (_, block) = send(&mut system, program, b"");
			assert_eq!(block.report.failed, 0);
			let now = system.program(program).unwrap();
			stored.push((now.pages.len(), now.chunks.iter().collect::<Vec<_>>()));
		}
		// 70 000 is in chunk 17; chunk 0 has the counter.
		assert_eq!(stored, [(1, vec![0, 17]), (0, vec![0]), (1, vec![0])]);
		assert_eq!(system.chunk(program, 17), None);
	});
}

#[test]
fn value_passes_from_hand_to_hand() {
	on_both_backends!(|system| {
		let last = deploy(&mut system, &forwarder(BOB, 1_000_000_000, None), b"");
		let first = deploy(&mut system, &forwarder(last, 3_000_000_000, Some(1_000_000_000)), b"");
		let message = system.send_message(first, ALICE, b"take this", VALUE).unwrap();
		let block = system.run_next_block();
		// Two messages and the reply of the last to the first.
		assert_eq!((block.report.processed, block.report.failed), (3, 0));
		assert_eq!(inbox(&system, BOB)[0].payload, b"take this");
		assert_eq!(system.account(first).free, VALUE - 3_000_000_000);
		assert_eq!(system.account(last).free, 2_000_000_000);
		assert_eq!(system.account(BOB).free, FUNDS + 1_000_000_000);
		assert!(system.reply_to(message).is_some());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gas_passed_on_comes_back_to_who_paid_it() {
	on_both_backends!(|system| {
		let trap = wat(r#"(module (import "env" "memory" (memory 1))
				(func (export "init")) (func (export "handle") (loop (br 0))))"#);
		let trap = deploy(&mut system, &trap, b"");
		let caller = deploy(&mut system, &forwarder(trap, 1_000_000_000, Some(10_000_000)), b"");
		let before = system.account(ALICE).free;
		let message = system.send_message(caller, ALICE, b"!", VALUE).unwrap();
		let block = system.run_next_block();
		assert_eq!((block.report.processed, block.report.failed), (3, 1));
		// The loop took all it was given and not more.
		let own = gas_spent(&block, message);
		assert_eq!(block.report.gas_spent, own + 10_000_000);
		assert_eq!(before - system.account(ALICE).free, VALUE + Value::from(own + 10_000_000));
		// The value went back to the program that had sent it.
		assert_eq!(system.account(caller).free, VALUE);
		assert_eq!(system.account(trap).free, 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn someone_else_may_pay() {
	let mut system = system(Wasmi::new());
	let stranger = ActorId::new([0xEE; 32]);
	let program = deploy(&mut system, gearway_programs::CAPACITOR, b"5");
	let posting = |payload: &[u8]| gearway_engine::Posting {
		source: stranger,
		payer: BOB,
		payload: payload.to_vec(),
		gas_limit: DEFAULT_GAS,
		value: VALUE,
	};
	system.post_message(program, posting(b"7")).unwrap();
	let bad = system.post_message(program, posting(b"x")).unwrap();
	let block = system.run_next_block();
	assert_eq!(inbox(&system, stranger)[0].payload, b"Discharged: 7");
	assert!(system.reply_to(bad).unwrap().reply.unwrap().code.is_error());
	// Bob has back the value of the message that failed, and all gas that was left.
	let spent = Value::from(block.report.gas_spent);
	assert_eq!(system.account(BOB).free, FUNDS - VALUE - spent);
	assert_eq!(system.account(stranger).total(), 0);
	assert_at_rest(&system, 2 * FUNDS);
}

#[test]
fn with_production_prices_all_is_paid_too() {
	fn run<E: Executor>(executor: E) -> gearway_engine::testkit::Chain {
		let mut system = System::with(Settings::production(), executor);
		system.mint_to(ALICE, FUNDS);
		let capacitor = deploy(&mut system, gearway_programs::CAPACITOR, b"5");
		let (message, block) = send(&mut system, capacitor, b"7");
		assert_eq!(inbox(&system, ALICE)[0].payload, b"Discharged: 7");
		// Dearer than the fixed part, and far from a block.
		let spent = gas_spent(&block, message);
		assert!((500_000_000..20_000_000_000).contains(&spent), "{spent}");
		claim_all(&mut system);
		system.run_next_block();
		assert_at_rest(&system, FUNDS);
		system.chain().clone()
	}
	let compiled = gearway_engine::Wasmtime::new().unwrap();
	assert_eq!(run(Wasmi::new()), run(compiled));
}

#[test]
fn codes_are_kept_whole() {
	use codec::{Decode, Encode};
	let code = check_code(gearway_programs::CAPACITOR, &Settings::production().limits).unwrap();
	assert_eq!(code.id, ids::code_id(gearway_programs::CAPACITOR));
	assert_eq!(code.metadata.len as usize, code.bytes.len());
	assert!(code.metadata.entries.init && code.metadata.entries.handle);
	assert_eq!(code.metadata.stack_end, 32 * 1024);
	assert_eq!(gearway_engine::Code::decode(&mut code.encode().as_slice()), Ok(code));
}
