//! What `docs/operators.md` has an operator do, done on a whole network: a configuration is
//! written and looked at, relayers run and are watched, and one of several takes over.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

#[path = "common/chromium.rs"]
mod chromium;
mod common;
#[path = "common/network.rs"]
mod network;
#[path = "../src/testing/postgres.rs"]
mod postgres;
#[path = "common/relayer.rs"]
mod relayer;

use common::Ground;
use gearway::{
	net::{ports::Listener, report::Console},
	relay::{
		outbox::{Location, Message, Outbox},
		stage::Stage,
	},
};
use network::Network;
use postgres::Postgres;
use relayer::{LOOK, Relayer};
use serde_json::Value;
use std::{
	path::{Path, PathBuf},
	process::Output,
	time::{Duration, Instant},
};
use tokio::{process::Command, time::sleep};

/// How long another relayer may take to take over from one that was killed.
const TAKEOVER: Duration = Duration::from_secs(60);

/// An operator with a folder of configurations.
struct Operator<'a> {
	ground: &'a Ground,
	network: &'a Network,
	console: &'a Console,
}

impl Operator<'_> {
	/// Has a configuration written, for a relayer that signs with the key `//NAME` and keeps its
	/// books in `database`.
	async fn init(&self, name: &str, database: &str, start_block: u64) -> PathBuf {
		let file = self.ground.data.path(&format!("{name}.toml"));
		let key = self.ground.data.path(&format!("{name}.key"));
		std::fs::write(&key, format!("//{name}")).unwrap();
		let url = |scheme, listener| self.ground.ports.url(scheme, listener);
		let output = self
			.gearway(&[
				"init",
				&format!("--gear-url={}", url("ws", Listener::Gear)),
				&format!("--execution-url={}", url("http", Listener::Execution)),
				&format!("--beacon-url={}", url("http", Listener::Beacon)),
				"--chain-id=31337",
				&format!("--gateway={}", self.network.gateway.address),
				&format!("--start-block={start_block}"),
				&format!("--database={database}"),
				&format!("--key-file={}", key.display()),
				&format!("--config={}", file.display()),
			])
			.await;
		assert!(output.status.success(), "{output:?}");
		// Any port will do, and finality should be seen soon here.
		let text = std::fs::read_to_string(&file).unwrap();
		let text = text
			.replace("127.0.0.1:9615", "127.0.0.1:0")
			.replace("poll_ms = 2000", "poll_ms = 500");
		std::fs::write(&file, text).unwrap();
		file
	}

	async fn gearway(&self, args: &[&str]) -> Output {
		let mut command = Command::new(env!("CARGO_BIN_EXE_gearway"));
		command
			.arg("relay")
			.args(args)
			.current_dir(self.ground.data.path("."))
			.output()
			.await
			.unwrap()
	}

	/// What a command says in JSON.
	async fn json(&self, config: &Path, args: &[&str]) -> Value {
		let config = format!("--config={}", config.display());
		let output = self.gearway(&[args, &["--json", &config]].concat()).await;
		serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
	}

	fn run(&self, name: &str, config: &Path) -> Relayer {
		let log = self.ground.data.logs().join(format!("{name}.log"));
		let args = ["relay", "run", "--config", config.to_str().unwrap()];
		let env = [("NO_COLOR", "1".to_string())];
		Relayer::start(args, &env, &self.ground.data.path("."), &log)
	}

	/// Where a relayer's page is.
	async fn page(&self, relayer: &mut Relayer) -> String {
		let line = relayer.until_said("page, metrics and health checks at ").await;
		line.split(" at ").last().unwrap().trim().to_string()
	}

	/// Waits until no extrinsic is under way: relayers with books of their own do not know of one
	/// another's, and the second of two equal updates of the light client fails.
	async fn until_idle(&self, config: &Path) {
		let idle = async {
			while self.json(config, &["status"]).await["pending_submissions"] != 0 {
				sleep(LOOK).await;
			}
		};
		tokio::time::timeout(relayer::STAGE, idle).await.unwrap();
	}

	/// Every message was received once, and nothing was brought in vain but one message that nobody
	/// was there to receive.
	async fn each_arrived_once(&self, nonces: &[u64]) {
		let (received, in_vain) = self.network.received().await;
		assert_eq!(received.keys().copied().collect::<Vec<_>>(), nonces);
		assert!(received.values().all(|ids| ids.len() == 1), "{received:?}");
		assert_eq!(in_vain, 1, "no message was brought twice, no extrinsic failed");
	}
}

fn done(message: &Message) -> bool {
	message.stage == Stage::Done && message.delivery.is_some()
}

async fn get(url: &str) -> (u16, String) {
	let response = reqwest::get(url).await.unwrap();
	(response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sets_up_watches_repairs_and_runs_several() {
	let Some(ground) = Ground::take().await else { return };
	let console = Console::new();
	let network = Network::start(&ground, &console).await;
	let operator = Operator { ground: &ground, network: &network, console: &console };
	let mut nonces = Vec::new();
	one_relayer(&operator, &mut nonces).await;
	what_was_missed_is_replayed(&operator, &nonces).await;
	if let Some(server) = Postgres::start().await {
		several_relayers(&operator, &server, &mut nonces).await;
	}
	drop(network);
	ground.end().await;
}

/// Set up, looked at, run and watched.
async fn one_relayer(operator: &Operator<'_>, nonces: &mut Vec<u64>) {
	let start = operator.network.gateway.deployed.block.number;
	let config = operator.init("Bob", "sqlite:bob.db", start).await;
	let findings = operator.json(&config, &["doctor"]).await;
	let verdicts: Vec<_> = findings
		.as_array()
		.unwrap()
		.iter()
		.map(|finding| (finding["subject"].as_str().unwrap(), finding["verdict"].as_str().unwrap()))
		.collect();
	for subject in
		["configuration", "execution node", "beacon node", "Gear node", "balance", "light client"]
	{
		assert!(verdicts.contains(&(subject, "ok")), "{subject}: {findings:#}");
	}
	assert!(!verdicts.iter().any(|(_, verdict)| *verdict == "bad"), "{findings:#}");
	operator.console.say("operator", "the doctor finds nothing that is wrong");

	nonces.push(operator.network.send().await);
	nonces.push(operator.network.send().await);
	let mut relayer = operator.run("Bob", &config);
	let page = operator.page(&mut relayer).await;
	assert_eq!(get(&format!("{page}/healthz")).await, (200, "ok\n".to_string()));
	let database = operator.ground.data.path("bob.db");
	chromium::photograph(&page, "page-waiting", false).await;
	relayer.until(&database, nonces, "done", done).await;
	let (status, text) = get(&format!("{page}/readyz")).await;
	assert_eq!(status, 200, "{text}");

	// Nobody is there to receive it: it is told why.
	let lost = operator.network.send_to([0xee; 32]).await;
	relayer.until(&database, &[lost], "done, not posted", done).await;
	let journeys = operator.json(&config, &["show", &nonces[0].to_string()]).await;
	let stages: Vec<_> = journeys[0]["steps"]
		.as_array()
		.unwrap()
		.iter()
		.map(|step| step["stage"].as_str().unwrap().to_string())
		.collect();
	assert_eq!(stages, ["observed", "final", "proven", "sent", "done"]);
	assert_eq!(journeys[0]["extrinsics"][0]["state"], "included", "{journeys:#}");

	let (_, metrics) = get(&format!("{page}/metrics")).await;
	for line in [
		"backlog_size{stage=\"done\"} 3",
		"backlog_size{stage=\"dead\"} 0",
		"relayer_leading 1",
		"tx_latency_submitted_count 3",
		"tx_latency_confirmed_count 3",
		"ws_reconnect_total 0",
	] {
		assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
	}
	for name in ["wallet_balance{account=\"5", "queries_total{node=\"beacon\",outcome=\"ok\"}"] {
		assert!(metrics.contains(name), "{name} is not in:\n{metrics}");
	}

	// What the page shows is what it was told, journey and all, light and dark.
	for (name, dark) in [("page-light", false), ("page-dark", true)] {
		let address = format!("{page}/#{}", nonces[0]);
		let Some(seen) = chromium::photograph(&address, name, dark).await else { continue };
		for part in ["Ethereum, chain 31337", "live · ", "proven", "Extrinsic, included"] {
			assert!(seen.contains(part), "{part} is not on the page:\n{seen}");
		}
		assert!(seen.contains("not posted"), "{seen}");
	}
	operator.until_idle(&config).await;
	relayer.stop().await;
	operator.console.say("operator", "one relayer delivered, and told of it");
}

/// A relayer that was told to start too late is shown the blocks it left out.
async fn what_was_missed_is_replayed(operator: &Operator<'_>, nonces: &[u64]) {
	let first = operator.network.gateway.deployed.block.number;
	let bob = Outbox::open_to_read(operator.ground.data.path("bob.db").as_path()).await.unwrap();
	let last = bob.message(*nonces.last().unwrap()).await.unwrap().unwrap().block_number;
	let config = operator.init("Charlie", "sqlite:charlie.db", last + 1).await;
	let mut relayer = operator.run("Charlie", &config);
	let database = operator.ground.data.path("charlie.db");
	let passed = async {
		loop {
			if let Ok(outbox) = Outbox::open_to_read(&database).await
				&& outbox.tip().await.unwrap_or_default().is_some_and(|tip| tip.number > last)
			{
				return;
			}
			sleep(LOOK).await;
		}
	};
	tokio::time::timeout(relayer::STAGE, passed).await.unwrap();

	let range = format!("{first}..{last}");
	let replayed = operator.json(&config, &["replay", &range]).await;
	assert_eq!(replayed["added"], serde_json::json!(nonces), "{replayed:#}");
	let again = operator.json(&config, &["replay", &range]).await;
	assert_eq!(again["added"], serde_json::json!([]), "{again:#}");
	// They were delivered long ago, which the chain's own record says.
	relayer.until(&database, nonces, "done", |message| message.stage == Stage::Done).await;
	operator.until_idle(&config).await;
	relayer.stop().await;
	operator.console.say("operator", "what was missed was found again");
}

/// Three relayers with keys of their own on one server: one works, and is killed.
async fn several_relayers(operator: &Operator<'_>, server: &Postgres, nonces: &mut Vec<u64>) {
	let url = server.database("relay").await;
	let location = Location::parse(&url).unwrap();
	// Everything before is done, by the chain's own record.
	let start = operator.network.gateway.deployed.block.number;
	let mut relayers = Vec::new();
	let mut configs = Vec::new();
	for name in ["Bob", "Charlie", "Dave"] {
		let file = operator.ground.data.path(&format!("{name}.toml"));
		if file.exists() {
			std::fs::remove_file(&file).unwrap();
		}
		let config = operator.init(name, &url, start).await;
		relayers.push(operator.run(&format!("{name}-shared"), &config));
		configs.push(config);
	}
	for _ in 0..3 {
		nonces.push(operator.network.send().await);
	}
	relayers[0]
		.until(location.clone(), nonces, "sent", |message| message.stage >= Stage::Sent)
		.await;

	// While its extrinsics are on their way, the one at work is killed.
	let leader = leader(operator, &configs[0]).await;
	let is_leader = |relayer: &Relayer| leader.ends_with(&format!("process {}", relayer.pid()));
	let index = relayers.iter().position(is_leader).expect("one of the three is at work");
	relayers.remove(index).kill().await;
	let killed = Instant::now();
	nonces.push(operator.network.send().await);
	let other = async {
		loop {
			let holder = self::leader(operator, &configs[0]).await;
			if holder != leader {
				return holder;
			}
			sleep(LOOK).await;
		}
	};
	let holder = tokio::time::timeout(TAKEOVER, other).await.expect("nobody took over in time");
	let said = format!("{holder} took over after {:.1} s", killed.elapsed().as_secs_f32());
	operator.console.say("operator", &said);
	relayers[0].until(location, nonces, "done", |message| message.stage == Stage::Done).await;
	for relayer in &mut relayers {
		let page = operator.page(relayer).await;
		assert_eq!(get(&format!("{page}/readyz")).await.0, 200);
	}
	for relayer in relayers {
		relayer.stop().await;
	}
	operator.each_arrived_once(nonces).await;
}

async fn leader(operator: &Operator<'_>, config: &Path) -> String {
	let status = operator.json(config, &["status"]).await;
	status["leader"]["name"].as_str().unwrap_or_default().to_string()
}
