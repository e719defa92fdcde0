//! The configuration's own promises.

use crate::{
	Balances, ParachainInfo, Runtime, RuntimeCall, RuntimeGenesisConfig, Sudo,
	configs::{
		chain::RuntimeBlockWeights,
		parachain::{IdleMaxServiceWeight, ServiceWeight},
	},
	genesis,
	xcm_config::{Barrier, InstructionWeight, LocationToAccountId, MAX_INSTRUCTIONS},
};
use gearway_runtime_common::{
	GEAR_PARA_ID, SIBLING_PARA_ID,
	budget::{HOOKS_SHARE, IDLE_SHARE, MAXIMUM_BLOCK_WEIGHT},
	genesis::merge,
};
use polkadot_sdk::{
	frame_support::{
		dispatch::DispatchClass, genesis_builder_helper::build_state, traits::ProcessMessageError,
		weights::Weight,
	},
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

fn sibling_alice() -> Location {
	let id = Sr25519Keyring::Alice.to_raw_public();
	Location::new(1, [Parachain(SIBLING_PARA_ID), AccountId32 { network: None, id }])
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
			assert_eq!(ParachainInfo::parachain_id(), GEAR_PARA_ID.into());
			assert_eq!(Sudo::key(), Some(Sr25519Keyring::Alice.to_account_id()));
			let sibling = Location::new(1, [Parachain(SIBLING_PARA_ID)]);
			for location in [sibling, sibling_alice()] {
				let account = LocationToAccountId::convert_location(&location).unwrap();
				assert_eq!(Balances::free_balance(account), genesis::ENDOWMENT, "{location:?}");
			}
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
	assert!((taken + IDLE_SHARE * MAXIMUM_BLOCK_WEIGHT).all_lte(weights.max_block));
}

#[test]
fn the_longest_message_fits_in_its_share_of_a_block() {
	let longest = InstructionWeight::get() * u64::from(MAX_INSTRUCTIONS);
	assert!(longest.all_lte(ServiceWeight::get()), "{longest} > {}", ServiceWeight::get());
}

#[test]
fn accounts_of_a_sibling_are_told_apart() {
	let account = |location: &Location| LocationToAccountId::convert_location(location).unwrap();
	let alice_here =
		Location::from(AccountId32 { network: None, id: Sr25519Keyring::Alice.to_raw_public() });
	assert_eq!(account(&alice_here), Sr25519Keyring::Alice.to_account_id());
	assert_ne!(account(&sibling_alice()), account(&alice_here));
	assert_ne!(account(&sibling_alice()), account(&Location::new(1, [Parachain(SIBLING_PARA_ID)])));
}

#[test]
fn an_account_of_a_sibling_may_come_in_if_it_pays() {
	let sibling = Location::new(1, [Parachain(SIBLING_PARA_ID)]);
	let who = AccountId32 { network: None, id: [7; 32] };
	let fee: Asset = (Here, 1_000u128).into();
	let paid = vec![
		DescendOrigin(who.into()),
		WithdrawAsset(fee.clone().into()),
		BuyExecution { fees: fee, weight_limit: Unlimited },
		SetTopic([1; 32]),
	];
	assert_eq!(check(&sibling, paid.clone()), Ok(()));
	let unpaid = vec![paid[0].clone(), paid[1].clone()];
	assert!(check(&sibling, unpaid).is_err());
	assert!(
		check(
			&Location::parent(),
			vec![UnpaidExecution { weight_limit: Unlimited, check_origin: None }]
		)
		.is_err()
	);
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
	assert_eq!(check(&sibling_alice(), message), Err(ProcessMessageError::Unsupported));
}

/// Metadata is what clients go by: it must be there, in a version they read.
#[test]
fn metadata_is_served_in_versions_15_and_16() {
	for version in [15, 16] {
		assert!(Runtime::metadata_at_version(version).is_some(), "{version}");
	}
}
