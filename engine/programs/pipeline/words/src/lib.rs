//! What the programs of the pipeline say to one another, and to their customers.

#![no_std]

use gstd::{ActorId, prelude::*};

/// To `front`, with its first message: whom it works with.
#[derive(Encode, Decode, Debug)]
#[codec(crate = gstd::codec)]
pub struct Colleagues {
	/// Knows what things cost.
	pub prices: ActorId,
	/// Knows what is there.
	pub stock: ActorId,
}

/// To `front`: what a customer wants. The answer is a `Result<u32, String>`: what it costs, or why
/// it cannot be had.
#[derive(Encode, Decode, Debug)]
#[codec(crate = gstd::codec)]
pub struct Order {
	/// What.
	pub item: String,
	/// How many.
	pub amount: u32,
}

/// To `prices`.
#[derive(Encode, Decode, Debug)]
#[codec(crate = gstd::codec)]
pub enum Price {
	/// What does one of these cost? The answer is an `Option<u32>`.
	Ask {
		/// What.
		item: String,
	},
	/// There are few of these left: let it cost more.
	Scarce {
		/// What.
		item: String,
	},
}

/// To `stock`: so many are wanted. The answer is `true` if they are handed out.
#[derive(Encode, Decode, Debug)]
#[codec(crate = gstd::codec)]
pub struct Take {
	/// What.
	pub item: String,
	/// How many.
	pub amount: u32,
}
