//! What makes it a parachain: blocks under a relay chain, and queues to and from other chains.

use crate::{
	MessageQueue, ParachainSystem, PolkadotXcm, Runtime, RuntimeCall, RuntimeEvent, XcmpQueue,
	xcm_config::{PriceForSiblingDelivery, XcmConfig, XcmOriginToTransactDispatchOrigin},
};
use gearway_runtime_common::{
	AccountId,
	budget::{XCM_IDLE_SHARE, XCM_SHARE, of_block},
	consensus::{
		BLOCKS_PER_RELAY_BLOCK, RELAY_PARENT_OFFSET, RELAY_SLOT_DURATION,
		UNINCLUDED_SEGMENT_CAPACITY,
	},
};
use polkadot_sdk::{
	cumulus_pallet_aura_ext::{self, FixedVelocityConsensusHook},
	cumulus_pallet_parachain_system::{self, RelayNumberMonotonicallyIncreases},
	cumulus_pallet_xcmp_queue,
	cumulus_primitives_core::{AggregateMessageOrigin, ParaId},
	frame_support::{
		parameter_types,
		traits::{ConstU32, EnqueueWithOrigin, TransformOrigin},
		weights::Weight,
	},
	frame_system::EnsureRoot,
	pallet_message_queue,
	parachains_common::message_queue::{NarrowOriginToSibling, ParaIdToSibling},
	staging_parachain_info as parachain_info,
	staging_xcm_builder::ProcessXcmMessage,
	staging_xcm_executor::XcmExecutor,
};

/// Keeps the pace: one block a slot, and no more waiting for inclusion than agreed.
pub type ConsensusHook = FixedVelocityConsensusHook<
	Runtime,
	RELAY_SLOT_DURATION,
	BLOCKS_PER_RELAY_BLOCK,
	UNINCLUDED_SEGMENT_CAPACITY,
>;

parameter_types! {
	/// Where downward messages come from.
	pub const RelayOrigin: AggregateMessageOrigin = AggregateMessageOrigin::Parent;
	/// What messages of other chains are sure to get of each block.
	pub ServiceWeight: Weight = of_block(XCM_SHARE);
	/// What they may take of what transactions have left. No more: the rest is the engine's.
	pub IdleMaxServiceWeight: Weight = of_block(XCM_IDLE_SHARE);
}

/// Longest message a channel can carry and a queue page holds, in bytes. Relay chains allow
/// 102 400 bytes a message; the page has its own few bytes on top.
const MAX_MESSAGE_LEN: u32 = 103 * 1024;

impl cumulus_pallet_parachain_system::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type OnSystemEvent = ();
	type SelfParaId = parachain_info::Pallet<Runtime>;
	type OutboundXcmpMessageSource = XcmpQueue;
	type DmpQueue = EnqueueWithOrigin<MessageQueue, RelayOrigin>;
	type ReservedDmpWeight = ServiceWeight;
	type XcmpMessageHandler = XcmpQueue;
	type ReservedXcmpWeight = ServiceWeight;
	type CheckAssociatedRelayNumber = RelayNumberMonotonicallyIncreases;
	type ConsensusHook = ConsensusHook;
	type RelayParentOffset = ConstU32<RELAY_PARENT_OFFSET>;
	// Off: a chain that claims it under a relay chain without it makes no blocks.
	type SchedulingSignatureVerifier = ();
	type WeightInfo = cumulus_pallet_parachain_system::weights::SubstrateWeight<Runtime>;
}

impl parachain_info::Config for Runtime {}

impl cumulus_pallet_aura_ext::Config for Runtime {}

impl pallet_message_queue::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type MessageProcessor =
		ProcessXcmMessage<AggregateMessageOrigin, XcmExecutor<XcmConfig>, RuntimeCall>;
	type Size = u32;
	// XCMP flow control concerns siblings only.
	type QueueChangeHandler = NarrowOriginToSibling<XcmpQueue>;
	type QueuePausedQuery = NarrowOriginToSibling<XcmpQueue>;
	type HeapSize = ConstU32<MAX_MESSAGE_LEN>;
	type MaxStale = ConstU32<8>;
	type ServiceWeight = ServiceWeight;
	type IdleMaxServiceWeight = IdleMaxServiceWeight;
	type WeightInfo = pallet_message_queue::weights::SubstrateWeight<Runtime>;
}

impl cumulus_pallet_xcmp_queue::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ChannelInfo = ParachainSystem;
	type VersionWrapper = PolkadotXcm;
	type XcmpQueue = TransformOrigin<MessageQueue, AggregateMessageOrigin, ParaId, ParaIdToSibling>;
	type MaxInboundSuspended = ConstU32<1_000>;
	type MaxActiveOutboundChannels = ConstU32<128>;
	type MaxPageSize = ConstU32<MAX_MESSAGE_LEN>;
	type ControllerOrigin = EnsureRoot<AccountId>;
	type ControllerOriginConverter = XcmOriginToTransactDispatchOrigin;
	type PriceForSiblingDelivery = PriceForSiblingDelivery;
	type WeightInfo = cumulus_pallet_xcmp_queue::weights::SubstrateWeight<Runtime>;
}
