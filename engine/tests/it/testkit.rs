//! The test kit, seen by an author of programs.

use crate::support::{ALICE, BOB, FUNDS, system, wat};
use gearway_engine::{
	Phase, PostError, SuccessReplyReason, Wasmi, Wasmtime,
	testkit::{Log, Program, System},
};
use gearway_programs::{CAPACITOR, PING};

#[test]
fn the_first_message_goes_to_init() {
	let mut system = system(Wasmi::new());
	let capacitor = Program::from_binary(&mut system, CAPACITOR).unwrap();
	assert_eq!(capacitor.phase(&system), None);
	let init = capacitor.send_bytes(&mut system, ALICE, "10").unwrap();
	let block = system.run_next_block();
	block.assert_succeed(init);
	assert_eq!(capacitor.phase(&system), Some(Phase::Active));
	assert!(block.contains(&Log::auto_reply_builder().dest(ALICE).reply_to(init)));

	capacitor.send_bytes(&mut system, BOB, "12").unwrap();
	let block = system.run_next_block();
	assert!(block.contains(&(capacitor.id(), BOB, "Discharged: 12")));
	assert!(!block.contains(&(capacitor.id(), ALICE, "Discharged: 12")));
}

#[test]
fn two_programs_of_one_code_are_two() {
	let mut system = system(Wasmi::new());
	let one = Program::from_binary(&mut system, PING).unwrap();
	let other = Program::from_binary(&mut system, PING).unwrap();
	assert_eq!(one.code_id(), other.code_id());
	assert_ne!(one.id(), other.id());
	assert_eq!(system.get_program(one.id()), None);
	one.send_bytes(&mut system, ALICE, "").unwrap();
	assert_eq!(system.get_program(one.id()).map(|found| found.id()), Some(one.id()));
}

#[test]
fn a_copy_of_the_system_goes_its_own_way() {
	let mut system = system(Wasmtime::new().unwrap());
	let capacitor = Program::from_binary(&mut system, CAPACITOR).unwrap();
	capacitor.send_bytes(&mut system, ALICE, "10").unwrap();
	system.run_next_block();
	let mut copy = system.clone();
	capacitor.send_bytes(&mut copy, ALICE, "9").unwrap();
	copy.run_next_block();
	assert_ne!(copy.memory(capacitor.id()), system.memory(capacitor.id()));

	for (system, discharges) in [(&mut system, false), (&mut copy, true)] {
		capacitor.send_bytes(system, ALICE, "1").unwrap();
		let block = system.run_next_block();
		assert_eq!(block.contains(&(ALICE, "Discharged: 10")), discharges);
	}
}

#[test]
fn a_failure_is_told_as_a_story() {
	let mut system = system(Wasmi::new());
	let capacitor = Program::from_binary(&mut system, CAPACITOR).unwrap();
	capacitor.send_bytes(&mut system, ALICE, "10").unwrap();
	system.run_next_block();
	let message = capacitor.send_bytes(&mut system, ALICE, "much").unwrap();
	let block = system.run_next_block();
	assert!(block.failed().contains(&message) && block.succeed().is_empty());
	block.assert_panicked_with(message, "\"much\" is not a charge");
	let story = block.to_string();
	assert!(story.contains("1 processed, 1 failed"), "{story}");
	assert!(story.contains("is not a charge"), "{story}");
	let spent: u64 = block.gas_burned().values().sum();
	assert_eq!(spent, block.report.gas_spent);
}

#[test]
fn a_calculated_reply_changes_nothing() {
	let mut system = system(Wasmi::new());
	let ping = Program::from_binary(&mut system, PING).unwrap();
	ping.send_bytes(&mut system, ALICE, "").unwrap();
	system.run_next_block();
	let before = system.chain().clone();
	let reply = system.calculate_reply_for_handle(ALICE, ping, "PING", 1_000_000_000, 0).unwrap();
	assert_eq!(reply.payload, b"PONG");
	let code = reply.reply.unwrap().code;
	assert_eq!(code, SuccessReplyReason::Manual.into());
	assert_eq!(*system.chain(), before);
}

#[test]
fn who_cannot_pay_cannot_send() {
	let mut system = System::new().unwrap();
	let ping = Program::from_binary(&mut system, PING).unwrap();
	let poor = 42;
	let refused = ping.send_bytes(&mut system, poor, "");
	assert!(matches!(refused, Err(PostError::Gas(_))), "{refused:?}");
	system.mint_to(poor, FUNDS);
	ping.send_bytes(&mut system, poor, "").unwrap();
	assert!(system.balance_of(poor) < FUNDS);
	let results = system.run_to_block(5);
	assert_eq!(results.iter().map(|block| block.height).collect::<Vec<_>>(), [1, 2, 3, 4]);
	assert_eq!(system.block_height(), 5);
}

#[test]
fn a_failure_tells_where_the_program_was() {
	let mut system = System::new().unwrap();
	system.mint_to(ALICE, FUNDS);
	let capacitor = Program::from_binary(&mut system, CAPACITOR).unwrap();
	capacitor.send_bytes(&mut system, ALICE, "10").unwrap();
	let message = capacitor.send_bytes(&mut system, ALICE, "much").unwrap();
	let block = system.run_next_block();
	let trace = &block.traces[&message];
	assert_eq!(trace.last().map(String::as_str), Some("handle"), "{trace:?}");
	let number = trace.iter().any(|function| function.starts_with("capacitor::number"));
	assert!(number && block.to_string().contains("    in handle\n"), "{block}");

	let trap = wat(r#"(module
		(import "env" "memory" (memory 1))
		(func $stumble (unreachable))
		(func $walk (call $stumble))
		(func (export "init") (call $walk)))"#);
	let walker = Program::from_binary(&mut system, &trap).unwrap();
	let message = walker.send_bytes(&mut system, ALICE, "").unwrap();
	assert_eq!(system.run_next_block().traces[&message], ["stumble", "walk", "function 2"]);
}
