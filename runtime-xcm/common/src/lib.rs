//! What the parachain runtimes here agree on: block time, block budget, fees, who the author is.
//!
//! A runtime's own crate holds its policy; this one holds the numbers and types that would
//! otherwise have to be kept equal by hand in two places.

#![cfg_attr(not(feature = "std"), no_std)]

pub mod budget;
pub mod consensus;
pub mod currency;
#[cfg(feature = "std")]
pub mod genesis;

use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::traits::FindAuthor, pallet_aura, parachains_common::AuraId,
	sp_runtime::ConsensusEngineId, staging_xcm::latest::prelude::*,
};

pub use polkadot_sdk::parachains_common::{
	AccountId, Balance, BlockNumber, Hash, Header, Nonce, Signature,
};

/// The relay chain: Westend, and every local network made of its runtime.
pub const RELAY_NETWORK: NetworkId =
	NetworkId::ByGenesis(polkadot_sdk::staging_xcm::latest::WESTEND_GENESIS_HASH);

/// The parachain id of the Gear chain.
pub const GEAR_PARA_ID: u32 = 2000;

/// Where the Gear runtime takes messages from other chains: the indices of its pallet `XcmGateway`
/// and of that pallet's call `send_message`.
pub const GATEWAY_SEND_MESSAGE: (u8, u8) = (51, 0);

/// The parachain id of the sibling chain.
pub const SIBLING_PARA_ID: u32 = 2001;

/// Finds the block's author: the account that has the same key as the Aura authority of the slot.
pub struct AuraAccount<Runtime>(PhantomData<Runtime>);

impl<Runtime> FindAuthor<AccountId> for AuraAccount<Runtime>
where
	Runtime: pallet_aura::Config<AuthorityId = AuraId>,
{
	fn find_author<'a, I>(digests: I) -> Option<AccountId>
	where
		I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
	{
		let authority = pallet_aura::AuraAuthorId::<Runtime>::find_author(digests)?;
		let key: [u8; 32] = authority.into_inner().into();
		Some(key.into())
	}
}
