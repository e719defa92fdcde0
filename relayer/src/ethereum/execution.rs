//! An execution node's JSON-RPC.
//!
//! What a node answers is checked against hashes wherever it can be: a header must have its own
//! hash, and a block's receipts must have the root that its header commits to.

use super::{EthereumError, http_client};
use crate::{relay::config::Endpoint, telemetry::Queries};
use alloy::{
	consensus::{Header, ReceiptEnvelope, proofs::calculate_receipt_root},
	eips::BlockNumberOrTag,
	primitives::{Address, B256, Bloom, BloomInput},
	providers::{Provider, RootProvider},
	rpc::{
		client::RpcClient,
		types::{Block, SyncStatus, TransactionReceipt},
	},
	transports::{TransportError, TransportErrorKind, http::Http},
};

const NODE: &str = "execution";

/// An execution node.
#[derive(Debug, Clone)]
pub struct ExecutionClient {
	endpoint: Endpoint,
	provider: RootProvider,
	queries: Queries,
}

/// A block's header, which has the hash it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockHeader {
	/// Its hash.
	pub hash: B256,
	/// The header.
	pub header: Header,
}

impl BlockHeader {
	/// Whether the block may hold an event of that contract. A `false` is certain.
	pub fn may_hold(&self, contract: Address, event: B256) -> bool {
		let bloom: &Bloom = &self.header.logs_bloom;
		bloom.contains_input(BloomInput::Raw(contract.as_slice()))
			&& bloom.contains_input(BloomInput::Raw(event.as_slice()))
	}
}

impl ExecutionClient {
	/// A client; nothing is connected to yet.
	pub fn new(endpoint: Endpoint) -> Result<Self, EthereumError> {
		let http = Http::with_client(http_client(NODE, &endpoint)?, endpoint.url().clone());
		let local = endpoint.is_loopback();
		let provider = RootProvider::new(RpcClient::new(http, local));
		Ok(Self { endpoint, provider, queries: Queries::default() })
	}

	/// The same client, which counts its requests there.
	pub fn counted(self, queries: &Queries) -> Self {
		Self { queries: queries.clone(), ..self }
	}

	/// Where the node is.
	pub fn endpoint(&self) -> &Endpoint {
		&self.endpoint
	}

	/// The chain's id.
	pub async fn chain_id(&self) -> Result<u64, EthereumError> {
		self.answer("eth_chainId", self.provider.get_chain_id().await)
	}

	/// Whether the node is catching up with its chain.
	pub async fn is_syncing(&self) -> Result<bool, EthereumError> {
		let status = self.answer("eth_syncing", self.provider.syncing().await)?;
		Ok(!matches!(status, SyncStatus::None))
	}

	/// Whether there is a contract at that address, at the latest block.
	pub async fn has_code(&self, address: Address) -> Result<bool, EthereumError> {
		let code = self.answer("eth_getCode", self.provider.get_code_at(address).await)?;
		Ok(!code.is_empty())
	}

	/// Number of the latest block.
	pub async fn head(&self) -> Result<u64, EthereumError> {
		self.answer("eth_blockNumber", self.provider.get_block_number().await)
	}

	/// The header of the canonical block with that number; `None` where there is none yet.
	pub async fn header(&self, number: u64) -> Result<Option<BlockHeader>, EthereumError> {
		let block = self.provider.get_block_by_number(BlockNumberOrTag::Number(number)).await;
		let block = self.answer("eth_getBlockByNumber", block)?;
		let Some(block) = block else { return Ok(None) };
		let header = self.checked(block)?;
		if header.header.number != number {
			return Err(self.wrong(format!(
				"asked for block {number} it gave block {}",
				header.header.number
			)));
		}
		Ok(Some(header))
	}

	/// The header of the block with that hash.
	pub async fn header_by_hash(&self, hash: B256) -> Result<BlockHeader, EthereumError> {
		let block = self.provider.get_block_by_hash(hash).await;
		let block = self.answer("eth_getBlockByHash", block)?;
		let header = self.checked(block.ok_or_else(|| self.missing(format!("block {hash}")))?)?;
		if header.hash != hash {
			return Err(self.wrong(format!("asked for block {hash} it gave block {}", header.hash)));
		}
		Ok(header)
	}

	/// A block's receipts, which have the root that the block's header commits to. So none is
	/// missing, none is changed and none is made up, whatever the node would like.
	pub async fn receipts(
		&self,
		block: &BlockHeader,
	) -> Result<Vec<TransactionReceipt>, EthereumError> {
		// Nodes that know a block's receipts by its number only are asked that way: the check
		// against the header makes the two the same.
		let mut receipts = None;
		for name in [block.hash.to_string(), format!("{:#x}", block.header.number)] {
			let answer = self
				.provider
				.raw_request::<_, Option<Vec<TransactionReceipt>>>(
					"eth_getBlockReceipts".into(),
					(name,),
				)
				.await;
			receipts = self.answer("eth_getBlockReceipts", answer)?;
			if receipts.is_some() {
				break;
			}
		}
		let receipts =
			receipts.ok_or_else(|| self.missing(format!("receipts of block {}", block.hash)))?;
		let envelopes: Vec<ReceiptEnvelope> = receipts
			.iter()
			.map(|receipt| receipt.inner.clone().into_primitives_receipt())
			.collect();
		let root = calculate_receipt_root(&envelopes);
		if root != block.header.receipts_root {
			return Err(self.wrong(format!(
				"the {} receipts of block {} ({}) have root {root}, and its header says {}",
				receipts.len(),
				block.header.number,
				block.hash,
				block.header.receipts_root,
			)));
		}
		Ok(receipts)
	}

	/// A header that does not hash to its hash is a lie, or of a fork that this program does not
	/// know: either way nothing can be built on it.
	fn checked(&self, block: Block) -> Result<BlockHeader, EthereumError> {
		let hash = block.header.hash;
		let header = block.header.inner;
		let actual = header.hash_slow();
		if actual != hash {
			return Err(self.wrong(format!(
				"the header of block {} hashes to {actual}, not to {hash}; the node is wrong, or \
				 of a fork that came after this program",
				header.number
			)));
		}
		Ok(BlockHeader { hash, header })
	}

	fn answer<T>(
		&self,
		request: &str,
		outcome: Result<T, TransportError>,
	) -> Result<T, EthereumError> {
		self.queries.count(NODE, &outcome);
		outcome.map_err(|error| self.failed(request, error))
	}

	fn failed(&self, request: &str, error: TransportError) -> EthereumError {
		let endpoint = self.endpoint.to_string();
		let unreachable = |reason: String| EthereumError::Unreachable {
			node: NODE,
			endpoint: self.endpoint.to_string(),
			reason,
		};
		match error {
			TransportError::ErrorResp(payload) => EthereumError::Refused {
				node: NODE,
				endpoint,
				request: request.to_string(),
				reason: payload.to_string(),
			},
			TransportError::DeserError { err, .. } => {
				self.wrong(format!("the answer to {request} cannot be read: {err}"))
			}
			TransportError::Transport(TransportErrorKind::Custom(error)) => {
				match error.downcast::<reqwest::Error>() {
					Ok(error) => super::unreachable(NODE, &self.endpoint, *error),
					// The original text may hold the address with its key.
					Err(_) => unreachable(format!("{request} was not transported")),
				}
			}
			TransportError::Transport(TransportErrorKind::HttpError(error)) => {
				unreachable(format!("{request} was answered with HTTP status {}", error.status))
			}
			other => unreachable(format!("{request}: {other}")),
		}
	}

	fn wrong(&self, reason: String) -> EthereumError {
		EthereumError::Wrong { node: NODE, endpoint: self.endpoint.to_string(), reason }
	}

	fn missing(&self, what: String) -> EthereumError {
		EthereumError::Missing { node: NODE, endpoint: self.endpoint.to_string(), what }
	}
}
