//! The Gear parachain's runtime.
//!
//! A file per concern: this one lists the pallets, [`configs`] sets them up, [`xcm_config`] holds
//! the whole XCM policy, [`apis`] is what nodes and front ends ask, [`genesis`] how a chain of it
//! begins. What both runtimes of this repository agree on (block budget, fees) is in
//! `gearway-runtime-common`.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "256"]
#![allow(missing_docs, reason = "the macros that make a runtime and its APIs document nothing")]

extern crate alloc;

#[cfg(feature = "std")]
mod wasm {
	include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
}
#[cfg(feature = "std")]
pub use wasm::{WASM_BINARY, WASM_BINARY_BLOATY, WASM_BINARY_PATH};

pub mod apis;
pub mod configs;
pub mod genesis;
pub mod xcm_config;
pub mod xcm_weight;

#[cfg(test)]
mod tests;

use alloc::{borrow::Cow, vec::Vec};
use gearway_runtime_common::{AccountId, Header, Signature};
use polkadot_sdk::{
	cumulus_pallet_aura_ext, cumulus_pallet_parachain_system, cumulus_pallet_xcm,
	cumulus_pallet_xcmp_queue, frame_executive, frame_metadata_hash_extension, frame_support,
	frame_system, pallet_aura, pallet_authorship, pallet_balances, pallet_message_queue,
	pallet_sudo, pallet_timestamp, pallet_transaction_payment, pallet_utility, pallet_xcm,
	sp_runtime::{MultiAddress, generic, impl_opaque_keys},
	sp_version::{self, RuntimeVersion},
	staging_parachain_info as parachain_info,
};

pub use configs::parachain::ConsensusHook;

/// How transactions name accounts.
pub type Address = MultiAddress<AccountId, ()>;

/// What is checked and paid before a transaction runs, outermost first.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// A transaction as it arrives.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;

/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// Runs blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

impl_opaque_keys! {
	/// The keys a collator works with.
	pub struct SessionKeys {
		/// Signs blocks.
		pub aura: Aura,
	}
}

/// This runtime's name and versions.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("gearway"),
	impl_name: Cow::Borrowed("gearway"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 0,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

// The pallets. An index is part of every encoded call, event and error: never changed, never given
// to another pallet.
#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	// The chain itself.
	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type ParachainSystem = cumulus_pallet_parachain_system;
	#[runtime::pallet_index(2)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(3)]
	pub type ParachainInfo = parachain_info;

	// Money.
	#[runtime::pallet_index(10)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(11)]
	pub type TransactionPayment = pallet_transaction_payment;

	// Block authors.
	#[runtime::pallet_index(20)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(21)]
	pub type Aura = pallet_aura;
	#[runtime::pallet_index(22)]
	pub type AuraExt = cumulus_pallet_aura_ext;

	// Messages of other chains.
	#[runtime::pallet_index(30)]
	pub type XcmpQueue = cumulus_pallet_xcmp_queue;
	#[runtime::pallet_index(31)]
	pub type PolkadotXcm = pallet_xcm;
	#[runtime::pallet_index(32)]
	pub type CumulusXcm = cumulus_pallet_xcm;
	#[runtime::pallet_index(33)]
	pub type MessageQueue = pallet_message_queue;

	// Handy calls.
	#[runtime::pallet_index(40)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(41)]
	pub type Sudo = pallet_sudo;

	// Programs, and the ways to them.
	#[runtime::pallet_index(50)]
	pub type Gear = pallet_gear;
	#[runtime::pallet_index(51)]
	pub type XcmGateway = pallet_xcm_gateway;
	#[runtime::pallet_index(52)]
	pub type GearGas = pallet_gear::gas_limit;

	// Ethereum.
	#[runtime::pallet_index(60)]
	pub type BeaconClient = pallet_beacon_client;
	#[runtime::pallet_index(61)]
	pub type EthereumInbox = pallet_ethereum_inbox;
}

cumulus_pallet_parachain_system::register_validate_block! {
	Runtime = Runtime,
	BlockExecutor = cumulus_pallet_aura_ext::BlockExecutor::<Runtime, Executive>,
}
