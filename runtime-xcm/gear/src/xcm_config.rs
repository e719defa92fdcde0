//! The whole XCM policy: who is who, what counts as money, what may run and what it costs.

use crate::{
	AllPalletsWithSystem, Authorship, Balances, ParachainInfo, ParachainSystem, PolkadotXcm,
	Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, XcmpQueue,
	xcm_weight::WithNotices,
};
use gearway_runtime_common::{
	AccountId, Balance, RELAY_NETWORK,
	currency::{BYTE_FEE, DELIVERY_FEE, MILLIUNIT, WeightToFee},
};
use pallet_xcm_gateway::{
	Answers, Channels, DepositToPrograms, RecordTopic, Selected, TellRefusals,
};
use polkadot_sdk::{
	cumulus_pallet_xcm,
	cumulus_primitives_utility::ParentAsUmp,
	frame_support::{
		parameter_types,
		traits::{
			ConstU32, ConstU128, Contains, Equals, Everything, LinearStoragePrice, Nothing,
			ProcessMessageError, fungible::HoldConsideration,
		},
		weights::Weight,
	},
	frame_system::EnsureRoot,
	pallet_xcm::{self, AuthorizedAliasers, XcmPassthrough},
	polkadot_parachain_primitives::primitives::Sibling,
	polkadot_runtime_common::{impls::ToAuthor, xcm_sender::ExponentialPrice},
	staging_xcm::latest::prelude::*,
	staging_xcm_builder::{
		AccountId32Aliases, AliasChildLocation, AllowHrmpNotificationsFromRelayChain,
		AllowKnownQueryResponses, AllowSubscriptionsFrom, AllowTopLevelPaidExecutionFrom,
		DenyRecursively, DenyReserveTransferToRelayChain, DenyThenTry, DescribeAllTerminal,
		DescribeFamily, EnsureXcmOrigin, FixedWeightBounds, FrameTransactionalProcessor,
		FungibleAdapter, HashedDescription, IsConcrete, ParentIsPreset, SendXcmFeeToAccount,
		SiblingParachainConvertsVia, SignedAccountId32AsNative, SignedToAccountId32,
		SovereignSignedViaLocation, TakeWeightCredit, TrailingSetTopicAsId, UsingComponents,
		WithComputedOrigin, WithUniqueTopic, XcmFeeManagerFromComponents,
	},
	staging_xcm_executor::{
		Config, XcmExecutor,
		traits::{DenyExecution, Properties},
	},
};

parameter_types! {
	/// The native asset, as seen from here.
	pub const NativeLocation: Location = Location::here();
	/// The native asset's id.
	pub const NativeAssetId: AssetId = AssetId(Location::here());
	/// The chain itself.
	pub const RootLocation: Location = Location::here();
	/// The relay chain's network.
	pub const RelayNetwork: Option<NetworkId> = Some(RELAY_NETWORK);
	/// This chain's place in the universe.
	pub UniversalLocation: InteriorLocation =
		[GlobalConsensus(RELAY_NETWORK), Parachain(ParachainInfo::parachain_id().into())].into();
	/// The author of the block. Outside a block there is none, and no fee is taken there.
	pub BlockAuthor: Location = Authorship::author()
		.map_or(Location::here(), |author| AccountId32 { network: None, id: author.into() }.into());
}

// Who is who.

/// Whose account is it? The first that knows the location answers.
pub type LocationToAccountId = (
	// The relay chain has an account of its own.
	ParentIsPreset<AccountId>,
	// A sibling parachain has its sovereign account.
	SiblingParachainConvertsVia<Sibling, AccountId>,
	// An account of this chain is itself, with a selector behind it or without.
	AccountId32Aliases<RelayNetwork, AccountId>,
	Selected<AccountId32Aliases<RelayNetwork, AccountId>>,
	// Any account, pallet or body of the relay chain or a sibling has an account derived from its
	// description, which nobody but it can use.
	HashedDescription<AccountId, DescribeFamily<DescribeAllTerminal>>,
);

/// With which authority does `Transact` call? The first that knows the origin kind answers. The
/// relay chain is no superuser here.
pub type XcmOriginToTransactDispatchOrigin = (
	// A sovereign account signs for its location.
	SovereignSignedViaLocation<LocationToAccountId, RuntimeOrigin>,
	// An account of this chain signs for itself.
	SignedAccountId32AsNative<RelayNetwork, RuntimeOrigin>,
	// Calls made for it are given the location itself.
	XcmPassthrough<RuntimeOrigin>,
);

/// Who may speak as whom without asking: a location for what lies within it.
pub type CheapAliasers = AliasChildLocation;

/// Who may speak as whom: within a location, and where the target has agreed beforehand.
pub type Aliasers = (CheapAliasers, AuthorizedAliasers<Runtime>);

/// A local account as a location, for messages it sends or executes.
pub type LocalOriginToLocation = SignedToAccountId32<RuntimeOrigin, AccountId, RelayNetwork>;

// What counts as money.

/// The native asset is moved in `Balances`; its teleports are not tracked, for there are none.
pub type NativeTransactor =
	FungibleAdapter<Balances, IsConcrete<NativeLocation>, LocationToAccountId, AccountId, ()>;

/// Everything that can be withdrawn and deposited. A program whose account is credited is told of
/// it by a message.
pub type AssetTransactors = DepositToPrograms<NativeTransactor, Runtime>;

// What may run.

/// What no message may do: move reserves to the relay chain, which holds none for us, or tell of an
/// HRMP channel in the relay chain's place.
pub type Denied =
	(DenyRecursively<DenyReserveTransferToRelayChain>, DenyRecursively<DenyForgedNotifications>);

/// Denies notifications of HRMP channels from all but the relay chain, paid for or not: the
/// executor does not tell who gives them.
pub struct DenyForgedNotifications;

impl DenyExecution for DenyForgedNotifications {
	fn deny_execution<Call>(
		origin: &Location,
		instructions: &mut [Instruction<Call>],
		_: Weight,
		_: &mut Properties,
	) -> Result<(), ProcessMessageError> {
		let tells = |instruction: &Instruction<Call>| {
			matches!(
				instruction,
				HrmpNewChannelOpenRequest { .. }
					| HrmpChannelAccepted { .. }
					| HrmpChannelClosing { .. }
			)
		};
		match *origin == Location::parent() || !instructions.iter().any(tells) {
			true => Ok(()),
			false => Err(ProcessMessageError::Unsupported),
		}
	}
}

/// What a message must be to run.
pub type Allowed = (
	// Its weight has been paid for already, by a local account.
	TakeWeightCredit,
	// It answers a question of ours or of a program.
	AllowKnownQueryResponses<Responses>,
	// It says from whom within its chain it comes, and ...
	WithComputedOrigin<
		(
			// ... pays for its execution first, or ...
			AllowTopLevelPaidExecutionFrom<Everything>,
			// ... subscribes to our XCM version.
			AllowSubscriptionsFrom<Everything>,
		),
		UniversalLocation,
		ConstU32<8>,
	>,
	// It tells of an HRMP channel, from the relay chain.
	AllowHrmpNotificationsFromRelayChain,
);

/// The gate: a trailing topic names the message and is known to its calls; deny goes before allow.
pub type Barrier = TrailingSetTopicAsId<RecordTopic<DenyThenTry<Denied, Allowed>, Runtime>>;

/// The calls that `Transact` may make: those of the gateway, which only put messages into the
/// queue, and nothing else.
pub struct SafeCalls;

impl Contains<RuntimeCall> for SafeCalls {
	fn contains(call: &RuntimeCall) -> bool {
		use pallet_xcm_gateway::Call;
		matches!(
			call,
			RuntimeCall::XcmGateway(
				Call::send_message { .. } | Call::forget_route { .. } | Call::create_program { .. }
			)
		)
	}
}

// What it costs.

/// Most instructions of a message, so that one made of deposits to programs alone fits in the
/// part of a block that XCM is sure to get.
pub const MAX_INSTRUCTIONS: u32 = 32;

/// Most assets a message may hold at a time.
pub const MAX_ASSETS_IN_HOLDING: u32 = 20;

parameter_types! {
	/// An instruction's weight: above any measured on Asset Hub for what is enabled here, and the
	/// proof of two accounts.
	pub const InstructionWeight: Weight = Weight::from_parts(500_000_000, 8 * 1024);
	/// Why a deposit for an authorised alias is held.
	pub const AliasHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::PolkadotXcm(pallet_xcm::HoldReason::AuthorizeAlias);
}

/// Every instruction weighs the same, `Transact` its call on top, a deposit the message that tells
/// of it.
pub type Weigher =
	WithNotices<FixedWeightBounds<InstructionWeight, RuntimeCall, ConstU32<MAX_INSTRUCTIONS>>>;

/// Weight is bought with the native asset, at the price of transactions, from the block's author.
pub type Trader =
	UsingComponents<WeightToFee, NativeLocation, AccountId, Balances, ToAuthor<Runtime>>;

/// Delivery is paid to the block's author by all but the chain itself.
pub type Fees = XcmFeeManagerFromComponents<
	Equals<RootLocation>,
	SendXcmFeeToAccount<NativeTransactor, BlockAuthor>,
>;

/// Delivery to the relay chain, dearer while its queue is long.
pub type PriceForParentDelivery =
	ExponentialPrice<NativeAssetId, ConstU128<DELIVERY_FEE>, ConstU128<BYTE_FEE>, ParachainSystem>;

/// Delivery to a sibling, dearer while its channel is full.
pub type PriceForSiblingDelivery =
	ExponentialPrice<NativeAssetId, ConstU128<DELIVERY_FEE>, ConstU128<BYTE_FEE>, XcmpQueue>;

/// Ways out. Every message gets a topic, so that its journey can be followed.
pub type XcmRouter = WithUniqueTopic<(
	// To the relay chain by UMP,
	ParentAsUmp<ParachainSystem, PolkadotXcm, PriceForParentDelivery>,
	// to siblings by XCMP.
	XcmpQueue,
)>;

/// Who takes the answers to questions: those of programs go to programs.
pub type Responses = Answers<PolkadotXcm, Runtime>;

/// The answers to all questions of the executor.
pub struct XcmConfig;

impl Config for XcmConfig {
	type RuntimeCall = RuntimeCall;
	type XcmSender = XcmRouter;
	type XcmEventEmitter = PolkadotXcm;
	type AssetTransactor = AssetTransactors;
	type OriginConverter = XcmOriginToTransactDispatchOrigin;
	// No chain's word creates assets here.
	type IsReserve = ();
	type IsTeleporter = ();
	type Aliasers = Aliasers;
	type UniversalLocation = UniversalLocation;
	type Barrier = Barrier;
	type Weigher = Weigher;
	type Trader = Trader;
	type ResponseHandler = Responses;
	type AssetTrap = PolkadotXcm;
	type AssetLocker = ();
	type AssetExchanger = ();
	type SubscriptionService = PolkadotXcm;
	type PalletInstancesInfo = AllPalletsWithSystem;
	type MaxAssetsIntoHolding = ConstU32<MAX_ASSETS_IN_HOLDING>;
	type FeeManager = Fees;
	type MessageExporter = ();
	type UniversalAliases = Nothing;
	type CallDispatcher = TellRefusals<Runtime>;
	type SafeCallFilter = SafeCalls;
	type TransactionalProcessor = FrameTransactionalProcessor;
	type HrmpNewChannelOpenRequestHandler = Channels<Runtime>;
	type HrmpChannelAcceptedHandler = Channels<Runtime>;
	type HrmpChannelClosingHandler = Channels<Runtime>;
	type XcmRecorder = PolkadotXcm;
}

impl pallet_xcm::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type RuntimeCall = RuntimeCall;
	type SendXcmOrigin = EnsureXcmOrigin<RuntimeOrigin, LocalOriginToLocation>;
	type XcmRouter = XcmRouter;
	type ExecuteXcmOrigin = EnsureXcmOrigin<RuntimeOrigin, LocalOriginToLocation>;
	type XcmExecuteFilter = Everything;
	type XcmExecutor = XcmExecutor<XcmConfig>;
	type XcmTeleportFilter = Nothing;
	type XcmReserveTransferFilter = Everything;
	type Weigher = Weigher;
	type UniversalLocation = UniversalLocation;
	type AdvertisedXcmVersion = pallet_xcm::CurrentXcmVersion;
	type AdminOrigin = EnsureRoot<AccountId>;
	type SovereignAccountOf = LocationToAccountId;
	type AuthorizedAliasConsideration = HoldConsideration<
		AccountId,
		Balances,
		AliasHoldReason,
		LinearStoragePrice<ConstU128<MILLIUNIT>, ConstU128<BYTE_FEE>, Balance>,
	>;
	// Assets are not locked for other chains.
	type Currency = Balances;
	type CurrencyMatcher = ();
	type TrustedLockers = ();
	type MaxLockers = ConstU32<0>;
	type MaxRemoteLockConsumers = ConstU32<0>;
	type RemoteLockConsumerIdentifier = ();
	type WeightInfo = pallet_xcm::TestWeightInfo;

	const VERSION_DISCOVERY_QUEUE_SIZE: u32 = 100;
}

impl cumulus_pallet_xcm::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type XcmExecutor = XcmExecutor<XcmConfig>;
}
