//! Which of this machine's networks a command is about, and why it cannot be asked.

use super::layout::{DataDir, LayoutError, Repository};
use rustix::process::Pid;
use std::path::PathBuf;

/// The folder of the network of nodes, among what was built.
const NODES: &str = "network";

/// That of the development network.
const DEVELOPMENT: &str = "dev-network";

/// Names a network of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Which {
	/// The development network: parachains run by chopsticks, without a relay chain. Without this
	/// option it is the network of nodes: validators, collators
	#[arg(long)]
	pub dev: bool,
	/// Folder for logs, configuration and databases, emptied of an earlier run's when a network
	/// starts [default: target/network, or target/dev-network, in the repository]
	#[arg(long, value_name = "DIR")]
	pub data_dir: Option<PathBuf>,
	/// Gearway's repository, when the current folder is not inside it
	#[arg(long, value_name = "DIR")]
	pub root: Option<PathBuf>,
}

/// A network that cannot be asked or ended.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
	/// None runs.
	#[error("no network runs in {}\n  cure: start one with `gearway net up`, or name another folder with --data-dir", .0.display())]
	NoneRuns(PathBuf),
	/// There is no such log.
	#[error("there is no log of {name}; there are logs of: {}\n  cure: name one of them", known.join(", "))]
	NoLog {
		/// The name that was given.
		name: String,
		/// Those that would do.
		known: Vec<String>,
	},
	/// It was asked to end, and did not.
	#[error(
		"the network did not end when asked to\n  cure: end process {} with `kill -9`, then run this \
		 command again", .0.as_raw_nonzero()
	)]
	Stubborn(Pid),
	/// A process cannot be ended.
	#[error("cannot end process {}", pid.as_raw_nonzero())]
	Signal {
		/// The process.
		pid: Pid,
		/// Why.
		source: rustix::io::Errno,
	},
}

impl Which {
	/// The network's folder, there or not.
	pub fn folder(&self, repository: &Repository) -> PathBuf {
		let usual = if self.dev { DEVELOPMENT } else { NODES };
		self.data_dir.clone().unwrap_or_else(|| repository.target(usual))
	}

	/// The network's folder as the system knows it, and the process that runs the network, if one
	/// does. Asks for the repository only where the folder is not named.
	pub fn find(&self) -> Result<(PathBuf, Option<Pid>), LayoutError> {
		let folder = match &self.data_dir {
			Some(folder) => folder.clone(),
			None => self.folder(&Repository::find(self.root.clone())?),
		};
		let holder = DataDir::holder(&folder)?;
		// What is not there has no other name.
		Ok((folder.canonicalize().unwrap_or(folder), holder))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_named_folder_goes_before_the_usual_ones() {
		let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
		let repository = Repository::find(Some(root.into())).unwrap();
		let mut which = Which::default();
		assert!(which.folder(&repository).ends_with("network"));
		which.dev = true;
		assert!(which.folder(&repository).ends_with("dev-network"));
		which.data_dir = Some("/elsewhere".into());
		assert_eq!(which.folder(&repository), PathBuf::from("/elsewhere"));
	}

	#[test]
	fn a_folder_without_a_network_has_nobody_in_it() {
		let folder = tempfile::tempdir().unwrap();
		let which = Which { data_dir: Some(folder.path().into()), ..Which::default() };
		let (found, holder) = which.find().unwrap();
		assert_eq!((found, holder), (folder.path().canonicalize().unwrap(), None));
	}
}
