//! Rent: what stays in storage is paid for in advance, by the block.
//!
//! Who puts something there locks the price of the whole time in the gas node that pays. When it
//! leaves, the blocks that have passed are spent to the author and the rest is unlocked.

use crate::{
	gas,
	ids::MessageId,
	message::Gas,
	schedule::{Task, TaskKey},
	settings::Settings,
	state::{ApplyError, StateMut},
};
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

/// A place in storage for so many blocks: its rent, and the task that ends it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Lease {
	/// Its rent, locked in the gas node that pays.
	pub rent: Rent,
	/// The task that ends it. It stays until that task's block.
	pub end: TaskKey,
}

impl Lease {
	/// Locks rent for `blocks` from now on in `gas_node`, and schedules `task` for their end.
	pub(crate) fn take<S: StateMut>(
		state: &mut S,
		gas_node: MessageId,
		per_block: Gas,
		blocks: u32,
		task: Task,
	) -> Result<Self, ApplyError> {
		let now = state.block().height;
		let rent = Rent::new(now, blocks, per_block).ok_or(ApplyError::GasOverspent(gas_node))?;
		gas::lock(state, gas_node, rent)?;
		let end = state.schedule(now.saturating_add(blocks), task);
		Ok(Self { rent, end })
	}

	/// Spends what is due out of `gas_node`, unlocks the rest and forgets the task.
	pub(crate) fn end<S: StateMut>(
		self,
		state: &mut S,
		gas_node: MessageId,
	) -> Result<(), ApplyError> {
		state.unschedule(self.end);
		gas::settle(state, gas_node, self.rent)
	}
}

/// What `blocks` cost, unless they are more than anything may stay or cost more than anybody has.
pub(crate) fn price_of(settings: &Settings, per_block: Gas, blocks: u32) -> Option<Gas> {
	let allowed = blocks <= settings.limits.storage_blocks;
	per_block.checked_mul(blocks.into()).filter(|_| allowed)
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
