//! A program's memory between messages: what is loaded before a run, what is stored after it.

use crate::{
	code::{CodeMetadata, DataSegment},
	ids::ActorId,
	pages::{CHUNK_SIZE, CHUNKS_PER_PAGE, RunSet},
	program::Program,
	state::{ApplyError, State},
};
use alloc::{collections::BTreeMap, vec::Vec};

/// A program's memory as it is before a run.
#[derive(Debug)]
pub(crate) struct Image {
	/// 64 KiB pages it begins with.
	pub(crate) pages: u32,
	/// 64 KiB pages the code declares.
	static_pages: u32,
	/// First chunk that is not wholly scratch.
	first_chunk: u32,
	data: Vec<DataSegment>,
	/// Chunks that are stored.
	stored: BTreeMap<u32, Vec<u8>>,
}

/// What a run did to a program's memory.
#[derive(Debug, Default)]
pub(crate) struct Changes {
	/// All chunks that are to be stored from now on.
	pub(crate) stored: RunSet,
	/// Chunks to store, or to remove.
	pub(crate) chunks: Vec<(u32, Option<Vec<u8>>)>,
}

impl Image {
	/// Loads what is stored of `program`'s memory.
	pub(crate) fn load(
		state: &impl State,
		id: ActorId,
		program: &Program,
		code: &CodeMetadata,
	) -> Result<Self, ApplyError> {
		let chunks = state.memory(id);
		let mut stored = BTreeMap::new();
		for index in program.chunks.iter() {
			let chunk = chunks.chunk(index).ok_or(ApplyError::NoChunk(id, index))?;
			if chunk.len() != CHUNK_SIZE as usize {
				return Err(ApplyError::NoChunk(id, index));
			}
			stored.insert(index, chunk);
		}
		Ok(Self {
			pages: code.static_pages.max(program.pages.end()),
			static_pages: code.static_pages,
			first_chunk: code.stack_end / CHUNK_SIZE,
			data: code.data.clone(),
			stored,
		})
	}

	/// Fills `memory`, which is all zeros, for a run.
	pub(crate) fn fill(&self, memory: &mut [u8]) {
		for segment in &self.data {
			put(memory, 0, segment.offset, &segment.bytes);
		}
		for (index, chunk) in &self.stored {
			put(memory, 0, index * CHUNK_SIZE, chunk);
		}
	}

	/// What is to be stored of `memory` after a run that left `allocated` pages.
	pub(crate) fn changes(&self, memory: &[u8], allocated: &RunSet) -> Changes {
		let mut owned = allocated.clone();
		owned.insert(0..self.static_pages);

		let mut changes = Changes::default();
		for pages in owned.runs() {
			let first = (pages.start * CHUNKS_PER_PAGE).max(self.first_chunk);
			for index in first..pages.end * CHUNKS_PER_PAGE {
				self.compare(memory, index, &mut changes);
			}
		}
		// What was stored of pages that are freed now.
		for index in self.stored.keys() {
			if !owned.contains(index / CHUNKS_PER_PAGE) {
				changes.chunks.push((*index, None));
			}
		}
		changes
	}

	fn compare(&self, memory: &[u8], index: u32, changes: &mut Changes) {
		let start = index as usize * CHUNK_SIZE as usize;
		let Some(now) = memory.get(start..start + CHUNK_SIZE as usize) else { return };
		let before = self.stored.get(&index);
		if self.is_initial(index, now) {
			if before.is_some() {
				changes.chunks.push((index, None));
			}
			return;
		}
		changes.stored.insert(index..index + 1);
		if before.is_none_or(|before| before != now) {
			changes.chunks.push((index, Some(now.to_vec())));
		}
	}

	/// Whether a chunk is as the code's data segments have it.
	fn is_initial(&self, index: u32, now: &[u8]) -> bool {
		let start = index * CHUNK_SIZE;
		let end = u64::from(start) + u64::from(CHUNK_SIZE);
		// By address, without overlap: so are their ends.
		let from = self.data.partition_point(|segment| segment.end() <= u64::from(start));
		let to = self.data.partition_point(|segment| u64::from(segment.offset) < end);
		let touching = self.data.get(from..to).unwrap_or_default();
		if touching.is_empty() {
			return is_zero(now);
		}
		let mut initial = alloc::vec![0; CHUNK_SIZE as usize];
		for segment in touching {
			put(&mut initial, start, segment.offset, &segment.bytes);
		}
		now == initial
	}
}

/// Whether all bytes of a chunk are 0, looking at eight at a time.
fn is_zero(chunk: &[u8]) -> bool {
	let (words, rest) = chunk.as_chunks::<8>();
	words.iter().all(|word| u64::from_ne_bytes(*word) == 0) && rest.iter().all(|byte| *byte == 0)
}

/// Writes `bytes` at address `at` into `memory`, which begins at address `base`; what lies
/// outside is left out.
fn put(memory: &mut [u8], base: u32, at: u32, bytes: &[u8]) {
	let skip = base.saturating_sub(at) as usize;
	let at = at.saturating_sub(base) as usize;
	let Some(bytes) = bytes.get(skip..) else { return };
	let Some(memory) = memory.get_mut(at..) else { return };
	let len = bytes.len().min(memory.len());
	if let (Some(to), Some(from)) = (memory.get_mut(..len), bytes.get(..len)) {
		to.copy_from_slice(from);
	}
}

/// 64 KiB pages that a program may allocate.
pub(crate) fn heap(code: &CodeMetadata, limit: u32) -> core::ops::Range<u32> {
	let end = code.max_pages.unwrap_or(limit).min(limit);
	code.static_pages..end.max(code.static_pages)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::pages::PAGE_SIZE;

	fn image() -> Image {
		Image {
			pages: 2,
			static_pages: 1,
			first_chunk: 2,
			// Two segments in one chunk, and one over the border of the next.
			data: [(3 * CHUNK_SIZE - 2, "abcd"), (3 * CHUNK_SIZE + 9, "x")]
				.map(|(offset, text)| DataSegment { offset, bytes: text.as_bytes().to_vec() })
				.to_vec(),
			stored: [(5, alloc::vec![7; CHUNK_SIZE as usize])].into(),
		}
	}

	fn run(change: impl FnOnce(&mut [u8]), allocated: &[u32]) -> (Vec<u32>, Vec<(u32, bool)>) {
		let image = image();
		let mut memory = alloc::vec![0; 2 * PAGE_SIZE as usize];
		image.fill(&mut memory);
		change(&mut memory);
		let mut pages = RunSet::default();
		for page in allocated {
			pages.insert(*page..page + 1);
		}
		let Changes { stored, chunks } = image.changes(&memory, &pages);
		(
			stored.iter().collect(),
			chunks.into_iter().map(|(index, bytes)| (index, bytes.is_some())).collect(),
		)
	}

	#[test]
	fn nothing_changed_nothing_written() {
		assert_eq!(run(|_| {}, &[]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn the_stack_is_scratch() {
		assert_eq!(run(|memory| memory[..8192].fill(1), &[]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn data_is_told_from_changes() {
		let at = 3 * CHUNK_SIZE as usize;
		assert_eq!(
			run(|memory| memory[at] = b'C', &[]),
			(Vec::from([3, 5]), Vec::from([(3, true)]))
		);
		assert_eq!(run(|memory| memory[at] = b'c', &[]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn zeros_are_removed() {
		let at = 5 * CHUNK_SIZE as usize;
		let zero = |memory: &mut [u8]| memory[at..at + 4096].fill(0);
		assert_eq!(run(zero, &[]), (Vec::new(), Vec::from([(5, false)])));
	}

	#[test]
	fn only_allocated_pages_are_kept() {
		let write = |memory: &mut [u8]| memory[PAGE_SIZE as usize] = 1;
		assert_eq!(run(write, &[]), (Vec::from([5]), Vec::new()));
		assert_eq!(run(write, &[1]), (Vec::from([5, 16]), Vec::from([(16, true)])));
	}
}
