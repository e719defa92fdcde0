//! Whatever users and programs do, gas and value balance to the unit, and both backends agree.

use crate::support::*;
use gearway_engine::{
	ActorId, Event, Executor, PostError, Value, Wasmi, Wasmtime,
	testkit::{Chain, System},
};
use proptest::{collection::vec, prelude::*};

const PROGRAMS: usize = 3;

/// Obeys its input: 32 bytes of a destination, 16 of a value, 8 of a gas limit, a byte of orders;
/// the rest is passed on. `handle_reply` obeys nothing, but fails on an error.
const OBEDIENT: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "alloc" (func $alloc (param i32) (result i32)))
	(import "env" "gr_exit" (func $exit (param i32)))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
	(import "env" "gr_reply_code" (func $code (param i32)))
	(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
	(import "env" "gr_send_wgas" (func $send_wgas (param i32 i32 i32 i64 i32 i32)))
	(import "env" "gr_size" (func $size (param i32)))
	(func $ordered (param i32) (result i32)
		(i32.and (i32.load8_u (i32.const 1080)) (local.get 0)))
	(func $rest (result i32) (i32.sub (i32.load (i32.const 0)) (i32.const 57)))
	(func (export "init"))
	(func (export "handle")
		(call $size (i32.const 0))
		(if (i32.lt_u (i32.load (i32.const 0)) (i32.const 57)) (then return))
		(call $read (i32.const 0) (i32.load (i32.const 0)) (i32.const 1024) (i32.const 8))
		(if (call $ordered (i32.const 1)) (then
			(call $send (i32.const 1024) (i32.const 1081) (call $rest) (i32.const 0) (i32.const 8))))
		(if (call $ordered (i32.const 2)) (then
			(call $send_wgas (i32.const 1024) (i32.const 1081) (call $rest)
				(i64.load (i32.const 1072)) (i32.const 0) (i32.const 8))))
		(if (call $ordered (i32.const 4)) (then
			(call $reply (i32.const 1024) (i32.const 4) (i32.const 1056) (i32.const 8))))
		(if (call $ordered (i32.const 8)) (then
			(i32.store (i32.const 60000) (call $alloc (i32.const 1)))))
		(if (call $ordered (i32.const 16)) (then unreachable))
		(if (call $ordered (i32.const 32)) (then (loop (br 0))))
		(if (call $ordered (i32.const 64)) (then (call $exit (i32.const 1024)))))
	(func (export "handle_reply")
		(call $code (i32.const 8))
		(if (i32.load8_u (i32.const 12)) (then unreachable))))"#;

/// An actor by number: the programs, the users, and one that nobody knows.
#[derive(Clone, Copy, Debug)]
struct Somebody(usize);

impl Somebody {
	fn id(self, programs: &[ActorId]) -> ActorId {
		match self.0.checked_sub(programs.len()) {
			None => programs[self.0],
			Some(0) => ALICE,
			Some(1) => BOB,
			Some(_) => ActorId::new([0xCC; 32]),
		}
	}
}

#[derive(Clone, Debug)]
struct Order {
	to: Somebody,
	value: Value,
	gas: u64,
	bits: u8,
}

#[derive(Clone, Debug)]
enum Step {
	Send { from_bob: bool, program: usize, orders: Vec<Order>, value: Value, gas: u64 },
	Block { gas: u64 },
}

fn value() -> impl Strategy<Value = Value> {
	prop_oneof![Just(0), Just(1), 1_000_000_000u128..9_000_000_000]
}

fn gas() -> impl Strategy<Value = u64> {
	prop_oneof![0u64..100_000, 100_000u64..5_000_000]
}

fn order() -> impl Strategy<Value = Order> {
	// Sending is likely, ending is not.
	let bits = prop_oneof![
		6 => 0u8..16,
		1 => Just(16u8),
		1 => Just(32 + 1),
		1 => Just(64 + 1 + 4),
	];
	(0..PROGRAMS + 3, value(), gas(), bits).prop_map(|(to, value, gas, bits)| Order {
		to: Somebody(to),
		value,
		gas,
		bits,
	})
}

fn step() -> impl Strategy<Value = Step> {
	let send = (any::<bool>(), 0..PROGRAMS, vec(order(), 0..4), value(), gas()).prop_map(
		|(from_bob, program, orders, value, gas)| Step::Send {
			from_bob,
			program,
			orders,
			value,
			gas,
		},
	);
	prop_oneof![4 => send, 1 => gas().prop_map(|gas| Step::Block { gas })]
}

fn payload(orders: &[Order], programs: &[ActorId]) -> Vec<u8> {
	let mut bytes = Vec::new();
	for Order { to, value, gas, bits } in orders {
		bytes.extend_from_slice(to.id(programs).as_ref());
		bytes.extend_from_slice(&value.to_le_bytes());
		bytes.extend_from_slice(&gas.to_le_bytes());
		bytes.push(*bits);
	}
	bytes
}

/// What must hold between any two blocks.
fn assert_balanced<E: Executor>(system: &System<E>, programs: &[ActorId]) {
	assert_eq!(system.total_issuance(), 2 * FUNDS);
	let open: Value = system.open_gas().map(|node| Value::from(node.remaining + node.locked)).sum();
	let queued: Value = system.queue().map(|dispatch| dispatch.message.value).sum();
	let kept: Value = system.mailbox().map(|mail| mail.message.value).sum();
	let on_its_way = queued + kept;
	let others = [ALICE, BOB, ActorId::new([0xCC; 32])];
	let accounts: Vec<_> = programs.iter().chain(&others).map(|id| system.account(*id)).collect();
	assert_eq!(accounts.iter().map(|account| account.reserved).sum::<Value>(), open);
	assert_eq!(accounts.iter().map(|account| account.held).sum::<Value>(), on_its_way);
	let users: u32 = system.open_gas().map(|node| node.users).sum();
	assert_eq!(users as usize, system.queue().count() + system.mailbox().count());
	assert!(system.quarantined().is_empty());
}

fn run<E: Executor>(executor: E, steps: &[Step]) -> Chain {
	let mut system = system(executor);
	let code = system.upload_code(&wat(OBEDIENT)).unwrap();
	let programs: Vec<_> = (0..PROGRAMS as u8)
		.map(|salt| system.create_program(code, &[salt], ALICE, b"", 0).unwrap().0)
		.collect();
	let mut seen = Seen::default();
	for step in steps {
		match step {
			Step::Send { from_bob, program, orders, value, gas } => {
				let from = if *from_bob { BOB } else { ALICE };
				let payload = payload(orders, &programs);
				match system.send_with_gas(programs[*program], from, &payload, *value, *gas) {
					Ok(_) | Err(PostError::ProgramGone(_) | PostError::ValueTooSmall { .. }) => {}
					Err(error) => panic!("{error:?}"),
				}
			}
			Step::Block { gas } => {
				system.set_block_gas(*gas);
				let block = system.run_next_block();
				assert!(block.report.allowance_used <= *gas);
				seen.look(&block.events);
				assert_balanced(&system, &programs);
			}
		}
	}
	system.set_block_gas(u64::MAX);
	claim_all(&mut system);
	for block in system.run_blocks(1_000) {
		seen.look(&block.events);
		assert_balanced(&system, &programs);
	}
	claim_all(&mut system);
	for block in system.run_blocks(1_000) {
		seen.look(&block.events);
	}
	assert_at_rest(&system, 2 * FUNDS);
	assert_eq!(seen.dispatched, seen.queued, "each message is dealt with once");
	assert_eq!(system.account(system.author()).free, seen.spent);
	system.chain().clone()
}

/// What the events tell.
#[derive(Default)]
struct Seen {
	queued: u32,
	dispatched: u32,
	spent: Value,
}

impl Seen {
	fn look(&mut self, events: &[Event]) {
		for event in events {
			match event {
				Event::MessageQueued { .. } => self.queued += 1,
				Event::Dispatched { gas_spent, .. } => {
					self.dispatched += 1;
					self.spent += Value::from(*gas_spent);
				}
				_ => {}
			}
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

	#[test]
	fn gas_and_value_balance_on_both_backends(steps in vec(step(), 1..24)) {
		let interpreted = run(Wasmi::new(), &steps);
		let compiled = run(Wasmtime::new().unwrap(), &steps);
		prop_assert_eq!(interpreted, compiled);
	}
}
