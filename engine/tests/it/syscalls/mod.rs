//! What each syscall does, with the layouts of `gsys` 2.0: a test or more for each, named after it.

mod ask;
mod control;
mod create;
mod delay;
mod gas;
mod hostile;
mod memory;
mod reply;
mod reserve;
mod send;
mod signal;
mod wait;

use crate::support::*;
use gearway_engine::{
	ActorId, Executor, Message, ReplyCode, Value,
	gear_core_errors::{ExtError, SuccessReplyReason},
	ids,
	testkit::System,
};

const VALUE: Value = 5_000_000_000;
const ED: Value = 1_000_000_000;

/// All syscalls with their parameters and results.
const SYSCALLS: [(&str, &str, &str); 56] = [
	("alloc", "i32", "i32"),
	("free", "i32", "i32"),
	("free_range", "i32 i32", "i32"),
	("gr_block_height", "i32", ""),
	("gr_block_timestamp", "i32", ""),
	("gr_create_program", "i32 i32 i32 i32 i32 i32 i32", ""),
	("gr_create_program_wgas", "i32 i32 i32 i32 i32 i64 i32 i32", ""),
	("gr_debug", "i32 i32", ""),
	("gr_env_vars", "i32 i32", ""),
	("gr_exit", "i32", ""),
	("gr_gas_available", "i32", ""),
	("gr_leave", "", ""),
	("gr_message_id", "i32", ""),
	("gr_oom_panic", "", ""),
	("gr_panic", "i32 i32", ""),
	("gr_program_id", "i32", ""),
	("gr_random", "i32 i32", ""),
	("gr_read", "i32 i32 i32 i32", ""),
	("gr_reply", "i32 i32 i32 i32", ""),
	("gr_reply_code", "i32", ""),
	("gr_reply_commit", "i32 i32", ""),
	("gr_reply_commit_wgas", "i64 i32 i32", ""),
	("gr_reply_deposit", "i32 i64 i32", ""),
	("gr_reply_input", "i32 i32 i32 i32", ""),
	("gr_reply_input_wgas", "i32 i32 i64 i32 i32", ""),
	("gr_reply_push", "i32 i32 i32", ""),
	("gr_reply_push_input", "i32 i32 i32", ""),
	("gr_reply_to", "i32", ""),
	("gr_reply_wgas", "i32 i32 i64 i32 i32", ""),
	("gr_reservation_reply", "i32 i32 i32 i32", ""),
	("gr_reservation_reply_commit", "i32 i32", ""),
	("gr_reservation_send", "i32 i32 i32 i32 i32", ""),
	("gr_reservation_send_commit", "i32 i32 i32 i32", ""),
	("gr_reserve_gas", "i64 i32 i32", ""),
	("gr_send", "i32 i32 i32 i32 i32", ""),
	("gr_send_commit", "i32 i32 i32 i32", ""),
	("gr_send_commit_wgas", "i32 i32 i64 i32 i32", ""),
	("gr_send_init", "i32", ""),
	("gr_send_input", "i32 i32 i32 i32 i32", ""),
	("gr_send_input_wgas", "i32 i32 i32 i64 i32 i32", ""),
	("gr_send_push", "i32 i32 i32 i32", ""),
	("gr_send_push_input", "i32 i32 i32 i32", ""),
	("gr_send_wgas", "i32 i32 i32 i64 i32 i32", ""),
	("gr_signal_code", "i32", ""),
	("gr_signal_from", "i32", ""),
	("gr_size", "i32", ""),
	("gr_source", "i32", ""),
	("gr_system_reserve_gas", "i64 i32", ""),
	("gr_unreserve_gas", "i32 i32", ""),
	("gr_value", "i32", ""),
	("gr_value_available", "i32", ""),
	("gr_wait", "", ""),
	("gr_wait_for", "i32", ""),
	("gr_wait_up_to", "i32", ""),
	("gr_wake", "i32 i32 i32", ""),
	("gw_gas_charge", "i64 i32", ""),
];

/// A module whose `handle` is this, with all syscalls under their names. 0 is for results, Bob's id
/// and no value lie at 256, Bob's id and 2 000 000 000 at 320, Bob's id and 1 at 384, a text at
/// 448; 2000 and above are free.
fn module(handle: &str, rest: &str) -> Vec<u8> {
	let imports: String = SYSCALLS
		.iter()
		.map(|(name, params, results)| {
			let ty = format!("(param {params}) (result {results})");
			let ty = ty.replace("(param )", "").replace("(result )", "");
			format!(r#"(import "env" "{name}" (func ${name} {ty}))"#)
		})
		.collect();
	let bob = bytes(BOB);
	wat(&format!(
		r#"(module {imports}
			(import "env" "memory" (memory 1))
			(data (i32.const 256) "{bob}")
			(data (i32.const 320) "{bob}{two}")
			(data (i32.const 384) "{bob}{one}")
			(data (i32.const 448) "text")
			;; Replies with `len` bytes from address 0.
			(func $answer (param $len i32)
				(call $gr_reply (i32.const 0) (local.get $len) (i32.const -1) (i32.const 1024)))
			;; Counts at 2000 how often it is called: says whether this is the first time.
			(func $first (result i32)
				(i32.store (i32.const 2000) (i32.add (i32.load (i32.const 2000)) (i32.const 1)))
				(i32.eq (i32.load (i32.const 2000)) (i32.const 1)))
			;; Stops if the error code at `at` is not 0.
			(func $well (param $at i32) (if (i32.load (local.get $at)) (then unreachable)))
			;; Copies 8 × `words` bytes.
			(func $copy (param $to i32) (param $from i32) (param $words i32)
				(loop $l (i64.store (local.get $to) (i64.load (local.get $from)))
					(local.set $to (i32.add (local.get $to) (i32.const 8)))
					(local.set $from (i32.add (local.get $from) (i32.const 8)))
					(br_if $l (local.tee $words (i32.sub (local.get $words) (i32.const 1))))))
			(func (export "init"))
			(func (export "handle") {handle})
			{rest})"#,
		two = bytes(2_000_000_000u128.to_le_bytes()),
		one = bytes(1u128.to_le_bytes()),
	))
}

/// An actor's id and a value, at an address.
fn addressed(at: u32, id: impl AsRef<[u8]>, value: Value) -> String {
	format!(r#"(data (i32.const {at}) "{}{}")"#, bytes(id), bytes(value.to_le_bytes()))
}

/// Sends "hello" with value to a program whose `handle` is this; returns its reply.
fn replied<E: Executor>(system: &mut System<E>, handle: &str) -> (ActorId, Message) {
	let program = deploy(system, &module(handle, ""), b"");
	let message = system.send_message(program, ALICE, b"hello", VALUE).unwrap();
	system.run_next_block();
	let reply = system.reply_to(message).expect("there is a reply").clone();
	assert_eq!(reply.id, ids::reply_message_id(message));
	claim_all(system);
	system.run_next_block();
	assert_eq!(system.open_gas().count(), 0);
	assert_eq!(system.total_issuance(), 2 * FUNDS);
	(program, reply)
}

/// The payload of that reply, which is the same on both backends.
fn payload(handle: &str) -> Vec<u8> {
	let reply = on_both_backends!(|system| { replied(&mut system, handle).1 });
	let code = reply.reply.unwrap().code;
	assert_eq!(code, ReplyCode::Success(SuccessReplyReason::Manual), "{handle}");
	reply.payload
}

/// The error code that a syscall leaves at address 0.
fn error(calls: &str) -> u32 {
	u32::from_le_bytes(
		payload(&format!("{calls} (call $answer (i32.const 4))")).try_into().unwrap(),
	)
}

fn code(error: impl Into<ExtError>) -> u32 {
	error.into().to_u32()
}

/// What Bob gets from a program whose `handle` is this.
fn bob_gets(handle: &str) -> Vec<(Vec<u8>, Value)> {
	on_both_backends!(|system| {
		let (program, _) = replied(&mut system, handle);
		let messages = inbox(&system, BOB);
		let sum: Value = messages.iter().map(|message| message.value).sum();
		assert_eq!(system.account(program).free, VALUE - sum);
		assert_eq!(system.account(BOB).free, FUNDS + sum);
		messages.iter().map(|message| (message.payload.clone(), message.value)).collect()
	})
}

/// Each syscall has a row here and a test named after it.
#[test]
fn all_syscalls_are_tested() {
	let sources = [
		include_str!("ask.rs"),
		include_str!("control.rs"),
		include_str!("create.rs"),
		include_str!("delay.rs"),
		include_str!("gas.rs"),
		include_str!("memory.rs"),
		include_str!("reply.rs"),
		include_str!("reserve.rs"),
		include_str!("send.rs"),
		include_str!("signal.rs"),
		include_str!("wait.rs"),
	];
	let names: Vec<_> = gearway_engine::syscall_names().collect();
	assert!(names.iter().copied().eq(SYSCALLS.map(|(name, ..)| name)));
	let tests: Vec<_> = sources
		.iter()
		.flat_map(|source| source.split("#[test]\nfn ").skip(1))
		.filter_map(|test| test.split_once("()").map(|(name, _)| name))
		.collect();
	for name in &names {
		// A name may begin another: `gr_send`, `gr_send_commit`.
		let named_after = |test: &&str| {
			let longest = names.iter().filter(|name| test.starts_with(&format!("{name}_")));
			longest.max_by_key(|name| name.len()) == Some(name)
		};
		assert!(tests.iter().any(named_after), "no test is named after `{name}`");
	}
}
