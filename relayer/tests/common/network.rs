//! A whole network that messages can be sent through.

use super::common::Ground;
use codec::Decode as _;
use gearway::{
	gear::BlockId,
	net::{
		chains::{Blocks, Chain},
		ethereum::Pair,
		ports::Listener,
		report::Console,
		setup::{self, Gateway, Programs},
		steps::Steps,
	},
};
use std::{collections::BTreeMap, time::Duration};

const START: Duration = Duration::from_secs(180);

const GAS: u64 = 20_000_000_000;

/// An execution node driven by a beacon node, the gateway contract, and the Gear chain.
pub(crate) struct Network {
	pub(crate) gear: Chain,
	pub(crate) pair: Pair,
	pub(crate) gateway: Gateway,
	pub(crate) programs: Programs,
}

impl Network {
	/// Starts everything but the relayer.
	pub(crate) async fn start(ground: &Ground, console: &Console) -> Self {
		ground.start_ethereum();
		let [gear_id, _] = ground.start_parachains();
		let steps = Steps::new(console);
		let url = ground.ports.url("ws", Listener::Gear);
		let gear = Chain::connect("Gear", &gear_id, &url, START, Blocks::OnDemand).await.unwrap();
		let programs = setup::programs(steps, &gear).await.unwrap();
		let pair = Pair::connect(&ground.ports, START).await.unwrap();
		let gateway =
			setup::gateway(steps, &pair, &gear, &ground.parts.ethereum.contract).await.unwrap();
		Self { gear, pair, gateway, programs }
	}

	/// Sends a message to the program that answers `PONG`.
	pub(crate) async fn send(&self) -> u64 {
		self.send_to(self.programs.ping).await
	}

	/// Sends a message to a program, which need not exist.
	pub(crate) async fn send_to(&self, program: [u8; 32]) -> u64 {
		let to = self.gateway.address;
		self.pair.send_message(to, program, GAS, b"PING").await.unwrap().0
	}

	/// What the Gear chain's events say of messages from Ethereum: how often each was received and
	/// under which ids, and how many were brought for nothing.
	pub(crate) async fn received(&self) -> (BTreeMap<u64, Vec<[u8; 32]>>, usize) {
		let client = self.gear.client();
		let head = client.finalized().await.unwrap();
		let (mut received, mut in_vain) = (BTreeMap::<u64, Vec<_>>::new(), 0);
		for number in 1..=head.number {
			let hash = client.block_hash(number).await.unwrap().unwrap();
			let at = client.at(BlockId { number, hash }).await.unwrap();
			for event in client.events(&at).await.unwrap().iter() {
				let event = event.unwrap();
				match (event.pallet_name(), event.event_name()) {
					("EthereumInbox", "MessageReceived") => {
						let bytes = &mut event.field_bytes();
						let (nonce, id) = <(u64, [u8; 32])>::decode(bytes).unwrap();
						received.entry(nonce).or_default().push(id);
					}
					("EthereumInbox", _) if event.event_name() != "GatewaySet" => in_vain += 1,
					("System", "ExtrinsicFailed") => in_vain += 1,
					_ => {}
				}
			}
		}
		(received, in_vain)
	}
}
