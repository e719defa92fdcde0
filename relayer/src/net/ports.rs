//! Which loopback ports the network listens on.

use super::nodes::plan::Node;
use std::{
	collections::BTreeMap,
	fmt, io,
	net::{Ipv4Addr, TcpListener, UdpSocket},
};

/// How often a free port is asked for before there seems to be none.
const ATTEMPTS: u32 = 16;

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
	/// The Gear chain's RPC.
	Gear,
	/// The sibling chain's RPC.
	Sibling,
	/// The execution node's JSON-RPC.
	Execution,
	/// The execution node's Engine API, which the beacon node drives.
	Engine,
	/// The beacon node's REST API.
	Beacon,
	/// The RPC of a node that is not the first of Gear or the sibling.
	Rpc(Node),
	/// A node, for others of its chain.
	Peers(Node),
	/// The relay chain's side of a collator, for other nodes of the relay chain.
	RelayPeers(Node),
	/// A node's metrics.
	Metrics(Node),
}

impl Listener {
	/// Those of the development network.
	pub const DEVELOPMENT: [Self; 5] =
		[Self::Gear, Self::Sibling, Self::Execution, Self::Engine, Self::Beacon];

	/// Where such a node listens by custom.
	fn customary(self) -> u16 {
		match self {
			Self::Gear => 9944,
			Self::Sibling => 9945,
			Self::Execution => 8545,
			Self::Engine => 8551,
			Self::Beacon => 5052,
			Self::Rpc(node) => 9950 + node.number(),
			Self::Peers(node) => 30_333 + node.number(),
			Self::RelayPeers(node) => 30_433 + node.number(),
			Self::Metrics(node) => 9615 + node.number(),
		}
	}
}

impl fmt::Display for Listener {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Gear => f.write_str("Gear's RPC"),
			Self::Sibling => f.write_str("the sibling's RPC"),
			Self::Execution => f.write_str("the execution node's RPC"),
			Self::Engine => f.write_str("the execution node's Engine API"),
			Self::Beacon => f.write_str("the beacon node's REST API"),
			Self::Rpc(node) => write!(f, "RPC of {}", node.name()),
			Self::Peers(node) => write!(f, "peers of {}", node.name()),
			Self::RelayPeers(node) => write!(f, "relay chain peers of {}", node.name()),
			Self::Metrics(node) => write!(f, "metrics of {}", node.name()),
		}
	}
}

/// Ports that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PortsError {
	/// Somebody listens there already.
	#[error("ports in use: {}\n  cure: choose another --port-base, or leave it out and free ports are taken", list(.0))]
	InUse(Vec<(Listener, u16)>),
	/// The base leaves too few ports above it.
	#[error("--port-base {base} is too high: {needed} ports are needed from there on")]
	TooHigh {
		/// The base.
		base: u16,
		/// How many.
		needed: usize,
	},
	/// The system has no port left.
	#[error("no free port on the loopback interface for {listener}")]
	NoneFree {
		/// Who would have listened.
		listener: Listener,
		/// What the system says.
		source: io::Error,
	},
}

fn list(taken: &[(Listener, u16)]) -> String {
	let each = taken.iter().map(|(listener, port)| format!("{port} ({listener})"));
	each.collect::<Vec<_>>().join(", ")
}

/// A port for every listener, free of others' listeners when it was chosen, and not chosen by
/// another network as long as this lives.
#[derive(Debug)]
pub struct Ports(BTreeMap<Listener, Reservation>);

/// A port that is taken, though nobody listens on it yet.
#[derive(Debug)]
struct Reservation {
	port: u16,
	/// The datagram port of the same number, which nobody here uses: whoever holds it has the
	/// number. The system lets go of it when this process ends, however it ends.
	_mark: UdpSocket,
}

impl Ports {
	/// Ports from `base` on; without a base the customary ones, and any free one where a customary
	/// one is taken.
	pub fn choose(listeners: &[Listener], base: Option<u16>) -> Result<Self, PortsError> {
		match base {
			Some(base) => Self::consecutive(listeners, base),
			None => Self::each(listeners, |listener| {
				reserve(listener.customary()).or_else(|_| reserve_any())
			}),
		}
	}

	/// Any free ports, for the development network.
	pub fn any() -> Result<Self, PortsError> {
		Self::any_for(&Listener::DEVELOPMENT)
	}

	/// Any free ports.
	pub fn any_for(listeners: &[Listener]) -> Result<Self, PortsError> {
		Self::each(listeners, |_| reserve_any())
	}

	/// The port that `listener` listens on.
	pub fn of(&self, listener: Listener) -> u16 {
		self.0.get(&listener).map_or_else(|| listener.customary(), |reservation| reservation.port)
	}

	/// The address that `listener` is reached at, such as `http://127.0.0.1:8545`.
	pub fn url(&self, scheme: &str, listener: Listener) -> String {
		format!("{scheme}://{}:{}", Ipv4Addr::LOCALHOST, self.of(listener))
	}

	fn consecutive(listeners: &[Listener], base: u16) -> Result<Self, PortsError> {
		let mut reserved = BTreeMap::new();
		let mut taken = Vec::new();
		let needed = listeners.len();
		for (offset, &listener) in (0u16..).zip(listeners) {
			let port = base.checked_add(offset).ok_or(PortsError::TooHigh { base, needed })?;
			match reserve(port) {
				Ok(reservation) => drop(reserved.insert(listener, reservation)),
				Err(_) => taken.push((listener, port)),
			}
		}
		if taken.is_empty() { Ok(Self(reserved)) } else { Err(PortsError::InUse(taken)) }
	}

	fn each(
		listeners: &[Listener],
		mut reserve: impl FnMut(Listener) -> io::Result<Reservation>,
	) -> Result<Self, PortsError> {
		let mut reserved = BTreeMap::new();
		for &listener in listeners {
			let none_free = |source| PortsError::NoneFree { listener, source };
			reserved.insert(listener, reserve(listener).map_err(none_free)?);
		}
		Ok(Self(reserved))
	}
}

fn reserve(port: u16) -> io::Result<Reservation> {
	let mark = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?;
	let port = mark.local_addr()?.port();
	// Free again at once, for the one who is to listen.
	drop(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?);
	Ok(Reservation { port, _mark: mark })
}

fn reserve_any() -> io::Result<Reservation> {
	// The system chooses a free datagram port; that a listener has its number is rare.
	(0..ATTEMPTS).find_map(|_| reserve(0).ok()).map_or_else(|| reserve(0), Ok)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::net::nodes::plan::{self, GearCollators};

	fn listen(port: u16) -> io::Result<TcpListener> {
		TcpListener::bind((Ipv4Addr::LOCALHOST, port))
	}

	#[test]
	fn two_networks_never_share_a_port() {
		// Whether the customary ports are free or not.
		let nodes = plan::listeners(GearCollators::Two);
		let networks =
			[Ports::choose(&nodes, None), Ports::choose(&nodes, None), Ports::any_for(&nodes)]
				.map(Result::unwrap);
		let mut all: Vec<_> =
			networks.iter().flat_map(|ports| nodes.iter().map(|l| ports.of(*l))).collect();
		for port in &all {
			listen(*port).unwrap();
		}
		all.sort_unstable();
		all.dedup();
		assert_eq!(all.len(), networks.len() * nodes.len());
	}

	#[test]
	fn all_ports_in_use_are_told_at_once() {
		let first = listen(0).unwrap();
		let base = first.local_addr().unwrap().port();
		let Ok(_third) = listen(base + 2) else { return };
		let error = Ports::choose(&Listener::DEVELOPMENT, Some(base)).unwrap_err();
		let told = error.to_string();
		assert!(told.contains(&format!("{base} (Gear's RPC)")), "{told}");
		assert!(told.contains(&format!("{} (the execution node's RPC)", base + 2)), "{told}");
	}

	#[test]
	fn a_base_without_room_is_refused() {
		let error = Ports::choose(&Listener::DEVELOPMENT, Some(u16::MAX - 1)).unwrap_err();
		assert!(error.to_string().contains("too high") || error.to_string().contains("in use"));
	}

	#[test]
	fn addresses_are_loopback() {
		let ports = Ports::any().unwrap();
		let url = ports.url("ws", Listener::Gear);
		assert!(url.starts_with("ws://127.0.0.1:"), "{url}");
	}
}
