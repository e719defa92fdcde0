//! What every stage has in common: it makes a step whenever there may be something to do.
//!
//! Stages know nothing of one another but the stage of a row in the outbox. So one that waits for
//! its node holds up none of the others, and killing any of them at any moment loses nothing.

use super::{Error, Fate, backoff::Backoff, outbox::Outbox};
use std::{sync::Arc, time::Duration};
use tokio::{
	sync::{Notify, watch},
	time::{Instant, sleep_until},
};

/// What a step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
	/// There may be more to do at once.
	More,
	/// There is nothing to do until something happens.
	Idle,
}

/// A stage of the relayer.
pub(super) trait Stage: Send {
	/// Its name in logs.
	const NAME: &'static str;

	/// Does as much as is sensible in one go. Must be safe to drop at any await.
	fn step(&mut self) -> impl Future<Output = Result<Progress, Error>> + Send;
}

/// When a stage makes its next step.
#[derive(Debug, Clone)]
pub(super) struct Pace {
	/// Rung when there may be something to do.
	pub(super) bell: Arc<Notify>,
	/// Longest pause, should the bell not ring.
	pub(super) period: Duration,
	/// Pauses after failures.
	pub(super) backoff: Backoff,
	/// Where it is written what keeps a stage from its work.
	pub(super) outbox: Option<Outbox>,
}

impl Pace {
	/// What people read about a stage must not be what stops it.
	async fn tell(&self, stage: &str, failures: u32, error: Option<&Error>) {
		let Some(outbox) = &self.outbox else { return };
		let told = match error {
			Some(error) => outbox.in_trouble(stage, failures, &error.to_string()).await,
			None => outbox.out_of_trouble(Some(stage)).await,
		};
		if let Err(error) = told {
			tracing::debug!(stage, %error, "its state cannot be written down");
		}
	}
}

/// Runs a stage until shutdown, or until it fails for good. `failed` is told of every other error.
pub(super) async fn run<S: Stage>(
	mut stage: S,
	pace: Pace,
	failed: impl Fn(&Error) + Send,
	mut shutdown: watch::Receiver<bool>,
) -> Result<(), Error> {
	let mut failures = 0;
	loop {
		let outcome = tokio::select! {
			_ = shutdown.wait_for(|stop| *stop) => return Ok(()),
			outcome = stage.step() => outcome,
		};
		let until = match outcome {
			Ok(progress) => {
				if failures > 0 {
					tracing::info!(stage = S::NAME, after = failures, "works again");
					pace.tell(S::NAME, 0, None).await;
				}
				failures = 0;
				match progress {
					Progress::More => continue,
					Progress::Idle => Instant::now() + pace.period,
				}
			}
			Err(error) if error.fate() == Fate::Fatal => return Err(error),
			Err(error) => {
				failures += 1;
				failed(&error);
				let pause = pace.backoff.after(failures);
				tracing::warn!(stage = S::NAME, failures, retry_in = ?pause, "{error}");
				pace.tell(S::NAME, failures, Some(&error)).await;
				// The bell does not cut this short: what it announces can wait, the node that is
				// away should not be run over.
				tokio::select! {
					_ = shutdown.wait_for(|stop| *stop) => return Ok(()),
					() = sleep_until(Instant::now() + pause) => continue,
				}
			}
		};
		tokio::select! {
			_ = shutdown.wait_for(|stop| *stop) => return Ok(()),
			() = pace.bell.notified() => {},
			() = sleep_until(until) => {},
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{ethereum::EthereumError, relay::config::RelayConfig};

	/// Does what its script says, then counts further steps.
	struct Scripted {
		script: Vec<Result<Progress, Error>>,
		steps: watch::Sender<u32>,
	}

	impl Stage for Scripted {
		const NAME: &'static str = "scripted";

		async fn step(&mut self) -> Result<Progress, Error> {
			self.steps.send_modify(|steps| *steps += 1);
			if self.script.is_empty() { Ok(Progress::Idle) } else { self.script.remove(0) }
		}
	}

	fn pace() -> Pace {
		Pace {
			bell: Arc::new(Notify::new()),
			period: Duration::from_secs(3_600),
			backoff: Backoff::new(&RelayConfig::default()),
			outbox: None,
		}
	}

	fn away() -> Error {
		Error::Ethereum(EthereumError::Unreachable {
			node: "beacon",
			endpoint: String::new(),
			reason: String::new(),
		})
	}

	#[tokio::test(start_paused = true)]
	async fn a_failing_stage_waits_longer_and_longer_and_goes_on() {
		let (steps, mut seen) = watch::channel(0);
		let (stop, stopped) = watch::channel(false);
		let script = vec![Err(away()), Err(away()), Err(away())];
		let stage = Scripted { script, steps };
		let started = Instant::now();
		let running = tokio::spawn(run(stage, pace(), |_| {}, stopped));
		seen.wait_for(|steps| *steps == 4).await.unwrap();
		// 1 + 2 + 4 seconds, by the default configuration.
		assert_eq!(started.elapsed().as_secs(), 7);
		stop.send_replace(true);
		running.await.unwrap().unwrap();
	}

	#[tokio::test(start_paused = true)]
	async fn the_bell_ends_a_pause_also_when_it_rang_before() {
		let (steps, mut seen) = watch::channel(0);
		let (stop, stopped) = watch::channel(false);
		let pace = pace();
		pace.bell.notify_one();
		let running = tokio::spawn(run(
			Scripted { script: Vec::new(), steps },
			pace.clone(),
			|_| {},
			stopped,
		));
		seen.wait_for(|steps| *steps == 2).await.unwrap();
		pace.bell.notify_one();
		seen.wait_for(|steps| *steps == 3).await.unwrap();
		stop.send_replace(true);
		running.await.unwrap().unwrap();
	}

	#[tokio::test(start_paused = true)]
	async fn a_fatal_error_ends_the_stage() {
		let (steps, _seen) = watch::channel(0);
		let (_stop, stopped) = watch::channel(false);
		let script = vec![Ok(Progress::More), Err(Error::Contradiction("two truths".into()))];
		let outcome = run(Scripted { script, steps }, pace(), |_| {}, stopped).await;
		assert!(matches!(outcome, Err(Error::Contradiction(_))));
	}
}
