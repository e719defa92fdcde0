//! A command of the user's own that a network is started for: tests, a script, a shell.

use std::{
	ffi::OsString,
	fmt, io,
	process::{ExitStatus, Stdio},
};
use tokio::process::Command;

/// A command with its arguments, to be run once the network is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
	program: OsString,
	args: Vec<OsString>,
}

/// A command that did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
	/// It cannot be started.
	#[error("cannot start {guest}\n  cure: give a program that is on PATH, or its path")]
	Start {
		/// The command.
		guest: Guest,
		/// Why.
		source: io::Error,
	},
	/// It was started and says that it failed.
	#[error("{guest} failed: {status}")]
	Failed {
		/// The command.
		guest: Guest,
		/// How it ended.
		status: ExitStatus,
	},
}

impl Guest {
	/// The command in these words; `None` if there are none.
	pub fn new(words: Vec<OsString>) -> Option<Self> {
		let mut words = words.into_iter();
		let program = words.next()?;
		Some(Self { program, args: words.collect() })
	}

	/// Runs it to its end, with `variables` in its environment. It ends, too, if this is dropped.
	pub async fn run(&self, variables: Vec<(&str, String)>) -> Result<(), GuestError> {
		let status = Command::new(&self.program)
			.args(&self.args)
			.envs(variables)
			.stdin(Stdio::inherit())
			.kill_on_drop(true)
			.status()
			.await
			.map_err(|source| GuestError::Start { guest: self.clone(), source })?;
		if status.success() {
			Ok(())
		} else {
			Err(GuestError::Failed { guest: self.clone(), status })
		}
	}
}

impl fmt::Display for Guest {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}", self.program.display())?;
		self.args.iter().try_for_each(|arg| write!(f, " {}", arg.display()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn guest(words: &[&str]) -> Guest {
		Guest::new(words.iter().map(OsString::from).collect()).unwrap()
	}

	#[tokio::test]
	async fn it_finds_its_variables_and_its_exit_code_counts() {
		let asking = guest(&["sh", "-c", "test \"$GEARWAY_GEAR_URL\" = ws://here"]);
		let variables = |url: &str| Vec::from([("GEARWAY_GEAR_URL", url.to_owned())]);
		asking.run(variables("ws://here")).await.unwrap();
		let failed = asking.run(variables("ws://there")).await.unwrap_err();
		assert!(matches!(&failed, GuestError::Failed { status, .. } if status.code() == Some(1)));
		assert!(failed.to_string().starts_with("sh -c test"), "{failed}");
	}

	#[tokio::test]
	async fn what_is_not_there_is_named() {
		let missing = guest(&["/nowhere/to-be-found", "x"]).run(Vec::new()).await.unwrap_err();
		assert!(matches!(missing, GuestError::Start { .. }));
		assert!(missing.to_string().contains("/nowhere/to-be-found x"), "{missing}");
		assert_eq!(Guest::new(Vec::new()), None);
	}
}
