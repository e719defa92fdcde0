//! How much there is still to do.

use super::{Error, Holder, Millis, Outbox, Trouble, number, stage};
use crate::relay::{stage::Stage, why::why};
use serde::Serialize;
use sqlx::Row;

/// What is in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backlog {
	/// Number of the last execution block that was looked through.
	pub observed_block: Option<u64>,
	/// Every stage, in order.
	pub stages: Vec<StageBacklog>,
	/// Extrinsics that may still be included.
	pub pending_submissions: u64,
	/// What keeps the relayer from its work.
	pub troubles: Vec<Trouble>,
	/// The relayer at work, where several may share the database.
	pub leader: Option<Holder>,
}

/// The messages at one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageBacklog {
	/// Its name.
	pub stage: &'static str,
	/// How many messages are there.
	pub messages: u64,
	/// The gateway's number of the oldest of them.
	pub oldest_nonce: Option<u64>,
	/// When the oldest of them was observed, in milliseconds of Unix time.
	pub oldest_observed_at: Option<Millis>,
	/// When one of them was last changed, in milliseconds of Unix time.
	pub latest_update_at: Option<Millis>,
	/// What was wrong with the oldest of them that has something wrong.
	pub last_error: Option<String>,
	/// Why they are there, unless there are none.
	pub why: Option<String>,
}

impl StageBacklog {
	fn empty(stage: Stage) -> Self {
		Self {
			stage: stage.name(),
			messages: 0,
			oldest_nonce: None,
			oldest_observed_at: None,
			latest_update_at: None,
			last_error: None,
			why: None,
		}
	}
}

impl Backlog {
	/// The messages at one stage.
	pub fn at(&self, stage: Stage) -> u64 {
		self.stages.iter().find(|row| row.stage == stage.name()).map_or(0, |row| row.messages)
	}
}

impl Outbox {
	/// Counts what is in the outbox.
	pub async fn backlog(&self) -> Result<Backlog, Error> {
		let rows = sqlx::query(
			"SELECT stage, COUNT(*) AS messages, MIN(nonce) AS nonce, \
			 MIN(observed_at) AS observed_at, MAX(updated_at) AS updated_at, \
			 (SELECT last_error FROM message AS inner_message \
			  WHERE inner_message.stage = message.stage AND last_error IS NOT NULL \
			  ORDER BY nonce LIMIT 1) AS last_error \
			 FROM message GROUP BY stage",
		)
		.fetch_all(&self.pool)
		.await?;
		let troubles = self.troubles().await?;
		let mut stages: Vec<_> = Stage::ALL.into_iter().map(StageBacklog::empty).collect();
		for row in &rows {
			let stage = stage(row)?;
			if let Some(entry) = stages.iter_mut().find(|entry| entry.stage == stage.name()) {
				entry.messages = number(row, "messages")?;
				entry.oldest_nonce = Some(number(row, "nonce")?);
				entry.oldest_observed_at = Some(row.try_get("observed_at")?);
				entry.latest_update_at = Some(row.try_get("updated_at")?);
				entry.last_error = row.try_get("last_error")?;
				entry.why = Some(why(stage, entry.last_error.as_deref(), &troubles));
			}
		}
		let pending = sqlx::query("SELECT COUNT(*) AS n FROM submission WHERE state = 'pending'")
			.fetch_one(&self.pool)
			.await?;
		Ok(Backlog {
			observed_block: self.tip().await?.map(|tip| tip.number),
			stages,
			pending_submissions: number(&pending, "n")?,
			troubles,
			leader: self.lease_holder().await?,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::super::{
		blocks::tests::{block, found},
		tests::Temporary,
	};
	use super::*;

	#[tokio::test]
	async fn every_stage_is_reported_also_when_empty() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		let backlog = outbox.backlog().await.unwrap();
		assert_eq!(backlog.observed_block, None);
		assert_eq!(backlog.stages.len(), Stage::ALL.len());
		outbox.append(block(5, 0), 60, &[found(3), found(4)]).await.unwrap();
		outbox.finalize(5, block(5, 0).hash).await.unwrap();
		outbox.append(block(6, 0), 72, &[found(5)]).await.unwrap();
		let backlog = outbox.backlog().await.unwrap();
		assert_eq!(backlog.observed_block, Some(6));
		assert_eq!((backlog.at(Stage::Final), backlog.at(Stage::Observed)), (2, 1));
		let of_final = backlog.stages.iter().find(|row| row.stage == "final").unwrap();
		assert_eq!(of_final.oldest_nonce, Some(3));
		assert_eq!(backlog.at(Stage::Done), 0);
	}
}
