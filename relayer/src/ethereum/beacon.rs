//! A beacon node's standard REST API: <https://ethereum.github.io/beacon-APIs/>.
//!
//! Nothing here goes beyond what any beacon node serves; no beacon state is ever downloaded.

use super::{EthereumError, http_client, unreachable};
use crate::{relay::config::Endpoint, telemetry::Queries};
use alloy::primitives::B256;
use gearway_ethereum::{
	BeaconHeader, Bootstrap, H256, Network, Preset, Update, beacon_api, prove::BeaconBlock,
};
use reqwest::StatusCode;
use serde::Deserialize;

const NODE: &str = "beacon";

/// Most updates that one request for updates may bring, by the API's own rule.
pub const MAX_UPDATES: u64 = 128;

/// A beacon node.
#[derive(Debug, Clone)]
pub struct BeaconClient {
	endpoint: Endpoint,
	http: reqwest::Client,
	queries: Queries,
}

/// Which block is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockName {
	/// The canonical block at that slot.
	Slot(u64),
	/// The block with that root.
	Root(H256),
}

impl std::fmt::Display for BlockName {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::Slot(slot) => write!(f, "{slot}"),
			Self::Root(root) => write!(f, "{root:?}"),
		}
	}
}

/// The execution block that a beacon block carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutionBlock {
	/// Its number.
	pub number: u64,
	/// Its hash.
	pub hash: B256,
}

impl BeaconClient {
	/// A client; nothing is connected to yet.
	pub fn new(endpoint: Endpoint) -> Result<Self, EthereumError> {
		Ok(Self { http: http_client(NODE, &endpoint)?, endpoint, queries: Queries::default() })
	}

	/// The same client, which counts its requests there.
	pub fn counted(self, queries: &Queries) -> Self {
		Self { queries: queries.clone(), ..self }
	}

	/// Where the node is.
	pub fn endpoint(&self) -> &Endpoint {
		&self.endpoint
	}

	/// The chain's constants and forks.
	pub async fn network(&self) -> Result<Network, EthereumError> {
		let spec = self.get("/eth/v1/config/spec").await?;
		let genesis = self.get("/eth/v1/beacon/genesis").await?;
		self.read(beacon_api::network(&spec, &genesis))
	}

	/// Id of the execution chain, as the beacon chain's configuration has it.
	pub async fn execution_chain_id(&self) -> Result<u64, EthereumError> {
		#[derive(Deserialize)]
		struct Spec {
			#[serde(rename = "DEPOSIT_CHAIN_ID")]
			chain_id: String,
		}
		let Data { data: Spec { chain_id } } = self.json("/eth/v1/config/spec").await?;
		chain_id.parse().map_err(|_| self.wrong(format!("DEPOSIT_CHAIN_ID is {chain_id}")))
	}

	/// The latest header that is final, with the signatures for it. `None` while nothing is.
	pub async fn finality_update(&self) -> Result<Option<Update>, EthereumError> {
		match self.get("/eth/v1/beacon/light_client/finality_update").await {
			Ok(json) => Ok(Some(self.read(beacon_api::finality_update(&json))?)),
			Err(EthereumError::Missing { .. }) => Ok(None),
			Err(error) => Err(error),
		}
	}

	/// The best update of each period from `first` on, `count` of them at most.
	pub async fn updates(&self, first: u64, count: u64) -> Result<Vec<Update>, EthereumError> {
		let count = count.clamp(1, MAX_UPDATES);
		let path =
			format!("/eth/v1/beacon/light_client/updates?start_period={first}&count={count}");
		let json = self.get(&path).await?;
		self.read(beacon_api::updates(&json))
	}

	/// What a light client starts from at a trusted block.
	pub async fn bootstrap(&self, root: H256) -> Result<Bootstrap, EthereumError> {
		let json = self.get(&format!("/eth/v1/beacon/light_client/bootstrap/{root:?}")).await?;
		self.read(beacon_api::bootstrap(&json))
	}

	/// A block's header and its root, the root recomputed.
	pub async fn header(&self, block: BlockName) -> Result<(H256, BeaconHeader), EthereumError> {
		let json = self.get(&format!("/eth/v1/beacon/headers/{block}")).await?;
		let (claimed, header) = self.read(beacon_api::header(&json))?;
		let root = gearway_ethereum::merkle::header_root(&header);
		let expected = match block {
			BlockName::Root(expected) => expected,
			BlockName::Slot(_) => claimed,
		};
		if root != expected {
			return Err(self.wrong(format!("the header of block {block} has root {root:?}")));
		}
		Ok((root, header))
	}

	/// A whole block, its root recomputed; with [`BlockName::Root`] it is the block with that root.
	pub async fn block(
		&self,
		block: BlockName,
		preset: Preset,
	) -> Result<BeaconBlock, EthereumError> {
		let json = self.get(&format!("/eth/v2/beacon/blocks/{block}")).await?;
		let found = BeaconBlock::from_json(&json, preset)
			.map_err(|error| self.wrong(format!("block {block}: {error}")))?;
		let is_it = match block {
			BlockName::Slot(slot) => found.header.slot == slot,
			BlockName::Root(root) => found.root() == root,
		};
		if !is_it {
			let (root, slot) = (found.root(), found.header.slot);
			return Err(self.wrong(format!("block {block} has root {root:?} and slot {slot}")));
		}
		Ok(found)
	}

	/// The execution block that a beacon block carries.
	pub async fn execution_block(&self, block: BlockName) -> Result<ExecutionBlock, EthereumError> {
		#[derive(Deserialize)]
		struct Block {
			message: Message,
		}
		#[derive(Deserialize)]
		struct Message {
			body: Body,
		}
		#[derive(Deserialize)]
		struct Body {
			execution_payload: Payload,
		}
		#[derive(Deserialize)]
		struct Payload {
			block_number: String,
			block_hash: B256,
		}
		let Data { data: Block { message } } =
			self.json(&format!("/eth/v2/beacon/blocks/{block}")).await?;
		let Payload { block_number, block_hash } = message.body.execution_payload;
		let number = block_number
			.parse()
			.map_err(|_| self.wrong(format!("block {block} has block number {block_number}")))?;
		Ok(ExecutionBlock { number, hash: block_hash })
	}

	async fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, EthereumError> {
		let json = self.get(path).await?;
		serde_json::from_slice(&json).map_err(|error| self.wrong(format!("{path}: {error}")))
	}

	async fn get(&self, path: &str) -> Result<Vec<u8>, EthereumError> {
		let outcome = self.fetch(path).await;
		self.queries.count(NODE, &outcome);
		outcome
	}

	async fn fetch(&self, path: &str) -> Result<Vec<u8>, EthereumError> {
		let base = self.endpoint.url().as_str().trim_end_matches('/');
		let unreachable = |error| unreachable(NODE, &self.endpoint, error);
		let response = self
			.http
			.get(format!("{base}{path}"))
			.header(reqwest::header::ACCEPT, "application/json")
			.send()
			.await
			.map_err(unreachable)?;
		let status = response.status();
		let endpoint = self.endpoint.to_string();
		if status == StatusCode::NOT_FOUND {
			return Err(EthereumError::Missing { node: NODE, endpoint, what: path.to_string() });
		}
		let body = response.bytes().await.map_err(unreachable)?;
		if !status.is_success() {
			let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
			let (request, reason) = (path.to_string(), format!("{status}: {text}"));
			return Err(EthereumError::Refused { node: NODE, endpoint, request, reason });
		}
		Ok(body.to_vec())
	}

	fn read<T>(&self, outcome: Result<T, beacon_api::Error>) -> Result<T, EthereumError> {
		outcome.map_err(|error| self.wrong(error.to_string()))
	}

	fn wrong(&self, reason: String) -> EthereumError {
		EthereumError::Wrong { node: NODE, endpoint: self.endpoint.to_string(), reason }
	}
}

#[derive(Deserialize)]
struct Data<T> {
	data: T,
}
