//! What processing messages adds to the proof of validity.
//!
//! Gas buys time; what a parachain block is short of besides is storage proof. So before a message
//! is taken it is asked what it may touch at its worst, which is known: its own bytes, its
//! program's code unless that is in the block already, and as many chunks of the program's memory
//! as its gas can read and write. A message that may not fit stays for another block.

use crate::{
	Codes, Config, GasNodes, MAX_METERED_LEN, Pallet, Programs, Queue,
	weights::{CHUNK_PATH, CHUNK_PROOF, KEY_PROOF, MESSAGE_PROOF},
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	sync::Arc,
};
use core::{
	cell::RefCell,
	sync::atomic::{AtomicU64, Ordering},
};
use gearway_engine::{CHUNKS_PER_PAGE, CodeId, Gas, Position, Queued, Settings};
use gearway_primitives::{Builtin, RouteMessage};
use polkadot_sdk::frame_support::traits::Get;

/// Bytes of storage proof that are needed so far. Reading is what costs proof, and the engine
/// reads through shared references, and through what it keeps while a program runs.
#[derive(Clone, Default)]
pub(crate) struct Reads(Arc<AtomicU64>);

impl Reads {
	fn get(&self) -> u64 {
		self.0.load(Ordering::Relaxed)
	}

	fn add(&self, bytes: u64) {
		// There is one thread.
		self.0.store(self.get().saturating_add(bytes), Ordering::Relaxed);
	}

	/// A chunk of a program's memory was read.
	pub(crate) fn read_chunk(&self) {
		self.add(CHUNK_PROOF);
	}
}

/// Counts the bytes of storage proof that a block's messages need, from above.
pub(crate) struct ProofMeter {
	budget: u64,
	used: Reads,
	/// What is set aside for messages that a round has taken, by their places.
	aside: BTreeMap<Position, u64>,
	/// The sum of it.
	set_aside: u64,
	codes: RefCell<BTreeSet<CodeId>>,
}

impl ProofMeter {
	pub(crate) fn new(budget: u64) -> Self {
		Self {
			budget,
			used: Reads::default(),
			aside: BTreeMap::new(),
			set_aside: 0,
			codes: RefCell::new(BTreeSet::new()),
		}
	}

	/// Bytes counted so far.
	pub(crate) fn used(&self) -> u64 {
		self.used.get()
	}

	/// For what reads while a program runs.
	pub(crate) fn reads(&self) -> Reads {
		self.used.clone()
	}

	/// An instrumented code was read.
	pub(crate) fn loaded(&self, code: CodeId, len: usize) {
		if self.codes.borrow_mut().insert(code) {
			self.used.add((len as u64).saturating_add(KEY_PROOF));
		}
	}

	/// A chunk of a program's memory was written: what was there before need not be known.
	pub(crate) fn wrote_chunk(&self) {
		self.used.add(CHUNK_PATH);
	}

	/// A message left for a user or another chain.
	pub(crate) fn routed<T: Config>(&self, len: u32) {
		self.used.add(T::Router::weight(len).proof_size());
	}

	/// A message of `size` bytes was read where it lay.
	pub(crate) fn read_message(&self, size: u32) {
		self.used.add(MESSAGE_PROOF.saturating_add(size.into()));
	}

	/// A message is dealt with now: its room is what it uses.
	pub(crate) fn taken<T: Config>(&mut self, position: Position) {
		self.release(position);
		if let Some(link) = Queue::<T>::get(position) {
			self.used.add(Self::fixed::<T>(link.size, &link.queued));
		}
	}

	/// Sets room aside for all that the message at `position` may do, if there is so much.
	pub(crate) fn set_aside<T: Config>(&mut self, position: Position) -> bool {
		self.release(position);
		let Some(link) = Queue::<T>::get(position) else { return true };
		let needed = Self::fixed::<T>(link.size, &link.queued)
			.saturating_add(self.variable::<T>(&link.queued));
		let all = self.used().saturating_add(self.set_aside).saturating_add(needed);
		if all > self.budget {
			return false;
		}
		self.aside.insert(position, needed);
		self.set_aside = self.set_aside.saturating_add(needed);
		true
	}

	fn release(&mut self, position: Position) {
		let room = self.aside.remove(&position).unwrap_or(0);
		self.set_aside = self.set_aside.saturating_sub(room);
	}

	/// Whether a task, whatever it is, fits into what is left.
	pub(crate) fn has_room_for_task<T: Config>(&self) -> bool {
		self.used().saturating_add(Pallet::<T>::task_proof()) <= self.budget
	}

	/// What a message takes whatever it does.
	fn fixed<T: Config>(size: u32, queued: &Queued) -> u64 {
		let builtin = match T::Builtins::is_builtin(queued.destination) {
			true => T::Builtins::weight().proof_size(),
			false => 0,
		};
		MESSAGE_PROOF.saturating_add(size.into()).saturating_add(builtin)
	}

	/// What a message may take beyond that: code, memory, and one message out. Messages out share
	/// what they touch, so that one stands for all.
	fn variable<T: Config>(&self, queued: &Queued) -> u64 {
		let Some(program) = Programs::<T>::get(queued.destination) else { return 0 };
		let metadata = Codes::<T>::get(program.code);
		let code_len = metadata.as_ref().map_or(0, |metadata| metadata.len);
		let data: u64 = metadata.iter().flat_map(|m| &m.data).map(|d| d.bytes.len() as u64).sum();
		let code = match self.codes.borrow().contains(&program.code) {
			true => 0,
			false => u64::from(code_len).saturating_add(data).saturating_add(2 * KEY_PROOF),
		};

		let Settings { schedule, limits } = T::Settings::get();
		let gas = GasNodes::<T>::get(queued.gas_node).map_or(0, |node| node.remaining);
		let most = u64::from(limits.pages.saturating_mul(CHUNKS_PER_PAGE));
		let affordable = |price: Gas| gas.checked_div(price).unwrap_or(u64::MAX).min(most);
		let read = affordable(schedule.chunk_read).min(program.chunks.len().into());
		let written = affordable(schedule.chunk_write);
		let chunks =
			read.saturating_mul(CHUNK_PROOF).saturating_add(written.saturating_mul(CHUNK_PATH));
		code.saturating_add(chunks).saturating_add(T::Router::weight(0).proof_size())
	}
}

impl<T: Config> Pallet<T> {
	/// The most storage proof that a task can need, in bytes: what it is about, and a message out.
	pub(crate) fn task_proof() -> u64 {
		let payload_len = T::Settings::get().limits.payload_len;
		MESSAGE_PROOF
			.saturating_add(payload_len.into())
			.saturating_add(T::Router::weight(payload_len).proof_size())
	}

	/// The most storage proof that a single message can need, in bytes.
	pub fn worst_case_proof() -> u64 {
		let limits = T::Settings::get().limits;
		let chunks = u64::from(limits.pages.saturating_mul(CHUNKS_PER_PAGE));
		MESSAGE_PROOF
			.saturating_add(limits.payload_len.into())
			.saturating_add(MAX_METERED_LEN.into())
			.saturating_add(chunks.saturating_mul(CHUNK_PROOF + CHUNK_PATH))
			.saturating_add(T::Router::weight(limits.payload_len).proof_size())
			.saturating_add(T::Builtins::weight().proof_size())
	}
}
