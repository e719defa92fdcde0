//! Signs extrinsics, stores them, sends them: in this order, one at a time.

use super::{
	Error,
	outbox::{Blame, Kind, NewSubmission, Outbox, Patience, State, Submission, now},
};
use crate::gear::{
	At, Call, Client, GearError, Keypair, Refusal, Signed, Submission as Answer, account_of,
};
use std::{
	collections::{BTreeSet, HashMap, hash_map::Entry},
	time::Duration,
};
use subxt::utils::AccountId32;
use tokio::sync::Mutex;

/// After how long bytes that were not included yet are sent again: nodes forget them at a restart,
/// or when their pool is full.
const RESEND_AFTER: Duration = Duration::from_secs(60);

/// The only one who uses the signer's nonces.
#[derive(Debug)]
pub(super) struct Submitter {
	key: Keypair,
	/// How many blocks an extrinsic stays valid for.
	mortality: u64,
	/// Most extrinsics that wait for inclusion at a time.
	in_flight: usize,
	/// Holds pause after storing and before sending, for tests.
	pub(super) hold_before_sending: bool,
	/// Held from the choice of a nonce until the extrinsic with it is stored and sent.
	nonces: Mutex<()>,
}

/// What goes into an extrinsic.
#[derive(Debug)]
pub(super) struct Load {
	pub(super) kind: Kind,
	pub(super) call: Call,
	/// The messages in it.
	pub(super) messages: Vec<u64>,
}

impl Submitter {
	pub(super) fn new(key: Keypair, mortality: u64, in_flight: u32) -> Self {
		Self {
			key,
			mortality,
			in_flight: usize::try_from(in_flight).unwrap_or(usize::MAX),
			hold_before_sending: false,
			nonces: Mutex::new(()),
		}
	}

	/// The account that pays.
	pub(super) fn account(&self) -> AccountId32 {
		account_of(&self.key)
	}

	/// The stored extrinsics that `at` has not seen included.
	///
	/// Some may be signed by another account: relayers that share a database take over from one
	/// another, and anybody can send what is signed.
	pub(super) async fn in_flight(
		&self,
		gear: &Client,
		outbox: &Outbox,
		at: &At,
	) -> Result<Vec<Submission>, Error> {
		let mut pending = outbox.pending().await?;
		let nonces = nonces(gear, at, &pending).await?;
		pending.retain(|submission| {
			let used = nonces.get(&submission.signer.0).copied().unwrap_or_default();
			submission.signed.nonce >= used && at.block_number() <= submission.signed.last_block
		});
		Ok(pending)
	}

	/// Signs, stores and sends. Returns false, having done nothing, where as many extrinsics as
	/// the operator allows are waiting already.
	pub(super) async fn submit(
		&self,
		gear: &Client,
		outbox: &Outbox,
		at: &At,
		load: Load,
		patience: &Patience,
	) -> Result<bool, Error> {
		let alone = self.nonces.lock().await;
		let in_flight = self.in_flight(gear, outbox, at).await?;
		if in_flight.len() >= self.in_flight {
			return Ok(false);
		}
		let signer = self.account();
		let chain_nonce = gear.nonce_at(at, &signer).await?;
		// Rows whose era has ended keep their nonce until they are closed.
		let mut taken = outbox.pending().await?;
		taken.retain(|pending| pending.signer == signer);
		let taken = taken.into_iter().map(|pending| pending.signed.nonce);
		let nonce = free_nonce(chain_nonce, &taken.collect());
		let signed = Signed::new(at, &load.call, &self.key, nonce, self.mortality)?;
		let Load { kind, messages, .. } = load;
		let submission = NewSubmission { kind, signer, signed, messages };
		let id = outbox.submit(&submission).await?;
		tracing::info!(
			hash = ?submission.signed.hash,
			nonce,
			?kind,
			messages = ?submission.messages,
			last_block = submission.signed.last_block,
			"extrinsic signed and stored"
		);
		if let Some(refusal) = self.send_all(gear, outbox, at, Some(id)).await? {
			// Nobody has these bytes but the node that refused them: they can be forgotten.
			let reason = format!("the node refused the extrinsic: {refusal}");
			outbox.close(id, State::Refused, &reason, Blame::Circumstances, patience).await?;
		}
		drop(alone);
		Ok(true)
	}

	/// Sends what was stored and not taken by a node, or taken long ago.
	pub(super) async fn resend(
		&self,
		gear: &Client,
		outbox: &Outbox,
		at: &At,
	) -> Result<(), Error> {
		let _alone = self.nonces.lock().await;
		self.send_all(gear, outbox, at, None).await?;
		Ok(())
	}

	/// Sends what has to be sent, in the order of nonces: not every pool keeps one that comes too
	/// early. Returns why the node calls the `fresh` one invalid, if it does. Where it says so of
	/// others, they may be in a block already: nonce and era decide about them, not the node.
	async fn send_all(
		&self,
		gear: &Client,
		outbox: &Outbox,
		at: &At,
		fresh: Option<i64>,
	) -> Result<Option<Refusal>, Error> {
		if self.hold_before_sending {
			return Ok(None);
		}
		let in_flight = self.in_flight(gear, outbox, at).await?;
		let stale = i64::try_from(RESEND_AFTER.as_millis()).unwrap_or(i64::MAX);
		let mut refused = None;
		for Submission { id, signed, sent_at, .. } in in_flight {
			if sent_at.is_some_and(|sent_at| now().saturating_sub(sent_at) <= stale) {
				continue;
			}
			if let Some(refusal) = self.send(gear, outbox, id, &signed).await? {
				tracing::debug!(hash = ?signed.hash, %refusal, "not taken");
				refused = refused.or((fresh == Some(id)).then_some(refusal));
			}
		}
		Ok(refused)
	}

	/// Sends stored bytes. Returns why the node calls them invalid, if it does.
	async fn send(
		&self,
		gear: &Client,
		outbox: &Outbox,
		id: i64,
		signed: &Signed,
	) -> Result<Option<Refusal>, Error> {
		let refusal = match gear.submit(&signed.bytes).await {
			Ok(hash) => {
				tracing::info!(?hash, nonce = signed.nonce, "extrinsic sent");
				outbox.taken(id).await?;
				return Ok(None);
			}
			Err(GearError::Refused(refusal)) => refusal,
			Err(error) => return Err(error.into()),
		};
		match refusal.submission() {
			Answer::Known => {
				outbox.taken(id).await?;
				Ok(None)
			}
			Answer::Invalid => Ok(Some(refusal)),
			Answer::NotNow => {
				tracing::debug!(hash = ?signed.hash, %refusal, "not taken for now");
				Ok(None)
			}
		}
	}
}

/// The nonces, at a block, of all accounts that signed one of these.
pub(super) async fn nonces(
	gear: &Client,
	at: &At,
	pending: &[Submission],
) -> Result<HashMap<[u8; 32], u64>, Error> {
	let mut nonces = HashMap::new();
	for Submission { signer, .. } in pending {
		if let Entry::Vacant(entry) = nonces.entry(signer.0) {
			entry.insert(gear.nonce_at(at, signer).await?);
		}
	}
	Ok(nonces)
}

/// The lowest nonce that is not used yet.
fn free_nonce(chain_nonce: u64, taken: &BTreeSet<u64>) -> u64 {
	(chain_nonce..).find(|nonce| !taken.contains(nonce)).unwrap_or(chain_nonce)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn gaps_are_filled_first() {
		// Nonce 6 had an extrinsic that expired: those after it wait for a new one.
		assert_eq!(free_nonce(5, &BTreeSet::from([5, 7, 8])), 6);
		assert_eq!(free_nonce(5, &BTreeSet::from([3, 4])), 5);
		assert_eq!(free_nonce(5, &BTreeSet::from([5, 6])), 7);
	}
}
