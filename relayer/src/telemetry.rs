//! What clients of nodes count while they work.

use prometheus_client::metrics::{counter::Counter, family::Family};

/// Requests to nodes, by the kind of node and by how they ended. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Queries(Family<Labels, Counter>);

type Labels = [(&'static str, &'static str); 2];

impl Queries {
	/// Counts a request.
	pub(crate) fn count<T, E>(&self, node: &'static str, outcome: &Result<T, E>) {
		let outcome = if outcome.is_ok() { "ok" } else { "error" };
		self.0.get_or_create(&[("node", node), ("outcome", outcome)]).inc();
	}

	/// The counters, to be read.
	pub(crate) fn family(&self) -> Family<Labels, Counter> {
		self.0.clone()
	}
}

/// What a client counts. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Counters {
	/// Requests.
	pub queries: Queries,
	/// Connections that were opened again after a loss.
	pub reconnects: Counter,
}
