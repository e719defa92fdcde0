//! A collator of Gear's is killed while messages are on their way, and started again.
//!
//! Asserts: every charge arrives and is dealt with, in the order it was sent.
//! Must not change: blocks that were final before.

use crate::environment::{Environment, FINALITY, arrived_by_xcm, dispatched};
use gearway::net::{events::Seen, nodes::plan::Node};
use tokio::time::timeout;

/// Far from the capacitor's limit together.
const CHARGES: [u32; 4] = [1, 2, 3, 4];

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("collator killed");
	let gear = &environment.chains.gear;
	let (from, last) = (environment.next(gear).await, gear.client().finalized().await.unwrap());
	environment.charge_by_xcm(&CHARGES).await;
	let relay = environment.next(&environment.chains.relay).await;
	assert!(environment.nodes.processes.kill(Node::Gear1.name()).await);
	// The other one goes on alone for a while.
	let alone = environment.chains.relay.until_final(relay + 3);
	timeout(FINALITY, alone).await.unwrap().unwrap();
	environment.nodes.start_node(Node::Gear1, &environment.files).unwrap();

	let back = timeout(FINALITY, gear.until_final(last.number + 1)).await;
	back.expect("a block after the restart").unwrap();
	let posted = environment.events_until(gear, from, CHARGES.len(), arrived_by_xcm).await;
	assert_eq!(posted.len(), CHARGES.len());
	let mine = |seen: &Seen| {
		let (_, ids) = dispatched(seen)?;
		let mine: Vec<_> = posted.iter().filter(|id| ids.contains(id)).copied().collect();
		(!mine.is_empty()).then_some(mine)
	};
	let mut done = environment.events_until(gear, from, 1, mine).await;
	while done.iter().map(Vec::len).sum::<usize>() < CHARGES.len() {
		done = environment.events_until(gear, from, done.len() + 1, mine).await;
	}
	assert_eq!(done.concat(), posted, "in order, and each once");
	let hash = gear.client().block_hash(last.number).await.unwrap();
	assert_eq!(hash, Some(last.hash), "what was final stays");
}
