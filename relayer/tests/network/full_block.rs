//! More work than fits into a block.
//!
//! Asserts: all messages are dealt with, in the order they were queued, over several blocks, which
//! validators accept.
//! Must not change: no message is dealt with twice, or with another outcome.

use crate::environment::{Environment, FINALITY, Id, dispatched};
use gearway::{
	gear::Call,
	net::{events::Seen, setup},
};
use subxt_signer::sr25519::dev;
use tokio::time::timeout;

/// What costs gas and hardly any time: a validator whose machine has other work as well shall keep
/// its deadline for a full block, two seconds, all the same.
const IDLING: &str = "(drop (i32.const 0))";

/// Counts down, idling; that costs a tenth of a second of a core by gas, and a little more.
fn busy_program() -> Vec<u8> {
	let idling = IDLING.repeat(20);
	let text = format!(
		r#"(module
			(import "env" "memory" (memory 1))
			(func (export "init"))
			(func (export "handle")
				(local $left i32)
				(local.set $left (i32.const 250000))
				(loop $again
					{idling}
					(local.tee $left (i32.sub (local.get $left) (i32.const 1)))
					(br_if $again))))"#
	);
	wat::parse_str(text).unwrap()
}

/// Gas bought for a message: twice what it needs.
const GAS: u64 = 200_000_000_000;

/// What takes more than two seconds, which is what a block has at most.
const MESSAGES: usize = 25;

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("full block");
	let (steps, gear) = (environment.nodes.steps, &environment.chains.gear);
	let code = busy_program();
	let busy = setup::upload(steps, gear, "a busy program", &code, b"", 0).await.unwrap();
	let from = environment.next(gear).await;
	// In one extrinsic, so that all stand in the queue at the end of one block.
	let call = Call::new("Gear", "send_message", (busy, Vec::<u8>::new(), GAS, 0u128, true));
	let at = gear.client().at_finalized().await.unwrap();
	let all = Call::all(&vec![call; MESSAGES], &at).unwrap();
	gear.execute(&all, &dev::bob()).await.unwrap();

	let to_it = |seen: &Seen| {
		let is_it = seen.is("Gear", "MessageQueued") && seen.id("destination") == Some(busy);
		is_it.then(|| Some((seen.sight.block.number, seen.id("id")?))).flatten()
	};
	let queued = environment.events_until(gear, from, MESSAGES, to_it).await;
	assert_eq!(queued.len(), MESSAGES);
	let queued_at = queued[0].0;
	assert!(queued.iter().all(|(block, _)| *block == queued_at), "in one block");
	let ids: Vec<Id> = queued.into_iter().map(|(_, id)| id).collect();
	let mine = |seen: &Seen| {
		let (block, done) = dispatched(seen)?;
		let mut places: Vec<_> =
			done.iter().filter_map(|id| ids.iter().position(|mine| mine == id)).collect();
		// The event's map is sorted by id; within a block there is nothing to be told of order.
		places.sort_unstable();
		(!places.is_empty()).then_some((block, places))
	};
	let all_done = async {
		let mut next = queued_at;
		loop {
			next = gear.until_final(next).await.unwrap() + 1;
			let rounds = environment.events(gear, queued_at, mine).await;
			if rounds.iter().map(|(_, places)| places.len()).sum::<usize>() >= MESSAGES {
				return rounds;
			}
		}
	};
	let rounds = timeout(FINALITY, all_done).await.expect("all messages are dealt with in time");
	let order: Vec<usize> = rounds.iter().flat_map(|(_, places)| places.clone()).collect();
	assert_eq!(order, (0..MESSAGES).collect::<Vec<_>>(), "in order, and each once");
	let blocks: Vec<_> = rounds.iter().map(|(block, places)| (*block, places.len())).collect();
	assert!(blocks.len() > 1, "something was carried over: {blocks:?}");
	environment.say(&format!("queued in block {queued_at}, done in blocks {blocks:?}"));
}
