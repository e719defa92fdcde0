//! Programs that make programs.

use super::*;
use gearway_engine::{
	CodeId, Phase, State,
	gear_core_errors::{ExecutionError, MessageError, SimpleUnavailableActorError as Unavailable},
};

const CREATE: &str = "(call $gr_create_program (i32.const 512) (i32.const 448) (i32.const 4) (i32.const 448) (i32.const 2) (i32.const 0) (i32.const 2000))";

/// The error code, the first message's id and the program's id at 2000.
fn created<E: Executor>(system: &System<E>, program: ActorId) -> (u32, [u8; 32], ActorId) {
	let memory = system.memory(program).unwrap();
	let error = u32::from_le_bytes(memory[2000..2004].try_into().unwrap());
	let id = |at: usize| <[u8; 32]>::try_from(&memory[at..at + 32]).unwrap();
	(error, id(2004), id(2036).into())
}

/// Makes a program of ping with `call`, and notes in `handle_reply` how that went at 3000.
fn creator(call: &str, code: CodeId, value: Value) -> Vec<u8> {
	let data = addressed(512, code, value);
	module(
		call,
		&format!(
			r#"{data} (func (export "handle_reply") (call $gr_reply_code (i32.const 3000))
				(i32.store (i32.const 3012) (i32.const 1)))"#
		),
	)
}

fn heard<E: Executor>(system: &System<E>, program: ActorId) -> ReplyCode {
	let memory = system.memory(program).unwrap();
	assert_eq!(memory[3012], 1, "there was a reply");
	ReplyCode::from_bytes(memory[3004..3008].try_into().unwrap())
}

#[test]
fn gr_create_program_makes_a_program_under_its_creators_name() {
	on_both_backends!(|system| {
		let ping = system.upload_code(gearway_programs::PING).unwrap();
		let maker = deploy(&mut system, &creator(CREATE, ping, 2_000_000_000), b"");
		let message = system.send_message(maker, ALICE, b"", VALUE).unwrap();
		let block = system.run_next_block();
		assert_eq!(block.report.failed, 0);
		let (error, init, child) = created(&system, maker);
		assert_eq!((error, init), (0, ids::sent_message_id(message, 0).into_bytes()));
		assert_eq!(child, ids::created_program_id(maker, ping, b"text"));
		assert_ne!(child, ids::program_id(ping, b"text"));
		assert_eq!(system.program(child).unwrap().phase, Phase::Active);
		assert_eq!(system.account(child).free, 2_000_000_000);
		assert!(heard(&system, maker).is_success());
		let (question, _) = send(&mut system, child, b"PING");
		assert_eq!(system.reply_to(question).unwrap().payload, b"PONG");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_create_program_with_delay_begins_at_its_block() {
	on_both_backends!(rented(), |system| {
		let ping = system.upload_code(gearway_programs::PING).unwrap();
		let call = CREATE.replace("(i32.const 2) (i32.const 0)", "(i32.const 2) (i32.const 3)");
		let maker = deploy(&mut system, &creator(&call, ping, 0), b"");
		send(&mut system, maker, b"");
		let (_, init, child) = created(&system, maker);
		let phase = Phase::Uploaded { init: init.into() };
		assert_eq!(system.program(child).unwrap().phase, phase);
		let (early, _) = send(&mut system, child, b"PING");
		let refused = ReplyCode::error(Unavailable::Uninitialized);
		assert_eq!(system.reply_to(early).unwrap().reply.unwrap().code, refused);
		run(&mut system, 2);
		assert_eq!(system.program(child).unwrap().phase, Phase::Active);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_create_program_of_no_code_gets_an_error_reply() {
	on_both_backends!(|system| {
		let nothing = CodeId::from([7; 32]);
		let maker = deploy(&mut system, &creator(CREATE, nothing, 2_000_000_000), b"");
		system.send_message(maker, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		let (error, _, child) = created(&system, maker);
		assert_eq!((error, system.program(child)), (0, None));
		assert_eq!(heard(&system, maker), ReplyCode::error(Unavailable::ProgramNotCreated));
		assert_eq!(system.account(maker).free, VALUE);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_create_program_makes_no_program_twice() {
	on_both_backends!(|system| {
		let ping = system.upload_code(gearway_programs::PING).unwrap();
		// Twice within a run it is told at once, in another by an error reply.
		let twice = format!("{CREATE} {}", CREATE.replace("(i32.const 2000)", "(i32.const 0)"));
		let twice = format!("{twice} (call $answer (i32.const 4))");
		let maker = deploy(&mut system, &creator(&twice, ping, 0), b"");
		let (first, _) = send(&mut system, maker, b"");
		let duplicate = code(MessageError::DuplicateInit).to_le_bytes();
		assert_eq!(system.reply_to(first).unwrap().payload, duplicate);
		assert!(heard(&system, maker).is_success());
		let (_, _, child) = created(&system, maker);
		let before = system.program(child);
		send(&mut system, maker, b"");
		assert_eq!(created(&system, maker).0, 0);
		assert_eq!(heard(&system, maker), ReplyCode::error(Unavailable::ProgramNotCreated));
		assert_eq!(system.program(child), before);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_create_program_is_refused_with_a_code() {
	// Bob's id stands for a code.
	let create = |at: u32, salt: u32, payload: u32| {
		error(&format!(
			"(call $gr_create_program (i32.const {at}) (i32.const 448) (i32.const {salt}) (i32.const 448) (i32.const {payload}) (i32.const 0) (i32.const 0))"
		))
	};
	assert_eq!(create(256, 1_024, 0), 0);
	assert_eq!(create(256, 1_025, 0), code(MessageError::MaxMessageSizeExceed));
	assert_eq!(create(256, 0, 65_537), code(MessageError::MaxMessageSizeExceed));
	assert_eq!(create(384, 0, 0), code(MessageError::InsufficientValue));
	// Twice 2 000 000 000 can be paid.
	let one = |salt: u32| {
		format!(
			"(call $gr_create_program (i32.const 320) (i32.const 448) (i32.const {salt}) (i32.const 448) (i32.const 0) (i32.const 0) (i32.const 0))"
		)
	};
	assert_eq!(error(&format!("{} {}", one(0), one(1))), 0);
	assert_eq!(
		error(&format!("{} {} {}", one(0), one(1), one(2))),
		code(ExecutionError::NotEnoughValue)
	);
}

#[test]
fn gr_create_program_wgas_gives_init_gas_of_its_own() {
	on_both_backends!(|system| {
		let ping = system.upload_code(gearway_programs::PING).unwrap();
		let create = |gas: i64| {
			format!(
				"(call $gr_create_program_wgas (i32.const 512) (i32.const 448) (i32.const 4) (i32.const 448) (i32.const 0) (i64.const {gas}) (i32.const 0) (i32.const 2000))"
			)
		};
		// Not enough for its pages, and then enough.
		for (salt, gas, success) in [(b"a", 10_000, false), (b"b", 10_000_000_000, true)] {
			let code = system.upload_code(&creator(&create(gas), ping, 0)).unwrap();
			let (maker, _) = system.create_program(code, salt, ALICE, b"", 0).unwrap();
			system.run_next_block();
			send(&mut system, maker, b"");
			// The reply has what `init` left: nothing, if it ran out.
			assert!(!success || heard(&system, maker).is_success());
			let (_, _, child) = created(&system, maker);
			let phase = system.program(child).unwrap().phase;
			assert_eq!(phase == Phase::Active, success);
			assert_eq!(phase == Phase::Terminated, !success);
		}
		let code = system.upload_code(&creator(&create(-1), ping, 0)).unwrap();
		let (maker, _) = system.create_program(code, b"c", ALICE, b"", 0).unwrap();
		system.run_next_block();
		send(&mut system, maker, b"");
		assert_eq!(created(&system, maker).0, ExecutionError::NotEnoughGas as u32);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn creators_pay_what_an_account_needs() {
	on_both_backends!(|system| {
		system.set_endowment(ED);
		let ping = system.upload_code(gearway_programs::PING).unwrap();
		let maker = deploy(&mut system, &creator(CREATE, ping, 0), b"");
		send(&mut system, maker, b"");
		assert_eq!(created(&system, maker).0, ExecutionError::NotEnoughValue as u32);
		system.send_message(maker, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		let (error, _, child) = created(&system, maker);
		assert_eq!((error, system.account(child).free), (0, ED));
		assert_eq!(system.account(maker).free, VALUE - ED);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
