//! What must be there before anything is started, and what to do when it is not.

use super::layout::Repository;
use std::{
	fmt,
	path::{Path, PathBuf},
	process::Command,
};

/// The oldest Node.js that the JavaScript parts run on.
const MIN_NODE: u32 = 20;

const SET_UP: &str = "run `make setup`";
const BUILD: &str = "run `make dev`, which builds it, or `make build` alone";

/// Files of the repository that the network is started from, all present.
#[derive(Debug, Clone)]
pub struct Parts {
	/// Starts the parachains.
	pub chopsticks: PathBuf,
	/// Its configurations, Gear's and the sibling's.
	pub chopsticks_configs: [PathBuf; 2],
	/// Starts the execution node.
	pub execution: PathBuf,
	/// Runs the beacon node.
	pub python: PathBuf,
	/// The folder of the beacon node's program.
	pub beacon: PathBuf,
	/// The gateway contract, compiled.
	pub contract: PathBuf,
	/// Gear's plain chain spec, with its genesis state in raw form.
	pub gear_spec: PathBuf,
	/// The sibling's.
	pub sibling_spec: PathBuf,
}

/// Something that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
	/// What, in words.
	pub what: &'static str,
	/// Where it was looked for, or what was found instead.
	pub found: String,
	/// What brings it.
	pub cure: &'static str,
}

/// Everything that is not there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network cannot be started:{}", .0.iter().map(|m| format!("\n  {m}")).collect::<String>())]
pub struct PreflightError(pub Vec<Missing>);

impl fmt::Display for Missing {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{} is missing: {}\n    cure: {}", self.what, self.found, self.cure)
	}
}

/// Looks for every part, and names all that are missing at once.
pub fn check(repository: &Repository, chain_specs: &Path) -> Result<Parts, PreflightError> {
	let mut missing = Vec::new();
	let mut part = |what, path: PathBuf, cure| {
		if !path.is_file() {
			missing.push(Missing { what, found: path.display().to_string(), cure });
		}
		path
	};
	let in_zombienet = |path: &str| repository.path(&format!("zombienet/{path}"));
	let parts = Parts {
		chopsticks: part(
			"the parachain runner",
			in_zombienet("node_modules/@acala-network/chopsticks/chopsticks.cjs"),
			SET_UP,
		),
		chopsticks_configs: ["gear", "sibling"].map(|chain| {
			let file = in_zombienet(&format!("chopsticks/{chain}.yml"));
			part("a parachain's configuration", file, "restore the file from version control")
		}),
		execution: part(
			"the Ethereum execution node",
			in_zombienet("node_modules/@ethereumjs/client/dist/esm/bin/cli.js"),
			SET_UP,
		),
		python: part("the beacon node's Python", in_zombienet("beacon/.venv/bin/python"), SET_UP),
		beacon: repository.path("zombienet/beacon"),
		contract: part(
			"the compiled gateway contract",
			repository.path("bridge-contracts/out/Gateway.sol/Gateway.json"),
			BUILD,
		),
		gear_spec: part("Gear's chain spec", chain_specs.join("gear.json"), BUILD),
		sibling_spec: part("the sibling's chain spec", chain_specs.join("sibling.json"), BUILD),
	};
	missing.extend(unfit_node(
		Command::new("node")
			.arg("--version")
			.output()
			.ok()
			.as_ref()
			.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()),
	));
	if missing.is_empty() { Ok(parts) } else { Err(PreflightError(missing)) }
}

/// What is wrong with the Node.js that reports `version`, if anything.
fn unfit_node(version: Option<String>) -> Option<Missing> {
	let missing = |found: String| Missing {
		what: "Node.js 20 or newer",
		found,
		cure: "install it: https://nodejs.org/en/download",
	};
	let Some(version) = version else {
		return Some(missing("there is no `node` on PATH".into()));
	};
	let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
	match major {
		Some::<u32>(major) if major >= MIN_NODE => None,
		_ => Some(missing(format!("`node --version` says {version:?}"))),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn empty_repository() -> (tempfile::TempDir, Repository) {
		let folder = tempfile::tempdir().unwrap();
		fs::create_dir(folder.path().join("zombienet")).unwrap();
		fs::write(folder.path().join("zombienet/package.json"), "{}").unwrap();
		let repository = Repository::find(Some(folder.path().into())).unwrap();
		(folder, repository)
	}

	#[test]
	fn all_that_is_missing_is_told_at_once_with_its_cure() {
		let (_folder, repository) = empty_repository();
		let error = check(&repository, Path::new("no-specs")).unwrap_err();
		let told = error.to_string();
		for expected in [
			"the parachain runner is missing",
			"chopsticks.cjs\n    cure: run `make setup`",
			"beacon/.venv/bin/python\n    cure: run `make setup`",
			"Gateway.json\n    cure: run `make dev`",
			"no-specs/gear.json\n    cure: run `make dev`",
		] {
			assert!(told.contains(expected), "{expected:?} is not in {told}");
		}
	}

	#[test]
	fn what_is_there_is_not_told() {
		let (folder, repository) = empty_repository();
		let specs = folder.path().join("specs");
		fs::create_dir(&specs).unwrap();
		fs::write(specs.join("gear.json"), "{}").unwrap();
		let told = check(&repository, &specs).unwrap_err().to_string();
		assert!(!told.contains("gear.json"), "{told}");
		assert!(told.contains("sibling.json"), "{told}");
	}

	#[test]
	fn an_old_or_absent_node_is_told() {
		assert_eq!(unfit_node(Some("v20.20.2".into())), None);
		assert_eq!(unfit_node(Some("v24.0.0".into())), None);
		for unfit in [Some("v18.19.0".into()), Some(String::new()), None] {
			assert!(unfit_node(unfit).unwrap().cure.contains("nodejs.org"));
		}
	}
}
