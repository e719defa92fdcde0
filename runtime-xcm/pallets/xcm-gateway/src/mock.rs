//! A chain with balances and the gateway alone.
//!
//! Its queue takes gas and value from the payer at two units a gas and keeps the posting; its
//! router keeps what it is given; an unsigned origin stands for the location named by [`speak_as`].

#![allow(unreachable_pub, reason = "the runtime is public, so what it is made of has to be")]

use crate as pallet_xcm_gateway;
use core::cell::{Cell, RefCell};
use gearway_primitives::{
	ActorId, Answer, AnswerLater, BuiltinFailure, CodeId, CreateProgram, Gas, MessageId, Outgoing,
	PostMessage, Posting, Topic, Value,
};
use polkadot_sdk::{
	frame_support::{
		construct_runtime, derive_impl, ensure, parameter_types,
		traits::{
			ConstU64, ConstU128, EnsureOrigin, Equals, fungible::Mutate, tokens::Preservation,
		},
	},
	frame_system::{self, RawOrigin},
	pallet_balances,
	sp_io::TestExternalities,
	sp_runtime::{AccountId32, BuildStorage, DispatchError, TokenError, traits::IdentityLookup},
	sp_weights::Weight,
	staging_xcm::prelude::*,
	staging_xcm_builder::{
		AccountId32Aliases, DescribeAllTerminal, DescribeFamily, FungibleAdapter,
		HashedDescription, IsConcrete,
	},
	staging_xcm_executor::traits::ConvertLocation,
};

type Block = frame_system::mocking::MockBlock<Runtime>;

construct_runtime! {
	pub enum Runtime {
		System: frame_system,
		Balances: pallet_balances,
		XcmGateway: pallet_xcm_gateway,
	}
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
	type AccountData = pallet_balances::AccountData<u128>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
	type AccountStore = System;
	type Balance = u128;
	type ExistentialDeposit = ConstU128<ED>;
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type DoneSlashHandler = ();
}

pub(crate) const ED: u128 = 10;
pub(crate) const ENDOWMENT: u128 = 1_000_000;
pub(crate) const DEPOSIT_GAS: Gas = 50;
pub(crate) const GAS_PRICE: u128 = 2;
pub(crate) const OUTBOUND_FEE: u128 = 300;
pub(crate) const DELIVERY: u128 = 5;
pub(crate) const ROUTE_DEPOSIT: u128 = 1_000;

/// The code that there is.
pub(crate) const CODE: CodeId = CodeId::new([6; 32]);
pub(crate) const PROGRAM: AccountId32 = AccountId32::new([7; 32]);
/// Where the queue keeps what it reserves.
pub(crate) const BANK: AccountId32 = AccountId32::new([90; 32]);
pub(crate) const FEES: AccountId32 = AccountId32::new([91; 32]);
/// Gets what delivery costs.
pub(crate) const CARRIER: AccountId32 = AccountId32::new([92; 32]);

pub(crate) fn account(id: AccountId32) -> Junction {
	Junction::AccountId32 { network: None, id: id.into() }
}

/// A user of the sibling chain.
pub(crate) fn alice() -> Location {
	Location::new(1, [Parachain(2001), account(AccountId32::new([1; 32]))])
}

/// Another, who owns nothing here.
pub(crate) fn pauper() -> Location {
	Location::new(1, [Parachain(2001), account(AccountId32::new([2; 32]))])
}

pub(crate) fn account_of(location: &Location) -> AccountId32 {
	LocationToAccount::convert_location(location).expect("has an account")
}

pub(crate) fn actor_of(account: &AccountId32) -> ActorId {
	ActorId::new(account.clone().into())
}

/// A message that has waited, and the reply to it.
pub(crate) type Reply = (MessageId, Result<Vec<u8>, BuiltinFailure>);

thread_local! {
	static POSTED: RefCell<Vec<Posting>> = const { RefCell::new(Vec::new()) };
	static ANSWERED: RefCell<Vec<Reply>> =
		const { RefCell::new(Vec::new()) };
	static IMPATIENT: Cell<bool> = const { Cell::new(false) };
	static SENT: RefCell<Vec<(Location, Xcm<()>)>> = const { RefCell::new(Vec::new()) };
	static REFUSAL: RefCell<Option<SendError>> = const { RefCell::new(None) };
	static SPEAKER: RefCell<Option<Location>> = const { RefCell::new(None) };
}

/// The replies to calls that came into the queue since the last call.
pub(crate) fn answered() -> Vec<Reply> {
	ANSWERED.take()
}

/// Has nobody wait for replies to calls any more.
pub(crate) fn lose_patience() {
	IMPATIENT.set(true);
}

/// What came into the queue since the last call.
pub(crate) fn posted() -> Vec<Posting> {
	POSTED.take()
}

/// What the router was given since the last call.
pub(crate) fn sent() -> Vec<(Location, Xcm<()>)> {
	SENT.take()
}

/// Makes the router refuse the next message.
pub(crate) fn refuse(error: SendError) {
	REFUSAL.replace(Some(error));
}

/// The unsigned origin speaks for `location` from now on.
pub(crate) fn speak_as(location: impl Into<Location>) -> RuntimeOrigin {
	SPEAKER.replace(Some(location.into()));
	RuntimeOrigin::none()
}

/// What [`PROGRAM`] sends to `destination`.
pub(crate) fn outgoing(
	destination: &Location,
	topic: Option<Topic>,
	answer: Option<Answer>,
) -> Outgoing {
	Outgoing {
		id: MessageId::new([0xee; 32]),
		source: actor_of(&PROGRAM),
		destination: actor_of(&account_of(destination)),
		payload: b"pong".to_vec(),
		cause: Queue::id(1),
		topic,
		answer,
	}
}

pub struct Queue;

impl Queue {
	/// The id of the posting of that number, from one.
	pub(crate) fn id(number: usize) -> MessageId {
		MessageId::new([u8::try_from(number).expect("few"); 32])
	}
}

impl PostMessage for Queue {
	fn post(posting: Posting) -> Result<MessageId, DispatchError> {
		ensure!(Self::is_program(posting.destination), DispatchError::CannotLookup);
		let price = posting.value + Self::gas_price(posting.gas_limit);
		Balances::transfer(&posting.payer, &BANK, price, Preservation::Preserve)?;
		Ok(POSTED.with_borrow_mut(|posted| {
			posted.push(posting);
			Self::id(posted.len())
		}))
	}

	fn is_program(id: ActorId) -> bool {
		id == actor_of(&PROGRAM)
	}

	fn gas_price(gas: Gas) -> Value {
		u128::from(gas) * GAS_PRICE
	}
}

impl CreateProgram for Queue {
	fn create(
		code: CodeId,
		salt: &[u8],
		posting: Posting,
	) -> Result<(ActorId, MessageId), DispatchError> {
		ensure!(code == CODE, DispatchError::CannotLookup);
		assert_eq!(salt, b"salt");
		let destination = actor_of(&PROGRAM);
		Self::post(Posting { destination, ..posting }).map(|id| (destination, id))
	}
}

impl AnswerLater for Queue {
	fn answer(
		actor: ActorId,
		message: MessageId,
		answer: Result<Vec<u8>, BuiltinFailure>,
	) -> Result<(), DispatchError> {
		assert_eq!(actor.into_bytes(), crate::XCM_ACTOR);
		ensure!(!IMPATIENT.get(), DispatchError::Unavailable);
		ANSWERED.with_borrow_mut(|answered| answered.push((message, answer)));
		Ok(())
	}

	fn weight() -> Weight {
		Weight::from_parts(21, 22)
	}
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
		Ok((ticket, (Here, DELIVERY).into()))
	}

	fn deliver((destination, message): Self::Ticket) -> Result<XcmHash, SendError> {
		let topic = match message.last() {
			Some(SetTopic(topic)) => *topic,
			_ => [0xaa; 32],
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
		assert_eq!(fees, (Here, DELIVERY).into());
		let payer = account_of(&location.into());
		Balances::transfer(&payer, &CARRIER, DELIVERY, Preservation::Preserve)
			.map_err(|_| XcmError::NotHoldingFees)?;
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

parameter_types! {
	pub const Network: Option<NetworkId> = None;
	pub const HereLocation: Location = Location::here();
	pub UniversalLocation: InteriorLocation =
		[GlobalConsensus(NetworkId::ByGenesis([9; 32])), Parachain(2000)].into();
	pub RemoteFee: Asset = (Here, 77u128).into();
	pub const FeeAccount: AccountId32 = FEES;
	pub const Friend: u32 = 2001;
	pub const AcceptChannelCall: (u8, u8) = (51, 1);
	pub RelayFee: Asset = (Here, 66u128).into();
}

pub(crate) type LocationToAccount = (
	AccountId32Aliases<Network, AccountId32>,
	crate::Selected<AccountId32Aliases<Network, AccountId32>>,
	HashedDescription<AccountId32, DescribeFamily<DescribeAllTerminal>>,
);

/// Deposits as the runtime's, wrapped.
pub(crate) type Transactor = crate::DepositToPrograms<
	FungibleAdapter<Balances, IsConcrete<HereLocation>, LocationToAccount, AccountId32, ()>,
	Runtime,
>;

impl pallet_xcm_gateway::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type XcmOrigin = AsSpeaker;
	type LocationToAccount = LocationToAccount;
	type Messages = Queue;
	type Answers = Queue;
	type Programs = Queue;
	type ChannelsFrom = Equals<Friend>;
	type AcceptChannelCall = AcceptChannelCall;
	type RelayFee = RelayFee;
	type Currency = Balances;
	type NativeAsset = IsConcrete<HereLocation>;
	type XcmRouter = Router;
	type XcmExecutor = Executor;
	type UniversalLocation = UniversalLocation;
	type DepositGas = ConstU64<DEPOSIT_GAS>;
	type OutboundFee = ConstU128<OUTBOUND_FEE>;
	type FeeAccount = FeeAccount;
	type RemoteFee = RemoteFee;
	type RouteDeposit = ConstU128<ROUTE_DEPOSIT>;
	type WeightInfo = pallet_xcm_gateway::weights::SubstrateWeight<Runtime>;
}

/// Runs `test` in block 1 of a new chain on which Alice's and the program's accounts are endowed,
/// and checks that it moved balance about but made and lost none.
pub(crate) fn chain(test: impl FnOnce()) {
	// What an earlier chain of the same test has left.
	drop((posted(), sent(), answered()));
	IMPATIENT.set(false);
	let mut storage = frame_system::GenesisConfig::<Runtime>::default()
		.build_storage()
		.expect("an empty genesis builds");
	pallet_balances::GenesisConfig::<Runtime> {
		balances: [account_of(&alice()), PROGRAM, BANK, FEES, CARRIER]
			.map(|account| (account, ENDOWMENT))
			.into(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.expect("balances are above the existential deposit");
	TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		let issuance = Balances::total_issuance();
		test();
		assert_eq!(Balances::total_issuance(), issuance);
	});
}

/// The error that a payer without funds gets.
pub(crate) const NO_FUNDS: DispatchError = DispatchError::Token(TokenError::FundsUnavailable);
