//! What the binary says and how it ends when it cannot do what was asked.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

use alloy::primitives::{Address, B256};
use gearway::relay::{
	backoff::Backoff,
	config::RelayConfig,
	outbox::{Blame, Delivery, Found, Outbox, Patience, SeenBlock},
};
use serde_json::Value;
use std::{
	path::{Path, PathBuf},
	process::{Command, Output},
};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(name)
}

fn gearway(args: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_gearway")).args(args).output().unwrap()
}

fn refusal(code: i32, args: &[&str]) -> String {
	let output = gearway(args);
	let said = String::from_utf8(output.stderr).unwrap();
	assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
	said
}

/// What a command that succeeds prints.
fn answer(args: &[&str]) -> String {
	let output = gearway(args);
	let said = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "{args:?}: {said}");
	String::from_utf8(output.stdout).unwrap()
}

/// A configuration with a database of five messages: 1 is done, 2 was not posted, 3 is final, 4 is
/// given up, 5 is observed.
struct Books {
	folder: TempDir,
}

const ID: B256 = B256::repeat_byte(0x44);

impl Books {
	async fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		std::fs::copy(fixture("minimal.toml"), folder.path().join("relay.toml")).unwrap();
		let outbox = Outbox::open(folder.path().join("relay.db").as_path()).await.unwrap();
		let block = |number: u64| SeenBlock {
			number,
			hash: B256::with_last_byte(number as u8),
			parent: B256::with_last_byte(number as u8 - 1),
		};
		let found = |nonce: u64| Found {
			nonce,
			tx_hash: B256::repeat_byte(0x70 + nonce as u8),
			tx_index: 0,
			log_index: 0,
			sender: Address::repeat_byte(7),
			program: B256::repeat_byte(8),
		};
		outbox.append(block(5), 60, &[found(1), found(2), found(3), found(4)]).await.unwrap();
		outbox.append(block(6), 72, &[found(5)]).await.unwrap();
		outbox.finalize(5, block(5).hash).await.unwrap();
		let place = |outcome| {
			Some(Delivery { block_number: 40, block_hash: B256::repeat_byte(4), outcome })
		};
		let deliveries = [(1, place(Ok(ID))), (2, place(Err("no such program".to_string())))];
		outbox.delivered(&deliveries).await.unwrap();
		let backoff = Backoff::new(&RelayConfig::default());
		let patience = Patience { backoff, max_attempts: 1 };
		outbox.failed(&[4], "no leaf of that index", Blame::Message, &patience).await.unwrap();
		Self { folder }
	}

	/// The arguments of a command of the relayer with this configuration.
	fn args(&self, args: &[&str]) -> Vec<String> {
		let file = self.folder.path().join("relay.toml").display().to_string();
		["relay"]
			.iter()
			.chain(args)
			.map(ToString::to_string)
			.chain(["--config".into(), file])
			.collect()
	}

	fn tells(&self, args: &[&str]) -> String {
		let args = self.args(args);
		answer(&args.iter().map(String::as_str).collect::<Vec<_>>())
	}

	fn json(&self, args: &[&str]) -> Value {
		serde_json::from_str(&self.tells(&[args, &["--json"]].concat())).unwrap()
	}

	fn refuses(&self, code: i32, args: &[&str]) -> String {
		let args = self.args(args);
		refusal(code, &args.iter().map(String::as_str).collect::<Vec<_>>())
	}
}

#[tokio::test]
async fn the_backlog_is_told_with_what_each_stage_waits_for() {
	let books = Books::new().await;
	let text = books.tells(&["status"]);
	for part in ["dead", "no leaf of that index", "finalised its block", "no such program"] {
		assert!(text.contains(part), "{part} is not in:\n{text}");
	}
	let json = books.json(&["status"]);
	assert_eq!(json["observed_block"], 6);
	let of = |stage: &str| {
		let stages = json["stages"].as_array().unwrap();
		stages.iter().find(|row| row["stage"] == stage).unwrap().clone()
	};
	assert_eq!(of("done")["messages"], 2);
	assert_eq!(of("dead")["oldest_nonce"], 4);
	assert!(of("final")["why"].as_str().unwrap().contains("light client"));
	assert_eq!(of("sent")["why"], Value::Null);
}

#[tokio::test]
async fn messages_are_listed_by_stage_and_page_by_page() {
	let books = Books::new().await;
	let nonces = |args: &[&str]| -> Vec<u64> {
		let json = books.json(args);
		json.as_array().unwrap().iter().map(|row| row["nonce"].as_u64().unwrap()).collect()
	};
	assert_eq!(nonces(&["list"]), [5, 4, 3, 2, 1]);
	assert_eq!(nonces(&["list", "--stage", "done"]), [2, 1]);
	assert_eq!(nonces(&["list", "--limit", "2"]), [5, 4]);
	assert_eq!(nonces(&["list", "--limit", "2", "--below", "4"]), [3, 2]);
	assert!(books.tells(&["list", "--stage", "proven"]).contains("no messages"));
	let said = books.refuses(2, &["list", "--stage", "lost"]);
	assert!(said.contains("observed, final"), "{said}");
}

#[tokio::test]
async fn a_journey_is_told_by_any_of_the_messages_names() {
	let books = Books::new().await;
	let text = books.tells(&["show", "1"]);
	for part in ["observed", "final", "done", &ID.to_string(), "block 5"] {
		assert!(text.contains(part), "{part} is not in:\n{text}");
	}
	let json = books.json(&["show", "2"]);
	assert_eq!(json[0]["arrival"]["error"], "no such program");
	let topic = json[0]["topic"].as_str().unwrap();
	assert_eq!(books.json(&["show", topic])[0]["nonce"], 2);
	assert_eq!(books.json(&["show", &ID.to_string()])[0]["nonce"], 1);
	let transaction = B256::repeat_byte(0x73).to_string();
	assert_eq!(books.json(&["show", &transaction])[0]["nonce"], 3);

	let said = books.refuses(4, &["show", "99"]);
	assert!(said.contains("last block looked through is 6"), "{said}");
	let said = books.refuses(2, &["show", "latest"]);
	assert!(said.contains("32 bytes"), "{said}");
}

#[tokio::test]
async fn what_was_given_up_is_tried_again() {
	let books = Books::new().await;
	assert!(books.tells(&["retry", "--all"]).contains("message 4 is tried again"));
	assert!(books.tells(&["retry", "3"]).contains("has not failed"));
	assert_eq!(books.json(&["retry", "4"])["again"][0], 4);
	let said = books.refuses(4, &["retry", "4", "99"]);
	assert!(said.contains("not known"), "{said}");
	let steps = books.json(&["show", "4"]);
	let last = steps[0]["steps"].as_array().unwrap().last().unwrap().clone();
	assert!(last["note"].as_str().unwrap().contains("operator"), "{last}");
}

#[tokio::test]
async fn blocks_ahead_of_the_relayer_are_not_replayed() {
	let books = Books::new().await;
	let said = books.refuses(1, &["replay", "5..7"]);
	assert!(said.contains("up to 6"), "{said}");
	let said = books.refuses(2, &["replay", "7..5"]);
	assert!(said.contains("comes after"), "{said}");
}

#[tokio::test]
async fn the_doctor_names_every_cause_with_its_cure() {
	let books = Books::new().await;
	let file = books.folder.path().join("relay.toml");
	let text = std::fs::read_to_string(&file).unwrap();
	// Nobody listens on the discard port here.
	let text = [":9944", ":8545", ":5052"].iter().fold(text, |text, port| text.replace(port, ":9"));
	std::fs::write(&file, text).unwrap();
	std::fs::write(books.folder.path().join("relayer.key"), "//Alice").unwrap();

	let args = books.args(&["doctor"]);
	let output = gearway(&args.iter().map(String::as_str).collect::<Vec<_>>());

	assert_eq!(output.status.code(), Some(5));
	let text = String::from_utf8(output.stdout).unwrap();
	let bad = text.lines().filter(|line| line.starts_with("BAD")).count();
	assert_eq!(bad, 3, "{text}");
	for subject in ["execution node", "beacon node", "Gear node"] {
		let line = text.lines().position(|line| line.starts_with("BAD") && line.contains(subject));
		let cure = text.lines().nth(line.unwrap() + 1).unwrap();
		assert!(cure.trim_start().starts_with("cure: "), "{text}");
	}
	for fine in ["ok    configuration", "warn  key", "ok    database", "warn  messages"] {
		assert!(text.contains(fine), "{fine} is not in:\n{text}");
	}

	let args = books.args(&["doctor", "--json"]);
	let output = gearway(&args.iter().map(String::as_str).collect::<Vec<_>>());
	let json: Value = serde_json::from_slice(&output.stdout).unwrap();
	let bad = json.as_array().unwrap().iter().filter(|finding| finding["verdict"] == "bad");
	assert!(bad.clone().all(|finding| finding["cure"].is_string()));
	assert_eq!(bad.count(), 3);
}

#[test]
fn a_configuration_is_written_and_read_and_never_replaced_by_accident() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("relay.toml");
	let file = file.to_str().unwrap();
	let flags = [
		"--chain-id=11155111",
		"--gateway=0x5FbDB2315678afecb367f032d93F642f64180aa3",
		"--start-block=7",
		"--new-key",
	];
	let init = [&["relay", "init", "--config", file], &flags[..]].concat();
	let said = answer(&init);
	assert!(said.contains("gearway relay doctor"), "{said}");
	let key = std::fs::read_to_string(folder.path().join("relayer.key")).unwrap();
	let account = said.lines().find_map(|line| line.strip_prefix("account       ")).unwrap();
	assert!(!said.contains(key.trim()) && account.starts_with('5'), "{said}");
	let said = refusal(1, &init);
	assert!(said.contains("--force"), "{said}");
	// Without a terminal nobody is asked.
	let said = refusal(1, &["relay", "init", "--config", file, "--force"]);
	assert!(said.contains("--chain-id, --gateway"), "{said}");

	let output = gearway(&["relay", "doctor", "--config", file]);
	let text = String::from_utf8(output.stdout).unwrap();
	assert!(text.contains(account), "{text}");
}

#[test]
fn shells_and_manuals_get_every_command() {
	for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
		let script = answer(&["completions", shell]);
		for word in ["doctor", "replay", "gateway"] {
			assert!(script.contains(word), "{shell}: {word}");
		}
	}
	assert!(answer(&["man"]).contains(".TH gearway"));
	let folder = tempfile::tempdir().unwrap();
	answer(&["man", "--dir", folder.path().to_str().unwrap()]);
	for page in ["gearway.1", "gearway-relay.1", "gearway-relay-doctor.1"] {
		assert!(folder.path().join(page).is_file(), "{page}");
	}
}

#[test]
fn exit_codes_are_in_the_help() {
	for args in [&["--help"][..], &["relay", "--help"], &["relay", "doctor", "--help"]] {
		let help = answer(args);
		assert!(help.contains("Exit codes:") && help.contains("  5  "), "{help}");
	}
	refusal(2, &["relay", "dance"]);
}

#[test]
fn a_broken_configuration_is_refused_with_file_and_key() {
	for (name, key) in [
		("unknown-key.toml", "gatway"),
		("missing-key.toml", "chain_id"),
		("two-keys.toml", "[signer]"),
		("no-such-file.toml", "No such file"),
	] {
		let file = fixture(name);
		let said = refusal(3, &["relay", "run", "--config", file.to_str().unwrap()]);
		assert!(said.contains(name) && said.contains(key), "{said}");
	}
}

#[test]
fn nothing_is_made_before_the_endpoints_have_answered() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("relay.toml");
	// Nobody listens on the discard port here.
	let text = std::fs::read_to_string(fixture("minimal.toml")).unwrap();
	let text = [":9944", ":8545", ":5052"].iter().fold(text, |text, port| text.replace(port, ":9"));
	std::fs::write(&file, text).unwrap();
	std::fs::write(folder.path().join("relayer.key"), "//Alice").unwrap();

	let said = refusal(1, &["relay", "run", "--config", file.to_str().unwrap()]);

	for key in ["[gear] url", "[ethereum] execution_url", "[ethereum] beacon_url"] {
		assert!(said.contains(key), "{key} is not in: {said}");
	}
	assert!(!folder.path().join("relay.db").exists());
}

#[test]
fn looking_makes_no_database() {
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("relay.toml");
	std::fs::copy(fixture("minimal.toml"), &file).unwrap();
	for command in
		[&["status"][..], &["retry", "1"], &["list"], &["show", "1"], &["replay", "1..2"]]
	{
		let args = [&["relay"], command, &["--config", file.to_str().unwrap()]].concat();
		let said = refusal(1, &args);
		assert!(said.contains("[database] url") && said.contains("relay.db"), "{said}");
		assert!(!folder.path().join("relay.db").exists());
	}
}
