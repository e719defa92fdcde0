//! The programs that real nodes are: where they are found, and whether they are the right ones.
//!
//! Each is looked for in the folder that `GEARWAY_NODE_BIN` names, then in the user's cache
//! (`gearway/node-bin` in `XDG_CACHE_HOME` or `~/.cache`), then on `PATH`; in every folder first by
//! its own name, then by the names that downloads of a release have. One of another release is
//! passed over, except in the folder that was named: there it is what the user wants, and an error.

use std::{
	env, fmt, fs,
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};
use tokio::{process::Command, time::timeout};

/// Names the folder that is looked into first.
pub const FOLDER_VARIABLE: &str = "GEARWAY_NODE_BIN";

/// The release of polkadot-sdk that the programs have to be of, which is the runtimes' own.
pub const RELEASE: &str = "stable2609";

/// The version that the programs of that release give themselves, but for the last number.
const VERSION: &str = "1.25";

/// How long a program may take to say its version, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program of polkadot-sdk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
	/// The relay chain's node.
	Polkadot,
	/// Compiles parachains' code for it.
	PrepareWorker,
	/// Executes parachains' blocks for it.
	ExecuteWorker,
	/// The parachains' node.
	OmniNode,
}

impl Tool {
	/// The name of its file.
	pub fn name(self) -> &'static str {
		match self {
			Self::Polkadot => "polkadot",
			Self::PrepareWorker => "polkadot-prepare-worker",
			Self::ExecuteWorker => "polkadot-execute-worker",
			Self::OmniNode => "polkadot-omni-node",
		}
	}

	/// Names of its file in a folder, the likeliest first.
	fn file_names(self) -> [String; 4] {
		let name = self.name();
		[
			name.to_owned(),
			format!("{name}-{RELEASE}"),
			format!("{name}-polkadot-{RELEASE}"),
			format!("{name}-{}-unknown-linux-gnu", env::consts::ARCH),
		]
	}
}

/// What the network's nodes are started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
	/// The relay chain's node.
	pub polkadot: PathBuf,
	/// The parachains' node, which also makes chain specs.
	pub omni_node: PathBuf,
	/// Where the relay chain's node finds its workers by their own names.
	pub workers: PathBuf,
	/// The relay chain's runtime: Westend's, with epochs of a minute.
	pub runtime: PathBuf,
	/// The version of all programs.
	pub version: String,
}

/// Programs as they were found, the workers wherever they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
	/// The relay chain's node.
	pub polkadot: PathBuf,
	/// Its worker that compiles.
	pub prepare_worker: PathBuf,
	/// Its worker that executes.
	pub execute_worker: PathBuf,
	/// The parachains' node.
	pub omni_node: PathBuf,
	/// The relay chain's runtime.
	pub runtime: PathBuf,
	/// The version of all programs.
	pub version: String,
}

/// A program or file that cannot be used, or is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
	/// It is nowhere.
	#[error("{what} is in none of these folders: {}", list(.looked))]
	Nowhere {
		/// What it is called.
		what: &'static str,
		/// Where it was looked for.
		looked: Vec<PathBuf>,
	},
	/// Those that are there do not run, or are of another release.
	#[error("{}, where {wanted} is needed", unfit(.found))]
	Unfit {
		/// What was found, and what it says of itself.
		found: Vec<(PathBuf, String)>,
		/// What would do.
		wanted: String,
	},
}

impl BinaryError {
	/// What to do about it.
	pub fn cure(&self) -> &'static str {
		"put the programs of polkadot-sdk stable2609 and westend-runtime's Wasm into one folder and \
		 name it in GEARWAY_NODE_BIN, or put them into ~/.cache/gearway/node-bin (docs/networks.md \
		 says where to get them)"
	}
}

fn list(folders: &[PathBuf]) -> String {
	folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn unfit(found: &[(PathBuf, String)]) -> String {
	let each = found.iter().map(|(path, says)| format!("{} {says}", path.display()));
	each.collect::<Vec<_>>().join(", ")
}

/// The folders to look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
	/// The one that the user names.
	pub named: Option<PathBuf>,
	/// The user's cache.
	pub cache: Option<PathBuf>,
	/// The folders on `PATH`.
	pub path: Vec<PathBuf>,
}

impl Places {
	/// Those of this user.
	pub fn of_user() -> Self {
		let folder = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
		let cache =
			folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
		Self {
			named: folder(FOLDER_VARIABLE),
			cache: cache.map(|cache| cache.join("gearway/node-bin")),
			path: env::var_os("PATH").iter().flat_map(env::split_paths).collect(),
		}
	}

	/// All of them in order.
	fn all(&self) -> impl Iterator<Item = &PathBuf> {
		self.named.iter().chain(&self.cache).chain(&self.path)
	}

	/// Those that may hold files which are no programs.
	fn of_files(&self) -> Vec<PathBuf> {
		self.named.iter().chain(&self.cache).cloned().collect()
	}
}

/// Finds everything, or tells all that is not to be found.
pub async fn find(places: &Places) -> Result<Found, Vec<BinaryError>> {
	let mut errors = Vec::new();
	let line = Wanted::Line(VERSION);
	let polkadot = keep(find_tool(Tool::Polkadot, places, &line).await, &mut errors);
	let omni_node = keep(find_tool(Tool::OmniNode, places, &line).await, &mut errors);
	// A node refuses workers of any other version than its own.
	let wanted = polkadot.as_ref().map_or(line, |(_, version)| Wanted::Exactly(version.clone()));
	let prepare = keep(find_tool(Tool::PrepareWorker, places, &wanted).await, &mut errors);
	let execute = keep(find_tool(Tool::ExecuteWorker, places, &wanted).await, &mut errors);
	let runtime = keep(find_runtime(places), &mut errors);
	match (polkadot, omni_node, prepare, execute, runtime) {
		(Some(polkadot), Some(omni_node), Some(prepare), Some(execute), Some(runtime)) => {
			Ok(Found {
				polkadot: polkadot.0,
				prepare_worker: prepare.0,
				execute_worker: execute.0,
				omni_node: omni_node.0,
				runtime,
				version: polkadot.1,
			})
		}
		_ => Err(errors),
	}
}

fn keep<T>(outcome: Result<T, BinaryError>, errors: &mut Vec<BinaryError>) -> Option<T> {
	outcome.map_err(|error| errors.push(error)).ok()
}

/// Which version will do.
enum Wanted {
	/// Any of a release, such as `1.25`.
	Line(&'static str),
	/// That one.
	Exactly(String),
}

impl Wanted {
	fn accepts(&self, version: &str) -> bool {
		match self {
			Self::Line(line) => {
				version.strip_prefix(line).is_some_and(|rest| rest.starts_with('.'))
			}
			Self::Exactly(wanted) => version == wanted,
		}
	}
}

impl fmt::Display for Wanted {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Line(line) => write!(f, "{line}.x, which {RELEASE} has,"),
			Self::Exactly(version) => write!(f, "{version}, which the relay chain's node has,"),
		}
	}
}

async fn find_tool(
	tool: Tool,
	places: &Places,
	wanted: &Wanted,
) -> Result<(PathBuf, String), BinaryError> {
	let mut unfit = Vec::new();
	for folder in places.all() {
		for file in tool.file_names().map(|name| folder.join(name)) {
			if !file.is_file() {
				continue;
			}
			match version(&file).await {
				Ok(version) if wanted.accepts(&version) => return Ok((file, version)),
				Ok(version) => unfit.push((file, format!("is {version}"))),
				Err(reason) => unfit.push((file, reason)),
			}
			if places.named.as_ref() == Some(folder) {
				return Err(BinaryError::Unfit { found: unfit, wanted: wanted.to_string() });
			}
		}
	}
	if unfit.is_empty() {
		let looked = places.all().cloned().collect();
		Err(BinaryError::Nowhere { what: tool.name(), looked })
	} else {
		Err(BinaryError::Unfit { found: unfit, wanted: wanted.to_string() })
	}
}

/// The version that a program gives itself, without what follows the numbers.
async fn version(program: &Path) -> Result<String, String> {
	let asking =
		Command::new(program).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
	let output = match timeout(PATIENCE, asking).await {
		Ok(Ok(output)) => output,
		Ok(Err(error)) => return Err(format!("cannot be executed ({error})")),
		Err(_) => return Err("does not answer to --version".into()),
	};
	let said = String::from_utf8_lossy(&output.stdout);
	read_version(&said).ok_or_else(|| "does not tell its version".into())
}

/// `1.25.1` of `polkadot 1.25.1-stable2609`, and of `1.25.1` alone.
fn read_version(said: &str) -> Option<String> {
	let word = said.lines().next()?.split_whitespace().last()?;
	let numbers = word.split('-').next()?;
	let is_version = numbers.split('.').count() == 3
		&& numbers.split('.').all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
	is_version.then(|| numbers.to_owned())
}

/// Westend's runtime, one with fast epochs before any other.
fn find_runtime(places: &Places) -> Result<PathBuf, BinaryError> {
	let looked = places.of_files();
	let mut all = Vec::new();
	for folder in &looked {
		// A folder that is not there holds nothing.
		let entries = fs::read_dir(folder).into_iter().flatten().flatten();
		let mut here: Vec<_> =
			entries.map(|entry| entry.path()).filter(|f| is_westend(f)).collect();
		here.sort();
		all.append(&mut here);
	}
	let fast = all.iter().position(|file| file_name(file).contains("fast"));
	let chosen = fast.unwrap_or_default();
	let what = "westend-runtime*.wasm, the relay chain's runtime,";
	if chosen < all.len() {
		Ok(all.swap_remove(chosen))
	} else {
		Err(BinaryError::Nowhere { what, looked })
	}
}

fn is_westend(file: &Path) -> bool {
	let name = file_name(file).replace('_', "-");
	name.starts_with("westend-runtime") && name.ends_with(".wasm") && file.is_file()
}

fn file_name(file: &Path) -> String {
	file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Found {
	/// Puts the workers into the folder `workers` by their own names, where the node finds them.
	pub fn gather(self, workers: PathBuf) -> std::io::Result<Binaries> {
		fs::create_dir_all(&workers)?;
		for (tool, file) in [
			(Tool::PrepareWorker, &self.prepare_worker),
			(Tool::ExecuteWorker, &self.execute_worker),
		] {
			std::os::unix::fs::symlink(std::path::absolute(file)?, workers.join(tool.name()))?;
		}
		Ok(Binaries {
			polkadot: std::path::absolute(self.polkadot)?,
			omni_node: std::path::absolute(self.omni_node)?,
			workers,
			runtime: std::path::absolute(self.runtime)?,
			version: self.version,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;
	use tempfile::TempDir;

	const ALL: [Tool; 4] =
		[Tool::Polkadot, Tool::PrepareWorker, Tool::ExecuteWorker, Tool::OmniNode];

	/// A folder with a program that says `version` for each name.
	fn folder(names: &[&str], version: &str) -> TempDir {
		let folder = tempfile::tempdir().unwrap();
		let script = folder.path().join("script");
		fs::write(&script, format!("#!/bin/sh\necho 'x {version}'\n")).unwrap();
		fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
		for name in names {
			// By another process: a file that this one has written may still be open for writing in
			// a child that another test is starting, and could not be executed.
			let copied = std::process::Command::new("cp")
				.args([&script, &folder.path().join(name)])
				.status();
			assert!(copied.unwrap().success());
		}
		fs::remove_file(script).unwrap();
		folder
	}

	fn whole(version: &str) -> TempDir {
		let folder = folder(&ALL.map(Tool::name), version);
		fs::write(folder.path().join("westend-runtime-40-fast.wasm"), "").unwrap();
		folder
	}

	fn places(named: Option<&TempDir>, cache: Option<&TempDir>, path: &[&TempDir]) -> Places {
		let of = |folder: &&TempDir| folder.path().to_path_buf();
		Places {
			named: named.as_ref().map(of),
			cache: cache.as_ref().map(of),
			path: path.iter().map(of).collect(),
		}
	}

	#[tokio::test]
	async fn the_named_folder_goes_before_the_cache_and_the_cache_before_the_path() {
		let [named, cache, on_path] = ["1.25.3-a", "1.25.2", "1.25.1"].map(whole);
		let first = find(&places(Some(&named), Some(&cache), &[&on_path])).await.unwrap();
		assert_eq!(first.polkadot, named.path().join("polkadot"));
		assert_eq!(first.version, "1.25.3");
		let second = find(&places(None, Some(&cache), &[&on_path])).await.unwrap();
		assert_eq!(second.omni_node, cache.path().join("polkadot-omni-node"));
		assert_eq!(second.runtime, cache.path().join("westend-runtime-40-fast.wasm"));
	}

	#[tokio::test]
	async fn what_the_named_folder_lacks_is_looked_for_elsewhere() {
		let named = folder(&["polkadot-omni-node"], "1.25.9");
		let cache = whole("1.25.2");
		let found = find(&places(Some(&named), Some(&cache), &[])).await.unwrap();
		assert_eq!(found.omni_node, named.path().join("polkadot-omni-node"));
		assert_eq!(found.polkadot, cache.path().join("polkadot"));
	}

	#[tokio::test]
	async fn another_release_is_passed_over_but_not_in_the_named_folder() {
		let [old, new] = ["1.20.0", "1.25.0"].map(whole);
		let found = find(&places(None, Some(&old), &[&new])).await;
		// The runtime is looked for in the cache all the same.
		assert_eq!(found.unwrap().polkadot, new.path().join("polkadot"));

		let errors = find(&places(Some(&old), Some(&new), &[])).await.unwrap_err();
		let told = errors[0].to_string();
		assert!(told.contains("polkadot is 1.20.0"), "{told}");
		assert!(told.contains("1.25.x, which stable2609 has"), "{told}");
		assert!(errors[0].cure().contains(FOLDER_VARIABLE) && errors[0].cure().contains(RELEASE));
	}

	#[tokio::test]
	async fn workers_have_the_version_of_their_node() {
		let nodes = folder(&["polkadot", "polkadot-omni-node"], "1.25.1");
		let cache = whole("1.25.0");
		let errors = find(&places(Some(&nodes), Some(&cache), &[])).await.unwrap_err();
		assert_eq!(errors.len(), 2);
		assert!(errors[0].to_string().contains("1.25.1, which the relay chain's node has"));
	}

	#[tokio::test]
	async fn names_of_downloads_are_known() {
		let names = ALL.map(|tool| tool.file_names()[1].clone());
		let release = folder(&names.each_ref().map(String::as_str), "1.25.1");
		fs::write(release.path().join("westend_runtime.compact.compressed.wasm"), "").unwrap();
		let found = find(&places(Some(&release), None, &[])).await.unwrap();
		assert_eq!(found.polkadot, release.path().join("polkadot-stable2609"));

		let workers = release.path().join("workers");
		let gathered = found.gather(workers.clone()).unwrap();
		assert_eq!(gathered.workers, workers);
		assert!(workers.join("polkadot-prepare-worker").is_file());
		assert!(workers.join("polkadot-execute-worker").is_file());
	}

	#[tokio::test]
	async fn all_that_is_missing_is_told_with_where_it_was_looked_for() {
		let empty = tempfile::tempdir().unwrap();
		let errors = find(&places(None, Some(&empty), &[])).await.unwrap_err();
		assert_eq!(errors.len(), 5);
		for error in errors {
			let told = error.to_string();
			assert!(told.contains(&empty.path().display().to_string()), "{told}");
		}
	}

	#[tokio::test]
	async fn what_is_no_program_is_told() {
		let folder = whole("1.25.1");
		fs::write(folder.path().join("polkadot"), "no program").unwrap();
		let errors = find(&places(Some(&folder), None, &[])).await.unwrap_err();
		let told = errors[0].to_string();
		assert!(told.contains("polkadot") && told.contains("cannot be executed"), "{told}");
	}

	#[test]
	fn versions_are_read_and_nothing_else() {
		assert_eq!(read_version("polkadot 1.25.1-00000000000\n").as_deref(), Some("1.25.1"));
		assert_eq!(read_version("1.25.1").as_deref(), Some("1.25.1"));
		for said in ["", "usage: polkadot", "polkadot 1.25", "polkadot 1.25.x"] {
			assert_eq!(read_version(said), None, "{said:?}");
		}
	}
}
