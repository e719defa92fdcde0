//! The native asset's denominations, and what weight and bytes cost in it.

use crate::{Balance, budget::MAXIMUM_BLOCK_WEIGHT};
use polkadot_sdk::frame_support::weights::{self, Weight};

/// One whole token: twelve decimals.
pub const UNIT: Balance = 1_000_000_000_000;

/// A thousandth of a token.
pub const MILLIUNIT: Balance = UNIT / 1_000;

/// A millionth of a token.
pub const MICROUNIT: Balance = UNIT / 1_000_000;

/// What an account must hold to exist.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLIUNIT;

/// What a byte of a transaction, or of a message to another chain, costs.
pub const BYTE_FEE: Balance = MICROUNIT;

/// What the delivery of an empty message to another chain costs while its channel is calm.
pub const DELIVERY_FEE: Balance = MILLIUNIT;

/// Weight's price: the smallest unit of the native asset for each picosecond of computation.
///
/// Of time and proof size the scarcer one is charged: a byte of proof costs as many picoseconds
/// as there are in a block for each byte of its proof.
pub struct WeightToFee;

impl weights::WeightToFee for WeightToFee {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		let picoseconds_per_byte =
			MAXIMUM_BLOCK_WEIGHT.ref_time() / MAXIMUM_BLOCK_WEIGHT.proof_size();
		let time = Balance::from(weight.ref_time());
		let proof = Balance::from(weight.proof_size()) * Balance::from(picoseconds_per_byte);
		time.max(proof)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use polkadot_sdk::frame_support::weights::WeightToFee as _;

	#[test]
	fn the_scarcer_resource_is_charged() {
		assert_eq!(WeightToFee::weight_to_fee(&Weight::from_parts(5, 0)), 5);
		let half_the_proof = Weight::from_parts(5, MAXIMUM_BLOCK_WEIGHT.proof_size() / 2);
		let price = WeightToFee::weight_to_fee(&half_the_proof);
		assert!((UNIT * 99 / 100..=UNIT).contains(&price), "half a block's proof costs {price}");
	}

	#[test]
	fn the_heaviest_weight_has_a_price() {
		assert!(WeightToFee::weight_to_fee(&Weight::MAX) > 0);
	}
}
