//! The chains there are specs for.

use crate::{SpecError, pack, spec::Preset};
use gearway_runtime_common::{GEAR_PARA_ID, SIBLING_PARA_ID};
use polkadot_sdk::{
	frame_support::genesis_builder_helper::build_state, sp_genesis_builder::PresetId,
	sp_state_machine::BasicExternalities, sp_storage::Storage,
};
use serde_json::Value;
use std::sync::OnceLock;

/// A parachain of this repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Chain {
	/// The chain that runs programs.
	Gear,
	/// The chain that talks to them.
	Sibling,
}

impl Chain {
	/// All of them.
	pub const ALL: [Self; 2] = [Self::Gear, Self::Sibling];

	/// Its name in file names and spec ids.
	pub fn id(self) -> &'static str {
		match self {
			Self::Gear => "gear",
			Self::Sibling => "sibling",
		}
	}

	/// Its name for people.
	pub fn name(self) -> &'static str {
		match self {
			Self::Gear => "Gearway",
			Self::Sibling => "Gearway Sibling",
		}
	}

	/// Its native token's symbol.
	pub fn token(self) -> &'static str {
		match self {
			Self::Gear => "GWAY",
			Self::Sibling => "SIB",
		}
	}

	/// Its parachain id, unless another is asked for.
	pub fn para_id(self) -> u32 {
		match self {
			Self::Gear => GEAR_PARA_ID,
			Self::Sibling => SIBLING_PARA_ID,
		}
	}

	/// How it can begin.
	pub fn presets(self) -> &'static [Preset] {
		match self {
			Self::Gear => &[Preset::Dev, Preset::LocalTestnet, Preset::Consortium],
			Self::Sibling => &[Preset::Dev, Preset::LocalTestnet],
		}
	}

	/// The runtime's Wasm, packed for a spec. Packing takes seconds, so it is done once.
	pub fn code(self) -> Result<&'static [u8], SpecError> {
		type Packed = OnceLock<Result<Vec<u8>, SpecError>>;
		static GEAR: Packed = OnceLock::new();
		static SIBLING: Packed = OnceLock::new();

		let (packed, runtime, wasm) = match self {
			Self::Gear => (&GEAR, "gear-runtime", gear_runtime::WASM_BINARY),
			Self::Sibling => (&SIBLING, "sibling-runtime", sibling_runtime::WASM_BINARY),
		};
		let code = packed.get_or_init(|| {
			let wasm = wasm.ok_or(SpecError::NoWasm { runtime })?;
			pack(wasm).map_err(|reason| SpecError::BadWasm { runtime, reason })
		});
		code.as_deref().map_err(Clone::clone)
	}

	/// A preset's patch, for the parachain id given.
	pub(crate) fn patch(self, preset: Preset, para_id: u32) -> Result<Value, SpecError> {
		let id = PresetId::from(preset.runtime_id());
		let patch = match self {
			Self::Gear => gear_runtime::genesis::preset(&id),
			Self::Sibling => sibling_runtime::genesis::preset(&id),
		};
		let patch = patch.ok_or(SpecError::NoPreset { chain: self, preset })?;
		let mut patch: Value = serde_json::from_slice(&patch)
			.map_err(|_| SpecError::BadPreset { chain: self, preset })?;
		patch["parachainInfo"]["parachainId"] = para_id.into();
		Ok(patch)
	}

	/// The configuration that a patch is laid over.
	pub(crate) fn default_config(self) -> Result<Value, SpecError> {
		match self {
			Self::Gear => serde_json::to_value(gear_runtime::RuntimeGenesisConfig::default()),
			Self::Sibling => serde_json::to_value(sibling_runtime::RuntimeGenesisConfig::default()),
		}
		.map_err(|error| SpecError::Build { chain: self, reason: error.to_string() })
	}

	/// The state that a whole configuration makes, without the code.
	pub(crate) fn build(self, config: &Value) -> Result<Storage, SpecError> {
		let json = config.to_string().into_bytes();
		let mut externalities = BasicExternalities::new_empty();
		externalities
			.execute_with(|| match self {
				Self::Gear => build_state::<gear_runtime::RuntimeGenesisConfig>(json),
				Self::Sibling => build_state::<sibling_runtime::RuntimeGenesisConfig>(json),
			})
			.map_err(|reason| SpecError::Build { chain: self, reason })?;
		Ok(externalities.into_storages())
	}
}
