//! What became of every message of a load.
//!
//! Both chains tell of a message in pieces, and in any order: the sibling's block with the XCM may be
//! read after the block of Gear's in which it is dealt with. So what is told is kept as it comes,
//! and put together when it is asked for.

use std::{
	collections::{HashMap, HashSet},
	time::{Duration, Instant},
};
use subxt::utils::H256;

/// An id of a message, or a topic.
pub type Id = [u8; 32];

/// How a message gets to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
	/// By an extrinsic on Gear.
	Direct,
	/// By an extrinsic on the sibling, and XCM from there.
	Xcm,
}

impl Way {
	/// All of them.
	pub const ALL: [Self; 2] = [Self::Direct, Self::Xcm];

	/// What it is called in reports.
	pub fn in_words(self) -> &'static str {
		match self {
			Self::Direct => "direct",
			Self::Xcm => "by XCM",
		}
	}
}

/// Something that was sent or seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
	/// The node took an extrinsic that carries a message.
	Sent {
		/// The extrinsic.
		extrinsic: H256,
		/// Which way its message goes.
		way: Way,
		/// When.
		at: Instant,
	},
	/// The node's pool would not take an extrinsic.
	Refused(Way),
	/// An extrinsic is in a final block, and failed.
	Failed(H256),
	/// An extrinsic in a final block of Gear's has put a message into the queue.
	Queued {
		/// The extrinsic.
		extrinsic: H256,
		/// The message.
		message: Id,
	},
	/// An extrinsic in a final block of the sibling's has sent an XCM.
	Left {
		/// The extrinsic.
		extrinsic: H256,
		/// What the XCM goes under.
		topic: Id,
	},
	/// An XCM has put a message into the queue, in a final block of Gear's.
	Arrived {
		/// What the XCM went under.
		topic: Id,
		/// The message.
		message: Id,
	},
	/// A message was dealt with, in a final block of Gear's.
	Dispatched {
		/// The message.
		message: Id,
		/// Whether the program had success.
		success: bool,
		/// When that was seen.
		at: Instant,
	},
}

/// Everything that was told.
#[derive(Debug, Default)]
pub struct Tally {
	sent: HashMap<H256, (Way, Instant)>,
	refused: HashMap<Way, u64>,
	failed: HashSet<H256>,
	queued: HashMap<H256, Id>,
	left: HashMap<H256, Id>,
	arrived: HashMap<Id, Id>,
	dispatched: HashMap<Id, (bool, Instant)>,
}

/// What became of the messages that went one way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
	/// Extrinsics that a node took.
	pub sent: u64,
	/// Extrinsics that a node's pool would not take.
	pub refused: u64,
	/// Messages that the program has dealt with, in final blocks.
	pub done: u64,
	/// Messages that failed, or whose extrinsic did.
	pub failed: u64,
	/// From the sending to the moment when the final block was seen, of those done; ascending.
	pub latencies: Vec<Duration>,
	/// When the done ones were seen; ascending.
	pub sights: Vec<Instant>,
}

impl Tally {
	/// Takes something in.
	pub fn note(&mut self, fact: Fact) {
		match fact {
			Fact::Sent { extrinsic, way, at } => {
				self.sent.insert(extrinsic, (way, at));
			}
			Fact::Refused(way) => *self.refused.entry(way).or_default() += 1,
			Fact::Failed(extrinsic) => {
				self.failed.insert(extrinsic);
			}
			Fact::Queued { extrinsic, message } => {
				self.queued.insert(extrinsic, message);
			}
			Fact::Left { extrinsic, topic } => {
				self.left.insert(extrinsic, topic);
			}
			Fact::Arrived { topic, message } => {
				self.arrived.insert(topic, message);
			}
			Fact::Dispatched { message, success, at } => {
				self.dispatched.insert(message, (success, at));
			}
		}
	}

	/// What became of those that went that way.
	pub fn summary(&self, way: Way) -> Summary {
		let mut summary = Summary {
			refused: self.refused.get(&way).copied().unwrap_or_default(),
			..Summary::default()
		};
		for (extrinsic, (_, sent)) in self.sent.iter().filter(|(_, (its_way, _))| *its_way == way) {
			summary.sent += 1;
			match self.message(*extrinsic).and_then(|message| self.dispatched.get(&message)) {
				Some((true, seen)) => {
					summary.done += 1;
					summary.latencies.push(seen.saturating_duration_since(*sent));
					summary.sights.push(*seen);
				}
				Some((false, _)) => summary.failed += 1,
				None if self.failed.contains(extrinsic) => summary.failed += 1,
				None => {}
			}
		}
		summary.latencies.sort_unstable();
		summary.sights.sort_unstable();
		summary
	}

	/// The message that an extrinsic has become, as far as is known.
	fn message(&self, extrinsic: H256) -> Option<Id> {
		let direct = self.queued.get(&extrinsic);
		let by_xcm = || self.arrived.get(self.left.get(&extrinsic)?);
		direct.or_else(by_xcm).copied()
	}
}

impl Summary {
	/// Messages of which nothing final is known yet.
	pub fn open(&self) -> u64 {
		self.sent.saturating_sub(self.done).saturating_sub(self.failed)
	}

	/// The time in which `percent` of the done ones were done; `None` where none was.
	pub fn percentile(&self, percent: usize) -> Option<Duration> {
		let count = self.latencies.len();
		let rank = (count * percent).div_ceil(100).max(1);
		self.latencies.get(rank - 1).copied()
	}

	/// How many a second were done between the first and the last; `None` where that is no time.
	///
	/// Those seen first stand for the time before, so they do not count.
	pub fn rate(&self) -> Option<f64> {
		let (first, last) = (self.sights.first()?, self.sights.last()?);
		let later = self.sights.iter().filter(|sight| *sight > first).count();
		let time = last.saturating_duration_since(*first).as_secs_f64();
		(time > 0.0).then(|| later as f64 / time)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn hash(n: u8) -> H256 {
		[n; 32].into()
	}

	fn sent(n: u8, way: Way, at: Instant) -> Fact {
		Fact::Sent { extrinsic: hash(n), way, at }
	}

	#[test]
	fn a_direct_message_is_followed_from_its_extrinsic() {
		let (mut tally, at) = (Tally::default(), Instant::now());
		tally.note(sent(1, Way::Direct, at));
		tally.note(Fact::Queued { extrinsic: hash(1), message: [11; 32] });
		assert_eq!(tally.summary(Way::Direct).open(), 1);
		let seen = at + Duration::from_secs(20);
		tally.note(Fact::Dispatched { message: [11; 32], success: true, at: seen });
		let summary = tally.summary(Way::Direct);
		assert_eq!((summary.sent, summary.done, summary.open()), (1, 1, 0));
		assert_eq!(summary.latencies, [Duration::from_secs(20)]);
		assert_eq!(tally.summary(Way::Xcm), Summary::default());
	}

	#[test]
	fn pieces_of_a_message_by_xcm_fit_in_any_order() {
		let at = Instant::now();
		let facts = [
			sent(1, Way::Xcm, at),
			Fact::Left { extrinsic: hash(1), topic: [2; 32] },
			Fact::Arrived { topic: [2; 32], message: [3; 32] },
			Fact::Dispatched { message: [3; 32], success: true, at },
		];
		for first in 0..facts.len() {
			let mut tally = Tally::default();
			for turn in 0..facts.len() {
				tally.note(facts[(first + turn) % facts.len()]);
			}
			assert_eq!(tally.summary(Way::Xcm).done, 1, "beginning with {first}");
		}
	}

	#[test]
	fn failures_of_extrinsics_and_of_messages_count() {
		let (mut tally, at) = (Tally::default(), Instant::now());
		for n in 1..=3 {
			tally.note(sent(n, Way::Direct, at));
		}
		tally.note(Fact::Refused(Way::Direct));
		tally.note(Fact::Failed(hash(1)));
		tally.note(Fact::Queued { extrinsic: hash(2), message: [2; 32] });
		tally.note(Fact::Dispatched { message: [2; 32], success: false, at });
		let summary = tally.summary(Way::Direct);
		assert_eq!((summary.sent, summary.refused, summary.failed), (3, 1, 2));
		assert_eq!((summary.done, summary.open()), (0, 1));
	}

	#[test]
	fn others_messages_do_not_count() {
		let mut tally = Tally::default();
		tally.note(Fact::Queued { extrinsic: hash(1), message: [1; 32] });
		tally.note(Fact::Dispatched { message: [1; 32], success: true, at: Instant::now() });
		for way in Way::ALL {
			assert_eq!(tally.summary(way), Summary::default());
		}
	}

	#[test]
	fn percentiles_are_those_of_the_nearest_rank() {
		let latencies: Vec<_> = (1..=200).map(Duration::from_millis).collect();
		let summary = Summary { latencies, ..Summary::default() };
		assert_eq!(summary.percentile(50), Some(Duration::from_millis(100)));
		assert_eq!(summary.percentile(99), Some(Duration::from_millis(198)));
		assert_eq!(Summary::default().percentile(50), None);
		let one = Summary { latencies: vec![Duration::from_secs(1)], ..Summary::default() };
		assert_eq!(one.percentile(99), Some(Duration::from_secs(1)));
	}

	#[test]
	fn the_rate_is_that_between_first_and_last() {
		let at = Instant::now();
		let after = |seconds| at + Duration::from_secs(seconds);
		let sights = vec![at, at, after(6), after(6), after(12), after(12)];
		let summary = Summary { sights, ..Summary::default() };
		assert_eq!(summary.rate(), Some(4.0 / 12.0));
		assert_eq!(Summary::default().rate(), None);
		assert_eq!(Summary { sights: vec![at, at], ..Summary::default() }.rate(), None);
	}
}
