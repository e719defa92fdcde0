//! What can go wrong on the way to a Gear chain.

use crate::relay::config::Endpoint;
use subxt::{
	error::{
		AccountNonceError, BackendError, EventsError, ExtrinsicError, OnlineClientAtBlockError,
		OnlineClientError, RpcError, StorageError,
	},
	rpcs,
	utils::H256,
};

/// Anything that a [`super::Client`] fails with.
#[derive(Debug, thiserror::Error)]
pub enum GearError {
	/// No connection, or it was lost, or what came back was no answer.
	#[error("the Gear node at {endpoint} cannot be reached: {reason}")]
	Unreachable {
		/// Where it should be.
		endpoint: String,
		/// What was seen instead.
		reason: String,
	},
	/// The node answered, with an error.
	#[error("the Gear node refused: {0}")]
	Refused(Refusal),
	/// The node is of another chain than the one first connected to.
	#[error("the Gear node is of another chain: genesis {expected:?} expected, {found:?} found")]
	AnotherChain {
		/// Genesis of the chain that is meant.
		expected: H256,
		/// Genesis of the node's chain.
		found: H256,
	},
	/// The node does not know, or no longer knows, a block.
	#[error("the Gear node does not know block {0:?}")]
	NoBlock(H256),
	/// The runtime is not one that this program can speak to.
	#[error("the Gear runtime does not fit this program: {0}")]
	Incompatible(String),
	/// The extrinsic was included and failed.
	#[error("the extrinsic failed in block {block:?}: {reason}")]
	Failed {
		/// The block it is in.
		block: H256,
		/// The runtime's own error.
		reason: String,
	},
	/// The extrinsic left the pool without being included.
	#[error("the extrinsic was not included: {0}")]
	NotIncluded(String),
}

/// A node's own error answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct Refusal {
	/// JSON-RPC error code. See `sc-rpc-api`'s `author::error` for those of a submission.
	pub code: i32,
	/// Its message and what was attached to it.
	pub message: String,
}

/// What a refused submission means for the bytes that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submission {
	/// The pool has these very bytes: nothing is wrong.
	Known,
	/// The bytes are not valid at the present block: expired, a nonce used or skipped, no funds.
	Invalid,
	/// The pool would not take them now.
	NotNow,
}

impl Refusal {
	/// Reads the answer to a submission, by its code: 1010 to 1018 in `sc-rpc-api`.
	pub fn submission(&self) -> Submission {
		match self.code {
			// Temporarily banned means: was in a block or in the pool a moment ago.
			1012 | 1013 => Submission::Known,
			1010 | 1011 => Submission::Invalid,
			_ => Submission::NotNow,
		}
	}
}

impl GearError {
	pub(super) fn unreachable(reason: impl ToString) -> Self {
		Self::Unreachable { endpoint: String::new(), reason: reason.to_string() }
	}

	pub(super) fn located(self, at: &Endpoint) -> Self {
		match self {
			Self::Unreachable { endpoint, reason } if endpoint.is_empty() => {
				Self::Unreachable { endpoint: at.to_string(), reason }
			}
			other => other,
		}
	}
}

impl From<rpcs::Error> for GearError {
	fn from(error: rpcs::Error) -> Self {
		match error {
			rpcs::Error::User(user) => {
				let data = user.data.map(|data| format!(": {}", data.get())).unwrap_or_default();
				Self::Refused(Refusal {
					code: user.code,
					message: format!("{}{data}", user.message),
				})
			}
			rpcs::Error::Client(inner) => match inner.downcast::<rpcs::Error>() {
				Ok(inner) => (*inner).into(),
				Err(inner) => Self::unreachable(inner),
			},
			other => Self::unreachable(other),
		}
	}
}

impl From<BackendError> for GearError {
	fn from(error: BackendError) -> Self {
		match error {
			BackendError::Rpc(RpcError::ClientError(error)) => error.into(),
			other => Self::unreachable(other),
		}
	}
}

impl From<OnlineClientError> for GearError {
	fn from(error: OnlineClientError) -> Self {
		match error {
			OnlineClientError::RpcError(error) => error.into(),
			OnlineClientError::CannotGetGenesisHash(error) => error.into(),
			other => Self::unreachable(other),
		}
	}
}

impl From<OnlineClientAtBlockError> for GearError {
	fn from(error: OnlineClientAtBlockError) -> Self {
		use OnlineClientAtBlockError as E;
		match error {
			E::CannotGetCurrentBlock { reason }
			| E::CannotGetBlockHash { reason, .. }
			| E::CannotGetBlockHeader { reason, .. }
			| E::CannotGetSpecVersion { reason, .. } => reason.into(),
			E::CannotGetMetadata { reason, .. } => Self::unreachable(reason),
			other => Self::Incompatible(other.to_string()),
		}
	}
}

impl From<StorageError> for GearError {
	fn from(error: StorageError) -> Self {
		match error {
			StorageError::CannotFetchValue(error)
			| StorageError::CannotIterateValues(error)
			| StorageError::StreamFailure(error) => error.into(),
			other => Self::Incompatible(other.to_string()),
		}
	}
}

impl From<EventsError> for GearError {
	fn from(error: EventsError) -> Self {
		match error {
			EventsError::CannotFetchEventBytes(error) => error.into(),
			other => Self::Incompatible(other.to_string()),
		}
	}
}

impl From<ExtrinsicError> for GearError {
	fn from(error: ExtrinsicError) -> Self {
		match error {
			ExtrinsicError::AccountNonceError {
				reason: AccountNonceError::CouldNotRetrieve(error),
				..
			}
			| ExtrinsicError::ErrorSubmittingTransaction(error)
			| ExtrinsicError::CannotGetBlockBody(error) => error.into(),
			other => Self::Incompatible(other.to_string()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn refusals_are_read_by_code() {
		for (code, expected) in [
			(1010, Submission::Invalid),
			(1012, Submission::Known),
			(1013, Submission::Known),
			(1014, Submission::NotNow),
			(-32603, Submission::NotNow),
		] {
			assert_eq!(Refusal { code, message: String::new() }.submission(), expected);
		}
	}
}
