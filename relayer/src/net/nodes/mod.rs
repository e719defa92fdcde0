//! The network of real nodes: a relay chain with two validators, the Gear chain with one or two
//! collators and the sibling with one, from chain specs made for the occasion.
//!
//! All of it is what is run in production, except that keys are known to everybody, that nothing
//! listens beyond the loopback interface, and that the relay chain's sessions last a minute.

pub mod binaries;
pub mod genesis;
pub mod hrmp;
pub mod plan;
pub mod resources;

use super::{
	chains::{Blocks, Chain, ChainError},
	layout::DataDir,
	ports::{Listener, Ports},
	preflight::NodeParts,
	process::Processes,
	steps::{StepError, StepFailure, Steps},
};
use genesis::{GenesisError, Parachain};
use plan::{Files, GearCollators, Node};
use std::{path::Path, time::Duration};

/// Deadline for the chain specs.
const SPECS: Duration = Duration::from_secs(480);

/// Deadline for a node to answer after its start. It compiles its runtime first.
const START: Duration = Duration::from_secs(600);

/// Deadline for the relay chain to finalise a block.
const RELAY_FINALITY: Duration = Duration::from_secs(300);

/// Deadline for a parachain's first final block. It gets a core in the relay chain's second session.
const ONBOARDING: Duration = Duration::from_secs(900);

/// Deadline for an extrinsic to be final on the relay chain.
const RELAY_EXTRINSIC: Duration = Duration::from_secs(300);

/// Deadline for channels to open, which they do when a session ends.
const CHANNELS: Duration = Duration::from_secs(600);

/// Where the nodes' databases are in the data folder.
const DATABASES: &str = "nodes";

/// Everything that the network is started from.
#[derive(Clone, Copy)]
pub struct Nodes<'a> {
	/// Shows and limits the waits.
	pub steps: Steps<'a>,
	/// Runs the nodes.
	pub processes: &'a Processes,
	/// What they are made of.
	pub parts: &'a NodeParts,
	/// Where they listen.
	pub ports: &'a Ports,
	/// Where their files go.
	pub data: &'a DataDir,
	/// How many collators Gear has.
	pub collators: GearCollators,
}

/// The chains, followed block by block.
#[derive(Debug)]
pub struct Chains {
	/// The relay chain.
	pub relay: Chain,
	/// The chain that programs live on.
	pub gear: Chain,
	/// The chain that talks to them.
	pub sibling: Chain,
}

impl Nodes<'_> {
	/// Makes the specs, starts all nodes, and waits until both parachains have a final block.
	/// Returns the chains, and the files by which a node can be started again.
	pub async fn start(&self) -> Result<(Chains, Files), StepError> {
		let making = self.make_specs();
		let (files, parachains) = self.steps.within(SPECS, "the chain specs", making).await?;
		self.say("net", &format!("chain specs made, nodes are {}", files.binaries.version));
		for node in plan::nodes(self.collators) {
			self.start_node(node, &files)?;
		}
		let chains = self.connect(&parachains).await?;
		self.wait_for_blocks(&chains).await?;
		Ok((chains, files))
	}

	/// Starts a node, for the first time or again.
	pub fn start_node(&self, node: Node, files: &Files) -> Result<(), StepError> {
		let name = node.name();
		let started = self.processes.start(plan::program(node, files, self.ports));
		started.map_err(|error| StepError {
			step: format!("the start of {name}"),
			source: error.into(),
		})?;
		let log = self.processes.log_of(name);
		self.say("net", &format!("started {name}, log {}", log.display()));
		Ok(())
	}

	/// Asks for the channels between the parachains, both ways. Not before their first blocks: a
	/// parachain that is told of a channel before that never makes one.
	pub async fn ask_for_channels(&self, chains: &Chains) -> Result<(), StepError> {
		let step = "the order to open the channels to be final on the relay chain";
		let block =
			self.steps.within(RELAY_EXTRINSIC, step, hrmp::ask_for_channels(&chains.relay)).await?;
		let said = format!("#{}: channels ordered, they open with the next session", block.number);
		self.say("relay", &said);
		Ok(())
	}

	/// Waits until both channels are open in finalised state.
	pub async fn wait_for_channels(&self, chains: &Chains) -> Result<(), StepError> {
		let step = "the channels to open, when a session of the relay chain ends";
		let block = self.steps.within(CHANNELS, step, hrmp::opened(&chains.relay)).await?;
		self.say("relay", &format!("#{}: channels are open, both ways", block.number));
		Ok(())
	}

	/// The chain that answers there.
	pub async fn connect_to(
		&self,
		name: &'static str,
		chain: &str,
		listener: Listener,
	) -> Result<Chain, StepError> {
		let url = self.ports.url("ws", listener);
		let step = format!("{name} to answer at {url}");
		let connecting = Chain::connect(name, chain, &url, START, Blocks::ByThemselves);
		let connected = self.steps.within(START, step, connecting).await?;
		self.say(name, &format!("answers at {url}"));
		Ok(connected)
	}

	async fn make_specs(&self) -> Result<(Files, [Parachain; 2]), GenesisError> {
		let path = |name: &str| self.data.path(name);
		let [gear_spec, sibling_spec] = ["gear-spec.json", "sibling-spec.json"].map(path);
		let [plain, relay_spec] = ["relay-plain-spec.json", "relay-spec.json"].map(path);
		let folder = |path: &Path| {
			let path = path.to_path_buf();
			move |source| GenesisError::Io { path, source }
		};
		let (workers, data) = (path("workers"), path(DATABASES));
		std::fs::create_dir_all(&data).map_err(folder(&data))?;
		let binaries =
			self.parts.found.clone().gather(workers.clone()).map_err(folder(&workers))?;
		let gear = genesis::gear(&self.parts.gear_spec, &gear_spec, self.collators)?;
		let sibling = genesis::sibling(&self.parts.sibling_spec, &sibling_spec)?;
		genesis::relay(&binaries, &[&gear, &sibling], &plain, &relay_spec).await?;
		Ok((Files { binaries, relay_spec, gear_spec, sibling_spec, data }, [gear, sibling]))
	}

	async fn connect(&self, [gear, sibling]: &[Parachain; 2]) -> Result<Chains, StepError> {
		let relay = self.connect_to("relay", genesis::RELAY_NAME, Node::RelayAlice.rpc()).await?;
		hrmp::ensure_sessions_are_short(&relay).await.map_err(|source| StepError {
			step: "a look at the relay chain's runtime".into(),
			source,
		})?;
		let chains = Chains {
			relay,
			gear: self.connect_to("Gear", &gear.name, Listener::Gear).await?,
			sibling: self.connect_to("sibling", &sibling.name, Listener::Sibling).await?,
		};
		for (chain, parachain) in [(&chains.gear, gear), (&chains.sibling, sibling)] {
			let (expected, found) = (parachain.genesis(), chain.client().genesis().0);
			if expected != found {
				let error = GenesisError::AnotherBeginning { chain: chain.name(), expected, found };
				let step = format!("a look at the genesis of {}", chain.name());
				return Err(StepError { step, source: error.into() });
			}
		}
		Ok(chains)
	}

	async fn wait_for_blocks(&self, chains: &Chains) -> Result<(), StepError> {
		let Chains { relay, gear, sibling } = chains;
		let step = "the relay chain's first final block";
		let number = self.steps.within(RELAY_FINALITY, step, until_final(relay)).await?;
		self.say("relay", &format!("#{number} is final"));
		for chain in [gear, sibling] {
			let step = format!(
				"the first final block of {}: a parachain gets a core in the relay chain's second \
				 session, after some two minutes",
				chain.name()
			);
			let number = self.steps.within(ONBOARDING, step, until_final(chain)).await?;
			self.say(chain.name(), &format!("onboarded, #{number} is final"));
		}
		Ok(())
	}

	fn say(&self, place: &str, what: &str) {
		self.steps.console().say(place, what);
	}
}

async fn until_final(chain: &Chain) -> Result<u64, ChainError> {
	chain.until_final(1).await
}

impl From<GenesisError> for StepFailure {
	fn from(error: GenesisError) -> Self {
		Self::Genesis(Box::new(error))
	}
}
