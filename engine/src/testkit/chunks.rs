//! Programs' memory, as the test kit stores it.

use super::table::Undo;
use crate::{ids::ActorId, state::Chunks};
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};

/// What went between a chain's storage and its programs' memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
	/// Chunks of [`CHUNK_SIZE`](crate::CHUNK_SIZE) bytes that were read.
	pub chunks_read: u64,
	/// Chunks that were written.
	pub chunks_written: u64,
	/// Chunks that were removed.
	pub chunks_removed: u64,
	/// Bytes of the chunks that were read.
	pub bytes_read: u64,
	/// Bytes of the chunks that were written.
	pub bytes_written: u64,
}

/// Chunks of one program, by number.
type Map = BTreeMap<u32, Chunk>;

type Chunk = Arc<Vec<u8>>;

/// All programs' memory. Two of them are equal if what they store is, and so is the traffic.
#[derive(Debug, Default)]
pub(super) struct ChunkStore {
	programs: BTreeMap<ActorId, Arc<Map>>,
	/// What was stored before each change of the open transaction, in order of the changes.
	before: Vec<(ActorId, u32, Option<Chunk>)>,
	open: bool,
	/// Without what was read.
	traffic: Traffic,
	/// Counted by whoever runs programs, maybe on another thread.
	read: Arc<Reads>,
}

#[derive(Debug, Default)]
struct Reads {
	chunks: AtomicU64,
	bytes: AtomicU64,
}

impl ChunkStore {
	/// One program's memory, as it is now.
	pub(super) fn memory(&self, program: ActorId) -> Box<dyn Chunks> {
		let map = self.programs.get(&program).cloned().unwrap_or_default();
		Box::new(Snapshot { map, read: self.read.clone() })
	}

	/// A chunk, without counting it.
	pub(super) fn chunk(&self, program: ActorId, index: u32) -> Option<Vec<u8>> {
		self.programs.get(&program)?.get(&index).map(|chunk| chunk.to_vec())
	}

	/// Stores or removes a chunk.
	pub(super) fn set(&mut self, program: ActorId, index: u32, bytes: Option<Vec<u8>>) {
		match &bytes {
			Some(bytes) => {
				self.traffic.chunks_written += 1;
				self.traffic.bytes_written += bytes.len() as u64;
			}
			None => self.traffic.chunks_removed += 1,
		}
		let before = self.replace(program, index, bytes.map(Arc::new));
		if self.open {
			self.before.push((program, index, before));
		}
	}

	/// Stores or removes a chunk, and returns what was there.
	fn replace(&mut self, program: ActorId, index: u32, chunk: Option<Chunk>) -> Option<Chunk> {
		let map = Arc::make_mut(self.programs.entry(program).or_default());
		let before = match chunk {
			Some(chunk) => map.insert(index, chunk),
			None => map.remove(&index),
		};
		if map.is_empty() {
			self.programs.remove(&program);
		}
		before
	}

	/// What has gone in and out.
	pub(super) fn traffic(&self) -> Traffic {
		Traffic {
			chunks_read: self.read.chunks.load(Ordering::Relaxed),
			bytes_read: self.read.bytes.load(Ordering::Relaxed),
			..self.traffic
		}
	}

	/// Begins to count anew.
	pub(super) fn take_traffic(&mut self) -> Traffic {
		let traffic = self.traffic();
		self.traffic = Traffic::default();
		self.read = Arc::default();
		traffic
	}
}

/// What was read and written stays counted, even if it was for nothing.
impl Undo for ChunkStore {
	fn open(&mut self) {
		self.open = true;
	}

	fn close(&mut self) {
		self.open = false;
		self.before.clear();
	}

	fn undo(&mut self) {
		self.open = false;
		for (program, index, before) in core::mem::take(&mut self.before).into_iter().rev() {
			self.replace(program, index, before);
		}
	}
}

impl Clone for ChunkStore {
	fn clone(&self) -> Self {
		let Traffic { chunks_read, bytes_read, .. } = self.traffic();
		let read = Reads { chunks: chunks_read.into(), bytes: bytes_read.into() };
		Self {
			programs: self.programs.clone(),
			before: self.before.clone(),
			open: self.open,
			traffic: self.traffic,
			read: Arc::new(read),
		}
	}
}

impl PartialEq for ChunkStore {
	fn eq(&self, other: &Self) -> bool {
		self.programs == other.programs && self.traffic() == other.traffic()
	}
}

/// A program's memory as it was when this was made.
struct Snapshot {
	map: Arc<Map>,
	read: Arc<Reads>,
}

impl Chunks for Snapshot {
	fn chunk(&self, index: u32) -> Option<Vec<u8>> {
		let chunk = self.map.get(&index)?;
		self.read.chunks.fetch_add(1, Ordering::Relaxed);
		self.read.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
		Some(chunk.to_vec())
	}
}
