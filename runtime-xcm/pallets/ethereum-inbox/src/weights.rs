//! What the calls cost.
//!
//! Upper bounds by hand, until the runtime's benchmarks replace them: proofs are priced by what
//! they are made of, headers, trie nodes and bytes, so that a long one is never cheap. Database
//! operations are counted in the code and priced by the runtime's `DbWeight`; a key in a storage
//! proof brings [`PATH`] bytes of trie nodes and its value at its longest. Delivering includes
//! posting the message, whatever is posted to.

use core::marker::PhantomData;
use polkadot_sdk::{frame_support::traits::Get, frame_system, sp_weights::Weight};

/// What the calls cost.
pub trait WeightInfo {
	/// [`set_gateway`](crate::Pallet::set_gateway).
	fn set_gateway() -> Weight;

	/// [`submit`](crate::Pallet::submit) with `headers` between block and finalised header,
	/// without its events.
	fn submit(headers: u32) -> Weight;

	/// One event of it, proven by `nodes` trie nodes of `bytes` together, and delivered.
	fn event(nodes: u32, bytes: u32) -> Weight;

	/// [`submit_batch`](crate::Pallet::submit_batch) with `headers` and `claims`, of which nothing
	/// is new.
	fn submit_batch(headers: u32, claims: u32) -> Weight;

	/// One block of it, without its receipts.
	fn block() -> Weight;

	/// One receipt of it, proven by `nodes` trie nodes of `bytes` together.
	fn receipt(nodes: u32, bytes: u32) -> Weight;

	/// Delivering a proven log with `bytes` of data.
	fn deliver(bytes: u32) -> Weight;

	/// [`retry`](crate::Pallet::retry) of a message with a payload of `bytes`.
	fn retry(bytes: u32) -> Weight;

	/// [`give_up`](crate::Pallet::give_up) of a message with a payload of `bytes`.
	fn give_up(bytes: u32) -> Weight;

	/// Hearing what became of a posted message.
	fn outcome() -> Weight;

	/// A program's subscribing to an event, or unsubscribing.
	fn subscribe() -> Weight;
}

/// A key's share of a storage proof: the trie nodes on the way to it.
const PATH: u64 = 2_048;

/// Checks and the branch in the block body, nine hashes, in picoseconds.
const BASE: u64 = 200_000_000;

/// A header's root, eight hashes, in picoseconds.
const HEADER: u64 = 10_000_000;

/// Reading an event and composing the message, in picoseconds. Snowbridge's inbox is benchmarked
/// at 102 µs with the proof.
const EVENT: u64 = 150_000_000;

/// Decoding a trie node and comparing its hash, in picoseconds.
const NODE: u64 = 25_000_000;

/// Copying, hashing (Keccak in Wasm), decoding and posting a byte, in picoseconds.
const BYTE: u64 = 150_000;

/// A message's signature, recovered to a key, in picoseconds.
const RECOVER: u64 = 200_000_000;

/// Keys that posting touches: queue, neighbours, entry, gas, program, accounts, holds, nonce, and
/// the message among those in flight.
const POST_KEYS: u64 = 17;

/// What posting a byte of payload may bring into the storage proof and the block.
const POST_BYTE: u64 = 2;

/// The figures for a runtime with the database prices of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> SubstrateWeight<T> {
	/// `keys` read and written, `bytes` of values among them.
	fn touches(keys: u64, bytes: u64) -> Weight {
		T::DbWeight::get()
			.reads_writes(keys, keys)
			.saturating_add(Weight::from_parts(0, keys.saturating_mul(PATH).saturating_add(bytes)))
	}

	/// Posting a message with a payload of `bytes`, and touching `keys` besides.
	fn post(keys: u64, bytes: u32) -> Weight {
		let bytes = u64::from(bytes);
		Self::touches(POST_KEYS + keys, 1_024 + bytes.saturating_mul(POST_BYTE))
			.saturating_add(Weight::from_parts(EVENT + bytes.saturating_mul(BYTE), 0))
	}
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn set_gateway() -> Weight {
		Self::touches(1, 64).saturating_add(Weight::from_parts(BASE, 0))
	}

	fn submit(headers: u32) -> Weight {
		// Gateway, network, finalised header.
		Self::touches(3, 1_024)
			.saturating_add(Weight::from_parts(BASE + HEADER * u64::from(headers), 0))
	}

	fn event(nodes: u32, bytes: u32) -> Weight {
		// A payload is no longer than the proof that holds it. Nonce and failure.
		Self::post(2, bytes).saturating_add(Weight::from_parts(NODE * u64::from(nodes), 0))
	}

	fn submit_batch(headers: u32, claims: u32) -> Weight {
		// Whether a claim is news, and what leaves the memory of events for it: twice a place in
		// the queue and the event there.
		let claims = Self::touches(5, 256).saturating_mul(claims.into());
		// The queue's ends, the first slot taken.
		Self::submit(headers).saturating_add(Self::touches(2, 64)).saturating_add(claims)
	}

	fn block() -> Weight {
		Weight::from_parts(BASE, 0)
	}

	fn receipt(nodes: u32, bytes: u32) -> Weight {
		let time = NODE.saturating_mul(nodes.into());
		Weight::from_parts(time.saturating_add(BYTE.saturating_mul(bytes.into())), 0)
	}

	fn deliver(bytes: u32) -> Weight {
		// Subscription, nonce or event, place in the queue, the queue's end, failure.
		Self::post(5, bytes)
	}

	fn retry(bytes: u32) -> Weight {
		Self::post(1, bytes)
	}

	fn give_up(bytes: u32) -> Weight {
		let time = RECOVER.saturating_add(BYTE.saturating_mul(bytes.into()));
		Self::touches(1, 128).saturating_add(Weight::from_parts(BASE.saturating_add(time), 0))
	}

	fn outcome() -> Weight {
		// The message, and its failure.
		Self::touches(2, 512).saturating_add(Weight::from_parts(BASE, 0))
	}

	fn subscribe() -> Weight {
		// Beacon client, subscription, count, first slot.
		Self::touches(4, 1_024).saturating_add(Weight::from_parts(BASE, 0))
	}
}
