//! Several nodes of a kind, of which one is asked at a time.

use super::{BeaconClient, EthereumError, ExecutionClient};
use crate::relay::config::Endpoint;
use std::sync::{
	Arc,
	atomic::{AtomicUsize, Ordering},
};

/// A client of one node.
pub trait Node {
	/// Where the node is.
	fn endpoint(&self) -> &Endpoint;
}

impl Node for ExecutionClient {
	fn endpoint(&self) -> &Endpoint {
		self.endpoint()
	}
}

impl Node for BeaconClient {
	fn endpoint(&self) -> &Endpoint {
		self.endpoint()
	}
}

/// Nodes of one chain, at least one. Clones ask the same node.
#[derive(Debug, Clone)]
pub struct Nodes<C> {
	first: C,
	others: Arc<[C]>,
	current: Arc<AtomicUsize>,
}

impl<C: Node> Nodes<C> {
	/// Asks the first until it fails.
	pub fn new(first: C, others: Vec<C>) -> Self {
		Self { first, others: others.into(), current: Arc::default() }
	}

	/// The same nodes by other clients.
	pub fn map<D: Node>(self, change: impl Fn(C) -> D) -> Nodes<D>
	where
		C: Clone,
	{
		let others = self.others.iter().cloned().map(&change).collect();
		Nodes { first: change(self.first), others, current: self.current }
	}

	/// The one to be asked now.
	pub fn now(&self) -> &C {
		match self.current.load(Ordering::Relaxed) {
			0 => &self.first,
			index => self.others.get(index - 1).unwrap_or(&self.first),
		}
	}

	/// All of them.
	pub fn all(&self) -> impl Iterator<Item = &C> {
		std::iter::once(&self.first).chain(self.others.iter())
	}

	/// After a failure of the one that is asked now, the next one is asked. A failure of another,
	/// which was asked earlier, changes nothing.
	pub fn turn_from(&self, error: &EthereumError) {
		let count = self.others.len() + 1;
		let before = self.now().endpoint().to_string();
		if count == 1 || before != error.endpoint() {
			return;
		}
		let index = self.current.load(Ordering::Relaxed);
		self.current.store((index + 1) % count, Ordering::Relaxed);
		tracing::warn!(from = before, to = %self.now().endpoint(), "another node is asked from now on");
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn node(port: u16) -> ExecutionClient {
		let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}")).unwrap();
		ExecutionClient::new(endpoint).unwrap()
	}

	fn away(port: u16) -> EthereumError {
		EthereumError::Unreachable {
			node: "execution",
			endpoint: format!("http://127.0.0.1:{port}"),
			reason: String::new(),
		}
	}

	#[test]
	fn the_next_is_asked_when_one_fails_and_all_have_their_turn() {
		crate::tls::install();
		let nodes = Nodes::new(node(1), vec![node(2), node(3)]);
		let port = || nodes.now().endpoint().url().port().unwrap();
		assert_eq!(port(), 1);
		nodes.clone().turn_from(&away(1));
		assert_eq!(port(), 2);
		// The others that were asking the first come late.
		nodes.turn_from(&away(1));
		assert_eq!(port(), 2);
		nodes.turn_from(&away(2));
		nodes.turn_from(&away(3));
		assert_eq!(port(), 1);
	}

	#[test]
	fn the_only_one_is_asked_for_ever() {
		crate::tls::install();
		let nodes = Nodes::new(node(1), Vec::new());
		nodes.turn_from(&away(1));
		assert_eq!(nodes.now().endpoint().url().port(), Some(1));
	}
}
