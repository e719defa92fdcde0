//! What validators had to do for a chain's blocks, by their own logs.
//!
//! A validator says of every block that it executes whose code that was and how much of the
//! processor's time it took (`parachain::pvf` at level `trace`); a collator says of every block it
//! hands in how long its proof of validity is.

use std::{
	fs::File,
	io::{self, Read, Seek, SeekFrom},
	path::{Path, PathBuf},
	time::Duration,
};

/// How a validator tells of a block that it has executed, and found good.
const EXECUTED: &str = "execute worker concluded successfully";

/// How a collator tells the length of a proof as it travels.
const PROOF: &str = "Compressed PoV size: ";

/// A log from some moment on.
#[derive(Debug)]
pub struct Log {
	path: PathBuf,
	from: u64,
}

impl Log {
	/// What is written from now on.
	pub fn from_now(path: PathBuf) -> io::Result<Self> {
		let from = path.metadata()?.len();
		Ok(Self { path, from })
	}

	/// The file.
	pub fn path(&self) -> &Path {
		&self.path
	}

	fn text(&self) -> io::Result<String> {
		let mut file = File::open(&self.path)?;
		file.seek(SeekFrom::Start(self.from))?;
		let mut bytes = Vec::new();
		file.read_to_end(&mut bytes)?;
		Ok(String::from_utf8_lossy(&bytes).into_owned())
	}

	/// How long a validator's executions of blocks took, of the chain whose code has that hash.
	pub fn executions(&self, code: [u8; 32]) -> io::Result<Vec<Duration>> {
		let text = self.text()?;
		Ok(executions(&text, &hex::encode(code)).collect())
	}

	/// How long a collator's proofs were, in bytes.
	pub fn proofs(&self) -> io::Result<Vec<f64>> {
		Ok(self.text()?.lines().filter_map(proof).collect())
	}
}

fn executions<'a>(text: &'a str, code: &'a str) -> impl Iterator<Item = Duration> + 'a {
	let lines = text.lines().filter(move |line| line.contains(EXECUTED) && line.contains(code));
	lines.filter_map(|line| duration(line.split("duration=").nth(1)?))
}

/// A duration as Rust shows it for debugging, at the beginning of a text; of a validator it stands
/// in `Some`.
fn duration(text: &str) -> Option<Duration> {
	let text = text.strip_prefix("Some(").unwrap_or(text);
	let end = text.find(|sign: char| !(sign.is_ascii_digit() || sign == '.'))?;
	let (number, unit) = text.split_at(end);
	let seconds = match unit {
		unit if unit.starts_with("ms") => 1e-3,
		unit if unit.starts_with("µs") => 1e-6,
		unit if unit.starts_with("ns") => 1e-9,
		unit if unit.starts_with('s') => 1.0,
		_ => return None,
	};
	Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

fn proof(line: &str) -> Option<f64> {
	let kib = line.split(PROOF).nth(1)?.trim().strip_suffix("kb")?;
	Some(kib.parse::<f64>().ok()? * 1024.0)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::io::Write;

	const LINE: &str = "2026-11-22 23:10:18 execute worker concluded successfully \
		artifact_id=ArtifactId { code_hash: 0xabcd, executor_params_prep_hash: 0x01 } \
		worker=Worker(1v1) worker_rip=false duration=Some(12.5ms)";

	#[test]
	fn executions_of_one_code_are_read() {
		let text = format!("{LINE}\nsomething else abcd\n{}\n", LINE.replace("abcd", "ef01"));
		let read: Vec<_> = executions(&text, "abcd").collect();
		assert_eq!(read, [Duration::from_micros(12_500)]);
	}

	#[test]
	fn durations_are_read_in_all_units() {
		assert_eq!(duration("Some(1.5s) x"), Some(Duration::from_millis(1_500)));
		assert_eq!(duration("950µs"), Some(Duration::from_micros(950)));
		assert_eq!(duration("7ns"), Some(Duration::from_nanos(7)));
		for strange in ["", "None", "12", "12 apples", "1.2.3s"] {
			assert_eq!(duration(strange), None, "{strange}");
		}
	}

	#[test]
	fn a_log_is_read_from_its_mark_on() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("gear-1.log");
		let mut file = File::create(&path).unwrap();
		writeln!(file, "… [Parachain] Compressed PoV size: 100kb").unwrap();
		let log = Log::from_now(path).unwrap();
		writeln!(file, "… [Parachain] Compressed PoV size: 7.5kb\nanother line").unwrap();
		assert_eq!(log.proofs().unwrap(), [7.5 * 1024.0]);
		assert!(log.executions([0; 32]).unwrap().is_empty());
	}
}
