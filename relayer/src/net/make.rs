//! The networks there are, and what each of them is made of.

use super::{
	nodes::plan::{self, GearCollators, Node},
	ports::Listener,
	preflight::{EthereumParts, NodeParts, Parts},
};

/// What the network is made of.
pub(super) enum Make {
	/// The development network.
	Development(Parts),
	/// The network of nodes.
	Nodes(NodeParts, GearCollators),
}

impl Make {
	pub(super) fn in_words(&self) -> &'static str {
		match self {
			Self::Development(_) => "development network",
			Self::Nodes(_, GearCollators::One) => "network of nodes",
			Self::Nodes(_, GearCollators::Two) => "network of nodes, two Gear collators",
		}
	}

	pub(super) fn listeners(&self) -> Vec<Listener> {
		match self {
			Self::Development(_) => Listener::DEVELOPMENT.to_vec(),
			Self::Nodes(_, collators) => plan::listeners(*collators),
		}
	}

	pub(super) fn ethereum(&self) -> &EthereumParts {
		match self {
			Self::Development(parts) => &parts.ethereum,
			Self::Nodes(parts, _) => &parts.ethereum,
		}
	}

	/// The nodes that users connect to: their chains' names, and where they answer.
	pub(super) fn chains(&self) -> Vec<(&'static str, Listener)> {
		let relay = match self {
			Self::Development(_) => None,
			Self::Nodes(..) => Some(("relay", Node::RelayAlice.rpc())),
		};
		let parachains = [("Gear", Listener::Gear), ("sibling", Listener::Sibling)];
		relay.into_iter().chain(parachains).collect()
	}
}
