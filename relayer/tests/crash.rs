//! The relayer is killed between each pair of stages, and every message is delivered once.
//!
//! All parts are real: an execution node driven by a beacon node, the gateway contract, the Gear
//! runtime, the relayer's own binary. It is killed with SIGKILL, so nothing of it can run on. A
//! pause point makes sure that it has come just so far; it is started anew without it, or with the
//! next one, on the same database.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

mod common;

use codec::Decode as _;
use common::Ground;
use gearway::{
	net::{
		chains::{Blocks, Chain},
		ethereum::Pair,
		ports::Listener,
		process::Program,
		relayer,
		report::Console,
		setup::{self, Gateway, Programs},
		steps::Steps,
	},
	relay::{
		outbox::{Message, Outbox},
		stage::Stage,
	},
};
use std::{
	collections::BTreeMap,
	fs::File,
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};
use tokio::{
	process::{Child, Command},
	time::{sleep, timeout},
};

const START: Duration = Duration::from_secs(180);

/// How long a message may take to the next stage: finality of the beacon chain is in it.
const STAGE: Duration = Duration::from_secs(300);

/// How long stopping may take.
const STOP: Duration = Duration::from_secs(30);

/// Pause between two looks into the database.
const LOOK: Duration = Duration::from_millis(100);

const GAS: u64 = 20_000_000_000;

/// The relayer, which is killed in the end.
struct Relayer {
	child: Child,
	log: PathBuf,
}

impl Relayer {
	fn start(program: &Program, log: &Path, pause_after: Option<&str>) -> Self {
		let file = File::options().create(true).append(true).open(log).unwrap();
		let mut command = Command::new(env!("CARGO_BIN_EXE_gearway"));
		command
			.args(&program.args)
			.envs(program.env.iter().cloned())
			.current_dir(&program.dir)
			.stdin(Stdio::null())
			.stdout(file.try_clone().unwrap())
			.stderr(file)
			.kill_on_drop(true);
		if let Some(point) = pause_after {
			command.args(["--pause-after", point]);
		}
		Self { child: command.spawn().unwrap(), log: log.to_path_buf() }
	}

	/// SIGKILL, and waits until it is gone.
	async fn kill(mut self) {
		self.is_running();
		self.child.kill().await.unwrap();
	}

	/// SIGTERM, and waits until it has stopped of its own accord.
	async fn stop(mut self) {
		let pid = self.child.id().unwrap().to_string();
		let sent = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
		assert!(sent.success());
		let status = timeout(STOP, self.child.wait()).await.unwrap().unwrap();
		assert!(status.success(), "{status}:\n{}", self.said());
	}

	fn is_running(&mut self) {
		if let Some(status) = self.child.try_wait().unwrap() {
			panic!("the relayer ended by itself: {status}:\n{}", self.said());
		}
	}

	fn said(&self) -> String {
		std::fs::read_to_string(&self.log).unwrap_or_default()
	}

	/// Looks into the database until `reached` says so of every one of the messages.
	async fn until(
		&mut self,
		database: &Path,
		nonces: &[u64],
		what: &str,
		reached: impl Fn(&Message) -> bool,
	) {
		let mut last = BTreeMap::new();
		let looking = async {
			loop {
				self.is_running();
				// Not there at first.
				if let Ok(outbox) = Outbox::open_to_read(database).await {
					let mut all = true;
					for nonce in nonces {
						let message = outbox.message(*nonce).await.unwrap_or_default();
						all &= message.as_ref().is_some_and(&reached);
						last.insert(*nonce, message.map(|message| message.stage));
					}
					if all {
						return;
					}
				}
				sleep(LOOK).await;
			}
		};
		if timeout(STAGE, looking).await.is_err() {
			panic!("{what}: not seen in time; {last:?}; the relayer said:\n{}", self.said());
		}
	}
}

struct Network {
	gear: Chain,
	pair: Pair,
	gateway: Gateway,
	programs: Programs,
}

async fn network(ground: &Ground, console: &Console) -> Network {
	ground.start_ethereum();
	let [gear_id, _] = ground.start_parachains();
	let steps = Steps::new(console);
	let url = ground.ports.url("ws", Listener::Gear);
	let gear = Chain::connect("Gear", &gear_id, &url, START, Blocks::OnDemand).await.unwrap();
	let programs = setup::programs(steps, &gear).await.unwrap();
	let pair = Pair::connect(&ground.ports, START).await.unwrap();
	let gateway =
		setup::gateway(steps, &pair, &gear, &ground.parts.ethereum.contract).await.unwrap();
	Network { gear, pair, gateway, programs }
}

impl Network {
	async fn send(&self) -> u64 {
		let (to, program) = (self.gateway.address, self.programs.ping);
		let (nonce, _) = self.pair.send_message(to, program, GAS, b"PING").await.unwrap();
		nonce
	}

	/// What the Gear chain's events say of messages from Ethereum: how often each was received and
	/// under which ids, and how many were brought for nothing.
	async fn received(&self) -> (BTreeMap<u64, Vec<[u8; 32]>>, usize) {
		let client = self.gear.client();
		let head = client.finalized().await.unwrap();
		let (mut received, mut in_vain) = (BTreeMap::<u64, Vec<_>>::new(), 0);
		for number in 1..=head.number {
			let hash = client.block_hash(number).await.unwrap().unwrap();
			let at = client.at(gearway::gear::BlockId { number, hash }).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_stages_it_delivers_every_message_once() {
	let Some(ground) = Ground::take().await else { return };
	let console = Console::new();
	let network = network(&ground, &console).await;
	let Gateway { address, deployed } = network.gateway;
	let program =
		relayer::program(&ground.data, &ground.ports, address, deployed.block.number).unwrap();
	let database = relayer::database(&ground.data);
	let log = ground.data.logs().join("relayer.log");

	let mut nonces = Vec::new();
	let points = [
		("observed", Stage::Observed),
		("final", Stage::Final),
		("proven", Stage::Proven),
		("signed", Stage::Sent),
		("sent", Stage::Sent),
	];
	for (point, stage) in points {
		// With extrinsics held back, no update of the light client would cover a new message.
		if point != "signed" {
			nonces.push(network.send().await);
		}
		let mut relayer = Relayer::start(&program, &log, Some(point));
		// Earlier messages have come further by now, but none beyond this point.
		relayer.until(&database, &nonces, point, |message| message.stage == stage).await;
		let (received, _) = network.received().await;
		if point == "sent" {
			// It may be in a block already: then it must not be sent a second time.
			let all_received = async {
				while network.received().await.0.len() < nonces.len() {
					sleep(LOOK).await;
				}
			};
			timeout(STAGE, all_received).await.unwrap();
		} else {
			assert!(received.is_empty(), "{point}: nothing was sent yet, and {received:?} arrived");
		}
		relayer.kill().await;
		console.say("test", &format!("killed after {point}"));
	}

	nonces.push(network.send().await);
	let mut relayer = Relayer::start(&program, &log, None);
	let seen = |message: &Message| message.stage == Stage::Done && message.delivery.is_some();
	relayer.until(&database, &nonces, "done", seen).await;
	// Killed once more when there is nothing left to do, and started: nothing comes of it.
	relayer.kill().await;
	let mut relayer = Relayer::start(&program, &log, None);
	nonces.push(network.send().await);
	relayer.until(&database, &nonces, "done after a restart", seen).await;
	relayer.stop().await;

	let (received, in_vain) = network.received().await;
	assert_eq!(received.keys().copied().collect::<Vec<_>>(), nonces);
	assert_eq!(in_vain, 0, "no message was brought twice, no extrinsic failed");
	let outbox = Outbox::open_to_read(&database).await.unwrap();
	for (nonce, ids) in received {
		let message = outbox.message(nonce).await.unwrap().unwrap();
		let delivery = message.delivery.unwrap();
		assert_eq!(ids, [delivery.outcome.unwrap().0], "message {nonce} arrived once");
		assert_eq!(message.attempts, 0);
		let handled = setup::dispatched(Steps::new(&console), &network.gear, ids[0], "the message");
		handled.await.unwrap();
	}

	// Nobody is there to receive it: its nonce is used all the same, and it is told why.
	let (nonce, _) = network.pair.send_message(address, [0xee; 32], GAS, b"?").await.unwrap();
	let mut relayer = Relayer::start(&program, &log, None);
	relayer.until(&database, &[nonce], "done, not posted", seen).await;
	relayer.stop().await;
	let message = outbox.message(nonce).await.unwrap().unwrap();
	let reason = message.delivery.unwrap().outcome.unwrap_err();
	assert!(!reason.is_empty());
	let done = nonces.len() + 1;
	assert_eq!(status(&program).await, (done as u64, reason));

	drop(network);
	ground.end().await;
}

/// What `gearway relay status` tells: how many messages are done, and what was wrong with one.
async fn status(program: &Program) -> (u64, String) {
	let config = program.args.last().unwrap();
	let output = Command::new(env!("CARGO_BIN_EXE_gearway"))
		.args(["relay", "status", "--json", "--config"])
		.arg(config)
		.current_dir(&program.dir)
		.output()
		.await
		.unwrap();
	assert!(output.status.success());
	let backlog: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
	let stages = backlog["stages"].as_array().unwrap();
	let done = stages.iter().find(|row| row["stage"] == "done").unwrap();
	let others = stages.iter().filter(|row| row["stage"] != "done");
	assert!(others.clone().all(|row| row["messages"] == 0), "{backlog}");
	(done["messages"].as_u64().unwrap(), done["last_error"].as_str().unwrap().to_string())
}
