//! Gas set aside for the case of failure, and the signal that comes then.

use super::*;
use gearway_engine::{
	Event, SignalCode, State,
	gear_core_errors::{ExecutionError, ReservationError, SimpleExecutionError},
};

const RESERVE: &str = "(call $gr_system_reserve_gas (i64.const 900000) (i32.const 2100)) (call $well (i32.const 2100))";

/// Notes what a signal says: its origin behind an error code at 3000, its code at 3040, who it is
/// from at 3048.
const HANDLER: &str = r#"(func (export "handle_signal")
	(call $gr_signal_from (i32.const 3000))
	(call $gr_signal_code (i32.const 3040))
	(call $gr_source (i32.const 3048))
	(call $gr_reply (i32.const 448) (i32.const 4) (i32.const -1) (i32.const 3080)))"#;

/// The signal's code that a program with this `handle` notes within so many blocks.
fn signalled(handle: &str, blocks: u32) -> Option<SignalCode> {
	on_both_backends!(rented(), |system| {
		let program = deploy(&mut system, &module(handle, HANDLER), b"");
		let message = system.send_with_gas(program, ALICE, b"", 0, 2_000_000).unwrap();
		run(&mut system, blocks);
		assert_at_rest(&system, 2 * FUNDS);
		let memory = system.memory(program).unwrap();
		let word = |at: usize| u32::from_le_bytes(memory[at..at + 4].try_into().unwrap());
		if memory[3048..3080] != *ids::SYSTEM.as_ref() {
			assert_eq!(word(3044), 0);
			return None;
		}
		assert_eq!((word(3000), word(3040)), (0, 0));
		assert_eq!(memory[3004..3036], *message.as_ref());
		// A signal has no reply.
		assert_eq!(word(3080), code(ExecutionError::IncorrectEntryForReply));
		SignalCode::from_u32(word(3044))
	})
}

#[test]
fn gr_signal_code_says_why() {
	use SimpleExecutionError as Error;
	for (failing, error) in [
		("unreachable", Error::UnreachableInstruction),
		("(call $gr_panic (i32.const 448) (i32.const 4))", Error::UserspacePanic),
		("(call $gr_oom_panic)", Error::MemoryOverflow),
		("(loop $l (br $l))", Error::RanOutOfGas),
		("(call $gr_size (i32.const -1))", Error::BackendError),
		("(call $deep)", Error::StackLimitExceeded),
	] {
		let handle = format!("{RESERVE} {failing}");
		let handle = if failing.contains("$deep") {
			// A function that calls itself has to stand outside.
			let code = on_both_backends!(rented(), |system| {
				let deep = format!("(func $deep (call $deep)) {HANDLER}");
				let program = deploy(&mut system, &module(&handle, &deep), b"");
				send(&mut system, program, b"");
				system.memory(program).unwrap()[3044..3048].to_vec()
			});
			assert_eq!(code, SignalCode::Execution(error).to_u32().to_le_bytes());
			continue;
		} else {
			handle
		};
		assert_eq!(signalled(&handle, 1), Some(SignalCode::Execution(error)), "{failing}");
	}
}

#[test]
fn gr_signal_from_names_the_message_that_failed() {
	let handle = format!("{RESERVE} unreachable");
	assert!(signalled(&handle, 1).is_some());
}

#[test]
fn gr_signal_from_and_code_want_a_signal() {
	let missing = code(ExecutionError::NoSignalContext);
	assert_eq!(error("(call $gr_signal_from (i32.const 0))"), missing);
	assert_eq!(error("(call $gr_signal_code (i32.const 0))"), missing);
}

#[test]
fn gr_system_reserve_gas_is_refused_with_a_code() {
	let reserve =
		|gas: i64| error(&format!("(call $gr_system_reserve_gas (i64.const {gas}) (i32.const 0))"));
	assert_eq!(reserve(1), 0);
	assert_eq!(reserve(0), code(ReservationError::ZeroReservationAmount));
	assert_eq!(reserve(-1), code(ExecutionError::NotEnoughGas));
}

#[test]
fn gr_system_reserve_gas_goes_back_if_all_is_well() {
	assert_eq!(signalled(RESERVE, 1), None);
	// Also what an earlier run of the message has set aside.
	let waits = format!("{RESERVE} (if (call $first) (then (call $gr_wait_for (i32.const 2))))");
	assert_eq!(signalled(&waits, 4), None);
}

#[test]
fn gr_system_reserve_gas_lasts_while_the_message_waits() {
	let fails = format!(
		"(if (call $first) (then {RESERVE} (call $gr_wait_for (i32.const 2)))) unreachable"
	);
	let trap = SignalCode::Execution(SimpleExecutionError::UnreachableInstruction);
	assert_eq!(signalled(&fails, 4), Some(trap));
	// Nobody wakes it in time.
	let expires = format!("{RESERVE} (call $gr_wait)");
	assert_eq!(signalled(&expires, 60), Some(SignalCode::RemovedFromWaitlist));
	// What runs set aside one after the other is added up.
	let twice = format!(
		"(if (call $first) (then {RESERVE} (call $gr_wait_for (i32.const 2)))) {RESERVE} unreachable"
	);
	on_both_backends!(rented(), |system| {
		let program = deploy(&mut system, &module(&twice, HANDLER), b"");
		let (message, _) = send(&mut system, program, b"");
		let node = system.gas_node(ids::signal_message_id(message)).unwrap();
		assert_eq!(node.remaining, 900_000);
		run(&mut system, 2);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn without_gas_set_aside_there_is_no_signal() {
	assert_eq!(signalled("unreachable", 1), None);
}

#[test]
fn a_signal_spends_what_was_set_aside_for_it_at_most() {
	on_both_backends!(rented(), |system| {
		let handler = r#"(func (export "handle_signal")
			(call $gr_system_reserve_gas (i64.const 1) (i32.const 0)) (loop $l (br $l)))"#;
		let handler =
			handler.replace("(call $gr_system_reserve_gas (i64.const 1) (i32.const 0))", "");
		let handle = format!("{RESERVE} unreachable");
		let program = deploy(&mut system, &module(&handle, &handler), b"");
		let (message, block) = send(&mut system, program, b"");
		assert_eq!((block.report.processed, block.report.failed), (2, 2));
		assert_eq!(gas_spent(&block, ids::signal_message_id(message)), 900_000);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn signals_cannot_set_gas_aside_for_signals() {
	on_both_backends!(rented(), |system| {
		let handler = r#"(func (export "handle_signal")
			(call $gr_system_reserve_gas (i64.const 1) (i32.const 0)))"#;
		let handle = format!("{RESERVE} unreachable");
		let program = deploy(&mut system, &module(&handle, handler), b"");
		let (message, block) = send(&mut system, program, b"");
		let signal = ids::signal_message_id(message);
		let failed = |event: &Event| {
			matches!(event, Event::Dispatched { id, failure, .. }
				if *id == signal && *failure == Some(SimpleExecutionError::BackendError.into()))
		};
		assert!(block.events.iter().any(failed));
		assert_at_rest(&system, 2 * FUNDS);
	});
}
