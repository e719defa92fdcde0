//! What memory begins with, put in order.

use super::DataSegment;
use alloc::{collections::BTreeMap, vec::Vec};

/// Initial memory while its segments are read: pieces that do not overlap, by address.
#[derive(Default)]
pub(super) struct InitialMemory(BTreeMap<u32, Vec<u8>>);

impl InitialMemory {
	/// Puts `bytes` at `offset`, over what is there. They end at most where 32-bit addresses do.
	pub(super) fn put(&mut self, offset: u32, bytes: &[u8]) {
		let start = u64::from(offset);
		let end = start + bytes.len() as u64;
		if bytes.is_empty() {
			return;
		}
		// A piece that begins before is cut; what sticks out behind the new one is kept.
		if let Some((&at, piece)) = self.0.range_mut(..offset).next_back() {
			let tail = cut(u64::from(at), piece, end);
			piece.truncate((start - u64::from(at)).min(piece.len() as u64) as usize);
			self.keep(end, tail);
		}
		// Pieces that begin inside are gone, up to what sticks out of the last.
		while let Some((&at, _)) = self.0.range(offset..).next()
			&& u64::from(at) < end
		{
			let Some(piece) = self.0.remove(&at) else { break };
			let tail = cut(u64::from(at), &piece, end);
			self.keep(end, tail);
		}
		self.0.insert(offset, bytes.to_vec());
	}

	fn keep(&mut self, at: u64, bytes: Vec<u8>) {
		// There is an address behind `end`, as there is a byte at it.
		if let (false, Ok(at)) = (bytes.is_empty(), u32::try_from(at)) {
			self.0.insert(at, bytes);
		}
	}

	/// The address of the first byte there is.
	pub(super) fn first(&self) -> Option<u32> {
		self.0.keys().next().copied()
	}

	/// The pieces, by address; what touches is one.
	pub(super) fn into_segments(self) -> Vec<DataSegment> {
		let mut segments = Vec::<DataSegment>::new();
		for (offset, bytes) in self.0 {
			match segments.last_mut() {
				Some(last) if last.end() == u64::from(offset) => last.bytes.extend(bytes),
				_ => segments.push(DataSegment { offset, bytes }),
			}
		}
		segments
	}
}

/// What of a piece at `at` lies at `end` and behind.
fn cut(at: u64, piece: &[u8], end: u64) -> Vec<u8> {
	let inside = end.saturating_sub(at).min(piece.len() as u64) as usize;
	piece.get(inside..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::string::String;

	fn segments(puts: &[(u32, &str)]) -> Vec<(u32, String)> {
		let mut memory = InitialMemory::default();
		for (offset, text) in puts {
			memory.put(*offset, text.as_bytes());
		}
		let text = |segment: DataSegment| {
			(segment.offset, String::from_utf8(segment.bytes).expect("made of text"))
		};
		memory.into_segments().into_iter().map(text).collect()
	}

	fn expect(puts: &[(u32, &str)], expected: &[(u32, &str)]) {
		let expected: Vec<_> =
			expected.iter().map(|(offset, text)| (*offset, String::from(*text))).collect();
		assert_eq!(segments(puts), expected);
	}

	#[test]
	fn later_segments_cover_earlier_ones() {
		expect(&[(10, "abcdef"), (12, "XY")], &[(10, "abXYef")]);
		expect(&[(10, "abcdef"), (8, "XXXX")], &[(8, "XXXXcdef")]);
		expect(&[(10, "abcdef"), (14, "XXXX")], &[(10, "abcdXXXX")]);
		expect(&[(10, "a"), (12, "b"), (14, "c"), (9, "XXXXXX")], &[(9, "XXXXXX")]);
		expect(&[(10, "ab"), (10, "X")], &[(10, "Xb")]);
	}

	#[test]
	fn what_touches_is_one_and_what_is_apart_is_not() {
		expect(&[(12, "cd"), (10, "ab")], &[(10, "abcd")]);
		expect(&[(13, "d"), (10, "ab")], &[(10, "ab"), (13, "d")]);
		expect(&[(5, ""), (7, "")], &[]);
		expect(&[(u32::MAX, "z"), (u32::MAX - 1, "yz")], &[(u32::MAX - 1, "yz")]);
	}

	#[test]
	fn agrees_with_plain_memory() {
		let mut seed = 3u32;
		for _ in 0..200 {
			let (mut memory, mut plain) = (InitialMemory::default(), [0u8; 64]);
			for round in 1..12u8 {
				seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
				let (at, len) = ((seed >> 8) % 48, (seed >> 20) % 16);
				let bytes = alloc::vec![round; len as usize];
				memory.put(at, &bytes);
				plain[at as usize..(at + len) as usize].copy_from_slice(&bytes);
			}
			let mut filled = [0u8; 64];
			let segments = memory.into_segments();
			assert!(segments.windows(2).all(|two| two[0].end() < u64::from(two[1].offset)));
			for DataSegment { offset, bytes } in segments {
				filled[offset as usize..][..bytes.len()].copy_from_slice(&bytes);
			}
			assert_eq!(filled, plain);
		}
	}
}
