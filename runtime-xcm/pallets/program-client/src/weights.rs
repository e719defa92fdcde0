//! What the client's calls cost.
//!
//! Upper bounds made of what the code touches, until the benchmarks of the runtime replace them:
//! database operations by the runtime's own prices, proof size by the largest value of each key
//! plus the path to it, computing time by the steps named beside each figure.

use core::marker::PhantomData;
use polkadot_sdk::{frame_support::traits::Get, frame_system, sp_weights::Weight};

/// What the client's calls cost.
pub trait WeightInfo {
	/// [`send_message`](crate::Pallet::send_message) with a payload of `len` bytes.
	fn send_message(len: u32) -> Weight;

	/// [`deposit`](crate::Pallet::deposit).
	fn deposit() -> Weight;

	/// [`receive`](crate::Pallet::receive) with a payload of `len` bytes.
	fn receive(len: u32) -> Weight;
}

/// A key's share of a storage proof: the trie nodes on the way to it.
const PATH: u64 = 2_048;
/// The outgoing page of a channel and the state of all channels.
const CHANNEL: u64 = 112_000;

/// The figures for a runtime of the database prices of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> SubstrateWeight<T> {
	/// `keys` read and written, of `bytes` together.
	fn touches(keys: u64, bytes: u64) -> Weight {
		T::DbWeight::get()
			.reads_writes(keys, keys)
			.saturating_add(Weight::from_parts(0, keys.saturating_mul(PATH).saturating_add(bytes)))
	}
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn send_message(len: u32) -> Weight {
		// The message encoded, decoded by the router's check and copied: 8 ns a byte. Keys: the
		// program and their count, the fee's two accounts, channel status, page, XCM version.
		Weight::from_parts(100_000_000u64.saturating_add(8_000u64.saturating_mul(len.into())), 0)
			.saturating_add(Self::touches(7, CHANNEL.saturating_add(len.into())))
	}

	fn deposit() -> Weight {
		Self::send_message(0)
	}

	fn receive(len: u32) -> Weight {
		// The payload copied into the event and the map: 2 ns a byte. Keys: the program, whose
		// former message may be as long as this one, and the block's number.
		Weight::from_parts(30_000_000u64.saturating_add(2_000u64.saturating_mul(len.into())), 0)
			.saturating_add(Self::touches(
				2,
				256u64.saturating_add(2u64.saturating_mul(len.into())),
			))
	}
}
