//! Which nodes there are, and how each is started.

use super::binaries::Binaries;
use crate::net::{
	ports::{Listener, Ports},
	process::{Ending, Program},
};
use std::{
	ffi::OsString,
	path::{Path, PathBuf},
};

/// The parachain id of the Gear chain.
pub const GEAR: u32 = 2000;

/// The parachain id of the sibling.
pub const SIBLING: u32 = 2001;

/// A node. Its authorities' keys are the development keys of Alice and Bob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
	/// Alice, validator of the relay chain.
	RelayAlice,
	/// Bob, validator of the relay chain.
	RelayBob,
	/// The Gear chain's first collator.
	Gear1,
	/// The Gear chain's second collator.
	Gear2,
	/// The sibling's collator.
	Sibling,
}

/// How many collators the Gear chain has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GearCollators {
	/// Alice makes every block.
	One,
	/// Alice and Bob take turns.
	Two,
}

/// The chain that a node belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
	/// The relay chain, which it validates.
	Relay,
	/// The Gear chain.
	Gear,
	/// The sibling.
	Sibling,
}

/// The files that nodes are started from.
#[derive(Debug, Clone)]
pub struct Files {
	/// The programs.
	pub binaries: Binaries,
	/// The relay chain's spec.
	pub relay_spec: PathBuf,
	/// The Gear chain's.
	pub gear_spec: PathBuf,
	/// The sibling's.
	pub sibling_spec: PathBuf,
	/// Where nodes keep their databases, each in a folder of its own name.
	pub data: PathBuf,
}

impl Node {
	/// What the node is called, in messages and among its peers.
	pub fn name(self) -> &'static str {
		match self {
			Self::RelayAlice => "relay-alice",
			Self::RelayBob => "relay-bob",
			Self::Gear1 => "gear-1",
			Self::Gear2 => "gear-2",
			Self::Sibling => "sibling",
		}
	}

	/// Its place among all nodes.
	pub fn number(self) -> u16 {
		match self {
			Self::RelayAlice => 0,
			Self::RelayBob => 1,
			Self::Gear1 => 2,
			Self::Gear2 => 3,
			Self::Sibling => 4,
		}
	}

	/// The chain it belongs to.
	pub fn membership(self) -> Membership {
		match self {
			Self::RelayAlice | Self::RelayBob => Membership::Relay,
			Self::Gear1 | Self::Gear2 => Membership::Gear,
			Self::Sibling => Membership::Sibling,
		}
	}

	/// Where it answers to users.
	pub fn rpc(self) -> Listener {
		match self {
			Self::Gear1 => Listener::Gear,
			Self::Sibling => Listener::Sibling,
			other => Listener::Rpc(other),
		}
	}

	/// Whether another node of its chain is the one that users connect to.
	pub fn is_second(self) -> bool {
		self.first_peer().is_some()
	}

	/// The flag that gives it the keys it signs blocks with.
	fn authority(self) -> &'static str {
		match self {
			Self::RelayAlice | Self::Gear1 | Self::Sibling => "--alice",
			Self::RelayBob | Self::Gear2 => "--bob",
		}
	}

	/// The secret key by which its peers know it: fixed, so that its address is known beforehand.
	fn network_key(self) -> String {
		format!("{:064x}", self.number() + 1)
	}

	/// The public half of [`Node::network_key`], of the nodes that others find first.
	fn peer_id(self) -> Option<&'static str> {
		match self {
			Self::RelayAlice => Some("12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"),
			Self::Gear1 => Some("12D3KooWSCufgHzV4fCwRijfH2k3abrpAJxTKxEvN1FDuRXA2U9x"),
			Self::RelayBob | Self::Gear2 | Self::Sibling => None,
		}
	}

	/// The node of its chain that it asks for peers first; `None` for that node itself.
	fn first_peer(self) -> Option<Self> {
		match self {
			Self::RelayBob => Some(Self::RelayAlice),
			Self::Gear2 => Some(Self::Gear1),
			Self::RelayAlice | Self::Gear1 | Self::Sibling => None,
		}
	}
}

/// All nodes, in the order they are started.
pub fn nodes(collators: GearCollators) -> Vec<Node> {
	let mut nodes = vec![Node::RelayAlice, Node::RelayBob, Node::Gear1];
	if collators == GearCollators::Two {
		nodes.push(Node::Gear2);
	}
	nodes.push(Node::Sibling);
	nodes
}

/// All who listen: the nodes and the Ethereum pair.
pub fn listeners(collators: GearCollators) -> Vec<Listener> {
	let nodes = nodes(collators);
	let mut all: Vec<_> = nodes.iter().map(|node| node.rpc()).collect();
	all.extend([Listener::Execution, Listener::Engine, Listener::Beacon]);
	for node in nodes {
		all.push(Listener::Peers(node));
		all.push(match node.membership() {
			Membership::Relay => Listener::Metrics(node),
			Membership::Gear | Membership::Sibling => Listener::RelayPeers(node),
		});
	}
	all
}

/// How a node is started.
pub fn program(node: Node, files: &Files, ports: &Ports) -> Program {
	let command = match node.membership() {
		Membership::Relay => &files.binaries.polkadot,
		Membership::Gear | Membership::Sibling => &files.binaries.omni_node,
	};
	Program {
		name: node.name(),
		command: command.clone(),
		args: arguments(node, files, ports),
		env: Vec::new(),
		// Logs as they are by default, whatever is set for this program.
		env_remove: vec!["RUST_LOG"],
		dir: files.data.clone(),
		// A node that is asked to end takes up to a minute, to save what is deleted here.
		ending: Ending::AtOnce,
	}
}

fn arguments(node: Node, files: &Files, ports: &Ports) -> Vec<OsString> {
	let mut args = Arguments::default();
	let chain = match node.membership() {
		Membership::Relay => &files.relay_spec,
		Membership::Gear => &files.gear_spec,
		Membership::Sibling => &files.sibling_spec,
	};
	args.path("--chain", chain);
	args.path("--base-path", &files.data.join(node.name()));
	args.option("--name", node.name());
	args.flag(node.authority());
	args.option("--node-key", &node.network_key());
	args.option("--rpc-port", &ports.of(node.rpc()).to_string());
	args.listen(ports.of(Listener::Peers(node)));
	if let Some(first) = node.first_peer() {
		args.bootnode(first, ports);
	}
	args.quietly();
	if node.membership() == Membership::Relay {
		args.flag("--validator");
		args.option("--prometheus-port", &ports.of(Listener::Metrics(node)).to_string());
		args.path("--workers-path", &files.binaries.workers);
		// A line for every parachain's block that it executes, with the time that took.
		args.option("--log", "parachain::pvf=trace");
		// Else it refuses to start where the kernel lacks a means to confine its workers.
		args.flag("--insecure-validator-i-know-what-i-do");
		return args.0;
	}
	args.flag("--collator");
	args.flag("--force-authoring");
	args.flag("--no-prometheus");
	// What follows is for the relay chain's node in the same process.
	args.flag("--");
	args.path("--chain", &files.relay_spec);
	args.option("--rpc-port", "0");
	args.listen(ports.of(Listener::RelayPeers(node)));
	args.bootnode(Node::RelayAlice, ports);
	args.quietly();
	args.flag("--no-prometheus");
	args.0
}

/// Command line arguments, one after another.
#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
	fn flag(&mut self, name: &str) {
		self.0.push(name.into());
	}

	fn option(&mut self, name: &str, value: &str) {
		self.0.extend([name.into(), value.into()]);
	}

	fn path(&mut self, name: &str, value: &Path) {
		self.0.extend([name.into(), value.into()]);
	}

	/// Listens to peers on the loopback interface alone, and says so to them.
	fn listen(&mut self, port: u16) {
		let address = format!("/ip4/127.0.0.1/tcp/{port}");
		self.option("--listen-addr", &address);
		self.option("--public-addr", &address);
	}

	fn bootnode(&mut self, node: Node, ports: &Ports) {
		if let Some(id) = node.peer_id() {
			let port = ports.of(Listener::Peers(node));
			self.option("--bootnodes", &format!("/ip4/127.0.0.1/tcp/{port}/p2p/{id}"));
		}
	}

	/// Tells nobody elsewhere, and looks for nobody elsewhere.
	fn quietly(&mut self) {
		for flag in
			["--no-telemetry", "--no-mdns", "--no-hardware-benchmarks", "--disable-log-color"]
		{
			self.flag(flag);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn files() -> Files {
		Files {
			binaries: Binaries {
				polkadot: "/bin/polkadot".into(),
				omni_node: "/bin/polkadot-omni-node".into(),
				workers: "/workers".into(),
				runtime: "/westend.wasm".into(),
				version: "1.25.1".into(),
			},
			relay_spec: "/relay.json".into(),
			gear_spec: "/gear.json".into(),
			sibling_spec: "/sibling.json".into(),
			data: "/data".into(),
		}
	}

	fn line(node: Node, ports: &Ports) -> String {
		let args = program(node, &files(), ports).args;
		args.iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" ")
	}

	#[test]
	fn every_listener_of_a_command_line_is_planned_and_on_the_loopback_interface() {
		let all = listeners(GearCollators::Two);
		let ports = Ports::any_for(&all).unwrap();
		let mut planned: Vec<_> = all.iter().map(|listener| ports.of(*listener)).collect();
		for node in nodes(GearCollators::Two) {
			for word in line(node, &ports).split(' ') {
				assert!(!word.contains("0.0.0.0"), "{word}");
				let port = word.strip_prefix("/ip4/127.0.0.1/tcp/").unwrap_or(word);
				let port = port.split('/').next().unwrap_or_default();
				if let Ok(port @ 1024..) = port.parse::<u16>() {
					assert!(planned.contains(&port), "{} listens at {port}", node.name());
				}
			}
		}
		planned.sort_unstable();
		planned.dedup();
		assert_eq!(planned.len(), all.len());
	}

	#[test]
	fn validators_validate_and_collators_collate() {
		let ports = Ports::any_for(&listeners(GearCollators::Two)).unwrap();
		for node in nodes(GearCollators::Two) {
			let line = line(node, &ports);
			let is_relay = node.membership() == Membership::Relay;
			assert_eq!(line.contains("--validator"), is_relay, "{line}");
			assert_eq!(line.contains("--collator"), !is_relay, "{line}");
			assert!(line.contains("--chain /relay.json"), "{line}");
		}
		assert!(line(Node::Gear2, &ports).contains("--bob"));
		let gear_peers = ports.of(Listener::Peers(Node::Gear1));
		assert!(line(Node::Gear2, &ports).contains(&format!("tcp/{gear_peers}/p2p/12D3KooWSC")));
	}

	#[test]
	fn names_and_numbers_are_nobody_elses() {
		let nodes = nodes(GearCollators::Two);
		for (place, node) in (0..).zip(&nodes) {
			assert_eq!(node.number(), place);
			assert_eq!(nodes.iter().filter(|other| other.name() == node.name()).count(), 1);
		}
		assert!(!super::nodes(GearCollators::One).contains(&Node::Gear2));
	}
}
