//! A client of a Gear chain's node.
//!
//! What the chain's runtime looks like is read from its metadata at run time, so that a runtime
//! upgrade needs no new relayer as long as the calls, events and storage named here keep their
//! shape; where they do not, [`GearError::Incompatible`] says which.

mod call;
mod error;
mod signer;

pub(crate) use call::dispatch_error;
pub use call::{Call, Executed, Signed, account_of};
pub use error::{GearError, Refusal, Submission};
pub use signer::{KeyError, Origin, is_development_key, read_key};
pub use subxt_signer::sr25519::Keypair;

use crate::{relay::config::Endpoint, telemetry::Counters};
use codec::{Decode, DecodeAll};
use futures::{Stream, StreamExt};
use std::sync::Arc;
use subxt::{
	OnlineClient, PolkadotConfig,
	backend::LegacyBackend,
	client::OnlineClientAtBlock,
	config::{Hasher, RpcConfigFor, polkadot::SpecVersionForRange},
	dynamic::At as _,
	ext::scale_value::Value,
	rpcs::{RpcClient, methods::legacy::LegacyRpcMethods, rpc_params},
	utils::{AccountId32, H256},
};
use tokio::sync::Mutex;

/// The chain as it stood at one block.
pub type At = OnlineClientAtBlock<PolkadotConfig>;

/// A node of a Gear chain. Connects again by itself after a loss.
#[derive(Debug)]
pub struct Client {
	endpoint: Endpoint,
	genesis: H256,
	connection: Mutex<Option<Arc<Connection>>>,
	counters: Counters,
}

#[derive(Debug)]
struct Connection {
	rpc: RpcClient,
	methods: LegacyRpcMethods<RpcConfigFor<PolkadotConfig>>,
	backend: Arc<LegacyBackend<PolkadotConfig>>,
	genesis: H256,
	/// The version of the runtime met last, and the chain as that runtime describes it.
	latest: Mutex<Option<(Version, OnlineClient<PolkadotConfig>)>>,
}

/// A runtime's version: of its specification, and of its extrinsics' format.
type Version = (u32, u32);

/// A block's number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockId {
	/// Its height.
	pub number: u64,
	/// Its header's hash.
	pub hash: H256,
}

impl Client {
	/// Connects, and remembers which chain it is: a node of another chain is refused later on.
	pub async fn connect(endpoint: Endpoint) -> Result<Self, GearError> {
		let connection = Connection::open(&endpoint).await?;
		let genesis = connection.genesis;
		let connection = Mutex::new(Some(Arc::new(connection)));
		Ok(Self { endpoint, genesis, connection, counters: Counters::default() })
	}

	/// The same client, which counts there.
	pub fn counted(self, counters: &Counters) -> Self {
		Self { counters: counters.clone(), ..self }
	}

	/// Where the node is.
	pub fn endpoint(&self) -> &Endpoint {
		&self.endpoint
	}

	/// The genesis block's hash.
	pub fn genesis(&self) -> H256 {
		self.genesis
	}

	async fn connection(&self) -> Result<Arc<Connection>, GearError> {
		let mut slot = self.connection.lock().await;
		if let Some(connection) = slot.as_ref() {
			return Ok(connection.clone());
		}
		let connection = Connection::open(&self.endpoint).await?;
		let found = connection.genesis;
		if found != self.genesis {
			return Err(GearError::AnotherChain { expected: self.genesis, found });
		}
		self.counters.reconnects.inc();
		tracing::info!(endpoint = %self.endpoint, "connected to the Gear node again");
		let connection = Arc::new(connection);
		*slot = Some(connection.clone());
		Ok(connection)
	}

	/// Runs a request; after a failure of the connection the next request opens a new one.
	async fn with<T>(
		&self,
		request: impl AsyncFnOnce(&Connection) -> Result<T, GearError>,
	) -> Result<T, GearError> {
		let outcome = match self.connection().await {
			Ok(connection) => self.on(connection, request).await,
			Err(error) => Err(error),
		};
		self.counters.queries.count("gear", &outcome);
		outcome
	}

	async fn on<T>(
		&self,
		connection: Arc<Connection>,
		request: impl AsyncFnOnce(&Connection) -> Result<T, GearError>,
	) -> Result<T, GearError> {
		let outcome = request(&connection).await.map_err(|error| error.located(&self.endpoint));
		if let Err(GearError::Unreachable { .. }) = outcome {
			let mut slot = self.connection.lock().await;
			if slot.as_ref().is_some_and(|current| Arc::ptr_eq(current, &connection)) {
				*slot = None;
			}
		}
		outcome
	}

	/// The kind of chain by its specification: `Live`, `Development`, `Local` or a name of its own.
	pub async fn chain_type(&self) -> Result<String, GearError> {
		self.with(async |c| {
			let kind: serde_json::Value = c.rpc.request("system_chainType", rpc_params![]).await?;
			Ok(match kind {
				serde_json::Value::String(kind) => kind,
				other => other.to_string(),
			})
		})
		.await
	}

	/// The hash of the chain's code as it is stored, at the best block.
	pub async fn code_hash(&self) -> Result<H256, GearError> {
		// `:code`
		self.with(async |c| {
			Ok(c.rpc.request("state_getStorageHash", rpc_params!["0x3a636f6465"]).await?)
		})
		.await
	}

	/// The latest finalised block.
	pub async fn finalized(&self) -> Result<BlockId, GearError> {
		self.with(async |c| {
			let hash = c.methods.chain_get_finalized_head().await?;
			let header =
				c.methods.chain_get_header(Some(hash)).await?.ok_or(GearError::NoBlock(hash))?;
			Ok(BlockId { number: header.number, hash })
		})
		.await
	}

	/// The block of that number on the best chain, if there is one yet.
	pub async fn block_hash(&self, number: u64) -> Result<Option<H256>, GearError> {
		self.with(async |c| Ok(c.methods.chain_get_block_hash(Some(number.into())).await?)).await
	}

	/// The chain as it stood at a block.
	pub async fn at(&self, block: BlockId) -> Result<At, GearError> {
		self.with(async |c| c.at(block).await).await
	}

	/// The chain as it stood at the latest finalised block.
	pub async fn at_finalized(&self) -> Result<At, GearError> {
		let block = self.finalized().await?;
		self.at(block).await
	}

	/// Yields once for every newly finalised block, until the connection is lost.
	///
	/// It is a signal only: several blocks may be finalised at once, and a stream that went quiet
	/// proves nothing. Ask for [`Client::finalized`] as well, from time to time.
	pub async fn finality_signals(
		&self,
	) -> Result<impl Stream<Item = ()> + Send + Unpin + use<>, GearError> {
		self.with(async |c| {
			let heads = c.methods.chain_subscribe_finalized_heads().await?;
			Ok(heads.take_while(|head| std::future::ready(head.is_ok())).map(|_| ()))
		})
		.await
	}

	/// The next nonce of an account, counting what waits in the node's pool.
	pub async fn next_nonce(&self, account: &AccountId32) -> Result<u64, GearError> {
		self.with(async |c| Ok(c.methods.system_account_next_index(account).await?)).await
	}

	/// The nonce of an account at a block; read from storage, where the node need not run the
	/// runtime for it.
	pub async fn nonce_at(&self, at: &At, account: &AccountId32) -> Result<u64, GearError> {
		let Some(info) = self.account_info(at, account).await? else { return Ok(0) };
		let nonce = info.at("nonce").and_then(|nonce| nonce.as_u128());
		nonce.and_then(|nonce| u64::try_from(nonce).ok()).ok_or_else(|| {
			GearError::Incompatible("storage System.Account: there is no nonce in it".into())
		})
	}

	/// What an account can spend at a block, in the currency's smallest unit; `None` where the chain
	/// has no currency.
	pub async fn balance_at(
		&self,
		at: &At,
		account: &AccountId32,
	) -> Result<Option<u128>, GearError> {
		if at.metadata_ref().pallet_by_name("Balances").is_none() {
			return Ok(None);
		}
		let Some(info) = self.account_info(at, account).await? else { return Ok(Some(0)) };
		let part = |name| info.at("data").and_then(|data| data.at(name)?.as_u128());
		let free = part("free").ok_or_else(|| {
			GearError::Incompatible("storage System.Account: there is no balance in it".into())
		})?;
		Ok(Some(free.saturating_sub(part("frozen").unwrap_or_default())))
	}

	async fn account_info(
		&self,
		at: &At,
		account: &AccountId32,
	) -> Result<Option<Value>, GearError> {
		self.with(async |_| {
			let address = subxt::dynamic::storage::<Vec<Value>, Value>("System", "Account");
			let key = vec![Value::from_bytes(account.0)];
			let Some(info) = at.storage().try_fetch(address, key).await? else { return Ok(None) };
			info.decode().map(Some).map_err(|error| {
				GearError::Incompatible(format!("storage System.Account: {error}"))
			})
		})
		.await
	}

	/// Symbol of the chain's currency, and how many decimal places its main unit has.
	pub async fn currency(&self) -> Result<(String, u32), GearError> {
		self.with(async |c| {
			let properties: serde_json::Value =
				c.rpc.request("system_properties", rpc_params![]).await?;
			// Both may be lists, where the chain knows several.
			let first = |name: &str| match properties.get(name) {
				Some(serde_json::Value::Array(several)) => several.first().cloned(),
				other => other.cloned(),
			};
			let symbol = first("tokenSymbol").and_then(|symbol| Some(symbol.as_str()?.to_string()));
			let decimals = first("tokenDecimals").and_then(|decimals| decimals.as_u64());
			let decimals = decimals.and_then(|decimals| u32::try_from(decimals).ok());
			Ok((symbol.unwrap_or_else(|| "units".to_string()), decimals.unwrap_or(0)))
		})
		.await
	}

	/// Reads a storage entry into a type that this program shares with the runtime; `None` where
	/// nothing is stored.
	pub async fn storage<T: Decode>(
		&self,
		at: &At,
		pallet: &str,
		entry: &str,
		keys: Vec<Value>,
	) -> Result<Option<T>, GearError> {
		self.with(async |_| {
			let address = subxt::dynamic::storage::<Vec<Value>, Value>(pallet, entry);
			let Some(value) = at.storage().try_fetch(address, keys).await? else {
				return Ok(None);
			};
			T::decode_all(&mut value.bytes()).map(Some).map_err(|error| {
				GearError::Incompatible(format!("storage {pallet}.{entry}: {error}"))
			})
		})
		.await
	}

	/// Reads all entries of a storage map: the end of each key, as many bytes as `K` has, and the
	/// value. For maps whose hasher leaves the key readable.
	pub async fn storage_map<const K: usize, T: Decode>(
		&self,
		at: &At,
		pallet: &str,
		entry: &str,
	) -> Result<Vec<([u8; K], T)>, GearError> {
		self.with(async |_| {
			let strange = |error: String| {
				GearError::Incompatible(format!("storage {pallet}.{entry}: {error}"))
			};
			let address = subxt::dynamic::storage::<Vec<Value>, Value>(pallet, entry);
			let mut entries = at.storage().iter(address, Vec::<Value>::new()).await?;
			let mut all = Vec::new();
			while let Some(entry) = entries.next().await {
				let entry = entry?;
				let key = entry
					.key_bytes()
					.last_chunk::<K>()
					.ok_or_else(|| strange("a short key".to_string()))?;
				let value = T::decode_all(&mut entry.value().bytes())
					.map_err(|error| strange(error.to_string()))?;
				all.push((*key, value));
			}
			Ok(all)
		})
		.await
	}

	/// Hashes of the extrinsics in a block, in order.
	pub async fn extrinsics(&self, at: &At) -> Result<Vec<H256>, GearError> {
		let hash = at.block_hash();
		let block = self
			.with(async |c| {
				c.methods.chain_get_block(Some(hash)).await?.ok_or(GearError::NoBlock(hash))
			})
			.await?;
		let extrinsics = block.block.extrinsics.iter();
		Ok(extrinsics.map(|extrinsic| at.hasher().hash(&extrinsic.0)).collect())
	}

	/// Sends signed bytes to the node's pool.
	pub async fn submit(&self, bytes: &[u8]) -> Result<H256, GearError> {
		self.with(async |c| Ok(c.methods.author_submit_extrinsic(bytes).await?)).await
	}

	/// The events of a block.
	pub async fn events(
		&self,
		at: &At,
	) -> Result<subxt::events::Events<PolkadotConfig>, GearError> {
		self.with(async |_| Ok(at.events().fetch().await?)).await
	}

	/// Checks that the runtime has everything in `needed`, each `Pallet.name` a call, an event,
	/// a storage entry or a constant.
	pub async fn ensure_runtime_has(&self, needed: &[Item]) -> Result<(), GearError> {
		let at = self.at_finalized().await?;
		let metadata = at.metadata_ref();
		let missing: Vec<String> = needed
			.iter()
			.filter(|item| {
				let Some(pallet) = metadata.pallet_by_name(item.pallet) else { return true };
				!match item.kind {
					ItemKind::Call => pallet.call_variant_by_name(item.name).is_some(),
					ItemKind::Event => pallet
						.event_variants()
						.is_some_and(|events| events.iter().any(|event| event.name == item.name)),
					ItemKind::Constant => pallet.constant_by_name(item.name).is_some(),
					ItemKind::Storage => pallet
						.storage()
						.is_some_and(|storage| storage.entry_by_name(item.name).is_some()),
				}
			})
			.map(|item| format!("{}.{}", item.pallet, item.name))
			.collect();
		if missing.is_empty() {
			Ok(())
		} else {
			Err(GearError::Incompatible(format!("it lacks {}", missing.join(", "))))
		}
	}
}

/// Something a runtime is expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
	/// What it is.
	pub kind: ItemKind,
	/// The pallet's name in the runtime.
	pub pallet: &'static str,
	/// Its own name.
	pub name: &'static str,
}

/// What an [`Item`] can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
	/// A dispatchable function.
	Call,
	/// An event.
	Event,
	/// A storage entry.
	Storage,
	/// A constant.
	Constant,
}

impl Connection {
	async fn open(endpoint: &Endpoint) -> Result<Self, GearError> {
		let open = async {
			let rpc = RpcClient::from_insecure_url(endpoint.url().as_str()).await?;
			let methods = LegacyRpcMethods::new(rpc.clone());
			let backend = Arc::new(LegacyBackend::builder().build(rpc.clone()));
			let genesis = methods.genesis_hash().await?;
			Ok(Self { rpc, methods, backend, genesis, latest: Mutex::new(None) })
		};
		open.await.map_err(|error: GearError| error.located(endpoint))
	}

	/// The chain as it stood at a block.
	///
	/// The runtime's version is asked of the node, which remembers it; left to itself the client
	/// would have the runtime executed for it at every block.
	async fn at(&self, block: BlockId) -> Result<At, GearError> {
		let version = self.methods.state_get_runtime_version(Some(block.hash)).await?;
		let version = (version.spec_version, version.transaction_version);
		let mut latest = self.latest.lock().await;
		let chain = match latest.as_ref() {
			Some((known, chain)) if *known == version => chain.clone(),
			_ => {
				let (spec_version, transaction_version) = version;
				let always = SpecVersionForRange {
					block_range: 0..u64::MAX,
					spec_version,
					transaction_version,
				};
				let config = PolkadotConfig::builder()
					.use_historic_types(false)
					.set_spec_version_for_block_ranges([always])
					.build();
				let chain =
					OnlineClient::from_backend_with_config(config, self.backend.clone()).await?;
				latest.insert((version, chain)).1.clone()
			}
		};
		drop(latest);
		Ok(chain.at_block_hash_and_number(block.hash, block.number).await?)
	}
}
