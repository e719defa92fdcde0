//! Measuring: warm-up, samples, the median and how far they spread.

use cpu_time::ProcessTime;
use std::{
	error::Error,
	fs,
	time::{Duration, Instant},
};

/// What a bench returns.
pub(crate) type Measured = Result<Vec<Figure>, Box<dyn Error>>;

/// A bench: measures one thing, in one or more figures.
pub(crate) struct Bench {
	pub(crate) name: &'static str,
	pub(crate) run: fn() -> Measured,
}

/// Work is repeated for so long before the first sample counts.
const WARM_UP: Duration = Duration::from_millis(500);

/// Samples are taken for so long, and at least [`FEWEST`] of them.
const MEASURE: Duration = Duration::from_secs(3);

const FEWEST: usize = 9;

/// A number with its unit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
	pub(crate) name: String,
	/// The median of the samples.
	pub(crate) value: f64,
	pub(crate) unit: &'static str,
	/// How the samples spread; `None` for what is not sampled.
	pub(crate) spread: Option<Spread>,
}

/// What samples tell beside their median.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
	/// The lower quartile.
	pub(crate) low: f64,
	/// The upper quartile.
	pub(crate) high: f64,
	/// The median by the processor's time instead of the clock's: what the clock would have said
	/// had the machine been idle, as far as one thread did the work.
	pub(crate) by_cpu: f64,
}

/// Units, as they stand in the report.
pub(crate) mod unit {
	pub(crate) const PER_SECOND: &str = "dispatches/s";
	pub(crate) const MICROSECONDS: &str = "us";
	pub(crate) const BYTES: &str = "bytes";
	pub(crate) const RATIO: &str = "ratio";

	/// All of them.
	pub(super) const ALL: [&str; 4] = [PER_SECOND, MICROSECONDS, BYTES, RATIO];
}

impl Figure {
	/// A figure that is no median.
	pub(crate) fn exact(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
		Self { name: name.into(), value, unit, spread: None }
	}

	/// What other processes on the machine have no part in.
	pub(crate) fn by_cpu(&self) -> f64 {
		self.spread.map_or(self.value, |spread| spread.by_cpu)
	}

	/// For the parent process.
	pub(crate) fn to_line(&self) -> String {
		let mut line = format!("{}\t{}\t{}", self.name, self.value, self.unit);
		if let Some(Spread { low, high, by_cpu }) = self.spread {
			line += &format!("\t{low}\t{high}\t{by_cpu}");
		}
		line
	}

	/// Back from [`to_line`](Self::to_line).
	pub(crate) fn from_line(line: &str) -> Option<Self> {
		let mut parts = line.split('\t');
		let name = parts.next()?.to_owned();
		let value = parts.next()?.parse().ok()?;
		let unit = parts.next()?;
		let unit = unit::ALL.into_iter().find(|known| *known == unit)?;
		let rest: Vec<f64> = parts.map(str::parse).collect::<Result<_, _>>().ok()?;
		let spread = match rest[..] {
			[low, high, by_cpu] => Some(Spread { low, high, by_cpu }),
			_ => None,
		};
		Some(Self { name, value, unit, spread })
	}
}

/// What `work` reports of itself each time: a quantity of which it did so much in so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lap {
	/// How much was done.
	pub(crate) done: u64,
	/// In what time.
	pub(crate) time: Duration,
	/// In how much time of the processor, all threads together.
	pub(crate) cpu: Duration,
}

/// Times `work`, which did `done`.
pub(crate) fn lap<T>(done: u64, work: impl FnOnce() -> T) -> (T, Lap) {
	let (start, cpu) = (Instant::now(), ProcessTime::now());
	let result = work();
	(result, Lap { done, time: start.elapsed(), cpu: cpu.elapsed() })
}

/// How often a second.
pub(crate) fn rate(
	name: impl Into<String>,
	mut work: impl FnMut() -> Result<Lap, Box<dyn Error>>,
) -> Result<Figure, Box<dyn Error>> {
	let laps = sample_in_turn(1, |_| work())?;
	Ok(rate_of(name, &laps.concat()))
}

/// How many microseconds each.
pub(crate) fn cost(
	name: impl Into<String>,
	mut work: impl FnMut() -> Result<Lap, Box<dyn Error>>,
) -> Result<Figure, Box<dyn Error>> {
	let laps = sample_in_turn(1, |_| work())?.concat();
	let per = |done: u64, time: Duration| time.as_secs_f64() * 1e6 / done as f64;
	Ok(figure(name.into(), unit::MICROSECONDS, &laps, per))
}

/// How often a second, of laps taken before.
pub(crate) fn rate_of(name: impl Into<String>, laps: &[Lap]) -> Figure {
	let per = |done: u64, time: Duration| done as f64 / time.as_secs_f64();
	figure(name.into(), unit::PER_SECOND, laps, per)
}

/// Warms up, then takes samples of the work by each number below `count` in turn, so that
/// neighbours on the machine favour none.
pub(crate) fn sample_in_turn(
	count: usize,
	mut work: impl FnMut(usize) -> Result<Lap, Box<dyn Error>>,
) -> Result<Vec<Vec<Lap>>, Box<dyn Error>> {
	let begun = Instant::now();
	while begun.elapsed() < WARM_UP {
		work(0)?;
	}
	let begun = Instant::now();
	let mut laps = Vec::from_iter((0..count).map(|_| Vec::new()));
	let mut taken = 0;
	while taken < FEWEST || begun.elapsed() < MEASURE {
		for (number, laps) in laps.iter_mut().enumerate() {
			laps.push(work(number)?);
		}
		taken += 1;
	}
	Ok(laps)
}

fn figure(
	name: String,
	unit: &'static str,
	laps: &[Lap],
	per: impl Fn(u64, Duration) -> f64,
) -> Figure {
	let sorted = |time: fn(&Lap) -> Duration| {
		let mut samples: Vec<f64> = laps.iter().map(|lap| per(lap.done, time(lap))).collect();
		samples.sort_by(f64::total_cmp);
		samples
	};
	let (by_clock, by_cpu) = (sorted(|lap| lap.time), sorted(|lap| lap.cpu));
	let spread =
		Spread { low: at(&by_clock, 0.25), high: at(&by_clock, 0.75), by_cpu: at(&by_cpu, 0.5) };
	Figure { name, value: at(&by_clock, 0.5), unit, spread: Some(spread) }
}

/// The sample below which `share` of them lie.
fn at(sorted: &[f64], share: f64) -> f64 {
	let index = sorted.len().saturating_sub(1) as f64 * share;
	sorted.get(index as usize).copied().unwrap_or(f64::NAN)
}

/// The median of what is no lap.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
	samples.sort_by(f64::total_cmp);
	at(&samples, 0.5)
}

/// The most memory that this process has ever had, as the kernel counts it.
pub(crate) fn peak_memory(bench: &str) -> Result<Figure, Box<dyn Error>> {
	let status = fs::read_to_string("/proc/self/status")?;
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
	let kib: f64 = line
		.and_then(|line| line.trim().strip_suffix("kB"))
		.ok_or("/proc/self/status names no VmHWM")?
		.trim()
		.parse()?;
	Ok(Figure::exact(format!("{bench}/peak_memory"), kib * 1024.0, unit::BYTES))
}
