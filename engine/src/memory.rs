//! A program's memory: what is there while it runs, and what is stored after it.
//!
//! Physical memory is what a backend runs on: the table of chunks that are not there yet, and the
//! program's own memory behind it (see [`code`](crate::code)). At rest it is clean: all entries of
//! the table are 1, all else is 0. So a backend can run the next program of the same code on it,
//! and a chunk that nobody has stored costs nothing to make.

use crate::{
	code::{CodeMetadata, DataSegment, MAX_PAGES, MEMORY_BASE, PAGES_AT},
	pages::{CHUNK_SIZE, CHUNKS_PER_PAGE, PAGE_SIZE, RunSet},
	program::Program,
	state::Chunks,
};
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use core::ops::Range;

/// Bytes behind a touched chunk that the program may have written to without touching them: those
/// of an access across the border that its alignment hint denies.
const SPILL: usize = 8;

/// A program's memory in a run.
pub(crate) struct Image {
	/// 64 KiB pages it has now.
	pages: u32,
	code: Arc<CodeMetadata>,
	/// Pages the program had allocated before.
	had: RunSet,
	/// Numbers of chunks that are stored.
	stored: RunSet,
	chunks: Box<dyn Chunks>,
	/// Pages allocated in this run: zeros, whatever is stored of them.
	fresh: RunSet,
	/// Chunks that are there, each with what is stored of it.
	touched: Vec<(u32, Option<Vec<u8>>)>,
}

/// What a run did to a program's memory.
#[derive(Debug, Default)]
pub(crate) struct Changes {
	/// All chunks that are to be stored from now on.
	pub(crate) stored: RunSet,
	/// Chunks to store, or to remove.
	pub(crate) chunks: Vec<(u32, Option<Vec<u8>>)>,
}

/// Not all of what was asked for lies in the program's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OutOfBounds;

/// A chunk that is said to be stored is gone or has the wrong size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoChunk(pub(crate) u32);

/// Makes physical memory that is all zeros clean.
pub(crate) fn prepare(physical: &mut [u8]) {
	if let Some(table) = physical.get_mut(..PAGES_AT as usize) {
		table.fill(1);
	}
}

impl Image {
	/// The memory of `program`, of which `chunks` are stored.
	pub(crate) fn new(program: &Program, code: Arc<CodeMetadata>, chunks: Box<dyn Chunks>) -> Self {
		Self {
			pages: code.static_pages.max(program.pages.end()),
			code,
			had: program.pages.clone(),
			stored: program.chunks.clone(),
			chunks,
			fresh: RunSet::default(),
			touched: Vec::new(),
		}
	}

	/// 64 KiB pages that physical memory must have.
	pub(crate) fn physical_pages(&self) -> u32 {
		self.pages + 1
	}

	/// How many chunks are there.
	#[cfg(feature = "wasmtime")]
	pub(crate) fn touched(&self) -> usize {
		self.touched.len()
	}

	/// Begins a run on clean physical memory.
	pub(crate) fn begin(&self, physical: &mut [u8]) {
		let at = PAGES_AT as usize;
		if let Some(pages) = physical.get_mut(at..at + 4) {
			pages.copy_from_slice(&self.pages.to_le_bytes());
		}
	}

	/// The chunks that `len` bytes at an address lie in.
	fn chunks_of(&self, at: u32, len: u32) -> Result<Range<u32>, OutOfBounds> {
		let end = u64::from(at) + u64::from(len);
		if end > u64::from(self.pages) * u64::from(PAGE_SIZE) {
			return Err(OutOfBounds);
		}
		// The end fits, as memory ends long before addresses do.
		let end = if len == 0 { 0 } else { (end as u32).div_ceil(CHUNK_SIZE) };
		Ok(at / CHUNK_SIZE..end)
	}

	/// How many chunks have to be read from storage before `len` bytes at an address are there.
	pub(crate) fn missing(&self, physical: &[u8], at: u32, len: u32) -> Result<u32, OutOfBounds> {
		let chunks = self.chunks_of(at, len)?;
		Ok(chunks.filter(|index| is_absent(physical, *index) && self.is_stored(*index)).count()
			as u32)
	}

	/// Makes `len` bytes at an address be there, all of them inside memory.
	pub(crate) fn touch(&mut self, physical: &mut [u8], at: u32, len: u32) -> Result<(), NoChunk> {
		for index in self.chunks_of(at, len).unwrap_or_default() {
			if !is_absent(physical, index) {
				continue;
			}
			let Some(chunk) = chunk_mut(physical, index) else { continue };
			let stored = if self.is_stored(index) {
				let stored = self.chunks.chunk(index);
				let stored = stored.filter(|stored| stored.len() == chunk.len());
				chunk.copy_from_slice(stored.as_deref().ok_or(NoChunk(index))?);
				stored
			} else {
				// What spilled over from the chunk before is not the program's.
				chunk.iter_mut().take(SPILL).for_each(|byte| *byte = 0);
				self.put_data(chunk, index);
				None
			};
			set_absent(physical, index, false);
			self.touched.push((index, stored));
		}
		Ok(())
	}

	/// Whether a chunk's content is what is stored of it.
	fn is_stored(&self, index: u32) -> bool {
		self.stored.contains(index) && !self.fresh.contains(index / CHUNKS_PER_PAGE)
	}

	/// Makes memory reach up to the end of `pages`, which are zeros from now on.
	pub(crate) fn renew(&mut self, physical: &mut [u8], pages: Range<u32>) {
		let chunks = pages.start * CHUNKS_PER_PAGE..pages.end * CHUNKS_PER_PAGE;
		self.touched.retain(|(index, _)| {
			let renewed = chunks.contains(index);
			if renewed {
				wipe(physical, *index);
				set_absent(physical, *index, true);
			}
			!renewed
		});
		self.pages = self.pages.max(pages.end);
		self.begin(physical);
		self.fresh.insert(pages);
	}

	/// What is to be stored after a run that left the program with `allocated` pages.
	pub(crate) fn changes(&self, physical: &[u8], allocated: &RunSet) -> Changes {
		let owned = |index: u32| {
			let page = index / CHUNKS_PER_PAGE;
			page < self.code.static_pages || allocated.contains(page)
		};
		let scratch = self.code.stack_end / CHUNK_SIZE;
		let mut chunks = BTreeMap::new();
		if self.had != *allocated || !self.fresh.is_empty() {
			// What is stored of pages that are freed now, or begun anew.
			let gone = |index: &u32| !owned(*index) || !self.is_stored(*index);
			chunks.extend(self.stored.iter().filter(gone).map(|index| (index, None)));
		}
		for (index, before) in &self.touched {
			let Some(now) = chunk(physical, *index) else { continue };
			if *index < scratch || !owned(*index) {
				continue;
			}
			match before {
				_ if self.is_initial(*index, now) => {
					if before.is_some() {
						chunks.insert(*index, None);
					}
				}
				Some(before) if before == now => {}
				_ => {
					chunks.insert(*index, Some(now.to_vec()));
				}
			}
		}
		let mut stored = self.stored.clone();
		for (index, bytes) in &chunks {
			match bytes {
				Some(_) => stored.insert(*index..index + 1),
				None => {
					stored.remove(*index..index + 1);
				}
			}
		}
		Changes { stored, chunks: chunks.into_iter().collect() }
	}

	/// Cleans physical memory after a run.
	pub(crate) fn clean(&self, physical: &mut [u8]) {
		for (index, _) in &self.touched {
			wipe(physical, *index);
			set_absent(physical, *index, true);
		}
	}

	/// Puts into a chunk what the code's data segments have of it.
	fn put_data(&self, chunk: &mut [u8], index: u32) {
		for segment in self.data_of(index) {
			put(chunk, index * CHUNK_SIZE, segment.offset, &segment.bytes);
		}
	}

	/// The code's data segments that reach into a chunk.
	fn data_of(&self, index: u32) -> &[DataSegment] {
		let start = u64::from(index) * u64::from(CHUNK_SIZE);
		let end = start + u64::from(CHUNK_SIZE);
		// By address, without overlap: so are their ends.
		let data = &self.code.data;
		let from = data.partition_point(|segment| segment.end() <= start);
		let to = data.partition_point(|segment| u64::from(segment.offset) < end);
		data.get(from..to).unwrap_or_default()
	}

	/// Whether a chunk is as the code's data segments have it.
	fn is_initial(&self, index: u32, now: &[u8]) -> bool {
		if self.data_of(index).is_empty() {
			return is_zero(now);
		}
		let mut initial = [0; CHUNK_SIZE as usize];
		self.put_data(&mut initial, index);
		now == initial
	}
}

/// Where in physical memory a chunk is.
fn place(index: u32) -> Range<usize> {
	let start = MEMORY_BASE as usize + index as usize * CHUNK_SIZE as usize;
	start..start + CHUNK_SIZE as usize
}

fn chunk(physical: &[u8], index: u32) -> Option<&[u8]> {
	physical.get(place(index))
}

fn chunk_mut(physical: &mut [u8], index: u32) -> Option<&mut [u8]> {
	physical.get_mut(place(index))
}

/// Makes a chunk zeros, and what may have spilled over from it.
fn wipe(physical: &mut [u8], index: u32) {
	let Range { start, end } = place(index);
	// What spilled into a chunk that is there is part of it.
	let end = if is_absent(physical, index + 1) { end + SPILL } else { end };
	if let Some(chunk) = physical.get_mut(start..end) {
		chunk.fill(0);
	}
}

/// Whether a chunk is not there yet.
fn is_absent(physical: &[u8], index: u32) -> bool {
	physical.get(index as usize).is_some_and(|entry| *entry != 0)
}

fn set_absent(physical: &mut [u8], index: u32, absent: bool) {
	if let Some(entry) = physical.get_mut(index as usize) {
		*entry = u8::from(absent);
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
pub(crate) fn heap(code: &CodeMetadata, limit: u32) -> Range<u32> {
	let end = code.max_pages.unwrap_or(limit).min(limit).min(MAX_PAGES);
	code.static_pages..end.max(code.static_pages)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::code::Entries;

	/// Chunk 5 is stored.
	struct Five;

	impl Chunks for Five {
		fn chunk(&self, index: u32) -> Option<Vec<u8>> {
			(index == 5).then(|| alloc::vec![7; CHUNK_SIZE as usize])
		}
	}

	fn image(stored: &[u32]) -> Image {
		let code = CodeMetadata {
			entries: Entries::default(),
			static_pages: 1,
			max_pages: None,
			stack_end: 2 * CHUNK_SIZE,
			// Two segments in one chunk, and one over the border of the next.
			data: [(3 * CHUNK_SIZE - 2, "abcd"), (3 * CHUNK_SIZE + 9, "x")]
				.map(|(offset, text)| DataSegment { offset, bytes: text.as_bytes().to_vec() })
				.to_vec(),
			len: 0,
		};
		let mut program = Program::new([0; 32].into(), [0; 32].into());
		stored.iter().for_each(|index| program.chunks.insert(*index..index + 1));
		program.pages.insert(1..2);
		Image::new(&program, Arc::new(code), Box::new(Five))
	}

	struct Memory {
		image: Image,
		physical: Vec<u8>,
	}

	impl Memory {
		fn new(stored: &[u32]) -> Self {
			let image = image(stored);
			let mut physical = alloc::vec![0; image.physical_pages() as usize * 65_536];
			prepare(&mut physical);
			image.begin(&mut physical);
			Self { image, physical }
		}

		fn at(&mut self, at: u32, len: u32) -> &mut [u8] {
			self.image.touch(&mut self.physical, at, len).expect("it is stored");
			&mut self.physical[(MEMORY_BASE + at) as usize..][..len as usize]
		}

		/// What is stored, and what is changed, when these pages are allocated.
		fn end(mut self, allocated: &[u32]) -> (Vec<u32>, Vec<(u32, bool)>) {
			let mut pages = RunSet::default();
			allocated.iter().for_each(|page| pages.insert(*page..page + 1));
			let Changes { stored, chunks } = self.image.changes(&self.physical, &pages);
			self.image.clean(&mut self.physical);
			assert!(self.physical[..PAGES_AT as usize].iter().all(|entry| *entry == 1));
			assert!(is_zero(&self.physical[MEMORY_BASE as usize..]));
			let chunks = chunks.into_iter().map(|(index, bytes)| (index, bytes.is_some()));
			(stored.iter().collect(), chunks.collect())
		}
	}

	#[test]
	fn nothing_touched_nothing_written() {
		assert_eq!(Memory::new(&[5]).end(&[1]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn nothing_changed_nothing_written() {
		let mut memory = Memory::new(&[5]);
		assert_eq!(memory.image.missing(&memory.physical, 0, 65_536), Ok(1));
		assert_eq!(memory.at(0, 65_536)[5 * 4096 - 1..][..2], [0, 7]);
		assert_eq!(memory.at(3 * CHUNK_SIZE - 2, 12), b"abcd\0\0\0\0\0\0\0x");
		assert_eq!(memory.image.missing(&memory.physical, 0, 65_536), Ok(0));
		assert_eq!(memory.end(&[1]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn memory_has_an_end() {
		let memory = Memory::new(&[5]);
		let missing = |at, len| memory.image.missing(&memory.physical, at, len);
		assert_eq!(missing(131_071, 1), Ok(0));
		assert_eq!(missing(131_072, 0), Ok(0));
		assert_eq!(missing(131_072, 1), Err(OutOfBounds));
		assert_eq!(missing(131_073, 0), Err(OutOfBounds));
		assert_eq!(missing(5, u32::MAX), Err(OutOfBounds));
	}

	#[test]
	fn the_stack_is_scratch() {
		let mut memory = Memory::new(&[5]);
		memory.at(0, 8192).fill(1);
		assert_eq!(memory.end(&[1]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn data_is_told_from_changes() {
		let mut memory = Memory::new(&[5]);
		memory.at(3 * CHUNK_SIZE, 1)[0] = b'C';
		assert_eq!(memory.end(&[1]), (Vec::from([3, 5]), Vec::from([(3, true)])));
		let mut memory = Memory::new(&[5]);
		memory.at(3 * CHUNK_SIZE, 1)[0] = b'c';
		assert_eq!(memory.end(&[1]), (Vec::from([5]), Vec::new()));
	}

	#[test]
	fn zeros_are_removed() {
		let mut memory = Memory::new(&[5]);
		memory.at(5 * CHUNK_SIZE, 4096).fill(0);
		assert_eq!(memory.end(&[1]), (Vec::new(), Vec::from([(5, false)])));
	}

	#[test]
	fn only_allocated_pages_are_kept() {
		let mut memory = Memory::new(&[5, 18]);
		memory.at(65_536, 1)[0] = 1;
		assert_eq!(memory.end(&[]), (Vec::from([5]), Vec::from([(18, false)])));
		let mut memory = Memory::new(&[5, 18]);
		memory.at(65_536, 1)[0] = 1;
		assert_eq!(memory.end(&[1]), (Vec::from([5, 16, 18]), Vec::from([(16, true)])));
	}

	#[test]
	fn pages_allocated_again_begin_with_zeros() {
		let mut memory = Memory::new(&[5, 18, 19]);
		memory.at(65_536, 1)[0] = 1;
		memory.image.renew(&mut memory.physical, 1..3);
		assert_eq!(memory.image.missing(&memory.physical, 65_536, 131_072), Ok(0));
		memory.physical.resize(4 * 65_536, 0);
		assert!(is_zero(memory.at(65_536, 131_072)));
		memory.at(18 * CHUNK_SIZE, 1)[0] = 1;
		let changes = Vec::from([(18, true), (19, false)]);
		assert_eq!(memory.end(&[1, 2]), (Vec::from([5, 18]), changes));
	}

	#[test]
	fn what_spills_over_a_border_is_lost() {
		let mut memory = Memory::new(&[5]);
		memory.at(7 * CHUNK_SIZE, 1);
		let border = (MEMORY_BASE + 8 * CHUNK_SIZE) as usize;
		memory.physical[border - 4..border + 4].fill(9);
		assert!(is_zero(memory.at(8 * CHUNK_SIZE, 4096)));
		assert_eq!(memory.end(&[1]), (Vec::from([5, 7]), Vec::from([(7, true)])));
		let mut memory = Memory::new(&[5]);
		memory.at(7 * CHUNK_SIZE, 1);
		memory.physical[border - 4..border + 4].fill(9);
		assert_eq!(memory.end(&[1]), (Vec::from([5, 7]), Vec::from([(7, true)])));
	}
}
