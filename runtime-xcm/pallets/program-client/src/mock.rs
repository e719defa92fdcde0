//! A chain with the client alone. Its router keeps what it is given, and an unsigned origin stands
//! for the location named by [`speak_as`].

#![allow(unreachable_pub, reason = "the runtime is public, so what it is made of has to be")]

use crate as pallet_program_client;
use core::cell::RefCell;
use polkadot_sdk::{
	frame_support::{
		construct_runtime, derive_impl,
		traits::{ConstU32, EnsureOrigin},
	},
	frame_system::{self, RawOrigin},
	sp_io::TestExternalities,
	sp_runtime::{AccountId32, BuildStorage, traits::IdentityLookup},
	sp_weights::Weight,
	staging_xcm::prelude::*,
};

type Block = frame_system::mocking::MockBlock<Runtime>;

construct_runtime! {
	pub enum Runtime {
		System: frame_system = 0,
		ProgramClient: pallet_program_client = 7,
	}
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
	type AccountData = ();
}

pub(crate) const ALICE: AccountId32 = AccountId32::new([1; 32]);
/// Pays no delivery.
pub(crate) const PAUPER: AccountId32 = AccountId32::new([2; 32]);

pub(crate) fn gear() -> Location {
	Location::new(1, Parachain(2000))
}

thread_local! {
	static SENT: RefCell<Vec<(Location, Xcm<()>)>> = const { RefCell::new(Vec::new()) };
	static CHARGED: RefCell<Vec<(Location, Assets)>> = const { RefCell::new(Vec::new()) };
	static REFUSAL: RefCell<Option<SendError>> = const { RefCell::new(None) };
	static SPEAKER: RefCell<Option<Location>> = const { RefCell::new(None) };
}

/// What the router was given since the last call.
pub(crate) fn sent() -> Vec<(Location, Xcm<()>)> {
	SENT.take()
}

/// Who was charged for delivery since the last call.
pub(crate) fn charged() -> Vec<(Location, Assets)> {
	CHARGED.take()
}

/// Makes the router refuse from now on.
pub(crate) fn refuse(error: SendError) {
	REFUSAL.replace(Some(error));
}

/// The unsigned origin speaks for `location` from now on.
pub(crate) fn speak_as(location: impl Into<Location>) -> RuntimeOrigin {
	SPEAKER.replace(Some(location.into()));
	RuntimeOrigin::none()
}

pub struct Router;

impl SendXcm for Router {
	type Ticket = (Location, Xcm<()>);

	fn validate(
		destination: &mut Option<Location>,
		message: &mut Option<Xcm<()>>,
	) -> SendResult<Self::Ticket> {
		if let Some(error) = REFUSAL.take() {
			return Err(error);
		}
		let ticket = destination.take().zip(message.take()).ok_or(SendError::MissingArgument)?;
		Ok((ticket, (Here, 5u128).into()))
	}

	fn deliver((destination, message): Self::Ticket) -> Result<XcmHash, SendError> {
		let Some(SetTopic(topic)) = message.last().cloned() else {
			return Err(SendError::Transport("no topic"));
		};
		SENT.with_borrow_mut(|sent| sent.push((destination, message)));
		Ok(topic)
	}
}

/// Nothing is ever executed here.
pub enum Never {}

impl PreparedMessage for Never {
	fn weight_of(&self) -> Weight {
		match *self {}
	}
}

pub struct Executor;

impl ExecuteXcm<RuntimeCall> for Executor {
	type Prepared = Never;

	fn prepare(_: Xcm<RuntimeCall>, _: Weight) -> Result<Never, InstructionError> {
		Err(InstructionError { index: 0, error: XcmError::Unimplemented })
	}

	fn execute(_: impl Into<Location>, pre: Never, _: &mut XcmHash, _: Weight) -> Outcome {
		match pre {}
	}

	fn charge_fees(location: impl Into<Location>, fees: Assets) -> Result<(), XcmError> {
		let location = location.into();
		let pauper = Junction::AccountId32 { network: None, id: PAUPER.into() };
		if location == Location::from(pauper) {
			return Err(XcmError::NotHoldingFees);
		}
		CHARGED.with_borrow_mut(|charged| charged.push((location, fees)));
		Ok(())
	}
}

pub struct AsSpeaker;

impl EnsureOrigin<RuntimeOrigin> for AsSpeaker {
	type Success = Location;

	fn try_origin(origin: RuntimeOrigin) -> Result<Location, RuntimeOrigin> {
		match (origin.clone().into(), SPEAKER.with_borrow(Clone::clone)) {
			(Ok(RawOrigin::None), Some(speaker)) => Ok(speaker),
			_ => Err(origin),
		}
	}
}

polkadot_sdk::frame_support::parameter_types! {
	pub UniversalLocation: InteriorLocation =
		[GlobalConsensus(NetworkId::ByGenesis([9; 32])), Parachain(2001)].into();
	pub GearChain: Location = gear();
	pub const SendMessageCall: (u8, u8) = (40, 3);
	pub const SendMessageWeight: Weight = Weight::from_parts(1_000_000, 2_000);
}

impl pallet_program_client::Config for Runtime {
	type XcmOrigin = AsSpeaker;
	type XcmRouter = Router;
	type XcmExecutor = Executor;
	type UniversalLocation = UniversalLocation;
	type GearChain = GearChain;
	type SendMessageCall = SendMessageCall;
	type SendMessageWeight = SendMessageWeight;
	type MaxPayload = ConstU32<64>;
	type MaxPrograms = ConstU32<2>;
	type WeightInfo = pallet_program_client::weights::SubstrateWeight<Runtime>;
}

/// Runs `test` in block 1 of a new chain.
pub(crate) fn chain(test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Runtime>::default()
		.build_storage()
		.expect("an empty genesis builds");
	TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		test();
	});
}
