//! The way to the programs of the Gear chain.

use crate::{
	Runtime,
	xcm_config::{UniversalLocation, XcmConfig, XcmRouter},
};
use gearway_runtime_common::{GATEWAY_SEND_MESSAGE, GEAR_PARA_ID};
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{ConstU32, Everything},
		weights::Weight,
	},
	pallet_xcm::EnsureXcm,
	staging_xcm::latest::prelude::*,
	staging_xcm_executor::XcmExecutor,
};

parameter_types! {
	/// The Gear chain.
	pub GearChain: Location = Location::new(1, [Parachain(GEAR_PARA_ID)]);
	/// Its call that takes messages.
	pub const SendMessageCall: (u8, u8) = GATEWAY_SEND_MESSAGE;
	/// What it may spend on that call: above the gateway's own weight of the longest payload.
	pub const SendMessageWeight: Weight = Weight::from_parts(5_000_000_000, 128 * 1024);
}

impl pallet_program_client::Config for Runtime {
	type XcmOrigin = EnsureXcm<Everything>;
	type XcmRouter = XcmRouter;
	type XcmExecutor = XcmExecutor<XcmConfig>;
	type UniversalLocation = UniversalLocation;
	type GearChain = GearChain;
	type SendMessageCall = SendMessageCall;
	type SendMessageWeight = SendMessageWeight;
	type MaxPayload = ConstU32<{ 16 * 1024 }>;
	type MaxPrograms = ConstU32<1_000>;
	type WeightInfo = pallet_program_client::weights::SubstrateWeight<Runtime>;
}
