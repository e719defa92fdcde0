//! The configuration's own promises.

use crate::{
	Balances, ParachainInfo, Runtime, RuntimeCall, RuntimeGenesisConfig,
	configs::{
		chain::RuntimeBlockWeights,
		parachain::{IdleMaxServiceWeight, ServiceWeight},
	},
	genesis,
	xcm_config::{Barrier, InstructionWeight, LocationToAccountId, MAX_INSTRUCTIONS, SafeCalls},
};
use gearway_primitives::ProgramMessage;
use gearway_runtime_common::{
	GEAR_PARA_ID, SIBLING_PARA_ID,
	budget::{HOOKS_SHARE, IDLE_SHARE, MAXIMUM_BLOCK_WEIGHT},
	genesis::merge,
};
use polkadot_sdk::{
	frame_support::{
		dispatch::DispatchClass,
		genesis_builder_helper::build_state,
		traits::{Contains, ProcessMessageError},
		weights::Weight,
	},
	pallet_sudo,
	sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PresetId},
	sp_io::TestExternalities,
	sp_keyring::Sr25519Keyring,
	staging_xcm::latest::prelude::*,
	staging_xcm_executor::traits::{ConvertLocation, Properties, ShouldExecute},
};

/// A chain at block 0 of a preset.
fn chain(preset: &str) -> TestExternalities {
	let patch = genesis::preset(&PresetId::from(preset)).expect("preset exists");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	merge(&mut config, serde_json::from_slice(&patch).unwrap());
	let mut chain = TestExternalities::new_empty();
	chain.execute_with(|| {
		build_state::<RuntimeGenesisConfig>(serde_json::to_vec(&config).unwrap()).unwrap();
	});
	chain
}

fn gear() -> Location {
	Location::new(1, [Parachain(GEAR_PARA_ID)])
}

fn program() -> Location {
	Location::new(1, [Parachain(GEAR_PARA_ID), AccountId32 { network: None, id: [7; 32] }])
}

fn check(
	from: &Location,
	message: Vec<Instruction<RuntimeCall>>,
) -> Result<(), ProcessMessageError> {
	let mut message = message;
	let mut properties = Properties { weight_credit: Weight::zero(), message_id: None };
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		Barrier::should_execute(from, &mut message, Weight::MAX / 2, &mut properties)
	})
}

#[test]
fn every_preset_makes_a_chain() {
	assert_eq!(genesis::preset_names(), [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET]);
	for preset in genesis::preset_names() {
		chain(preset.as_ref()).execute_with(|| {
			assert_eq!(ParachainInfo::parachain_id(), SIBLING_PARA_ID.into());
			assert_eq!(
				pallet_sudo::Key::<Runtime>::get(),
				Some(Sr25519Keyring::Alice.to_account_id())
			);
			let gear = LocationToAccountId::convert_location(&gear()).unwrap();
			assert_eq!(Balances::free_balance(gear), genesis::ENDOWMENT);
		});
	}
}

#[test]
fn an_unknown_preset_is_none() {
	assert_eq!(genesis::preset(&PresetId::from("mainnet")), None);
}

#[test]
fn a_share_of_the_block_is_out_of_reach_for_all_but_on_idle() {
	let weights = RuntimeBlockWeights::get();
	let of_class = |class| weights.get(class).max_total.expect("limited");
	let taken = of_class(DispatchClass::Normal)
		+ of_class(DispatchClass::Operational)
		+ ServiceWeight::get()
		+ IdleMaxServiceWeight::get()
		+ HOOKS_SHARE * MAXIMUM_BLOCK_WEIGHT;
	let rounding = Weight::from_parts(10, 10);
	let left = weights.max_block.saturating_sub(taken).saturating_add(rounding);
	assert!((IDLE_SHARE * MAXIMUM_BLOCK_WEIGHT).all_lte(left), "{left}");
}

#[test]
fn the_longest_message_fits_in_its_share_of_a_block() {
	let longest = InstructionWeight::get() * u64::from(MAX_INSTRUCTIONS);
	assert!(longest.all_lte(ServiceWeight::get()), "{longest} > {}", ServiceWeight::get());
}

#[test]
fn programs_are_told_apart() {
	let account = |location: &Location| LocationToAccountId::convert_location(location).unwrap();
	let other =
		Location::new(1, [Parachain(GEAR_PARA_ID), AccountId32 { network: None, id: [8; 32] }]);
	assert_ne!(account(&program()), account(&other));
	assert_ne!(account(&program()), account(&gear()));
	let same_id_here = Location::from(AccountId32 { network: None, id: [7; 32] });
	assert_ne!(account(&program()), account(&same_id_here));
}

/// What the Gear chain sends for a program: its sovereign account pays, the program speaks.
#[test]
fn a_program_may_come_in_if_its_chain_pays() {
	let fee: Asset = (Here, 1_000u128).into();
	let paid = vec![
		WithdrawAsset(fee.clone().into()),
		BuyExecution { fees: fee, weight_limit: Unlimited },
		DescendOrigin(AccountId32 { network: None, id: [7; 32] }.into()),
		SetTopic([1; 32]),
	];
	assert_eq!(check(&gear(), paid.clone()), Ok(()));
	assert!(check(&gear(), paid[..1].to_vec()).is_err());
}

#[test]
fn reserves_do_not_go_to_the_relay_chain() {
	let fee: Asset = (Here, 1_000u128).into();
	let message = vec![
		WithdrawAsset(fee.clone().into()),
		BuyExecution { fees: fee, weight_limit: Unlimited },
		DepositReserveAsset {
			assets: AllCounted(1).into(),
			dest: Location::parent(),
			xcm: Xcm(vec![]),
		},
	];
	assert_eq!(check(&gear(), message), Err(ProcessMessageError::Unsupported));
}

#[test]
fn only_messages_of_programs_may_be_transacted() {
	let message = ProgramMessage { id: [0; 32], answer: None, topic: [0; 32], payload: vec![] };
	let receive = pallet_program_client::Call::receive { message };
	assert!(SafeCalls::contains(&receive.into()));
	let deposit =
		pallet_program_client::Call::deposit { program: Default::default(), amount: 0, fee: 0 };
	assert!(!SafeCalls::contains(&deposit.into()));
}

/// Metadata is what clients go by: it must be there, in a version they read.
#[test]
fn metadata_is_served_in_versions_15_and_16() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		for version in [15, 16] {
			assert!(Runtime::metadata_at_version(version).is_some(), "{version}");
		}
	});
}
