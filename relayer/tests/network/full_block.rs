//! More messages than fit into a block.
//!
//! Asserts: all of them are dealt with, in the order they were queued, over several blocks.
//! Must not change: no message is dealt with twice, or with another outcome.

use crate::environment::{Environment, Id, dispatched};
use gearway::{gear::Call, net::events::Seen};
use subxt_signer::sr25519::dev;

/// The most gas a message can have: a quarter of a second, of the two that a block has.
const GAS: u64 = 250_000_000_000;

/// What takes more than two blocks.
const MESSAGES: usize = 20;

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("full block");
	let gear = &environment.chains.gear;
	let from = environment.next(gear).await;
	let ping = environment.programs.ping;
	let call = Call::new("Gear", "send_message", (ping, b"PING".to_vec(), GAS, 0u128, true));
	environment.submit(gear, &vec![call; MESSAGES], &dev::bob()).await;

	let to_ping = |seen: &Seen| {
		let is_it = seen.is("Gear", "MessageQueued") && seen.id("destination") == Some(ping);
		is_it.then(|| Some((seen.sight.block.number, seen.id("id")?))).flatten()
	};
	let queued = environment.events_until(gear, from, MESSAGES, to_ping).await;
	assert_eq!(queued.len(), MESSAGES);
	let ids: Vec<Id> = queued.iter().map(|(_, id)| *id).collect();
	let mine = |seen: &Seen| {
		let (block, done) = dispatched(seen)?;
		let mut places: Vec<_> =
			done.iter().filter_map(|id| ids.iter().position(|mine| mine == id)).collect();
		// The event's map is sorted by id; within a block there is nothing to be told of order.
		places.sort_unstable();
		(!places.is_empty()).then_some((block, places))
	};
	let mut rounds = environment.events_until(gear, from, 2, mine).await;
	while rounds.iter().map(|(_, places)| places.len()).sum::<usize>() < MESSAGES {
		rounds = environment.events_until(gear, from, rounds.len() + 1, mine).await;
	}
	let order: Vec<usize> = rounds.iter().flat_map(|(_, places)| places.clone()).collect();
	assert_eq!(order, (0..MESSAGES).collect::<Vec<_>>(), "in order, and each once");
	let blocks: Vec<_> = rounds.iter().map(|(block, places)| (*block, places.len())).collect();
	let (last_queued, _) = queued.iter().max().unwrap();
	let (last_done, _) = blocks.iter().max().unwrap();
	assert!(last_done > last_queued, "something was carried over: {blocks:?}");
	environment.say(&format!("queued by block {last_queued}, done by blocks {blocks:?}"));
}
