//! Ethereum: what is final there, and what its contracts say to programs.

use crate::{BeaconClient, Gear, Runtime};
use polkadot_sdk::frame_support::{PalletId, parameter_types, traits::ConstU32};

/// Finalised beacon headers that events can be proven against: more than a day of epochs.
pub const MAX_FINALIZED_HEADERS: u32 = 256;

/// Most events that a call proves, so that their messages fit in a block together.
pub const MAX_EVENTS: u32 = 32;

parameter_types! {
	/// Names the account that pays the gas of messages from Ethereum.
	pub const InboxPalletId: PalletId = PalletId(*b"gw/ether");
}

impl pallet_beacon_client::Config for Runtime {
	type MaxFinalizedHeaders = ConstU32<MAX_FINALIZED_HEADERS>;
	type WeightInfo = pallet_beacon_client::weights::SubstrateWeight<Runtime>;
}

impl pallet_ethereum_inbox::Config for Runtime {
	type Beacon = BeaconClient;
	type Messages = Gear;
	type PalletId = InboxPalletId;
	type MaxEvents = ConstU32<MAX_EVENTS>;
	type WeightInfo = pallet_ethereum_inbox::weights::SubstrateWeight<Runtime>;
}
