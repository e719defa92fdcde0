//! A real execution node with the real gateway contract.

use alloy::{
	primitives::{Address, B256, Bytes, U256, hex},
	sol_types::{SolCall, SolValue},
};
use gearway_ethereum::{Gateway, gateway::abi::IGateway};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
	path::{Path, PathBuf},
	process::Stdio,
	sync::atomic::{AtomicBool, AtomicU64, Ordering},
	time::Duration,
};
use tokio::{
	io::{AsyncBufReadExt, BufReader},
	process::{Child, Command},
};

/// Set where a missing node or contract must fail a test instead of passing it over.
const REQUIRED: &str = "GEARWAY_REQUIRE_ANVIL";

/// The price of a message.
const FEE: u64 = 3;

const CHAIN_ID: u64 = 31_337;

alloy::sol! {
	function setFee(uint256 newFee) external;
}

/// A node of a chain of its own, with a gateway; ends with this.
pub(crate) struct Anvil {
	/// Killed when dropped.
	_child: Child,
	url: String,
	http: reqwest::Client,
	account: Address,
	gateway: Address,
	fee: AtomicU64,
	mines_by_itself: AtomicBool,
}

/// Where a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
	pub(crate) block_hash: B256,
	pub(crate) tx_index: u32,
}

fn contracts() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../bridge-contracts")
}

/// What makes a test meaningless without it, and the cure.
fn missing() -> Option<String> {
	let parts = [
		(binary(), "run `make setup`"),
		(artefact(), "run `npm --prefix bridge-contracts run build`"),
	];
	parts
		.into_iter()
		.find(|(path, _)| !path.is_file())
		.map(|(path, cure)| format!("{} is not there: {cure}", path.display()))
}

fn binary() -> PathBuf {
	contracts().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
}

fn artefact() -> PathBuf {
	contracts().join("out/Gateway.sol/Gateway.json")
}

impl Anvil {
	/// Starts a node and deploys the gateway. `None`, and loudly, where the parts are missing.
	pub(crate) async fn start() -> Option<Self> {
		if let Some(missing) = missing() {
			assert!(std::env::var_os(REQUIRED).is_none(), "{missing}");
			eprintln!("NOT TESTED: {missing}");
			return None;
		}
		crate::tls::install();
		let mut child = Command::new(binary())
			.args(["--port", "0", "--chain-id", &CHAIN_ID.to_string(), "--hardfork", "prague"])
			.stdin(Stdio::null())
			.stdout(Stdio::piped())
			.stderr(Stdio::inherit())
			.kill_on_drop(true)
			.spawn()
			.unwrap();
		let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
		let listening = async {
			loop {
				let line = lines.next_line().await.unwrap().expect("anvil ended at once");
				if let Some(address) = line.strip_prefix("Listening on ") {
					return format!("http://{}", address.trim());
				}
			}
		};
		let url = tokio::time::timeout(Duration::from_secs(60), listening).await.unwrap();
		// It stops when nobody reads what it says.
		tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
		let mut anvil = Self {
			_child: child,
			url,
			http: reqwest::Client::new(),
			account: Address::ZERO,
			gateway: Address::ZERO,
			fee: FEE.into(),
			mines_by_itself: true.into(),
		};
		let accounts: Vec<Address> = anvil.rpc("eth_accounts", ()).await;
		anvil.account = accounts[0];
		anvil.gateway = anvil.deploy().await;
		Some(anvil)
	}

	pub(crate) fn url(&self) -> &str {
		&self.url
	}

	pub(crate) fn gateway(&self) -> Gateway {
		Gateway { chain_id: CHAIN_ID, address: self.gateway.into_array() }
	}

	async fn deploy(&self) -> Address {
		#[derive(Deserialize)]
		struct Artefact {
			bytecode: Bytecode,
		}
		#[derive(Deserialize)]
		struct Bytecode {
			object: Bytes,
		}
		let json = std::fs::read(artefact()).unwrap();
		let artefact: Artefact = serde_json::from_slice(&json).unwrap();
		let mut code = artefact.bytecode.object.to_vec();
		code.extend((self.account, U256::from(FEE)).abi_encode_params());
		let hash = self.transact(json!({ "data": hex::encode_prefixed(code) })).await;
		let receipt = self.receipt(hash).await;
		serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
	}

	/// Sends a message through the gateway.
	pub(crate) async fn send_message(&self, payload: &[u8]) -> B256 {
		let call = IGateway::sendMessageCall {
			program: B256::repeat_byte(0x99),
			gasLimit: 1_000_000,
			payload: payload.to_vec().into(),
		};
		let fee = self.fee.load(Ordering::Relaxed);
		self.transact(json!({
			"to": self.gateway,
			"data": hex::encode_prefixed(call.abi_encode()),
			"value": format!("{fee:#x}"),
			"gas": "0x100000",
		}))
		.await
	}

	/// Changes the fee, which makes the gateway tell of something that is no message.
	pub(crate) async fn set_fee(&self, fee: u64) -> B256 {
		let call = setFeeCall { newFee: U256::from(fee) };
		self.fee.store(fee, Ordering::Relaxed);
		self.transact(json!({
			"to": self.gateway,
			"data": hex::encode_prefixed(call.abi_encode()),
			"gas": "0x100000",
		}))
		.await
	}

	async fn transact(&self, mut transaction: Value) -> B256 {
		transaction["from"] = json!(self.account);
		let hash = self.rpc("eth_sendTransaction", (transaction,)).await;
		if self.mines_by_itself.load(Ordering::Relaxed) {
			self.receipt(hash).await;
		}
		hash
	}

	/// The receipt, which may take a moment.
	async fn receipt(&self, transaction: B256) -> Value {
		let receipt = async {
			loop {
				let receipt: Value = self.rpc("eth_getTransactionReceipt", (transaction,)).await;
				if receipt.is_object() {
					return receipt;
				}
				tokio::time::sleep(Duration::from_millis(10)).await;
			}
		};
		tokio::time::timeout(Duration::from_secs(30), receipt).await.unwrap()
	}

	pub(crate) async fn place_of(&self, transaction: B256) -> Place {
		let receipt = self.receipt(transaction).await;
		assert_eq!(receipt["status"], "0x1", "{receipt}");
		let index: U256 = serde_json::from_value(receipt["transactionIndex"].clone()).unwrap();
		Place {
			block_hash: serde_json::from_value(receipt["blockHash"].clone()).unwrap(),
			tx_index: index.to(),
		}
	}

	/// Whether every transaction gets a block of its own at once.
	pub(crate) async fn mine_by_itself(&self, yes: bool) {
		let _: Value = self.rpc("evm_setAutomine", (yes,)).await;
		self.mines_by_itself.store(yes, Ordering::Relaxed);
	}

	pub(crate) async fn mine(&self, blocks: u64) {
		let _: Value = self.rpc("anvil_mine", (blocks,)).await;
	}

	pub(crate) async fn snapshot(&self) -> Value {
		self.rpc("evm_snapshot", ()).await
	}

	/// Goes back to a snapshot.
	pub(crate) async fn revert(&self, snapshot: Value) {
		let done: bool = self.rpc("evm_revert", (snapshot,)).await;
		assert!(done);
		self.fee.store(FEE, Ordering::Relaxed);
	}

	async fn rpc<T: serde::de::DeserializeOwned>(&self, method: &str, params: impl Serialize) -> T {
		let mut params = json!(params);
		if params.is_null() {
			params = json!([]);
		}
		let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
		let response = self.http.post(&self.url).json(&request).send().await.unwrap();
		let mut answer: Value = response.json().await.unwrap();
		assert!(answer.get("error").is_none(), "{method}: {answer}");
		serde_json::from_value(answer["result"].take()).unwrap()
	}
}
