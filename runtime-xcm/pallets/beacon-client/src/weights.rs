//! What the calls cost.
//!
//! Upper bounds by hand, until the runtime's benchmarks replace them. Computing is taken from the
//! benchmarks of Snowbridge's client, which does the same with the same library (19.4 ms for an
//! update, 102.9 ms with a sync committee of 512), half as much again. Database operations are
//! counted in the code and priced by the runtime's `DbWeight`; a key in a storage proof brings
//! [`PATH`] bytes of trie nodes and its value at its longest.

use core::marker::PhantomData;
use polkadot_sdk::{frame_support::traits::Get, frame_system, sp_weights::Weight};

/// Seats in the largest committee.
pub const MAX_COMMITTEE: u32 = gearway_ethereum::committee::MAX_COMMITTEE;

/// What the calls cost.
pub trait WeightInfo {
	/// [`bootstrap`](crate::Pallet::bootstrap) where up to `headers` are remembered.
	fn bootstrap(headers: u32) -> Weight;

	/// [`submit`](crate::Pallet::submit) without a committee, to a client of committees of
	/// `seats`.
	fn submit(seats: u32) -> Weight;

	/// [`submit`](crate::Pallet::submit) with a committee.
	fn submit_with_committee(seats: u32) -> Weight;

	/// [`set_network`](crate::Pallet::set_network) and [`resume`](crate::Pallet::resume).
	fn set_network() -> Weight;

	/// What [`report_conflict`](crate::Pallet::report_conflict) with `headers` costs more than
	/// [`submit`](crate::Pallet::submit).
	fn headers(headers: u32) -> Weight;
}

/// A key's share of a storage proof: the trie nodes on the way to it.
const PATH: u64 = 2_048;

/// A prepared committee: root, sum, and 96 bytes a seat.
const fn committee_bytes(seats: u32) -> u64 {
	192 + 96 * seats as u64
}

/// Two pairings, hashing to the curve, and the checks of the signature, in picoseconds.
const VERIFY: u64 = 25_000_000_000;

/// Loading a member's key from storage and taking it off the sum, in picoseconds.
const VERIFY_SEAT: u64 = 10_000_000;

/// Decompressing a member's key and hashing it, in picoseconds.
const PREPARE_SEAT: u64 = 250_000_000;

/// Checks, branches and everything else, in picoseconds.
const BASE: u64 = 500_000_000;

/// A header's root, eight hashes, in picoseconds.
const HEADER: u64 = 10_000_000;

/// The figures for a runtime with the database prices of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> SubstrateWeight<T> {
	/// `keys` read and written, `bytes` of values among them.
	fn touches(keys: u64, bytes: u64) -> Weight {
		T::DbWeight::get()
			.reads_writes(keys, keys)
			.saturating_add(Weight::from_parts(0, keys.saturating_mul(PATH).saturating_add(bytes)))
	}
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn bootstrap(headers: u32) -> Weight {
		// The ring and the headers it names; network, state, two committees, ring head,
		// whether it is stopped.
		let keys = 2 * u64::from(headers) + 8;
		let prepare = PREPARE_SEAT * (u64::from(MAX_COMMITTEE) + 1);
		Self::touches(keys, 2 * committee_bytes(MAX_COMMITTEE) + 1_024)
			.saturating_add(Weight::from_parts(BASE + prepare, 0))
	}

	fn submit(seats: u32) -> Weight {
		// Network, state, a committee, whether it is stopped, ring head, a place in the ring, two
		// headers.
		let verify = BASE + VERIFY + VERIFY_SEAT * u64::from(seats);
		Self::touches(8, committee_bytes(seats) + 1_024)
			.saturating_add(Weight::from_parts(verify, 0))
	}

	fn submit_with_committee(seats: u32) -> Weight {
		// And the other committee, when they rotate.
		let prepare = PREPARE_SEAT * (u64::from(seats) + 1);
		Self::submit(seats)
			.saturating_add(Self::touches(1, committee_bytes(seats)))
			.saturating_add(Weight::from_parts(prepare, 0))
	}

	fn set_network() -> Weight {
		Self::touches(1, 1_024).saturating_add(Weight::from_parts(BASE, 0))
	}

	fn headers(headers: u32) -> Weight {
		// The known header.
		Self::touches(1, 64)
			.saturating_add(Weight::from_parts(HEADER.saturating_mul(headers.into()), 0))
	}
}
