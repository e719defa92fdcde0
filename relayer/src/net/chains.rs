//! Chains that are followed block by block, and the two that chopsticks runs from their genesis
//! specs.
//!
//! A chain without validators makes blocks only when it has a reason to: an extrinsic or a message
//! from the other chain. Real chains make blocks all the time, and programs rely on it (a message
//! that did not fit is processed in the next block). So whoever follows such a chain also keeps it
//! going: while something happens on it a block follows soon, otherwise after a longer pause.

use super::{
	events::{Seen, Sight},
	ports::{Listener, Ports},
	preflight::Parts,
	process::{Ending, Program},
};
use crate::{
	gear::{BlockId, Call, Client, Executed, GearError, Keypair},
	relay::config::Endpoint,
};
use futures::{Stream, StreamExt};
use std::{
	collections::VecDeque,
	convert::Infallible,
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::rpcs::{RpcClient, rpc_params};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

/// Pause before the next block while something happens on the chain.
const LIVELY_PAUSE: Duration = Duration::from_secs(2);

/// Pause before the next block while nothing does. Every block costs memory for good.
const IDLE_PAUSE: Duration = Duration::from_secs(60);

/// After that many blocks in which nothing happened the chain is taken to be idle.
const BLOCKS_UNTIL_IDLE: u32 = 3;

/// Pause between two attempts to reach a chain that is being started.
const CONNECT_PAUSE: Duration = Duration::from_millis(250);

/// A chain that has not answered for that long is lost. Making a block may take a minute on a
/// machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(180);

/// How many events of a chain are remembered.
const REMEMBERED_EVENTS: usize = 10_000;

/// Pallets whose events come with every block.
const ROUTINE_PALLETS: [&str; 2] = ["System", "ParachainSystem"];

/// The program that runs both parachains, from the specs given.
pub fn program(
	parts: &Parts,
	[gear_spec, sibling_spec]: [PathBuf; 2],
	ports: &Ports,
	dir: PathBuf,
) -> Program {
	let [gear, sibling] = &parts.chopsticks_configs;
	Program {
		name: "parachains",
		command: "node".into(),
		args: vec![
			parts.chopsticks.clone().into(),
			"xcm".into(),
			"--parachain".into(),
			gear.into(),
			"--parachain".into(),
			sibling.into(),
		],
		env: vec![
			("GEARWAY_GEAR_SPEC", gear_spec.into()),
			("GEARWAY_GEAR_PORT", ports.of(Listener::Gear).to_string().into()),
			("GEARWAY_SIBLING_SPEC", sibling_spec.into()),
			("GEARWAY_SIBLING_PORT", ports.of(Listener::Sibling).to_string().into()),
			("DISABLE_PLUGINS", "true".into()),
		],
		// It would take these for settings of its own.
		env_remove: vec!["PORT", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"],
		dir,
		ending: Ending::AtOnce,
	}
}

/// How a chain comes by its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
	/// Whoever follows the chain asks for them.
	OnDemand,
	/// Its nodes make them.
	ByThemselves,
}

/// What has been seen of a chain.
#[derive(Debug, Default)]
struct Record {
	events: VecDeque<Seen>,
	/// The number of the last final block that was read.
	last: u64,
	/// Why nothing more will be seen.
	lost: Option<String>,
}

/// A chain that cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// It did not answer in time after its start.
	#[error("{name} does not answer at {url}: {reason}")]
	Silent {
		/// The chain.
		name: &'static str,
		/// Where it should be.
		url: String,
		/// What came instead of an answer.
		reason: String,
	},
	/// Its blocks can be followed no longer.
	#[error("{name} was lost: {reason}")]
	Lost {
		/// The chain.
		name: &'static str,
		/// What was seen instead of a block.
		reason: String,
	},
	/// A request failed.
	#[error("a request to {name} failed")]
	Request {
		/// The chain.
		name: &'static str,
		/// Why.
		source: GearError,
	},
}

/// A chain that is followed block by block.
#[derive(Debug)]
pub struct Chain {
	name: &'static str,
	client: Arc<Client>,
	record: watch::Sender<Record>,
	follower: JoinHandle<()>,
}

impl Chain {
	/// Connects as soon as the chain answers, and follows it from its first block on. `id` is what
	/// its node calls it: chopsticks by the id in its spec, others by the name there.
	pub async fn connect(
		name: &'static str,
		id: &str,
		url: &str,
		within: Duration,
		blocks: Blocks,
	) -> Result<Self, ChainError> {
		let silent = |reason: String| ChainError::Silent { name, url: url.into(), reason };
		let endpoint = Endpoint::parse(url).map_err(silent)?;
		let mut last = String::from("no answer");
		let connected = timeout(within, async {
			loop {
				match Client::connect(endpoint.clone()).await {
					Ok(client) => break client,
					Err(error) => last = error.to_string(),
				}
				tokio::time::sleep(CONNECT_PAUSE).await;
			}
		})
		.await;
		let client = Arc::new(connected.map_err(|_| silent(last))?);
		let rpc =
			RpcClient::from_insecure_url(url).await.map_err(|error| silent(error.to_string()))?;
		// Chopsticks goes to another port when its own is taken, and somebody else answers there.
		let found: String = rpc
			.request("system_chain", rpc_params![])
			.await
			.map_err(|error| silent(error.to_string()))?;
		if found != id {
			return Err(silent(format!("the chain {found} answers, instead of {id}")));
		}
		let record = watch::Sender::new(Record::default());
		let maker = (blocks == Blocks::OnDemand).then_some(rpc);
		let follower = Follower { client: client.clone(), maker, record: record.clone() };
		Ok(Self { name, client, record, follower: tokio::spawn(follower.run()) })
	}

	/// The chain's name.
	pub fn name(&self) -> &'static str {
		self.name
	}

	/// Its node.
	pub fn client(&self) -> &Client {
		&self.client
	}

	/// Sends a call and waits until it is final.
	pub async fn execute(&self, call: &Call, signer: &Keypair) -> Result<Executed, ChainError> {
		self.client.execute(call, signer).await.map_err(|error| self.failed(error))
	}

	/// The same with root's powers, which `signer` has by way of pallet Sudo.
	pub async fn execute_as_root(
		&self,
		call: &Call,
		signer: &Keypair,
	) -> Result<Executed, ChainError> {
		self.client.execute_as_root(call, signer).await.map_err(|error| self.failed(error))
	}

	/// The first event, of those remembered and those to come, of which `read` makes something.
	pub async fn first<T>(
		&self,
		mut read: impl FnMut(&Seen) -> Option<T>,
	) -> Result<(Sight, T), ChainError> {
		self.when(|record| {
			let mut events = record.events.iter();
			events.find_map(|seen| read(seen).map(|made| (seen.sight, made)))
		})
		.await
	}

	/// Waits until the block of that number is final and its events are known; returns the number
	/// of the last such block.
	pub async fn until_final(&self, number: u64) -> Result<u64, ChainError> {
		self.when(|record| (record.last >= number).then_some(record.last)).await
	}

	/// Waits until `read` makes something of what has been seen.
	async fn when<T>(&self, mut read: impl FnMut(&Record) -> Option<T>) -> Result<T, ChainError> {
		let mut found = None;
		let mut record = self.record.subscribe();
		let outcome = record
			.wait_for(|record| {
				found = read(record);
				found.is_some() || record.lost.is_some()
			})
			.await;
		let reason = match (&outcome, found) {
			(_, Some(found)) => return Ok(found),
			(Ok(record), None) => record.lost.clone(),
			(Err(_), None) => None,
		};
		let reason = reason.unwrap_or_else(|| "nobody follows it".into());
		Err(ChainError::Lost { name: self.name, reason })
	}

	/// Names the chain that a request failed on.
	pub fn failed(&self, source: GearError) -> ChainError {
		ChainError::Request { name: self.name, source }
	}
}

impl Drop for Chain {
	fn drop(&mut self) {
		self.follower.abort();
	}
}

struct Follower {
	client: Arc<Client>,
	/// Makes blocks, where nobody else does.
	maker: Option<RpcClient>,
	record: watch::Sender<Record>,
}

impl Follower {
	/// Goes on until nothing has succeeded for too long.
	async fn run(self) {
		let mut next = 1;
		let mut succeeded = Instant::now();
		loop {
			let Err(reason) = self.follow(&mut next, &mut succeeded).await;
			tracing::debug!(endpoint = %self.client.endpoint(), "{reason}");
			if succeeded.elapsed() > PATIENCE {
				self.record.send_modify(|record| record.lost = Some(reason));
				return;
			}
			tokio::time::sleep(CONNECT_PAUSE).await;
		}
	}

	/// Reads all blocks from `next` on, as they come; sees to it that they come. Goes on until
	/// something fails; the reason is what comes back.
	async fn follow(&self, next: &mut u64, succeeded: &mut Instant) -> Result<Infallible, String> {
		let mut signals = self.signals().await?;
		let mut quiet_blocks = 0;
		loop {
			let last = self.client.finalized().await.map_err(in_words)?.number;
			while *next <= last {
				quiet_blocks = if self.read(*next).await? { 0 } else { quiet_blocks + 1 };
				*next += 1;
			}
			*succeeded = Instant::now();
			let pause = if quiet_blocks < BLOCKS_UNTIL_IDLE { LIVELY_PAUSE } else { IDLE_PAUSE };
			match timeout(pause, signals.next()).await {
				Ok(Some(())) => {}
				Ok(None) => signals = self.signals().await?,
				Err(_) => self.make_block().await?,
			}
		}
	}

	async fn signals(&self) -> Result<impl Stream<Item = ()> + Unpin + use<>, String> {
		self.client.finality_signals().await.map_err(in_words)
	}

	/// Remembers the events of a block; tells whether any is out of the routine.
	async fn read(&self, number: u64) -> Result<bool, String> {
		let unknown = || format!("its node does not know block {number}");
		let hash = self.client.block_hash(number).await.map_err(in_words)?.ok_or_else(unknown)?;
		let block = BlockId { number, hash };
		let at = self.client.at(block).await.map_err(in_words)?;
		let events = self.client.events(&at).await.map_err(in_words)?;
		let sight = Sight::now(block);
		let mut seen = Vec::new();
		for event in events.iter() {
			let event = event.map_err(in_words)?;
			if ROUTINE_PALLETS.contains(&event.pallet_name()) {
				continue;
			}
			seen.push(Seen::read(sight, &event).map_err(in_words)?);
		}
		let is_lively = !seen.is_empty();
		self.record.send_modify(|record| {
			record.last = number;
			record.events.extend(seen);
			let surplus = record.events.len().saturating_sub(REMEMBERED_EVENTS);
			record.events.drain(..surplus);
		});
		Ok(is_lively)
	}

	/// Makes a block, unless the chain's nodes do.
	async fn make_block(&self) -> Result<(), String> {
		let Some(maker) = &self.maker else { return Ok(()) };
		let made: Result<String, _> = maker.request("dev_newBlock", rpc_params![]).await;
		made.map(|_| ()).map_err(in_words)
	}
}

fn in_words(error: impl ToString) -> String {
	error.to_string()
}
