//! Rent: what stays in storage is paid for in advance, by the block.
//!
//! Who puts something there locks the price of the whole time in the gas node that pays. When it
//! leaves, the blocks that have passed are spent to the author and the rest is unlocked.

use crate::message::Gas;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Rent paid in advance for one thing in storage.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Rent {
	/// The block from which on it is due.
	pub since: u32,
	/// What is locked for it in the gas node.
	pub locked: Gas,
	/// Price of a block when it was locked.
	pub per_block: Gas,
}

impl Rent {
	/// Rent for `blocks` from block `since` on, or `None` if nobody has so much gas.
	pub(crate) fn new(since: u32, blocks: u32, per_block: Gas) -> Option<Self> {
		let locked = per_block.checked_mul(blocks.into())?;
		Some(Self { since, locked, per_block })
	}

	/// What of it is due in block `now`.
	pub(crate) fn due(&self, now: u32) -> Gas {
		let elapsed = now.saturating_sub(self.since);
		self.per_block.saturating_mul(elapsed.into()).min(self.locked)
	}
}

/// How many blocks `gas` buys at `per_block`, at most `limit`.
pub(crate) fn blocks_for(gas: Gas, per_block: Gas, limit: u32) -> u32 {
	match gas.checked_div(per_block) {
		Some(blocks) => u32::try_from(blocks).unwrap_or(limit).min(limit),
		None => limit,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn never_more_is_due_than_was_locked() {
		let rent = Rent::new(10, 5, 7).unwrap();
		assert_eq!(rent.locked, 35);
		assert_eq!([9, 10, 11, 15, 99].map(|now| rent.due(now)), [0, 0, 7, 35, 35]);
		assert_eq!(Rent::new(0, 2, u64::MAX), None);
	}

	#[test]
	fn gas_buys_whole_blocks() {
		assert_eq!(blocks_for(99, 10, 100), 9);
		assert_eq!(blocks_for(99, 10, 5), 5);
		assert_eq!(blocks_for(u64::MAX, 1, 5), 5);
		// What costs nothing is bounded by the limit alone.
		assert_eq!(blocks_for(0, 0, 5), 5);
	}
}
