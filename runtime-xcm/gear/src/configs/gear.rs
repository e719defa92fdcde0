//! The engine: what a block gives it, what gas is and costs.

use crate::{
	Balances, EthereumInbox, Gear, Runtime, RuntimeHoldReason, System, Timestamp, XcmGateway,
};
use codec::Encode;
use core::marker::PhantomData;
use gearway_primitives::{Gas, Value};
use gearway_runtime_common::{Balance, BlockNumber, Hash};
use pallet_gear::ChainSettings;
use polkadot_sdk::{
	cumulus_pallet_parachain_system::{RelaychainDataProvider, RelaychainStateProvider},
	frame_support::{
		traits::{ConstU64, ConstU128, Randomness},
		weights::{Weight, WeightToFee},
	},
	polkadot_runtime_common::impls::ToAuthor,
	sp_runtime::traits::{BlakeTwo256, Hash as _},
};

/// A unit of gas stands for a picosecond, as weight does.
pub const REF_TIME_PER_GAS: u64 = 1;

/// A unit of gas costs what a picosecond of any other work on this chain costs.
pub const GAS_PRICE: Value = 1;

/// The most gas of a message, a quarter of a second: it fits in the part of a block that only the
/// engine can have, so that no message has to wait for a calm block.
pub const MAX_GAS_LIMIT: Gas = 250_000_000_000;

/// What a transaction costs, unless this is a consortium's chain.
pub struct UnlessFree<Fee>(PhantomData<Fee>);

impl<Fee: WeightToFee<Balance = Balance>> WeightToFee for UnlessFree<Fee> {
	type Balance = Balance;

	fn weight_to_fee(weight: &Weight) -> Balance {
		if Gear::is_free() { 0 } else { Fee::weight_to_fee(weight) }
	}
}

/// What programs' random numbers are made of: the state root of the relay block that this block
/// builds on. Nobody knows it before that block; a collator can at most choose not to build on it.
/// Do not bet more on it than a block is worth.
pub struct RelayRandomness;

impl Randomness<Hash, BlockNumber> for RelayRandomness {
	fn random(subject: &[u8]) -> (Hash, BlockNumber) {
		let root = RelaychainDataProvider::<Runtime>::current_relay_chain_state().state_root;
		let seed = (subject, root).using_encoded(BlakeTwo256::hash);
		// It became known after the block before this one was built.
		(seed, System::block_number().saturating_sub(1))
	}
}

impl pallet_gear::gas_limit::Config for Runtime {}

impl pallet_gear::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type GasIncome = ToAuthor<Runtime>;
	type Time = Timestamp;
	type GasPrice = ConstU128<GAS_PRICE>;
	type MaxGasLimit = ConstU64<MAX_GAS_LIMIT>;
	type RefTimePerGas = ConstU64<REF_TIME_PER_GAS>;
	type Settings = ChainSettings<Runtime>;
	type Router = (EthereumInbox, XcmGateway);
	type Builtins = (XcmGateway, EthereumInbox);
	type Randomness = RelayRandomness;
	type WeightInfo = pallet_gear::weights::SubstrateWeight<Runtime>;
}
