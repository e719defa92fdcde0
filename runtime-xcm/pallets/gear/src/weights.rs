//! What the calls and the work at the end of the block cost.
//!
//! Upper bounds by hand, until the runtime's benchmarks replace them:
//!
//! - **Database**: the operations are counted in the code and priced by the runtime's `DbWeight`.
//! - **Proof**: each key read or written brings [`KEY_PROOF`] bytes of trie nodes, and its value.
//!   Values are taken at their longest.
//! - **Computing**: measured natively on the build machine, under load, and multiplied by at least
//!   three; a runtime's compiled Wasm is about half as fast as native code. What was measured is
//!   said beside each figure.

use crate::MAX_UPLOADERS;
use core::marker::PhantomData;
use gearway_engine::CHUNK_SIZE;
use polkadot_sdk::{
	frame_support::traits::Get,
	frame_system,
	sp_weights::{RuntimeDbWeight, Weight},
};

/// What the pallet's calls and hooks cost.
pub trait WeightInfo {
	/// [`upload_code`](crate::Pallet::upload_code) of `len` bytes.
	fn upload_code(len: u32) -> Weight;

	/// [`create_program`](crate::Pallet::create_program) with salt and payload of `len` bytes
	/// together.
	fn create_program(len: u32) -> Weight;

	/// [`send_message`](crate::Pallet::send_message) with a payload of `len` bytes.
	fn send_message(len: u32) -> Weight;

	/// [`upload_program`](crate::Pallet::upload_program).
	fn upload_program(code_len: u32, len: u32) -> Weight {
		Self::upload_code(code_len).saturating_add(Self::create_program(len))
	}

	/// Looking whether there is anything to do at the end of a block.
	fn on_idle() -> Weight;

	/// Passing over a message that does not fit.
	fn pass_over() -> Weight;

	/// [`send_reply`](crate::Pallet::send_reply) with a payload of `len` bytes.
	fn send_reply(len: u32) -> Weight;

	/// [`claim_value`](crate::Pallet::claim_value).
	fn claim_value() -> Weight;

	/// [`set_uploaders`](crate::Pallet::set_uploaders) to `count` accounts, whatever was before.
	fn set_uploaders(count: u32) -> Weight;

	/// A builtin actor's reply that was put off, of at most a kilobyte.
	fn answer() -> Weight;
}

/// A key's share of a storage proof: trie nodes on the way to it, of a trie of a million keys.
pub const KEY_PROOF: u64 = 2_048;

/// The way to a chunk of memory in a storage proof: its share of the nodes that a program's chunks
/// have in common.
pub const CHUNK_PATH: u64 = 1_024;

/// A chunk of memory in a storage proof, and the way to it.
pub const CHUNK_PROOF: u64 = CHUNK_SIZE as u64 + CHUNK_PATH;

/// What a message takes in a storage proof besides its payload, code and memory: seventeen keys
/// (queue, two neighbours, entry, gas node, program, code's metadata, three accounts with their
/// holds, a place in the waitlist, mailbox or stash with its task, who awaits its end) and their
/// values.
pub const MESSAGE_PROOF: u64 = 17 * KEY_PROOF + 4_096;

/// The longest list of who may upload.
const UPLOADERS_PROOF: Weight = Weight::from_parts(0, 32 * MAX_UPLOADERS as u64);

/// Longest record of a program or gas node, a link of the queue, or an account with its holds.
const RECORD: u64 = 1_024;

/// Database operations of taking a message out of the queue and closing its books: queue, link,
/// two neighbours, entry, gas node, program and its code's metadata; accounts and holds of payer,
/// block author and destination.
pub fn take_message(db: RuntimeDbWeight) -> Weight {
	db.reads_writes(13, 12)
}

/// Database operations of putting a message into the queue: queue, link, neighbour, entry, nonce,
/// gas node, account and hold of who pays.
pub fn queue_message(db: RuntimeDbWeight) -> Weight {
	db.reads_writes(7, 8)
}

/// Database operations of scheduling a task and doing it: task, agenda twice, what it is about, gas
/// node, program, and the queue, link, neighbour and entry that it may come to; accounts and holds
/// of who pays and who gets value.
pub fn run_task(db: RuntimeDbWeight) -> Weight {
	db.reads_writes(14, 14)
}

/// The figures for a runtime of the database prices of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> SubstrateWeight<T> {
	/// Proof of `keys` records.
	fn proof(keys: u64) -> Weight {
		Weight::from_parts(0, keys.saturating_mul(KEY_PROOF + RECORD))
	}

	/// Computing: `fixed` picoseconds and `each` for each of `len` bytes.
	fn time(fixed: u64, each: u64, len: u32) -> Weight {
		Weight::from_parts(fixed.saturating_add(each.saturating_mul(len.into())), 0)
	}
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn upload_code(len: u32) -> Weight {
		// Reading, validating and metering takes 35 ns a byte of the capacitor, and 170 ns a byte of
		// a code made of calls alone, the worst found; hashing and storing twice are small beside
		// it. The bytes are in the extrinsic, so they add no proof.
		Self::time(100_000_000, 500_000, len)
			.saturating_add(T::DbWeight::get().reads_writes(2, 3))
			.saturating_add(Self::proof(4))
			.saturating_add(UPLOADERS_PROOF)
	}

	fn create_program(len: u32) -> Weight {
		// As a message, and: program, endower, the program's account, the code's metadata.
		Self::send_message(len)
			.saturating_add(T::DbWeight::get().reads_writes(4, 3))
			.saturating_add(Self::proof(4))
	}

	fn send_message(len: u32) -> Weight {
		// Three hashes and the records' codecs: 5 µs natively. A byte is copied, hashed and encoded
		// in less than 1 ns. Read besides: program and the destination's place among actors.
		Self::time(50_000_000, 10_000, len)
			.saturating_add(queue_message(T::DbWeight::get()))
			.saturating_add(T::DbWeight::get().reads(2))
			.saturating_add(Self::proof(10))
	}

	fn on_idle() -> Weight {
		// Where the queue begins and ends, the first agenda, this block's, and the event.
		Self::time(20_000_000, 0, 0)
			.saturating_add(T::DbWeight::get().reads_writes(4, 3))
			.saturating_add(Self::proof(4))
	}

	fn pass_over() -> Weight {
		// Link, gas node, program, and its code's metadata: three records and data segments, which
		// the message's own worst case counts.
		Self::time(10_000_000, 0, 0)
			.saturating_add(T::DbWeight::get().reads(4))
			.saturating_add(Self::proof(4))
	}

	fn send_reply(len: u32) -> Weight {
		// As a message, and: the mail, its gas node and task, the accounts its value moves between.
		Self::send_message(len).saturating_add(Self::claim_value())
	}

	fn claim_value() -> Weight {
		// The mail of at most the longest payload, its gas node, task and agenda, two accounts and a
		// hold; the automatic reply is a message.
		Self::time(50_000_000, 0, 0)
			.saturating_add(T::DbWeight::get().reads_writes(8, 8))
			.saturating_add(queue_message(T::DbWeight::get()))
			.saturating_add(Self::proof(18))
			.saturating_add(Weight::from_parts(0, 64 * 1024))
	}

	fn set_uploaders(count: u32) -> Weight {
		// Each account, of those before and of those to come, is read and written.
		let accounts = u64::from(MAX_UPLOADERS.saturating_add(count));
		Self::time(50_000_000, 10_000_000, MAX_UPLOADERS.saturating_add(count))
			.saturating_add(T::DbWeight::get().reads_writes(accounts + 1, accounts + 1))
			.saturating_add(Self::proof(accounts + 1))
			.saturating_add(UPLOADERS_PROOF)
	}

	fn answer() -> Weight {
		// As a claim: of a message of at most the longest payload that waits, instead of a mail.
		Self::claim_value().saturating_add(Self::time(0, 10_000, 1_024))
	}
}
