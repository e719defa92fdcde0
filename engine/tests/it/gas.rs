//! The white paper's prices, against figures computed by hand.
//!
//! An instruction costs 1 000, a newly allocated page 64 000, an already allocated page 1 000 per
//! message. `end` and `else` are no instructions.

use crate::support::*;
use gearway_engine::{
	ErrorReplyReason, Event, Executor, Gas, GasSchedule, Limits, Settings, State,
	gear_core_errors::SimpleExecutionError, testkit::System,
};

/// A module with one page and this body of `handle`.
fn module(body: &str) -> Vec<u8> {
	wat(&format!(
		r#"(module
			(import "env" "memory" (memory 1))
			(import "env" "alloc" (func $alloc (param i32) (result i32)))
			(import "env" "free" (func $free (param i32) (result i32)))
			(type $void (func))
			(table 1 funcref)
			(elem (i32.const 0) $two)
			(func $two nop nop)
			(func $early (param i32) (result i32)
				(block (br_if 0 (local.get 0)) (return (i32.const 1)))
				i32.const 2)
			(func (export "init"))
			(func (export "handle") (local $i i32) (local $j i32) {body}))"#
	))
}

/// What a message to it costs.
fn cost(body: &str) -> Gas {
	on_both_backends!(|system| {
		let program = deploy(&mut system, &module(body), b"");
		let (message, block) = send(&mut system, program, b"");
		assert_at_rest(&system, 2 * FUNDS);
		gas_spent(&block, message)
	})
}

/// Asserts that `handle` executes so many instructions, its one page aside.
#[track_caller]
fn assert_instructions(body: &str, instructions: u64) {
	assert_eq!(cost(body), 1_000 + instructions * 1_000, "{body}");
}

#[test]
fn straight_code() {
	assert_instructions("", 0);
	assert_instructions("nop nop nop", 3);
	assert_instructions("(drop (i32.add (i32.const 1) (i32.const 2)))", 4);
	assert_instructions("(i32.store (i32.const 0) (i32.load (i32.const 4)))", 4);
}

#[test]
fn blocks() {
	assert_instructions("(block nop) nop", 3);
	assert_instructions("(block (block (block)))", 3);
	// Skipped: the two behind the branch.
	assert_instructions("(block (br 0) nop nop) nop", 3);
	assert_instructions("(block (block (br 1)) nop) nop", 4);
	// What follows an `end` that nothing reaches is not executed.
	assert_instructions("(block (block (br 1)) nop nop nop)", 3);
	assert_instructions("(return) nop", 1);
	assert_instructions("(block (return)) nop", 2);
}

#[test]
fn conditions() {
	assert_instructions("(if (i32.const 1) (then nop nop) (else nop))", 4);
	assert_instructions("(if (i32.const 0) (then nop nop) (else nop))", 3);
	assert_instructions("(if (i32.const 0) (then nop nop)) nop", 3);
	assert_instructions("(if (i32.const 1) (then nop nop)) nop", 5);
	assert_instructions("(if (i32.const 1) (then return) (else nop)) nop", 3);
	assert_instructions("(if (i32.const 0) (then return) (else nop)) nop", 4);
	assert_instructions("(block (br_if 0 (i32.const 0)) nop)", 4);
	assert_instructions("(block (br_if 0 (i32.const 1)) nop)", 3);
	assert_instructions("(drop (select (i32.const 1) (i32.const 2) (i32.const 0)))", 5);
}

#[test]
fn tables_of_branches() {
	let body =
		|index| format!("(block $b (block $a (br_table $a $b (i32.const {index}))) nop nop) nop");
	assert_instructions(&body(0), 7);
	assert_instructions(&body(1), 5);
	assert_instructions(&body(9), 5);
}

#[test]
fn loops() {
	// loop, and seven instructions ten times.
	let ten = "(loop $l (br_if $l (i32.lt_u \
		(local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))";
	assert_instructions(ten, 71);
	// A loop that nothing leads back to.
	assert_instructions("(loop nop) nop", 3);
	// Three times: loop, (3 × 7), const, set, and seven to count.
	let nested = "(loop $o \
		(loop $l (br_if $l (i32.lt_u \
			(local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))) \
		(local.set $i (i32.const 0)) \
		(br_if $o (i32.lt_u \
			(local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 3))))";
	assert_instructions(nested, 1 + 3 * (1 + 21 + 2 + 7));
}

#[test]
fn calls() {
	assert_instructions("(call $two)", 3);
	assert_instructions("(call $two) (call $two) nop", 7);
	assert_instructions("(call_indirect (type $void) (i32.const 0))", 4);
	// block, get, br_if; then i32.const 2, or i32.const 1 and return.
	assert_instructions("(drop (call $early (i32.const 1)))", 3 + 4);
	assert_instructions("(drop (call $early (i32.const 0)))", 3 + 5);
}

#[test]
fn large_frames() {
	let with_locals = |locals: usize| {
		let locals = "i64 ".repeat(locals);
		wat(&format!(
			r#"(module (import "env" "memory" (memory 1))
				(func $f (param i32) (local {locals}))
				(func (export "init"))
				(func (export "handle") (call $f (i32.const 0))))"#
		))
	};
	// A parameter is a local too. Each 8 locals beyond 64, begun or full, cost as an instruction.
	for (locals, zeroing) in [(0, 0), (63, 0), (64, 1), (71, 1), (72, 2), (511, 56)] {
		let cost = on_both_backends!(|system| {
			let program = deploy(&mut system, &with_locals(locals), b"");
			let (message, block) = send(&mut system, program, b"");
			gas_spent(&block, message)
		});
		assert_eq!(cost, 1_000 + 2_000 + zeroing * 1_000, "{locals}");
	}
}

#[test]
fn a_trap_costs_the_run_of_instructions_it_is_in() {
	assert_instructions("nop unreachable nop", 2);
	assert_instructions("(drop (i32.div_u (i32.const 1) (i32.const 0))) nop", 5);
	assert_instructions("(call_indirect (type $void) (i32.const 7)) nop", 3);
}

#[test]
fn pages() {
	on_both_backends!(|system| {
		let code = module("(drop (call $alloc (i32.const 2)))");
		let code = system.upload_code(&code).unwrap();
		let (program, init) = system.create_program(code, b"", ALICE, b"", 0).unwrap();
		// Its static page is new.
		assert_eq!(gas_spent(&system.run_next_block(), init), 64_000);
		for allocated in [1, 3, 5] {
			let (message, block) = send(&mut system, program, b"");
			let expected = allocated * 1_000 + 3 * 1_000 + 2 * 64_000;
			assert_eq!(gas_spent(&block, message), expected);
		}
	});
	// Freed pages are paid for no more; what is allocated anew is.
	on_both_backends!(|system| {
		let body = "(drop (call $free (call $alloc (i32.const 1))))";
		let program = deploy(&mut system, &module(body), b"");
		for _ in 0..2 {
			let (message, block) = send(&mut system, program, b"");
			assert_eq!(gas_spent(&block, message), 1_000 + 4 * 1_000 + 64_000);
		}
	});
}

/// Sends a message with the gas given and says why it failed, and what it cost.
fn with_gas<E: Executor>(
	system: &mut System<E>,
	body: &str,
	gas: Gas,
) -> (Option<ErrorReplyReason>, Gas) {
	let program = deploy(system, &module(body), b"");
	let message = system.send_with_gas(program, ALICE, b"", 0, gas).unwrap();
	let dispatched = system.run_next_block().events.into_iter().find_map(|event| match event {
		Event::Dispatched { id, failure, gas_spent, .. } if id == message => {
			Some((failure, gas_spent))
		}
		_ => None,
	});
	dispatched.unwrap()
}

#[test]
fn a_limit_is_enough_or_not() {
	let out = Some(ErrorReplyReason::Execution(SimpleExecutionError::RanOutOfGas));
	let body = "nop nop (block nop) nop";
	for (gas, failure, spent) in [
		(6_000, None, 6_000),
		(6_001, None, 6_000),
		(5_999, out, 5_999),
		(1_000, out, 1_000),
		(999, out, 999),
		(0, out, 0),
	] {
		let result = on_both_backends!(|system| { with_gas(&mut system, body, gas) });
		assert_eq!(result, (failure, spent), "{gas}");
	}
	// Not even an endless loop costs more.
	let endless = on_both_backends!(|system| { with_gas(&mut system, "(loop (br 0))", 777_777) });
	assert_eq!(endless, (out, 777_777));
	// Allocation that cannot be paid.
	let alloc = "(drop (call $alloc (i32.const 1)))";
	let poor = on_both_backends!(|system| { with_gas(&mut system, alloc, 67_999) });
	assert_eq!(poor, (out, 67_999));
	let enough = on_both_backends!(|system| { with_gas(&mut system, alloc, 68_000) });
	assert_eq!(enough, (None, 68_000));
}

#[test]
fn all_that_a_message_may_cost() {
	on_both_backends!(|system| {
		let code = wat(r#"(module
				(import "env" "memory" (memory 1))
				(import "env" "alloc" (func $alloc (param i32) (result i32)))
				(import "env" "gw_gas_charge" (func $charge (param i64 i32)))
				(func (export "init"))
				(func (export "handle")
					(call $charge (i64.const 100000) (i32.const 0))
					(drop (call $alloc (i32.const 2)))))"#);
		let code = system.upload_code(&code).unwrap();
		let (program, init) = system.create_program(code, b"", ALICE, b"", 0).unwrap();
		let block = system.run_next_block();
		// Its static page is new, and `init` does nothing.
		assert_eq!(gas_spent(&block, init), 64_000);
		let mut author = 64_000;
		for (message, pages) in [(1u64, 1), (2, 3), (3, 5)] {
			let before = system.account(ALICE).free;
			let id = system.send_with_gas(program, ALICE, b"", 0, 1_000_000).unwrap();
			// All of it is reserved until the message is done.
			assert_eq!(before - system.account(ALICE).free, 1_000_000);
			assert_eq!(system.account(ALICE).reserved, 1_000_000);
			let block = system.run_next_block();
			// The rent of the pages there were, six instructions, two new pages.
			let spent = pages * 1_000 + 6 * 1_000 + 2 * 64_000;
			assert_eq!(gas_spent(&block, id), spent);
			// What was charged is the program's, what is left over the sender's.
			assert_eq!(system.account(program).free, u128::from(message) * 100_000);
			assert_eq!(before - system.account(ALICE).free, u128::from(spent) + 100_000);
			author += u128::from(spent);
			assert_eq!(system.account(system.author()).free, author);
		}
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn the_schedule_is_the_white_papers() {
	let schedule = GasSchedule::white_paper();
	let GasSchedule { instruction, new_page, allocated_page, .. } = schedule;
	assert_eq!((instruction, new_page, allocated_page), (1_000, 64_000, 1_000));
	// All other prices are none.
	let rest = GasSchedule { instruction: 0, new_page: 0, allocated_page: 0, ..schedule };
	let GasSchedule { dispatch, code_byte, chunk_read, chunk_write, .. } = rest;
	assert_eq!((dispatch, code_byte, chunk_read, chunk_write), (0, 0, 0, 0));
	assert_eq!((rest.syscall, rest.syscall_byte, rest.send, rest.task), (0, 0, 0, 0));
	let GasSchedule { waitlist_block, mailbox_block, stash_block, reservation_block, .. } = rest;
	assert_eq!((waitlist_block, mailbox_block, stash_block, reservation_block), (0, 0, 0, 0));
	assert_eq!(rest.mailbox_threshold, 0);
}

#[test]
fn storage_has_its_price() {
	let schedule = GasSchedule { chunk_read: 7, chunk_write: 11, ..GasSchedule::white_paper() };
	let settings = Settings { schedule, limits: Limits::new() };
	let mut system = System::with(settings, gearway_engine::Wasmi::new());
	system.mint_to(ALICE, FUNDS);
	// Adds one to a byte of the second chunk.
	let body = "(i32.store8 (i32.const 5000) \
		(i32.add (i32.load8_u (i32.const 5000)) (i32.const 1)))";
	let program = deploy(&mut system, &module(body), b"");
	let (first, block) = send(&mut system, program, b"");
	assert_eq!(gas_spent(&block, first), 1_000 + 6_000 + 11);
	let (second, block) = send(&mut system, program, b"");
	assert_eq!(gas_spent(&block, second), 1_000 + 6_000 + 11 + 7);
	assert_eq!(system.program(program).unwrap().chunks.iter().collect::<Vec<_>>(), [1]);

	// Too little for the last of it: the write has not happened.
	let gas = 1_000 + 6_000 + 11 + 6;
	let third = system.send_with_gas(program, ALICE, b"", 0, gas).unwrap();
	assert_eq!(gas_spent(&system.run_next_block(), third), gas);
	assert_eq!(system.memory(program).unwrap()[5000], 2);
}
