//! What the user sees: a line for everything that happens, and a last table.

use rustix::termios::tcgetwinsize;
use std::{
	io::{IsTerminal, Write as _},
	path::PathBuf,
	sync::{Mutex, MutexGuard, PoisonError},
	time::{Duration, Instant},
};

/// How often a wait is mentioned where lines cannot be rewritten.
const MENTION_EVERY: Duration = Duration::from_secs(15);

/// Where something was seen: a block that is final on its chain, or another party's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
	/// Number of the final block, or slot.
	pub block: u64,
	/// The block's hash, `0x…`.
	pub hash: String,
	/// What the message is known by there: a topic, nonce or id.
	pub id: String,
	/// Since the journey began.
	pub after: Duration,
}

/// A step that a message takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
	/// Where: a chain's name.
	pub place: &'static str,
	/// What happens to it there.
	pub what: &'static str,
	/// Set once seen in final state.
	pub seen: Option<Sighting>,
}

/// A message's way from its sender to the end, every step known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
	/// From where to where.
	pub title: String,
	/// In order.
	pub steps: Vec<Step>,
}

impl Journey {
	/// A journey of which nothing has been seen yet.
	pub fn planned(title: impl Into<String>, steps: &[(&'static str, &'static str)]) -> Self {
		let step = |&(place, what)| Step { place, what, seen: None };
		Self { title: title.into(), steps: steps.iter().map(step).collect() }
	}

	/// Whether any step was seen.
	pub fn has_begun(&self) -> bool {
		self.steps.iter().any(|step| step.seen.is_some())
	}

	/// Whether every step was seen.
	pub fn is_complete(&self) -> bool {
		self.steps.iter().all(|step| step.seen.is_some())
	}

	/// Time from its begin to the last step seen.
	fn duration(&self) -> Duration {
		self.steps
			.iter()
			.flat_map(|step| &step.seen)
			.map(|seen| seen.after)
			.max()
			.unwrap_or_default()
	}
}

/// The last table: every journey with all its steps.
pub fn table(journeys: &[Journey]) -> String {
	let mut lines = Vec::new();
	for journey in journeys {
		let state = if journey.is_complete() { "complete" } else { "INCOMPLETE" };
		let rows: Vec<_> = journey.steps.iter().map(row).collect();
		lines.push(String::new());
		lines.push(format!("{}: {state} ({})", journey.title, seconds(journey.duration())));
		let head = ["where", "what", "final block", "hash", "known by", "after"];
		lines.extend(aligned(&head, &rows).into_iter().map(|line| format!("  {line}")));
	}
	lines.join("\n")
}

fn row(step: &Step) -> [String; 6] {
	let [block, hash, id, after] = match &step.seen {
		Some(seen) => {
			[format!("#{}", seen.block), short(&seen.hash), seen.id.clone(), seconds(seen.after)]
		}
		None => ["not seen".into(), "-".into(), "-".into(), "-".into()],
	};
	[step.place.into(), step.what.into(), block, hash, id, after]
}

/// Lines in which the columns stand under one another.
pub fn aligned<const N: usize>(head: &[&str; N], rows: &[[String; N]]) -> Vec<String> {
	let head = head.map(str::to_owned);
	let all = || std::iter::once(&head).chain(rows);
	let widths: [usize; N] = std::array::from_fn(|column| {
		all().map(|row| row[column].chars().count()).max().unwrap_or_default()
	});
	let line = |row: &[String; N]| {
		let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
		cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
	};
	all().map(line).collect()
}

/// A hash short enough for a line: `0x12345678…9abc`.
pub fn short(hash: &str) -> String {
	match (hash.get(..10), hash.get(hash.len().saturating_sub(4)..)) {
		(Some(begin), Some(end)) if hash.is_ascii() && hash.len() > 18 => format!("{begin}…{end}"),
		_ => hash.to_owned(),
	}
}

/// Seconds with one decimal.
pub fn seconds(duration: Duration) -> String {
	format!("{:.1} s", duration.as_secs_f64())
}

/// Standard output, as this command writes to it.
#[derive(Debug)]
pub struct Console {
	started: Instant,
	/// Whether a line can be rewritten.
	is_terminal: bool,
	/// A file that names what is waited for, for whoever asks from outside.
	stage: Option<PathBuf>,
	waiting: Mutex<Option<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
	what: String,
	since: Instant,
	mentioned: Instant,
}

impl Console {
	/// Times count from now on.
	pub fn new() -> Self {
		Self {
			started: Instant::now(),
			is_terminal: std::io::stdout().is_terminal(),
			stage: None,
			waiting: Mutex::default(),
		}
	}

	/// As [`Console::new`]; what is waited for is also written to the file `stage`.
	pub fn with_stage(stage: PathBuf) -> Self {
		Self { stage: Some(stage), ..Self::new() }
	}

	/// Since the console was made.
	pub fn elapsed(&self) -> Duration {
		self.started.elapsed()
	}

	/// Says that something has happened.
	pub fn say(&self, place: &str, what: &str) {
		self.line(&format!("[{:>7}] {place:<9} {what}", seconds(self.elapsed())));
	}

	/// Prints a text as it is.
	pub fn print(&self, text: &str) {
		self.line(text);
	}

	/// Names what is waited for; [`Console::tick`] shows for how long.
	pub fn wait_for(&self, what: impl Into<String>) {
		let (now, what) = (Instant::now(), what.into());
		self.note(&what);
		*self.waiting() = Some(Waiting { what, since: now, mentioned: now });
		self.tick();
	}

	/// Nothing is waited for any more.
	pub fn wait_is_over(&self) {
		*self.waiting() = None;
		self.note("");
		self.clear();
	}

	fn note(&self, what: &str) {
		let Some(stage) = &self.stage else { return };
		// Nobody waits for this; those who ask see an older stage.
		if let Err(error) = std::fs::write(stage, what) {
			tracing::debug!("{}: {error}", stage.display());
		}
	}

	/// Shows what is waited for: in place on a terminal, elsewhere a line now and then.
	pub fn tick(&self) {
		let mut waiting = self.waiting();
		let Some(waiting) = waiting.as_mut() else { return };
		let text = format!(
			"[{:>7}] …         {} waiting for {}",
			seconds(self.elapsed()),
			seconds(waiting.since.elapsed()),
			waiting.what
		);
		self.show(&text, &mut waiting.mentioned);
	}

	/// Shows how far something is, as [`Console::tick`] does, until [`Console::wait_is_over`].
	pub fn progress(&self, text: &str) {
		let now = Instant::now();
		let fresh = || Waiting { what: String::new(), since: now, mentioned: now };
		self.show(text, &mut self.waiting().get_or_insert_with(fresh).mentioned);
	}

	fn show(&self, text: &str, mentioned: &mut Instant) {
		if self.is_terminal {
			// A line that wraps could not be taken back.
			let columns = tcgetwinsize(std::io::stdout()).map_or(0, |size| size.ws_col);
			let width = if columns == 0 { 80 } else { usize::from(columns) };
			let text: String = text.chars().take(width).collect();
			self.write(&format!("\r\x1b[2K{text}"));
		} else if mentioned.elapsed() >= MENTION_EVERY {
			*mentioned = Instant::now();
			self.write(&format!("{text}\n"));
		}
	}

	fn line(&self, text: &str) {
		self.clear();
		self.write(&format!("{text}\n"));
	}

	fn clear(&self) {
		if self.is_terminal {
			self.write("\r\x1b[2K");
		}
	}

	fn write(&self, text: &str) {
		let mut out = std::io::stdout().lock();
		// Output that nobody reads any more is no reason to leave processes behind.
		if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
			tracing::debug!("standard output is closed");
		}
	}

	fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
		self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Default for Console {
	fn default() -> Self {
		Self::new()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn journey() -> Journey {
		Journey::planned("By XCM", &[("sibling", "sent"), ("Gear", "charged")])
	}

	fn seen(block: u64, after: u64) -> Option<Sighting> {
		let hash = format!("0x{}", "ab".repeat(32));
		Some(Sighting { block, hash, id: "topic 0x1".into(), after: Duration::from_secs(after) })
	}

	#[test]
	fn a_journey_is_complete_with_its_last_step() {
		let mut journey = journey();
		journey.steps[1].seen = seen(2, 1);
		assert!(journey.has_begun() && !journey.is_complete());
		journey.steps[0].seen = seen(1, 0);
		assert!(journey.is_complete());
	}

	#[test]
	fn the_table_shows_every_step() {
		let mut journey = journey();
		journey.steps[0].seen = seen(14, 3);
		let text = table(&[journey]);
		let lines: Vec<_> = text.lines().collect();
		assert_eq!(
			lines,
			[
				"",
				"By XCM: INCOMPLETE (3.0 s)",
				"  where    what     final block  hash             known by   after",
				"  sibling  sent     #14          0xabababab…abab  topic 0x1  3.0 s",
				"  Gear     charged  not seen     -                -          -",
			]
		);
	}

	#[test]
	fn what_is_waited_for_can_be_read_from_outside() {
		let folder = tempfile::tempdir().unwrap();
		let stage = folder.path().join("stage");
		let console = Console::with_stage(stage.clone());
		console.wait_for("the moon");
		assert_eq!(std::fs::read_to_string(&stage).unwrap(), "the moon");
		console.wait_is_over();
		assert_eq!(std::fs::read_to_string(&stage).unwrap(), "");
	}

	#[test]
	fn short_hashes_stay_whole() {
		assert_eq!(short("0x12"), "0x12");
		assert_eq!(short("0x1234567890abcdef1234"), "0x12345678…1234");
		assert_eq!(short("äöüäöüäöüäöüäöü"), "äöüäöüäöüäöüäöü");
	}
}
