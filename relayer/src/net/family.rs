//! Processes as the system shows them: who belongs to a network, and what they take.

use rustix::process::Pid;
use std::{
	fs,
	path::{Path, PathBuf},
};

/// A program of a network, with all that it has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
	/// The program's name, which is that of its log.
	pub name: String,
	/// Its process.
	pub pid: Pid,
	/// Its log.
	pub log: PathBuf,
	/// Memory in use by all of it, in KiB.
	pub resident_kib: u64,
}

struct Process {
	pid: Pid,
	parent: i32,
	resident_kib: u64,
}

fn all() -> Vec<Process> {
	let read = |entry: fs::DirEntry| {
		let status = fs::read_to_string(entry.path().join("status")).ok()?;
		let field = |name: &str| {
			let line = status.lines().find_map(|line| line.strip_prefix(name))?;
			line.split_whitespace().next()
		};
		Some(Process {
			pid: Pid::from_raw(field("Pid:")?.parse().ok()?)?,
			parent: field("PPid:")?.parse().ok()?,
			resident_kib: field("VmRSS:")?.parse().ok()?,
		})
	};
	fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(read).collect()
}

/// Memory of a process and of all that it has started, in KiB; `None` once it has ended.
pub fn resident_kib(pid: Pid) -> Option<u64> {
	of(pid, &all())
}

fn of(pid: Pid, all: &[Process]) -> Option<u64> {
	let mut family = vec![all.iter().find(|process| process.pid == pid)?];
	let mut next = 0;
	while let Some(parent) = family.get(next).map(|process| process.pid) {
		let parent = parent.as_raw_nonzero().get();
		family.extend(all.iter().filter(|process| process.parent == parent));
		next += 1;
	}
	Some(family.iter().map(|process| process.resident_kib).sum())
}

/// The running programs whose output goes to a log in that folder, whoever started them.
pub fn writing_to(logs: &Path) -> Vec<Family> {
	let all = all();
	let log_of = |process: &Process| {
		let output = fs::read_link(format!("/proc/{}/fd/1", process.pid.as_raw_nonzero())).ok()?;
		(output.parent() == Some(logs)).then_some(output)
	};
	let writers: Vec<(&Process, PathBuf)> =
		all.iter().filter_map(|process| Some((process, log_of(process)?))).collect();
	let is_writer =
		|pid: i32| writers.iter().any(|(process, _)| process.pid.as_raw_nonzero().get() == pid);
	let heads = writers.iter().filter(|(process, _)| !is_writer(process.parent));
	let mut families: Vec<_> = heads
		.map(|(process, log)| Family {
			name: log.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
			pid: process.pid,
			log: log.clone(),
			resident_kib: of(process.pid, &all).unwrap_or_default(),
		})
		.collect();
	families.sort_by_key(|family| family.pid.as_raw_nonzero());
	families
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::net::process::{Ending, Processes, Program};
	use std::time::Duration;

	#[tokio::test]
	async fn programs_are_known_by_their_logs() {
		let folder = tempfile::tempdir().unwrap();
		let logs = folder.path().canonicalize().unwrap();
		assert_eq!(writing_to(&logs), []);
		let processes = Processes::new(logs.clone());
		let program = Program {
			name: "parent",
			command: "sh".into(),
			args: vec!["-c".into(), "sleep 1000 & wait".into()],
			env: Vec::new(),
			env_remove: Vec::new(),
			dir: std::env::temp_dir(),
			ending: Ending::AtOnce,
		};
		processes.start(program).unwrap();
		let pid = processes.usage()[0].pid;

		let found = loop {
			let found = writing_to(&logs);
			if found.first().is_some_and(|family| family.resident_kib > 0) {
				break found;
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		};

		assert_eq!(found.len(), 1, "a child belongs to its parent: {found:?}");
		assert_eq!(
			(found[0].name.as_str(), found[0].log.clone()),
			("parent", logs.join("parent.log"))
		);
		assert_eq!(found[0].pid.as_raw_nonzero().get(), pid);
		processes.stop().await;
		while !writing_to(&logs).is_empty() {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
	}
}
