//! Ethereum: what is final there, and what its contracts say to programs.

use crate::{BeaconClient, Gear, Runtime};
use gearway_runtime_common::{BlockNumber, consensus::SLOT_DURATION};
use polkadot_sdk::frame_support::{PalletId, parameter_types, traits::ConstU32};

/// Finalised beacon headers that events can be proven against: more than a day of epochs.
pub const MAX_FINALIZED_HEADERS: u32 = 256;

/// Most events that a call proves, so that their messages fit in a block together.
pub const MAX_EVENTS: u32 = 32;

/// Most events of contracts a program is subscribed to.
pub const MAX_SUBSCRIPTIONS: u32 = 64;

/// After how long anyone may give up a message that failed: time for its sender, and for those
/// who wait for it, to see to it that it is retried.
pub const GIVE_UP_DELAY: BlockNumber = 7 * 24 * 60 * 60 * 1_000 / SLOT_DURATION as BlockNumber;

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
	type MaxSubscriptions = ConstU32<MAX_SUBSCRIPTIONS>;
	type GiveUpDelay = ConstU32<GIVE_UP_DELAY>;
	type WeightInfo = pallet_ethereum_inbox::weights::SubstrateWeight<Runtime>;
}
