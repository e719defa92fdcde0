//! What the gateway's calls and hooks cost.
//!
//! Upper bounds made of what the code touches, until the benchmarks of the runtime replace them:
//! database operations by the runtime's own prices, proof size by the largest value of each key
//! plus the path to it, computing time by the steps named beside each figure.

use core::marker::PhantomData;
use polkadot_sdk::{frame_support::traits::Get, frame_system, sp_weights::Weight};

/// What the gateway's calls and hooks cost.
pub trait WeightInfo {
	/// [`send_message`](crate::Pallet::send_message) with a payload of `len` bytes: a new route,
	/// and posting.
	fn send_message(len: u32) -> Weight;

	/// [`forget_route`](crate::Pallet::forget_route).
	fn forget_route() -> Weight;

	/// [`create_program`](crate::Pallet::create_program) with salt and payload of `len` bytes
	/// together.
	fn create_program(len: u32) -> Weight;

	/// What [`Channels`](crate::Channels) does about a notification: at most an XCM to the relay
	/// chain.
	fn channel() -> Weight;

	/// What [`DepositToPrograms`](crate::DepositToPrograms) adds to a deposit.
	fn deposit() -> Weight;

	/// Routing a program's message of `len` bytes.
	fn route(len: u32) -> Weight;

	/// Handling an [`XcmRequest`](crate::XcmRequest) of any size that the queue takes.
	fn send_xcm() -> Weight;

	/// What [`Answers`](crate::Answers) adds to bringing a reply into the queue.
	fn answer() -> Weight;

	/// Forgetting the topic at the end of the block.
	fn on_finalize() -> Weight;
}

/// A key's share of a storage proof: the trie nodes on the way to it.
const PATH: u64 = 2_048;
/// A route whose location and call are as long as can be, rounded up.
const ROUTE: u64 = 1_280;
/// A call of a program whose answer may come, with the longest location, rounded up.
const PENDING: u64 = 1_024;
/// An account with its hold.
const ACCOUNT: u64 = 256;
/// The outgoing queue of a channel and the state of all channels.
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
		// Two hashes of a location, the payload copied: 2 ns a byte. Keys: topic, route or query,
		// account, hold. And posting, as the queue's own call prices it: the emulation's tests compare.
		Weight::from_parts(120_000_000u64.saturating_add(12_000u64.saturating_mul(len.into())), 0)
			.saturating_add(Self::touches(16, ROUTE + 3 * ACCOUNT + 1_024))
	}

	fn forget_route() -> Weight {
		// One hash of a location. Keys: route, account, hold.
		Weight::from_parts(40_000_000, 0).saturating_add(Self::touches(3, ROUTE + 2 * ACCOUNT))
	}

	fn create_program(len: u32) -> Weight {
		// As a message, and: program, endower, the program's account, the code's metadata.
		Self::send_message(len).saturating_add(Self::touches(4, 4 * 1_024))
	}

	fn channel() -> Weight {
		// Routing a short message; the relay chain's queue is no larger than a channel.
		Self::route(512)
	}

	fn deposit() -> Weight {
		// As a message without a route, of a notice of at most a kilobyte.
		Self::send_message(1_024)
	}

	fn route(len: u32) -> Weight {
		// A transfer, the answer encoded, decoded by the router's check and copied: 8 ns a byte.
		// Keys: route, query, two accounts, a hold, the channel's queue, its status, the outgoing
		// page.
		Weight::from_parts(120_000_000u64.saturating_add(8_000u64.saturating_mul(len.into())), 0)
			.saturating_add(Self::touches(8, 2 * ROUTE + 2 * ACCOUNT + CHANNEL))
	}

	fn send_xcm() -> Weight {
		// As routing the longest message that a channel takes, and decoding the request. Keys of a
		// call: it, two that are forgotten, the next id and the oldest.
		Self::route(102_400)
			.saturating_add(Weight::from_parts(200_000_000, 0))
			.saturating_add(Self::touches(5, 3 * PENDING))
	}

	fn answer() -> Weight {
		// Two hashes of a location, once in the barrier and once when it is executed. Key: the call.
		Weight::from_parts(80_000_000, 0).saturating_add(Self::touches(1, PENDING))
	}

	fn on_finalize() -> Weight {
		T::DbWeight::get().writes(1)
	}
}
