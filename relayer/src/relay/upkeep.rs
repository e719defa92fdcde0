//! Keeps the Gear chain's light client of Ethereum going.
//!
//! It is fed when a message waits for a finalised header that the chain does not know yet, and
//! once in every sync-committee period even when none does, so that it never falls so far behind
//! that it would have to be started anew. Every update is verified here first, by the same code
//! and against the chain's own state.

use super::{
	Error,
	context::Context,
	outbox::{Kind, now},
	runner::{Progress, Stage},
	runtime::GearRuntime,
	submit::Load,
};
use gearway_ethereum::{LightClient, Update, light_client};
use std::{sync::Arc, time::Duration};

/// Most updates verified in one step; each may wait for inclusion in an extrinsic of its own.
const UPDATES_A_STEP: u64 = 16;

/// The stage beside the others that feeds the light client.
pub(super) struct Upkeep {
	pub(super) context: Arc<Context>,
	/// Whether it was said that the light client has not been started.
	pub(super) warned: bool,
}

impl Stage for Upkeep {
	const NAME: &'static str = "upkeep";

	async fn step(&mut self) -> Result<Progress, Error> {
		let Context { gear, outbox, beacon, network, submitter, patience, .. } = &*self.context;
		let beacon = beacon.now();
		let at = gear.at_finalized().await?;
		let Some(state) = gear.client_state(&at).await? else {
			if !self.warned {
				tracing::warn!(
					"the Gear chain's light client of Ethereum has not been started; see \
					 `gearway relay bootstrap`"
				);
				self.warned = true;
			}
			return Ok(Progress::Idle);
		};
		let Some(finality) = beacon.finality_update().await? else { return Ok(Progress::Idle) };

		let waiting = match outbox.newest_waiting().await? {
			Some(time) => self.context.slot_of(time) > state.finalized.slot,
			None => false,
		};
		let ours = network.period_at(state.finalized.slot);
		let theirs = network.period_at(finality.finalized_header.slot);
		let is_behind = theirs > ours || state.next_committee.is_none();
		if !waiting && !is_behind {
			return Ok(Progress::Idle);
		}
		let in_flight = submitter.in_flight(gear, outbox, &at).await?;
		if in_flight.iter().any(|submission| submission.kind == Kind::Update) {
			return Ok(Progress::Idle);
		}
		// An update that was fine here and failed there: something is wrong with one of the two
		// programs, and trying again at once would only cost fees.
		let (failed, latest) = outbox.failed_updates().await?;
		let pause = if failed > 0 { self.context.backoff.after(failed) } else { Duration::ZERO };
		if i128::from(now() - latest) < pause.as_millis() as i128 {
			return Ok(Progress::Idle);
		}

		let mut candidates = Vec::new();
		if is_behind {
			let count = (theirs.saturating_sub(ours) + 1).min(UPDATES_A_STEP);
			candidates = beacon.updates(ours, count).await?;
		}
		candidates.push(finality);
		let Some(client) = gear.light_client(&at).await? else { return Ok(Progress::Idle) };
		let verified = tokio::task::spawn_blocking(move || verify(client, candidates))
			.await
			.map_err(|error| Error::Contradiction(format!("verifying updates: {error}")))?;
		for update in verified {
			let slot = update.finalized_header.slot;
			let period = network.period_at(slot);
			let committee = update.next_committee.is_some();
			let call = GearRuntime::submit_update(&update);
			let load = Load { kind: Kind::Update, call, messages: Vec::new() };
			if !submitter.submit(gear, outbox, &at, load, patience).await? {
				break;
			}
			tracing::info!(slot, period, committee, "light client update sent");
		}
		Ok(Progress::Idle)
	}
}

/// The updates that move the client on, in order. What is old news is left out, and so is what
/// comes after something wrong.
fn verify(mut client: LightClient, candidates: Vec<Update>) -> Vec<Update> {
	let mut verified = Vec::new();
	for update in candidates {
		if !client.state.is_news(&update, &client.network) {
			continue;
		}
		match client.apply(&update) {
			Ok(()) => verified.push(update),
			// So it is at the beginning of every period, until the beacon node has the first of it.
			Err(light_client::Error::NextCommitteeMissing | light_client::Error::SkippedPeriod) => {
			}
			Err(error) => {
				let slot = update.attested_header.slot;
				tracing::warn!(slot, %error, "the beacon node gave an update that is of no use");
			}
		}
	}
	verified
}

#[cfg(test)]
mod tests {
	use super::*;
	use gearway_ethereum::{H256, testing::World};

	/// Slots in a period of the minimal preset.
	const PERIOD: u64 = 64;

	/// A chain of three periods, every block finalising the one sixteen slots before, and a client
	/// that starts at slot 8.
	fn world() -> (World, LightClient) {
		let mut world = World::electra();
		for slot in (8..3 * PERIOD).step_by(8) {
			if slot >= 24 {
				world.finalize(slot - 16);
			}
			world.block(slot, H256::repeat_byte(1));
		}
		let (root, start) = (world.root(8), world.bootstrap(8));
		let client = LightClient::bootstrap(world.network.clone(), root, &start).unwrap();
		(world, client)
	}

	fn slots(updates: &[Update]) -> Vec<u64> {
		updates.iter().map(|update| update.finalized_header.slot).collect()
	}

	#[test]
	fn a_client_that_is_periods_behind_catches_up_in_order() {
		let (mut world, client) = world();
		let candidates = vec![
			world.committee_update(32),
			world.committee_update(PERIOD + 24),
			world.committee_update(2 * PERIOD + 24),
			world.finality_update(2 * PERIOD + 40),
		];
		let expected = slots(&candidates);
		assert_eq!(slots(&verify(client, candidates)), expected);
	}

	#[test]
	fn old_news_is_not_paid_for() {
		let (mut world, mut client) = world();
		client.apply(&world.committee_update(48)).unwrap();
		let candidates = vec![world.committee_update(32), world.finality_update(48)];
		assert!(verify(client, candidates).is_empty());
	}

	#[test]
	fn what_is_wrong_is_not_sent_and_what_is_right_is() {
		let (mut world, client) = world();
		let mut forged = world.finality_update(40);
		forged.sync_aggregate.signature.0[95] ^= 1;
		let right = world.committee_update(48);
		let expected = slots(std::slice::from_ref(&right));
		assert_eq!(slots(&verify(client, vec![forged, right])), expected);
	}

	#[test]
	fn a_period_is_not_entered_without_its_next_committee() {
		let (mut world, mut client) = world();
		client.apply(&world.committee_update(32)).unwrap();
		let early = world.finality_update(PERIOD + 24);
		assert!(verify(client.clone(), vec![early.clone()]).is_empty());
		let entering = world.committee_update(PERIOD + 24);
		let expected = slots(std::slice::from_ref(&entering));
		assert_eq!(slots(&verify(client, vec![entering, early])), expected);
	}
}
