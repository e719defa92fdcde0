//! Whether this machine has room for a network of nodes.

use crate::net::preflight::Missing;
use rustix::fs::statvfs;
use std::{fs, path::Path};

/// Memory that the nodes, the Ethereum pair and the relayer take, and some to spare, in MiB.
const MEMORY_MIB: u64 = 3 * 1024;

/// Disk space for databases and logs of an hour, in MiB.
const DISK_MIB: u64 = 2 * 1024;

/// What this machine lacks to run a network whose files go to `data`, which need not be there yet.
pub fn lacking(data: &Path) -> Vec<Missing> {
	let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available_mib(&text));
	judge(memory, free_mib(data))
}

/// Where the system does not tell, there is nothing to complain of.
fn judge(memory: Option<u64>, disk: Option<u64>) -> Vec<Missing> {
	let mut lacking = Vec::new();
	if let Some(available) = memory.filter(|available| *available < MEMORY_MIB) {
		lacking.push(Missing {
			what: "memory for the nodes",
			found: format!("{available} MiB are available, {MEMORY_MIB} MiB are needed"),
			cure: "end other programs, or run `make dev`, which takes a third of that",
		});
	}
	if let Some(free) = disk.filter(|free| *free < DISK_MIB) {
		lacking.push(Missing {
			what: "disk space for the nodes' databases",
			found: format!("{free} MiB are free, {DISK_MIB} MiB are needed"),
			cure: "make room, or name a folder on another disk with --data-dir",
		});
	}
	lacking
}

/// Memory that programs can have, out of Linux's `/proc/meminfo`.
fn available_mib(meminfo: &str) -> Option<u64> {
	let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
	let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
	Some(kib / 1024)
}

/// Space on the disk that a folder is on, or will be.
fn free_mib(folder: &Path) -> Option<u64> {
	let folder = std::path::absolute(folder).ok()?;
	let there = folder.ancestors().find(|ancestor| ancestor.is_dir())?;
	let disk = statvfs(there).ok()?;
	Some(disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn too_little_is_told_with_the_cure() {
		let lacking = judge(Some(1000), Some(10));
		let told: Vec<_> = lacking.iter().map(ToString::to_string).collect();
		assert!(told[0].contains("1000 MiB are available, 3072 MiB are needed"), "{told:?}");
		assert!(told[1].contains("--data-dir"), "{told:?}");
	}

	#[test]
	fn enough_is_enough_and_what_is_unknown_is_no_lack() {
		assert_eq!(judge(Some(MEMORY_MIB), Some(DISK_MIB)), []);
		assert_eq!(judge(None, None), []);
	}

	#[test]
	fn memory_is_read_as_linux_tells_it() {
		let text = "MemTotal:       24567 kB\nMemAvailable:   10240 kB\n";
		assert_eq!(available_mib(text), Some(10));
		assert_eq!(available_mib("nothing"), None);
	}

	#[test]
	fn the_disk_of_a_folder_to_come_is_that_of_its_parent() {
		let folder = tempfile::tempdir().unwrap();
		let to_come = folder.path().join("not/yet/there");
		assert_eq!(free_mib(&to_come).is_some(), free_mib(folder.path()).is_some());
	}
}
