//! The ten failures that a relayer must survive, each caused on purpose between real parts.
//!
//! A whole network runs; the relayer reaches it through proxies that do what nodes and lines do on
//! bad days. In the end every message must have arrived once, the relayer must not have ended, and
//! it must not have asked in a hot loop. The tests share one network and take turns at it.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

mod common;
#[path = "common/line.rs"]
mod line;
#[path = "common/network.rs"]
mod network;
#[path = "../src/testing/proxy.rs"]
mod proxy;
#[path = "common/relayer.rs"]
mod relayer;

use common::Ground;
use gearway::{
	ethereum::{BeaconClient, ExecutionClient},
	gear::Call,
	net::{ports::Listener, report::Console},
	relay::{
		config::Endpoint,
		outbox::{Message, Outbox},
		stage::Stage,
	},
};
use gearway_ethereum::ClientState;
use line::Line;
use network::Network;
use proxy::{Fault, FaultyProxy};
use relayer::{LOOK, Relayer, STAGE};
use std::{
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError, Weak},
	time::{Duration, Instant},
};
use subxt_signer::sr25519::dev;
use tokio::{
	runtime::Runtime,
	time::{sleep, timeout},
};

/// Most requests a second that a relayer may make of a node while something is wrong with it. It
/// polls twice a second here, with up to eight requests at a time.
const HOT: f64 = 40.0;

/// What all tests share; ends with the last of them.
struct Shared {
	runtime: Runtime,
	ground: Option<Ground>,
	network: Option<Network>,
	turn: Mutex<u32>,
}

impl Shared {
	/// The network, started if it does not run. `None`, and loudly, where parts are missing.
	fn get() -> Option<Arc<Self>> {
		static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
		let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(shared) = shared.upgrade() {
			return Some(shared);
		}
		let runtime = Runtime::new().unwrap();
		// Processes end with the thread that started them: not this test's own.
		let starting = runtime.spawn(async {
			let ground = Ground::take().await?;
			let network = Network::start(&ground, &Console::new()).await;
			Some((ground, network))
		});
		let (ground, network) = runtime.block_on(starting).unwrap()?;
		let (ground, network, turn) = (Some(ground), Some(network), Mutex::new(0));
		let started = Arc::new(Self { runtime, ground, network, turn });
		*shared = Arc::downgrade(&started);
		Some(started)
	}
}

impl Drop for Shared {
	fn drop(&mut self) {
		drop(self.network.take());
		if let Some(ground) = self.ground.take() {
			self.runtime.block_on(ground.end());
		}
	}
}

/// Runs a test when it is its turn.
fn on_a_network(test: impl AsyncFnOnce(&mut Scene<'_>)) {
	let Some(shared) = Shared::get() else { return };
	let mut turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
	*turn += 1;
	let (ground, network) = (shared.ground.as_ref().unwrap(), shared.network.as_ref().unwrap());
	shared.runtime.block_on(async {
		let mut scene = Scene::set(ground, network, *turn).await;
		test(&mut scene).await;
		scene.end().await;
	});
}

/// One test's relayer and all that it meets.
struct Scene<'a> {
	network: &'a Network,
	execution: FaultyProxy,
	beacon: FaultyProxy,
	gear: Line,
	dir: PathBuf,
	log: PathBuf,
	/// Messages that must arrive.
	nonces: Vec<u64>,
	/// What the chain had been brought for nothing before.
	in_vain: usize,
	started: Instant,
}

impl<'a> Scene<'a> {
	async fn set(ground: &'a Ground, network: &'a Network, turn: u32) -> Self {
		let url = |listener| ground.ports.url("http", listener);
		let gear = format!("127.0.0.1:{}", ground.ports.of(Listener::Gear)).parse().unwrap();
		let dir = ground.data.path(&format!("scene-{turn}"));
		std::fs::create_dir(&dir).unwrap();
		let scene = Self {
			network,
			execution: FaultyProxy::start(&url(Listener::Execution)).await,
			beacon: FaultyProxy::start(&url(Listener::Beacon)).await,
			gear: Line::start(gear).await,
			log: dir.join("relayer.log"),
			dir,
			nonces: Vec::new(),
			in_vain: network.received().await.1,
			started: Instant::now(),
		};
		scene.configure("");
		scene
	}

	/// Writes the configuration, with these keys in `[relay]`.
	fn configure(&self, relay: &str) {
		let text = format!(
			"[gear]\nurl = \"{}\"\n[ethereum]\nexecution_url = \"{}\"\nbeacon_url = \"{}\"\n\
			 chain_id = 31337\ngateway = \"{}\"\nstart_block = {}\npoll_ms = 500\n\
			 [database]\nurl = \"sqlite:relay.db\"\n[signer]\nkey_env = \"SCENE_KEY\"\n\
			 [http]\nenabled = false\n[relay]\nbackoff_max_ms = 4000\n{relay}",
			self.gear.url(),
			self.execution.url(),
			self.beacon.url(),
			self.network.gateway.address,
			self.network.gateway.deployed.block.number,
		);
		std::fs::write(self.config(), text).unwrap();
	}

	fn config(&self) -> PathBuf {
		self.dir.join("relay.toml")
	}

	fn database(&self) -> PathBuf {
		self.dir.join("relay.db")
	}

	/// Starts the relayer, which lets messages come no further than `pause_after`.
	fn start(&self, pause_after: Option<&str>) -> Relayer {
		let config = self.config().display().to_string();
		let mut args = vec!["relay", "run", "--config", &config];
		args.extend(pause_after.map(|point| ["--pause-after", point]).into_iter().flatten());
		let env = [("SCENE_KEY", "//Bob".to_string()), ("NO_COLOR", "1".to_string())];
		Relayer::start(args, &env, &self.dir, &self.log)
	}

	/// Sends a message that must arrive.
	async fn send(&mut self) -> u64 {
		let nonce = self.network.send().await;
		self.nonces.push(nonce);
		nonce
	}

	async fn outbox(&self) -> Outbox {
		Outbox::open_to_read(&self.database()).await.unwrap()
	}

	async fn message(&self, nonce: u64) -> Message {
		self.outbox().await.message(nonce).await.unwrap().unwrap()
	}

	/// How far the relayer has looked through blocks; 0 while it makes its tables.
	async fn tip(&self) -> u64 {
		let Ok(outbox) = Outbox::open_to_read(&self.database()).await else { return 0 };
		outbox.tip().await.unwrap_or_default().map_or(0, |tip| tip.number)
	}

	/// Waits until the relayer has come as far as the chain was when this was called.
	async fn until_caught_up(&self, relayer: &mut Relayer) {
		let head = head(self.execution.url()).await;
		let caught_up = async {
			while self.tip().await < head {
				relayer.is_running();
				sleep(LOOK).await;
			}
		};
		timeout(STAGE, caught_up).await.unwrap();
	}

	/// How many sync-committee periods the Gear chain's light client is behind the beacon chain.
	async fn periods_behind(&self) -> u64 {
		let network = self.network.pair.network().await.unwrap();
		let client = self.network.gear.client();
		let at = client.at_finalized().await.unwrap();
		let state: Option<ClientState> =
			client.storage(&at, "BeaconClient", "State", Vec::new()).await.unwrap();
		let endpoint = Endpoint::parse(self.beacon.url()).unwrap();
		let update = BeaconClient::new(endpoint).unwrap().finality_update().await.unwrap();
		let theirs = network.period_at(update.unwrap().finalized_header.slot);
		theirs - network.period_at(state.unwrap().finalized.slot)
	}

	/// Waits until all messages are done. Then the relayer is asked to stop, which it does.
	async fn delivers(&self, mut relayer: Relayer) {
		let done = |message: &Message| message.stage == Stage::Done;
		relayer.until(&self.database(), &self.nonces, "done", done).await;
		relayer.stop().await;
		self.arrived_once().await;
	}

	/// All messages have arrived, each once, and nothing was brought in vain.
	async fn arrived_once(&self) {
		let (received, in_vain) = self.network.received().await;
		for nonce in &self.nonces {
			assert_eq!(received.get(nonce).map(Vec::len), Some(1), "message {nonce}");
		}
		assert_eq!(in_vain, self.in_vain, "nothing was brought in vain");
	}

	/// Nobody was asked in a hot loop.
	async fn end(self) {
		for proxy in [&self.execution, &self.beacon] {
			let rate = proxy.requests() as f64 / self.started.elapsed().as_secs_f64();
			assert!(rate < HOT, "{rate} requests a second");
		}
		let opened = self.gear.opened() as f64;
		let most = 8.0 + self.started.elapsed().as_secs_f64() / 2.0;
		assert!(opened < most, "{opened} connections");
	}
}

/// The number of an execution node's latest block.
async fn head(url: &str) -> u64 {
	let endpoint = Endpoint::parse(url).unwrap();
	ExecutionClient::new(endpoint).unwrap().head().await.unwrap()
}

#[test]
fn a_lagging_node_that_answers_with_no_logs_hides_nothing() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		for fault in [Fault::NoLogs, Fault::NoReceipts, Fault::NotYet] {
			scene.execution.inject(fault);
			let nonce = scene.send().await;
			scene.execution.until_bent(3).await;
			assert!(scene.outbox().await.message(nonce).await.unwrap().is_none(), "{fault:?}");
			scene.execution.inject(Fault::None);
			scene.until_caught_up(&mut relayer).await;
		}
		scene.delivers(relayer).await;
	});
}

#[test]
fn an_error_is_not_taken_for_nothing() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		for fault in [
			Fault::ReceiptsFail,
			Fault::Status(429),
			Fault::Status(503),
			Fault::Dropped,
			Fault::CutShort,
		] {
			scene.execution.inject(fault);
			let before = scene.tip().await;
			let nonce = scene.send().await;
			scene.execution.until_bent(3).await;
			assert!(scene.outbox().await.message(nonce).await.unwrap().is_none(), "{fault:?}");
			assert!(scene.tip().await >= before, "{fault:?}: the cursor never goes back");
			relayer.is_running();
			scene.execution.inject(Fault::None);
			scene.until_caught_up(&mut relayer).await;
			assert!(scene.outbox().await.message(nonce).await.unwrap().is_some(), "{fault:?}");
		}
		scene.delivers(relayer).await;
	});
}

#[test]
fn killed_between_seeing_and_storing_it_sees_again() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		for _ in 0..3 {
			scene.execution.inject(Fault::SlowReceipts(Duration::from_secs(600)));
			let nonce = scene.send().await;
			// The block has been seen, its receipts have been asked for, and nothing is stored.
			scene.execution.until_bent(1).await;
			relayer.kill().await;
			assert!(scene.outbox().await.message(nonce).await.unwrap().is_none());
			scene.execution.inject(Fault::None);
			relayer = scene.start(None);
			scene.until_caught_up(&mut relayer).await;
		}
		scene.delivers(relayer).await;
	});
}

#[test]
fn a_connection_that_is_cut_is_opened_again_and_used() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		let before = scene.gear.opened();
		for _ in 0..3 {
			scene.send().await;
			scene.gear.cut();
			sleep(Duration::from_secs(3)).await;
		}
		relayer.until_said("connected to the Gear node again").await;
		scene.delivers(relayer).await;
		assert!(scene.gear.opened() > before);
	});
}

#[test]
fn a_poison_message_is_given_up_and_holds_up_no_other() {
	on_a_network(async |scene| {
		scene.configure("max_attempts = 3\nbackoff_initial_ms = 200\n");
		let poison = scene.send().await;
		let mut relayer = scene.start(Some("final"));
		let is_final = |message: &Message| message.stage == Stage::Final;
		relayer.until(&scene.database(), &[poison], "final", is_final).await;
		relayer.stop().await;
		let index = scene.message(poison).await.tx_index;
		place(&scene.database(), poison, 99).await;

		let other = scene.send().await;
		let mut relayer = scene.start(None);
		let done = |message: &Message| message.stage == Stage::Done;
		relayer.until(&scene.database(), &[other], "done", done).await;
		let is_dead = |message: &Message| message.stage == Stage::Dead;
		relayer.until(&scene.database(), &[poison], "dead", is_dead).await;
		assert_eq!(scene.message(poison).await.attempts, 3);
		let requests = scene.beacon.requests();
		sleep(Duration::from_secs(10)).await;
		let rate = (scene.beacon.requests() - requests) as f64 / 10.0;
		assert!(rate < 10.0, "{rate} requests a second for a message that was given up");
		relayer.stop().await;

		// What was wrong is put right, and an operator tries again.
		place(&scene.database(), poison, index.into()).await;
		let outbox = Outbox::open_to_change(&scene.database()).await.unwrap();
		assert!(outbox.retry(poison).await.unwrap());
		drop(outbox);
		scene.delivers(scene.start(None)).await;
	});
}

/// Makes the books say that a message's transaction is elsewhere in its block.
async fn place(database: &Path, nonce: u64, tx_index: i64) {
	let url = format!("sqlite://{}", database.display());
	let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
	sqlx::query("UPDATE message SET tx_index = $1 WHERE nonce = $2")
		.bind(tx_index)
		.bind(i64::try_from(nonce).unwrap())
		.execute(&pool)
		.await
		.unwrap();
	pool.close().await;
}

#[test]
fn a_connection_that_goes_silent_is_given_up() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		let before = scene.gear.opened();
		scene.send().await;
		// It stays open and nothing comes back any more.
		scene.gear.silence();
		relayer.until_said("connected to the Gear node again").await;
		scene.delivers(relayer).await;
		assert!(scene.gear.opened() > before);
	});
}

#[test]
fn a_nonce_that_another_used_and_an_era_that_ended_cost_no_message() {
	on_a_network(async |scene| {
		scene.configure("mortality_blocks = 4\n");
		for drift in [true, false] {
			let nonce = scene.send().await;
			// The light client must know a later block first, and what feeds it is an extrinsic too.
			let mut relayer = scene.start(Some("proven"));
			let is_proven = |message: &Message| message.stage == Stage::Proven;
			relayer.until(&scene.database(), &[nonce], "proven", is_proven).await;
			relayer.stop().await;
			let mut relayer = scene.start(Some("signed"));
			let is_sent = |message: &Message| message.stage == Stage::Sent;
			relayer.until(&scene.database(), &[nonce], "signed", is_sent).await;
			relayer.stop().await;
			let signed = scene.outbox().await.pending().await.unwrap();
			let last = signed.iter().map(|pending| pending.signed.last_block).max().unwrap();
			let gear = &scene.network.gear;
			let remark = Call::new("System", "remark", (b"mine".to_vec(),));
			if drift {
				gear.execute(&remark, &dev::bob()).await.unwrap();
			}
			// Otherwise the chain goes on until the era has ended.
			while !drift && gear.client().finalized().await.unwrap().number <= last {
				gear.execute(&remark, &dev::alice()).await.unwrap();
			}
			let mut relayer = scene.start(None);
			let done = |message: &Message| message.stage == Stage::Done;
			relayer.until(&scene.database(), &[nonce], "done", done).await;
			relayer.stop().await;
		}
		scene.arrived_once().await;
	});
}

#[test]
fn away_for_more_than_a_period_it_catches_up() {
	on_a_network(async |scene| {
		let behind = async {
			while scene.periods_behind().await < 2 {
				sleep(Duration::from_secs(1)).await;
			}
		};
		timeout(Duration::from_secs(400), behind).await.unwrap();
		scene.send().await;
		let relayer = scene.start(None);
		scene.delivers(relayer).await;
		assert!(scene.periods_behind().await < 2);
	});
}

#[test]
fn a_beacon_node_that_lies_is_not_believed() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		for fault in [Fault::ForgedFinality, Fault::ForgedBlocks, Fault::CutShort] {
			scene.beacon.inject(fault);
			let nonce = scene.send().await;
			scene.beacon.until_bent(5).await;
			sleep(Duration::from_secs(5)).await;
			relayer.is_running();
			if let Some(message) = scene.outbox().await.message(nonce).await.unwrap() {
				assert!(message.stage < Stage::Proven || message.stage == Stage::Failed);
			}
			scene.beacon.inject(Fault::None);
		}
		scene.delivers(relayer).await;
	});
}

#[test]
fn without_finality_or_signatures_it_waits_and_says_so() {
	on_a_network(async |scene| {
		let mut relayer = scene.start(None);
		scene.until_caught_up(&mut relayer).await;
		for fault in [Fault::NothingFinal, Fault::FewSigners] {
			scene.beacon.inject(fault);
			let nonce = scene.send().await;
			scene.beacon.until_bent(10).await;
			sleep(Duration::from_secs(5)).await;
			relayer.is_running();
			let message = scene.message(nonce).await;
			assert!(message.stage <= Stage::Final, "{message:?}");
			assert_eq!(message.attempts, 0, "it is not the message's fault");
			let backlog = scene.outbox().await.backlog().await.unwrap();
			let waiting = backlog.stages.iter().filter(|row| row.stage != "done");
			let why: Vec<_> = waiting.filter_map(|row| row.why.clone()).collect();
			assert!(!why.is_empty(), "{backlog:?}");
			scene.beacon.inject(Fault::None);
		}
		scene.delivers(relayer).await;
	});
}
