//! What a message costs the chain does not depend on how much else the chain holds.
//!
//! Counted, not timed: how often the engine asks its state for something or changes it.

use crate::support::*;
use gearway_engine::{
	ActorId, ApplyError, BlockInfo, BuiltinError, BuiltinReply, Chunks, CodeId, CodeMetadata,
	Delayed, Dispatch, Event, FundsError, Gas, GasNode, GasPrice, Mail, Message, MessageId,
	Position, Program, Queued, Randomness, State, StateMut, Task, TaskKey, Value, Waiting,
	run_queue,
	testkit::{Chain, System},
};
use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

/// A chain that counts, by name, what is asked of it.
struct Counted {
	chain: Chain,
	calls: RefCell<BTreeMap<&'static str, u32>>,
}

impl Counted {
	fn count(&self, name: &'static str) {
		*self.calls.borrow_mut().entry(name).or_default() += 1;
	}
}

macro_rules! counted {
	($($name:ident($($arg:ident: $type:ty),*) -> $returned:ty;)*) => {
		$(fn $name(&self, $($arg: $type),*) -> $returned {
			self.count(stringify!($name));
			self.chain.$name($($arg),*)
		})*
	};
	($(mut $name:ident($($arg:ident: $type:ty),*) -> $returned:ty;)*) => {
		$(fn $name(&mut self, $($arg: $type),*) -> $returned {
			self.count(stringify!($name));
			self.chain.$name($($arg),*)
		})*
	};
}

impl State for Counted {
	counted! {
		block() -> BlockInfo;
		program(id: ActorId) -> Option<Program>;
		builtin(id: ActorId) -> Option<Gas>;
		code_metadata(id: CodeId) -> Option<Arc<CodeMetadata>>;
		has_code(id: CodeId) -> bool;
		code_bytes(id: CodeId) -> Option<Vec<u8>>;
		memory(program: ActorId) -> Box<dyn Chunks>;
		chunk(program: ActorId, index: u32) -> Option<Vec<u8>>;
		gas_node(id: MessageId) -> Option<GasNode>;
		spendable(actor: ActorId, incoming: Value) -> Value;
		existential_deposit() -> Value;
		endowment() -> Value;
		gas_price() -> GasPrice;
		randomness() -> Randomness;
		waiting(program: ActorId, message: MessageId) -> Option<Waiting>;
		first_waiting(program: ActorId) -> Option<MessageId>;
		keeps_mail(user: ActorId) -> bool;
		mail(user: ActorId, message: MessageId) -> Option<Mail>;
		delayed(message: MessageId) -> Option<Delayed>;
		next_task() -> Option<(TaskKey, Task)>;
		has_room_for_task() -> bool;
		queue_next(after: Option<Position>) -> Option<(Position, Queued)>;
		queue_get(position: Position) -> Option<Dispatch>;
	}
}

impl StateMut for Counted {
	fn transact<T>(
		&mut self,
		change: impl FnOnce(&mut Self) -> Result<T, ApplyError>,
	) -> Result<T, ApplyError> {
		// Nothing fails here, so nothing has to be undone.
		change(self)
	}

	counted! {
		mut begin(message: MessageId) -> ();
		mut next_nonce() -> u128;
		mut set_program(id: ActorId, program: Program) -> ();
		mut set_chunk(program: ActorId, index: u32, bytes: Option<Vec<u8>>) -> ();
		mut set_gas_node(id: MessageId, node: Option<GasNode>) -> ();
		mut reserve_gas(payer: ActorId, gas: Gas) -> Result<(), FundsError>;
		mut spend_gas(payer: ActorId, gas: Gas) -> Result<(), FundsError>;
		mut refund_gas(payer: ActorId, gas: Gas) -> Result<(), FundsError>;
		mut pay_gas(payer: ActorId, program: ActorId, gas: Gas) -> Result<(), FundsError>;
		mut endow(creator: ActorId, program: ActorId) -> Result<(), FundsError>;
		mut hold_value(owner: ActorId, value: Value) -> Result<(), FundsError>;
		mut deliver_value(owner: ActorId, to: ActorId, value: Value) -> Result<(), FundsError>;
		mut release_value(owner: ActorId, value: Value) -> Result<(), FundsError>;
		mut inherit(program: ActorId, inheritor: ActorId) -> Result<(), FundsError>;
		mut queue_push(dispatch: Dispatch) -> ();
		mut queue_remove(position: Position) -> bool;
		mut set_room_aside(position: Position) -> bool;
		mut set_waiting(program: ActorId, id: MessageId, waiting: Option<Waiting>) -> ();
		mut set_mail(user: ActorId, id: MessageId, mail: Option<Mail>) -> ();
		mut set_delayed(message: MessageId, delayed: Option<Delayed>) -> ();
		mut schedule(block: u32, task: Task) -> TaskKey;
		mut unschedule(key: TaskKey) -> ();
		mut call_builtin(message: &Message, patience: u32) -> Result<BuiltinReply, BuiltinError>;
		mut deliver_to_user(message: Message, kept_until: Option<u32>) -> ();
		mut quarantine(dispatch: Dispatch, error: ApplyError) -> ();
		mut emit(event: Event) -> ();
	}
}

/// Gas of each message.
const GAS: Gas = 1_000_000;

/// Waits at an empty message, replies to any other.
const WAITER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_size" (func $size (param i32)))
	(import "env" "gr_wait_for" (func $wait_for (param i32)))
	(func (export "init"))
	(func (export "handle")
		(call $size (i32.const 0))
		(if (i32.eqz (i32.load (i32.const 0))) (then (call $wait_for (i32.const 1000))))))"#;

fn chain() -> (System<gearway_engine::Wasmi>, CodeId) {
	let mut system = system(interpreter());
	let code = system.upload_code(&wat(WAITER)).unwrap();
	(system, code)
}

fn program(system: &mut System<gearway_engine::Wasmi>, code: CodeId, salt: u32) -> ActorId {
	let (id, _) = system.create_program(code, &salt.to_le_bytes(), ALICE, b"", 0).unwrap();
	system.run_next_block();
	id
}

/// What the next ten messages of the queue, each of which has `gas`, ask of the state, and how
/// often.
fn calls_of_ten(system: &System<gearway_engine::Wasmi>, gas: Gas) -> BTreeMap<&'static str, u32> {
	let chain = system.chain().clone();
	let mut counted = Counted { chain, calls: RefCell::default() };
	let settings = gearway_engine::Settings::white_paper();
	let report = run_queue(&mut counted, &mut interpreter(), &settings, 10 * gas);
	assert_eq!(report.processed, 10);
	counted.calls.into_inner()
}

#[test]
fn a_message_costs_the_same_however_many_are_queued() {
	let cost = |queued: u32| {
		let (mut system, code) = chain();
		let id = program(&mut system, code, 0);
		// With no gas to spare, a block for ten is full after ten.
		system.send_with_gas(id, ALICE, b"x", 0, GAS).unwrap();
		let price = system.run_next_block().report.gas_spent;
		for _ in 0..queued {
			system.send_with_gas(id, ALICE, b"x", 0, price).unwrap();
		}
		calls_of_ten(&system, price)
	};
	let few = cost(11 + gearway_engine::Limits::new().passed_over);
	assert!(few["queue_next"] > 0 && few["set_gas_node"] > 0);
	assert_eq!(cost(2_000), few);
}

#[test]
fn a_message_costs_the_same_however_many_programs_there_are() {
	let cost = |programs: u32| {
		let (mut system, code) = chain();
		let ids = Vec::from_iter((0..programs).map(|salt| program(&mut system, code, salt)));
		for id in ids.iter().rev().take(10) {
			system.send_with_gas(*id, ALICE, b"x", 0, GAS).unwrap();
		}
		calls_of_ten(&system, GAS)
	};
	assert_eq!(cost(500), cost(10));
}

#[test]
fn a_message_costs_the_same_however_many_wait() {
	let cost = |waiting: u32| {
		let (mut system, code) = chain();
		let id = program(&mut system, code, 0);
		for _ in 0..waiting {
			system.send_with_gas(id, ALICE, b"", 0, GAS).unwrap();
		}
		system.run_next_block();
		assert_eq!(system.waitlist().count(), waiting as usize);
		for _ in 0..10 {
			system.send_with_gas(id, ALICE, b"", 0, GAS).unwrap();
		}
		calls_of_ten(&system, GAS)
	};
	assert_eq!(cost(1_000), cost(1));
}
