//! The Ethereum pair, a beacon node that drives an execution node, and the gateway contract on it.

use super::{
	ports::{Listener, Ports},
	preflight::EthereumParts,
	process::{Ending, Program},
};
use crate::{
	ethereum::{
		BeaconClient, EthereumError, ExecutionClient,
		beacon::{BlockName, ExecutionBlock},
	},
	relay::config::Endpoint,
};
use alloy::{
	consensus::{SignableTransaction, TxEnvelope, TxLegacy},
	eips::Encodable2718,
	network::TxSignerSync,
	primitives::{Address, B256, Bytes, TxKind, U256},
	providers::{Provider, RootProvider},
	rpc::types::TransactionReceipt,
	signers::local::PrivateKeySigner,
	sol_types::{SolCall, SolEvent, SolValue},
	transports::TransportError,
};
use gearway_ethereum::{Bootstrap, H256, Network, merkle};
use serde::Deserialize;
use std::{
	io,
	path::{Path, PathBuf},
	time::Duration,
};
use tokio::time::{sleep, timeout};

alloy::sol!("../bridge-contracts/src/IGateway.sol");

/// The chain's EIP-155 id: the one that development chains have.
pub const CHAIN_ID: u64 = 31337;

/// Real time that a slot takes at least, in milliseconds; six seconds pass on the chain. Finality
/// takes three to four epochs of eight slots, and every slot half a second of a core.
const SLOT_MS: u64 = 1_000;

/// Secret key of the first account that development nodes fund; everybody knows it.
const KEY: B256 =
	alloy::primitives::b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

/// Price of gas, in wei: ten times the base fee that the chain starts with.
const GAS_PRICE: u128 = 10_000_000_000;

/// Most gas that deploying the contract may take.
const DEPLOYMENT_GAS: u64 = 6_000_000;

/// Most gas that sending a message may take.
const MESSAGE_GAS: u64 = 300_000;

/// Pause between two questions whether something has happened.
const PAUSE: Duration = Duration::from_millis(250);

/// The beacon node, which starts and ends the execution node itself. `data` does not exist yet.
pub fn program(parts: &EthereumParts, ports: &Ports, data: &Path) -> Program {
	let option = |name: &str, value: String| format!("--{name}={value}").into();
	let port = |name: &str, listener| option(name, ports.of(listener).to_string());
	Program {
		name: "ethereum",
		command: parts.python.clone(),
		args: vec![
			"-m".into(),
			"beacon_devnet".into(),
			option("chain-id", CHAIN_ID.to_string()),
			option("slot-ms", SLOT_MS.to_string()),
			option("spawn-execution", parts.execution.display().to_string()),
			option("data-dir", data.display().to_string()),
			port("beacon-port", Listener::Beacon),
			port("execution-rpc-port", Listener::Execution),
			port("execution-engine-port", Listener::Engine),
			"--exit-with-parent".into(),
		],
		env: vec![("PYTHONUNBUFFERED", "1".into()), ("PYTHONDONTWRITEBYTECODE", "1".into())],
		env_remove: Vec::new(),
		dir: parts.beacon.clone(),
		ending: Ending::Asked,
	}
}

/// Something that went wrong on Ethereum.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
	/// A node did not answer in time after the start.
	#[error("Ethereum does not answer at {endpoint}: {reason}")]
	Silent {
		/// The node.
		endpoint: Endpoint,
		/// What came instead of an answer.
		reason: String,
	},
	/// An address is none.
	#[error("not an address of a node: {0}")]
	Address(String),
	/// The compiled contract cannot be used.
	#[error("the compiled contract {path} cannot be used\n  cure: run `make build`")]
	Artefact {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// A request failed.
	#[error("Ethereum refused")]
	Refused(#[from] EthereumError),
	/// A request of the execution node failed.
	#[error("the execution node refused")]
	Rpc(#[from] TransportError),
	/// A transaction could not be signed.
	#[error("a transaction could not be signed")]
	Signature(#[from] alloy::signers::Error),
	/// A transaction was included and failed.
	#[error("transaction {0} was reverted")]
	Reverted(B256),
	/// A transaction did not do what it should have done.
	#[error("transaction {hash} did not {what}")]
	NoEffect {
		/// The transaction.
		hash: B256,
		/// What is missing.
		what: &'static str,
	},
	/// A block was replaced after it had been seen.
	#[error("block {0} was replaced by another")]
	Replaced(B256),
}

/// Where something is on the execution chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Included {
	/// The block.
	pub block: ExecutionBlock,
	/// The transaction.
	pub transaction: B256,
}

/// A finalised beacon block, and the execution block it carries.
#[derive(Debug, Clone, Copy)]
struct Finalized {
	slot: u64,
	root: H256,
	block: ExecutionBlock,
}

/// The pair, reached.
#[derive(Debug)]
pub struct Pair {
	rpc: RootProvider,
	execution: ExecutionClient,
	beacon: BeaconClient,
	signer: PrivateKeySigner,
}

impl Pair {
	/// Connects as soon as both nodes answer.
	pub async fn connect(ports: &Ports, within: Duration) -> Result<Self, PairError> {
		let endpoint =
			|listener| Endpoint::parse(&ports.url("http", listener)).map_err(PairError::Address);
		let execution = ExecutionClient::new(endpoint(Listener::Execution)?)?;
		let beacon = BeaconClient::new(endpoint(Listener::Beacon)?)?;
		let mut last = (beacon.endpoint().clone(), String::from("no answer"));
		let answer = timeout(within, async {
			loop {
				let outcome = match beacon.network().await {
					Ok(_) => execution.chain_id().await.map_err(|e| (execution.endpoint(), e)),
					Err(error) => Err((beacon.endpoint(), error)),
				};
				match outcome {
					Ok(_) => break,
					Err((endpoint, error)) => last = (endpoint.clone(), error.to_string()),
				}
				sleep(PAUSE).await;
			}
		})
		.await;
		if answer.is_err() {
			let (endpoint, reason) = last;
			return Err(PairError::Silent { endpoint, reason });
		}
		let rpc = RootProvider::new_http(execution.endpoint().url().clone());
		let signer = PrivateKeySigner::from_bytes(&KEY).map_err(alloy::signers::Error::from)?;
		Ok(Self { rpc, execution, beacon, signer })
	}

	/// The account that transactions come from.
	pub fn account(&self) -> Address {
		self.signer.address()
	}

	/// The forks and constants of the beacon chain.
	pub async fn network(&self) -> Result<Network, PairError> {
		Ok(self.beacon.network().await?)
	}

	/// Waits for a finalised block later than genesis, and takes the light client's start from it.
	pub async fn bootstrap(&self) -> Result<Bootstrap, PairError> {
		let root = loop {
			match self.finalized().await? {
				Some(finalized) => break finalized.root,
				None => sleep(PAUSE).await,
			}
		};
		Ok(self.beacon.bootstrap(root).await?)
	}

	/// The latest finalised beacon block; `None` while there is no finality.
	async fn finalized(&self) -> Result<Option<Finalized>, PairError> {
		let Some(update) = self.beacon.finality_update().await? else { return Ok(None) };
		let header = &update.finalized_header;
		let root = merkle::header_root(header);
		let block = self.beacon.execution_block(BlockName::Root(root)).await?;
		Ok(Some(Finalized { slot: header.slot, root, block }))
	}

	/// Waits until the block of that transaction is final; returns the slot that made it so.
	pub async fn until_final(&self, included: Included) -> Result<u64, PairError> {
		let slot = loop {
			match self.finalized().await? {
				Some(finalized) if finalized.block.number >= included.block.number => {
					break finalized.slot;
				}
				_ => sleep(PAUSE).await,
			}
		};
		let header = self.execution.header(included.block.number).await?;
		if header.is_some_and(|header| header.hash == included.block.hash) {
			Ok(slot)
		} else {
			Err(PairError::Replaced(included.block.hash))
		}
	}

	/// Deploys the contract, with this account as its admin and no fee.
	pub async fn deploy(&self, artefact: &Path) -> Result<(Address, Included), PairError> {
		let fail = |source| PairError::Artefact { path: artefact.into(), source };
		let mut code = std::fs::read(artefact)
			.and_then(|json| serde_json::from_slice(&json).map_err(io::Error::from))
			.map(|Artefact { bytecode }| bytecode.object.to_vec())
			.map_err(fail)?;
		code.extend((self.account(), U256::ZERO).abi_encode_params());
		let receipt = self.transact(TxKind::Create, code.into(), DEPLOYMENT_GAS).await?;
		let hash = receipt.transaction_hash;
		let address = receipt
			.contract_address
			.ok_or(PairError::NoEffect { hash, what: "make a contract" })?;
		Ok((address, included(&receipt)?))
	}

	/// Sends a message by the gateway; returns its nonce.
	pub async fn send_message(
		&self,
		gateway: Address,
		program: [u8; 32],
		gas_limit: u64,
		payload: &[u8],
	) -> Result<(u64, Included), PairError> {
		let call = IGateway::sendMessageCall {
			program: program.into(),
			gasLimit: gas_limit,
			payload: payload.to_vec().into(),
		};
		let receipt =
			self.transact(TxKind::Call(gateway), call.abi_encode().into(), MESSAGE_GAS).await?;
		let mut own = receipt.inner.logs().iter().filter(|log| log.address() == gateway);
		let event = own.find_map(|log| IGateway::MessageQueued::decode_log(&log.inner).ok());
		let hash = receipt.transaction_hash;
		let event = event.ok_or(PairError::NoEffect { hash, what: "emit MessageQueued" })?;
		Ok((event.nonce, included(&receipt)?))
	}

	/// Sends a transaction and waits until it is in a block.
	async fn transact(
		&self,
		to: TxKind,
		input: Bytes,
		gas_limit: u64,
	) -> Result<TransactionReceipt, PairError> {
		let mut transaction = TxLegacy {
			chain_id: Some(CHAIN_ID),
			nonce: self.rpc.get_transaction_count(self.account()).await?,
			gas_price: GAS_PRICE,
			gas_limit,
			to,
			value: U256::ZERO,
			input,
		};
		let signature = self.signer.sign_transaction_sync(&mut transaction)?;
		let envelope = TxEnvelope::from(transaction.into_signed(signature));
		let hash = *envelope.tx_hash();
		self.rpc
			.raw_request::<_, B256>(
				"eth_sendRawTransaction".into(),
				(Bytes::from(envelope.encoded_2718()),),
			)
			.await?;
		let receipt = loop {
			if let Some(receipt) = self.rpc.get_transaction_receipt(hash).await? {
				break receipt;
			}
			sleep(PAUSE).await;
		};
		if receipt.status() { Ok(receipt) } else { Err(PairError::Reverted(hash)) }
	}
}

fn included(receipt: &TransactionReceipt) -> Result<Included, PairError> {
	let transaction = receipt.transaction_hash;
	let place = receipt.block_number.zip(receipt.block_hash);
	let (number, hash) =
		place.ok_or(PairError::NoEffect { hash: transaction, what: "get into a block" })?;
	Ok(Included { block: ExecutionBlock { number, hash }, transaction })
}

/// What is needed of a contract that Foundry compiled.
#[derive(Deserialize)]
struct Artefact {
	bytecode: Bytecode,
}

#[derive(Deserialize)]
struct Bytecode {
	object: Bytes,
}
