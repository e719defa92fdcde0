//! Who may spend how much of a block.
//!
//! The shares of transactions and XCM do not add up to a whole block: what they leave is the part
//! that no one can take away from the work done in `on_idle`, which on the Gear chain is running
//! programs. On a calm chain `on_idle` gets nearly everything.

use polkadot_sdk::{
	frame_support::{
		dispatch::DispatchClass,
		weights::{
			Weight,
			constants::{BlockExecutionWeight, ExtrinsicBaseWeight, WEIGHT_REF_TIME_PER_SECOND},
		},
	},
	frame_system::limits::{BlockLength, BlockWeights, WeightsPerClass},
	polkadot_primitives::MAX_POV_SIZE,
	sp_runtime::Perbill,
};

/// What a parachain block may spend: two seconds of a core, and the proof the relay chain takes.
pub const MAXIMUM_BLOCK_WEIGHT: Weight =
	Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND.saturating_mul(2), MAX_POV_SIZE as u64);

/// The most that ordinary transactions may take.
pub const NORMAL_SHARE: Perbill = Perbill::from_percent(40);

/// The most that operational transactions (root's, mostly) may take. It has to hold a runtime
/// upgrade, whose code counts as proof.
pub const OPERATIONAL_SHARE: Perbill = Perbill::from_percent(20);

/// What messages of other chains are sure to get, before any transaction.
pub const XCM_SHARE: Perbill = Perbill::from_percent(15);

/// What messages of other chains may take besides, of what transactions have left.
pub const XCM_IDLE_SHARE: Perbill = Perbill::from_percent(5);

/// What hooks and inherents take on average. Ordinary transactions are limited so that one that
/// fills their share still fits in a block beside them.
pub const HOOKS_SHARE: Perbill = Perbill::from_percent(5);

/// The part of a block that is left for `on_idle` however busy everything else is.
pub const IDLE_SHARE: Perbill = Perbill::from_percent(15);

/// The longest a block's transactions may be together, in bytes.
pub const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

/// The weight limits of a block.
///
/// # Panics
///
/// When the shares above contradict one another: a fault in this file, which a test here and the
/// runtimes' own integrity tests would meet first.
pub fn block_weights() -> BlockWeights {
	let limit = |share: Perbill| {
		move |class: &mut WeightsPerClass| {
			let total = of_block(share);
			let alone = total.saturating_sub(of_block(HOOKS_SHARE));
			class.max_total = Some(total);
			class.max_extrinsic = Some(alone.saturating_sub(class.base_extrinsic));
		}
	};
	let classes = BlockWeights::builder()
		.base_block(BlockExecutionWeight::get())
		.for_class(DispatchClass::all(), |class| {
			class.base_extrinsic = ExtrinsicBaseWeight::get();
		})
		.for_class(DispatchClass::Normal, limit(NORMAL_SHARE))
		.for_class(DispatchClass::Operational, limit(OPERATIONAL_SHARE))
		.build_or_panic();
	// The builder takes the largest class for the whole block.
	BlockWeights { max_block: MAXIMUM_BLOCK_WEIGHT, ..classes }
}

/// The length limits of a block. Ordinary transactions get the share they have of its weight, as
/// every byte of them counts as proof.
pub fn block_length() -> BlockLength {
	BlockLength::builder()
		.max_length(MAX_BLOCK_LENGTH)
		.modify_max_length_for_class(DispatchClass::Normal, |length| {
			*length = NORMAL_SHARE * MAX_BLOCK_LENGTH;
		})
		.build()
}

/// What of a block's weight `share` is.
pub fn of_block(share: Perbill) -> Weight {
	share * MAXIMUM_BLOCK_WEIGHT
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_shares_make_a_whole_block() {
		let shares =
			[NORMAL_SHARE, OPERATIONAL_SHARE, XCM_SHARE, XCM_IDLE_SHARE, HOOKS_SHARE, IDLE_SHARE];
		let parts: u32 = shares.iter().map(|share| share.deconstruct()).sum();
		assert_eq!(Perbill::from_parts(parts), Perbill::one());
	}

	#[test]
	fn the_limits_are_consistent() {
		let weights = block_weights();
		assert_eq!(weights.max_block, MAXIMUM_BLOCK_WEIGHT);
		let normal = weights.get(DispatchClass::Normal);
		assert_eq!(normal.max_total, Some(of_block(NORMAL_SHARE)));
		assert_ne!(normal.max_extrinsic, normal.max_total);
		weights.validate().expect("consistent");
	}
}
