//! The same scenario on both backends, and what must hold after it.

use gearway_engine::{
	ActorId, Executor, Settings, Value, Wasmi, Wasmtime,
	testkit::{BlockRunResult, Chain, System},
};
use std::num::NonZeroUsize;

pub(crate) const ALICE: ActorId = ActorId::new([0xA1; 32]);
pub(crate) const BOB: ActorId = ActorId::new([0xB0; 32]);

/// What Alice and Bob have in the beginning.
pub(crate) const FUNDS: Value = 1 << 80;

/// Something that can happen on a chain.
pub(crate) trait Scenario {
	/// Lets it happen and returns the blocks.
	fn play<E: Executor>(&self, system: &mut System<E>) -> Vec<BlockRunResult>;
}

/// Streams of the backend that is faster.
const STREAMS: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Plays a scenario on both backends, on one thread and on several, and compares all there is to compare: the chains, with gas,
/// balances, memory, messages and queue, and all events, with the reasons of failures. Returns
/// the chain and its blocks.
pub(crate) fn agree(settings: Settings, scenario: &impl Scenario) -> (Chain, Vec<BlockRunResult>) {
	let interpreted = play(Wasmi::new(), NonZeroUsize::MIN, settings, scenario);
	let compiled = play(Wasmtime::new().unwrap(), STREAMS, settings, scenario);
	assert_eq!(interpreted.1, compiled.1, "the events");
	assert_eq!(interpreted.0, compiled.0, "the chains");
	interpreted
}

fn play<E: Executor>(
	executor: E,
	streams: NonZeroUsize,
	settings: Settings,
	scenario: &impl Scenario,
) -> (Chain, Vec<BlockRunResult>) {
	let mut system = System::with(settings, executor);
	system.set_streams(streams);
	system.mint_to(ALICE, FUNDS);
	system.mint_to(BOB, FUNDS);
	let blocks = scenario.play(&mut system);
	assert_sound(&system);
	(system.chain().clone(), blocks)
}

/// What holds between any two blocks.
fn assert_sound(chain: &Chain) {
	assert_eq!(chain.total_issuance(), 2 * FUNDS, "nothing is made or lost");
	assert!(chain.quarantined().is_empty(), "put aside: {:?}", chain.quarantined());
	let users = [ALICE, BOB].map(|user| chain.account(user).reserved);
	let open = chain.open_gas().map(|node| Value::from(node.remaining) + Value::from(node.locked));
	assert_eq!(users.iter().sum::<Value>(), open.sum(), "users pay for all gas there is");
}
