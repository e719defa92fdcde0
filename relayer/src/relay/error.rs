//! What can go wrong while carrying messages, and what is to be done about it.

use super::config::ConfigError;
use crate::{
	ethereum::EthereumError,
	gear::{GearError, KeyError},
};

/// What is to be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
	/// Try again after a while: nothing is lost by it.
	Retry,
	/// It is the message's own fault: count it against the message.
	Message,
	/// Stop: going on could only make it worse, and only a person can put it right.
	Fatal,
}

/// Anything that stops a stage, or the relayer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The configuration file.
	#[error(transparent)]
	Config(#[from] ConfigError),
	/// The signing key.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// The Gear node or its runtime.
	#[error(transparent)]
	Gear(#[from] GearError),
	/// The execution node or the beacon node.
	#[error(transparent)]
	Ethereum(#[from] EthereumError),
	/// The database.
	#[error("the database: {0}")]
	Database(#[from] sqlx::Error),
	/// The database's tables.
	#[error("the database cannot be brought up to date: {0}")]
	Migration(#[from] sqlx::migrate::MigrateError),
	/// The chains, the file and the configuration do not belong together.
	#[error("{key}: {message}")]
	Mismatch {
		/// The configuration key to look at.
		key: &'static str,
		/// What was expected, what was found, what to do.
		message: String,
	},
	/// More than one thing at once.
	#[error("{}", .0.iter().map(Error::to_string).collect::<Vec<_>>().join("\n       "))]
	Several(Vec<Error>),
	/// Two parties contradict each other, and one of them will come round.
	#[error("{0}")]
	Disagreement(String),
	/// Something that was final is no longer so, or this program's own books are wrong.
	#[error("{0}")]
	Contradiction(String),
	/// Another relayer holds the lease of the database that both share.
	#[error("{holder} has taken over")]
	Superseded {
		/// What the other calls itself.
		holder: String,
	},
	/// A proof cannot be built or does not hold.
	#[error("the proof: {0}")]
	Proof(String),
}

impl Error {
	/// One error of several, without a wrapping where there is but one.
	pub(super) fn several(mut errors: Vec<Self>) -> Self {
		match (errors.pop(), errors.is_empty()) {
			(Some(only), true) => only,
			(last, _) => {
				errors.extend(last);
				Self::Several(errors)
			}
		}
	}

	/// What is to be done about it. The only place where this is decided.
	pub fn fate(&self) -> Fate {
		match self {
			Self::Config(_) | Self::Key(_) | Self::Mismatch { .. } | Self::Migration(_) => {
				Fate::Fatal
			}
			Self::Contradiction(_) | Self::Several(_) => Fate::Fatal,
			// The endpoint now leads to another chain: whatever is sent there is lost.
			Self::Gear(GearError::AnotherChain { .. }) => Fate::Fatal,
			// A runtime upgrade changed what this program uses: a newer program is needed, and
			// until then asking again does no harm, should the upgrade be taken back.
			Self::Gear(_) => Fate::Retry,
			Self::Ethereum(_) | Self::Disagreement(_) => Fate::Retry,
			// A disk that is full or busy may have room later; a broken one fails for good, and
			// the operator reads the same line either way.
			Self::Database(_) => Fate::Retry,
			// Who watches over the lease stops all stages.
			Self::Superseded { .. } => Fate::Retry,
			Self::Proof(_) => Fate::Message,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_a_person_must_put_right_is_fatal() {
		let mismatch = Error::Mismatch { key: "[ethereum] chain_id", message: String::new() };
		assert_eq!(mismatch.fate(), Fate::Fatal);
		let another = GearError::AnotherChain {
			expected: Default::default(),
			found: subxt::utils::H256::repeat_byte(1),
		};
		assert_eq!(Error::Gear(another).fate(), Fate::Fatal);
	}

	#[test]
	fn a_node_that_is_away_is_waited_for() {
		let away = EthereumError::Unreachable {
			node: "beacon",
			endpoint: "http://127.0.0.1:1".into(),
			reason: "connection refused".into(),
		};
		assert_eq!(Error::Ethereum(away).fate(), Fate::Retry);
	}

	#[test]
	fn a_proof_that_does_not_hold_counts_against_its_message() {
		assert_eq!(Error::Proof("no leaf".into()).fate(), Fate::Message);
	}
}
