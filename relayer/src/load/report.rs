//! What a load tells of itself: a line while it goes on, a table at its end, figures for machines.

use super::{
	Outcome,
	fullness::mean_and_most,
	tally::{Summary, Tally, Way},
};
use crate::net::{
	figures::Figure,
	report::{aligned, seconds},
};

/// Signs in a bar.
const BAR: usize = 24;

/// How far a load is, as a line.
pub(super) fn progress(tally: &Tally, planned: u64) -> String {
	let summaries = Way::ALL.map(|way| tally.summary(way));
	let sum = |of: fn(&Summary) -> u64| summaries.iter().map(of).sum::<u64>();
	let (sent, refused) = (sum(|s| s.sent), sum(|s| s.refused));
	let (done, failed) = (sum(|s| s.done), sum(|s| s.failed));
	let [tried, settled] =
		[sent + refused, done + failed + refused].map(|part| signs(part, planned));
	let bar: String = (0..BAR)
		.map(|sign| match sign {
			sign if sign < settled => '█',
			sign if sign < tried => '▒',
			_ => '·',
		})
		.collect();
	let mut line = format!("{bar} of {planned}: {sent} sent, {done} final");
	for (count, what) in [(refused, "refused"), (failed, "failed")] {
		if count > 0 {
			line.push_str(&format!(", {count} {what}"));
		}
	}
	line
}

fn signs(part: u64, whole: u64) -> usize {
	let signs = u128::from(part) * BAR as u128 / u128::from(whole.max(1));
	usize::try_from(signs).unwrap_or(BAR).min(BAR)
}

/// What became of it all.
pub fn table(outcome: &Outcome) -> String {
	let head = ["messages", "sent", "refused", "final", "failed", "a second", "p50", "p99"];
	let rows: Vec<_> = outcome.summaries.iter().map(|(way, summary)| row(*way, summary)).collect();
	let [time, proof] = outcome.fullness();
	let percent = |share: f64| format!("{:.1} %", share * 100.0);
	let share =
		|what: &str, [mean, most]: [f64; 2]| [what.to_owned(), percent(mean), percent(most)];
	let blocks = [share("time", time), share("proof", proof)];
	let mut lines = vec![String::new()];
	lines.extend(aligned(&head, &rows));
	lines.push(String::new());
	lines.extend(aligned(&["Gear's blocks are full by", "mean", "most"], &blocks));
	lines.push(format!("of the {} blocks that dealt with messages", outcome.blocks.len()));
	lines.join("\n  ")
}

fn row(way: Way, summary: &Summary) -> [String; 8] {
	let time = |percent| summary.percentile(percent).map_or("-".into(), seconds);
	[
		way.in_words().into(),
		summary.sent.to_string(),
		summary.refused.to_string(),
		summary.done.to_string(),
		summary.failed.to_string(),
		summary.rate().map_or("-".into(), |rate| format!("{rate:.2}")),
		time(50),
		time(99),
	]
}

impl Outcome {
	/// Mean and most of the blocks' fullness: of their time, and of their proof.
	pub fn fullness(&self) -> [[f64; 2]; 2] {
		[
			mean_and_most(self.blocks.iter().map(|block| block.time)),
			mean_and_most(self.blocks.iter().map(|block| block.proof)),
		]
	}

	/// The same as figures, whose names begin with `prefix`.
	pub fn figures(&self, prefix: &str) -> Vec<Figure> {
		let mut figures = Vec::new();
		for (way, summary) in &self.summaries {
			let name = match way {
				Way::Direct => format!("{prefix}/direct"),
				Way::Xcm => format!("{prefix}/xcm"),
			};
			let latency = |percent| {
				let time = summary.percentile(percent)?.as_secs_f64();
				Some(Figure::new(format!("{name}/latency_p{percent}"), time, "s"))
			};
			figures.extend(summary.rate().map(|rate| Figure::new(&*name, rate, "messages/s")));
			figures.extend([50, 99].into_iter().filter_map(latency));
		}
		let [time, proof] = self.fullness();
		for (what, [mean, most]) in [("time", time), ("proof", proof)] {
			figures.push(Figure::new(format!("{prefix}/block_{what}_mean"), mean, "ratio"));
			figures.push(Figure::new(format!("{prefix}/block_{what}_most"), most, "ratio"));
		}
		figures
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::load::{fullness::Fullness, tally::Fact};
	use std::time::{Duration, Instant};

	fn outcome() -> Outcome {
		let at = Instant::now();
		let direct = Summary {
			sent: 3,
			refused: 1,
			done: 2,
			failed: 1,
			latencies: vec![Duration::from_secs(20), Duration::from_secs(30)],
			sights: vec![at, at + Duration::from_secs(4)],
		};
		let blocks = vec![Fullness { time: 0.25, proof: 0.5 }, Fullness { time: 0.75, proof: 0.5 }];
		Outcome { summaries: vec![(Way::Direct, direct)], blocks }
	}

	#[test]
	fn the_table_tells_everything() {
		let text = table(&outcome());
		let lines: Vec<_> = text.lines().collect();
		assert_eq!(
			lines,
			[
				"",
				"  messages  sent  refused  final  failed  a second  p50     p99",
				"  direct    3     1        2      1       0.25      20.0 s  30.0 s",
				"  ",
				"  Gear's blocks are full by  mean    most",
				"  time                       50.0 %  75.0 %",
				"  proof                      50.0 %  50.0 %",
				"  of the 2 blocks that dealt with messages",
			]
		);
	}

	#[test]
	fn figures_have_names_and_units() {
		let figures = outcome().figures("net/throughput");
		let of = |name: &str| figures.iter().find(|figure| figure.name == name).unwrap();
		assert_eq!(of("net/throughput/direct").value, 0.25);
		assert_eq!(of("net/throughput/direct/latency_p99").unit, "s");
		assert_eq!(of("net/throughput/block_time_most").value, 0.75);
	}

	#[test]
	fn the_bar_shows_what_is_sent_and_what_is_settled() {
		let mut tally = Tally::default();
		for n in 0..12 {
			tally.note(Fact::Sent {
				extrinsic: [n; 32].into(),
				way: Way::Direct,
				at: Instant::now(),
			});
		}
		for _ in 0..6 {
			tally.note(Fact::Refused(Way::Xcm));
		}
		let line = progress(&tally, 24);
		assert_eq!(line, "██████▒▒▒▒▒▒▒▒▒▒▒▒······ of 24: 12 sent, 0 final, 6 refused");
	}
}
