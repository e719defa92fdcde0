//! The example programs, as their authors built them, on both backends.

use crate::support::*;
use gearway_engine::{State, Wasmi, Wasmtime};
use gearway_programs::{CAPACITOR, PING};

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
