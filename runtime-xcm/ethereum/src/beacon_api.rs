//! Answers of the [standard beacon API](https://ethereum.github.io/beacon-APIs/), read.
//!
//! Takes only what proofs are made of: unknown fields are passed over, since every fork adds some.

use crate::{
	Branch,
	committee::{SyncAggregate, SyncCommittee},
	light_client::{Bootstrap, NextCommittee, Update},
	network::{self, Fork, Layout, Network, Preset},
};
use polkadot_sdk::{sp_core::H256, sp_runtime::BoundedVec};
use serde::{Deserialize, Deserializer, de::Error as _};
use snowbridge_beacon_primitives::{BeaconHeader, PublicKey, Signature};
use std::{collections::BTreeMap, fmt::Display, str::FromStr};

/// Epoch of a fork that is not scheduled.
const FAR_FUTURE_EPOCH: u64 = u64::MAX;

/// Forks that can be verified under, by the prefix of their settings in `config/spec`.
const FORKS: [(&str, Layout); 3] =
	[("DENEB", Layout::DENEB), ("ELECTRA", Layout::ELECTRA), ("FULU", Layout::FULU)];

/// Why an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// Not the JSON that the API promises.
	#[error("not what the beacon API promises: {0}")]
	Json(#[from] serde_json::Error),
	/// A list is longer than any beacon chain has it.
	#[error("{0} is too long")]
	TooLong(&'static str),
	/// A setting is missing from `config/spec`.
	#[error("the beacon node's spec has no {0}")]
	MissingSetting(String),
	/// A setting of `config/spec` cannot be read.
	#[error("the beacon node's spec has a strange {0}: {1}")]
	BadSetting(String, String),
	/// The settings contradict one another.
	#[error(transparent)]
	Network(#[from] network::Error),
}

/// `{"data": …}`
#[derive(Deserialize)]
struct Data<T> {
	data: T,
}

/// `GET /eth/v1/beacon/light_client/bootstrap/{block_root}`
pub fn bootstrap(json: &[u8]) -> Result<Bootstrap, Error> {
	let Data { data } = serde_json::from_slice::<Data<wire::Bootstrap>>(json)?;
	Ok(Bootstrap {
		header: (&data.header.beacon).into(),
		current_committee: data.current_sync_committee.try_into()?,
		current_committee_branch: branch(data.current_sync_committee_branch)?,
	})
}

/// `GET /eth/v1/beacon/light_client/updates`
pub fn updates(json: &[u8]) -> Result<Vec<Update>, Error> {
	let updates = serde_json::from_slice::<Vec<Data<wire::Update>>>(json)?;
	updates.into_iter().map(|update| update.data.try_into()).collect()
}

/// `GET /eth/v1/beacon/light_client/finality_update`
pub fn finality_update(json: &[u8]) -> Result<Update, Error> {
	serde_json::from_slice::<Data<wire::Update>>(json)?.data.try_into()
}

/// `GET /eth/v1/beacon/headers/{block_id}`: the block's root, as the node says, and its header.
pub fn header(json: &[u8]) -> Result<(H256, BeaconHeader), Error> {
	let Data { data } = serde_json::from_slice::<Data<wire::HeaderEntry>>(json)?;
	Ok((data.root, (&data.header.message).into()))
}

/// `GET /eth/v1/config/spec` and `GET /eth/v1/beacon/genesis`
pub fn network(spec: &[u8], genesis: &[u8]) -> Result<Network, Error> {
	let spec = serde_json::from_slice::<Data<BTreeMap<String, serde_json::Value>>>(spec)?.data;
	let genesis = serde_json::from_slice::<Data<wire::Genesis>>(genesis)?.data;
	let text = |key: &str| match spec.get(key) {
		Some(serde_json::Value::String(text)) => Ok(text.clone()),
		Some(other) => Err(Error::BadSetting(key.into(), other.to_string())),
		None => Err(Error::MissingSetting(key.into())),
	};
	let bad = |key: &str, value: String| Error::BadSetting(key.into(), value);
	let number = |key: &str| {
		let value = text(key)?;
		value.parse::<u64>().map_err(|_| bad(key, value))
	};

	let preset = match text("PRESET_BASE")?.as_str() {
		"mainnet" => Preset::Mainnet,
		"minimal" => Preset::Minimal,
		other => return Err(bad("PRESET_BASE", other.into())),
	};
	let mut forks = Vec::new();
	for (name, layout) in FORKS {
		let (version_key, epoch_key) =
			(format!("{name}_FORK_VERSION"), format!("{name}_FORK_EPOCH"));
		// A node older than the fork does not mention it.
		if !spec.contains_key(&epoch_key) {
			continue;
		}
		let epoch = number(&epoch_key)?;
		if epoch == FAR_FUTURE_EPOCH {
			continue;
		}
		let version = text(&version_key)?;
		let bytes = hex::decode(version.trim_start_matches("0x")).ok();
		let Some(version) = bytes.and_then(|bytes| bytes.try_into().ok()) else {
			return Err(bad(&version_key, version));
		};
		forks.push(Fork { version, epoch, layout });
	}
	// The newer setting is in milliseconds; nodes give either or both.
	let seconds_per_slot = match number("SECONDS_PER_SLOT") {
		Err(Error::MissingSetting(missing)) => number("SLOT_DURATION_MS")
			.map(|milliseconds| milliseconds / 1000)
			.map_err(|error| match error {
				Error::MissingSetting(_) => Error::MissingSetting(missing),
				error => error,
			})?,
		other => other?,
	};
	let network = Network {
		preset,
		genesis_validators_root: genesis.genesis_validators_root,
		genesis_time: genesis.genesis_time.0,
		seconds_per_slot,
		forks: forks.try_into().map_err(|_| Error::TooLong("the fork schedule"))?,
	};
	network.check()?;
	Ok(network)
}

fn branch(nodes: Vec<H256>) -> Result<Branch, Error> {
	BoundedVec::try_from(nodes).map_err(|_| Error::TooLong("a branch"))
}

/// The API writes integers as strings.
#[derive(Clone, Copy, Default)]
pub(crate) struct Quoted<T>(pub(crate) T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Quoted<T> {
	fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
		let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
		text.parse().map(Self).map_err(D::Error::custom)
	}
}

/// The API writes bytes in hexadecimal, with `0x` in front.
pub(crate) struct Hex<T>(pub(crate) T);

impl<'de, T: TryFrom<Vec<u8>>> Deserialize<'de> for Hex<T> {
	fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
		let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
		let digits = text.strip_prefix("0x").ok_or_else(|| D::Error::custom("no 0x in front"))?;
		let bytes = hex::decode(digits).map_err(D::Error::custom)?;
		let length = bytes.len();
		T::try_from(bytes)
			.map(Self)
			.map_err(|_| D::Error::custom(format!("{length} bytes is the wrong length")))
	}
}

/// The JSON's own shapes.
pub(crate) mod wire {
	use super::{
		BeaconHeader, BoundedVec, Deserialize, Error, H256, Hex, NextCommittee, PublicKey, Quoted,
		Signature, SyncAggregate, SyncCommittee, branch,
	};

	#[derive(Deserialize)]
	pub(crate) struct Header {
		pub(crate) slot: Quoted<u64>,
		pub(crate) proposer_index: Quoted<u64>,
		pub(crate) parent_root: H256,
		pub(crate) state_root: H256,
		pub(crate) body_root: H256,
	}

	impl From<&Header> for BeaconHeader {
		fn from(header: &Header) -> Self {
			Self {
				slot: header.slot.0,
				proposer_index: header.proposer_index.0,
				parent_root: header.parent_root,
				state_root: header.state_root,
				body_root: header.body_root,
			}
		}
	}

	#[derive(Deserialize)]
	pub(crate) struct LightClientHeader {
		pub(crate) beacon: Header,
	}

	#[derive(Deserialize)]
	pub(crate) struct SignedHeader {
		pub(crate) message: Header,
	}

	#[derive(Deserialize)]
	pub(crate) struct HeaderEntry {
		pub(crate) root: H256,
		pub(crate) header: SignedHeader,
	}

	#[derive(Deserialize)]
	pub(crate) struct Genesis {
		pub(crate) genesis_time: Quoted<u64>,
		pub(crate) genesis_validators_root: H256,
	}

	#[derive(Deserialize)]
	pub(crate) struct Committee {
		pubkeys: Vec<Hex<[u8; 48]>>,
		aggregate_pubkey: Hex<[u8; 48]>,
	}

	impl TryFrom<Committee> for SyncCommittee {
		type Error = Error;

		fn try_from(committee: Committee) -> Result<Self, Error> {
			let pubkeys = committee.pubkeys.into_iter().map(|key| PublicKey(key.0));
			Ok(Self {
				pubkeys: BoundedVec::try_from(pubkeys.collect::<Vec<_>>())
					.map_err(|_| Error::TooLong("a sync committee"))?,
				aggregate_pubkey: PublicKey(committee.aggregate_pubkey.0),
			})
		}
	}

	#[derive(Deserialize)]
	pub(crate) struct Aggregate {
		sync_committee_bits: Hex<Vec<u8>>,
		sync_committee_signature: Hex<[u8; 96]>,
	}

	impl TryFrom<Aggregate> for SyncAggregate {
		type Error = Error;

		fn try_from(aggregate: Aggregate) -> Result<Self, Error> {
			Ok(Self {
				bits: BoundedVec::try_from(aggregate.sync_committee_bits.0)
					.map_err(|_| Error::TooLong("the participation bits"))?,
				signature: Signature(aggregate.sync_committee_signature.0),
			})
		}
	}

	#[derive(Deserialize)]
	pub(crate) struct Bootstrap {
		pub(crate) header: LightClientHeader,
		pub(crate) current_sync_committee: Committee,
		pub(crate) current_sync_committee_branch: Vec<H256>,
	}

	#[derive(Deserialize)]
	pub(crate) struct Update {
		attested_header: LightClientHeader,
		next_sync_committee: Option<Committee>,
		#[serde(default)]
		next_sync_committee_branch: Vec<H256>,
		finalized_header: LightClientHeader,
		finality_branch: Vec<H256>,
		sync_aggregate: Aggregate,
		signature_slot: Quoted<u64>,
	}

	impl TryFrom<Update> for super::Update {
		type Error = Error;

		fn try_from(update: Update) -> Result<Self, Error> {
			let next_branch = branch(update.next_sync_committee_branch)?;
			Ok(Self {
				attested_header: (&update.attested_header.beacon).into(),
				next_committee: update
					.next_sync_committee
					.map(|committee| {
						let committee = committee.try_into()?;
						Ok::<_, Error>(NextCommittee { committee, branch: next_branch })
					})
					.transpose()?,
				finalized_header: (&update.finalized_header.beacon).into(),
				finality_branch: branch(update.finality_branch)?,
				sync_aggregate: update.sync_aggregate.try_into()?,
				signature_slot: update.signature_slot.0,
			})
		}
	}
}
