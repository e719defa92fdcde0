//! A spec and its two forms.

use crate::{BlobError, Chain};
use gear_runtime::genesis::CONSORTIUM_PRESET;
use gearway_runtime_common::genesis::merge;
use polkadot_sdk::{
	sp_core::storage::well_known_keys::CODE,
	sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET},
	sp_storage::Storage,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A genesis preset of the runtimes. [`Chain::presets`] says which of them a chain has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Preset {
	/// One collator that is its own relay chain: `polkadot-omni-node --dev`.
	Dev,
	/// A parachain of a local relay chain.
	LocalTestnet,
	/// The same for a consortium: gas is free, nobody has money, few may upload.
	Consortium,
}

impl Preset {
	/// Its name in file names and spec ids.
	pub fn id(self) -> &'static str {
		match self {
			Self::Dev => "dev",
			Self::LocalTestnet => "local",
			Self::Consortium => "consortium",
		}
	}

	/// The name the runtimes know it by.
	pub fn runtime_id(self) -> &'static str {
		match self {
			Self::Dev => DEV_RUNTIME_PRESET,
			Self::LocalTestnet => LOCAL_TESTNET_RUNTIME_PRESET,
			Self::Consortium => CONSORTIUM_PRESET,
		}
	}

	fn chain_type(self) -> &'static str {
		match self {
			Self::Dev => "Development",
			Self::LocalTestnet | Self::Consortium => "Local",
		}
	}
}

/// How the genesis state is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
	/// By the code and the preset's patch.
	Plain,
	/// By every key and value.
	Raw,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
	/// The chain.
	pub chain: Chain,
	/// How it begins.
	pub preset: Preset,
	/// Its parachain id.
	pub para_id: u32,
	/// The spec id of its relay chain.
	pub relay_chain: String,
}

/// Why there is no spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
	/// The runtime's crate was built without its Wasm.
	#[error(
		"{runtime} was built without its Wasm: unset SKIP_WASM_BUILD and build this program again"
	)]
	NoWasm {
		/// The crate.
		runtime: &'static str,
	},
	/// The runtime's Wasm cannot be packed.
	#[error("the Wasm of {runtime} is damaged, remove its target folder and build again: {reason}")]
	BadWasm {
		/// The crate.
		runtime: &'static str,
		/// What is wrong with it.
		reason: BlobError,
	},
	/// The runtime has no such preset.
	#[error("the runtime of {} has no preset {}", .chain.id(), .preset.runtime_id())]
	NoPreset {
		/// The chain.
		chain: Chain,
		/// The preset.
		preset: Preset,
	},
	/// The preset is not JSON.
	#[error("the preset {} of {} is not JSON", .preset.runtime_id(), .chain.id())]
	BadPreset {
		/// The chain.
		chain: Chain,
		/// The preset.
		preset: Preset,
	},
	/// The runtime refuses the configuration.
	#[error("the runtime of {} refuses its genesis: {reason}", .chain.id())]
	Build {
		/// The chain.
		chain: Chain,
		/// The runtime's words.
		reason: String,
	},
}

impl Spec {
	/// The usual spec of a chain.
	pub fn new(chain: Chain, preset: Preset) -> Self {
		Self { chain, preset, para_id: chain.para_id(), relay_chain: "westend-local".into() }
	}

	/// The spec as JSON.
	pub fn json(&self, format: Format) -> Result<Value, SpecError> {
		let genesis = match format {
			Format::Plain => json!({
				"runtimeGenesis": { "code": hex0x(self.chain.code()?), "patch": self.patch()? },
			}),
			Format::Raw => raw(&state(self)?),
		};
		Ok(self.around(genesis))
	}

	/// The plain spec without the code: what there is to read and to compare. No node takes it.
	pub fn outline(&self) -> Result<Value, SpecError> {
		Ok(self.around(json!({ "runtimeGenesis": { "patch": self.patch()? } })))
	}

	fn around(&self, genesis: Value) -> Value {
		json!({
			"name": self.chain.name(),
			"id": format!("gearway-{}-{}", self.chain.id(), self.preset.id()),
			"chainType": self.preset.chain_type(),
			"bootNodes": [],
			"telemetryEndpoints": null,
			"protocolId": null,
			"properties": {
				"tokenSymbol": self.chain.token(),
				"tokenDecimals": 12,
				"ss58Format": 42,
			},
			"relay_chain": self.relay_chain,
			"para_id": self.para_id,
			"codeSubstitutes": {},
			"genesis": genesis,
		})
	}

	fn patch(&self) -> Result<Value, SpecError> {
		self.chain.patch(self.preset, self.para_id)
	}
}

/// What the runtime makes of a spec's preset: the genesis state without the code.
pub fn genesis(spec: &Spec) -> Result<Storage, SpecError> {
	let mut config = spec.chain.default_config()?;
	merge(&mut config, spec.patch()?);
	spec.chain.build(&config)
}

/// The genesis state of a spec, with the code.
pub fn state(spec: &Spec) -> Result<Storage, SpecError> {
	let mut state = genesis(spec)?;
	state.top.insert(CODE.to_vec(), spec.chain.code()?.to_vec());
	Ok(state)
}

fn raw(state: &Storage) -> Value {
	let object = |pairs: &BTreeMap<Vec<u8>, Vec<u8>>| -> Map<String, Value> {
		pairs.iter().map(|(key, value)| (hex0x(key), hex0x(value).into())).collect()
	};
	let children: Map<String, Value> = state
		.children_default
		.iter()
		.map(|(key, child)| (hex0x(key), object(&child.data).into()))
		.collect();
	json!({ "raw": { "top": object(&state.top), "childrenDefault": children } })
}

fn hex0x(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}
