//! The programs that are measured, and the chain they stand on.

use gearway_engine::{
	ActorId, CodeId, Executor, Gas, Posting, ReplyCode, Settings, testkit::System,
};
use gearway_programs::PING;
use std::error::Error;

pub(crate) const ALICE: ActorId = ActorId::new([0xA1; 32]);

/// More than any bench spends.
const FUNDS: u128 = 1 << 100;

/// A chain with production prices where Alice is rich, and ping is ready.
pub(crate) struct World<E> {
	pub(crate) system: System<E>,
	pub(crate) settings: Settings,
	pub(crate) ping: ActorId,
	pub(crate) ping_code: CodeId,
	/// Messages to users that were counted.
	seen: usize,
}

impl<E: Executor> World<E> {
	pub(crate) fn new(executor: E) -> Result<Self, Box<dyn Error>> {
		let mut settings = Settings::production();
		settings.limits.block_gas = u64::MAX;
		let mut system = System::with(settings, executor);
		system.set_block_gas(u64::MAX);
		system.mint_to(ALICE, FUNDS);
		let ping_code = system.upload_code(PING)?;
		let (ping, _) = system.create_program(ping_code, b"ping", ALICE, b"", 0)?;
		let mut world = Self { system, settings, ping, ping_code, seen: 0 };
		world.run();
		world.expect_answers(1)?;
		Ok(world)
	}

	/// Makes a program of `code`, written as text or not.
	pub(crate) fn deploy(&mut self, code: &[u8], init: &[u8]) -> Result<ActorId, Box<dyn Error>> {
		let code = self.system.upload_code(&wat::parse_bytes(code)?)?;
		let (source, payload) = (ALICE, init.to_vec());
		let posting = Posting { source, payer: source, payload, gas_limit: GAS, value: 0 };
		let (program, message) = self.system.post_program(code, b"", posting)?;
		self.run();
		self.seen = self.system.chain().outbox().len();
		let reply = self.system.reply_to(message).ok_or("init was not answered")?;
		match reply.reply.map(|details| details.code) {
			Some(ReplyCode::Success(_)) => Ok(program),
			other => Err(format!("init failed: {other:?}").into()),
		}
	}

	/// Makes `count` programs of one code.
	pub(crate) fn deploy_many(
		&mut self,
		code: &str,
		count: u32,
	) -> Result<Vec<ActorId>, Box<dyn Error>> {
		let code = self.system.upload_code(&wat::parse_str(code)?)?;
		let mut programs = Vec::new();
		for number in 0..count {
			let salt = number.to_le_bytes();
			programs.push(self.system.create_program(code, &salt, ALICE, b"", 0)?.0);
		}
		self.run();
		self.expect_answers(count as usize)?;
		Ok(programs)
	}

	/// Ends the block.
	pub(crate) fn run(&mut self) -> u32 {
		self.system.run_next_block().report.processed
	}

	/// Posts `count` messages to `program`.
	pub(crate) fn post(
		&mut self,
		program: ActorId,
		payload: &[u8],
		count: u32,
	) -> Result<(), Box<dyn Error>> {
		self.post_with_gas(program, payload, count, GAS)
	}

	/// Posts `count` messages to `program`, each with `gas`.
	pub(crate) fn post_with_gas(
		&mut self,
		program: ActorId,
		payload: &[u8],
		count: u32,
		gas: Gas,
	) -> Result<(), Box<dyn Error>> {
		for _ in 0..count {
			self.system.send_with_gas(program, ALICE, payload, 0, gas)?;
		}
		Ok(())
	}

	/// Sees that as many messages as expected reached users since this was last asked.
	pub(crate) fn expect_answers(&mut self, expected: usize) -> Result<(), Box<dyn Error>> {
		let all = self.system.chain().outbox().len();
		let fresh = all - core::mem::replace(&mut self.seen, all);
		if fresh != expected {
			return Err(format!("{fresh} messages to users, not {expected}").into());
		}
		Ok(())
	}
}

/// Gas limit of a message: enough for any of these programs.
pub(crate) const GAS: Gas = 1_000_000_000_000;

/// Writes to each of 128 pages in `init`, and changes a byte in the first and in the last of them
/// with each message.
pub(crate) const OWNER_OF_128_PAGES: &str = r#"(module
	(import "env" "memory" (memory 129))
	(func (export "init") (local i32)
		(local.set 0 (i32.const 65536))
		(loop
			(i64.store (local.get 0) (i64.const 0x0101010101010101))
			(local.set 0 (i32.add (local.get 0) (i32.const 8)))
			(br_if 0 (i32.lt_u (local.get 0) (i32.const 8454144)))))
	(func $count (param i32)
		(i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1))))
	(func (export "handle")
		(call $count (i32.const 65536))
		(call $count (i32.const 8388608))))"#;

/// Allocates 64 pages and frees them.
pub(crate) const ALLOCATOR: &str = r#"(module
	(import "env" "memory" (memory 1 512))
	(import "env" "alloc" (func $alloc (param i32) (result i32)))
	(import "env" "free_range" (func $free (param i32 i32) (result i32)))
	(func (export "init"))
	(func (export "handle") (local i32)
		(local.set 0 (call $alloc (i32.const 64)))
		(drop (call $free (local.get 0) (i32.add (local.get 0) (i32.const 63))))))"#;

/// Sends 100 messages of 1 KiB to a user.
pub(crate) const SENDER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
	(func (export "init"))
	(func (export "handle") (local i32)
		(local.set 0 (i32.const 100))
		(loop
			(call $send (i32.const 4096) (i32.const 0) (i32.const 1024) (i32.const 0)
				(i32.const 8192))
			(local.set 0 (i32.sub (local.get 0) (i32.const 1)))
			(br_if 0 (local.get 0)))))"#;

/// Waits at an empty message until it is woken by another, whose payload is the waiting one's id.
pub(crate) const WAITER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_size" (func $size (param i32)))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(import "env" "gr_wait_for" (func $wait_for (param i32)))
	(import "env" "gr_wake" (func $wake (param i32 i32 i32)))
	(func (export "init"))
	(func $count (param i32)
		(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (local.get 0))))
	(func (export "handle")
		(call $size (i32.const 8192))
		(if (i32.load (i32.const 8192))
			(then
				(call $read (i32.const 0) (i32.const 32) (i32.const 8192) (i32.const 8256))
				(call $wake (i32.const 8192) (i32.const 0) (i32.const 8256))
				(call $count (i32.const 1)))
			(else
				(if (i32.load (i32.const 4096))
					(then (call $count (i32.const -1)))
					(else (call $wait_for (i32.const 400000))))))))"#;

/// Computes for some 50 µs with each message.
pub(crate) const WORKER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(func (export "init"))
	(func (export "handle") (local i32 i64)
		(local.set 0 (i32.const 40000))
		(loop
			(local.set 1 (i64.add (i64.mul (local.get 1) (i64.const 31)) (i64.const 7)))
			(local.set 0 (i32.sub (local.get 0) (i32.const 1)))
			(br_if 0 (local.get 0)))
		(i64.store (i32.const 4096) (local.get 1))))"#;
