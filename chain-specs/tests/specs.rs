//! What the specs say. Needs no Wasm: that is `omni_node.rs`.

use gear_runtime::Runtime as Gear;
use gearway_chain_specs::{Chain, Format, Preset, Spec, SpecError, genesis};
use gearway_runtime_common::AccountId;
use polkadot_sdk::{
	frame_system, pallet_balances, pallet_sudo, sp_keyring::Sr25519Keyring,
	sp_state_machine::BasicExternalities, staging_parachain_info,
};
use sibling_runtime::Runtime as Sibling;

/// What a chain of runtime `T` says of itself in a genesis state: parachain id, sudo key, balance
/// of Alice.
fn facts<T>(spec: &Spec) -> (u32, Option<AccountId>, u128)
where
	T: frame_system::Config<AccountId = AccountId>
		+ pallet_balances::Config<Balance = u128>
		+ pallet_sudo::Config
		+ staging_parachain_info::Config,
{
	BasicExternalities::new(genesis(spec).expect("builds")).execute_with(|| {
		(
			staging_parachain_info::Pallet::<T>::parachain_id().into(),
			pallet_sudo::Key::<T>::get(),
			pallet_balances::Pallet::<T>::free_balance(Sr25519Keyring::Alice.to_account_id()),
		)
	})
}

#[test]
fn the_state_is_the_presets() {
	let alice = Some(Sr25519Keyring::Alice.to_account_id());
	for preset in Preset::ALL {
		let mut gear = Spec::new(Chain::Gear, preset);
		let endowment = gear_runtime::genesis::ENDOWMENT;
		assert_eq!(facts::<Gear>(&gear), (2000, alice.clone(), endowment));
		gear.para_id = 2222;
		assert_eq!(facts::<Gear>(&gear), (2222, alice.clone(), endowment));
		let sibling = Spec::new(Chain::Sibling, preset);
		let endowment = sibling_runtime::genesis::ENDOWMENT;
		assert_eq!(facts::<Sibling>(&sibling), (2001, alice.clone(), endowment));
	}
}

#[test]
fn what_is_built_twice_is_the_same() {
	let spec = Spec::new(Chain::Gear, Preset::LocalTestnet);
	assert_eq!(genesis(&spec).unwrap().top, genesis(&spec).unwrap().top);
}

/// A spec without code would start a chain that never makes a block.
#[test]
fn without_wasm_there_is_no_spec_and_the_cure_is_named() {
	for (chain, wasm) in
		[(Chain::Gear, gear_runtime::WASM_BINARY), (Chain::Sibling, sibling_runtime::WASM_BINARY)]
	{
		for format in [Format::Plain, Format::Raw] {
			let made = Spec::new(chain, Preset::Dev).json(format);
			match wasm {
				Some(_) => assert!(made.is_ok()),
				None => {
					let refusal = made.unwrap_err();
					assert!(matches!(refusal, SpecError::NoWasm { .. }), "{refusal:?}");
					assert!(refusal.to_string().contains("SKIP_WASM_BUILD"), "{refusal}");
				}
			}
		}
	}
}
