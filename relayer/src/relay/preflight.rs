//! What is checked before anything is done: that every endpoint answers, and that what answers is
//! what the configuration means.

use super::{
	Error,
	backoff::Backoff,
	config::{Config, Endpoint, EthereumConfig},
	context::{Bells, Context},
	metrics::Metrics,
	outbox::{Identity, Outbox, Patience},
	runtime::GearRuntime,
	submit::Submitter,
};
use crate::{
	ethereum::{BeaconClient, EthereumError, ExecutionClient, Nodes},
	gear::{Client, GearError, KeyError, Origin, read_key},
	telemetry::Counters,
};
use alloy::primitives::B256;
use gearway_ethereum::{Gateway, Network};
use std::{fs::File, path::Path};

pub(super) const GEAR_URL: &str = "[gear] url";
pub(super) const EXECUTION_URL: &str = "[ethereum] execution_url";
pub(super) const BEACON_URL: &str = "[ethereum] beacon_url";
pub(super) const CHAIN_ID: &str = "[ethereum] chain_id";
pub(super) const DATABASE_URL: &str = "[database] url";
pub(super) const HTTP_LISTEN: &str = "[http] listen";
pub(super) const GATEWAY: &str = "[ethereum] gateway";

/// Checks everything and makes what the stages share. Names all that is wrong at once.
pub(super) async fn check(config: Config) -> Result<Context, Error> {
	let (key, origin) = read_key(&config.signer)?;
	let gateway = gateway(&config);
	let (execution, beacon, gear) = tokio::join!(
		check_execution(&config),
		check_beacon(&config),
		check_gear(&config, origin, &gateway),
	);
	let (execution, (beacon, network), gear) = match (execution, beacon, gear) {
		(Ok(execution), Ok(beacon), Ok(gear)) => (execution, beacon, gear),
		(execution, beacon, gear) => {
			let errors = [execution.err(), beacon.err(), gear.err()];
			return Err(Error::several(errors.into_iter().flatten().collect()));
		}
	};
	check_light_client(&gear, beacon.now(), &network).await?;
	let (outbox, lock) = open_outbox(&config, &gear, &gateway).await?;
	let backoff = Backoff::new(&config.relay);
	let metrics = Metrics::default();
	let Counters { queries, .. } = &metrics.counters;
	Ok(Context {
		submitter: Submitter::new(key, config.relay.mortality_blocks, config.relay.in_flight),
		patience: Patience { backoff, max_attempts: config.relay.max_attempts },
		config,
		execution: execution.map(|client| client.counted(queries)),
		beacon: beacon.map(|client| client.counted(queries)),
		gear: GearRuntime(gear.0.counted(&metrics.counters)),
		outbox,
		gateway,
		network,
		backoff,
		bells: Bells::default(),
		metrics,
		_lock: lock,
	})
}

/// Opens the database, and where it is a file a lock beside it that lasts as long as the process:
/// two relayers on one file would use the same nonces.
async fn open_outbox(
	config: &Config,
	gear: &GearRuntime,
	gateway: &Gateway,
) -> Result<(Outbox, Option<File>), Error> {
	let location = &config.database.location;
	let lock = location.file().map(lock).transpose()?;
	let outbox = Outbox::open(location.clone())
		.await
		.map_err(|error| mismatch(DATABASE_URL, format!("{location} cannot be opened: {error}")))?;
	outbox.identify(&identity(gear, gateway)).await?;
	// From here on the place of every delivery is found. What was before is in the chain's own
	// record.
	outbox.walk_from(gear.finalized().await?).await?;
	Ok((outbox, lock))
}

/// The gateway that the configuration names.
pub fn gateway(config: &Config) -> Gateway {
	Gateway { chain_id: config.ethereum.chain_id, address: config.ethereum.gateway.into_array() }
}

/// Opens a relayer's database for an operator's changes. Makes none.
pub async fn open_to_change(config: &Config) -> Result<Outbox, Error> {
	let location = &config.database.location;
	if let Some(path) = location.file().filter(|path| !path.is_file()) {
		let message = format!("there is no {}; `gearway relay run` makes it", path.display());
		return Err(mismatch(DATABASE_URL, message));
	}
	let opened = Outbox::open_to_change(location.clone()).await;
	opened.map_err(|error| mismatch(DATABASE_URL, format!("{location} cannot be opened: {error}")))
}

/// What the database of a relayer between these two is about.
pub(super) fn identity(gear: &Client, gateway: &Gateway) -> Identity {
	Identity {
		gear_genesis: B256::from(gear.genesis().0),
		chain_id: gateway.chain_id,
		gateway: gateway.address.into(),
	}
}

fn lock(path: &Path) -> Result<File, Error> {
	let lock = path.with_added_extension("lock");
	let lock = File::create(&lock).map_err(|error| {
		mismatch(DATABASE_URL, format!("{} cannot be made: {error}", lock.display()))
	})?;
	lock.try_lock().map_err(|error| {
		mismatch(
			DATABASE_URL,
			format!(
				"{} is in use by another relayer, or cannot be locked: {error}",
				path.display()
			),
		)
	})?;
	Ok(lock)
}

/// Connects to the Gear node and checks that it is of the chain that is meant.
pub(super) async fn connect(config: &Config) -> Result<Client, Error> {
	let gear =
		Client::connect(config.gear.url.clone()).await.map_err(|error| dead(GEAR_URL, error))?;
	let found = B256::from(gear.genesis().0);
	match config.gear.genesis {
		Some(expected) if expected != found => Err(mismatch(
			"[gear] genesis",
			format!(
				"genesis {expected} is expected, and the node at {} has {found}; it is of another \
				 chain",
				gear.endpoint()
			),
		)),
		_ => Ok(gear),
	}
}

/// A key that everybody has must not hold anything that is worth something.
pub(super) async fn refuse_development_key(
	config: &Config,
	origin: Origin,
	gear: &Client,
) -> Result<(), Error> {
	if !origin.development || config.gear.url.is_loopback() {
		return Ok(());
	}
	let chain_type = gear.chain_type().await.map_err(|error| dead(GEAR_URL, error))?;
	if matches!(chain_type.as_str(), "Development" | "Local") {
		return Ok(());
	}
	let endpoint = config.gear.url.to_string();
	Err(KeyError::Development { key: origin.place, chain_type, endpoint }.into())
}

pub(super) async fn check_gear(
	config: &Config,
	origin: Origin,
	gateway: &Gateway,
) -> Result<GearRuntime, Error> {
	let gear = GearRuntime(connect(config).await?);
	refuse_development_key(config, origin, &gear).await?;
	let endpoint = gear.endpoint().to_string();
	gear.check().await.map_err(|error| match error {
		GearError::Incompatible(reason) => mismatch(
			GEAR_URL,
			format!(
				"the runtime of the chain at {endpoint} is not one to relay to: {reason}; is it a \
				 Gear chain, and this program's version the right one?"
			),
		),
		error => dead(GEAR_URL, error),
	})?;
	let at = gear.at_finalized().await.map_err(|error| dead(GEAR_URL, error))?;
	let show = |gateway: &Gateway| {
		format!("0x{} of chain {}", hex::encode(gateway.address), gateway.chain_id)
	};
	match gear.gateway(&at).await? {
		Some(found) if found == *gateway => Ok(gear),
		Some(found) => Err(mismatch(
			GATEWAY,
			format!(
				"the Gear chain takes messages of gateway {}, and the configuration says {}",
				show(&found),
				show(gateway)
			),
		)),
		None => Err(mismatch(
			GATEWAY,
			format!(
				"the Gear chain at {endpoint} takes no messages from Ethereum yet: its root must \
				 call EthereumInbox.set_gateway with {}",
				show(gateway)
			),
		)),
	}
}

/// Connects to the execution nodes. One must answer; those that do not are left out until the next
/// start, for nobody knows of which chain they are.
pub(super) async fn check_execution(config: &Config) -> Result<Nodes<ExecutionClient>, Error> {
	let EthereumConfig { execution_url, more_execution_urls, .. } = &config.ethereum;
	let all = std::iter::once(execution_url).chain(more_execution_urls);
	let checks = all.map(|endpoint| check_execution_node(config, endpoint));
	let (first, others) = usable(futures::future::join_all(checks).await)?;
	Ok(Nodes::new(first, others))
}

async fn check_execution_node(
	config: &Config,
	endpoint: &Endpoint,
) -> Result<ExecutionClient, Error> {
	let config = &config.ethereum;
	let dead = |error: EthereumError| dead(EXECUTION_URL, error);
	let execution = ExecutionClient::new(endpoint.clone()).map_err(dead)?;
	let (expected, found) = (config.chain_id, execution.chain_id().await.map_err(dead)?);
	if expected != found {
		return Err(mismatch(
			CHAIN_ID,
			format!(
				"chain {expected} is expected, and the execution node at {endpoint} is of chain \
				 {found}"
			),
		));
	}
	if !execution.has_code(config.gateway).await.map_err(dead)? {
		return Err(mismatch(
			GATEWAY,
			format!(
				"there is no contract at {} on chain {expected}, says the execution node at \
				 {endpoint}",
				config.gateway,
			),
		));
	}
	Ok(execution)
}

/// Connects to the beacon nodes, as to the execution nodes.
pub(super) async fn check_beacon(config: &Config) -> Result<(Nodes<BeaconClient>, Network), Error> {
	let EthereumConfig { beacon_url, more_beacon_urls, .. } = &config.ethereum;
	let all = std::iter::once(beacon_url).chain(more_beacon_urls);
	let checks = all.map(|endpoint| check_beacon_node(config, endpoint));
	let ((first, network), others) = usable(futures::future::join_all(checks).await)?;
	let root = network.genesis_validators_root;
	if let Some((other, _)) = others.iter().find(|(_, n)| n.genesis_validators_root != root) {
		return Err(mismatch(
			BEACON_URL,
			format!(
				"the beacon nodes at {} and {} are of different chains",
				first.endpoint(),
				other.endpoint()
			),
		));
	}
	let others = others.into_iter().map(|(beacon, _)| beacon).collect();
	Ok((Nodes::new(first, others), network))
}

async fn check_beacon_node(
	config: &Config,
	endpoint: &Endpoint,
) -> Result<(BeaconClient, Network), Error> {
	let dead = |error: EthereumError| dead(BEACON_URL, error);
	let beacon = BeaconClient::new(endpoint.clone()).map_err(dead)?;
	let network = beacon.network().await.map_err(dead)?;
	let (expected, found) =
		(config.ethereum.chain_id, beacon.execution_chain_id().await.map_err(dead)?);
	if expected != found {
		return Err(mismatch(
			CHAIN_ID,
			format!(
				"chain {expected} is expected, and the beacon node at {endpoint} is of chain \
				 {found}"
			),
		));
	}
	Ok((beacon, network))
}

/// The nodes that can be used: the first of them, and the others. All must not be of a wrong chain,
/// and one must be there.
fn usable<T>(checked: Vec<Result<T, Error>>) -> Result<(T, Vec<T>), Error> {
	let mut nodes = Vec::new();
	let mut errors = Vec::new();
	for outcome in checked {
		match outcome {
			Ok(node) => nodes.push(node),
			Err(error) => errors.push(error),
		}
	}
	let is_away =
		|error: &Error| matches!(error, Error::Mismatch { key: EXECUTION_URL | BEACON_URL, .. });
	if nodes.is_empty() || !errors.iter().all(is_away) {
		return Err(Error::several(errors));
	}
	for error in errors {
		tracing::warn!("left out: {error}");
	}
	let first = nodes.remove(0);
	Ok((first, nodes))
}

/// The Gear chain must follow the very beacon chain that proofs are made of.
pub(super) async fn check_light_client(
	gear: &GearRuntime,
	beacon: &BeaconClient,
	network: &Network,
) -> Result<(), Error> {
	let at = gear.at_finalized().await?;
	let Some(followed) = gear.network(&at).await? else { return Ok(()) };
	let (followed, found) = (followed.genesis_validators_root, network.genesis_validators_root);
	if followed == found {
		return Ok(());
	}
	Err(mismatch(
		BEACON_URL,
		format!(
			"the beacon node at {} is of the beacon chain with genesis validators root {found:?}, \
			 and the Gear chain follows the one with {followed:?}",
			beacon.endpoint()
		),
	))
}

fn mismatch(key: &'static str, message: String) -> Error {
	Error::Mismatch { key, message }
}

fn dead(key: &'static str, error: impl std::fmt::Display) -> Error {
	mismatch(key, format!("{error}; is it running, and is this its address?"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{relay::Fate, testing::Anvil};
	use std::path::Path;
	use tokio::net::TcpListener;

	fn config() -> Config {
		crate::tls::install();
		let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/minimal.toml");
		Config::load(&file).unwrap()
	}

	fn with_key(config: &mut Config, uri: &str) -> tempfile::NamedTempFile {
		let file = tempfile::NamedTempFile::new().unwrap();
		std::fs::write(&file, uri).unwrap();
		config.signer.key_file = Some(file.path().to_path_buf());
		file
	}

	async fn dead_port() -> String {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		listener.local_addr().unwrap().to_string()
	}

	#[tokio::test]
	async fn what_is_no_key_stops_it_before_any_connection() {
		let mut config = config();
		let _file = with_key(&mut config, "hunter2");
		let error = check(config).await.unwrap_err();
		assert!(error.to_string().contains("[signer] key_file"), "{error}");
		assert_eq!(error.fate(), Fate::Fatal);
	}

	#[tokio::test]
	async fn all_dead_endpoints_are_named_with_their_keys() {
		let mut config = config();
		let _file = with_key(&mut config, "//Alice");
		let (gear, execution, beacon) = (dead_port().await, dead_port().await, dead_port().await);
		config.gear.url = Endpoint::parse(&format!("ws://{gear}")).unwrap();
		config.ethereum.execution_url = Endpoint::parse(&format!("http://{execution}")).unwrap();
		config.ethereum.beacon_url = Endpoint::parse(&format!("http://{beacon}/key")).unwrap();
		let error = check(config).await.unwrap_err();
		assert_eq!(error.fate(), Fate::Fatal);
		let text = error.to_string();
		for part in [GEAR_URL, &gear, EXECUTION_URL, &execution, BEACON_URL, &beacon] {
			assert!(text.contains(part), "{part} is not in: {text}");
		}
		assert!(!text.contains("/key"), "{text}");
	}

	#[tokio::test]
	async fn another_chain_or_no_contract_is_told_with_both_values() {
		let Some(anvil) = Anvil::start().await else { return };
		let mut config = config();
		config.ethereum.execution_url = Endpoint::parse(anvil.url()).unwrap();
		config.ethereum.chain_id = 1;
		let error = check_execution(&config).await.unwrap_err().to_string();
		assert!(error.contains(CHAIN_ID), "{error}");
		assert!(error.contains("chain 1 is") && error.contains("31337"), "{error}");

		config.ethereum.chain_id = anvil.gateway().chain_id;
		config.ethereum.gateway = alloy::primitives::Address::repeat_byte(1);
		let error = check_execution(&config).await.unwrap_err().to_string();
		assert!(error.contains(GATEWAY) && error.contains("no contract"), "{error}");

		config.ethereum.gateway = anvil.gateway().address.into();
		check_execution(&config).await.unwrap();
	}

	#[tokio::test]
	async fn a_node_that_is_away_is_left_out_and_one_of_another_chain_is_not_suffered() {
		let (Some(anvil), Some(other)) = (Anvil::start().await, Anvil::start().await) else {
			return;
		};
		let mut config = config();
		config.ethereum.chain_id = anvil.gateway().chain_id;
		config.ethereum.gateway = anvil.gateway().address.into();
		let away = Endpoint::parse(&format!("http://{}", dead_port().await)).unwrap();
		config.ethereum.execution_url = away;
		let here = Endpoint::parse(anvil.url()).unwrap();
		config.ethereum.more_execution_urls = vec![here.clone()];
		let nodes = check_execution(&config).await.unwrap();
		assert_eq!(nodes.all().map(|node| node.endpoint()).collect::<Vec<_>>(), [&here]);
		// Another gateway's chain: it has no such contract.
		let address = alloy::primitives::Address::repeat_byte(1);
		config.ethereum.gateway = address;
		config.ethereum.more_execution_urls.push(Endpoint::parse(other.url()).unwrap());
		let error = check_execution(&config).await.unwrap_err().to_string();
		assert!(error.contains(GATEWAY), "{error}");
	}

	#[tokio::test]
	async fn what_answers_but_is_no_beacon_node_is_told() {
		let Some(anvil) = Anvil::start().await else { return };
		let mut config = config();
		config.ethereum.beacon_url = Endpoint::parse(anvil.url()).unwrap();
		let error = check_beacon(&config).await.unwrap_err().to_string();
		assert!(error.contains(BEACON_URL), "{error}");
	}
}
