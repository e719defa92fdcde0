//! Against a real execution node and the real contract.

use super::*;
use crate::{
	relay::{config::Endpoint, outbox::tests::Temporary, stage::Stage as Milestone},
	testing::{Anvil, Fault, FaultyProxy},
};

fn client(url: &str) -> ExecutionClient {
	ExecutionClient::new(Endpoint::parse(url).unwrap()).unwrap()
}

struct Bench {
	observe: Observe,
	temporary: Temporary,
}

impl Bench {
	async fn new(anvil: &Anvil, url: &str) -> Self {
		let temporary = Temporary::new().await;
		let observe = Observe {
			execution: Nodes::new(client(url), Vec::new()),
			outbox: temporary.outbox.clone(),
			gateway: anvil.gateway(),
			start_block: 1,
			next: Arc::new(Notify::new()),
		};
		Self { observe, temporary }
	}

	/// Steps until there is nothing to do.
	async fn settle(&mut self) -> Result<(), Error> {
		while self.observe.step().await? == Progress::More {}
		Ok(())
	}

	async fn tip(&self) -> u64 {
		self.temporary.outbox.tip().await.unwrap().map_or(0, |tip| tip.number)
	}

	async fn observed(&self) -> Vec<u64> {
		let nonces = self.temporary.outbox.undelivered().await.unwrap();
		for nonce in &nonces {
			let message = self.temporary.outbox.message(*nonce).await.unwrap().unwrap();
			assert_eq!(message.stage, Milestone::Observed);
		}
		nonces
	}
}

#[tokio::test]
async fn messages_are_found_where_they_are() {
	let Some(anvil) = Anvil::start().await else { return };
	let mut bench = Bench::new(&anvil, anvil.url()).await;
	// Three in one block, and one of the gateway's other events after them.
	anvil.mine_by_itself(false).await;
	let payloads: [&[u8]; 3] = [b"", b"one", &[7; 4_000]];
	let mut transactions = Vec::new();
	for payload in payloads {
		transactions.push(anvil.send_message(payload).await);
	}
	anvil.set_fee(0).await;
	anvil.mine(1).await;
	anvil.mine_by_itself(true).await;
	transactions.push(anvil.send_message(b"next block").await);
	anvil.mine(3).await;

	bench.settle().await.unwrap();

	assert_eq!(bench.observed().await, [1, 2, 3, 4]);
	let head = bench.observe.execution.now().head().await.unwrap();
	assert_eq!(bench.tip().await, head);
	for (nonce, transaction) in (1..).zip(transactions) {
		let message = bench.temporary.outbox.message(nonce).await.unwrap().unwrap();
		let place = anvil.place_of(transaction).await;
		assert_eq!((message.block_hash, message.tx_index), (place.block_hash, place.tx_index));
		assert_eq!(message.log_index, 0);
		let header = bench.observe.execution.now().header_by_hash(place.block_hash).await.unwrap();
		assert_eq!(message.block_time, header.header.timestamp);
	}
}

#[tokio::test]
async fn nothing_is_looked_for_before_the_first_block() {
	let Some(anvil) = Anvil::start().await else { return };
	let mut bench = Bench::new(&anvil, anvil.url()).await;
	anvil.send_message(b"early").await;
	let head = bench.observe.execution.now().head().await.unwrap();
	bench.observe.start_block = head + 2;
	bench.settle().await.unwrap();
	assert_eq!(bench.temporary.outbox.tip().await.unwrap(), None);
	anvil.mine(1).await;
	anvil.send_message(b"in time").await;
	bench.settle().await.unwrap();
	assert_eq!(bench.observed().await, [2]);
}

#[tokio::test]
async fn after_a_reorganisation_only_the_new_chain_counts() {
	let Some(anvil) = Anvil::start().await else { return };
	let mut bench = Bench::new(&anvil, anvil.url()).await;
	anvil.send_message(b"stays").await;
	let fork = anvil.snapshot().await;
	anvil.send_message(b"goes").await;
	anvil.send_message(b"goes, too").await;
	bench.settle().await.unwrap();
	assert_eq!(bench.observed().await, [1, 2, 3]);
	let old = bench.temporary.outbox.message(2).await.unwrap().unwrap();

	// At first the other chain is shorter.
	anvil.revert(fork).await;
	anvil.mine(1).await;
	bench.settle().await.unwrap();
	assert_eq!(bench.observed().await, [1]);

	anvil.send_message(b"comes instead").await;
	anvil.mine(3).await;
	bench.settle().await.unwrap();
	assert_eq!(bench.observed().await, [1, 2]);
	let new = bench.temporary.outbox.message(2).await.unwrap().unwrap();
	assert_ne!(old.block_hash, new.block_hash);
	assert_eq!(bench.tip().await, bench.observe.execution.now().head().await.unwrap());
}

#[tokio::test]
async fn a_node_without_the_final_block_is_not_believed() {
	let Some(anvil) = Anvil::start().await else { return };
	let mut bench = Bench::new(&anvil, anvil.url()).await;
	let fork = anvil.snapshot().await;
	anvil.send_message(b"final").await;
	bench.settle().await.unwrap();
	let tip = bench.temporary.outbox.tip().await.unwrap().unwrap();
	bench.temporary.outbox.finalize(tip.number, tip.hash).await.unwrap();

	anvil.revert(fork).await;
	anvil.set_fee(0).await;
	anvil.mine(2).await;
	let error = bench.settle().await.unwrap_err();
	assert!(matches!(error, Error::Contradiction(_)), "{error}");
	assert!(error.to_string().contains("[ethereum] execution_url"), "{error}");
}

#[tokio::test]
async fn a_node_that_hides_receipts_moves_nothing() {
	let Some(anvil) = Anvil::start().await else { return };
	let proxy = FaultyProxy::start(anvil.url()).await;
	let mut bench = Bench::new(&anvil, proxy.url()).await;
	bench.settle().await.unwrap();
	let before = bench.tip().await;
	anvil.send_message(b"hidden").await;
	anvil.send_message(b"hidden").await;

	for fault in [Fault::NoReceipts, Fault::NoLogs, Fault::NotYet] {
		proxy.inject(fault);
		let error = bench.settle().await.unwrap_err();
		assert!(matches!(error, Error::Ethereum(_)), "{error}");
		assert_eq!(bench.tip().await, before, "{fault:?}");
		assert!(bench.observed().await.is_empty(), "{fault:?}");
	}

	proxy.inject(Fault::None);
	bench.settle().await.unwrap();
	assert_eq!(bench.observed().await, [1, 2]);
}

#[tokio::test]
async fn a_node_that_hides_the_bloom_filter_is_caught() {
	let Some(anvil) = Anvil::start().await else { return };
	let proxy = FaultyProxy::start(anvil.url()).await;
	let mut bench = Bench::new(&anvil, proxy.url()).await;
	bench.settle().await.unwrap();
	let before = bench.tip().await;
	anvil.send_message(b"hidden").await;
	proxy.inject(Fault::NoBloom);
	let error = bench.settle().await.unwrap_err();
	assert!(error.to_string().contains("hashes to"), "{error}");
	assert_eq!(bench.tip().await, before);
}

#[tokio::test]
async fn a_node_that_falls_behind_unwinds_nothing() {
	let Some(anvil) = Anvil::start().await else { return };
	let proxy = FaultyProxy::start(anvil.url()).await;
	let mut bench = Bench::new(&anvil, proxy.url()).await;
	anvil.send_message(b"seen").await;
	anvil.mine(4).await;
	bench.settle().await.unwrap();
	let tip = bench.tip().await;
	proxy.inject(Fault::Behind(3));
	bench.settle().await.unwrap();
	assert_eq!((bench.tip().await, bench.observed().await), (tip, vec![1]));
}

#[tokio::test]
async fn where_one_node_fails_another_is_asked() {
	let Some(anvil) = Anvil::start().await else { return };
	let proxy = FaultyProxy::start(anvil.url()).await;
	let mut bench = Bench::new(&anvil, proxy.url()).await;
	bench.observe.execution = Nodes::new(client(proxy.url()), vec![client(anvil.url())]);
	anvil.send_message(b"one").await;
	for fault in [Fault::Dropped, Fault::Status(429), Fault::NoReceipts, Fault::CutShort] {
		proxy.inject(fault);
		let Err(Error::Ethereum(error)) = bench.settle().await else { panic!("{fault:?}") };
		bench.observe.execution.turn_from(&error);
		bench.settle().await.unwrap();
		// Back to the first, for the next fault.
		proxy.inject(Fault::None);
		bench.observe.execution = Nodes::new(client(proxy.url()), vec![client(anvil.url())]);
		anvil.send_message(b"another").await;
	}
	bench.settle().await.unwrap();
	assert_eq!(bench.observed().await, [1, 2, 3, 4, 5]);
}
