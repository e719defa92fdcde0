//! The relayer is killed while a message is on its way, and started again.
//!
//! Asserts: the message sent before and the one sent meanwhile arrive.
//! Must not change: no nonce is received twice.

use crate::environment::Environment;
use gearway::net::events::Seen;

const GAS: u64 = 20_000_000_000;

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("relayer killed");
	let gear = &environment.chains.gear;
	let from = environment.next(gear).await;
	let before = send(environment).await;
	assert!(environment.nodes.processes.kill("relayer").await);
	let meanwhile = send(environment).await;
	environment.start_relayer();

	let received = |seen: &Seen| {
		let is_it = seen.is("EthereumInbox", "MessageReceived");
		is_it.then(|| seen.number("nonce")).flatten()
	};
	let mut nonces = environment.events_until(gear, from, 2, received).await;
	nonces.sort_unstable();
	assert_eq!(nonces, [before, meanwhile].map(u128::from));
}

async fn send(environment: &Environment<'_>) -> u64 {
	let (to, program) = (environment.gateway.address, environment.programs.ping);
	environment.pair.send_message(to, program, GAS, b"PING").await.unwrap().0
}
