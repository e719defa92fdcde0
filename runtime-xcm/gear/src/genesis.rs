//! How a chain of this runtime begins: the presets `dev` and `local_testnet`.

use crate::{
	AuraConfig, BalancesConfig, EthereumInbox, ParachainInfoConfig, PolkadotXcmConfig,
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

/// A preset's JSON patch on the default genesis, or `None` where there is no such preset.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
	let authorities = match id.as_ref() {
		sp_genesis_builder::DEV_RUNTIME_PRESET => vec![Sr25519Keyring::Alice],
		sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => {
			vec![Sr25519Keyring::Alice, Sr25519Keyring::Bob]
		}
		_ => return None,
	};
	let patch = build_struct_json_patch!(RuntimeGenesisConfig {
		aura: AuraConfig {
			authorities: authorities
				.into_iter()
				.map(|key| AuraId::from(key.public()))
				.collect::<Vec<_>>(),
		},
		balances: BalancesConfig {
			balances: endowed().into_iter().map(|account| (account, ENDOWMENT)).collect::<Vec<_>>(),
		},
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
