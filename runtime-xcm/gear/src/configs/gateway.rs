//! The gateway between XCM and the engine.

use crate::{
	Balances, Gear, Runtime, RuntimeHoldReason,
	xcm_config::{LocationToAccountId, NativeLocation, UniversalLocation, XcmConfig, XcmRouter},
};
use gearway_primitives::{Gas, Value};
use gearway_runtime_common::{
	AccountId,
	currency::{MILLIUNIT, UNIT},
};
use polkadot_sdk::{
	frame_support::{
		PalletId, parameter_types,
		traits::{ConstU64, ConstU128, Everything},
	},
	pallet_xcm::EnsureXcm,
	sp_runtime::traits::AccountIdConversion,
	staging_xcm::latest::prelude::*,
	staging_xcm_builder::IsConcrete,
	staging_xcm_executor::XcmExecutor,
};

/// Gas of the message that tells a program of a deposit. A deposit worth less is a plain credit.
pub const DEPOSIT_GAS: Gas = 20_000_000_000;

/// What a program pays for each message that leaves, besides its delivery.
pub const OUTBOUND_FEE: Value = 10 * MILLIUNIT;

/// What is held from a remote caller while answers are brought to it.
pub const ROUTE_DEPOSIT: Value = 100 * MILLIUNIT;

/// Names the account that the fees of messages that leave go to. The operator tops this chain's
/// accounts on other chains up from it.
pub const TREASURY: PalletId = PalletId(*b"gw/trsry");

parameter_types! {
	/// The treasury's account.
	pub TreasuryAccount: AccountId = TREASURY.into_account_truncating();
	/// What buys execution of an answer at its destination: up to one of the token there, of which
	/// what is left comes back.
	pub RemoteFee: Asset = (Location::here(), UNIT).into();
	/// Indices of the relay chain's `Hrmp::hrmp_accept_open_channel`: Westend's.
	pub const AcceptChannelCall: (u8, u8) = (51, 1);
	/// What buys execution on the relay chain: up to one of its token, of which what is left comes
	/// back.
	pub RelayFee: Asset = (Location::here(), UNIT).into();
}

impl pallet_xcm_gateway::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type XcmOrigin = EnsureXcm<Everything>;
	type LocationToAccount = LocationToAccountId;
	type Messages = Gear;
	type Programs = Gear;
	type Answers = Gear;
	type Currency = Balances;
	type NativeAsset = IsConcrete<NativeLocation>;
	type XcmRouter = XcmRouter;
	type XcmExecutor = XcmExecutor<XcmConfig>;
	type UniversalLocation = UniversalLocation;
	type DepositGas = ConstU64<DEPOSIT_GAS>;
	type OutboundFee = ConstU128<OUTBOUND_FEE>;
	type FeeAccount = TreasuryAccount;
	type RemoteFee = RemoteFee;
	type ChannelsFrom = Everything;
	type AcceptChannelCall = AcceptChannelCall;
	type RelayFee = RelayFee;
	type RouteDeposit = ConstU128<ROUTE_DEPOSIT>;
	type WeightInfo = pallet_xcm_gateway::weights::SubstrateWeight<Runtime>;
}
