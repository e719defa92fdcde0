//! What a network leaves in its folder for the commands that ask about it.

use super::layout::LayoutError;
use serde::{Deserialize, Serialize};
use std::{
	fs, io,
	path::{Path, PathBuf},
};

/// The file with the state.
const FILE: &str = "network.json";

/// The file with what is waited for at this moment.
const STAGE: &str = "stage.txt";

/// What a network says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
	/// What kind of network it is, in words.
	pub network: String,
	/// Whether everything in it is set up.
	pub is_ready: bool,
	/// The chains' names and their RPC addresses.
	pub chains: Vec<(String, String)>,
	/// Everything that there is to connect to or to know, and where it is.
	pub addresses: Vec<(String, String)>,
}

impl State {
	/// Writes it into the network's folder; whoever reads meanwhile finds the old one or this.
	pub fn write(&self, folder: &Path) -> Result<(), LayoutError> {
		let path = folder.join(FILE);
		let new = folder.join(format!("{FILE}.new"));
		let fail = |source: io::Error| LayoutError::Io { path: path.clone(), source };
		let json = serde_json::to_vec_pretty(self).map_err(|error| fail(error.into()))?;
		fs::write(&new, json).and_then(|()| fs::rename(&new, &path)).map_err(fail)
	}

	/// Reads what was written last; `None` where nothing was.
	pub fn read(folder: &Path) -> Result<Option<Self>, LayoutError> {
		let path = folder.join(FILE);
		let fail = |source: io::Error| LayoutError::Io { path: path.clone(), source };
		match fs::read(&path) {
			Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|e| fail(e.into())),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
			Err(error) => Err(fail(error)),
		}
	}
}

/// Where a network notes what it waits for.
pub fn stage_file(folder: &Path) -> PathBuf {
	folder.join(STAGE)
}

/// What it waits for; `None` where it waits for nothing.
pub fn stage(folder: &Path) -> Option<String> {
	fs::read_to_string(stage_file(folder)).ok().filter(|stage| !stage.is_empty())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_written_is_read() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(State::read(folder.path()).unwrap(), None);
		let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
		let mut state = State {
			network: "a network".into(),
			is_ready: false,
			chains: vec![pair("Gear", "ws://127.0.0.1:1")],
			addresses: vec![pair("Gear", "ws://127.0.0.1:1")],
		};
		state.write(folder.path()).unwrap();
		state.is_ready = true;
		state.write(folder.path()).unwrap();
		assert_eq!(State::read(folder.path()).unwrap(), Some(state));
	}

	#[test]
	fn a_damaged_state_is_told_with_its_file() {
		let folder = tempfile::tempdir().unwrap();
		fs::write(folder.path().join(FILE), "{").unwrap();
		let error = State::read(folder.path()).unwrap_err().to_string();
		assert!(error.contains(FILE), "{error}");
	}

	#[test]
	fn nothing_waited_for_is_no_stage() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(stage(folder.path()), None);
		fs::write(stage_file(folder.path()), "the moon").unwrap();
		assert_eq!(stage(folder.path()).as_deref(), Some("the moon"));
		fs::write(stage_file(folder.path()), "").unwrap();
		assert_eq!(stage(folder.path()), None);
	}
}
