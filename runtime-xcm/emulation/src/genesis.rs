//! How the chains begin: each by its own preset for local networks.

use gearway_runtime_common::genesis::merge;
use polkadot_sdk::{
	sp_core::storage::Storage,
	sp_genesis_builder::{
		LOCAL_TESTNET_RUNTIME_PRESET, PresetId, runtime_decl_for_genesis_builder::GenesisBuilder,
	},
	sp_runtime::BuildStorage,
};
use std::sync::LazyLock;

/// The storage that the preset of a runtime describes.
macro_rules! storage {
	($runtime:ident) => {{
		static STORAGE: LazyLock<Storage> = LazyLock::new(|| {
			let preset = |id: Option<PresetId>| -> serde_json::Value {
				let json = <$runtime::Runtime as GenesisBuilder<$runtime::Block>>::get_preset(&id)
					.expect("the runtime has a default configuration and that preset");
				serde_json::from_slice(&json).expect("presets are JSON")
			};
			let mut config = preset(None);
			merge(&mut config, preset(Some(PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET))));
			serde_json::from_value::<$runtime::RuntimeGenesisConfig>(config)
				.expect("a preset fits its runtime's configuration")
				.build_storage()
				.expect("a preset builds")
		});
		STORAGE.clone()
	}};
}

/// The relay chain's first state.
pub(crate) fn relay() -> Storage {
	storage!(westend_runtime)
}

/// The Gear chain's first state.
pub(crate) fn gear() -> Storage {
	storage!(gear_runtime)
}

/// The sibling's first state.
pub(crate) fn sibling() -> Storage {
	storage!(sibling_runtime)
}
