//! One of the relay chain's two validators is killed, and started again.
//!
//! Asserts: without it nothing becomes final, with it everything goes on, and a message arrives.
//! Must not change: blocks that were final before.

use crate::environment::{Environment, FINALITY, arrived_by_xcm};
use gearway::net::nodes::plan::Node;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Long enough for blocks that were voted for already, and for several more in vain.
const WITHOUT: Duration = Duration::from_secs(40);

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("validator killed");
	let (relay, gear) = (&environment.chains.relay, &environment.chains.gear);
	let from = environment.next(gear).await;
	assert!(environment.nodes.processes.kill(Node::RelayBob.name()).await);
	sleep(WITHOUT).await;
	let stuck = relay.client().finalized().await.unwrap();
	sleep(WITHOUT).await;
	assert_eq!(relay.client().finalized().await.unwrap(), stuck, "one of two is no majority");

	environment.charge_by_xcm(&[5]).await;
	environment.nodes.start_node(Node::RelayBob, &environment.files).unwrap();
	let on = timeout(FINALITY, relay.until_final(stuck.number + 5)).await;
	on.expect("finality after the restart").unwrap();
	assert_eq!(environment.events_until(gear, from, 1, arrived_by_xcm).await.len(), 1);
	let hash = relay.client().block_hash(stuck.number).await.unwrap();
	assert_eq!(hash, Some(stuck.hash), "what was final stays");
}
