//! How a chain of this runtime begins: the presets `dev`, `local_testnet` and `consortium`.

use crate::{
	AuraConfig, BalancesConfig, EthereumInbox, GearConfig, ParachainInfoConfig, PolkadotXcmConfig,
	RuntimeGenesisConfig, SudoConfig, configs::gateway::TreasuryAccount,
	xcm_config::LocationToAccountId,
};
use alloc::{collections::BTreeSet, vec, vec::Vec};
use gearway_runtime_common::{AccountId, Balance, GEAR_PARA_ID, SIBLING_PARA_ID, currency::UNIT};
use polkadot_sdk::{
	frame_support::build_struct_json_patch,
	parachains_common::AuraId,
	sp_genesis_builder::{self, PresetId},
	sp_keyring::Sr25519Keyring,
	staging_xcm::latest::prelude::*,
	staging_xcm_executor::traits::ConvertLocation,
};

/// What each endowed account starts with.
pub const ENDOWMENT: Balance = 1_000_000 * UNIT;

/// The preset of a consortium's chain: gas and transactions cost nothing, nobody has any money, and
/// only the accounts named may upload. They sign without a balance; everybody else needs one.
pub const CONSORTIUM_PRESET: &str = "consortium";

/// A preset's JSON patch on the default genesis, or `None` where there is no such preset.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
	let (authorities, free) = match id.as_ref() {
		sp_genesis_builder::DEV_RUNTIME_PRESET => (vec![Sr25519Keyring::Alice], false),
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => {
			(vec![Sr25519Keyring::Alice, Sr25519Keyring::Bob], false)
		}
		CONSORTIUM_PRESET => (vec![Sr25519Keyring::Alice, Sr25519Keyring::Bob], true),
		_ => return None,
	};
	let endowed = if free { BTreeSet::new() } else { endowed() };
	let uploaders = free.then(|| BTreeSet::from([Sr25519Keyring::Alice.to_account_id()]));
	let patch = build_struct_json_patch!(RuntimeGenesisConfig {
		aura: AuraConfig {
			authorities: authorities
				.into_iter()
				.map(|key| AuraId::from(key.public()))
				.collect::<Vec<_>>(),
		},
		balances: BalancesConfig {
			balances: endowed.into_iter().map(|account| (account, ENDOWMENT)).collect::<Vec<_>>(),
		},
		gear: GearConfig { free, uploaders },
		parachain_info: ParachainInfoConfig { parachain_id: GEAR_PARA_ID.into() },
		polkadot_xcm: PolkadotXcmConfig { safe_xcm_version: Some(XCM_VERSION) },
		sudo: SudoConfig { key: Some(Sr25519Keyring::Alice.to_account_id()) },
	});
	serde_json::to_vec(&patch).ok()
}

/// The names of all presets.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET),
		PresetId::from(sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET),
		PresetId::from(CONSORTIUM_PRESET),
	]
}

/// Who has tokens from the start: the well-known accounts, the sibling chain and its Alice, and the
/// accounts of pallets that pay or are paid.
fn endowed() -> BTreeSet<AccountId> {
	let sibling = Location::new(1, [Parachain(SIBLING_PARA_ID)]);
	let alice_there = Location::new(
		1,
		[
			Parachain(SIBLING_PARA_ID),
			AccountId32 { network: None, id: Sr25519Keyring::Alice.to_raw_public() },
		],
	);
	Sr25519Keyring::well_known()
		.map(|key| key.to_account_id())
		.chain([sibling, alice_there].iter().filter_map(LocationToAccountId::convert_location))
		.chain([TreasuryAccount::get(), EthereumInbox::reserve()])
		.collect()
}
