//! What is checked before anything is done: that every endpoint answers, and that what answers is
//! what the configuration means.

use super::{
	Error,
	backoff::Backoff,
	config::Config,
	context::{Bells, Context},
	outbox::{Identity, Outbox, Patience},
	runtime::GearRuntime,
	submit::Submitter,
};
use crate::{
	ethereum::{BeaconClient, EthereumError, ExecutionClient},
	gear::{Client, GearError, KeyError, Keypair, Origin, read_key},
};
use alloy::primitives::B256;
use gearway_ethereum::{Gateway, Network};

const GEAR_URL: &str = "[gear] url";
const EXECUTION_URL: &str = "[ethereum] execution_url";
const BEACON_URL: &str = "[ethereum] beacon_url";
const CHAIN_ID: &str = "[ethereum] chain_id";
const GATEWAY: &str = "[ethereum] gateway";

/// Checks everything and makes what the stages share.
pub(super) async fn check(config: Config) -> Result<Context, Error> {
	let (key, origin) = read_key(&config.signer)?;
	let gear = GearRuntime(connect(&config).await?);
	refuse_development_key(&config, origin, &gear).await?;
	let gateway = Gateway {
		chain_id: config.ethereum.chain_id,
		address: config.ethereum.gateway.into_array(),
	};
	check_gear(&gear, &gateway).await?;
	let execution = check_execution(&config).await?;
	let (beacon, network) = check_beacon(&config, &gear).await?;

	let path = config
		.database
		.path()
		.ok_or_else(|| mismatch("[database] url", "`sqlite:PATH` is expected".to_string()))?;
	let outbox = Outbox::open(path).await.map_err(|error| {
		mismatch("[database] url", format!("{} cannot be opened: {error}", path.display()))
	})?;
	let identity = Identity {
		gear_genesis: B256::from(gear.genesis().0),
		chain_id: gateway.chain_id,
		gateway: config.ethereum.gateway,
	};
	outbox.identify(&identity).await?;
	Ok(context(config, key, gear, execution, beacon, network, outbox, gateway))
}

#[expect(clippy::too_many_arguments, reason = "it only puts together what was checked one by one")]
fn context(
	config: Config,
	key: Keypair,
	gear: GearRuntime,
	execution: ExecutionClient,
	beacon: BeaconClient,
	network: Network,
	outbox: Outbox,
	gateway: Gateway,
) -> Context {
	let backoff = Backoff::new(&config.relay);
	Context {
		submitter: Submitter::new(key, config.relay.mortality_blocks, config.relay.in_flight),
		patience: Patience { backoff, max_attempts: config.relay.max_attempts },
		config,
		execution,
		beacon,
		gear,
		outbox,
		gateway,
		network,
		backoff,
		bells: Bells::default(),
	}
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

async fn check_gear(gear: &GearRuntime, gateway: &Gateway) -> Result<(), Error> {
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
		Some(found) if found == *gateway => Ok(()),
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

async fn check_execution(config: &Config) -> Result<ExecutionClient, Error> {
	let config = &config.ethereum;
	let dead = |error: EthereumError| dead(EXECUTION_URL, error);
	let execution = ExecutionClient::new(config.execution_url.clone()).map_err(dead)?;
	let (expected, found) = (config.chain_id, execution.chain_id().await.map_err(dead)?);
	if expected != found {
		return Err(mismatch(
			CHAIN_ID,
			format!(
				"chain {expected} is expected, and the execution node at {} is of chain {found}",
				execution.endpoint()
			),
		));
	}
	if !execution.has_code(config.gateway).await.map_err(dead)? {
		return Err(mismatch(
			GATEWAY,
			format!(
				"there is no contract at {} on chain {expected}, says the execution node at {}",
				config.gateway,
				execution.endpoint()
			),
		));
	}
	Ok(execution)
}

async fn check_beacon(
	config: &Config,
	gear: &GearRuntime,
) -> Result<(BeaconClient, Network), Error> {
	let dead = |error: EthereumError| dead(BEACON_URL, error);
	let beacon = BeaconClient::new(config.ethereum.beacon_url.clone()).map_err(dead)?;
	let network = beacon.network().await.map_err(dead)?;
	let (expected, found) =
		(config.ethereum.chain_id, beacon.execution_chain_id().await.map_err(dead)?);
	let endpoint = beacon.endpoint();
	if expected != found {
		return Err(mismatch(
			CHAIN_ID,
			format!(
				"chain {expected} is expected, and the beacon node at {endpoint} is of chain \
				 {found}"
			),
		));
	}
	let at = gear.at_finalized().await?;
	if let Some(followed) = gear.network(&at).await? {
		let (followed, found) = (followed.genesis_validators_root, network.genesis_validators_root);
		if followed != found {
			return Err(mismatch(
				BEACON_URL,
				format!(
					"the beacon node at {endpoint} is of the beacon chain with genesis validators \
					 root {found:?}, and the Gear chain follows the one with {followed:?}"
				),
			));
		}
	}
	Ok((beacon, network))
}

fn mismatch(key: &'static str, message: String) -> Error {
	Error::Mismatch { key, message }
}

fn dead(key: &'static str, error: impl std::fmt::Display) -> Error {
	mismatch(key, format!("{error}; is it running, and is this its address?"))
}
