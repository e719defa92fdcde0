//! What the specs say. Needs no Wasm: that is `omni_node.rs`.

use gear_runtime::Runtime as Gear;
use gearway_chain_specs::{
	Chain, Format, PLACEHOLDER, Preset, Spec, SpecError, committed, genesis, live,
};
use gearway_runtime_common::AccountId;
use polkadot_sdk::{
	frame_support::genesis_builder_helper::build_state, frame_system, pallet_balances, pallet_sudo,
	sp_keyring::Sr25519Keyring, sp_state_machine::BasicExternalities, staging_parachain_info,
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
	for preset in [Preset::Dev, Preset::LocalTestnet] {
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
fn a_consortium_has_no_money() {
	let consortium = Spec::new(Chain::Gear, Preset::Consortium);
	assert_eq!(facts::<Gear>(&consortium).2, 0);
	BasicExternalities::new(genesis(&consortium).unwrap()).execute_with(|| {
		assert!(pallet_gear::Pallet::<Gear>::is_free());
		assert_eq!(pallet_gear::Uploaders::<Gear>::get().map(|uploaders| uploaders.len()), Some(1));
		assert_eq!(pallet_balances::Pallet::<Gear>::total_issuance(), 0);
	});
	let none = Spec::new(Chain::Sibling, Preset::Consortium).outline();
	assert!(matches!(none, Err(SpecError::NoPreset { .. })), "{none:?}");
}

#[test]
fn what_is_built_twice_is_the_same() {
	let spec = Spec::new(Chain::Gear, Preset::LocalTestnet);
	assert_eq!(genesis(&spec).unwrap().top, genesis(&spec).unwrap().top);
}

/// What is under version control is what the generator makes now.
#[test]
fn the_committed_specs_are_those_of_the_presets() {
	let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
	let committed = committed().expect("needs no Wasm");
	let cure = "cure: run `gearway-chain-specs committed` in the repository's root and commit";
	for (name, spec) in &committed {
		let file = folder.join(name);
		let text = std::fs::read_to_string(&file).unwrap_or_default();
		assert_eq!(text, format!("{spec:#}\n"), "{} is not as made; {cure}", file.display());
	}
	let files = std::fs::read_dir(&folder).expect("it is there").count();
	assert_eq!(files, committed.len(), "nothing else is in there; {cure}");
}

/// The runtime refuses the template as it is, and takes it with every placeholder replaced.
#[test]
fn a_live_chain_starts_only_with_values_of_its_own() {
	let patch = live()["genesis"]["runtimeGenesis"]["patch"].clone();
	assert!(starts(&patch).is_err());

	let key = Sr25519Keyring::Ferdie.to_account_id().to_string();
	let text = patch.to_string();
	let mut filled = String::new();
	for (index, part) in text.split('"').enumerate() {
		let separator = if index == 0 { "" } else { "\"" };
		let part = if part.starts_with(PLACEHOLDER) { &key } else { part };
		filled.push_str(separator);
		filled.push_str(part);
	}
	let mut filled: serde_json::Value = serde_json::from_str(&filled).expect("still JSON");
	assert!(starts(&filled).is_err(), "the parachain id is no account");
	filled["parachainInfo"]["parachainId"] = 2042.into();
	starts(&filled).expect("every placeholder is replaced");
	assert!(!filled.to_string().contains(PLACEHOLDER));
}

/// Whether Gear's runtime begins with a patch.
fn starts(patch: &serde_json::Value) -> Result<(), String> {
	let mut config = serde_json::to_value(gear_runtime::RuntimeGenesisConfig::default())
		.map_err(|error| error.to_string())?;
	gearway_runtime_common::genesis::merge(&mut config, patch.clone());
	BasicExternalities::new_empty().execute_with(|| {
		build_state::<gear_runtime::RuntimeGenesisConfig>(config.to_string().into_bytes())
	})
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
