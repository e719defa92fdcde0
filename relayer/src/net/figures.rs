//! Figures that were measured, in the file that benches append to.

use serde::Serialize;
use std::{
	fs::{self, OpenOptions},
	io::{self, Write as _},
	path::{Path, PathBuf},
	process::Command,
};

/// A number with a name and a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
	/// What it is of, such as `net/throughput/direct`.
	pub name: String,
	/// The number.
	pub value: f64,
	/// What it counts.
	pub unit: &'static str,
}

impl Figure {
	/// A figure.
	pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
		Self { name: name.into(), value, unit }
	}
}

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the figures to {}", path.display())]
pub struct FiguresError {
	/// The file.
	pub path: PathBuf,
	/// Why.
	source: io::Error,
}

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
	#[serde(flatten)]
	figure: &'a Figure,
	machine: &'a str,
	commit: &'a str,
}

/// Appends a line of JSON for each, with this machine and the commit of the repository at `root`,
/// or of the one that the current folder is in.
pub fn append(file: &Path, root: Option<&Path>, figures: &[Figure]) -> Result<(), FiguresError> {
	let (machine, commit) = (machine(), commit(root.unwrap_or(Path::new("."))));
	let mut lines = Vec::new();
	for figure in figures {
		let line = Line { figure, machine: &machine, commit: &commit };
		let fail = |source: serde_json::Error| error(file)(source.into());
		serde_json::to_writer(&mut lines, &line).map_err(fail)?;
		lines.push(b'\n');
	}
	let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
	folder.map_or(Ok(()), fs::create_dir_all).map_err(error(file))?;
	let mut file_of_all =
		OpenOptions::new().create(true).append(true).open(file).map_err(error(file))?;
	file_of_all.write_all(&lines).map_err(error(file))
}

fn error(path: &Path) -> impl Fn(io::Error) -> FiguresError {
	move |source| FiguresError { path: path.into(), source }
}

/// Processor and number of cores.
fn machine() -> String {
	// A system without this file has a processor all the same.
	let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
	let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
	let model = model.map_or("unknown processor", |(_, model)| model.trim());
	let cores = std::thread::available_parallelism().map_or(1, usize::from);
	format!("{model}, {cores} cores")
}

/// The commit at hand, with `-dirty` behind it if the tree differs from it; `unknown` where there
/// is no repository.
fn commit(root: &Path) -> String {
	let described = Command::new("git")
		.arg("-C")
		.arg(root)
		.args(["describe", "--always", "--dirty", "--exclude=*"])
		.output();
	match described {
		Ok(output) if output.status.success() => {
			String::from_utf8_lossy(&output.stdout).trim().to_owned()
		}
		_ => "unknown".into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::Value;

	#[test]
	fn every_figure_is_a_line_and_earlier_ones_stay() {
		let folder = tempfile::tempdir().unwrap();
		let file = folder.path().join("new/bench.json");
		for value in [0.5, 12.0] {
			append(&file, Some(folder.path()), &[Figure::new("net/x", value, "s")]).unwrap();
		}
		let text = fs::read_to_string(&file).unwrap();
		let lines: Vec<Value> =
			text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
		assert_eq!(lines.len(), 2);
		assert_eq!((&lines[0]["name"], &lines[1]["value"]), (&"net/x".into(), &12.0.into()));
		assert_eq!(lines[0]["commit"], "unknown");
		assert!(lines[0]["machine"].as_str().unwrap().ends_with(" cores"));
	}

	#[test]
	fn a_file_that_cannot_be_written_is_named() {
		let folder = tempfile::tempdir().unwrap();
		let error = append(folder.path(), None, &[]).unwrap_err().to_string();
		assert!(error.contains(&folder.path().display().to_string()), "{error}");
	}
}
