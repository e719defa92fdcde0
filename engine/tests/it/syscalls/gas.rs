//! Gas for replies to come, and gas that becomes funds.

use super::*;
use gearway_engine::{
	Economy, State,
	gear_core_errors::{ExecutionError, MessageError},
	testkit::DEFAULT_GAS,
};

/// Sends "PING" to the actor at 512 and deposits `gas` for the reply; the reply is noted at 3000.
fn depositor(to: ActorId, gas: i64, handler: &str) -> Vec<u8> {
	let handle = format!(
		"(call $gr_send_input (i32.const 512) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 2000)) \
		(call $gr_reply_deposit (i32.const 2004) (i64.const {gas}) (i32.const 0)) (call $well (i32.const 0))"
	);
	module(&handle, &format!("{} {handler}", addressed(512, to, 0)))
}

const HANDLER: &str = r#"(func (export "handle_reply")
	(call $gr_gas_available (i32.const 3000)) (call $gr_reply_code (i32.const 3008)))"#;

/// What `handle_reply` had when it asked.
fn gas_of_reply<E: Executor>(system: &System<E>, program: ActorId) -> u64 {
	u64::from_le_bytes(system.memory(program).unwrap()[3000..3008].try_into().unwrap())
}

#[test]
fn gr_reply_deposit_pays_for_the_reply() {
	on_both_backends!(|system| {
		let ping = deploy(&mut system, gearway_programs::PING, b"");
		let program = deploy(&mut system, &depositor(ping, 900_000, HANDLER), b"");
		let before = system.account(ALICE).free;
		let (_, block) = send(&mut system, program, b"PING");
		assert_eq!((block.report.processed, block.report.failed), (3, 0));
		// A page, and what the call costs.
		assert!((880_000..900_000).contains(&gas_of_reply(&system, program)));
		assert_eq!(before - system.account(ALICE).free, Value::from(block.report.gas_spent));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_reply_deposit_pays_for_a_users_reply_too() {
	on_both_backends!(|system| {
		let handle = "(call $gr_send_wgas (i32.const 256) (i32.const 448) (i32.const 4) (i64.const 500000) (i32.const 0) (i32.const 2000)) \
			(call $gr_reply_deposit (i32.const 2004) (i64.const 900000) (i32.const 0)) (call $well (i32.const 0))";
		let program = deploy(&mut system, &module(handle, HANDLER), b"");
		let (message, _) = send(&mut system, program, b"");
		let mail = ids::sent_message_id(message, 0);
		assert!(system.mail(BOB, mail).is_some());
		system.send_reply(mail, BOB, b"thanks", 0).unwrap();
		system.run_next_block();
		assert!((880_000..900_000).contains(&gas_of_reply(&system, program)));
		assert_eq!(system.account(BOB).free, FUNDS);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_reply_deposit_goes_back_if_no_reply_comes() {
	on_both_backends!(|system| {
		// A message to a user, of a program that hears no replies.
		let program = deploy(&mut system, &depositor(BOB, 900_000, ""), b"");
		let (message, block) = send(&mut system, program, b"PING");
		let spent = gas_spent(&block, message);
		assert_eq!(block.report.gas_spent, spent);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_reply_deposit_is_refused_with_a_code() {
	let send = "(call $gr_send (i32.const 256) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 2000))";
	let deposit = |gas: i64| {
		format!("(call $gr_reply_deposit (i32.const 2004) (i64.const {gas}) (i32.const 0))")
	};
	assert_eq!(error(&format!("{send} {}", deposit(1))), 0);
	assert_eq!(error(&deposit(1)), code(MessageError::IncorrectMessageForReplyDeposit));
	assert_eq!(
		error(&format!("{send} {} {}", deposit(1), deposit(1))),
		code(MessageError::DuplicateReplyDeposit)
	);
	assert_eq!(error(&format!("{send} {}", deposit(-1))), code(ExecutionError::NotEnoughGas));
}

#[test]
fn gw_gas_charge_turns_gas_into_funds_of_the_program() {
	let charge =
		"(call $gw_gas_charge (i64.const 5000000) (i32.const 0)) (call $well (i32.const 0))";
	on_both_backends!(|system| {
		let program = deploy(&mut system, &module(charge, ""), b"");
		let before = system.account(ALICE).free;
		let (message, block) = send(&mut system, program, b"");
		assert_eq!(system.account(program).free, 5_000_000);
		// It is paid, and not spent: a page, two constants, a call, the call of `well` and its
		// load behind a constant and a condition.
		let spent = gas_spent(&block, message);
		assert_eq!(spent, 1_000 + 8_000);
		assert_eq!(before - system.account(ALICE).free, Value::from(spent) + 5_000_000);
		assert_at_rest(&system, 2 * FUNDS);
	});
	// Where gas costs nothing it is worth nothing.
	on_both_backends!(|system| {
		system.set_economy(Economy::Free);
		let program = deploy(&mut system, &module(charge, ""), b"");
		let (_, block) = send(&mut system, program, b"");
		assert_eq!((block.report.failed, system.account(program).free), (0, 0));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gw_gas_charge_needs_the_gas_and_a_dispatch_that_does_not_fail() {
	let charge = |gas: u64| format!("(call $gw_gas_charge (i64.const {gas}) (i32.const 0))");
	assert_eq!(error(&charge(DEFAULT_GAS)), code(ExecutionError::NotEnoughGas));
	on_both_backends!(|system| {
		let program =
			deploy(&mut system, &module(&format!("{} unreachable", charge(5_000)), ""), b"");
		let (message, block) = send(&mut system, program, b"");
		assert_eq!(system.account(program).free, 0);
		assert_eq!(
			system.account(ALICE).free + Value::from(gas_spent(&block, message)) + 64_000,
			FUNDS
		);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
