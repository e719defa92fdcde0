//! Sends proven messages: many in an extrinsic, several extrinsics at a time.

use super::{
	Error,
	context::Context,
	outbox::{Blame, Kind, Message},
	runner::{Progress, Stage},
	runtime::GearRuntime,
	submit::Load,
};
use crate::gear::At;
use codec::DecodeAll;
use gearway_ethereum::{HeaderProof, ReceiptProof};
use std::sync::Arc;

/// Most bytes of proofs in an extrinsic: well under what a parachain's block has room for. One
/// message is sent however long it is.
const MAX_BYTES: usize = 512 * 1024;

/// Most proven messages looked at to make up an extrinsic.
const LOOK_AHEAD: u32 = 512;

/// The fourth stage.
pub(super) struct Send {
	pub(super) context: Arc<Context>,
}

impl Stage for Send {
	const NAME: &'static str = "send";

	async fn step(&mut self) -> Result<Progress, Error> {
		let Context { gear, outbox, submitter, patience, .. } = &*self.context;
		let at = gear.at_finalized().await?;
		submitter.resend(gear, outbox, &at).await?;

		let ready = outbox.to_send(LOOK_AHEAD).await?;
		let nonces: Vec<u64> = ready.iter().map(|message| message.nonce).collect();
		let consumed = gear.consumed(&at, &self.context.gateway, &nonces).await?;
		if !consumed.is_empty() {
			// Somebody else was faster. Where, the events will tell.
			let deliveries: Vec<_> = consumed.iter().map(|nonce| (*nonce, None)).collect();
			let news = outbox.delivered(&deliveries).await?;
			self.context.metrics.confirmed(&outbox.ages(&news).await?);
			return Ok(Progress::More);
		}
		let config = &self.context.config.relay;
		let most = config.batch.min(GearRuntime::max_events(&at)?);
		let batch = batch(&ready, usize::try_from(most).unwrap_or(usize::MAX));
		let Some(first) = batch.first() else { return Ok(Progress::Idle) };
		let nonces: Vec<u64> = batch.iter().map(|message| message.nonce).collect();
		let Some(call) = self.call(first, batch, &at).await? else {
			// The proof is of no use any more, build it anew.
			let reason = "the Gear chain no longer knows the finalised header of the proof";
			outbox.failed(&nonces, reason, Blame::Circumstances, patience).await?;
			self.context.bells.prove.notify_one();
			return Ok(Progress::More);
		};
		let load = Load { kind: Kind::Messages, call, messages: nonces.clone() };
		if !submitter.submit(gear, outbox, &at, load, patience).await? {
			return Ok(Progress::Idle);
		}
		for nonce in &nonces {
			tracing::info!(nonce, topic = self.context.topic(*nonce), "sent");
		}
		self.context.metrics.submitted(&outbox.ages(&nonces).await?);
		Ok(Progress::More)
	}
}

impl Send {
	/// The call that delivers these messages; `None` where the chain no longer knows what their
	/// proof rests on.
	async fn call(
		&self,
		first: &Message,
		batch: &[Message],
		at: &At,
	) -> Result<Option<crate::gear::Call>, Error> {
		let Context { outbox, gear, .. } = &*self.context;
		let strange =
			|what: &str| Error::Contradiction(format!("the database holds a strange {what}"));
		let header_proof = outbox
			.header_proof(first.block_hash)
			.await?
			.and_then(|bytes| HeaderProof::decode_all(&mut &bytes[..]).ok())
			.ok_or_else(|| strange("header proof"))?;
		if !gear.knows(at, header_proof.anchor()).await? {
			return Ok(None);
		}
		let proofs = batch
			.iter()
			.map(|message| {
				let bytes = message.proof.as_deref()?;
				ReceiptProof::decode_all(&mut &bytes[..]).ok()
			})
			.collect::<Option<Vec<_>>>()
			.ok_or_else(|| strange("receipt proof"))?;
		Ok(Some(GearRuntime::submit_messages(&header_proof, &proofs)))
	}
}

/// The next messages that go together: those of the oldest one's block. A message that failed
/// before goes alone, so that it takes no other with it.
fn batch(ready: &[Message], most: usize) -> &[Message] {
	let Some(first) = ready.first() else { return &[] };
	if first.attempts > 0 {
		return &ready[..1];
	}
	let mut bytes = 0;
	let together = ready
		.iter()
		.take(most)
		.take_while(|message| {
			bytes += message.proof.as_ref().map_or(0, Vec::len);
			message.block_hash == first.block_hash && message.attempts == 0 && bytes <= MAX_BYTES
		})
		.count();
	&ready[..together.max(1)]
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::relay::stage;
	use alloy::primitives::B256;

	fn message(nonce: u64, block: u8, attempts: u32, bytes: usize) -> Message {
		Message {
			nonce,
			block_number: block.into(),
			block_hash: B256::repeat_byte(block),
			block_time: 0,
			tx_hash: B256::ZERO,
			tx_index: 0,
			log_index: 0,
			sender: Default::default(),
			program: B256::ZERO,
			stage: stage::Stage::Proven,
			attempts,
			next_attempt_at: 0,
			observed_at: 0,
			updated_at: 0,
			last_error: None,
			proof: Some(vec![0; bytes]),
			delivery: None,
		}
	}

	fn nonces(ready: &[Message], most: usize) -> Vec<u64> {
		batch(ready, most).iter().map(|message| message.nonce).collect()
	}

	#[test]
	fn messages_of_one_block_go_together_up_to_the_most() {
		let ready: Vec<_> = (1..=5).map(|nonce| message(nonce, 7, 0, 10)).collect();
		assert_eq!(nonces(&ready, 3), [1, 2, 3]);
		assert_eq!(nonces(&ready, 100), [1, 2, 3, 4, 5]);
		assert!(nonces(&[], 3).is_empty());
	}

	#[test]
	fn another_block_is_another_batch() {
		let ready = [message(1, 7, 0, 10), message(2, 8, 0, 10), message(3, 7, 0, 10)];
		assert_eq!(nonces(&ready, 10), [1]);
	}

	#[test]
	fn what_failed_before_takes_no_other_with_it() {
		let ready = [message(1, 7, 1, 10), message(2, 7, 0, 10), message(3, 7, 2, 10)];
		assert_eq!(nonces(&ready, 10), [1]);
		assert_eq!(nonces(&ready[1..], 10), [2]);
	}

	#[test]
	fn long_proofs_fill_an_extrinsic_and_one_always_fits() {
		let long = MAX_BYTES - 1;
		let ready = [message(1, 7, 0, long), message(2, 7, 0, 2), message(3, 7, 0, 1)];
		assert_eq!(nonces(&ready, 10), [1]);
		assert_eq!(nonces(&[message(1, 7, 0, MAX_BYTES + 1)], 10), [1]);
	}
}
