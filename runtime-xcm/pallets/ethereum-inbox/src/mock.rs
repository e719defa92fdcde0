//! A chain with a beacon client, an inbox, and a queue that only writes down what is posted.

use crate as pallet_ethereum_inbox;
use gearway_ethereum::{
	Batch, Claim, Gateway, GatewayMessage, HeaderProof, ReceiptProof,
	prove::BlockReceipts,
	testing::{World, block_receipts, gateway_log, receipt},
};
use gearway_primitives::{ActorId, Gas, MessageId, PostMessage, Posting, Value};
use polkadot_sdk::{
	frame_support::{PalletId, construct_runtime, derive_impl, parameter_types, storage::unhashed},
	frame_system::{self, mocking::MockBlock},
	sp_io::TestExternalities,
	sp_runtime::{AccountId32, BuildStorage, DispatchError, traits::IdentityLookup},
};
use std::{cell::RefCell, collections::BTreeMap};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		BeaconClient: pallet_beacon_client,
		EthereumInbox: pallet_ethereum_inbox,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
}

parameter_types! {
	pub const MaxFinalizedHeaders: u32 = 4;
	pub const MaxEvents: u32 = 8;
	pub const MaxSubscriptions: u32 = 2;
	pub const GiveUpDelay: u64 = 10;
	pub const InboxPalletId: PalletId = PalletId(*b"gw/ether");
}

impl pallet_beacon_client::Config for Test {
	type MaxFinalizedHeaders = MaxFinalizedHeaders;
	type WeightInfo = pallet_beacon_client::weights::SubstrateWeight<Test>;
}

impl pallet_ethereum_inbox::Config for Test {
	type Beacon = BeaconClient;
	type Messages = Queue;
	type PalletId = InboxPalletId;
	type MaxEvents = MaxEvents;
	type MaxSubscriptions = MaxSubscriptions;
	type GiveUpDelay = GiveUpDelay;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

thread_local! {
	static POSTED: RefCell<Vec<Posting>> = const { RefCell::new(Vec::new()) };
	static EXISTS: RefCell<bool> = const { RefCell::new(true) };
}

/// What [`Queue`] writes into storage before it refuses: it has to be gone after that.
pub(crate) const LEFTOVER: &[u8] = b"leftover";

/// Writes down what is posted. Refuses what is for [`GHOST`] while that does not exist.
pub struct Queue;

impl PostMessage for Queue {
	fn post(posting: Posting) -> Result<MessageId, DispatchError> {
		unhashed::put(LEFTOVER, &1u8);
		if !Self::is_program(posting.destination) {
			return Err(DispatchError::Unavailable);
		}
		unhashed::kill(LEFTOVER);
		POSTED.with_borrow_mut(|posted| {
			posted.push(posting);
			Ok(MessageId::new([posted.len() as u8; 32]))
		})
	}

	fn is_program(id: ActorId) -> bool {
		id != ActorId::new(GHOST) || EXISTS.with_borrow(|exists| *exists)
	}

	fn gas_price(gas: Gas) -> Value {
		gas.into()
	}
}

/// A program that does not exist until [`bring_to_life`], and no more after [`end_its_life`].
pub(crate) const GHOST: [u8; 32] = [0xff; 32];

pub(crate) fn bring_to_life() {
	EXISTS.set(true);
}

pub(crate) fn end_its_life() {
	EXISTS.set(false);
}

pub(crate) fn posted() -> Vec<Posting> {
	POSTED.with_borrow(Clone::clone)
}

pub(crate) const GATEWAY: Gateway = Gateway { chain_id: 1_337, address: [0xaa; 20] };

pub(crate) fn message(nonce: u64) -> GatewayMessage {
	GatewayMessage {
		nonce,
		sender: [0xbb; 20],
		program: [0xcc; 32],
		gas_limit: 5_000_000,
		payload: vec![1, 2, 3, nonce as u8],
	}
}

pub(crate) fn alice() -> RuntimeOrigin {
	RuntimeOrigin::signed(AccountId32::new([1; 32]))
}

/// An Ethereum whose block at slot 10 has the receipts of a test, is four slots behind a
/// finalised block, and is known to the chain here.
pub(crate) struct Ethereum {
	pub(crate) world: World,
	pub(crate) receipts: BlockReceipts,
}

impl Ethereum {
	/// A transaction a receipt.
	pub(crate) fn new(receipts: Vec<Vec<u8>>) -> Self {
		let receipts = block_receipts(receipts);
		let mut world = World::electra();
		world.block(8, Default::default());
		for slot in 9..=14 {
			world.block(slot, if slot == 10 { receipts.root() } else { Default::default() });
		}
		world.finalize(14);
		world.block(30, Default::default());

		let network = world.network.clone();
		let start = Box::new(world.bootstrap(8));
		BeaconClient::bootstrap(RuntimeOrigin::root(), network, start).unwrap();
		BeaconClient::submit(alice(), Box::new(world.finality_update(30))).unwrap();
		Self { world, receipts }
	}

	/// A transaction for each message, the log being the second of two in its receipt.
	pub(crate) fn with(messages: &[GatewayMessage]) -> Self {
		let other = Gateway { address: [0xdd; 20], ..GATEWAY };
		let one = |message: &GatewayMessage| {
			let logs = vec![gateway_log(&other, message), gateway_log(&GATEWAY, message)];
			receipt(true, logs)
		};
		Self::new(messages.iter().map(one).collect())
	}

	pub(crate) fn header_proof(&self) -> Box<HeaderProof> {
		Box::new(self.world.header_proof(10, 14))
	}

	/// Proof of the second log of a transaction.
	pub(crate) fn proof(&self, tx_index: u32, nonce: u64) -> ReceiptProof {
		self.receipts.prove(tx_index, 1, nonce).unwrap()
	}
}

/// The block of each slot that has any receipts, and a finalised block after them all.
pub(crate) struct Blocks {
	pub(crate) world: World,
	receipts: BTreeMap<u64, BlockReceipts>,
}

/// Slot of the finalised block of [`Blocks`], and of the first block.
pub(crate) const ANCHOR: u64 = 30;
pub(crate) const FIRST: u64 = 8;

impl Blocks {
	/// Blocks at these slots, which lie between [`FIRST`] and [`ANCHOR`], with these receipts.
	pub(crate) fn new<const N: usize>(receipts: [(u64, Vec<Vec<u8>>); N]) -> Self {
		let receipts: BTreeMap<_, _> =
			receipts.into_iter().map(|(slot, receipts)| (slot, block_receipts(receipts))).collect();
		let mut world = World::electra();
		for slot in FIRST..=ANCHOR {
			let root = receipts.get(&slot).map(BlockReceipts::root);
			world.block(slot, root.unwrap_or_default());
		}
		world.finalize(ANCHOR);
		world.block(40, Default::default());

		let network = world.network.clone();
		let start = Box::new(world.bootstrap(FIRST));
		BeaconClient::bootstrap(RuntimeOrigin::root(), network, start).unwrap();
		Self { world, receipts }
	}

	/// Makes the block at [`ANCHOR`] final.
	pub(crate) fn finalize(&mut self) {
		let update = self.world.finality_update(40);
		BeaconClient::submit(alice(), Box::new(update)).unwrap();
	}

	/// Proves claims by block and transaction.
	pub(crate) fn prove<const N: usize>(&self, claims: [(u64, u32, Vec<Claim>); N]) -> Box<Batch> {
		let mut blocks = BTreeMap::<u64, BTreeMap<u32, Vec<Claim>>>::new();
		for (slot, tx_index, claims) in claims {
			blocks.entry(slot).or_default().entry(tx_index).or_default().extend(claims);
		}
		let blocks = blocks.into_iter().map(|(slot, claims)| {
			let proven = self.receipts[&slot].prove_all(claims).unwrap();
			self.world.block_proof(slot, FIRST, proven)
		});
		Box::new(self.world.batch(FIRST, ANCHOR, blocks.collect()))
	}
}

/// Runs a test in a block with the gateway set, and checks the invariants after it.
pub(crate) fn execute(test: impl FnOnce()) {
	POSTED.take();
	EXISTS.set(false);
	let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		let Gateway { chain_id, address } = GATEWAY;
		EthereumInbox::set_gateway(RuntimeOrigin::root(), chain_id, address).unwrap();
		test();
		EthereumInbox::do_try_state().unwrap();
	});
}
