//! `gearway net down`: ends a network that runs, and what is left of one that was killed.

use super::{
	NetError,
	family::{self, Family},
	layout::DataDir,
	report::Console,
	select::{AskError, Which},
};
use rustix::{
	io::Errno,
	process::{Pid, Signal, kill_process},
};
use std::{path::Path, time::Duration};
use tokio::time::{Instant, sleep};

/// How long a network may take to end: its programs one after another.
const ENDING: Duration = Duration::from_secs(90);

/// Pause between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(100);

/// Ends the network, and says what was ended. It is no error that none runs.
pub(super) async fn execute(which: &Which) -> Result<(), NetError> {
	let (folder, holder) = which.find()?;
	let console = Console::new();
	if let Some(pid) = holder {
		signal(pid, Signal::TERM)?;
		let until = Instant::now() + ENDING;
		while DataDir::holder(&folder)?.is_some() {
			if Instant::now() > until {
				return Err(AskError::Stubborn(pid).into());
			}
			sleep(LOOK).await;
		}
		let pid = pid.as_raw_nonzero();
		console.print(&format!("ended the network of process {pid} in {}", folder.display()));
	} else {
		console.print(&format!("no network runs in {}", folder.display()));
	}
	end_leftovers(&console, &folder.join("logs")).await
}

/// Ends programs whose network is gone. There are none unless it was killed on a system without
/// means to end them with it.
async fn end_leftovers(console: &Console, logs: &Path) -> Result<(), NetError> {
	let until = Instant::now() + ENDING;
	let mut told: Vec<Pid> = Vec::new();
	loop {
		let left = family::writing_to(logs);
		let Some(Family { pid, .. }) = left.first() else { return Ok(()) };
		if Instant::now() > until {
			return Err(AskError::Stubborn(*pid).into());
		}
		for Family { name, pid, .. } in left {
			signal(pid, Signal::KILL)?;
			if !told.contains(&pid) {
				let id = pid.as_raw_nonzero();
				console.print(&format!("killed {name} (process {id}), left over"));
				told.push(pid);
			}
		}
		sleep(LOOK).await;
	}
}

/// To one that has ended meanwhile there is nothing to say.
fn signal(pid: Pid, signal: Signal) -> Result<(), AskError> {
	match kill_process(pid, signal) {
		Ok(()) | Err(Errno::SRCH) => Ok(()),
		Err(source) => Err(AskError::Signal { pid, source }),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{fs::File, process::Command};

	fn which(folder: &Path) -> Which {
		Which { data_dir: Some(folder.into()), ..Which::default() }
	}

	#[tokio::test]
	async fn what_is_left_of_a_network_is_ended() {
		let folder = tempfile::tempdir().unwrap();
		drop(DataDir::take(folder.path()).unwrap());
		let log = File::create(folder.path().join("logs/left.log")).unwrap();
		let mut child = Command::new("sleep").arg("1000").stdout(log).spawn().unwrap();

		execute(&which(folder.path())).await.unwrap();

		assert!(!child.wait().unwrap().success());
	}

	#[tokio::test]
	async fn where_nothing_runs_there_is_nothing_to_end() {
		let folder = tempfile::tempdir().unwrap();
		execute(&which(folder.path())).await.unwrap();
		execute(&which(&folder.path().join("not/there"))).await.unwrap();
	}
}
