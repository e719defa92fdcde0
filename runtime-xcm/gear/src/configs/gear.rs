//! The engine: what a block gives it, what gas is and costs.

use crate::{Balances, Runtime, RuntimeHoldReason, Timestamp, XcmGateway};
use gearway_primitives::{Gas, Value};
use gearway_runtime_common::BlockNumber;
use pallet_gear::ChainSettings;
use polkadot_sdk::{
	frame_support::traits::{ConstU32, ConstU64, ConstU128},
	polkadot_runtime_common::impls::ToAuthor,
};

/// A unit of gas stands for a picosecond, as weight does.
pub const REF_TIME_PER_GAS: u64 = 1;

/// A unit of gas costs what a picosecond of any other work on this chain costs.
pub const GAS_PRICE: Value = 1;

/// The most gas of a message, a quarter of a second: it fits in the part of a block that only the
/// engine can have, so that no message has to wait for a calm block.
pub const MAX_GAS_LIMIT: Gas = 250_000_000_000;

/// Messages that the mailbox keeps, of all users together.
pub const MAILBOX_CAPACITY: u32 = 10_000;

/// Blocks that a message is kept in the mailbox: a week.
pub const MAILBOX_PERIOD: BlockNumber = 7 * 24 * 60 * 10;

impl pallet_gear::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type GasIncome = ToAuthor<Runtime>;
	type Time = Timestamp;
	type GasPrice = ConstU128<GAS_PRICE>;
	type MaxGasLimit = ConstU64<MAX_GAS_LIMIT>;
	type RefTimePerGas = ConstU64<REF_TIME_PER_GAS>;
	type Settings = ChainSettings<Runtime>;
	type Router = XcmGateway;
	type Builtins = XcmGateway;
	type MailboxCapacity = ConstU32<MAILBOX_CAPACITY>;
	type MailboxPeriod = ConstU32<MAILBOX_PERIOD>;
	type WeightInfo = pallet_gear::weights::SubstrateWeight<Runtime>;
}
