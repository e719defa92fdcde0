//! Ethereum, proven: what a chain must check before it believes an event of an Ethereum contract.
//!
//! ```text
//! trusted root ── Bootstrap ─▶ ClientState ── Update* ─▶ finalised beacon header
//!                                                          ▲ parent roots      HeaderProof
//!                              receipts root ◀─ branch ─ beacon header
//!                                   ▲ receipts trie                            ReceiptProof
//!                              receipt ─ log ─▶ GatewayMessage
//! ```
//!
//! - [`light_client`] follows the beacon chain by the signatures of its sync committees.
//! - [`inclusion`] leads from a finalised beacon header to the receipts of an older block.
//! - [`receipts`] leads from there to one log, decoded as the gateway contract's event.
//! - [`batch`] does both for many blocks, receipts and logs at once, and for [any event](event).
//!
//! Everything here is pure: no storage, no clock, no network. A runtime and a relayer run the very
//! same functions, so a relayer knows what the chain will say before it pays for asking. What
//! differs from fork to fork (versions, generalised indices) is data in [`Network`].
//!
//! Features: `serde` reads the standard beacon API ([`beacon_api`]); `prove` builds proofs from a
//! beacon block and a block's receipts ([`prove`]); `testing` makes up a beacon chain
//! ([`testing`]).

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod batch;
#[cfg(feature = "serde")]
pub mod beacon_api;
pub mod committee;
pub mod conflict;
pub mod event;
pub mod gateway;
pub mod inclusion;
pub mod light_client;
pub mod merkle;
pub mod network;
#[cfg(feature = "prove")]
pub mod prove;
pub mod receipts;
#[cfg(feature = "testing")]
pub mod testing;

pub use batch::{Batch, BlockProof, Claim, ReceiptClaims};
pub use committee::{PreparedCommittee, SyncAggregate, SyncCommittee};
pub use conflict::Conflict;
pub use event::{ContractEvent, EventSource, Subscription};
pub use gateway::{Gateway, GatewayMessage};
pub use inclusion::HeaderProof;
pub use light_client::{Bootstrap, ClientState, LightClient, StateChange, Update};
pub use network::{Fork, Layout, Network, Preset};
pub use receipts::ReceiptProof;

pub use alloy_primitives::Log;
pub use polkadot_sdk::sp_core::H256;
pub use snowbridge_beacon_primitives::{BeaconHeader, PublicKey, Signature};

use network::MAX_BRANCH;
use polkadot_sdk::sp_runtime::{BoundedVec, traits::ConstU32};

/// A Merkle branch, from the leaf's sibling up to the root's child.
pub type Branch = BoundedVec<H256, ConstU32<MAX_BRANCH>>;

/// What a chain knows of the beacon chain, for those who verify inclusion in it.
pub trait BeaconChain {
	/// The network that is followed; `None` before the client is bootstrapped.
	fn network() -> Option<Network>;

	/// Slot of the finalised beacon header with this root, if it is still remembered. None is
	/// where the client has stopped, since it cannot tell what is true.
	fn finalized_slot(root: H256) -> Option<u64>;

	/// Slot of the latest finalised header; `None` before the client is bootstrapped.
	fn latest_finalized_slot() -> Option<u64>;
}
