//! The relayer is killed between each pair of stages, and every message is delivered once.
//!
//! All parts are real: an execution node driven by a beacon node, the gateway contract, the Gear
//! runtime, the relayer's own binary. It is killed with SIGKILL, so nothing of it can run on. A
//! pause point makes sure that it has come just so far; it is started anew without it, or with the
//! next one, on the same database.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

mod common;
#[path = "common/network.rs"]
mod network;
#[path = "common/relayer.rs"]
mod relayer;

use common::Ground;
use gearway::{
	net::{self, process::Program, report::Console, setup, setup::Gateway, steps::Steps},
	relay::{
		outbox::{Message, Outbox},
		stage::Stage,
	},
};
use network::Network;
use relayer::{LOOK, Relayer, STAGE};
use std::path::Path;
use tokio::{
	process::Command,
	time::{sleep, timeout},
};

fn start(program: &Program, log: &Path, pause_after: Option<&str>) -> Relayer {
	let pause = pause_after.map(|point| ["--pause-after", point]);
	let args = program.args.iter().cloned();
	let args = args.chain(pause.into_iter().flatten().map(Into::into));
	let env: Vec<_> = program
		.env
		.iter()
		.map(|(name, value)| (*name, value.to_str().unwrap().to_string()))
		.collect();
	Relayer::start(args, &env, &program.dir, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_any_two_stages_it_delivers_every_message_once() {
	let Some(ground) = Ground::take().await else { return };
	let console = Console::new();
	let network = Network::start(&ground, &console).await;
	let Gateway { address, deployed } = network.gateway;
	let program =
		net::relayer::program(&ground.data, &ground.ports, address, deployed.block.number).unwrap();
	let database = net::relayer::database(&ground.data);
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
		let mut relayer = start(&program, &log, Some(point));
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
	let mut relayer = start(&program, &log, None);
	let seen = |message: &Message| message.stage == Stage::Done && message.delivery.is_some();
	relayer.until(&database, &nonces, "done", seen).await;
	// Killed once more when there is nothing left to do, and started: nothing comes of it.
	relayer.kill().await;
	let mut relayer = start(&program, &log, None);
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
	let nonce = network.send_to([0xee; 32]).await;
	let mut relayer = start(&program, &log, None);
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
