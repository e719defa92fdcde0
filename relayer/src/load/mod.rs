//! `gearway load`: messages at a rate, and how a network takes them.
//!
//! Messages go to the program `ping` of a network on this machine, directly and by XCM. Each is
//! followed into final blocks: it counts when the program has dealt with it there. What is told at
//! the end is how many were sent and became final, how long that took, and how full blocks were.

pub mod error;
pub mod fill;
pub mod fullness;
pub mod report;
pub mod tally;
pub mod validators;

mod bench;
mod sender;
mod watch;

use crate::{
	gear::Client,
	net::{
		figures,
		report::Console,
		select::{AskError, Which},
		state::State,
	},
	relay::config::Endpoint,
};
use error::LoadError;
use fullness::Fullness;
use futures::future::{try_join, try_join_all};
use sender::Stream;
use std::{path::PathBuf, pin::pin, time::Duration};
use tally::{Fact, Id, Summary, Tally, Way};
use tokio::{
	sync::mpsc,
	time::{Instant, interval},
};
use watch::Told;

/// What the program answers to.
const PAYLOAD: &[u8] = b"PING";

/// Blocks within which an extrinsic is valid.
const ERA: u64 = 64;

/// How long messages may take to be dealt with after the last one was sent: finality, and some
/// blocks for what has queued up.
const DRAIN: Duration = Duration::from_secs(600);

/// How often the progress is shown.
const TICK: Duration = Duration::from_millis(500);

/// Facts and blocks on their way from those who see them.
const BACKLOG: usize = 1_024;

/// Messages a second that are more than any client here can sign.
const FASTEST: f64 = 10_000.0;

/// `gearway load`
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct LoadArgs {
	#[command(flatten)]
	which: Which,
	/// Messages a second that an account on Gear sends; 0 for none
	#[arg(long, value_name = "RATE", default_value_t = 5.0, value_parser = rate)]
	direct: f64,
	/// Messages a second that an account on the sibling sends by XCM; 0 for none
	#[arg(long, value_name = "RATE", default_value_t = 1.0, value_parser = rate)]
	xcm: f64,
	/// For how many seconds
	#[arg(
		long,
		value_name = "N",
		default_value_t = 60,
		value_parser = clap::value_parser!(u64).range(1..=86_400)
	)]
	seconds: u64,
	/// Append the figures to this file, a line of JSON each
	#[arg(long, value_name = "FILE")]
	json: Option<PathBuf>,
	/// Instead of one load, measure what benches are of: latency when it is calm, throughput when it
	/// is not, what validators do for a full block. Append the figures to this file
	#[arg(long, value_name = "FILE", conflicts_with_all = ["direct", "xcm", "seconds", "json", "dev"])]
	bench: Option<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
	match text.parse() {
		Ok(rate) if (0.0..=FASTEST).contains(&rate) => Ok(rate),
		_ => Err(format!("a number from 0 to {FASTEST} is expected")),
	}
}

/// A chain's node.
#[derive(Debug)]
pub struct Node {
	name: &'static str,
	client: Client,
}

/// Where the messages go.
#[derive(Debug)]
pub struct Target {
	gear: Node,
	sibling: Node,
	program: Id,
}

/// What became of a load.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
	/// Of the messages of each way that was taken.
	pub summaries: Vec<(Way, Summary)>,
	/// Of Gear's blocks, from the first message to the end.
	pub blocks: Vec<Fullness>,
}

/// Does what was asked, and prints what became of it.
pub async fn execute(args: LoadArgs) -> Result<(), LoadError> {
	if args.direct + args.xcm == 0.0 {
		return Err(LoadError::Nothing);
	}
	let (folder, holder) = args.which.find()?;
	if holder.is_none() {
		return Err(AskError::NoneRuns(folder).into());
	}
	let state = State::read(&folder)?.filter(|state| state.is_ready).ok_or(LoadError::NotReady)?;
	let target = Target::of(&state).await?;
	let console = Console::new();
	let root = args.which.root.as_deref();
	if let Some(file) = &args.bench {
		return bench::bench(&target, &folder.join("logs"), file, root, &console).await;
	}
	let time = Duration::from_secs(args.seconds);
	let outcome = run(&target, [args.direct, args.xcm], time, &console).await?;
	console.print(&report::table(&outcome));
	if let Some(file) = &args.json {
		figures::append(file, root, &outcome.figures("load"))?;
	}
	outcome.judge()
}

impl Target {
	/// These nodes, and this program there, which answers to `PING`.
	pub async fn connect(
		gear: Endpoint,
		sibling: Endpoint,
		program: Id,
	) -> Result<Self, LoadError> {
		let node = async |name, endpoint| match Client::connect(endpoint).await {
			Ok(client) => Ok(Node { name, client }),
			Err(source) => Err(LoadError::Chain { chain: name, source }),
		};
		Ok(Self {
			gear: node("Gear", gear).await?,
			sibling: node("sibling", sibling).await?,
			program,
		})
	}

	/// The program `ping` of a network.
	pub async fn of(state: &State) -> Result<Self, LoadError> {
		let address = |all: &[(String, String)], name| {
			all.iter().find(|(known, _)| known == name).map(|(_, at)| at.clone())
		};
		let program = address(&state.addresses, "ping")
			.and_then(|id| hex::decode(id.strip_prefix("0x")?).ok()?.try_into().ok())
			.ok_or(LoadError::State("ping"))?;
		let endpoint = |name| {
			let endpoint = address(&state.chains, name).and_then(|at| Endpoint::parse(&at).ok());
			endpoint.ok_or(LoadError::State(name))
		};
		Self::connect(endpoint("Gear")?, endpoint("sibling")?, program).await
	}

	/// The hash of Gear's code, by which validators know it.
	async fn code_hash(&self) -> Result<[u8; 32], LoadError> {
		let hash = self.gear.client.code_hash().await;
		Ok(hash.map_err(|source| LoadError::Chain { chain: self.gear.name, source })?.0)
	}

	fn chain(&self, way: Way) -> &Node {
		match way {
			Way::Direct => &self.gear,
			Way::Xcm => &self.sibling,
		}
	}
}

/// Sends messages at these rates, direct ones and such by XCM, for that time, and follows them
/// until all are dealt with or have had time enough.
pub async fn run(
	target: &Target,
	[direct, xcm]: [f64; 2],
	time: Duration,
	console: &Console,
) -> Result<Outcome, LoadError> {
	let streams: Vec<Stream> = [(Way::Direct, direct), (Way::Xcm, xcm)]
		.into_iter()
		.filter(|(_, rate)| *rate > 0.0)
		.map(|(way, rate)| Stream { way, rate, time })
		.collect();
	let ways: Vec<Way> = streams.iter().map(|stream| stream.way).collect();
	let planned = streams.iter().map(Stream::count).sum();

	let (gear_told, mut gear_blocks) = mpsc::channel(BACKLOG);
	let (sibling_told, mut sibling_blocks) = mpsc::channel(BACKLOG);
	let gear_last = target.gear.finalized().await?;
	let sibling_last = target.sibling.finalized().await?;
	let mut watching = pin!(try_join(
		watch::follow(&target.gear, gear_last, gear_told),
		watch::follow(&target.sibling, sibling_last, sibling_told),
	));
	let (sent, mut facts) = mpsc::channel(BACKLOG);
	let sending = streams.into_iter().map(|stream| stream.send(target, sent.clone()));
	let mut sending = pin!(try_join_all(sending));
	drop(sent);

	let (mut tally, mut blocks) = (Tally::default(), Vec::new());
	let mut ticks = interval(TICK);
	let mut is_sending = true;
	let mut drained: Option<Instant> = None;
	loop {
		tokio::select! {
			outcome = &mut sending, if is_sending => {
				outcome?;
				is_sending = false;
			}
			outcome = &mut watching => {
				outcome?;
				break;
			}
			fact = facts.recv(), if drained.is_none() => match fact {
				Some(fact) => tally.note(fact),
				None => drained = Some(Instant::now() + DRAIN),
			},
			Some(Told { facts, fullness }) = gear_blocks.recv() => {
				if facts.iter().any(|fact| matches!(fact, Fact::Dispatched { .. })) {
					blocks.push(fullness);
				}
				facts.into_iter().for_each(|fact| tally.note(fact));
			}
			Some(told) = sibling_blocks.recv() => {
				told.facts.into_iter().for_each(|fact| tally.note(fact));
			}
			now = ticks.tick() => {
				console.progress(&report::progress(&tally, planned));
				let is_open = ways.iter().any(|way| tally.summary(*way).open() > 0);
				if drained.is_some_and(|deadline| !is_open || now > deadline) {
					break;
				}
			}
		}
	}
	console.wait_is_over();
	let summaries = ways.into_iter().map(|way| (way, tally.summary(way))).collect();
	Ok(Outcome { summaries, blocks })
}

impl Node {
	/// The number of the last final block.
	async fn finalized(&self) -> Result<u64, LoadError> {
		let block = self.client.finalized().await;
		Ok(block.map_err(|source| LoadError::Chain { chain: self.name, source })?.number)
	}
}

impl Outcome {
	/// An error where not every message that was taken was dealt with.
	pub fn judge(&self) -> Result<(), LoadError> {
		let sum = |of: fn(&Summary) -> u64| {
			self.summaries.iter().map(|(_, summary)| of(summary)).sum::<u64>()
		};
		match (sum(|summary| summary.failed), sum(Summary::open)) {
			(0, 0) => Ok(()),
			(0, open) => Err(LoadError::Late { open, within: DRAIN }),
			(failed, _) => Err(LoadError::Failed(failed)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_rate_is_a_number_that_can_be_sent() {
		assert_eq!(rate("2.5"), Ok(2.5));
		for refused in ["-1", "NaN", "inf", "1e9", "five", ""] {
			assert!(rate(refused).unwrap_err().contains("from 0 to 10000"), "{refused}");
		}
	}

	#[tokio::test]
	async fn without_a_network_or_a_rate_the_cure_is_told() {
		let folder = tempfile::tempdir().unwrap();
		let which = Which { data_dir: Some(folder.path().into()), ..Which::default() };
		let args = LoadArgs { which, direct: 1.0, xcm: 0.0, seconds: 1, json: None, bench: None };
		let told = execute(args.clone()).await.unwrap_err().to_string();
		assert!(told.contains("gearway net up"), "{told}");
		let told = execute(LoadArgs { direct: 0.0, ..args }).await.unwrap_err().to_string();
		assert!(told.contains("--direct or --xcm"), "{told}");
	}

	#[tokio::test]
	async fn a_state_without_what_is_needed_is_told() {
		let mut state = State {
			network: String::new(),
			is_ready: true,
			chains: Vec::new(),
			addresses: Vec::new(),
		};
		let error = Target::of(&state).await.unwrap_err();
		assert!(matches!(error, LoadError::State("ping")), "{error}");
		state.addresses.push(("ping".into(), format!("0x{}", "11".repeat(32))));
		let error = Target::of(&state).await.unwrap_err();
		assert!(matches!(error, LoadError::State("Gear")), "{error}");
	}

	#[test]
	fn what_is_open_or_failed_is_no_success() {
		let of = |sent, done, failed| {
			let summary = Summary { sent, done, failed, ..Summary::default() };
			Outcome { summaries: vec![(Way::Direct, summary)], blocks: Vec::new() }
		};
		assert!(of(3, 3, 0).judge().is_ok());
		assert!(matches!(of(3, 2, 0).judge(), Err(LoadError::Late { open: 1, .. })));
		assert!(matches!(of(3, 2, 1).judge(), Err(LoadError::Failed(1))));
	}
}
