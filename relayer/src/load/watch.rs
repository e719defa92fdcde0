//! Reads final blocks, and tells what they say of messages.

use super::{
	Node,
	error::LoadError,
	fullness::{self, Fullness},
	tally::{Fact, Id},
};
use crate::{
	gear::{BlockId, Client, GearError},
	net::events::{Seen, Sight},
};
use std::time::{Duration, Instant};
use subxt::{events::Phase, utils::H256};
use tokio::{sync::mpsc::Sender, time::sleep};

/// Pause between two looks whether another block is final: the precision of latencies.
const LOOK: Duration = Duration::from_millis(250);

/// A node that has not answered for so long is lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a block has to tell.
#[derive(Debug)]
pub(super) struct Told {
	/// Of messages.
	pub(super) facts: Vec<Fact>,
	/// Of itself.
	pub(super) fullness: Fullness,
}

/// Reads a chain's final blocks, those after `last`, as long as somebody listens.
pub(super) async fn follow(
	node: &Node,
	last: u64,
	listener: Sender<Told>,
) -> Result<(), LoadError> {
	let mut next = last + 1;
	let mut succeeded = Instant::now();
	loop {
		match read_all(&node.client, &mut next, &listener).await {
			Ok(Listening::Yes) => succeeded = Instant::now(),
			Ok(Listening::No) => return Ok(()),
			// The client connects again by itself.
			Err(error) if succeeded.elapsed() < PATIENCE => tracing::debug!("{error}"),
			Err(source) => return Err(LoadError::Chain { chain: node.name, source }),
		}
		sleep(LOOK).await;
	}
}

enum Listening {
	Yes,
	No,
}

async fn read_all(
	client: &Client,
	next: &mut u64,
	listener: &Sender<Told>,
) -> Result<Listening, GearError> {
	let last = client.finalized().await?;
	let seen = Instant::now();
	while *next <= last.number {
		let hash = client.block_hash(*next).await?.ok_or(GearError::NoBlock(last.hash))?;
		let told = read(client, BlockId { number: *next, hash }, seen).await?;
		if listener.send(told).await.is_err() {
			return Ok(Listening::No);
		}
		*next += 1;
	}
	Ok(if listener.is_closed() { Listening::No } else { Listening::Yes })
}

async fn read(client: &Client, block: BlockId, seen: Instant) -> Result<Told, GearError> {
	let at = client.at(block).await?;
	let extrinsics = client.extrinsics(&at).await?;
	let mut facts = Vec::new();
	for event in client.events(&at).await?.iter() {
		let event = event?;
		let Some(kind) = Kind::of(event.pallet_name(), event.event_name()) else { continue };
		let extrinsic = match event.phase() {
			Phase::ApplyExtrinsic(index) => usize::try_from(index).ok(),
			Phase::Initialization | Phase::Finalization => None,
		};
		let extrinsic = extrinsic.and_then(|index| extrinsics.get(index)).copied();
		let sight = Sight { block, at: seen };
		facts.extend(kind.facts(&Seen::read(sight, &event)?, extrinsic));
	}
	Ok(Told { facts, fullness: fullness::of_block(client, &at).await? })
}

/// Events that say something of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
	Failed,
	Queued,
	Left,
	Arrived,
	Dispatched,
}

impl Kind {
	fn of(pallet: &str, event: &str) -> Option<Self> {
		Some(match (pallet, event) {
			("System", "ExtrinsicFailed") => Self::Failed,
			("Gear", "MessageQueued") => Self::Queued,
			("ProgramClient", "MessageSent") => Self::Left,
			("XcmGateway", "MessagePosted") => Self::Arrived,
			("Gear", "MessagesDispatched") => Self::Dispatched,
			_ => return None,
		})
	}

	/// What an event says, of the extrinsic that it belongs to if it belongs to one.
	fn facts(self, seen: &Seen, extrinsic: Option<H256>) -> Vec<Fact> {
		let one = || -> Option<Fact> {
			let id = |name| -> Option<Id> { seen.id(name) };
			Some(match self {
				Self::Failed => Fact::Failed(extrinsic?),
				Self::Queued => Fact::Queued { extrinsic: extrinsic?, message: id("id")? },
				Self::Left => Fact::Left { extrinsic: extrinsic?, topic: id("topic")? },
				Self::Arrived => Fact::Arrived { topic: id("topic")?, message: id("id")? },
				Self::Dispatched => return None,
			})
		};
		if self != Self::Dispatched {
			return one().into_iter().collect();
		}
		let each = |(message, status): (Id, String)| Fact::Dispatched {
			message,
			success: status == "Success",
			at: seen.sight.at,
		};
		seen.entries("statuses").into_iter().map(each).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt::ext::scale_value::{Composite, Value};

	fn seen(pallet: &str, name: &str, fields: Composite<()>) -> Seen {
		let sight = Sight::now(BlockId { number: 3, hash: [1; 32].into() });
		Seen { sight, pallet: pallet.into(), name: name.into(), fields }
	}

	fn id(n: u8) -> Value {
		Value::from_bytes([n; 32])
	}

	#[test]
	fn an_extrinsic_s_event_tells_of_its_message() {
		let event = seen("Gear", "MessageQueued", Composite::named([("id", id(7))]));
		let kind = Kind::of(&event.pallet, &event.name).unwrap();
		let extrinsic: H256 = [9; 32].into();
		let expected = Fact::Queued { extrinsic, message: [7; 32] };
		assert_eq!(kind.facts(&event, Some(extrinsic)), [expected]);
		assert_eq!(kind.facts(&event, None), [], "a program's own message is nobody's here");
	}

	#[test]
	fn an_arrival_needs_no_extrinsic() {
		let fields = Composite::named([("topic", id(1)), ("id", id(2))]);
		let event = seen("XcmGateway", "MessagePosted", fields);
		let facts = Kind::Arrived.facts(&event, None);
		assert_eq!(facts, [Fact::Arrived { topic: [1; 32], message: [2; 32] }]);
	}

	#[test]
	fn every_message_that_was_dealt_with_is_told() {
		let pair =
			|n, status: &str| Value::unnamed_composite([id(n), Value::unnamed_variant(status, [])]);
		let pairs = Value::unnamed_composite([pair(1, "Success"), pair(2, "Failed")]);
		let map = Value::unnamed_composite([pairs]);
		let event = seen("Gear", "MessagesDispatched", Composite::named([("statuses", map)]));
		let at = event.sight.at;
		let expected = [(1, true), (2, false)].map(|(n, success)| Fact::Dispatched {
			message: [n; 32],
			success,
			at,
		});
		assert_eq!(Kind::Dispatched.facts(&event, None), expected);
	}

	#[test]
	fn other_events_are_passed_over() {
		assert_eq!(Kind::of("Gear", "MessageSent"), None);
		assert_eq!(Kind::of("Balances", "Transfer"), None);
	}
}
