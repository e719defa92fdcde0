//! A chain with nothing but a beacon client.

use crate as pallet_beacon_client;
use gearway_ethereum::testing::World;
use polkadot_sdk::{
	frame_support::{construct_runtime, derive_impl, parameter_types},
	frame_system::{self, mocking::MockBlock},
	sp_io::TestExternalities,
	sp_runtime::BuildStorage,
};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		BeaconClient: pallet_beacon_client,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub const MaxFinalizedHeaders: u32 = 4;
}

impl pallet_beacon_client::Config for Test {
	type MaxFinalizedHeaders = MaxFinalizedHeaders;
	type WeightInfo = crate::weights::SubstrateWeight<Test>;
}

/// A beacon chain with a block every eight slots for `epochs` epochs, each final from the one
/// after next on.
pub(crate) fn world(epochs: u64) -> World {
	let mut world = World::electra();
	for epoch in 1..=epochs {
		if epoch > 2 {
			world.finalize((epoch - 2) * 8);
		}
		world.block(epoch * 8, Default::default());
	}
	world
}

/// Runs a test in a block, and checks the invariants after it.
pub(crate) fn execute(test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		test();
		BeaconClient::do_try_state().unwrap();
	});
}
