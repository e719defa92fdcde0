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
use alloc::collections::BTreeSet;
use core::cell::{Cell, RefCell};
use gearway_engine::{CHUNKS_PER_PAGE, CodeId, Gas, Position, Queued, Settings};
use gearway_primitives::{Builtin, RouteMessage};
use polkadot_sdk::frame_support::traits::Get;

/// Counts the bytes of storage proof that a block's messages need, from above.
pub(crate) struct ProofMeter {
	budget: u64,
	// Reading is what costs proof, and the engine reads through a shared reference.
	used: Cell<u64>,
	codes: RefCell<BTreeSet<CodeId>>,
}

impl ProofMeter {
	pub(crate) fn new(budget: u64) -> Self {
		Self { budget, used: Cell::new(0), codes: RefCell::new(BTreeSet::new()) }
	}

	/// Bytes counted so far.
	pub(crate) fn used(&self) -> u64 {
		self.used.get()
	}

	fn add(&self, bytes: u64) {
		self.used.set(self.used.get().saturating_add(bytes));
	}

	/// An instrumented code was read.
	pub(crate) fn loaded(&self, code: CodeId, len: usize) {
		if self.codes.borrow_mut().insert(code) {
			self.add((len as u64).saturating_add(KEY_PROOF));
		}
	}

	/// A chunk of a program's memory was read.
	pub(crate) fn read_chunk(&self) {
		self.add(CHUNK_PROOF);
	}

	/// A chunk of a program's memory was written: what was there before need not be known.
	pub(crate) fn wrote_chunk(&self) {
		self.add(CHUNK_PATH);
	}

	/// A message left for a user or another chain.
	pub(crate) fn routed<T: Config>(&self, len: u32) {
		self.add(T::Router::weight(len).proof_size());
	}

	/// A message is about to be taken.
	pub(crate) fn taken<T: Config>(&self, position: Position) {
		if let Some(link) = Queue::<T>::get(position) {
			self.add(self.fixed::<T>(link.size, &link.queued));
		}
	}

	/// Whether the message at `position`, whatever it does, fits into what is left.
	pub(crate) fn has_room<T: Config>(&self, position: Position) -> bool {
		let Some(link) = Queue::<T>::get(position) else { return true };
		let needed = self
			.fixed::<T>(link.size, &link.queued)
			.saturating_add(self.variable::<T>(&link.queued));
		self.used().saturating_add(needed) <= self.budget
	}

	/// What a message takes whatever it does.
	fn fixed<T: Config>(&self, size: u32, queued: &Queued) -> u64 {
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
