//! One network of nodes, ready for messages, and what the checks ask of it.

use gearway::{
	gear::{BlockId, Call, Signed, account_of},
	net::{
		chains::Chain,
		ethereum::{self, Pair},
		events::{Seen, Sight},
		layout::{DataDir, Repository},
		nodes::{
			Chains, Nodes,
			binaries::Places,
			plan::{self, Files, GearCollators},
		},
		ports::Ports,
		preflight::{self, NodeParts},
		process::{Processes, Program},
		relayer,
		report::Console,
		setup::{self, Gateway, Programs},
		steps::Steps,
	},
};
use std::{collections::BTreeMap, path::Path, time::Duration};
use subxt_signer::sr25519::{Keypair, dev};
use tempfile::TempDir;
use tokio::time::timeout;

/// Set where a missing part of the network must fail the test instead of passing it over.
const REQUIRED: &str = "GEARWAY_REQUIRE_NODES";

/// Gear has two collators, so that one of them can end.
const COLLATORS: GearCollators = GearCollators::Two;

/// Deadline for anything that ends in a final block.
pub(crate) const FINALITY: Duration = Duration::from_secs(600);

/// An id of a message or program.
pub(crate) type Id = [u8; 32];

/// Ports, folders and processes of the test; they end with it.
pub(crate) struct Ground {
	parts: NodeParts,
	ports: Ports,
	data: DataDir,
	pub(crate) processes: Processes,
	_folder: TempDir,
}

impl Ground {
	/// Everything that the network is started from. `None`, and loudly, where a part is missing.
	pub(crate) async fn take() -> Option<Self> {
		gearway::tls::install();
		let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
		let repository = Repository::find(Some(root.into())).unwrap();
		let specs = std::env::var_os("GEARWAY_CHAIN_SPECS")
			.map_or_else(|| repository.target("chain-specs"), Into::into);
		let folder = tempfile::tempdir().unwrap();
		let places = Places::of_user();
		let parts = preflight::check_nodes(&repository, &specs, folder.path(), &places).await;
		let parts = match parts {
			Ok(parts) => parts,
			Err(missing) => {
				assert!(std::env::var_os(REQUIRED).is_none(), "{missing}");
				eprintln!("NOT TESTED: {missing}");
				return None;
			}
		};
		let data = DataDir::take(folder.path()).unwrap();
		let processes = Processes::new(data.logs());
		let ports = Ports::any_for(&plan::listeners(COLLATORS)).unwrap();
		Some(Self { parts, ports, data, processes, _folder: folder })
	}

	/// Ends all processes.
	pub(crate) async fn end(self) {
		self.processes.stop().await;
	}
}

/// The network.
pub(crate) struct Environment<'a> {
	pub(crate) nodes: Nodes<'a>,
	pub(crate) files: Files,
	pub(crate) chains: Chains,
	pub(crate) pair: Pair,
	pub(crate) gateway: Gateway,
	pub(crate) programs: Programs,
	relayer: Program,
}

impl<'a> Environment<'a> {
	/// From nothing to a network that carries messages.
	pub(crate) async fn start(ground: &'a Ground, console: &'a Console) -> Self {
		let Ground { parts, ports, data, processes, .. } = ground;
		let steps = Steps::new(console);
		let nodes = Nodes { steps, processes, parts, ports, data, collators: COLLATORS };
		let ethereum = ethereum::program(&parts.ethereum, ports, &data.path("ethereum"));
		processes.start(ethereum).unwrap();
		let (chains, files) = nodes.start().await.unwrap();
		nodes.ask_for_channels(&chains).await.unwrap();
		let programs = setup::programs(steps, &chains.gear).await.unwrap();
		let pair = Pair::connect(ports, FINALITY).await.unwrap();
		let contract = &parts.ethereum.contract;
		let gateway = setup::gateway(steps, &pair, &chains.gear, contract).await.unwrap();
		nodes.wait_for_channels(&chains).await.unwrap();
		let Gateway { address, deployed } = gateway;
		let command = env!("CARGO_BIN_EXE_gearway").into();
		let relayer = relayer::program(data, ports, address, deployed.block.number).unwrap();
		let relayer = Program { command, ..relayer };
		let environment = Self { nodes, files, chains, pair, gateway, programs, relayer };
		environment.start_relayer();
		environment
	}

	/// Starts the relayer, for the first time or again.
	pub(crate) fn start_relayer(&self) {
		self.nodes.processes.start(self.relayer.clone()).unwrap();
	}

	/// Says what is being done.
	pub(crate) fn say(&self, what: &str) {
		self.nodes.steps.console().say("test", what);
	}

	/// Sends all calls at once; returns before any of them is in a block.
	pub(crate) async fn submit(&self, chain: &Chain, calls: &[Call], signer: &Keypair) {
		let client = chain.client();
		let at = client.at_finalized().await.unwrap();
		let first = client.next_nonce(&account_of(signer)).await.unwrap();
		for (nonce, call) in (first..).zip(calls) {
			let signed = Signed::new(&at, call, signer, nonce, 64).unwrap();
			client.submit(&signed.bytes).await.unwrap();
		}
	}

	/// Charges the capacitor from the sibling, once for each of these amounts, all at once.
	pub(crate) async fn charge_by_xcm(&self, amounts: &[u32]) {
		let calls: Vec<_> = amounts
			.iter()
			.map(|amount| {
				let payload = amount.to_string().into_bytes();
				let (gas, fee) = (20_000_000_000u64, 1_000_000_000_000u128);
				let args = (self.programs.capacitor, payload, gas, 0u128, fee);
				Call::new("ProgramClient", "send_message", args)
			})
			.collect();
		self.submit(&self.chains.sibling, &calls, &dev::alice()).await;
	}

	/// All events in final blocks of a chain of which `read` makes something, from a block on.
	pub(crate) async fn events<T>(
		&self,
		chain: &Chain,
		from: u64,
		mut read: impl FnMut(&Seen) -> Option<T>,
	) -> Vec<T> {
		let client = chain.client();
		let last = client.finalized().await.unwrap().number;
		let mut all = Vec::new();
		for number in from..=last {
			let hash = client.block_hash(number).await.unwrap().unwrap();
			let block = BlockId { number, hash };
			let at = client.at(block).await.unwrap();
			for event in client.events(&at).await.unwrap().iter() {
				let seen = Seen::read(Sight::now(block), &event.unwrap()).unwrap();
				all.extend(read(&seen));
			}
		}
		all
	}

	/// The same, as soon as there are `count` of them.
	pub(crate) async fn events_until<T>(
		&self,
		chain: &Chain,
		from: u64,
		count: usize,
		mut read: impl FnMut(&Seen) -> Option<T>,
	) -> Vec<T> {
		let looking = async {
			let mut next = chain.until_final(from).await.unwrap();
			loop {
				let found = self.events(chain, from, &mut read).await;
				if found.len() >= count {
					return found;
				}
				next = chain.until_final(next + 1).await.unwrap();
			}
		};
		let seen = timeout(FINALITY, looking).await;
		seen.unwrap_or_else(|_| panic!("{count} events: not seen within {FINALITY:?}"))
	}

	/// The number of a chain's next final block.
	pub(crate) async fn next(&self, chain: &Chain) -> u64 {
		chain.client().finalized().await.unwrap().number + 1
	}

	/// No message of Gear's was dealt with twice, and none was lost: every one that got into the
	/// queue came out of it, in success.
	pub(crate) async fn nothing_happened_twice(&self) {
		let mut queued = Vec::new();
		let mut dispatched = BTreeMap::<Id, usize>::new();
		let read = |seen: &Seen| {
			if seen.is("Gear", "MessageQueued") {
				queued.extend(seen.id("id"));
			} else if seen.is("Gear", "MessagesDispatched") {
				for (id, status) in seen.entries("statuses") {
					assert_eq!(status, "Success", "{}", hex::encode(id));
					*dispatched.entry(id).or_default() += 1;
				}
			} else if seen.pallet == "Gear" {
				assert!(!seen.name.contains("Quarantined") && !seen.name.contains("Broken"));
			}
			None::<()>
		};
		self.events(&self.chains.gear, 1, read).await;
		assert!(!queued.is_empty());
		for id in queued {
			assert_eq!(dispatched.remove(&id), Some(1), "message {}", hex::encode(id));
		}
	}
}

/// The ids of messages dealt with, in order, with the block.
pub(crate) fn dispatched(seen: &Seen) -> Option<(u64, Vec<Id>)> {
	let is_it = seen.is("Gear", "MessagesDispatched");
	let ids = seen.entries("statuses").into_iter().map(|(id, _)| id).collect();
	is_it.then_some((seen.sight.block.number, ids))
}

/// The id of a message that came by XCM.
pub(crate) fn arrived_by_xcm(seen: &Seen) -> Option<Id> {
	let is_it = seen.is("XcmGateway", "MessagePosted");
	is_it.then(|| seen.id("id")).flatten()
}
