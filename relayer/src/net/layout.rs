//! Where things are: in the repository, and in the folder that one run writes to.

use rustix::process::Pid;
use std::{
	env,
	fs::{self, File, TryLockError},
	io::{self, Write as _},
	path::{Path, PathBuf},
};

/// Tells the repository's root from any other folder.
const LANDMARK: &str = "zombienet/package.json";

/// Marks a folder as written by `gearway net up`, so that a later run may empty it. Locked, and
/// holding the process id, as long as a network runs.
const MARKER: &str = "gearway-net.lock";

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
	/// The repository was not found.
	#[error("{0} is not inside Gearway's repository\n  cure: go there, or name it with --root")]
	NoRoot(PathBuf),
	/// The folder holds something else.
	#[error(
		"{0} was not made by this command and is not empty\n  cure: name another folder with --data-dir"
	)]
	NotOurs(PathBuf),
	/// Another network runs there.
	#[error(
		"another network runs in {path} ({})\n  cure: end it with Ctrl-C or `gearway net down`, or name another folder with --data-dir",
		process(*.pid)
	)]
	InUse {
		/// The folder.
		path: PathBuf,
		/// The process that runs it, where known.
		pid: Option<Pid>,
	},
	/// The file system refuses.
	#[error("cannot use {path}")]
	Io {
		/// The file or folder.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
}

fn process(pid: Option<Pid>) -> String {
	pid.map_or("of an unknown process".into(), |pid| format!("process {}", pid.as_raw_nonzero()))
}

/// The parts of the repository that the network is made of.
#[derive(Debug, Clone)]
pub struct Repository {
	root: PathBuf,
}

impl Repository {
	/// The repository at `root`, or the one that the current folder is in.
	pub fn find(root: Option<PathBuf>) -> Result<Self, LayoutError> {
		if let Some(root) = root {
			return if root.join(LANDMARK).is_file() {
				Ok(Self { root: absolute(&root)? })
			} else {
				Err(LayoutError::NoRoot(root))
			};
		}
		let here = absolute(Path::new("."))?;
		let found = here.ancestors().find(|folder| folder.join(LANDMARK).is_file());
		match found {
			Some(root) => Ok(Self { root: root.into() }),
			None => Err(LayoutError::NoRoot(here)),
		}
	}

	/// A file or folder of it.
	pub fn path(&self, relative: &str) -> PathBuf {
		self.root.join(relative)
	}

	/// A file or folder among what was built: in `CARGO_TARGET_DIR`, as the build had it.
	pub fn target(&self, relative: &str) -> PathBuf {
		let target = env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty());
		self.root.join(target.unwrap_or("target".into())).join(relative)
	}
}

/// The folder that one run writes to, locked as long as this lives.
#[derive(Debug)]
pub struct DataDir {
	path: PathBuf,
	/// Holds the lock; closing it lets go.
	_lock: File,
}

impl DataDir {
	/// Takes the folder and empties it of an earlier run's files.
	pub fn take(path: &Path) -> Result<Self, LayoutError> {
		let io = |path: &Path| {
			let path = path.to_path_buf();
			move |source| LayoutError::Io { path, source }
		};
		fs::create_dir_all(path).map_err(io(path))?;
		let path = absolute(path)?;
		let marker = path.join(MARKER);
		let is_empty = fs::read_dir(&path).map_err(io(&path))?.next().is_none();
		if !is_empty && !marker.is_file() {
			return Err(LayoutError::NotOurs(path));
		}
		let Some(mut lock) = lock(&marker)? else {
			return Err(LayoutError::InUse { pid: written(&marker), path });
		};
		lock.set_len(0).map_err(io(&marker))?;
		write!(lock, "{}", std::process::id()).map_err(io(&marker))?;
		for entry in fs::read_dir(&path).map_err(io(&path))? {
			let entry = entry.map_err(io(&path))?.path();
			if entry != marker {
				let removed = if entry.is_dir() {
					fs::remove_dir_all(&entry)
				} else {
					fs::remove_file(&entry)
				};
				removed.map_err(io(&entry))?;
			}
		}
		let taken = Self { path, _lock: lock };
		let logs = taken.logs();
		fs::create_dir(&logs).map_err(io(&logs))?;
		Ok(taken)
	}

	/// The process that runs a network in that folder; `None` where none does.
	pub fn holder(path: &Path) -> Result<Option<Pid>, LayoutError> {
		let marker = path.join(MARKER);
		if !marker.is_file() || lock(&marker)?.is_some() {
			return Ok(None);
		}
		match written(&marker) {
			Some(pid) => Ok(Some(pid)),
			None => Err(LayoutError::InUse { path: path.into(), pid: None }),
		}
	}

	/// A file or folder in it.
	pub fn path(&self, relative: &str) -> PathBuf {
		self.path.join(relative)
	}

	/// Where the programs' logs go.
	pub fn logs(&self) -> PathBuf {
		self.path("logs")
	}
}

/// The marker, locked; `None` where another process has it.
fn lock(marker: &Path) -> Result<Option<File>, LayoutError> {
	let io = |source| LayoutError::Io { path: marker.into(), source };
	let file = File::options().create(true).truncate(false).write(true).open(marker).map_err(io)?;
	match file.try_lock() {
		Ok(()) => Ok(Some(file)),
		Err(TryLockError::WouldBlock) => Ok(None),
		Err(TryLockError::Error(source)) => Err(io(source)),
	}
}

/// The process that wrote its id into the marker.
fn written(marker: &Path) -> Option<Pid> {
	fs::read_to_string(marker).ok()?.trim().parse().ok().and_then(Pid::from_raw)
}

/// The path from the file system's root on; the file must be there.
fn absolute(path: &Path) -> Result<PathBuf, LayoutError> {
	path.canonicalize().map_err(|source| LayoutError::Io { path: path.into(), source })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_earlier_run_is_cleared_away() {
		let folder = tempfile::tempdir().unwrap();
		let first = DataDir::take(folder.path()).unwrap();
		fs::write(first.path("relayer.sqlite"), "old").unwrap();
		fs::write(first.logs().join("gear.log"), "old").unwrap();
		drop(first);

		let second = DataDir::take(folder.path()).unwrap();

		assert!(!second.path("relayer.sqlite").exists());
		assert_eq!(fs::read_dir(second.logs()).unwrap().count(), 0);
	}

	#[test]
	fn a_folder_with_something_else_in_it_is_left_alone() {
		let folder = tempfile::tempdir().unwrap();
		let letter = folder.path().join("letter.txt");
		fs::write(&letter, "dear").unwrap();

		assert!(matches!(DataDir::take(folder.path()), Err(LayoutError::NotOurs(_))));
		assert_eq!(fs::read_to_string(letter).unwrap(), "dear");
	}

	#[test]
	fn two_networks_do_not_share_a_folder() {
		let folder = tempfile::tempdir().unwrap();
		let _first = DataDir::take(folder.path()).unwrap();

		let error = DataDir::take(folder.path()).unwrap_err();
		assert!(matches!(error, LayoutError::InUse { .. }));
		let told = error.to_string();
		assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
		assert!(told.contains("gearway net down"), "{told}");
	}

	#[test]
	fn who_runs_a_network_is_known_as_long_as_it_runs() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(DataDir::holder(folder.path()).unwrap(), None);
		let taken = DataDir::take(folder.path()).unwrap();
		let own = i32::try_from(std::process::id()).ok().and_then(Pid::from_raw);
		assert_eq!(DataDir::holder(folder.path()).unwrap(), own);
		drop(taken);
		assert_eq!(DataDir::holder(folder.path()).unwrap(), None);
		assert_eq!(DataDir::holder(Path::new("/no/such/folder")).unwrap(), None);
	}

	#[test]
	fn the_repository_is_found_from_inside_and_nowhere_else() {
		let inside = Path::new(env!("CARGO_MANIFEST_DIR"));
		let root = inside.parent().unwrap();
		let found = Repository::find(Some(root.into())).unwrap();
		assert_eq!(found.path("relayer"), inside.canonicalize().unwrap());

		let elsewhere = tempfile::tempdir().unwrap();
		let error = Repository::find(Some(elsewhere.path().into())).unwrap_err();
		assert!(error.to_string().contains("--root"), "{error}");
	}
}
