//! The example programs, as their authors built them, on both backends.

mod async_proxy;
mod c_greeter;
mod factory;
mod mutex;
mod pipeline;
mod sails_demo;
mod timer;
mod vault;

use crate::support::*;
use codec::Encode;
use gearway_engine::{
	Executor, State, Wasmi, Wasmtime,
	testkit::{Program, System},
};
use gearway_programs::{CAPACITOR, PING};

/// Uploads a program and runs its `init`, which Alice sends with the existential deposit: without
/// it, a program cannot pass on all the value that it gets.
fn made<E: Executor>(system: &mut System<E>, code: &[u8], payload: impl Encode) -> Program {
	let program = Program::from_binary(system, code).expect("the code is good");
	let deposit = system.existential_deposit();
	let init = program.send_with_value(system, ALICE, payload, deposit).expect("Alice can pay");
	system.run_next_block().assert_succeed(init);
	program
}

/// Runs a scenario on both backends with the prices that chains run with.
macro_rules! at_real_prices {
	(|$system:ident| $scenario:block) => {
		$crate::support::on_both_backends!(gearway_engine::Settings::production(), |$system| {
			$scenario
		})
	};
}
use at_real_prices;

#[test]
fn the_engine_takes_every_program() {
	let mut system = system(Wasmi::new());
	for (name, code) in gearway_programs::all() {
		assert!(system.upload_code(code).is_ok(), "{name}");
	}
}

#[test]
fn ping_answers() {
	on_both_backends!(|system| {
		let ping = deploy(&mut system, PING, b"");
		let (message, _) = send(&mut system, ping, b"PING");
		assert_eq!(system.reply_to(message).unwrap().payload, b"PONG");
		let (message, _) = send(&mut system, ping, b"PANG");
		assert_eq!(system.reply_to(message).unwrap().payload, b"");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn the_capacitor_remembers_and_discharges() {
	on_both_backends!(|system| {
		let capacitor = deploy(&mut system, CAPACITOR, b"100");
		for charge in ["30", "60"] {
			send(&mut system, capacitor, charge.as_bytes());
			assert!(inbox(&system, ALICE).is_empty());
		}
		send(&mut system, capacitor, b"15");
		assert_eq!(inbox(&system, ALICE)[0].payload, b"Discharged: 105");
		send(&mut system, capacitor, b"99");
		send(&mut system, capacitor, b"1");
		assert_eq!(inbox(&system, ALICE)[1].payload, b"Discharged: 100");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_panic_leaves_no_trace_but_gas() {
	on_both_backends!(|system| {
		let capacitor = deploy(&mut system, CAPACITOR, b"100");
		send(&mut system, capacitor, b"99");
		let (program, memory) = (system.program(capacitor), system.memory(capacitor));

		let (message, block) = send(&mut system, capacitor, b"much");
		assert_eq!(block.report.failed, 1);
		let reply = system.reply_to(message).unwrap();
		let reason = String::from_utf8(reply.payload.clone()).unwrap();
		assert!(reason.contains("\"much\" is not a charge"), "{reason}");
		assert_eq!(system.program(capacitor), program);
		assert_eq!(system.memory(capacitor), memory);

		send(&mut system, capacitor, b"1");
		assert_eq!(inbox(&system, ALICE)[0].payload, b"Discharged: 100");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn only_what_changed_is_stored() {
	let mut system = system(Wasmi::new());
	let capacitor = deploy(&mut system, CAPACITOR, b"100");
	let stored = system.program(capacitor).unwrap().chunks;
	// Statics and the allocator's book-keeping; no stack, no data as the code has it.
	assert!(stored.len() <= 4, "{stored:?}");
	let pages = system.memory(capacitor).unwrap().len() as u32 / gearway_engine::PAGE_SIZE;
	assert!(stored.end() <= pages * gearway_engine::CHUNKS_PER_PAGE);
}

#[test]
fn a_compiled_module_serves_all_its_programs() {
	let mut system = system(Wasmtime::new().unwrap());
	let code = system.upload_code(PING).unwrap();
	for salt in [b"a", b"b", b"c"] {
		system.create_program(code, salt, ALICE, b"", 0).unwrap();
	}
	assert_eq!(system.run_next_block().report.failed, 0);
	let ids: Vec<_> = [b"a", b"b", b"c"]
		.map(|salt| gearway_engine::ids::program_id(code, salt))
		.into_iter()
		.collect();
	for program in ids {
		let (message, _) = send(&mut system, program, b"PING");
		assert_eq!(system.reply_to(message).unwrap().payload, b"PONG");
	}
}
