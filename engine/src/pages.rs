//! Sets of page and chunk numbers, which mostly come in runs.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::ops::Range;
use scale_info::TypeInfo;

/// Bytes in a Wasm page: the unit of allocation.
pub const PAGE_SIZE: u32 = 64 * 1024;

/// Bytes in a chunk: the unit in which memory is stored.
pub const CHUNK_SIZE: u32 = 4 * 1024;

/// Chunks in a page.
pub const CHUNKS_PER_PAGE: u32 = PAGE_SIZE / CHUNK_SIZE;

/// A set of numbers, kept as ascending runs that do not touch.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct RunSet(Vec<(u32, u32)>);

impl RunSet {
	/// The runs, each from its first number to the one after its last, ascending.
	pub fn runs(&self) -> impl Iterator<Item = Range<u32>> + '_ {
		self.0.iter().map(|&(start, end)| start..end)
	}

	/// The numbers, ascending.
	pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
		self.runs().flatten()
	}

	/// How many numbers there are.
	pub fn len(&self) -> u32 {
		self.0.iter().map(|(start, end)| end.saturating_sub(*start)).sum()
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// One after the largest number, 0 if there is none.
	pub fn end(&self) -> u32 {
		self.0.last().map_or(0, |(_, end)| *end)
	}

	/// Whether `number` is in.
	pub fn contains(&self, number: u32) -> bool {
		let at = self.0.partition_point(|(_, end)| *end <= number);
		self.0.get(at).is_some_and(|(start, _)| *start <= number)
	}

	/// Puts all of `range` in.
	pub fn insert(&mut self, range: Range<u32>) {
		if range.is_empty() {
			return;
		}
		let (mut start, mut end) = (range.start, range.end);
		// Runs that touch the new one melt into it.
		let from = self.0.partition_point(|(_, run_end)| *run_end < start);
		let to = self.0.partition_point(|(run_start, _)| *run_start <= end);
		for (run_start, run_end) in self.0.drain(from..to) {
			start = start.min(run_start);
			end = end.max(run_end);
		}
		self.0.insert(from, (start, end));
	}

	/// Takes all of `range` out. Returns whether any of it was in.
	pub fn remove(&mut self, range: Range<u32>) -> bool {
		if range.is_empty() {
			return false;
		}
		let from = self.0.partition_point(|(_, end)| *end <= range.start);
		let to = self.0.partition_point(|(start, _)| *start < range.end);
		if from >= to {
			return false;
		}
		let cut: Vec<_> = self.0.drain(from..to).collect();
		let mut at = from;
		for (start, end) in cut {
			for rest in [(start, range.start.min(end)), (range.end.max(start), end)] {
				if rest.0 < rest.1 {
					self.0.insert(at, rest);
					at += 1;
				}
			}
		}
		true
	}

	/// Start of the first gap of `len` numbers inside `within`.
	pub fn first_gap(&self, len: u32, within: Range<u32>) -> Option<u32> {
		let mut start = within.start;
		for (run_start, run_end) in &self.0 {
			if start.checked_add(len)? <= *run_start {
				break;
			}
			start = start.max(*run_end);
		}
		(start.checked_add(len)? <= within.end).then_some(start)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn set(numbers: &[u32]) -> RunSet {
		let mut set = RunSet::default();
		for number in numbers {
			set.insert(*number..number + 1);
		}
		set
	}

	#[test]
	fn runs_melt_together() {
		let set = set(&[3, 1, 2, 7, 5]);
		assert_eq!(set.runs().collect::<Vec<_>>(), [1..4, 5..6, 7..8]);
		assert_eq!((set.len(), set.end()), (5, 8));
		assert!(set.contains(3) && !set.contains(4) && !set.contains(8));
	}

	#[test]
	fn removal_splits_runs() {
		let mut set = set(&[1, 2, 3, 4, 5, 8]);
		assert!(set.remove(3..4));
		assert_eq!(set.runs().collect::<Vec<_>>(), [1..3, 4..6, 8..9]);
		assert!(set.remove(2..9));
		assert_eq!(set.iter().collect::<Vec<_>>(), [1]);
		assert!(!set.remove(2..9));
	}

	#[test]
	fn gaps_are_found_in_order() {
		let set = set(&[16, 17, 20]);
		assert_eq!(set.first_gap(1, 16..32), Some(18));
		assert_eq!(set.first_gap(3, 16..32), Some(21));
		assert_eq!(set.first_gap(11, 16..32), Some(21));
		assert_eq!(set.first_gap(12, 16..32), None);
		assert_eq!(set.first_gap(u32::MAX, 16..32), None);
		assert_eq!(RunSet::default().first_gap(1, 16..16), None);
	}

	#[test]
	fn agrees_with_a_plain_set() {
		// A small linear congruence, so that the test needs no dependency and never varies.
		let (mut seed, mut runs, mut plain) =
			(7u32, RunSet::default(), alloc::collections::BTreeSet::new());
		for _ in 0..2_000 {
			seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
			let (start, len, insert) = ((seed >> 8) % 64, (seed >> 16) % 8, seed & 128 == 0);
			if insert {
				runs.insert(start..start + len);
				plain.extend(start..start + len);
			} else {
				let any = (start..start + len).filter(|n| plain.remove(n)).count() > 0;
				assert_eq!(runs.remove(start..start + len), any);
			}
			assert_eq!(runs.iter().collect::<Vec<_>>(), plain.iter().copied().collect::<Vec<_>>());
		}
	}
}
