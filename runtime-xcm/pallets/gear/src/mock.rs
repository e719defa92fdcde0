//! A runtime of this pallet, real balances and a clock; and, for the traits that other pallets
//! implement, a router and a builtin actor that do what their message says.

use crate::{self as pallet_gear, ChainSettings, weights::SubstrateWeight};
use core::cell::Cell;
use gearway_engine::Settings;
use gearway_primitives::{
	ActorId, Builtin, BuiltinCall, BuiltinFailure, BuiltinReply, Gas, MessageId, Outgoing,
	RouteMessage, Routed, Value,
};
use polkadot_sdk::{
	frame_support::{
		self, construct_runtime, derive_impl, parameter_types,
		traits::{ConstU64, Get, Hooks, fungible::Inspect, tokens::imbalance::ResolveTo},
		weights::{
			Weight,
			constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_SECOND},
		},
	},
	frame_system, pallet_balances, pallet_timestamp,
	sp_core::H256,
	sp_io::TestExternalities,
	sp_runtime::{AccountId32, BuildStorage, DispatchError, traits::IdentityLookup},
};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Timestamp: pallet_timestamp,
		Balances: pallet_balances,
		Gear: pallet_gear,
	}
);

type Block = frame_system::mocking::MockBlock<Test>;

/// A block of two seconds and ten mebibytes of proof.
pub(crate) const BLOCK: Weight =
	Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, 10 * 1024 * 1024);

/// The existential deposit.
pub(crate) const ED: Value = 1_000_000_000;

/// What every account below begins with.
pub(crate) const FUNDS: Value = 1_000_000 * ED;

/// Enough for anything the programs here do once.
pub(crate) const GAS: Gas = 50_000_000_000;

pub(crate) const ALICE: AccountId32 = AccountId32::new([1; 32]);
pub(crate) const BOB: AccountId32 = AccountId32::new([2; 32]);
/// Has no account.
pub(crate) const NOBODY: AccountId32 = AccountId32::new([3; 32]);
/// Gets what gas is spent.
pub(crate) const AUTHOR: AccountId32 = AccountId32::new([4; 32]);

/// Lives elsewhere: what is sent to it leaves.
pub(crate) const REMOTE: ActorId = ActorId::new([0xee; 32]);
/// Lives elsewhere, out of reach.
pub(crate) const UNREACHABLE: ActorId = ActorId::new([0xef; 32]);
/// A builtin actor: replies with its message, or fails if that is empty; to `later`, it replies
/// later.
pub(crate) const ECHO: ActorId = ActorId::new([0xbb; 32]);
/// Blocks that a reply of [`ECHO`] may take.
pub(crate) const PATIENCE: u32 = 5;

parameter_types! {
	pub RuntimeBlockWeights: frame_system::limits::BlockWeights =
		frame_system::limits::BlockWeights::simple_max(BLOCK);
	pub const Author: AccountId32 = AUTHOR;
	pub const GasPrice: Value = 3;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountData = pallet_balances::AccountData<Value>;
	type AccountId = AccountId32;
	type Block = Block;
	type BlockWeights = RuntimeBlockWeights;
	type DbWeight = RocksDbWeight;
	type Lookup = IdentityLookup<AccountId32>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Value;
	type ExistentialDeposit = frame_support::traits::ConstU128<ED>;
}

impl pallet_gear::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type GasIncome = ResolveTo<Author, Balances>;
	type Time = Timestamp;
	type GasPrice = GasPrice;
	type MaxGasLimit = ConstU64<250_000_000_000>;
	type RefTimePerGas = ConstU64<1>;
	type Settings = TestSettings;
	type Router = Post;
	type Builtins = Echo;
	type Randomness = Dice;
	type WeightInfo = SubstrateWeight<Test>;
}

/// The chain's settings, but with mail so dear that what pays for a message to be kept buys it
/// five blocks.
pub struct TestSettings;

impl Get<Settings> for TestSettings {
	fn get() -> Settings {
		let mut settings = ChainSettings::<Test>::get();
		settings.schedule.mailbox_block = settings.schedule.mailbox_threshold / 10;
		settings
	}
}

/// Says the number of the block.
pub struct Dice;

impl frame_support::traits::Randomness<H256, u64> for Dice {
	fn random(subject: &[u8]) -> (H256, u64) {
		let now = System::block_number();
		let mut seed = [0; 32];
		let bytes = now.to_le_bytes().into_iter().chain(subject.iter().copied());
		seed.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
		(H256(seed), now.saturating_sub(1))
	}
}

thread_local! {
	/// Whether somebody elsewhere awaits the end of every message.
	pub(crate) static AWAITED: Cell<bool> = const { Cell::new(false) };
}

/// Carries messages to [`REMOTE`], with what caused them as topic.
pub struct Post;

impl RouteMessage for Post {
	fn route(message: &Outgoing) -> Result<Routed, DispatchError> {
		match message.destination {
			REMOTE => Ok(Routed::Sent { topic: message.cause.into_bytes() }),
			UNREACHABLE => Err(DispatchError::Unavailable),
			_ => Ok(Routed::Local),
		}
	}

	fn is_elsewhere(actor: ActorId) -> bool {
		matches!(actor, REMOTE | UNREACHABLE)
	}

	fn is_awaited(_: MessageId) -> bool {
		AWAITED.get()
	}

	fn weight(len: u32) -> Weight {
		Weight::from_parts(1_000_000_000 + 8_000 * u64::from(len), 100_000)
	}
}

/// The actor [`ECHO`].
pub struct Echo;

impl Builtin for Echo {
	fn is_builtin(actor: ActorId) -> bool {
		actor == ECHO
	}

	fn handle(call: BuiltinCall<'_>) -> Result<BuiltinReply, BuiltinFailure> {
		// What must not remain when it fails.
		System::inc_providers(&account(call.actor));
		match call.payload {
			[] => Err(DispatchError::BadOrigin.into()),
			b"later" => Ok(BuiltinReply::Later { blocks: PATIENCE.min(call.patience) }),
			said => Ok(BuiltinReply::Now(said.to_vec())),
		}
	}

	fn weight() -> Weight {
		Weight::from_parts(2_000_000_000, 50_000)
	}
}

/// Runs a test on a fresh chain, in its first block, and checks afterwards that every invariant
/// holds and that no money was made or lost.
pub(crate) fn chain(test: impl FnOnce()) {
	let balances = [ALICE, BOB, AUTHOR].map(|account| (account, FUNDS)).to_vec();
	begin(balances, pallet_gear::GenesisConfig::default(), test);
}

/// The same on a consortium's chain, where gas costs nothing, nobody has any money and Alice may
/// upload.
pub(crate) fn consortium(test: impl FnOnce()) {
	let uploaders = Some([ALICE].into());
	begin(
		Vec::new(),
		pallet_gear::GenesisConfig { free: true, uploaders, ..Default::default() },
		test,
	);
}

fn begin(
	balances: Vec<(AccountId32, Value)>,
	gear: pallet_gear::GenesisConfig<Test>,
	test: impl FnOnce(),
) {
	let issued: Value = balances.iter().map(|(_, funds)| funds).sum();
	let balances = pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() };
	let system = frame_system::GenesisConfig::default();
	let genesis = RuntimeGenesisConfig { system, balances, gear };
	TestExternalities::new(genesis.build_storage().unwrap()).execute_with(|| {
		System::set_block_number(1);
		test();
		check();
		assert_eq!(Balances::total_issuance(), issued, "money was made or lost");
	});
}

/// Every invariant holds.
pub(crate) fn check() {
	Gear::do_try_state().unwrap();
}

/// Ends the block with `room` left, checks, and begins the next. Returns the weight used.
pub(crate) fn end_block_with(room: Weight) -> Weight {
	let now = System::block_number();
	let used = Gear::on_idle(now, room);
	assert!(used.all_lte(room), "{used:?} of {room:?}");
	check();
	System::set_block_number(now + 1);
	used
}

/// Ends an otherwise empty block.
pub(crate) fn end_block() -> Weight {
	end_block_with(BLOCK)
}

/// The pallet's events since the last call.
pub(crate) fn events() -> Vec<pallet_gear::Event<Test>> {
	let events = System::read_events_for_pallet::<pallet_gear::Event<Test>>();
	System::reset_events();
	events
}

/// An actor's id as calls and events have it.
pub(crate) fn h256(id: impl Into<[u8; 32]>) -> H256 {
	H256(id.into())
}

/// The actor of an account.
pub(crate) fn actor(account: &AccountId32) -> ActorId {
	ActorId::new(account.clone().into())
}

/// The account of an actor.
pub(crate) fn account(actor: ActorId) -> AccountId32 {
	AccountId32::new(actor.into_bytes())
}

/// All that an account has, held or not.
pub(crate) fn total(account: &AccountId32) -> Value {
	Balances::total_balance(account)
}
