//! What befell each message, step by step, for people to read.

use super::{Error, Millis, Outbox, hash, int, now, number, store::Tx};
use crate::relay::stage::Stage;
use serde::Serialize;
use sqlx::{Row, any::AnyRow};

/// Most steps kept of one message: a message that fails for years must not fill the disk.
const MAX_STEPS: i64 = 200;

/// A step on a message's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
	/// The stage it came to.
	pub stage: String,
	/// Where, in which extrinsic, or why.
	pub note: String,
	/// How often in a row, where it is a failure.
	pub times: u64,
	/// When, for the first time; in milliseconds of Unix time.
	pub first_at: Millis,
	/// When, for the last time.
	pub last_at: Millis,
}

/// An extrinsic that a message went in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ride {
	/// The extrinsic's hash.
	pub hash: String,
	/// `pending`, `included`, `expired` or `refused`.
	pub state: String,
	/// The account that signed it.
	pub signer: String,
	/// The account's nonce it takes.
	pub nonce: u64,
	/// The last block of the Gear chain that can include it.
	pub last_block: u64,
	/// When it was signed and stored, in milliseconds of Unix time.
	pub created_at: Millis,
	/// When a node last took it.
	pub sent_at: Option<Millis>,
	/// What was wrong with it.
	pub error: Option<String>,
}

impl Outbox {
	/// A message's steps, the first one first.
	pub async fn steps(&self, nonce: u64) -> Result<Vec<Step>, Error> {
		let rows = sqlx::query(
			"SELECT stage, note, times, first_at, last_at FROM step WHERE nonce = $1 ORDER BY id",
		)
		.bind(int(nonce)?)
		.fetch_all(&self.pool)
		.await?;
		rows.iter().map(step).collect()
	}

	/// The extrinsics that a message went in, the first one first.
	pub async fn rides(&self, nonce: u64) -> Result<Vec<Ride>, Error> {
		let rows = sqlx::query(
			"SELECT * FROM submission WHERE id IN \
			 (SELECT submission FROM step WHERE nonce = $1 AND submission IS NOT NULL) ORDER BY id",
		)
		.bind(int(nonce)?)
		.fetch_all(&self.pool)
		.await?;
		rows.iter().map(ride).collect()
	}
}

/// Writes down that a message came to a stage.
pub(super) async fn record(
	tx: &mut Tx,
	nonce: i64,
	stage: Stage,
	note: &str,
	submission: Option<i64>,
) -> Result<(), Error> {
	sqlx::query(
		"INSERT INTO step (nonce, stage, note, submission, first_at, last_at) \
		 VALUES ($1, $2, $3, $4, $5, $5)",
	)
	.bind(nonce)
	.bind(stage.name())
	.bind(note)
	.bind(submission)
	.bind(now())
	.execute(&mut **tx)
	.await?;
	Ok(())
}

/// Writes down that a message failed. The same failure as last time is only counted.
pub(super) async fn record_failure(
	tx: &mut Tx,
	nonce: i64,
	stage: Stage,
	reason: &str,
) -> Result<(), Error> {
	let counted = sqlx::query(
		"UPDATE step SET times = times + 1, last_at = $1 WHERE stage = $2 AND note = $3 \
		 AND id = (SELECT MAX(id) FROM step WHERE nonce = $4)",
	)
	.bind(now())
	.bind(stage.name())
	.bind(reason)
	.bind(nonce)
	.execute(&mut **tx)
	.await?;
	if counted.rows_affected() > 0 {
		return Ok(());
	}
	record(tx, nonce, stage, reason, None).await?;
	sqlx::query(
		"DELETE FROM step WHERE nonce = $1 AND id NOT IN \
		 (SELECT id FROM step WHERE nonce = $1 ORDER BY id DESC LIMIT $2)",
	)
	.bind(nonce)
	.bind(MAX_STEPS)
	.execute(&mut **tx)
	.await?;
	Ok(())
}

fn step(row: &AnyRow) -> Result<Step, Error> {
	Ok(Step {
		stage: row.try_get("stage")?,
		note: row.try_get("note")?,
		times: number(row, "times")?,
		first_at: row.try_get("first_at")?,
		last_at: row.try_get("last_at")?,
	})
}

fn ride(row: &AnyRow) -> Result<Ride, Error> {
	let signer = subxt::utils::AccountId32(hash(row, "signer")?.0);
	Ok(Ride {
		hash: hash(row, "hash")?.to_string(),
		state: row.try_get("state")?,
		signer: signer.to_string(),
		nonce: number(row, "nonce")?,
		last_block: number(row, "last_block")?,
		created_at: row.try_get("created_at")?,
		sent_at: row.try_get("sent_at")?,
		error: row.try_get("last_error")?,
	})
}

#[cfg(test)]
mod tests {
	use super::{
		super::{
			Blame, Patience,
			blocks::tests::{block, found},
			tests::Temporary,
		},
		*,
	};
	use crate::relay::{backoff::Backoff, config::RelayConfig};

	#[tokio::test]
	async fn the_same_failure_is_counted_and_another_is_told() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &[found(1)]).await.unwrap();
		outbox.finalize(5, block(5, 0).hash).await.unwrap();
		let backoff = Backoff::new(&RelayConfig::default());
		let patience = Patience { backoff, max_attempts: 10 };
		for reason in ["away", "away", "away", "bad leaf"] {
			outbox.failed(&[1], reason, Blame::Message, &patience).await.unwrap();
		}
		let steps = outbox.steps(1).await.unwrap();
		let told: Vec<_> = steps.iter().map(|step| (step.stage.as_str(), step.times)).collect();
		assert_eq!(told, [("observed", 1), ("final", 1), ("failed", 3), ("failed", 1)]);
		assert_eq!(steps[3].note, "bad leaf");
		assert!(steps[0].note.contains('5'), "{:?}", steps[0]);
	}

	#[tokio::test]
	async fn a_message_that_fails_for_ever_does_not_fill_the_disk() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &[found(1)]).await.unwrap();
		let mut tx = outbox.begin().await.unwrap();
		for n in 0..MAX_STEPS + 50 {
			record_failure(&mut tx, 1, Stage::Failed, &format!("reason {n}")).await.unwrap();
		}
		tx.commit().await.unwrap();
		let steps = outbox.steps(1).await.unwrap();
		assert_eq!(i64::try_from(steps.len()).unwrap(), MAX_STEPS);
		assert_eq!(steps.last().unwrap().note, format!("reason {}", MAX_STEPS + 49));
	}
}
