//! Signed extrinsics, stored before they are sent.

use super::{
	Error, Millis, Outbox, hash, int,
	journey::record,
	messages::{Blame, Delivery, Patience, deliver, fail},
	now, number,
	store::Tx,
};
use crate::{
	gear::{BlockId, Signed},
	relay::stage::Stage,
};
use alloy::primitives::B256;
use sqlx::{Row, any::AnyRow};
use subxt::utils::{AccountId32, H256};

/// What an extrinsic carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
	/// An update of the light client.
	Update,
	/// Messages with their proofs.
	Messages,
}

/// What became of an extrinsic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
	/// It may still be included.
	Pending,
	/// Its nonce was used in a finalised block.
	Included,
	/// Its era ended before it was included.
	Expired,
	/// No node ever took it.
	Refused,
}

/// An extrinsic to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubmission {
	/// What it carries.
	pub kind: Kind,
	/// Who signed it.
	pub signer: AccountId32,
	/// The extrinsic.
	pub signed: Signed,
	/// The messages in it.
	pub messages: Vec<u64>,
}

/// A stored extrinsic that may still be included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
	/// Its row.
	pub id: i64,
	/// What it carries.
	pub kind: Kind,
	/// Who signed it.
	pub signer: AccountId32,
	/// The extrinsic.
	pub signed: Signed,
	/// When a node last took it.
	pub sent_at: Option<Millis>,
}

impl Kind {
	fn name(self) -> &'static str {
		match self {
			Self::Update => "update",
			Self::Messages => "messages",
		}
	}
}

impl State {
	fn name(self) -> &'static str {
		match self {
			Self::Pending => "pending",
			Self::Included => "included",
			Self::Expired => "expired",
			Self::Refused => "refused",
		}
	}
}

impl Outbox {
	/// Stores an extrinsic and moves its messages to `sent`: all or nothing. From here on it is
	/// known after any crash that these bytes may be out in the world.
	pub async fn submit(&self, submission: &NewSubmission) -> Result<i64, Error> {
		let NewSubmission { kind, signer, signed, messages } = submission;
		let mut tx = self.begin().await?;
		let id: i64 = sqlx::query_scalar(
			"INSERT INTO submission (kind, state, signer, nonce, last_block, hash, bytes, created_at) \
			 VALUES ($1, 'pending', $2, $3, $4, $5, $6, $7) RETURNING id",
		)
		.bind(kind.name())
		.bind(signer.0.as_slice())
		.bind(int(signed.nonce)?)
		.bind(int(signed.last_block)?)
		.bind(signed.hash.as_bytes())
		.bind(signed.bytes.as_slice())
		.bind(now())
		.fetch_one(&mut *tx)
		.await?;
		for nonce in messages {
			let outcome = sqlx::query(
				"UPDATE message SET stage = 'sent', submission = $1, updated_at = $2 \
				 WHERE nonce = $3 AND stage = 'proven'",
			)
			.bind(id)
			.bind(now())
			.bind(int(*nonce)?)
			.execute(&mut *tx)
			.await?;
			if outcome.rows_affected() != 1 {
				return Err(Error::Disagreement(format!(
					"message {nonce} was to be sent and is no longer where it was"
				)));
			}
			let note = format!("in extrinsic {:?}", signed.hash);
			record(&mut tx, int(*nonce)?, Stage::Sent, &note, Some(id)).await?;
		}
		tx.commit().await?;
		Ok(id)
	}

	/// The extrinsics that may still be included, by the signer's nonce.
	pub async fn pending(&self) -> Result<Vec<Submission>, Error> {
		let rows = sqlx::query("SELECT * FROM submission WHERE state = 'pending' ORDER BY nonce")
			.fetch_all(&self.pool)
			.await?;
		rows.iter().map(read).collect()
	}

	/// Records that a node took the bytes.
	pub async fn taken(&self, id: i64) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		sqlx::query("UPDATE submission SET sent_at = $1 WHERE id = $2")
			.bind(now())
			.bind(id)
			.execute(&mut *tx)
			.await?;
		Ok(tx.commit().await?)
	}

	/// Records what became of an extrinsic. Messages that went in it and are not done by then
	/// have failed, for that reason. An empty reason says that nothing was wrong.
	pub async fn close(
		&self,
		id: i64,
		state: State,
		reason: &str,
		blame: Blame,
		patience: &Patience,
	) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		let rows = sqlx::query(
			"SELECT nonce FROM message WHERE submission = $1 AND stage = 'sent' ORDER BY nonce",
		)
		.bind(id)
		.fetch_all(&mut *tx)
		.await?;
		for row in &rows {
			fail(&mut tx, number(row, "nonce")?, reason, blame, patience).await?;
		}
		// What is said of messages that are not done is no fault of an extrinsic whose messages are.
		let is_fine = state == State::Included && blame == Blame::Circumstances && rows.is_empty();
		let reason = if is_fine { "" } else { reason };
		sqlx::query("UPDATE submission SET state = $1, last_error = NULLIF($2, '') WHERE id = $3")
			.bind(state.name())
			.bind(reason)
			.bind(id)
			.execute(&mut *tx)
			.await?;
		Ok(tx.commit().await?)
	}

	/// How many updates in a row failed up to the latest, and when that was made.
	pub async fn failed_updates(&self) -> Result<(u32, Millis), Error> {
		let rows = sqlx::query(
			"SELECT state, created_at, last_error FROM submission WHERE kind = 'update' \
			 AND state <> 'pending' ORDER BY id DESC LIMIT 32",
		)
		.fetch_all(&self.pool)
		.await?;
		let mut failed = 0;
		for row in &rows {
			if row.try_get::<Option<&str>, _>("last_error")?.is_none() {
				break;
			}
			failed += 1;
		}
		let latest = rows.first().map(|row| row.try_get("created_at")).transpose()?;
		Ok((failed, latest.unwrap_or_default()))
	}

	/// The last finalised Gear block whose events were read.
	pub async fn walked(&self) -> Result<Option<BlockId>, Error> {
		let row = sqlx::query("SELECT number, hash FROM walked").fetch_optional(&self.pool).await?;
		row.map(|row| {
			let hash: B256 = hash(&row, "hash")?;
			Ok(BlockId { number: number(&row, "number")?, hash: H256(hash.0) })
		})
		.transpose()
	}

	/// Records that a finalised Gear block's events were read, and the messages that it took:
	/// both or neither. Returns the nonces for which it is news.
	pub async fn walk(
		&self,
		block: BlockId,
		deliveries: &[(u64, Option<Delivery>)],
	) -> Result<Vec<u64>, Error> {
		let mut tx = self.begin().await?;
		let news = deliver(&mut tx, deliveries).await?;
		walked_to(&mut tx, block).await?;
		tx.commit().await?;
		Ok(news)
	}

	/// Where reading begins, unless it has begun.
	pub async fn walk_from(&self, block: BlockId) -> Result<(), Error> {
		if self.walked().await?.is_some() {
			return Ok(());
		}
		let mut tx = self.begin_unfenced().await?;
		walked_to(&mut tx, block).await?;
		Ok(tx.commit().await?)
	}
}

async fn walked_to(tx: &mut Tx, block: BlockId) -> Result<(), Error> {
	sqlx::query(
		"INSERT INTO walked (id, number, hash) VALUES (1, $1, $2) \
		 ON CONFLICT (id) DO UPDATE SET number = $1, hash = $2",
	)
	.bind(int(block.number)?)
	.bind(block.hash.as_bytes())
	.execute(&mut **tx)
	.await?;
	Ok(())
}

fn read(row: &AnyRow) -> Result<Submission, Error> {
	let kind = match row.try_get::<&str, _>("kind")? {
		"update" => Kind::Update,
		_ => Kind::Messages,
	};
	Ok(Submission {
		id: row.try_get("id")?,
		kind,
		signer: AccountId32(hash(row, "signer")?.0),
		signed: Signed {
			bytes: row.try_get("bytes")?,
			hash: H256(hash(row, "hash")?.0),
			nonce: number(row, "nonce")?,
			last_block: number(row, "last_block")?,
		},
		sent_at: row.try_get("sent_at")?,
	})
}

#[cfg(test)]
mod tests {
	use super::{
		super::{
			blocks::tests::{block, found},
			tests::Temporary,
		},
		*,
	};
	use crate::relay::{backoff::Backoff, config::RelayConfig};

	fn patience() -> Patience {
		let config = RelayConfig { backoff_initial_ms: 0, backoff_max_ms: 0, ..Default::default() };
		Patience { backoff: Backoff::new(&config), max_attempts: 3 }
	}

	fn submission(nonce: u64, messages: &[u64]) -> NewSubmission {
		NewSubmission {
			kind: Kind::Messages,
			signer: AccountId32([1; 32]),
			signed: Signed {
				bytes: vec![nonce as u8; 3],
				hash: H256::repeat_byte(nonce as u8),
				nonce,
				last_block: 100,
			},
			messages: messages.to_vec(),
		}
	}

	async fn with_proven_messages(nonces: &[u64]) -> Temporary {
		let temporary = Temporary::new().await;
		let found: Vec<_> = nonces.iter().copied().map(found).collect();
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &found).await.unwrap();
		outbox.finalize(5, block(5, 0).hash).await.unwrap();
		let proofs: Vec<_> = nonces.iter().map(|nonce| (*nonce, b"proof".to_vec())).collect();
		outbox.proven(block(5, 0).hash, b"header", &proofs).await.unwrap();
		temporary
	}

	async fn stage_of(outbox: &Outbox, nonce: u64) -> Stage {
		outbox.message(nonce).await.unwrap().unwrap().stage
	}

	#[tokio::test]
	async fn the_same_bytes_are_there_after_a_crash() {
		let temporary = with_proven_messages(&[1, 2]).await;
		let stored = submission(7, &[1, 2]);
		let id = temporary.outbox.submit(&stored).await.unwrap();
		let temporary = temporary.reopen().await;
		let pending = temporary.outbox.pending().await.unwrap();
		assert_eq!(pending.len(), 1);
		assert_eq!((pending[0].id, &pending[0].signed), (id, &stored.signed));
		assert_eq!(pending[0].sent_at, None);
		assert_eq!(stage_of(&temporary.outbox, 2).await, Stage::Sent);
	}

	#[tokio::test]
	async fn a_message_that_is_not_ready_stores_nothing() {
		let temporary = with_proven_messages(&[1, 2]).await;
		let outbox = &temporary.outbox;
		outbox.delivered(&[(2, None)]).await.unwrap();
		let error = outbox.submit(&submission(7, &[1, 2])).await.unwrap_err();
		assert!(matches!(error, Error::Disagreement(_)), "{error}");
		assert!(outbox.pending().await.unwrap().is_empty());
		assert_eq!(stage_of(outbox, 1).await, Stage::Proven);
	}

	#[tokio::test]
	async fn two_pending_extrinsics_never_share_a_nonce() {
		let temporary = with_proven_messages(&[1, 2]).await;
		let outbox = &temporary.outbox;
		let id = outbox.submit(&submission(7, &[1])).await.unwrap();
		assert!(outbox.submit(&submission(7, &[2])).await.is_err());
		outbox.close(id, State::Expired, "era", Blame::Circumstances, &patience()).await.unwrap();
		outbox.submit(&submission(7, &[2])).await.unwrap();
	}

	#[tokio::test]
	async fn messages_of_an_expired_extrinsic_are_tried_again() {
		let temporary = with_proven_messages(&[1, 2]).await;
		let outbox = &temporary.outbox;
		let id = outbox.submit(&submission(7, &[1, 2])).await.unwrap();
		// The first was delivered by somebody else meanwhile.
		outbox.delivered(&[(1, None)]).await.unwrap();
		outbox.close(id, State::Expired, "era", Blame::Circumstances, &patience()).await.unwrap();
		assert_eq!(stage_of(outbox, 1).await, Stage::Done);
		assert_eq!(stage_of(outbox, 2).await, Stage::Failed);
		assert!(outbox.pending().await.unwrap().is_empty());
		assert_eq!(outbox.to_prove(10).await.unwrap().len(), 1);
	}

	#[tokio::test]
	async fn failed_updates_are_counted_since_the_last_good_one() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		assert_eq!(outbox.failed_updates().await.unwrap().0, 0);
		let outcomes = ["bad", "", "bad", "worse"];
		for (nonce, reason) in (0..).zip(outcomes) {
			let update = NewSubmission { kind: Kind::Update, ..submission(nonce, &[]) };
			let id = outbox.submit(&update).await.unwrap();
			let (blame, patience) = (Blame::Message, patience());
			outbox.close(id, State::Included, reason, blame, &patience).await.unwrap();
		}
		assert_eq!(outbox.failed_updates().await.unwrap().0, 2);
	}

	#[tokio::test]
	async fn a_walked_block_and_its_deliveries_are_recorded_together() {
		let temporary = with_proven_messages(&[1]).await;
		let outbox = &temporary.outbox;
		outbox.submit(&submission(7, &[1])).await.unwrap();
		assert_eq!(outbox.walked().await.unwrap(), None);
		let walked = BlockId { number: 12, hash: H256::repeat_byte(3) };
		let place = Delivery {
			block_number: 12,
			block_hash: B256::repeat_byte(3),
			outcome: Ok(B256::repeat_byte(4)),
		};
		assert_eq!(outbox.walk(walked, &[(1, Some(place.clone()))]).await.unwrap(), [1]);
		let temporary = temporary.reopen().await;
		assert_eq!(temporary.outbox.walked().await.unwrap(), Some(walked));
		let message = temporary.outbox.message(1).await.unwrap().unwrap();
		assert_eq!((message.stage, message.delivery), (Stage::Done, Some(place)));
	}
}
