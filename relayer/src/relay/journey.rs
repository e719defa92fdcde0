//! A message's whole journey, for people to read: on the command line and on the page.

use super::{
	Error,
	outbox::{Message, Millis, Outbox, Ride, Step, Trouble},
	why::why,
};
use alloy::primitives::B256;
use gearway_ethereum::Gateway;
use serde::Serialize;
use std::str::FromStr;

/// What a person calls a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
	/// The gateway's number for it.
	Nonce(u64),
	/// Its topic, the hash of the transaction that brought it, or its id on the Gear chain.
	Hash(B256),
}

impl FromStr for Name {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		if let Ok(nonce) = text.parse() {
			return Ok(Self::Nonce(nonce));
		}
		text.parse().map(Self::Hash).map_err(|_| {
			"a nonce, or a hash of 32 bytes in hexadecimal digits is expected: a topic, a \
			 transaction, or a message of the Gear chain"
				.to_string()
		})
	}
}

/// A message in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
	/// The gateway's number for it.
	pub nonce: u64,
	/// Its id on every chain that it passes.
	pub topic: String,
	/// How far it has come.
	pub stage: &'static str,
	/// Why it is there.
	pub why: String,
	/// Whether the Gear chain has not refused to post it, or not yet.
	pub posted: bool,
	/// Who sent it.
	pub sender: String,
	/// The program it is for.
	pub program: String,
	/// The execution block it is in.
	pub block: u64,
	/// How often it failed for a reason of its own.
	pub attempts: u32,
	/// When it was first seen, in milliseconds of Unix time.
	pub observed_at: Millis,
	/// When it was last changed.
	pub updated_at: Millis,
}

/// A message's whole journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Journey {
	/// The message in a line.
	#[serde(flatten)]
	pub summary: Summary,
	/// Where it came from.
	pub origin: Origin,
	/// Where it arrived.
	pub arrival: Option<Arrival>,
	/// When it is tried again, where it failed; in milliseconds of Unix time.
	pub next_attempt_at: Option<Millis>,
	/// What befell it.
	pub steps: Vec<Step>,
	/// The extrinsics that it went in.
	pub extrinsics: Vec<Ride>,
}

/// Where a message came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
	/// Hash of the execution block.
	pub block_hash: String,
	/// The block's timestamp, in seconds of Unix time.
	pub block_time: u64,
	/// Hash of the transaction.
	pub tx_hash: String,
	/// Position of the transaction in the block.
	pub tx_index: u32,
	/// Position of the log in the transaction's receipt.
	pub log_index: u32,
}

/// Where a message arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrival {
	/// Number of the Gear chain's block.
	pub block: u64,
	/// Hash of that block.
	pub block_hash: String,
	/// The id it has there; none where it could not be posted.
	pub message_id: Option<String>,
	/// Why it could not be posted.
	pub error: Option<String>,
}

impl Summary {
	/// Tells of a message.
	pub fn new(message: &Message, gateway: &Gateway, troubles: &[Trouble]) -> Self {
		Self {
			nonce: message.nonce,
			topic: super::context::topic(gateway, message.nonce),
			stage: message.stage.name(),
			why: why(message.stage, message.last_error.as_deref(), troubles),
			posted: message.delivery.as_ref().is_none_or(|delivery| delivery.outcome.is_ok()),
			sender: message.sender.to_string(),
			program: message.program.to_string(),
			block: message.block_number,
			attempts: message.attempts,
			observed_at: message.observed_at,
			updated_at: message.updated_at,
		}
	}
}

impl Journey {
	/// Tells of a message all that is known; `None` where it is not known.
	pub async fn of(outbox: &Outbox, gateway: &Gateway, nonce: u64) -> Result<Option<Self>, Error> {
		let Some(message) = outbox.message(nonce).await? else { return Ok(None) };
		let troubles = outbox.troubles().await?;
		let is_put_off = message.next_attempt_at > message.observed_at;
		Ok(Some(Self {
			summary: Summary::new(&message, gateway, &troubles),
			origin: Origin {
				block_hash: message.block_hash.to_string(),
				block_time: message.block_time,
				tx_hash: message.tx_hash.to_string(),
				tx_index: message.tx_index,
				log_index: message.log_index,
			},
			arrival: message.delivery.as_ref().map(|delivery| Arrival {
				block: delivery.block_number,
				block_hash: delivery.block_hash.to_string(),
				message_id: delivery.outcome.as_ref().ok().map(B256::to_string),
				error: delivery.outcome.as_ref().err().cloned(),
			}),
			next_attempt_at: (message.stage == super::stage::Stage::Failed && is_put_off)
				.then_some(message.next_attempt_at),
			steps: outbox.steps(nonce).await?,
			extrinsics: outbox.rides(nonce).await?,
		}))
	}
}

/// The nonces of the messages that a person means.
pub async fn find(outbox: &Outbox, gateway: &Gateway, name: Name) -> Result<Vec<u64>, Error> {
	let hash = match name {
		Name::Nonce(nonce) => return Ok(vec![nonce]),
		Name::Hash(hash) => hash,
	};
	let named = outbox.named(hash).await?;
	if !named.is_empty() {
		return Ok(named);
	}
	// A topic is a hash of the nonce, and kept nowhere.
	let nonces = outbox.nonces().await?;
	Ok(nonces.into_iter().filter(|nonce| gateway.topic(*nonce) == hash.0).collect())
}

#[cfg(test)]
mod tests {
	use super::{
		super::outbox::{
			Delivery,
			tests::{Temporary, block, found},
		},
		*,
	};

	fn gateway() -> Gateway {
		Gateway { chain_id: 1, address: [7; 20] }
	}

	#[test]
	fn a_message_is_called_by_number_or_hash() {
		assert_eq!("17".parse(), Ok(Name::Nonce(17)));
		let hash = B256::repeat_byte(0xab);
		assert_eq!(hash.to_string().parse(), Ok(Name::Hash(hash)));
		for text in ["", "-1", "0x1234", "latest"] {
			assert!(text.parse::<Name>().unwrap_err().contains("expected"), "{text}");
		}
	}

	#[tokio::test]
	async fn a_message_is_found_by_all_its_names() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &[found(1), found(2)]).await.unwrap();
		let id = B256::repeat_byte(0x44);
		let place = Delivery { block_number: 4, block_hash: id, outcome: Ok(id) };
		outbox.delivered(&[(2, Some(place))]).await.unwrap();
		for (name, expected) in [
			(Name::Nonce(2), &[2][..]),
			(Name::Hash(id), &[2]),
			(Name::Hash(found(1).tx_hash), &[1, 2]),
			(Name::Hash(gateway().topic(1).into()), &[1]),
			(Name::Hash(B256::ZERO), &[]),
		] {
			assert_eq!(find(outbox, &gateway(), name).await.unwrap(), expected, "{name:?}");
		}
	}

	#[tokio::test]
	async fn the_whole_journey_is_told() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &[found(1)]).await.unwrap();
		outbox.finalize(5, block(5, 0).hash).await.unwrap();
		outbox.in_trouble("prove", 2, "the beacon node is away").await.unwrap();
		let journey = Journey::of(outbox, &gateway(), 1).await.unwrap().unwrap();
		assert_eq!((journey.summary.stage, journey.summary.block), ("final", 5));
		assert!(journey.summary.why.contains("beacon node is away"), "{journey:?}");
		assert_eq!(journey.origin.block_time, 60);
		let stages: Vec<_> = journey.steps.iter().map(|step| step.stage.as_str()).collect();
		assert_eq!(stages, ["observed", "final"]);
		assert_eq!(journey.arrival, None);
		assert_eq!(Journey::of(outbox, &gateway(), 99).await.unwrap(), None);
		let json = serde_json::to_value(&journey).unwrap();
		assert_eq!(json["nonce"], 1);
	}
}
