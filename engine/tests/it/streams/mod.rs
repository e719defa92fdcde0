//! The queue in rounds: the same result on any number of threads and on both backends.

mod order;
pub(crate) mod puppet;

use crate::support::*;
use gearway_engine::{
	ActorId, BuiltinError, BuiltinReply, CodeId, Event, Executor, Message, MessageId, PostError,
	QueueReport, Settings, Value, Wasmi, Wasmtime, run_queue,
	testkit::{BlockRunResult, Chain, System},
};
use proptest::{collection::vec, prelude::*};
use puppet::{Order, What};
use std::{
	collections::BTreeMap,
	num::NonZeroUsize,
	sync::{LazyLock, Mutex},
};

const PROGRAMS: usize = 4;
const BUILTIN: ActorId = ActorId::new([0xBB; 32]);
const STRANGER: ActorId = ActorId::new([0xCC; 32]);

/// Prices that make everything cost something, and limits that are met.
fn settings() -> Settings {
	let mut settings = Settings::white_paper();
	settings.schedule.dispatch = 20_000;
	settings.schedule.chunk_read = 3_000;
	settings.schedule.chunk_write = 5_000;
	settings.schedule.send = 2_000;
	settings.schedule.task = 1_000;
	settings.schedule.waitlist_block = 10_000;
	settings.schedule.mailbox_block = 1_000;
	settings.schedule.stash_block = 1_000;
	settings.schedule.reservation_block = 1_000;
	settings.schedule.mailbox_threshold = 5_000;
	settings.limits.round_messages = 3;
	settings.limits.round_total = 8;
	settings.limits.passed_over = 24;
	settings
}

/// Repeats what it is told, unless that is nothing.
fn echo(message: &Message) -> Result<BuiltinReply, BuiltinError> {
	match message.payload.is_empty() {
		true => Err(BuiltinError { payload: b"nothing".to_vec() }),
		false => Ok(BuiltinReply::Now(message.payload.clone())),
	}
}

/// A chain on which Alice and Bob are rich and there is an actor of the runtime.
pub(crate) fn puppet_stage<E: Executor>(executor: E, settings: Settings) -> (System<E>, CodeId) {
	let mut system = System::with(settings, executor);
	system.mint_to(ALICE, FUNDS);
	system.mint_to(BOB, FUNDS);
	system.add_builtin(BUILTIN, 50_000, echo);
	let code = system.upload_code(&puppet::code()).unwrap();
	(system, code)
}

#[derive(Clone, Debug)]
enum Step {
	Post { from_bob: bool, program: usize, orders: Vec<Order>, value: Value, gas: u64 },
	Program { orders: Vec<Order>, gas: u64 },
	Block { gas: u64 },
}

fn value() -> impl Strategy<Value = Value> {
	prop_oneof![3 => Just(0), 1 => Just(1), 2 => 1_000_000_000u128..5_000_000_000]
}

fn gas() -> impl Strategy<Value = u64> {
	prop_oneof![1 => 0u64..300_000, 4 => 300_000u64..8_000_000]
}

/// Programs by their number, users, an actor of the runtime, one that nobody knows. The numbers
/// become ids when the programs are made.
fn somebody() -> impl Strategy<Value = [u8; 32]> {
	(0..PROGRAMS as u8 + 4).prop_map(|number| {
		let mut id = [0; 32];
		id[0] = number;
		id
	})
}

fn what() -> impl Strategy<Value = What> {
	use What::*;
	prop_oneof![
		8 => Just(Send),
		6 => Just(SendWithGas),
		3 => Just(Reply),
		2 => Just(ReplyWithGas),
		1 => Just(Trap),
		3 => Just(Burn),
		4 => Just(Store),
		1 => Just(Alloc),
		1 => Just(Exit),
		4 => Just(Look),
		2 => Just(Wait),
		2 => Just(WaitFor),
		2 => Just(WaitUpTo),
		3 => Just(Wake),
		2 => Just(Reserve),
		2 => Just(SendReserved),
		1 => Just(Unreserve),
		2 => Just(SystemReserve),
		2 => Just(Create),
		2 => Just(SendToCreated),
		2 => Just(Deposit),
		1 => Just(ChargeGas),
	]
}

fn orders() -> impl Strategy<Value = Vec<Order>> {
	let order = (what(), 0u32..200, gas(), somebody(), value());
	let leaf = order.prop_map(|(what, n, gas, to, value)| Order {
		what,
		// Most of what is sent is sent now, and what waits does not wait for ever.
		n: match what {
			What::Burn | What::Store | What::Create => n,
			_ if n < 150 => 0,
			_ => n % 5,
		},
		gas: if what == What::ChargeGas { gas / 100 } else { gas / 4 },
		to,
		value,
		orders: Vec::new(),
	});
	vec(leaf, 0..5).prop_recursive(3, 24, 4, |inner| {
		vec(inner, 1..4).prop_map(|mut lists| {
			let mut orders = lists.pop().unwrap_or_default();
			for (order, list) in orders.iter_mut().zip(lists) {
				order.orders = list;
			}
			orders
		})
	})
}

fn step() -> impl Strategy<Value = Step> {
	let post = (any::<bool>(), 0..PROGRAMS, orders(), value(), gas()).prop_map(
		|(from_bob, program, orders, value, gas)| Step::Post {
			from_bob,
			program,
			orders,
			value,
			gas,
		},
	);
	prop_oneof![
		12 => post,
		1 => (orders(), gas()).prop_map(|(orders, gas)| Step::Program { orders, gas }),
		2 => (100_000u64..60_000_000).prop_map(|gas| Step::Block { gas }),
	]
}

/// Puts ids for numbers.
fn address(orders: &[Order], programs: &[ActorId], code: CodeId) -> Vec<Order> {
	let id = |number: u8| match usize::from(number).checked_sub(PROGRAMS) {
		None => programs[usize::from(number)],
		Some(0) => ALICE,
		Some(1) => BOB,
		Some(2) => BUILTIN,
		Some(_) => STRANGER,
	};
	let to = |order: &Order| match order.what {
		What::Create => code.into_bytes(),
		_ => id(order.to[0]).into_bytes(),
	};
	orders
		.iter()
		.map(|order| Order {
			to: to(order),
			orders: address(&order.orders, programs, code),
			..order.clone()
		})
		.collect()
}

/// Who runs the queue.
#[derive(Clone, Copy, Debug)]
enum Runner {
	/// The test kit, in so many streams.
	Streams(usize),
	/// What a runtime calls.
	Alone,
}

/// Everything there is to see.
#[derive(PartialEq, Debug)]
struct Seen {
	chain: Chain,
	reports: Vec<QueueReport>,
	events: Vec<Event>,
}

struct Play<E> {
	system: System<E>,
	executor: E,
	runner: Runner,
	reports: Vec<QueueReport>,
	events: Vec<Event>,
}

impl<E: Executor> Play<E> {
	fn block(&mut self, gas: u64) {
		let report = match self.runner {
			Runner::Streams(_) => {
				self.system.set_block_gas(gas);
				let BlockRunResult { report, events, .. } = self.system.run_next_block();
				self.events.extend(events);
				report
			}
			Runner::Alone => {
				let chain: &mut Chain = &mut self.system;
				let report = run_queue(chain, &mut self.executor, &settings(), gas);
				// Nothing is left to do in this block.
				self.system.set_block_gas(0);
				let BlockRunResult { report: rest, events, .. } = self.system.run_next_block();
				assert_eq!((rest.processed, rest.tasks), (0, 0));
				self.events.extend(events);
				report
			}
		};
		assert!(report.allowance_used <= gas, "{report:?} of {gas}");
		assert!(report.gas_spent <= report.allowance_used, "{report:?}");
		// Whatever a program saw ahead was so when its turn came.
		assert_eq!(report.dropped, 0);
		self.reports.push(report);
		assert_balanced(&self.system);
	}
}

fn play<E: Executor>(executor: &E, runner: Runner, steps: &[Step]) -> Seen {
	let (mut system, code) = puppet_stage(executor.fork(), settings());
	if let Runner::Streams(count) = runner {
		system.set_streams(NonZeroUsize::new(count).unwrap());
	}
	let programs: Vec<_> = (0..PROGRAMS as u8)
		.map(|salt| system.create_program(code, &[salt], ALICE, b"", 5_000_000_000).unwrap().0)
		.collect();
	let (reports, events) = Default::default();
	let mut play = Play { system, executor: executor.fork(), runner, reports, events };
	for (number, step) in (0u32..).zip(steps) {
		match step {
			Step::Post { from_bob, program, orders, value, gas } => {
				let from = if *from_bob { BOB } else { ALICE };
				let payload = Order::encode(&address(orders, &programs, code));
				match play.system.send_with_gas(programs[*program], from, &payload, *value, *gas) {
					Ok(_) | Err(PostError::ProgramGone(_) | PostError::ValueTooSmall { .. }) => {}
					Err(error) => panic!("{error:?}"),
				}
			}
			Step::Program { orders, gas } => {
				let payload = Order::encode(&address(orders, &programs, code));
				let posting = gearway_engine::Posting {
					source: BOB,
					payer: BOB,
					payload,
					gas_limit: *gas,
					value: 0,
				};
				play.system.post_program(code, &number.to_le_bytes(), posting).unwrap();
			}
			Step::Block { gas } => play.block(*gas),
		}
	}
	for _ in 0..12 {
		play.block(1_000_000_000);
	}
	assert_in_order(&play.events);
	let chain = play.system.chain().clone();
	Seen { chain, reports: play.reports, events: play.events }
}

/// Gas and value balance between any two blocks.
fn assert_balanced<E>(system: &System<E>) {
	assert_eq!(system.total_issuance(), 2 * FUNDS);
	assert!(system.quarantined().is_empty(), "{:?}", system.quarantined());
}

/// No message overtook another between the same two actors. Messages that waited are left out:
/// they come when they are woken.
fn assert_in_order(events: &[Event]) {
	let mut ways = BTreeMap::<(ActorId, ActorId), Vec<MessageId>>::new();
	let mut way_of = BTreeMap::new();
	for event in events {
		match event {
			Event::MessageQueued { id, source, destination, .. } => {
				ways.entry((*source, *destination)).or_default().push(*id);
				way_of.insert(*id, (*source, *destination));
			}
			Event::Dispatched { id, .. } | Event::MessageWaiting { id, .. } => {
				if let Some(way) = way_of.remove(id) {
					let first = ways.get_mut(&way).map(|ids| ids.remove(0));
					assert_eq!(first, Some(*id), "overtook another from {} to {}", way.0, way.1);
				}
			}
			_ => {}
		}
	}
}

/// Compiles the puppet once for all cases.
static WASMTIME: LazyLock<Mutex<Wasmtime>> =
	LazyLock::new(|| Mutex::new(Wasmtime::new().expect("compiles here")));

fn assert_alike(steps: &[Step]) {
	let interpreter = Wasmi::new();
	let compiler = WASMTIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).fork();
	let expected = play(&interpreter, Runner::Streams(1), steps);
	for runner in [Runner::Alone, Runner::Streams(2), Runner::Streams(3), Runner::Streams(8)] {
		assert!(play(&interpreter, runner, steps) == expected, "{runner:?}, interpreted");
	}
	for runner in [Runner::Streams(1), Runner::Streams(3)] {
		assert!(play(&compiler, runner, steps) == expected, "{runner:?}, compiled");
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

	#[test]
	fn any_number_of_streams_gives_the_same(steps in vec(step(), 1..40)) {
		assert_alike(&steps);
	}
}
