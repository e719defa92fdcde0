//! The messages' ways through the stages after they were found.

use super::{
	Error, Millis, Outbox, bytes, hash, int,
	journey::{record, record_failure},
	maybe_hash, now, number, small, stage,
	store::Tx,
};
use crate::relay::{backoff::Backoff, stage::Stage};
use alloy::primitives::{Address, B256};
use sqlx::{Row, any::AnyRow};

/// A message as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
	/// The gateway's number for it.
	pub nonce: u64,
	/// Number of the execution block it is in.
	pub block_number: u64,
	/// Hash of that block.
	pub block_hash: B256,
	/// Timestamp of that block, in seconds of Unix time.
	pub block_time: u64,
	/// Hash of the transaction it was sent by.
	pub tx_hash: B256,
	/// Position of that transaction in the block.
	pub tx_index: u32,
	/// Position of its log in the transaction's receipt.
	pub log_index: u32,
	/// Who sent it.
	pub sender: Address,
	/// The program it is for.
	pub program: B256,
	/// How far it has come.
	pub stage: Stage,
	/// How often it failed for a reason of its own.
	pub attempts: u32,
	/// When it may be tried again, in milliseconds of Unix time.
	pub next_attempt_at: Millis,
	/// When it was first seen, in milliseconds of Unix time.
	pub observed_at: Millis,
	/// When it was last changed.
	pub updated_at: Millis,
	/// What was wrong last.
	pub last_error: Option<String>,
	/// SCALE bytes of its receipt proof.
	pub proof: Option<Vec<u8>>,
	/// Where it was delivered, once that was seen.
	pub delivery: Option<Delivery>,
}

/// A message's arrival on the Gear chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
	/// Number of the finalised block that took it.
	pub block_number: u64,
	/// Hash of that block.
	pub block_hash: B256,
	/// The id it has on the Gear chain, or why it used its nonce and was not posted there.
	pub outcome: Result<B256, String>,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
	/// The message's: it counts, and too many of them make the message dead.
	Message,
	/// The circumstances': it is tried again for as long as it takes.
	Circumstances,
}

/// How failures are counted and spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
	/// Pauses between attempts.
	pub backoff: Backoff,
	/// How many failures of its own a message may have.
	pub max_attempts: u32,
}

impl Outbox {
	/// Messages whose proof is to be built, the oldest first: those that became final, and those
	/// that failed and whose time has come again.
	pub async fn to_prove(&self, limit: u32) -> Result<Vec<Message>, Error> {
		self.due(
			"SELECT * FROM message WHERE stage IN ('final', 'failed') AND next_attempt_at <= $1 \
			 ORDER BY nonce LIMIT $2",
			limit,
		)
		.await
	}

	/// Messages that can be sent, the oldest first.
	pub async fn to_send(&self, limit: u32) -> Result<Vec<Message>, Error> {
		self.due(
			"SELECT * FROM message WHERE stage = 'proven' AND next_attempt_at <= $1 \
			 ORDER BY nonce LIMIT $2",
			limit,
		)
		.await
	}

	async fn due(&self, sql: &'static str, limit: u32) -> Result<Vec<Message>, Error> {
		let rows =
			sqlx::query(sql).bind(now()).bind(i64::from(limit)).fetch_all(&self.pool).await?;
		rows.iter().map(read).collect()
	}

	/// A message, by its nonce.
	pub async fn message(&self, nonce: u64) -> Result<Option<Message>, Error> {
		let row = sqlx::query("SELECT * FROM message WHERE nonce = $1")
			.bind(int(nonce)?)
			.fetch_optional(&self.pool)
			.await?;
		row.as_ref().map(read).transpose()
	}

	/// Messages at a stage, or at any, the newest first, from `below` downwards. Without proofs.
	pub async fn messages(
		&self,
		stage: Option<Stage>,
		below: Option<u64>,
		limit: u32,
	) -> Result<Vec<Message>, Error> {
		let rows = sqlx::query(
			"SELECT nonce, block_number, block_hash, block_time, tx_hash, tx_index, log_index, \
			 sender, program, stage, attempts, next_attempt_at, observed_at, updated_at, \
			 last_error, NULL AS proof, gear_block_number, gear_block_hash, message_id \
			 FROM message WHERE (stage = $1 OR $1 IS NULL) AND nonce < $2 \
			 ORDER BY nonce DESC LIMIT $3",
		)
		.bind(stage.map(Stage::name))
		.bind(below.map_or(Ok(i64::MAX), int)?)
		.bind(i64::from(limit))
		.fetch_all(&self.pool)
		.await?;
		rows.iter().map(read).collect()
	}

	/// Nonces of the messages that a transaction brought, or that have that id on the Gear chain.
	pub async fn named(&self, name: B256) -> Result<Vec<u64>, Error> {
		let rows = sqlx::query(
			"SELECT nonce FROM message WHERE tx_hash = $1 OR message_id = $1 ORDER BY nonce",
		)
		.bind(name.as_slice())
		.fetch_all(&self.pool)
		.await?;
		rows.iter().map(|row| number(row, "nonce")).collect()
	}

	/// Nonces of all messages, in order.
	pub async fn nonces(&self) -> Result<Vec<u64>, Error> {
		let rows =
			sqlx::query("SELECT nonce FROM message ORDER BY nonce").fetch_all(&self.pool).await?;
		rows.iter().map(|row| number(row, "nonce")).collect()
	}

	/// How long ago these messages were first seen, in milliseconds.
	pub async fn ages(&self, nonces: &[u64]) -> Result<Vec<Millis>, Error> {
		let mut ages = Vec::with_capacity(nonces.len());
		for nonce in nonces {
			let seen: Option<i64> =
				sqlx::query_scalar("SELECT observed_at FROM message WHERE nonce = $1")
					.bind(int(*nonce)?)
					.fetch_optional(&self.pool)
					.await?;
			ages.extend(seen.map(|seen| now().saturating_sub(seen)));
		}
		Ok(ages)
	}

	/// Nonces of all messages that are not done, in order.
	pub async fn undelivered(&self) -> Result<Vec<u64>, Error> {
		let rows = sqlx::query("SELECT nonce FROM message WHERE stage <> 'done' ORDER BY nonce")
			.fetch_all(&self.pool)
			.await?;
		rows.iter().map(|row| number(row, "nonce")).collect()
	}

	/// Timestamp of the newest block with a message that waits to be proven, in seconds of Unix
	/// time.
	pub async fn newest_waiting(&self) -> Result<Option<u64>, Error> {
		let row = sqlx::query(
			"SELECT block_time FROM message WHERE stage IN ('final', 'failed') \
			 ORDER BY block_time DESC LIMIT 1",
		)
		.fetch_optional(&self.pool)
		.await?;
		row.as_ref().map(|row| number(row, "block_time")).transpose()
	}

	/// Records the proofs of messages of one block, with the proof that they share.
	pub async fn proven(
		&self,
		block_hash: B256,
		header_proof: &[u8],
		proofs: &[(u64, Vec<u8>)],
	) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		sqlx::query(
			"INSERT INTO header_proof (block_hash, proof, created_at) VALUES ($1, $2, $3) \
			 ON CONFLICT (block_hash) DO UPDATE SET proof = $2, created_at = $3",
		)
		.bind(block_hash.as_slice())
		.bind(header_proof)
		.bind(now())
		.execute(&mut *tx)
		.await?;
		for (nonce, proof) in proofs {
			let nonce = int(*nonce)?;
			let outcome = sqlx::query(
				"UPDATE message SET stage = 'proven', proof = $1, updated_at = $2 \
				 WHERE nonce = $3 AND stage IN ('final', 'failed')",
			)
			.bind(proof.as_slice())
			.bind(now())
			.bind(nonce)
			.execute(&mut *tx)
			.await?;
			if outcome.rows_affected() == 1 {
				let note = format!("{} bytes, of block {block_hash}", proof.len());
				record(&mut tx, nonce, Stage::Proven, &note, None).await?;
			}
		}
		Ok(tx.commit().await?)
	}

	/// SCALE bytes of the proof that a block's messages share.
	pub async fn header_proof(&self, block_hash: B256) -> Result<Option<Vec<u8>>, Error> {
		Ok(sqlx::query_scalar("SELECT proof FROM header_proof WHERE block_hash = $1")
			.bind(block_hash.as_slice())
			.fetch_optional(&self.pool)
			.await?)
	}

	/// Records that messages failed before they were sent.
	pub async fn failed(
		&self,
		nonces: &[u64],
		reason: &str,
		blame: Blame,
		patience: &Patience,
	) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		for nonce in nonces {
			fail(&mut tx, *nonce, reason, blame, patience).await?;
		}
		Ok(tx.commit().await?)
	}

	/// Records that the Gear chain took messages, where that was seen together with the place.
	/// Returns the nonces for which it is news.
	pub async fn delivered(
		&self,
		deliveries: &[(u64, Option<Delivery>)],
	) -> Result<Vec<u64>, Error> {
		let mut tx = self.begin().await?;
		let news = deliver(&mut tx, deliveries).await?;
		tx.commit().await?;
		Ok(news)
	}

	/// Gives a message that failed, or was given up, another chance at once, from its proof on.
	/// Returns whether it was such a message.
	pub async fn retry(&self, nonce: u64) -> Result<bool, Error> {
		let mut tx = self.begin().await?;
		let outcome = sqlx::query(
			"UPDATE message SET stage = 'failed', attempts = 0, failures = 0, next_attempt_at = 0, \
			 updated_at = $1 WHERE nonce = $2 AND stage IN ('failed', 'dead')",
		)
		.bind(now())
		.bind(int(nonce)?)
		.execute(&mut *tx)
		.await?;
		if outcome.rows_affected() == 1 {
			let note = "an operator gave it another chance";
			record(&mut tx, int(nonce)?, Stage::Failed, note, None).await?;
		}
		tx.commit().await?;
		Ok(outcome.rows_affected() == 1)
	}
}

/// Moves a message to `failed`, or to `dead` when it was its own fault once too often.
pub(super) async fn fail(
	tx: &mut Tx,
	nonce: u64,
	reason: &str,
	blame: Blame,
	patience: &Patience,
) -> Result<(), Error> {
	let row = sqlx::query("SELECT stage, attempts, failures FROM message WHERE nonce = $1")
		.bind(int(nonce)?)
		.fetch_optional(&mut **tx)
		.await?;
	let Some(row) = row else { return Ok(()) };
	let attempts = small(&row, "attempts")?;
	let attempts = match blame {
		Blame::Message => attempts.saturating_add(1),
		Blame::Circumstances => attempts,
	};
	let failures = small(&row, "failures")?.saturating_add(1);
	let next = match blame {
		Blame::Message if attempts >= patience.max_attempts => Stage::Dead,
		_ => Stage::Failed,
	};
	if !stage(&row)?.may_become(next) {
		return Ok(());
	}
	let pause = patience.backoff.after(failures);
	let at = now().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
	sqlx::query(
		"UPDATE message SET stage = $1, attempts = $2, failures = $3, next_attempt_at = $4, last_error = $5, \
		 submission = NULL, updated_at = $6 WHERE nonce = $7",
	)
	.bind(next.name())
	.bind(i64::from(attempts))
	.bind(i64::from(failures))
	.bind(at)
	.bind(reason)
	.bind(now())
	.bind(int(nonce)?)
	.execute(&mut **tx)
	.await?;
	record_failure(tx, int(nonce)?, next, reason).await?;
	match next {
		Stage::Dead => tracing::error!(nonce, attempts, reason, "message is dead"),
		_ => tracing::warn!(nonce, attempts, reason, retry_in = ?pause, "message failed"),
	}
	Ok(())
}

pub(super) async fn deliver(
	tx: &mut Tx,
	deliveries: &[(u64, Option<Delivery>)],
) -> Result<Vec<u64>, Error> {
	let mut news = Vec::new();
	for (nonce, delivery) in deliveries {
		let outcome = sqlx::query(
			"UPDATE message SET stage = 'done', last_error = NULL, updated_at = $1 \
			 WHERE nonce = $2 AND stage <> 'done'",
		)
		.bind(now())
		.bind(int(*nonce)?)
		.execute(&mut **tx)
		.await?;
		let is_news = outcome.rows_affected() == 1;
		if is_news {
			news.push(*nonce);
		}
		let mut note = is_news.then(|| "the Gear chain has used its nonce".to_string());
		// The place may come to light after the fact has.
		if let Some(delivery) = delivery {
			let placed = sqlx::query(
				"UPDATE message SET gear_block_number = $1, gear_block_hash = $2, message_id = $3, \
				 last_error = $4 WHERE nonce = $5 AND gear_block_hash IS NULL",
			)
			.bind(int(delivery.block_number)?)
			.bind(delivery.block_hash.as_slice())
			.bind(delivery.outcome.as_ref().ok().map(|id| id.to_vec()))
			.bind(delivery.outcome.as_ref().err().map(String::as_str))
			.bind(int(*nonce)?)
			.execute(&mut **tx)
			.await?;
			if placed.rows_affected() == 1 {
				let (number, hash) = (delivery.block_number, delivery.block_hash);
				note = Some(match &delivery.outcome {
					Ok(id) => format!("block {number} ({hash}) posted it as {id}"),
					Err(reason) => {
						format!("block {number} ({hash}) took it and could not post it: {reason}")
					}
				});
			}
		}
		if let Some(note) = note {
			record(tx, int(*nonce)?, Stage::Done, &note, None).await?;
		}
	}
	Ok(news)
}

fn read(row: &AnyRow) -> Result<Message, Error> {
	let delivery = match maybe_hash(row, "gear_block_hash")? {
		Some(block_hash) => Some(Delivery {
			block_number: number(row, "gear_block_number")?,
			block_hash,
			outcome: match maybe_hash(row, "message_id")? {
				Some(id) => Ok(id),
				None => Err(row.try_get::<Option<_>, _>("last_error")?.unwrap_or_default()),
			},
		}),
		None => None,
	};
	Ok(Message {
		nonce: number(row, "nonce")?,
		block_number: number(row, "block_number")?,
		block_hash: hash(row, "block_hash")?,
		block_time: number(row, "block_time")?,
		tx_hash: hash(row, "tx_hash")?,
		tx_index: small(row, "tx_index")?,
		log_index: small(row, "log_index")?,
		sender: Address::from(bytes::<20>(row, "sender")?),
		program: hash(row, "program")?,
		stage: stage(row)?,
		attempts: small(row, "attempts")?,
		next_attempt_at: row.try_get("next_attempt_at")?,
		observed_at: row.try_get("observed_at")?,
		updated_at: row.try_get("updated_at")?,
		last_error: row.try_get("last_error")?,
		proof: row.try_get("proof")?,
		delivery,
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
	use crate::relay::config::RelayConfig;

	fn patience(pause_ms: u64) -> Patience {
		let config = RelayConfig {
			backoff_initial_ms: pause_ms,
			backoff_max_ms: pause_ms,
			..Default::default()
		};
		Patience { backoff: Backoff::new(&config), max_attempts: 3 }
	}

	async fn with_final_messages(nonces: &[u64]) -> Temporary {
		let temporary = Temporary::new().await;
		let found: Vec<_> = nonces.iter().copied().map(found).collect();
		temporary.outbox.append(block(5, 0), 60, &found).await.unwrap();
		temporary.outbox.finalize(5, block(5, 0).hash).await.unwrap();
		temporary
	}

	async fn stage_of(outbox: &Outbox, nonce: u64) -> Stage {
		outbox.message(nonce).await.unwrap().unwrap().stage
	}

	#[tokio::test]
	async fn what_is_not_final_is_not_proven() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &[found(1)]).await.unwrap();
		assert!(outbox.to_prove(10).await.unwrap().is_empty());
		outbox.proven(block(5, 0).hash, b"header", &[(1, b"proof".to_vec())]).await.unwrap();
		assert_eq!(stage_of(outbox, 1).await, Stage::Observed);
	}

	#[tokio::test]
	async fn proofs_are_kept_with_what_they_share() {
		let temporary = with_final_messages(&[1, 2]).await;
		let outbox = &temporary.outbox;
		let proofs = [(1, b"one".to_vec()), (2, b"two".to_vec())];
		outbox.proven(block(5, 0).hash, b"header", &proofs).await.unwrap();
		let temporary = temporary.reopen().await;
		let ready = temporary.outbox.to_send(10).await.unwrap();
		assert_eq!(ready.len(), 2);
		assert_eq!(ready[1].proof.as_deref(), Some(&b"two"[..]));
		let shared = temporary.outbox.header_proof(ready[0].block_hash).await.unwrap();
		assert_eq!(shared.as_deref(), Some(&b"header"[..]));
	}

	#[tokio::test]
	async fn a_poison_message_dies_after_its_attempts_and_others_go_on() {
		let temporary = with_final_messages(&[1, 2]).await;
		let outbox = &temporary.outbox;
		for attempt in 1..=3 {
			assert!(outbox.to_prove(10).await.unwrap().iter().any(|message| message.nonce == 1));
			outbox.failed(&[1], "bad leaf", Blame::Message, &patience(0)).await.unwrap();
			assert_eq!(outbox.message(1).await.unwrap().unwrap().attempts, attempt);
		}
		let dead = outbox.message(1).await.unwrap().unwrap();
		assert_eq!((dead.stage, dead.last_error.as_deref()), (Stage::Dead, Some("bad leaf")));
		let due: Vec<_> = outbox.to_prove(10).await.unwrap();
		assert_eq!(due.iter().map(|message| message.nonce).collect::<Vec<_>>(), [2]);
	}

	#[tokio::test]
	async fn circumstances_never_kill() {
		let temporary = with_final_messages(&[1]).await;
		for _ in 0..10 {
			let outbox = &temporary.outbox;
			outbox.failed(&[1], "expired", Blame::Circumstances, &patience(0)).await.unwrap();
		}
		let message = temporary.outbox.message(1).await.unwrap().unwrap();
		assert_eq!((message.stage, message.attempts), (Stage::Failed, 0));
	}

	#[tokio::test]
	async fn a_failed_message_waits_for_its_time() {
		let temporary = with_final_messages(&[1]).await;
		let outbox = &temporary.outbox;
		outbox.failed(&[1], "later", Blame::Message, &patience(3_600_000)).await.unwrap();
		assert!(outbox.to_prove(10).await.unwrap().is_empty());
	}

	#[tokio::test]
	async fn what_somebody_else_delivered_is_done_once() {
		let temporary = with_final_messages(&[1]).await;
		let outbox = &temporary.outbox;
		assert_eq!(outbox.delivered(&[(1, None), (99, None)]).await.unwrap(), [1]);
		assert!(outbox.delivered(&[(1, None)]).await.unwrap().is_empty());
		// The place is filled in when it is found, and not overwritten.
		let place = |byte: u8| Delivery {
			block_number: byte.into(),
			block_hash: B256::repeat_byte(byte),
			outcome: Ok(B256::repeat_byte(byte)),
		};
		outbox.delivered(&[(1, Some(place(4)))]).await.unwrap();
		outbox.delivered(&[(1, Some(place(5)))]).await.unwrap();
		let message = outbox.message(1).await.unwrap().unwrap();
		assert_eq!((message.stage, message.delivery), (Stage::Done, Some(place(4))));
		// Nothing brings it back.
		outbox.failed(&[1], "late news", Blame::Message, &patience(0)).await.unwrap();
		outbox.proven(block(5, 0).hash, b"header", &[(1, b"proof".to_vec())]).await.unwrap();
		assert_eq!(stage_of(outbox, 1).await, Stage::Done);
	}

	#[tokio::test]
	async fn a_message_that_the_chain_took_and_could_not_post_says_why() {
		let temporary = with_final_messages(&[1]).await;
		let outbox = &temporary.outbox;
		let place = Delivery {
			block_number: 4,
			block_hash: B256::repeat_byte(4),
			outcome: Err("no such program".to_string()),
		};
		outbox.delivered(&[(1, Some(place.clone()))]).await.unwrap();
		let message = outbox.message(1).await.unwrap().unwrap();
		assert_eq!((message.stage, message.delivery), (Stage::Done, Some(place)));
	}

	#[tokio::test]
	async fn an_operator_can_retry_what_failed_and_nothing_else() {
		let temporary = with_final_messages(&[1]).await;
		let outbox = &temporary.outbox;
		assert!(!outbox.retry(1).await.unwrap());
		for _ in 0..3 {
			outbox.failed(&[1], "bad leaf", Blame::Message, &patience(0)).await.unwrap();
		}
		assert!(outbox.retry(1).await.unwrap());
		assert_eq!(outbox.to_prove(10).await.unwrap().len(), 1);
		outbox.failed(&[1], "later", Blame::Message, &patience(3_600_000)).await.unwrap();
		assert!(outbox.to_prove(10).await.unwrap().is_empty());
		assert!(outbox.retry(1).await.unwrap());
		assert_eq!(outbox.to_prove(10).await.unwrap().len(), 1);
	}
}
