//! Where figures go: a table for people, lines of JSON for machines.

use crate::harness::{Figure, Spread, unit};
use std::{
	error::Error,
	fs::{self, OpenOptions},
	io::Write,
	path::Path,
	process::Command,
};

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Prints a row a figure; peak memory stands beside the figures of its bench.
pub(crate) fn table(figures: &[Figure]) {
	println!("{:<38} {:>12} {:<12} {:>23} {:>12}", "", "median", "", "quartiles", "by CPU time");
	for figure in figures {
		let (value, unit) = match figure.unit {
			unit::BYTES => (figure.value / 1024.0 / 1024.0, "MiB"),
			other => (figure.value, other),
		};
		let (quartiles, by_cpu) = match figure.spread {
			Some(Spread { low, high, by_cpu }) => {
				(format!("{} … {}", number(low), number(high)), number(by_cpu))
			}
			None => Default::default(),
		};
		let (name, value) = (&figure.name, number(value));
		println!("{name:<38} {value:>12} {unit:<12} {quartiles:>23} {by_cpu:>12}");
	}
}

/// Three significant digits at least.
fn number(value: f64) -> String {
	match value.abs() {
		size if size >= 100.0 => format!("{value:.0}"),
		size if size >= 10.0 => format!("{value:.1}"),
		size if size >= 1.0 => format!("{value:.2}"),
		_ => format!("{value:.3}"),
	}
}

/// Appends a line of JSON a figure to `target/bench.json`.
pub(crate) fn append(figures: &[Figure]) -> Result<(), Box<dyn Error>> {
	let target = Path::new(ROOT).join("target");
	fs::create_dir_all(&target)?;
	let mut file = OpenOptions::new().create(true).append(true).open(target.join("bench.json"))?;
	let (machine, commit) = (quoted(&machine()), quoted(&commit()?));
	for Figure { name, value, unit, .. } in figures {
		let (name, unit) = (quoted(name), quoted(unit));
		writeln!(
			file,
			r#"{{"name":{name},"value":{value},"unit":{unit},"machine":{machine},"commit":{commit}}}"#
		)?;
	}
	Ok(())
}

/// A string of JSON.
fn quoted(text: &str) -> String {
	let mut quoted = String::from('"');
	for letter in text.chars() {
		match letter {
			'"' | '\\' => quoted.extend(['\\', letter]),
			letter if letter.is_control() => quoted += &format!("\\u{:04x}", u32::from(letter)),
			letter => quoted.push(letter),
		}
	}
	quoted.push('"');
	quoted
}

/// Processor and number of cores.
fn machine() -> String {
	let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let model = info
		.lines()
		.find_map(|line| line.strip_prefix("model name")?.split_once(':'))
		.map_or("unknown processor", |(_, model)| model.trim());
	let cores = std::thread::available_parallelism().map_or(1, usize::from);
	format!("{model}, {cores} cores")
}

/// The commit measured, with `-dirty` behind it if the tree differs from it.
fn commit() -> Result<String, Box<dyn Error>> {
	let git = |args: &[&str]| -> Result<String, Box<dyn Error>> {
		let output = Command::new("git").args(["-C", ROOT]).args(args).output()?;
		Ok(String::from_utf8(output.stdout)?.trim().to_owned())
	};
	let hash = git(&["rev-parse", "--short", "HEAD"])?;
	if hash.is_empty() {
		// A copy without its history.
		return Ok("unknown".into());
	}
	let clean = git(&["status", "--porcelain"])?.is_empty();
	Ok(if clean { hash } else { hash + "-dirty" })
}
