//! Which loopback ports the network listens on.

use std::{
	collections::BTreeMap,
	fmt,
	net::{Ipv4Addr, TcpListener},
};

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
}

impl Listener {
	const ALL: [Self; 5] = [Self::Gear, Self::Sibling, Self::Execution, Self::Engine, Self::Beacon];

	/// Where such a node listens by custom.
	fn customary(self) -> u16 {
		match self {
			Self::Gear => 9944,
			Self::Sibling => 9945,
			Self::Execution => 8545,
			Self::Engine => 8551,
			Self::Beacon => 5052,
		}
	}
}

impl fmt::Display for Listener {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Gear => "Gear's RPC",
			Self::Sibling => "the sibling's RPC",
			Self::Execution => "the execution node's RPC",
			Self::Engine => "the execution node's Engine API",
			Self::Beacon => "the beacon node's REST API",
		})
	}
}

/// Ports that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PortsError {
	/// Somebody listens there already.
	#[error("ports in use: {}\n  cure: choose another --port-base, or leave it out and free ports are taken", list(.0))]
	InUse(Vec<(Listener, u16)>),
	/// The base leaves too few ports above it.
	#[error("--port-base {base} is too high: {} ports are needed from there on", Listener::ALL.len())]
	TooHigh {
		/// The base.
		base: u16,
	},
	/// The system has no port left.
	#[error("no free port on the loopback interface for {listener}")]
	NoneFree {
		/// Who would have listened.
		listener: Listener,
		/// What the system says.
		source: std::io::Error,
	},
}

fn list(taken: &[(Listener, u16)]) -> String {
	let each = taken.iter().map(|(listener, port)| format!("{port} ({listener})"));
	each.collect::<Vec<_>>().join(", ")
}

/// A port for every listener, each free when it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(BTreeMap<Listener, u16>);

impl Ports {
	/// Ports from `base` on; without a base the customary ones, and any free one where a customary
	/// one is taken.
	pub fn choose(base: Option<u16>) -> Result<Self, PortsError> {
		// Held until all are chosen, so that none is chosen twice.
		let held = match base {
			Some(base) => consecutive(base)?,
			None => customary()?,
		};
		Ok(Self(held.into_iter().map(|(listener, (port, _))| (listener, port)).collect()))
	}

	/// The port that `listener` listens on.
	pub fn of(&self, listener: Listener) -> u16 {
		self.0.get(&listener).copied().unwrap_or_else(|| listener.customary())
	}

	/// The address that `listener` is reached at, such as `http://127.0.0.1:8545`.
	pub fn url(&self, scheme: &str, listener: Listener) -> String {
		format!("{scheme}://{}:{}", Ipv4Addr::LOCALHOST, self.of(listener))
	}
}

type Held = BTreeMap<Listener, (u16, TcpListener)>;

fn consecutive(base: u16) -> Result<Held, PortsError> {
	let mut held = Held::new();
	let mut taken = Vec::new();
	for (offset, listener) in (0u16..).zip(Listener::ALL) {
		let port = base.checked_add(offset).ok_or(PortsError::TooHigh { base })?;
		match bind(port) {
			Ok(socket) => drop(held.insert(listener, (port, socket))),
			Err(_) => taken.push((listener, port)),
		}
	}
	if taken.is_empty() { Ok(held) } else { Err(PortsError::InUse(taken)) }
}

fn customary() -> Result<Held, PortsError> {
	let mut held = Held::new();
	for listener in Listener::ALL {
		let none_free = |source| PortsError::NoneFree { listener, source };
		let socket = bind(listener.customary()).or_else(|_| bind(0)).map_err(none_free)?;
		let port = socket.local_addr().map_err(none_free)?.port();
		held.insert(listener, (port, socket));
	}
	Ok(held)
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
	TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ports_are_distinct_and_free_even_when_the_customary_are_taken() {
		// Some may be taken by others already, which serves as well.
		let _taken: Vec<_> = Listener::ALL.map(|listener| bind(listener.customary())).into();
		let ports = Ports::choose(None).unwrap();
		let mut chosen: Vec<_> = Listener::ALL.map(|listener| ports.of(listener)).into();
		for port in &chosen {
			bind(*port).unwrap();
		}
		chosen.sort_unstable();
		chosen.dedup();
		assert_eq!(chosen.len(), Listener::ALL.len());
	}

	#[test]
	fn all_ports_in_use_are_told_at_once() {
		let first = bind(0).unwrap();
		let base = first.local_addr().unwrap().port();
		let Ok(_third) = bind(base + 2) else { return };
		let error = Ports::choose(Some(base)).unwrap_err();
		let told = error.to_string();
		assert!(told.contains(&format!("{base} (Gear's RPC)")), "{told}");
		assert!(told.contains(&format!("{} (the execution node's RPC)", base + 2)), "{told}");
	}

	#[test]
	fn a_base_without_room_is_refused() {
		let error = Ports::choose(Some(u16::MAX - 1)).unwrap_err();
		assert!(error.to_string().contains("too high") || error.to_string().contains("in use"));
	}

	#[test]
	fn addresses_are_loopback() {
		let ports = Ports::choose(None).unwrap();
		let url = ports.url("ws", Listener::Gear);
		assert!(url.starts_with("ws://127.0.0.1:"), "{url}");
	}
}
