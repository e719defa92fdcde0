//! What feeds the targets: bytes out of a seed, for a number of cases or a span of time.

use arbitrary::Unstructured;
use std::{
	collections::BTreeMap,
	env, fs,
	panic::{AssertUnwindSafe, catch_unwind},
	path::{Path, PathBuf},
	process::exit,
	sync::{
		Mutex,
		atomic::{AtomicU64, Ordering},
		mpsc::{self, RecvTimeoutError, Sender},
	},
	thread,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Seed of the cases that every test run takes.
const BOUNDED_SEED: u64 = 0x6EA2_DA71;

/// A case that takes longer hangs: gas bounds all that a program can do.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came of a case that did not fail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outcome {
	/// It ran to its end.
	Ran,
	/// The engine refused the code, with an error of its own.
	Refused,
	/// The bytes did not suffice for a case.
	Starved,
}

/// Something to feed with random bytes. A case fails by a panic.
#[derive(Clone, Copy)]
pub(crate) struct Target {
	pub(crate) name: &'static str,
	/// Most bytes that a case is made of.
	pub(crate) len: usize,
	/// Cases in an ordinary test run.
	pub(crate) bounded_cases: u64,
	/// How many of these run to their end at least: a target that is refused all it makes shows
	/// nothing.
	pub(crate) bounded_ran: u64,
	pub(crate) run: fn(&mut Unstructured<'_>) -> arbitrary::Result<Outcome>,
}

impl Target {
	/// Runs the cases that every test run takes.
	pub(crate) fn bounded_run(&self) {
		let mut ran = 0;
		for number in 0..self.bounded_cases {
			let seed = mix(BOUNDED_SEED, number);
			let outcome = self.case(&self.input(seed), seed);
			ran += u64::from(outcome.expect("no case fails") == Outcome::Ran);
		}
		assert!(ran >= self.bounded_ran, "{ran} of {} ran", self.bounded_cases);
	}

	/// The bytes that belong to `seed`.
	fn input(&self, seed: u64) -> Vec<u8> {
		// All lengths are likely: short inputs make small cases.
		let len = (mix(seed, u64::MAX) as usize) % self.len + 1;
		let words = (0..).map(|index| mix(seed, index).to_le_bytes());
		words.flatten().take(len).collect()
	}

	/// Runs a case. If it fails, keeps its bytes, says how to come back to it, and returns `None`.
	fn case(&self, input: &[u8], seed: u64) -> Option<Outcome> {
		// Whatever the case touched is dropped with it.
		if let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| self.run_on(input))) {
			return Some(outcome);
		}
		self.keep(input, seed);
		None
	}

	fn run_on(&self, input: &[u8]) -> Outcome {
		(self.run)(&mut Unstructured::new(input)).unwrap_or(Outcome::Starved)
	}

	fn keep(&self, input: &[u8], seed: u64) {
		let path = found().join(format!("{}-{seed:016x}.bin", self.name));
		match fs::write(&path, input) {
			Ok(()) => eprintln!(
				"{} fails on {}: `cargo test -p gearway-engine --test fuzz found` repeats it",
				self.name,
				path.display(),
			),
			Err(error) => eprintln!("{} fails on seed {seed}; not kept: {error}", self.name),
		}
	}
}

/// Where cases are kept.
fn found() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found")
}

/// A number as good as random, of two.
fn mix(seed: u64, index: u64) -> u64 {
	// SplitMix64, by S. Vigna.
	let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
	z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
	z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
	z ^ (z >> 31)
}

/// Runs every case that was kept.
pub(crate) fn replay(targets: &[Target]) {
	for entry in fs::read_dir(found()).unwrap() {
		let path = entry.unwrap().path();
		let name = path.file_name().unwrap().to_string_lossy().into_owned();
		let target = targets.iter().find(|target| name.starts_with(target.name));
		if let (Some(target), true) = (target, name.ends_with(".bin")) {
			eprintln!("{name}");
			target.run_on(&fs::read(&path).unwrap());
		}
	}
}

/// Runs the targets in turn on all cores for `FUZZ_SECONDS`, from `FUZZ_SEED` if that is set;
/// `FUZZ_TARGET` chooses one. Fails if any case does.
pub(crate) fn campaign(targets: &[Target]) {
	let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
	let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(60));
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
	let seed = number("FUZZ_SEED").unwrap_or(now.as_secs());
	let only = env::var("FUZZ_TARGET").ok().filter(|name| !name.is_empty());
	let targets: Vec<Target> = targets
		.iter()
		.filter(|target| only.as_ref().is_none_or(|name| name == target.name))
		.copied()
		.collect();
	assert!(!targets.is_empty(), "no target is called {only:?}");
	let workers = thread::available_parallelism().map_or(1, usize::from);
	eprintln!("FUZZ_SEED={seed}, {} s on {workers} cores", time.as_secs());

	let end = Instant::now() + time;
	let next = AtomicU64::new(0);
	let running = Mutex::new(BTreeMap::new());
	let mut counts = BTreeMap::<(&str, Option<Outcome>), u64>::new();
	thread::scope(|scope| {
		let (sender, receiver) = mpsc::channel();
		for worker in 0..workers {
			let work = Worker {
				worker,
				targets: &targets,
				seed,
				end,
				next: &next,
				running: &running,
				results: sender.clone(),
			};
			scope.spawn(move || work.run());
		}
		drop(sender);
		loop {
			match receiver.recv_timeout(Duration::from_secs(1)) {
				Ok(result) => *counts.entry(result).or_default() += 1,
				Err(RecvTimeoutError::Timeout) => give_up_on_hanging(&running),
				Err(RecvTimeoutError::Disconnected) => break,
			}
		}
	});
	for ((target, outcome), cases) in &counts {
		let outcome = outcome.map_or("failed".into(), |outcome| format!("{outcome:?}"));
		eprintln!("{target:<10} {outcome:<8} {cases:>8}");
	}
	let failed = counts.keys().any(|(_, outcome)| outcome.is_none());
	assert!(!failed, "there are failures, see above; FUZZ_SEED={seed} finds them again");
}

/// What each worker is at: since when, with what.
type Running = Mutex<BTreeMap<usize, (Instant, Target, u64)>>;

/// One thread of a campaign.
struct Worker<'a> {
	worker: usize,
	targets: &'a [Target],
	seed: u64,
	end: Instant,
	next: &'a AtomicU64,
	running: &'a Running,
	results: Sender<(&'static str, Option<Outcome>)>,
}

impl Worker<'_> {
	fn run(self) {
		while Instant::now() < self.end {
			let number = self.next.fetch_add(1, Ordering::Relaxed);
			let target = self.targets[number as usize % self.targets.len()];
			let seed = mix(self.seed, number);
			self.running.lock().unwrap().insert(self.worker, (Instant::now(), target, seed));
			let outcome = target.case(&target.input(seed), seed);
			self.running.lock().unwrap().remove(&self.worker);
			self.results.send((target.name, outcome)).unwrap();
		}
	}
}

/// Ends everything if a case hangs: its thread cannot be stopped otherwise.
fn give_up_on_hanging(running: &Running) {
	for (since, target, seed) in running.lock().unwrap().values() {
		if since.elapsed() > PATIENCE {
			target.keep(&target.input(*seed), *seed);
			eprintln!("it hangs");
			exit(1);
		}
	}
}
