//! What benches measure of a network of nodes: how many messages a second it takes, how long they
//! take when it is calm, and what validators have to do for a full block.

use super::{
	Target,
	error::LoadError,
	fill::{self, Filled},
	run,
	validators::Log,
};
use crate::net::{
	figures::{self, Figure},
	nodes::plan::Node,
	report::{Console, aligned},
};
use std::{io, path::Path, time::Duration};

/// A calm network's traffic, direct and by XCM, a second.
const CALM: [f64; 2] = [1.0, 0.5];

/// More than blocks have room for.
const BUSY: [f64; 2] = [20.0, 2.0];

/// How long each lasts.
const TIME: Duration = Duration::from_secs(60);

/// Batches of messages for the full blocks.
const BATCHES: u32 = 8;

/// Measures everything, shows it, and appends it to a file. `logs` is the network's folder of logs.
pub(super) async fn bench(
	target: &Target,
	logs: &Path,
	file: &Path,
	root: Option<&Path>,
	console: &Console,
) -> Result<(), LoadError> {
	let mut all = Vec::new();
	for (name, rates) in [("net/latency", CALM), ("net/throughput", BUSY)] {
		console.say("bench", name);
		let outcome = run(target, rates, TIME, console).await?;
		console.print(&super::report::table(&outcome));
		outcome.judge()?;
		all.extend(outcome.figures(name));
	}
	console.say("bench", "pvf/block");
	all.extend(full_blocks(target, logs, console).await?);
	let row = |figure: &Figure| {
		[figure.name.clone(), format!("{:.3}", figure.value), figure.unit.to_owned()]
	};
	let rows: Vec<_> = all.iter().map(row).collect();
	console.print(&aligned(&["figure", "value", "unit"], &rows).join("\n"));
	Ok(figures::append(file, root, &all)?)
}

/// Fills blocks with pings, and reads in the nodes' logs what came of it.
async fn full_blocks(
	target: &Target,
	logs: &Path,
	console: &Console,
) -> Result<Vec<Figure>, LoadError> {
	let log = |node: Node| {
		let path = logs.join(format!("{}.log", node.name()));
		Log::from_now(path.clone()).map_err(|source| LoadError::Log { path, source })
	};
	let validators = [log(Node::RelayAlice)?, log(Node::RelayBob)?];
	let collator = log(Node::Gear1)?;
	let code = target.code_hash().await?;
	let blocks = fill::fill(target, BATCHES, console).await?;

	let failed = |log: &Log| {
		let path = log.path().to_owned();
		move |source: io::Error| LoadError::Log { path, source }
	};
	let mut times = Vec::new();
	for log in &validators {
		times.extend(log.executions(code).map_err(failed(log))?);
	}
	if times.is_empty() {
		let path = validators[0].path().to_owned();
		return Err(LoadError::Log { path, source: io::Error::other("it tells of no block") });
	}
	let proofs = collator.proofs().map_err(failed(&collator))?;
	Ok(figures_of(&blocks, &times, &proofs))
}

/// The most of everything: of the longest time and proof it is the fullest block that had them.
fn figures_of(blocks: &[Filled], times: &[Duration], proofs: &[f64]) -> Vec<Figure> {
	let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
	// A block is full when either is.
	let fullness = |block: &Filled| block.fullness.time.max(block.fullness.proof);
	let full = most(&mut blocks.iter().map(fullness));
	let messages = most(&mut blocks.iter().map(|block| block.messages as f64));
	let time = most(&mut times.iter().map(|time| time.as_secs_f64() * 1e3));
	vec![
		Figure::new("pvf/block", time, "ms"),
		Figure::new("pvf/block_proof", most(&mut proofs.iter().copied()), "bytes"),
		Figure::new("pvf/block_messages", messages, "messages"),
		Figure::new("pvf/block_fullness", full, "ratio"),
	]
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::load::fullness::Fullness;

	#[test]
	fn the_fullest_block_gives_the_figures() {
		let of = |messages, time| Filled { messages, fullness: Fullness { time, proof: 0.1 } };
		let times = [10, 900, 30].map(Duration::from_millis);
		let figures = figures_of(&[of(10, 0.1), of(500, 0.9)], &times, &[512.0, 2048.0]);
		let values: Vec<_> = figures.iter().map(|figure| figure.value).collect();
		assert_eq!(values, [900.0, 2048.0, 500.0, 0.9]);
		let figures = figures_of(&[of(10, 0.05)], &times, &[]);
		assert_eq!(figures[3].value, 0.1, "by its proof");
	}
}
