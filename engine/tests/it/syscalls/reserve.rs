//! Gas set aside for later messages.

use super::*;
use gearway_engine::{
	ReservationId, State,
	gear_core_errors::{ExecutionError, MessageError, ReservationError},
	testkit::DEFAULT_GAS,
};

/// With `rented` prices, what a call leaves at 0.
fn rented_error(calls: &str) -> u32 {
	let handle = format!("{calls} (call $answer (i32.const 4))");
	let bytes = on_both_backends!(rented(), |system| {
		let program = deploy(&mut system, &module(&handle, ""), b"");
		let (message, _) = send(&mut system, program, b"hello");
		run(&mut system, 60);
		assert_at_rest(&system, 2 * FUNDS);
		system.reply_to(message).unwrap().payload.clone()
	});
	u32::from_le_bytes(bytes.try_into().unwrap())
}

fn reserve(gas: i64, blocks: i32, at: u32) -> String {
	format!("(call $gr_reserve_gas (i64.const {gas}) (i32.const {blocks}) (i32.const {at}))")
}

#[test]
fn gr_reserve_gas_is_refused_with_a_code() {
	assert_eq!(rented_error(&reserve(20_000, 50, 0)), 0);
	let zero = code(ReservationError::ZeroReservationDuration);
	assert_eq!(rented_error(&reserve(20_000, 0, 0)), zero);
	let nothing = code(ReservationError::ZeroReservationAmount);
	assert_eq!(rented_error(&reserve(0, 1, 0)), nothing);
	let below = code(ReservationError::ReservationBelowMailboxThreshold);
	assert_eq!(rented_error(&reserve(19_999, 1, 0)), below);
	let poor = code(ExecutionError::NotEnoughGas);
	assert_eq!(rented_error(&reserve(-1, 1, 0)), poor);
	assert_eq!(rented_error(&reserve(DEFAULT_GAS as i64, 1, 0)), poor);
	assert_eq!(rented_error(&reserve(20_000, 51, 0)), poor);
	// Four are allowed.
	let four = reserve(20_000, 1, 0).repeat(4);
	assert_eq!(rented_error(&four), 0);
	let five = reserve(20_000, 1, 0).repeat(5);
	assert_eq!(rented_error(&five), code(ReservationError::ReservationsLimitReached));
}

#[test]
fn gr_reserve_gas_lasts_until_its_block() {
	on_both_backends!(rented(), |system| {
		let handle = format!("{} (call $well (i32.const 2000))", reserve(30_000, 5, 2000));
		let program = deploy(&mut system, &module(&handle, ""), b"");
		let before = system.account(ALICE).free;
		let (message, block) = send(&mut system, program, b"");
		let spent = gas_spent(&block, message);
		let id = ids::reservation_id(message, 0);
		let memory = system.memory(program).unwrap();
		assert_eq!(memory[2004..2036], *id.as_ref());
		let node = system.gas_node(ids::reservation_node(id)).unwrap();
		assert_eq!((node.payer, node.remaining, node.locked), (ALICE, 30_000, 5_000));
		assert_eq!(system.program(program).unwrap().reservations[&id].gas, 30_000);
		run(&mut system, 4);
		assert_eq!(system.open_gas().count(), 1);
		run(&mut system, 1);
		// Its rent is spent, the rest is Alice's again.
		assert!(system.program(program).unwrap().reservations.is_empty());
		assert_eq!(before - system.account(ALICE).free, Value::from(spent + 5_000));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_unreserve_gas_of_this_run_is_the_runs_again() {
	let handle = format!(
		"(call $gr_gas_available (i32.const 2100)) {} \
		(call $gr_unreserve_gas (i32.const 2004) (i32.const 0)) \
		(call $gr_gas_available (i32.const 2108)) \
		(i64.store (i32.const 12) (i64.sub (i64.load (i32.const 2100)) (i64.load (i32.const 2108)))) \
		(call $answer (i32.const 20))",
		reserve(30_000, 5, 2000)
	);
	let reply = on_both_backends!(rented(), |system| { replied(&mut system, &handle).1.payload });
	let word = |range: std::ops::Range<usize>| u64::from_le_bytes(reply[range].try_into().unwrap());
	assert_eq!((&reply[..4], word(4..12)), (&[0; 4][..], 30_000));
	// The task is all it cost: instructions are paid for where their run begins.
	assert_eq!(word(12..20), 1_000);
}

#[test]
fn gr_unreserve_gas_of_an_earlier_run_goes_back_to_who_paid() {
	on_both_backends!(rented(), |system| {
		let handle = format!(
			"(if (call $first) (then {} (return))) \
			(call $gr_unreserve_gas (i32.const 2104) (i32.const 0)) (call $answer (i32.const 12))",
			reserve(30_000, 9, 2100)
		);
		let program = deploy(&mut system, &module(&handle, ""), b"");
		send(&mut system, program, b"");
		run(&mut system, 2);
		let before = system.account(ALICE).free;
		let message = system.send_message(program, BOB, b"", 0).unwrap();
		system.run_next_block();
		let reply = &system.reply_to(message).unwrap().payload;
		assert_eq!(reply[4..12], 30_000u64.to_le_bytes());
		// Three of nine blocks were due.
		assert_eq!(system.account(ALICE).free - before, 30_000 + 6_000);
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_unreserve_gas_wants_a_reservation_that_is_there() {
	let invalid = code(ReservationError::InvalidReservationId);
	let unreserve = "(call $gr_unreserve_gas (i32.const 2004) (i32.const 0))";
	assert_eq!(rented_error(unreserve), invalid);
	assert_eq!(rented_error(&format!("{} {unreserve}", reserve(20_000, 1, 2000))), 0);
	assert_eq!(
		rented_error(&format!("{} {unreserve} {unreserve}", reserve(20_000, 1, 2000))),
		invalid
	);
}

/// Reserves 90 000, and uses it by `call`, which reads reservation, destination and value at
/// 2104; in the same run, or in the next.
fn uses_reservation(call: &str, at_once: bool) -> String {
	let first = if at_once { "" } else { "(return)" };
	format!(
		"(if (call $first) (then {} (call $copy (i32.const 2136) (i32.const 320) (i32.const 6)) {first})) {call}",
		reserve(90_000, 9, 2100)
	)
}

/// Asserts that `call` sends "text" and 2 000 000 000 to Bob out of a reservation.
fn sends_from_reservation(call: &str, delay: u32) {
	for at_once in [true, false] {
		on_both_backends!(rented(), |system| {
			let handle = uses_reservation(call, at_once);
			let program = deploy(&mut system, &module(&handle, ""), b"");
			let (first, _) = send(&mut system, program, b"");
			if at_once {
				// There was no value: it is as if nothing had been tried.
				assert!(system.reply_to(first).is_some());
			}
			let message = system.send_message(program, BOB, b"", VALUE).unwrap();
			let block = system.run_next_block();
			assert_eq!(block.report.failed, 0);
			let sent = ids::sent_message_id(message, 0);
			if delay > 0 {
				assert_eq!(system.delayed(sent).unwrap().rent.locked, u64::from(delay) * 2_000);
				run(&mut system, delay);
			}
			let id: ReservationId = ids::reservation_id(first, 0);
			let mail = system.mail(BOB, sent).unwrap();
			assert_eq!(
				(mail.message.value, mail.gas_node),
				(2_000_000_000, ids::reservation_node(id))
			);
			assert!(system.program(program).unwrap().reservations.is_empty());
			claim_all(&mut system);
			run(&mut system, 1);
			assert_eq!(system.account(program).free, VALUE - 2_000_000_000);
			assert_eq!(system.tasks().count(), 0);
			assert_at_rest(&system, 2 * FUNDS);
		});
	}
}

#[test]
fn gr_reservation_send_uses_it_up() {
	sends_from_reservation(
		"(call $gr_reservation_send (i32.const 2104) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0))",
		0,
	);
}

#[test]
fn gr_reservation_send_with_delay_pays_its_rent_out_of_it() {
	sends_from_reservation(
		"(call $gr_reservation_send (i32.const 2104) (i32.const 448) (i32.const 4) (i32.const 3) (i32.const 0))",
		3,
	);
	let send = "(call $gr_reservation_send (i32.const 2104) (i32.const 448) (i32.const 4) (i32.const 11) (i32.const 0))";
	let calls = format!(
		"{} (call $copy (i32.const 2136) (i32.const 256) (i32.const 6)) {send}",
		reserve(20_000, 9, 2100)
	);
	assert_eq!(rented_error(&calls), code(MessageError::InsufficientGasForDelayedSending));
}

#[test]
fn gr_reservation_send_wants_a_reservation_that_is_there() {
	let send = "(call $gr_reservation_send (i32.const 2104) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0))";
	let invalid = code(ReservationError::InvalidReservationId);
	assert_eq!(rented_error(send), invalid);
	let twice = format!("{} {send} {send}", reserve(20_000, 9, 2100));
	assert_eq!(rented_error(&twice), invalid);
}

#[test]
fn gr_reservation_send_commit_uses_it_up() {
	sends_from_reservation(
		"(call $gr_send_init (i32.const 0)) \
		(call $gr_send_push (i32.load (i32.const 4)) (i32.const 448) (i32.const 4) (i32.const 0)) \
		(call $gr_reservation_send_commit (i32.const 0) (i32.const 2104) (i32.const 0) (i32.const 0))",
		0,
	);
	assert_eq!(
		rented_error(
			"(call $gr_send_init (i32.const 0)) \
			(call $gr_reservation_send_commit (i32.const 0) (i32.const 2104) (i32.const 0) (i32.const 0))"
		),
		code(ReservationError::InvalidReservationId)
	);
	assert_eq!(
		rented_error(
			"(call $gr_reservation_send_commit (i32.const 9) (i32.const 2104) (i32.const 0) (i32.const 0))"
		),
		code(MessageError::OutOfBounds)
	);
}

/// Asserts that `call` replies "text" with 2 000 000 000 out of a reservation: what it reads at
/// 2104 is the reservation and the value.
fn replies_from_reservation(call: &str) {
	on_both_backends!(rented(), |system| {
		let handle = format!(
			"(if (call $first) (then {} (call $copy (i32.const 2136) (i32.const 352) (i32.const 2)) (return))) {call}",
			reserve(90_000, 9, 2100)
		);
		let program = deploy(&mut system, &module(&handle, ""), b"");
		send(&mut system, program, b"");
		let message = system.send_message(program, BOB, b"", VALUE).unwrap();
		system.run_next_block();
		let reply = system.reply_to(message).unwrap();
		assert_eq!((reply.payload.as_slice(), reply.value), (&b"text"[..], 2_000_000_000));
		assert!(system.program(program).unwrap().reservations.is_empty());
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_reservation_reply_uses_it_up() {
	replies_from_reservation(
		"(call $gr_reservation_reply (i32.const 2104) (i32.const 448) (i32.const 4) (i32.const 0))",
	);
	assert_eq!(
		rented_error(
			"(call $gr_reservation_reply (i32.const 2104) (i32.const 448) (i32.const 4) (i32.const 0))"
		),
		code(ReservationError::InvalidReservationId)
	);
}

#[test]
fn gr_reservation_reply_commit_uses_it_up() {
	replies_from_reservation(
		"(call $gr_reply_push (i32.const 448) (i32.const 4) (i32.const 0)) \
		(call $gr_reservation_reply_commit (i32.const 2104) (i32.const 0))",
	);
	assert_eq!(
		rented_error("(call $gr_reservation_reply_commit (i32.const 2104) (i32.const 0))"),
		code(ReservationError::InvalidReservationId)
	);
}

#[test]
fn reservations_of_a_program_that_exits_go_back() {
	on_both_backends!(rented(), |system| {
		let handle = format!(
			"{} (if (i32.eqz (call $first)) (then (call $gr_exit (i32.const 256))))",
			reserve(30_000, 9, 2100)
		);
		let program = deploy(&mut system, &module(&handle, ""), b"");
		send(&mut system, program, b"");
		assert_eq!(system.open_gas().count(), 1);
		send(&mut system, program, b"");
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
