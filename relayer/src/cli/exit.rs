//! How commands end: the exit codes, which scripts rely on.

use crate::{
	gear::KeyError,
	relay::{self, config::ConfigError},
};
use std::error::Error;

/// What every command's help says about its end.
pub(super) const HELP: &str = "\
Exit codes:
  0  done; of `doctor`: all is well
  1  it could not be done: a node, the database or a file failed
  2  the arguments are not understood
  3  the configuration or the key cannot be used
  4  there is no such message
  5  `doctor` found something that keeps messages from being carried";

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
	/// Something that was needed failed.
	Failed = 1,
	/// The configuration or the key cannot be used.
	Config = 3,
	/// There is no such message.
	Unknown = 4,
	/// Something is wrong with what was looked at.
	Unwell = 5,
}

/// A failure that this command line finds out itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
	/// There is no such message.
	#[error("{0}")]
	Unknown(String),
	/// Something is wrong with what was looked at, which has been told in full.
	#[error("{0}")]
	Unwell(String),
}

/// How a command ends that failed so.
pub(super) fn exit_of(error: &(dyn Error + 'static)) -> Exit {
	if let Some(failure) = error.downcast_ref::<Failure>() {
		return match failure {
			Failure::Unknown(_) => Exit::Unknown,
			Failure::Unwell(_) => Exit::Unwell,
		};
	}
	let of_relay = error.downcast_ref::<relay::Error>();
	let is_config = error.is::<ConfigError>()
		|| error.is::<KeyError>()
		|| matches!(of_relay, Some(relay::Error::Config(_) | relay::Error::Key(_)));
	if is_config { Exit::Config } else { Exit::Failed }
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn failures_are_told_apart() {
		let key = || KeyError::NotSet("GEARWAY_KEY".into());
		assert_eq!(exit_of(&key()), Exit::Config);
		assert_eq!(exit_of(&relay::Error::from(key())), Exit::Config);
		assert_eq!(exit_of(&Failure::Unknown("7".into())), Exit::Unknown);
		assert_eq!(exit_of(&Failure::Unwell("1 thing".into())), Exit::Unwell);
		assert_eq!(exit_of(&std::io::Error::other("disk")), Exit::Failed);
	}

	#[test]
	fn every_code_is_in_the_help() {
		for exit in [Exit::Failed, Exit::Config, Exit::Unknown, Exit::Unwell] {
			assert!(HELP.contains(&format!("\n  {}  ", exit as u8)), "{exit:?}");
		}
	}
}
