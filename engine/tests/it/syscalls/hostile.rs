//! Arguments that lead nowhere: each syscall stops the program or gives a code, and that is all.

use super::*;
use gearway_engine::{Phase, State};

/// Addresses and lengths at and beyond the end of memory, and amounts that nobody has.
const HOSTILE: [i64; 7] = [-1, 65_535, 65_536, 65_500, i32::MAX as i64, i32::MIN as i64, i64::MIN];

/// Calls the syscall whose number is the first byte of the input, with all arguments as the second
/// says.
fn caller() -> Vec<u8> {
	let mut calls = String::new();
	for (index, (name, params, results)) in SYSCALLS.iter().enumerate() {
		for (kind, value) in HOSTILE.iter().enumerate() {
			let number = index * HOSTILE.len() + kind;
			let args: String = params
				.split_whitespace()
				.map(|ty| match ty {
					"i64" => format!("(i64.const {value}) "),
					_ => format!("(i32.const {}) ", *value as i32),
				})
				.collect();
			let drop = if results.is_empty() { "" } else { "drop" };
			calls += &format!(
				"(if (i32.eq (i32.load (i32.const 2000)) (i32.const {number})) (then (call ${name} {args}) {drop}))"
			);
		}
	}
	let read = "(call $gr_read (i32.const 0) (i32.const 4) (i32.const 2000) (i32.const 0))";
	module(&format!("{read} {calls}"), "")
}

#[test]
fn hostile_arguments_stop_the_program_or_give_a_code() {
	let code = caller();
	on_both_backends!(rented(), |system| {
		let code = system.upload_code(&code).unwrap();
		let (mut program, _) = system.create_program(code, b"", ALICE, b"", 0).unwrap();
		system.run_next_block();
		for number in 0..(SYSCALLS.len() * HOSTILE.len()) as u32 {
			let salt = number.to_le_bytes();
			if matches!(system.program(program).unwrap().phase, Phase::Exited { .. }) {
				program = system.create_program(code, &salt, ALICE, b"", 0).unwrap().0;
			}
			system.send_message(program, ALICE, &salt, VALUE).unwrap();
			let block = system.run_next_block();
			assert_eq!(block.report.quarantined, 0, "{number}");
			assert_eq!(system.total_issuance(), 2 * FUNDS);
		}
		run(&mut system, 60);
		claim_all(&mut system);
		run(&mut system, 60);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
