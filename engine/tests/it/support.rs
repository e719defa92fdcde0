//! What the tests share.

use gearway_engine::{
	ActorId, Event, Executor, Gas, GasSchedule, Limits, Message, MessageId, Settings, State, Value,
	Wasmi, Wasmtime,
	testkit::{BlockRunResult, System},
};
use std::sync::{LazyLock, Mutex};

pub(crate) const ALICE: ActorId = ActorId::new([0xA1; 32]);
pub(crate) const BOB: ActorId = ActorId::new([0xB0; 32]);

/// What Alice and Bob have in the beginning.
pub(crate) const FUNDS: Value = 1_000_000_000_000_000;

/// An interpreter that has what other tests have translated.
pub(crate) fn interpreter() -> Wasmi {
	static INTERPRETER: LazyLock<Mutex<Wasmi>> = LazyLock::new(Default::default);
	INTERPRETER.lock().expect("nobody panics with it").fork()
}

/// A compiler that has what other tests have compiled.
pub(crate) fn compiler() -> Wasmtime {
	static COMPILER: LazyLock<Mutex<Wasmtime>> =
		LazyLock::new(|| Mutex::new(Wasmtime::new().expect("code can be compiled here")));
	COMPILER.lock().expect("nobody panics with it").fork()
}

pub(crate) fn wat(text: &str) -> Vec<u8> {
	wat::parse_str(text).expect("the test's text is Wasm")
}

/// A chain with the white paper's prices, where Alice and Bob are rich.
pub(crate) fn system<E: Executor>(executor: E) -> System<E> {
	system_with(Settings::white_paper(), executor)
}

/// A chain with prices for what stays in storage, and short limits for it.
pub(crate) fn rented() -> Settings {
	let Settings { schedule, limits } = Settings::white_paper();
	let schedule = GasSchedule {
		task: 1_000,
		waitlist_block: 5_000,
		mailbox_block: 3_000,
		stash_block: 2_000,
		reservation_block: 1_000,
		mailbox_threshold: 20_000,
		..schedule
	};
	Settings { schedule, limits: Limits { storage_blocks: 50, reservations: 4, ..limits } }
}

/// A chain with these prices, where Alice and Bob are rich.
pub(crate) fn system_with<E: Executor>(settings: Settings, executor: E) -> System<E> {
	let mut system = System::with(settings, executor);
	system.mint_to(ALICE, FUNDS);
	system.mint_to(BOB, FUNDS);
	system
}

/// Runs a scenario on both backends, with the white paper's prices or those given, and asserts that
/// the chains are the same afterwards: balances and so gas, memory, messages, queue.
macro_rules! on_both_backends {
	(|$system:ident| $scenario:block) => {
		$crate::support::on_both_backends!(gearway_engine::Settings::white_paper(), |$system| {
			$scenario
		})
	};
	($settings:expr, |$system:ident| $scenario:block) => {{
		let interpreted = {
			#[allow(unused_mut, reason = "scenarios differ")]
			let mut $system = $crate::support::system_with($settings, $crate::support::interpreter());
			let result = $scenario;
			($system.chain().clone(), result)
		};
		let compiled = {
			#[allow(unused_mut, reason = "scenarios differ")]
			let mut $system = $crate::support::system_with($settings, $crate::support::compiler());
			let result = $scenario;
			($system.chain().clone(), result)
		};
		assert_eq!(interpreted, compiled);
		interpreted.1
	}};
}

/// Uploads a code, makes a program of it and runs its `init`.
pub(crate) fn deploy<E: Executor>(system: &mut System<E>, code: &[u8], payload: &[u8]) -> ActorId {
	let code = system.upload_code(code).expect("the code is good");
	let (program, _) = system.create_program(code, b"", ALICE, payload, 0).expect("Alice can pay");
	system.run_next_block();
	program
}

/// Sends a message from Alice and runs a block.
pub(crate) fn send<E: Executor>(
	system: &mut System<E>,
	program: ActorId,
	payload: &[u8],
) -> (MessageId, BlockRunResult) {
	let message = system.send_message(program, ALICE, payload, 0).expect("Alice can pay");
	(message, system.run_next_block())
}

/// What a message cost, by the event that says so.
pub(crate) fn gas_spent(block: &BlockRunResult, message: MessageId) -> Gas {
	block
		.events
		.iter()
		.find_map(|event| match event {
			Event::Dispatched { id, gas_spent, .. } if *id == message => Some(*gas_spent),
			_ => None,
		})
		.expect("the message was processed in this block")
}

/// What programs sent to `user`, other than replies.
pub(crate) fn inbox<E>(system: &System<E>, user: ActorId) -> Vec<&Message> {
	let outbox = system.outbox().iter();
	outbox.filter(|message| message.destination == user && message.reply.is_none()).collect()
}

/// Lets all users take what is in their mailboxes.
pub(crate) fn claim_all<E: Executor>(system: &mut System<E>) {
	let mails: Vec<_> =
		system.mailbox().map(|mail| (mail.message.destination, mail.message.id)).collect();
	for (user, message) in mails {
		system.claim_value(user, message).expect("it is there");
	}
}

/// Ends so many blocks.
pub(crate) fn run<E: Executor>(system: &mut System<E>, blocks: u32) {
	for _ in 0..blocks {
		system.run_next_block();
	}
}

/// An id, as it stands in a text of Wasm.
pub(crate) fn bytes(id: impl AsRef<[u8]>) -> String {
	id.as_ref().iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// Asserts what must hold on a chain at rest.
pub(crate) fn assert_at_rest<E: Executor>(system: &System<E>, issuance: Value) {
	assert!(system.queue_next(None).is_none(), "the queue is empty");
	assert_eq!(system.open_gas().count(), 0, "all gas is spent or given back");
	assert_eq!(system.total_issuance(), issuance, "nothing is made or lost");
	assert!(system.quarantined().is_empty(), "nothing is put aside");
	assert_eq!(system.waitlist().count(), 0, "nothing waits");
	assert_eq!(system.mailbox().count(), 0, "no mail is kept");
	assert_eq!(system.delayed_messages().count(), 0, "nothing is delayed");
	for actor in [ALICE, BOB, system.author()] {
		let account = system.account(actor);
		assert_eq!((account.held, account.reserved), (0, 0), "nothing is on its way");
	}
}
pub(crate) use on_both_backends;

/// A program that passes its input and `value` on to `to`, with its own gas limit if one is given.
pub(crate) fn forwarder(to: ActorId, value: Value, gas: Option<u64>) -> Vec<u8> {
	let (to, value) = (bytes(to), bytes(value.to_le_bytes()));
	let call = match gas {
		Some(gas) => format!(
			"(call $wgas (i32.const 64) (i32.const 0) (i32.load (i32.const 0)) (i64.const {gas}) (i32.const 0) (i32.const 128))"
		),
		None => "(call $send (i32.const 64) (i32.const 0) (i32.load (i32.const 0)) (i32.const 0) (i32.const 128))".into(),
	};
	wat(&format!(
		r#"(module
			(import "env" "memory" (memory 1))
			(import "env" "gr_size" (func $size (param i32)))
			(import "env" "gr_send_input" (func $send (param i32 i32 i32 i32 i32)))
			(import "env" "gr_send_input_wgas" (func $wgas (param i32 i32 i32 i64 i32 i32)))
			(data (i32.const 64) "{to}{value}")
			(func (export "init"))
			(func (export "handle") (call $size (i32.const 0)) {call}
				(if (i32.load (i32.const 128)) (then unreachable))))"#
	))
}
