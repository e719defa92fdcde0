//! What keeps the relayer's own stages from their work, for people to read.

use super::{Error, Millis, Outbox, now, number};
use serde::Serialize;
use sqlx::Row;

/// A stage that cannot do its work at the moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
	/// The stage's name.
	pub stage: String,
	/// How often in a row it has failed.
	pub failures: u64,
	/// What was wrong last.
	pub error: String,
	/// Since when it has failed, in milliseconds of Unix time.
	pub since: Millis,
	/// When it failed last.
	pub last_at: Millis,
}

impl Outbox {
	/// Writes down that a stage failed.
	pub async fn in_trouble(&self, stage: &str, failures: u32, error: &str) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		sqlx::query(
			"INSERT INTO trouble (stage, failures, error, since, last_at) \
			 VALUES ($1, $2, $3, $4, $4) \
			 ON CONFLICT (stage) DO UPDATE SET failures = $2, error = $3, last_at = $4",
		)
		.bind(stage)
		.bind(i64::from(failures))
		.bind(error)
		.bind(now())
		.execute(&mut *tx)
		.await?;
		Ok(tx.commit().await?)
	}

	/// Writes down that a stage works again; `None` means all of them.
	pub async fn out_of_trouble(&self, stage: Option<&str>) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		sqlx::query("DELETE FROM trouble WHERE stage = $1 OR $1 IS NULL")
			.bind(stage)
			.execute(&mut *tx)
			.await?;
		Ok(tx.commit().await?)
	}

	/// Moves the beginning of a stage's trouble back.
	#[cfg(test)]
	pub(crate) async fn has_been_in_trouble(&self, stage: &str, millis: Millis) {
		let mut tx = self.begin().await.unwrap();
		sqlx::query("UPDATE trouble SET since = since - $1 WHERE stage = $2")
			.bind(millis)
			.bind(stage)
			.execute(&mut *tx)
			.await
			.unwrap();
		tx.commit().await.unwrap();
	}

	/// The stages that cannot do their work at the moment.
	pub async fn troubles(&self) -> Result<Vec<Trouble>, Error> {
		let rows =
			sqlx::query("SELECT * FROM trouble ORDER BY since").fetch_all(&self.pool).await?;
		rows.iter()
			.map(|row| {
				Ok(Trouble {
					stage: row.try_get("stage")?,
					failures: number(row, "failures")?,
					error: row.try_get("error")?,
					since: row.try_get("since")?,
					last_at: row.try_get("last_at")?,
				})
			})
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::super::tests::Temporary;

	#[tokio::test]
	async fn trouble_is_told_as_long_as_it_lasts() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.in_trouble("prove", 1, "away").await.unwrap();
		outbox.in_trouble("prove", 2, "still away").await.unwrap();
		outbox.in_trouble("send", 1, "no funds").await.unwrap();
		let troubles = outbox.troubles().await.unwrap();
		assert_eq!(troubles.len(), 2);
		let prove = troubles.iter().find(|trouble| trouble.stage == "prove").unwrap();
		assert_eq!((prove.failures, prove.error.as_str()), (2, "still away"));
		assert!(prove.since <= prove.last_at);
		outbox.out_of_trouble(Some("prove")).await.unwrap();
		assert_eq!(outbox.troubles().await.unwrap()[0].stage, "send");
		outbox.out_of_trouble(None).await.unwrap();
		assert!(outbox.troubles().await.unwrap().is_empty());
	}
}
