//! Starts a Gear chain's light client of Ethereum, which its root does once.

use super::{
	Error,
	config::{Config, SignerConfig},
	preflight,
};
use crate::{
	ethereum::{BeaconClient, EthereumError},
	gear::{BlockId, Call, read_key},
};
use gearway_ethereum::{H256, light_client, merkle::header_root};

/// A light client to be started, or just started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrapped {
	/// Root of the beacon block that it starts at, which has to be trusted.
	pub root: H256,
	/// That block's slot.
	pub slot: u64,
	/// The call in SCALE, to be made by root.
	pub call: Vec<u8>,
	/// The finalised Gear block that made the call, where a key was given.
	pub block: Option<BlockId>,
}

/// Takes the beacon node's latest finalised block, or the one with root `at`, for a light client to
/// start at. With a key of the chain's sudo account the call is made, without one it is only made
/// up, for the chain's governance to make.
///
/// The block is as trustworthy as the beacon node: compare its root with another source.
pub async fn bootstrap(
	config: &Config,
	at: Option<H256>,
	sudo: Option<&SignerConfig>,
) -> Result<Bootstrapped, Error> {
	let key = sudo.map(read_key).transpose()?;
	let beacon = BeaconClient::new(config.ethereum.beacon_url.clone())?;
	let network = beacon.network().await?;
	let root = match at {
		Some(root) => root,
		None => {
			let update = beacon.finality_update().await?.ok_or_else(|| EthereumError::Missing {
				node: "beacon",
				endpoint: beacon.endpoint().to_string(),
				what: "any finalised block yet; try again in a quarter of an hour".to_string(),
			})?;
			header_root(&update.finalized_header)
		}
	};
	let start = beacon.bootstrap(root).await?;
	light_client::bootstrap(&network, root, &start)
		.map_err(|error| Error::Disagreement(format!("the beacon node's bootstrap: {error}")))?;
	let slot = start.header.slot;

	let gear = preflight::connect(config).await?;
	let call = Call::new("BeaconClient", "bootstrap", (network, start));
	let finalized = gear.at_finalized().await?;
	let bytes = call.encode(&finalized)?;
	let block = match key {
		Some((key, origin)) => {
			preflight::refuse_development_key(config, origin, &gear).await?;
			let executed = gear.execute_as_root(&call, &key).await?;
			Some(executed.block)
		}
		None => None,
	};
	Ok(Bootstrapped { root, slot, call: bytes, block })
}
