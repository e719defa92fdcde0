//! Proofs of real messages, from real nodes: a beacon node that drives an execution node.

mod common;

use alloy::primitives::{Address, B256};
use common::Ground;
use gearway::{
	ethereum::{BeaconClient, ExecutionClient},
	net::{ethereum::Pair, ports::Listener},
	relay::{
		config::Endpoint,
		outbox::Message,
		proof::{Anchor, ProofBuilder},
		stage::Stage,
	},
};
use gearway_ethereum::{Gateway, LightClient};
use std::time::Duration;

const START: Duration = Duration::from_secs(120);
const FINALITY: Duration = Duration::from_secs(300);

async fn within<T>(limit: Duration, what: &str, task: impl Future<Output = T>) -> T {
	tokio::time::timeout(limit, task).await.unwrap_or_else(|_| panic!("{what}: not seen in time"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_light_client_that_follows_the_beacon_node_accepts_the_proofs() {
	let Some(ground) = Ground::take().await else { return };
	ground.start_ethereum();
	let pair = within(START, "an answer", Pair::connect(&ground.ports, START)).await.unwrap();
	let (address, deployed) =
		within(START, "the contract", pair.deploy(&ground.parts.ethereum.contract)).await.unwrap();
	let gateway = Gateway { chain_id: 31_337, address: address.into_array() };

	let endpoint = |listener| Endpoint::parse(&ground.ports.url("http", listener)).unwrap();
	let beacon = BeaconClient::new(endpoint(Listener::Beacon)).unwrap();
	let execution = ExecutionClient::new(endpoint(Listener::Execution)).unwrap();
	let network = beacon.network().await.unwrap();
	assert_eq!(beacon.execution_chain_id().await.unwrap(), gateway.chain_id);

	let bootstrap = within(FINALITY, "finality", pair.bootstrap()).await.unwrap();
	let trusted = gearway_ethereum::merkle::header_root(&bootstrap.header);
	let mut client = LightClient::bootstrap(network.clone(), trusted, &bootstrap).unwrap();

	let (first, sent) = pair.send_message(address, [7; 32], 1_000, b"one").await.unwrap();
	let (second, _) = pair.send_message(address, [7; 32], 1_000, &[9; 5_000]).await.unwrap();
	assert_eq!((first, second), (1, 2));
	assert!(sent.block.number > deployed.block.number);
	within(FINALITY, "finality of the message", pair.until_final(sent)).await.unwrap();

	let period = network.period_at(client.state.finalized.slot);
	for update in beacon.updates(period, 16).await.unwrap() {
		if client.state.is_news(&update, &network) {
			client.apply(&update).unwrap();
		}
	}
	let update = beacon.finality_update().await.unwrap().unwrap();
	if client.state.is_news(&update, &network) {
		client.apply(&update).unwrap();
	}

	let header = execution.header_by_hash(sent.block.hash).await.unwrap();
	let slot = (header.header.timestamp - network.genesis_time) / network.seconds_per_slot;
	let anchor = Anchor::from(&client.state.finalized);
	assert!(anchor.slot >= slot, "{} is before {slot}", anchor.slot);
	let message = |nonce, tx_index| Message {
		nonce,
		block_number: sent.block.number,
		block_hash: sent.block.hash,
		block_time: header.header.timestamp,
		tx_hash: B256::ZERO,
		tx_index,
		log_index: 0,
		sender: Address::ZERO,
		program: B256::ZERO,
		stage: Stage::Final,
		attempts: 0,
		next_attempt_at: 0,
		observed_at: 0,
		updated_at: 0,
		last_error: None,
		proof: None,
		delivery: None,
	};
	let mut builder =
		ProofBuilder::new(beacon.clone(), execution.clone(), network.clone(), gateway);
	// The second is a receipt that is not there, the third one with another nonce.
	let messages = [message(first, 0), message(second, 99), message(second, 0)];
	let proofs = builder.prove(sent.block.hash, slot, anchor, &messages).await.unwrap();
	assert_eq!(proofs.header.anchor(), anchor.root);
	let [proven, absent, other] = &proofs.receipts[..] else { panic!("three were asked for") };
	let root = proofs.header.verify(&network, |root| root == anchor.root).unwrap();
	let found = proven.as_ref().unwrap().verify(root, &gateway).unwrap();
	assert_eq!((found.nonce, found.payload.as_slice()), (1, &b"one"[..]));
	assert!(absent.is_err());
	assert!(other.is_err());

	// Of another slot, the block is another.
	assert!(builder.prove(sent.block.hash, slot - 1, anchor, &messages).await.is_err());
	ground.end().await;
}
