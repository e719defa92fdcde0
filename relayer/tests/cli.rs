//! What the binary says and how it ends when it cannot do what was asked.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

use std::{
	path::{Path, PathBuf},
	process::{Command, Output},
};

fn fixture(name: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(name)
}

fn gearway(args: &[&str]) -> Output {
	Command::new(env!("CARGO_BIN_EXE_gearway")).args(args).output().unwrap()
}

fn refusal(args: &[&str]) -> String {
	let output = gearway(args);
	let said = String::from_utf8(output.stderr).unwrap();
	assert!(!output.status.success(), "{args:?} succeeded: {said}");
	assert_eq!(output.status.code(), Some(1), "{args:?} panicked: {said}");
	said
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
		let said = refusal(&["relay", "run", "--config", file.to_str().unwrap()]);
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

	let said = refusal(&["relay", "run", "--config", file.to_str().unwrap()]);

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
	for command in [&["status"][..], &["retry", "1"]] {
		let args = [&["relay"], command, &["--config", file.to_str().unwrap()]].concat();
		let said = refusal(&args);
		assert!(said.contains("[database] url") && said.contains("relay.db"), "{said}");
		assert!(!folder.path().join("relay.db").exists());
	}
}
