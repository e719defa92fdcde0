//! Steps with a deadline: each says what is waited for, and fails with a name.

use super::{
	chains::ChainError,
	ethereum::PairError,
	nodes::genesis::GenesisError,
	process::StartError,
	report::{Console, seconds},
};
use std::{future::Future, time::Duration};
use tokio::time::{interval, timeout};

/// How often a wait is shown.
const TICK: Duration = Duration::from_millis(500);

/// Why a step was not seen.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
	/// Its time was over.
	#[error("not seen within {}", seconds(*.0))]
	Late(Duration),
	/// A parachain failed.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// An Ethereum node failed.
	#[error(transparent)]
	Ethereum(Box<PairError>),
	/// A program cannot be started.
	#[error(transparent)]
	Start(#[from] StartError),
	/// A chain spec cannot be made.
	#[error(transparent)]
	Genesis(Box<GenesisError>),
	/// It went otherwise than it should.
	#[error("{0}")]
	Otherwise(String),
	/// A file cannot be written.
	#[error("cannot write {path}")]
	File {
		/// The file.
		path: std::path::PathBuf,
		/// Why.
		source: std::io::Error,
	},
}

impl From<PairError> for StepFailure {
	fn from(error: PairError) -> Self {
		Self::Ethereum(Box::new(error))
	}
}

/// A step that was not seen.
#[derive(Debug, thiserror::Error)]
#[error("{step}")]
pub struct StepError {
	/// What was waited for.
	pub step: String,
	/// Why it was not seen.
	pub source: StepFailure,
}

/// Waits for one step after another.
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
	console: &'a Console,
}

impl<'a> Steps<'a> {
	/// Steps that are shown on `console`.
	pub fn new(console: &'a Console) -> Self {
		Self { console }
	}

	/// The console, to say more on.
	pub fn console(&self) -> &'a Console {
		self.console
	}

	/// Does a step that must not take longer than `limit`.
	pub async fn within<T, E: Into<StepFailure>>(
		&self,
		limit: Duration,
		step: impl Into<String>,
		doing: impl Future<Output = Result<T, E>>,
	) -> Result<T, StepError> {
		let step = step.into();
		self.console.wait_for(step.as_str());
		let mut ticks = interval(TICK);
		let mut doing = std::pin::pin!(timeout(limit, doing));
		let outcome = loop {
			tokio::select! {
				outcome = &mut doing => break outcome,
				_ = ticks.tick() => self.console.tick(),
			}
		};
		self.console.wait_is_over();
		match outcome {
			Ok(Ok(done)) => Ok(done),
			Ok(Err(error)) => Err(StepError { step, source: error.into() }),
			Err(_) => Err(StepError { step, source: StepFailure::Late(limit) }),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::future::{pending, ready};

	#[tokio::test(start_paused = true)]
	async fn a_step_that_takes_too_long_is_named() {
		let console = Console::new();
		let forever = pending::<Result<(), StepFailure>>();
		let limit = Duration::from_secs(90);
		let error = Steps::new(&console).within(limit, "the moon", forever).await.unwrap_err();
		assert_eq!(error.step, "the moon");
		assert_eq!(error.source.to_string(), "not seen within 90.0 s");
	}

	#[tokio::test]
	async fn a_step_that_fails_keeps_its_reason() {
		let console = Console::new();
		let failed = ready(Err::<(), _>(StepFailure::Otherwise("it rained".into())));
		let limit = Duration::from_secs(1);
		let error = Steps::new(&console).within(limit, "the sun", failed).await.unwrap_err();
		assert_eq!(error.source.to_string(), "it rained");
	}
}
