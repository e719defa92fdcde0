//! Whatever users and programs do, gas and value balance to the unit, and both backends agree.

use crate::support::*;
use gearway_engine::{
	ActorId, CodeId, Economy, Event, Executor, Gas, MessageId, PostError, Settings, Value, ids,
	testkit::{BlockRunResult, Chain, System},
};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

const PROGRAMS: usize = 3;

/// Bytes of an order: 32 of a destination, 16 of a value, 8 of an amount of gas, 3 of what to do,
/// a number of blocks.
const ORDER: usize = 60;

/// What an order says to do, each a bit; done in this order.
mod bit {
	pub(super) const RESERVE: u32 = 1;
	pub(super) const SEND: u32 = 1 << 1;
	pub(super) const SEND_WGAS: u32 = 1 << 2;
	pub(super) const DEPOSIT: u32 = 1 << 3;
	pub(super) const FROM_RESERVATION: u32 = 1 << 4;
	pub(super) const UNRESERVE: u32 = 1 << 5;
	pub(super) const CREATE: u32 = 1 << 6;
	pub(super) const REPLY: u32 = 1 << 7;
	pub(super) const ALLOC: u32 = 1 << 8;
	pub(super) const CHARGE: u32 = 1 << 9;
	pub(super) const WAKE: u32 = 1 << 10;
	pub(super) const FOR_SIGNAL: u32 = 1 << 11;
	pub(super) const TRAP: u32 = 1 << 12;
	pub(super) const LOOP: u32 = 1 << 13;
	pub(super) const EXIT: u32 = 1 << 14;
	pub(super) const WAIT: u32 = 1 << 15;
	pub(super) const WAIT_UP_TO: u32 = 1 << 16;
}

/// A program that obeys its input: the first order is its, the rest is passed on. Woken, it does
/// nothing more. `init` is told the program's own code; `handle_reply` fails on an error.
fn obedient() -> Vec<u8> {
	let ordered = |bit: u32, does: &str| {
		format!("(if (i32.and (i32.load (i32.const 1080)) (i32.const {bit})) (then {does}))")
	};
	let orders = [
		ordered(
			bit::RESERVE,
			"(call $reserve (i64.load (i32.const 1072)) (call $blocks) (i32.const 2000))",
		),
		ordered(
			bit::SEND,
			"(call $send (i32.const 1024) (i32.const 1084) (call $rest) (call $delay) (i32.const 2096))",
		),
		ordered(
			bit::SEND_WGAS,
			"(call $send_wgas (i32.const 1024) (i32.const 1084) (call $rest) \
				(i64.load (i32.const 1072)) (call $delay) (i32.const 2096))",
		),
		ordered(
			bit::DEPOSIT,
			"(call $deposit (i32.const 2100) (i64.load (i32.const 1072)) (i32.const 8))",
		),
		ordered(
			bit::FROM_RESERVATION,
			"(call $copy (i32.const 2200) (i32.const 2004) (i32.const 4)) \
			(call $copy (i32.const 2232) (i32.const 1024) (i32.const 6)) \
			(call $reservation_send (i32.const 2200) (i32.const 1084) (call $rest) (call $delay) (i32.const 8))",
		),
		ordered(bit::UNRESERVE, "(call $unreserve (i32.const 2004) (i32.const 8))"),
		ordered(
			bit::CREATE,
			"(call $copy (i32.const 2332) (i32.const 1056) (i32.const 2)) \
			(call $create (i32.const 2300) (i32.const 1072) (i32.const 12) \
				(i32.const 2300) (i32.const 32) (call $delay) (i32.const 2400))",
		),
		ordered(
			bit::REPLY,
			"(call $reply (i32.const 1024) (i32.const 4) (i32.const 1056) (i32.const 8))",
		),
		ordered(bit::ALLOC, "(i32.store (i32.const 60000) (call $alloc (i32.const 1)))"),
		ordered(bit::CHARGE, "(call $charge (i64.load (i32.const 1072)) (i32.const 8))"),
		ordered(bit::WAKE, "(call $wake (i32.const 2600) (call $delay) (i32.const 8))"),
		ordered(
			bit::FOR_SIGNAL,
			"(call $system_reserve (i64.load (i32.const 1072)) (i32.const 8))",
		),
		ordered(bit::TRAP, "unreachable"),
		ordered(bit::LOOP, "(loop (br 0))"),
		ordered(bit::EXIT, "(call $exit (i32.const 1024))"),
		ordered(bit::WAIT, "(call $id (i32.const 2600)) (call $wait)"),
		ordered(bit::WAIT_UP_TO, "(call $id (i32.const 2600)) (call $wait_up_to (call $blocks))"),
	]
	.concat();
	wat(&format!(
		r#"(module
		(import "env" "memory" (memory 1))
		(import "env" "alloc" (func $alloc (param i32) (result i32)))
		(import "env" "gr_create_program" (func $create (param i32 i32 i32 i32 i32 i32 i32)))
		(import "env" "gr_exit" (func $exit (param i32)))
		(import "env" "gr_message_id" (func $id (param i32)))
		(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
		(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
		(import "env" "gr_reply_code" (func $code (param i32)))
		(import "env" "gr_reply_deposit" (func $deposit (param i32 i64 i32)))
		(import "env" "gr_reservation_send" (func $reservation_send (param i32 i32 i32 i32 i32)))
		(import "env" "gr_reserve_gas" (func $reserve (param i64 i32 i32)))
		(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
		(import "env" "gr_send_wgas" (func $send_wgas (param i32 i32 i32 i64 i32 i32)))
		(import "env" "gr_size" (func $size (param i32)))
		(import "env" "gr_system_reserve_gas" (func $system_reserve (param i64 i32)))
		(import "env" "gr_unreserve_gas" (func $unreserve (param i32 i32)))
		(import "env" "gr_wait" (func $wait))
		(import "env" "gr_wait_up_to" (func $wait_up_to (param i32)))
		(import "env" "gr_wake" (func $wake (param i32 i32 i32)))
		(import "env" "gw_gas_charge" (func $charge (param i64 i32)))
		(func $rest (result i32) (i32.sub (i32.load (i32.const 0)) (i32.const {ORDER})))
		(func $delay (result i32) (i32.load8_u (i32.const 1083)))
		(func $blocks (result i32) (i32.add (call $delay) (i32.const 1)))
		(func $copy (param $to i32) (param $from i32) (param $words i32)
			(loop $l (i64.store (local.get $to) (i64.load (local.get $from)))
				(local.set $to (i32.add (local.get $to) (i32.const 8)))
				(local.set $from (i32.add (local.get $from) (i32.const 8)))
				(br_if $l (local.tee $words (i32.sub (local.get $words) (i32.const 1))))))
		(func $word_is (param i32) (result i32)
			(i64.eq (i64.load (i32.add (i32.const 2600) (local.get 0)))
				(i64.load (i32.add (i32.const 2700) (local.get 0)))))
		(func (export "init")
			(call $read (i32.const 0) (i32.const 32) (i32.const 2300) (i32.const 8)))
		(func (export "handle")
			(call $id (i32.const 2700))
			(if (i32.and (call $word_is (i32.const 0)) (call $word_is (i32.const 8))) (then return))
			(call $size (i32.const 0))
			(if (i32.lt_u (i32.load (i32.const 0)) (i32.const {ORDER})) (then return))
			(call $read (i32.const 0) (i32.load (i32.const 0)) (i32.const 1024) (i32.const 8))
			{orders})
		(func (export "handle_reply")
			(call $code (i32.const 8))
			(if (i32.load8_u (i32.const 12)) (then unreachable)))
		(func (export "handle_signal")
			(call $send (i32.const 2500) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 8)))
		(data (i32.const 2500) "{bob}"))"#,
		bob = bytes(BOB),
	))
}

/// An actor by number: the programs, the users, one that nobody knows, and a program that one of
/// the programs may have made.
#[derive(Clone, Copy, Debug)]
struct Somebody(usize);

impl Somebody {
	fn id(self, programs: &[ActorId]) -> ActorId {
		match self.0.checked_sub(programs.len()) {
			None => programs[self.0],
			Some(0) => ALICE,
			Some(1) => BOB,
			Some(_) => STRANGER,
		}
	}
}

const STRANGER: ActorId = ActorId::new([0xCC; 32]);

#[derive(Clone, Debug)]
struct Order {
	to: Somebody,
	value: Value,
	gas: Gas,
	bits: u32,
	blocks: u8,
}

#[derive(Clone, Debug)]
enum Step {
	Send { from_bob: bool, program: usize, orders: Vec<Order>, value: Value, gas: Gas },
	Block { gas: Gas },
	Claim { mail: usize },
	Reply { mail: usize, value: Value },
}

fn value() -> impl Strategy<Value = Value> {
	prop_oneof![Just(0), Just(1), 1_000_000_000u128..9_000_000_000]
}

fn gas() -> impl Strategy<Value = Gas> {
	prop_oneof![0u64..100_000, 100_000u64..5_000_000]
}

fn order() -> impl Strategy<Value = Order> {
	use bit::*;
	// To do something is likely, to end badly is not.
	let ends = prop_oneof![
		8 => Just(0),
		4 => Just(WAIT),
		4 => Just(WAIT_UP_TO),
		1 => Just(TRAP),
		1 => Just(TRAP | FOR_SIGNAL),
		1 => Just(WAIT | FOR_SIGNAL),
		1 => Just(LOOP),
		1 => Just(EXIT),
	];
	let bits = (0..ALLOC << 3, ends).prop_map(|(does, ends)| does | ends);
	let sparse = (bits, any::<u32>(), any::<u32>());
	let bits = sparse.prop_map(|(bits, one, other)| bits & (one | other | !(FOR_SIGNAL - 1)));
	(0..PROGRAMS + 3, value(), gas(), bits, 0u8..12).prop_map(|(to, value, gas, bits, blocks)| {
		Order { to: Somebody(to), value, gas, bits, blocks }
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
	prop_oneof![
		6 => send,
		3 => gas().prop_map(|gas| Step::Block { gas }),
		1 => any::<usize>().prop_map(|mail| Step::Claim { mail }),
		1 => (any::<usize>(), value()).prop_map(|(mail, value)| Step::Reply { mail, value }),
	]
}

fn payload(orders: &[Order], programs: &[ActorId]) -> Vec<u8> {
	let mut bytes = Vec::new();
	for Order { to, value, gas, bits, blocks } in orders {
		bytes.extend_from_slice(to.id(programs).as_ref());
		bytes.extend_from_slice(&value.to_le_bytes());
		bytes.extend_from_slice(&gas.to_le_bytes());
		bytes.extend_from_slice(&(bits | u32::from(*blocks) << 24).to_le_bytes());
	}
	bytes
}

/// What there should be in a gas node, by what is in storage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Expected {
	users: u32,
	locked: Gas,
}

/// What must hold between any two steps.
fn assert_balanced<E: Executor>(system: &System<E>, issuance: Value, free: bool) {
	assert_eq!(system.total_issuance(), issuance);
	assert!(system.quarantined().is_empty(), "{:?}", system.quarantined());

	// Gas: what is reserved is in the nodes.
	let open: Value = system.open_gas().map(|node| Value::from(node.remaining + node.locked)).sum();
	let reserved: Value = system.accounts().map(|(_, account)| account.reserved).sum();
	assert_eq!(reserved, if free { 0 } else { open });

	// Value: what is held is that of messages on their way which has not arrived.
	let queued = system.queue().filter(|dispatch| dispatch.earlier.is_none());
	let queued: Value = queued.map(|dispatch| dispatch.message.value).sum();
	let kept: Value = system.mailbox().map(|mail| mail.message.value).sum();
	let delayed: Value = system.delayed_messages().map(|it| it.dispatch.message.value).sum();
	let held: Value = system.accounts().map(|(_, account)| account.held).sum();
	assert_eq!(held, queued + kept + delayed);

	// Each node has as many users, and so much locked, as there are things it pays for.
	let mut expected = BTreeMap::<MessageId, Expected>::new();
	let mut count = |node: MessageId, locked: Gas| {
		let expected = expected.entry(node).or_default();
		expected.users += 1;
		expected.locked += locked;
	};
	let waiting = system.waitlist().map(|waiting| (&waiting.dispatch, waiting.lease.rent.locked));
	for (dispatch, locked) in system.queue().map(|dispatch| (dispatch, 0)).chain(waiting) {
		count(dispatch.gas_node, locked);
		if dispatch.earlier.is_some_and(|earlier| earlier.for_signal > 0) {
			count(ids::signal_message_id(dispatch.message.id), 0);
		}
	}
	for delayed in system.delayed_messages() {
		count(delayed.dispatch.gas_node, delayed.rent.locked);
	}
	for mail in system.mailbox() {
		count(mail.gas_node, mail.lease.rent.locked);
	}
	for (_, program) in system.programs() {
		for (id, reservation) in &program.reservations {
			count(ids::reservation_node(*id), reservation.lease.rent.locked);
		}
	}
	for (id, node) in system.gas_nodes() {
		let found = Expected { users: node.users, locked: node.locked };
		// Nobody but the node itself knows of a deposit for a reply to come.
		let deposit = Expected { users: 1, locked: 0 };
		assert_eq!(found, expected.remove(&id).unwrap_or(deposit), "{id}");
	}
	assert_eq!(expected, BTreeMap::new(), "these have no node");
}

/// What the events tell.
#[derive(Default)]
struct Seen {
	begun: u32,
	ended: u32,
}

impl Seen {
	fn look(&mut self, block: &BlockRunResult) {
		for event in &block.events {
			match event {
				Event::MessageQueued { .. } | Event::MessageWoken { .. } => self.begun += 1,
				Event::Dispatched { failure, .. } => {
					// Removed from the waitlist, it has not been woken.
					let removed =
						*failure == Some(gearway_engine::ErrorReplyReason::RemovedFromWaitlist);
					self.ended += u32::from(!removed);
				}
				Event::MessageWaiting { .. } => self.ended += 1,
				Event::TaskFailed { task, error } => panic!("{task:?}: {error:?}"),
				_ => {}
			}
		}
	}
}

/// Three programs, which know their code.
fn programs<E: Executor>(system: &mut System<E>, code: CodeId) -> Vec<ActorId> {
	(0..PROGRAMS as u8)
		.map(|salt| system.create_program(code, &[salt], ALICE, code.as_ref(), 0).unwrap().0)
		.collect()
}

fn run<E: Executor>(executor: E, settings: Settings, economy: Economy, steps: &[Step]) -> Chain {
	let mut system = system_with(settings, executor);
	system.set_economy(economy);
	let free = economy == Economy::Free;
	let code = system.upload_code(&obedient()).unwrap();
	let programs = programs(&mut system, code);
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
				seen.look(&block);
			}
			Step::Claim { mail } => {
				if let Some((user, mail)) = some_mail(&system, *mail) {
					system.claim_value(user, mail).unwrap();
				}
			}
			Step::Reply { mail, value } => {
				if let Some((user, mail)) = some_mail(&system, *mail) {
					match system.send_reply(mail, user, b"thanks", *value) {
						Ok(_)
						| Err(
							PostError::ProgramGone(_)
							| PostError::ValueTooSmall { .. }
							| PostError::Gas(_)
							| PostError::Value(_),
						) => {}
						Err(error) => panic!("{error:?}"),
					}
				}
			}
		}
		assert_balanced(&system, 2 * FUNDS, free);
	}
	// By then all that may stay in storage has left it, and what came of that, too.
	system.set_block_gas(u64::MAX);
	for _ in 0..6 * settings.limits.storage_blocks {
		if system.queue().next().is_none() && system.tasks().next().is_none() {
			break;
		}
		seen.look(&system.run_next_block());
		assert_balanced(&system, 2 * FUNDS, free);
	}
	assert_at_rest(&system, 2 * FUNDS);
	assert_eq!(system.tasks().count(), 0);
	assert_eq!(seen.ended, seen.begun, "each message is dealt with once");
	system.chain().clone()
}

/// One of the messages in mailboxes, and whose it is.
fn some_mail<E>(system: &System<E>, number: usize) -> Option<(ActorId, MessageId)> {
	let count = system.mailbox().count();
	let mail = system.mailbox().nth(number.checked_rem(count)?)?;
	Some((mail.message.destination, mail.message.id))
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

	#[test]
	fn gas_and_value_balance_after_every_step(steps in vec(step(), 1..24)) {
		let interpreted = run(interpreter(), rented(), Economy::Priced, &steps);
		let compiled = run(compiler(), rented(), Economy::Priced, &steps);
		prop_assert_eq!(interpreted, compiled);
	}

	#[test]
	fn gas_is_counted_where_it_costs_nothing(steps in vec(step(), 1..16)) {
		run(compiler(), rented(), Economy::Free, &steps);
	}
}
