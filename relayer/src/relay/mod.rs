//! Carries an Ethereum gateway's messages to a Gear chain.
//!
//! ```text
//!  execution node        beacon node           beacon node                     Gear node
//!        │                    │                     │                         │        ▲
//!    [observe]───────────▶[finality]────────────▶[prove]──────▶[send]─────────┼──▶ [confirm]
//!        │                    │                   ▲ │            │            │        │
//!        │                    │       [upkeep]────┘ │            │      light client   │
//!        ▼                    ▼                     ▼            ▼         updates     ▼
//!     observed ───────────▶ final ─────────────▶ proven ─────▶ sent ────────────────▶ done
//! ```
//!
//! A message is a row of the [`outbox`], and how far it has come is the row's
//! [`stage`](stage::Stage). Each stage of the work is a task of its own that looks for rows at one
//! stage and moves them to the next, in one SQL transaction. Nothing else is kept: what is in
//! memory can be lost at any time.
//!
//! Exactly once is the Gear chain's promise: its inbox uses every nonce once. The relayer's
//! promises are that no message is left out, and that it does not pay for one twice: what it has
//! signed is stored before it is sent, and after a crash the same bytes go out again.

pub mod backoff;
mod bootstrap;
pub mod config;
mod confirm;
mod context;
pub mod doctor;
mod error;
mod finality;
pub mod journey;
mod lead;
mod metrics;
mod numbers;
mod observe;
pub mod outbox;
mod preflight;
pub mod proof;
mod prove;
mod replay;
mod runner;
mod runtime;
mod send;
pub mod stage;
mod submit;
mod upkeep;

mod web;
pub mod why;

pub use bootstrap::{Bootstrapped, bootstrap};
pub use error::{Error, Fate};
pub use preflight::{gateway, open_to_change};
pub use replay::{BlockRange, Replayed, replay};

use self::{
	config::Config,
	context::Context,
	proof::ProofBuilder,
	runner::{Pace, Stage, run as run_stage},
};
use futures::StreamExt;
use std::{collections::HashMap, pin::Pin, str::FromStr, sync::Arc, time::Duration};
use tokio::{
	sync::{Notify, watch},
	task::JoinSet,
	time::timeout,
};

/// Longest pause between two looks at the Gear chain, should its node's signals stay away.
const GEAR_PERIOD: Duration = Duration::from_secs(6);

/// After how long without a signal of the Gear node another stream of them is asked for.
const QUIET: Duration = Duration::from_secs(120);

/// How long whoever looks at the page may keep the relayer from stopping.
const FAREWELL: Duration = Duration::from_secs(5);

/// Pause between two looks at the account and at the light client's age.
const NUMBERS_PERIOD: Duration = Duration::from_secs(30);

/// Where a relayer under test stops going on, to be killed there.
///
/// Messages come as far as the point says and no further; all else goes on. This only ever delays:
/// a relayer that is started without it takes them up from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PausePoint {
	/// Messages are found and not looked at again.
	Observed,
	/// Messages become final and are not proven.
	Final,
	/// Messages are proven and not sent.
	Proven,
	/// Extrinsics are signed and stored, and not sent.
	Signed,
	/// Extrinsics are sent and not seen to.
	Sent,
}

impl FromStr for PausePoint {
	type Err = String;

	fn from_str(name: &str) -> Result<Self, String> {
		match name {
			"observed" => Ok(Self::Observed),
			"final" => Ok(Self::Final),
			"proven" => Ok(Self::Proven),
			"signed" => Ok(Self::Signed),
			"sent" => Ok(Self::Sent),
			_ => Err("one of observed, final, proven, signed, sent is expected".to_string()),
		}
	}
}

/// Carries messages until `stop` completes, or until something is wrong that only a person can put
/// right.
pub async fn run(
	config: Config,
	pause_after: Option<PausePoint>,
	stop: impl Future<Output = ()>,
) -> Result<(), Error> {
	let mut context = preflight::check(config).await?;
	context.submitter.hold_before_sending = pause_after == Some(PausePoint::Signed);
	let context = Arc::new(context);
	tracing::info!(
		gear = %context.gear.endpoint(),
		execution = %context.execution.now().endpoint(),
		beacon = %context.beacon.now().endpoint(),
		gateway = %context.gateway_address(),
		chain_id = context.gateway.chain_id,
		account = %context.submitter.account(),
		"relaying"
	);
	let (shutdown, stopped) = watch::channel(false);
	let mut beside = Tasks::new(&context, None, stopped.clone());
	if let Some(web) = web::Web::bind(&context).await? {
		if let Some(address) = web.address() {
			tracing::info!("page, metrics and health checks at http://{address}");
		}
		let mut stopped = stopped;
		beside.set.spawn(web.serve(async move {
			// An error means that who would say so is gone.
			if stopped.wait_for(|stop| *stop).await.is_err() {
				tracing::trace!("stopped without a word");
			}
		}));
	}
	let numbers = numbers::Numbers { context: context.clone(), decimals: None };
	beside.spawn(numbers, &Arc::default(), NUMBERS_PERIOD);

	tokio::pin!(stop);
	let outcome = loop {
		context.metrics.leading(false);
		tokio::select! {
			() = &mut stop => break Ok(()),
			() = lead::lead(&context.outbox) => {},
		}
		context.metrics.leading(true);
		match work(&context, pause_after, stop.as_mut()).await {
			Ok(Ended::Superseded) => continue,
			Ok(Ended::Stopped) => break Ok(()),
			Err(error) => break Err(error),
		}
	};
	shutdown.send_replace(true);
	let ending = async {
		while let Some(ended) = beside.set.join_next().await {
			if let Err(error) = ended.unwrap_or(Ok(())) {
				tracing::warn!(%error, "beside the stages");
			}
		}
	};
	if timeout(FAREWELL, ending).await.is_err() {
		tracing::debug!("somebody is still looking at the page");
	}
	if let Err(error) = context.outbox.release_lease().await {
		tracing::warn!(%error, "the lease cannot be given back, it will run out");
	}
	tracing::info!("stopped");
	outcome
}

/// Why a relayer that led does so no more.
enum Ended {
	/// It was told to stop.
	Stopped,
	/// Another may work now.
	Superseded,
}

/// Runs all stages until `stop` completes, the lease is lost, or something is wrong for good.
async fn work(
	context: &Arc<Context>,
	pause_after: Option<PausePoint>,
	mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<Ended, Error> {
	// What kept an earlier relayer from its work need not keep this one.
	if let Err(error) = context.outbox.out_of_trouble(None).await {
		tracing::debug!(%error, "what was wrong before cannot be forgotten");
	}
	let (shutdown, stopped) = watch::channel(false);
	let mut tasks = Tasks::new(context, Some(context.outbox.clone()), stopped);
	start(context, pause_after, &mut tasks);

	let lost = lead::lose(&context.outbox);
	tokio::pin!(lost);
	let mut outcome = None;
	loop {
		tokio::select! {
			() = &mut stop, if outcome.is_none() => {
				tracing::info!("stopping");
				outcome = Some(Ok(Ended::Stopped));
				shutdown.send_replace(true);
			},
			reason = &mut lost, if outcome.is_none() => {
				tracing::warn!(reason, "no longer leading");
				outcome = Some(Ok(Ended::Superseded));
				shutdown.send_replace(true);
			},
			ended = tasks.set.join_next() => {
				let Some(ended) = ended else { break };
				let ended = ended
					.unwrap_or_else(|error| Err(Error::Contradiction(format!("a stage: {error}"))));
				if let Err(error) = ended {
					shutdown.send_replace(true);
					// The first error is the one that tells.
					if !matches!(outcome, Some(Err(_))) {
						outcome = Some(Err(error));
					}
				}
			},
		}
	}
	outcome.unwrap_or(Ok(Ended::Stopped))
}

struct Tasks {
	set: JoinSet<Result<(), Error>>,
	/// Where it is written what keeps them from their work.
	outbox: Option<outbox::Outbox>,
	context: Arc<Context>,
	stopped: watch::Receiver<bool>,
}

impl Tasks {
	fn new(
		context: &Arc<Context>,
		outbox: Option<outbox::Outbox>,
		stopped: watch::Receiver<bool>,
	) -> Self {
		Self { set: JoinSet::new(), outbox, context: context.clone(), stopped }
	}

	fn spawn<S: Stage + 'static>(&mut self, stage: S, bell: &Arc<Notify>, period: Duration) {
		let outbox = self.outbox.clone();
		let pace = Pace { bell: bell.clone(), period, backoff: self.context.backoff, outbox };
		let context = self.context.clone();
		let failed = move |error: &Error| context.turn_from(error);
		self.set.spawn(run_stage(stage, pace, failed, self.stopped.clone()));
	}
}

fn start(context: &Arc<Context>, pause_after: Option<PausePoint>, tasks: &mut Tasks) {
	let goes_beyond = |point| pause_after.is_none_or(|pause| pause > point);
	let shared = || context.clone();
	let bells = &context.bells;
	let poll = context.config.ethereum.poll();
	let observe = observe::Observe {
		execution: context.execution.clone(),
		outbox: context.outbox.clone(),
		gateway: context.gateway,
		start_block: context.config.ethereum.start_block,
		next: bells.finality.clone(),
	};
	tasks.spawn(observe, &bells.observe, poll);
	if goes_beyond(PausePoint::Observed) {
		let finality = finality::Finality { context: shared(), latest: None };
		tasks.spawn(finality, &bells.finality, poll);
	}
	if goes_beyond(PausePoint::Final) {
		let upkeep = upkeep::Upkeep { context: shared(), warned: false };
		tasks.spawn(upkeep, &bells.upkeep, GEAR_PERIOD);
		let builder = ProofBuilder::new(
			context.beacon.now().clone(),
			context.execution.now().clone(),
			context.network.clone(),
			context.gateway,
		);
		let prove = prove::Prove { context: shared(), builder };
		tasks.spawn(prove, &bells.prove, GEAR_PERIOD);
		tasks.set.spawn(listen(shared(), tasks.stopped.clone()));
	}
	if goes_beyond(PausePoint::Proven) {
		tasks.spawn(send::Send { context: shared() }, &bells.send, GEAR_PERIOD);
	}
	if goes_beyond(PausePoint::Sent) {
		let confirm =
			confirm::Confirm { context: shared(), reconciled: None, failures: HashMap::new() };
		tasks.spawn(confirm, &bells.confirm, GEAR_PERIOD);
	}
}

/// Rings the bells of those who look at the Gear chain whenever a block of it is finalised. They
/// look from time to time anyway, so a stream that goes quiet costs time and nothing else.
async fn listen(context: Arc<Context>, mut stopped: watch::Receiver<bool>) -> Result<(), Error> {
	let listen = async {
		loop {
			match context.gear.finality_signals().await {
				Ok(mut signals) => {
					// A stream that ends without a word is followed by a new one.
					while let Ok(Some(())) = timeout(QUIET, signals.next()).await {
						let bells = &context.bells;
						for bell in [&bells.confirm, &bells.upkeep, &bells.prove, &bells.send] {
							bell.notify_one();
						}
					}
				}
				Err(error) => tracing::debug!(%error, "no signals from the Gear node"),
			}
			tokio::time::sleep(GEAR_PERIOD).await;
		}
	};
	tokio::select! {
		_ = stopped.wait_for(|stop| *stop) => Ok(()),
		() = listen => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn pause_points_come_in_the_order_of_the_stages() {
		let names = ["observed", "final", "proven", "signed", "sent"];
		let points: Vec<PausePoint> = names.iter().map(|name| name.parse().unwrap()).collect();
		assert!(points.windows(2).all(|pair| pair[0] < pair[1]));
		assert!("done".parse::<PausePoint>().is_err());
	}
}
