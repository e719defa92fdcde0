//! What the engine's work costs: speed and peak memory, beside Gear's own test kit where both can
//! do the work.
//!
//! `cargo bench` here, or `make bench` at the top, runs all of them; words behind `--` choose those
//! whose names hold one of them. Each runs in a process of its own, so that its peak memory is its
//! own and no two runtimes share signal handlers. A table goes to the terminal, and a line of JSON
//! for each figure to the end of `target/bench.json`.

mod code;
mod harness;
mod memory;
mod ping;
mod programs;
mod queue;
mod report;
#[cfg(feature = "gtest")]
mod rival;
mod streams;

use harness::{Bench, Figure};
use std::{
	error::Error,
	process::{Command, Stdio, exit},
};

/// Told to a child: run the bench named next.
const CHILD: &str = "--child";

/// Every bench, in the order of the table.
fn all() -> Vec<Bench> {
	let mut benches = Vec::from([
		Bench { name: "engine/ping_native", run: ping::native },
		#[cfg(feature = "gtest")]
		Bench { name: "gtest/ping", run: rival::ping },
		Bench { name: "engine/ping_interpreted", run: ping::interpreted },
	]);
	benches.push(streams::STREAMS);
	benches.extend(queue::benches());
	benches.extend(memory::benches());
	benches.extend(code::benches());
	benches
}

fn main() {
	let args: Vec<String> = std::env::args().skip(1).collect();
	let done = match args.as_slice() {
		[first, name] if first == CHILD => child(name),
		// What cargo itself adds says nothing.
		words => parent(words.iter().map(String::as_str).filter(|word| *word != "--bench")),
	};
	if let Err(error) = done {
		eprintln!("error: {error}");
		exit(1);
	}
}

/// Runs one bench and prints its figures for the parent.
fn child(name: &str) -> Result<(), Box<dyn Error>> {
	let bench = all().into_iter().find(|bench| bench.name == name).ok_or("no such bench")?;
	let mut figures = (bench.run)()?;
	figures.push(harness::peak_memory(name)?);
	for figure in figures {
		println!("{}", figure.to_line());
	}
	Ok(())
}

/// Runs every bench chosen in a process of its own and reports.
fn parent<'a>(words: impl Iterator<Item = &'a str>) -> Result<(), Box<dyn Error>> {
	let words: Vec<&str> = words.collect();
	let chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
	let program = std::env::current_exe()?;
	let mut figures = Vec::new();
	for bench in all().into_iter().filter(|bench| chosen(bench.name)) {
		eprintln!("{} …", bench.name);
		let output =
			Command::new(&program).args([CHILD, bench.name]).stderr(Stdio::inherit()).output()?;
		if !output.status.success() {
			return Err(format!("{} failed: {}", bench.name, output.status).into());
		}
		for line in String::from_utf8(output.stdout)?.lines() {
			figures.push(Figure::from_line(line).ok_or_else(|| format!("not a figure: {line}"))?);
		}
	}
	figures.extend(ping::against_rival(&figures));
	report::table(&figures);
	report::append(&figures)?;
	Ok(())
}
