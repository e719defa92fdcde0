//! The main job: the capacitor is charged from the sibling by XCM and from Ethereum by an event
//! until it discharges, and the discharge arrives back on the sibling.

use super::{
	chains::Chain,
	ethereum::{Included, Pair},
	events::{Seen, Sight},
	report::{Journey, Sighting, short},
	setup::{FINALITY, Gateway, LIMIT, PARACHAIN, Programs, dispatched, in_block},
	steps::{StepError, StepFailure, Steps},
};
use crate::gear::{BlockId, Call};
use std::time::{Duration, Instant};
use subxt_signer::sr25519::dev;

/// Gas bought for a charge that comes from the sibling.
const XCM_GAS: u64 = 20_000_000_000;

/// Gas asked for a charge that comes from Ethereum.
const ETHEREUM_GAS: u64 = 20_000_000_000;

/// What the sender on the sibling gives, in Gear's smallest unit, to buy the execution of its XCM
/// there; what is left comes back to it.
const XCM_FEE: u128 = 1_000_000_000_000;

/// Deadline for the relayer to bring a final event to Gear.
const RELAY: Duration = Duration::from_secs(600);

/// Charges, in order; together they are the capacitor's limit.
const CHARGES: [u32; 3] = [30, 40, 30];

/// Everything that the main job needs.
#[derive(Debug, Clone, Copy)]
pub struct MainJob<'a> {
	/// Shows and limits the waits.
	pub steps: Steps<'a>,
	/// The chain that programs live on.
	pub gear: &'a Chain,
	/// The chain that charges and is discharged to.
	pub sibling: &'a Chain,
	/// The Ethereum pair.
	pub pair: &'a Pair,
	/// The contract there.
	pub gateway: Gateway,
	/// The programs on Gear.
	pub programs: Programs,
}

/// The journeys of the main job, none of them begun.
pub fn planned() -> Vec<Journey> {
	let [first, second, third] = CHARGES;
	vec![
		Journey::planned(
			format!("1. charge {first}, sibling → Gear by XCM"),
			&[("sibling", "sent"), ("Gear", "arrived"), ("Gear", "charged")],
		),
		Journey::planned(
			format!("2. charge {second}, Ethereum → Gear by a proven event"),
			&[
				("Ethereum", "sent"),
				("Gear", "finality known"),
				("Gear", "proven"),
				("Gear", "charged"),
			],
		),
		Journey::planned(
			format!("3. charge {third}, sibling → Gear by XCM, and the discharge of {LIMIT} back"),
			&[
				("sibling", "sent"),
				("Gear", "arrived"),
				("Gear", "charged"),
				("Gear", "discharged"),
				("sibling", "received"),
			],
		),
	]
}

impl MainJob<'_> {
	/// Does it. `journeys`, as [`planned`], holds what was seen, however far it came.
	pub async fn run(self, journeys: &mut [Journey]) -> Result<(), StepError> {
		let [first, second, third] = journeys else {
			return Err(otherwise("three journeys", "others are planned"));
		};
		let [by_xcm, by_event, last] = CHARGES;
		self.charge_by_xcm(&mut Track::begin(first), by_xcm).await?;
		self.charge_by_event(&mut Track::begin(second), by_event).await?;
		let mut track = Track::begin(third);
		let topic = self.charge_by_xcm(&mut track, last).await?;
		self.discharge(&mut track, topic).await
	}

	/// Charges from the sibling; returns the topic that the journey goes under.
	async fn charge_by_xcm(
		&self,
		track: &mut Track<'_>,
		amount: u32,
	) -> Result<[u8; 32], StepError> {
		let Self { steps, gear, sibling, programs, .. } = *self;
		let payload = amount.to_string().into_bytes();
		let call = Call::new(
			"ProgramClient",
			"send_message",
			(programs.capacitor, payload, XCM_GAS, 0u128, XCM_FEE),
		);
		let step = format!("charge {amount} to be sent by the sibling");
		let sent =
			steps.within(PARACHAIN, step.as_str(), sibling.execute(&call, &dev::alice())).await?;
		let mut own = sent.events.iter().flatten().filter(|event| sent.is_own(event));
		let topic = own
			.find(|e| (e.pallet_name(), e.event_name()) == ("ProgramClient", "MessageSent"))
			.and_then(|event| Seen::read(Sight::now(sent.block), &event).ok()?.id("topic"))
			.ok_or_else(|| otherwise(&step, "no event names the topic"))?;
		let known_by = format!("topic {}", short_id(topic));
		let said = format!("charge {amount} sent by XCM, {known_by}");
		let sight = Sight::now(sent.block);
		track.saw(steps, "sibling", sight, known_by, &said);

		let step = format!("charge {amount} to arrive on Gear");
		let (sight, message) = steps
			.within(
				PARACHAIN,
				step.as_str(),
				gear.first(|seen| {
					let is_it = seen.is("XcmGateway", "MessagePosted");
					(is_it && seen.id("topic") == Some(topic)).then(|| seen.id("id")).flatten()
				}),
			)
			.await?;
		self.arrived_and_charged(track, sight, message, amount).await?;
		Ok(topic)
	}

	/// Charges from Ethereum.
	async fn charge_by_event(&self, track: &mut Track<'_>, amount: u32) -> Result<(), StepError> {
		let Self { steps, gear, pair, gateway, programs, .. } = *self;
		let payload = amount.to_string().into_bytes();
		let sending =
			pair.send_message(gateway.address, programs.capacitor, ETHEREUM_GAS, &payload);
		let step = format!("charge {amount} to be in an Ethereum block");
		let (nonce, included) = steps.within(PARACHAIN, step, sending).await?;
		let Included { block, transaction } = included;
		let known_by = format!("nonce {nonce}");
		let place = format!("#{} {}", block.number, short(&block.hash.to_string()));
		let transaction = short(&transaction.to_string());
		steps.console().say(
			"Ethereum",
			&format!(
				"{place}: charge {amount} sent by event, {known_by}, transaction {transaction}"
			),
		);

		let step = format!("Ethereum block {} to be finalised", block.number);
		let slot = steps.within(FINALITY, step, pair.until_final(included)).await?;
		let at = BlockId { number: block.number, hash: block.hash.0.into() };
		let said = format!("finalised by slot {slot}, with charge {amount}, {known_by}");
		track.saw(steps, "Ethereum", Sight::now(at), known_by, &said);

		let step = format!("the relayer to prove the finality of slot {slot} to Gear");
		let finality = gear.first(|seen| {
			let is_it = seen.is("BeaconClient", "HeaderFinalized");
			seen.number("slot").filter(|known| is_it && *known >= slot.into())
		});
		let (sight, known) = steps.within(RELAY, step, finality).await?;
		let said = format!("light client knows slot {known} to be final");
		track.saw(steps, "Gear", sight, format!("slot {known}"), &said);

		let step = format!("the relayer to prove nonce {nonce} to Gear");
		let proven = gear.first(|seen| {
			if seen.pallet != "EthereumInbox" || seen.number("nonce") != Some(nonce.into()) {
				return None;
			}
			match seen.name.as_str() {
				"MessageReceived" => Some(Ok(seen.id("message_id")?)),
				"MessageFailed" => Some(Err(refusal(seen))),
				_ => None,
			}
		});
		let (sight, message) = steps.within(RELAY, step.as_str(), proven).await?;
		let message = message.map_err(|reason| otherwise(&step, &reason))?;
		self.arrived_and_charged(track, sight, message, amount).await
	}

	async fn arrived_and_charged(
		&self,
		track: &mut Track<'_>,
		arrived: Sight,
		message: [u8; 32],
		amount: u32,
	) -> Result<(), StepError> {
		let known_by = format!("message {}", short_id(message));
		let said = format!("charge {amount} is in the queue, {known_by}");
		track.saw(self.steps, "Gear", arrived, known_by.clone(), &said);
		let what = format!("charge {amount}");
		let charged = dispatched(self.steps, self.gear, message, &what).await?;
		track.saw(self.steps, "Gear", charged, known_by, &format!("capacitor charged by {amount}"));
		Ok(())
	}

	/// Follows the discharge from the capacitor back to the sibling.
	async fn discharge(&self, track: &mut Track<'_>, topic: [u8; 32]) -> Result<(), StepError> {
		let Self { steps, gear, sibling, programs, .. } = *self;
		let payload = format!("Discharged: {LIMIT}");
		let step = "the discharge to arrive on the sibling";
		let arrived = sibling.first(|seen| {
			let is_it = seen.is("ProgramClient", "MessageReceived")
				&& seen.id("program") == Some(programs.capacitor)
				&& seen.id("topic") == Some(topic)
				&& seen.bytes("payload").as_deref() == Some(payload.as_bytes());
			is_it.then(|| seen.id("id")).flatten()
		});
		let since = track.latest.map_or(0, |sight| sight.block.number);
		let kept = gear.first(|seen| {
			let is_it = seen.is("Gear", "MessageUndeliverable") && seen.sight.block.number >= since;
			is_it.then(|| refusal(seen))
		});
		let either = async {
			tokio::select! {
				arrived = arrived => Ok(arrived?),
				kept = kept => Err(StepFailure::Otherwise(kept?.1)),
			}
		};
		let (received, message) = steps.within(PARACHAIN, step, either).await?;

		let left = gear.first(|seen| {
			let is_it = seen.is("XcmGateway", "MessageSent")
				&& seen.id("id") == Some(message)
				&& seen.id("topic") == Some(topic);
			is_it.then_some(())
		});
		let (left, ()) = steps.within(PARACHAIN, "the discharge to leave Gear", left).await?;
		let known_by = format!("message {}", short_id(message));
		let said = format!("capacitor discharged to the sibling by XCM, {known_by}");
		track.saw(steps, "Gear", left, known_by.clone(), &said);
		track.saw(steps, "sibling", received, known_by, &format!("received {payload:?}"));
		Ok(())
	}
}

/// A journey in progress.
struct Track<'a> {
	journey: &'a mut Journey,
	began: Instant,
	next: usize,
	latest: Option<Sight>,
}

impl<'a> Track<'a> {
	fn begin(journey: &'a mut Journey) -> Self {
		Self { journey, began: Instant::now(), next: 0, latest: None }
	}

	/// The next step was seen in a final block.
	fn saw(&mut self, steps: Steps<'_>, place: &str, sight: Sight, known_by: String, said: &str) {
		let block = sight.block;
		steps.console().say(place, &format!("{}: {said}", in_block(block)));
		let hash = format!("{:?}", block.hash);
		let after = sight.at.saturating_duration_since(self.began);
		if let Some(step) = self.journey.steps.get_mut(self.next) {
			step.seen = Some(Sighting { block: block.number, hash, id: known_by, after });
		}
		self.next += 1;
		self.latest = Some(sight);
	}
}

/// The error that an event carries.
fn refusal(seen: &Seen) -> String {
	let error = seen.field("error").map(ToString::to_string).unwrap_or_default();
	format!("{}.{} says {error}", seen.pallet, seen.name)
}

fn short_id(id: [u8; 32]) -> String {
	short(&format!("0x{}", hex::encode(id)))
}

fn otherwise(step: &str, reason: &str) -> StepError {
	StepError { step: step.into(), source: StepFailure::Otherwise(reason.into()) }
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::net::report::Console;

	#[test]
	fn the_charges_reach_the_limit_with_the_last() {
		let [first, second, third] = CHARGES;
		assert!(first + second < LIMIT);
		assert_eq!(first + second + third, LIMIT);
	}

	#[test]
	fn a_track_fills_its_journey_in_order() {
		let console = Console::new();
		let steps = Steps::new(&console);
		let mut journeys = planned();
		let mut track = Track::begin(&mut journeys[0]);
		for number in 1..=3 {
			let block = BlockId { number, hash: [9; 32].into() };
			track.saw(steps, "somewhere", Sight::now(block), "topic".into(), "seen");
		}
		assert!(journeys[0].is_complete());
		let blocks = journeys[0].steps.iter().flat_map(|step| &step.seen).map(|seen| seen.block);
		assert_eq!(blocks.collect::<Vec<_>>(), [1, 2, 3]);
		assert!(!journeys[1].is_complete());
	}
}
