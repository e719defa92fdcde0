//! Clients of an Ethereum chain: its execution node and its beacon node.

pub mod beacon;
pub mod execution;
mod nodes;

pub use beacon::BeaconClient;
pub use execution::ExecutionClient;
pub use nodes::{Node, Nodes};

use crate::relay::config::Endpoint;
use std::time::Duration;

/// How long any one request may take. Beacon blocks are megabytes, on slow lines too.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long establishing a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A request that failed. Never shows more of an address than host and port.
#[derive(Debug, thiserror::Error)]
pub enum EthereumError {
	/// No connection, or it was lost, or it took too long.
	#[error("the {node} node at {endpoint} cannot be reached: {reason}")]
	Unreachable {
		/// `execution` or `beacon`.
		node: &'static str,
		/// Where it should be.
		endpoint: String,
		/// What was seen instead.
		reason: String,
	},
	/// The node answered, with an error.
	#[error("the {node} node at {endpoint} refused {request}: {reason}")]
	Refused {
		/// `execution` or `beacon`.
		node: &'static str,
		/// Where it is.
		endpoint: String,
		/// What was asked.
		request: String,
		/// Its answer.
		reason: String,
	},
	/// The node does not have what it was asked for, or not yet.
	#[error("the {node} node at {endpoint} does not have {what}")]
	Missing {
		/// `execution` or `beacon`.
		node: &'static str,
		/// Where it is.
		endpoint: String,
		/// What was asked for.
		what: String,
	},
	/// The answer is not what the API promises, or contradicts itself.
	#[error("the {node} node at {endpoint} answered wrongly: {reason}")]
	Wrong {
		/// `execution` or `beacon`.
		node: &'static str,
		/// Where it is.
		endpoint: String,
		/// What is wrong.
		reason: String,
	},
}

impl EthereumError {
	/// The node that failed.
	pub fn endpoint(&self) -> &str {
		match self {
			Self::Unreachable { endpoint, .. }
			| Self::Refused { endpoint, .. }
			| Self::Missing { endpoint, .. }
			| Self::Wrong { endpoint, .. } => endpoint,
		}
	}
}

/// An HTTP client with this crate's timeouts.
fn http_client(node: &'static str, endpoint: &Endpoint) -> Result<reqwest::Client, EthereumError> {
	reqwest::Client::builder()
		.timeout(REQUEST_TIMEOUT)
		.connect_timeout(CONNECT_TIMEOUT)
		.build()
		.map_err(|error| unreachable(node, endpoint, error))
}

/// Says why a request did not come through, down to the last cause, and without its address.
fn unreachable(node: &'static str, endpoint: &Endpoint, error: reqwest::Error) -> EthereumError {
	let error = error.without_url();
	let mut reason = error.to_string();
	let mut cause = std::error::Error::source(&error);
	while let Some(inner) = cause {
		reason = format!("{reason}: {inner}");
		cause = inner.source();
	}
	EthereumError::Unreachable { node, endpoint: endpoint.to_string(), reason }
}
