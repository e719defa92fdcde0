//! Who may relay, where several relayers share one server.
//!
//! One holds a lease and does all the work; the others look from time to time whether it has run
//! out. Two things make that safe. The times are the server's, so that clocks may differ. And the
//! lease has an epoch, which every transaction that writes compares with its own while it holds
//! the lease's row: a relayer that slept through its lease finds out before it stores anything,
//! and what is not stored is not sent.

use super::{Error, Outbox, Writers, number, store::Tx};
use serde::Serialize;
use sqlx::Row;
use std::{
	sync::atomic::{AtomicI64, Ordering},
	time::Duration,
};

/// The server's time, in milliseconds of Unix time.
const SERVER_NOW: &str = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";

/// No epoch: the lease is somebody else's.
pub(super) const NOT_HELD: i64 = -1;

/// Who holds the lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
	/// What it calls itself.
	pub name: String,
	/// For how long still, in milliseconds; negative where it has run out.
	pub expires_in_ms: i64,
	/// How often the lease has changed hands.
	pub epoch: u64,
}

impl Outbox {
	/// Whether other relayers may share the database.
	pub fn is_shared(&self) -> bool {
		matches!(self.writers, Writers::Many(_))
	}

	/// Takes the lease if nobody holds it. From then on this outbox may be written.
	pub async fn take_lease(&self, name: &str, length: Duration) -> Result<bool, Error> {
		let Writers::Many(Some(fence)) = &self.writers else { return Ok(true) };
		let sql = format!(
			"UPDATE lease SET holder = $1, epoch = epoch + 1, expires_at = {SERVER_NOW} + $2 \
			 WHERE id = 1 AND expires_at < {SERVER_NOW} RETURNING epoch"
		);
		let row = sqlx::query(sqlx::AssertSqlSafe(sql))
			.bind(name)
			.bind(millis(length))
			.fetch_optional(&self.pool)
			.await?;
		let Some(row) = row else { return Ok(false) };
		fence.store(row.try_get("epoch")?, Ordering::SeqCst);
		Ok(true)
	}

	/// Holds the lease for longer. False where it is another's by now.
	pub async fn renew_lease(&self, length: Duration) -> Result<bool, Error> {
		let Writers::Many(Some(fence)) = &self.writers else { return Ok(true) };
		let sql =
			format!("UPDATE lease SET expires_at = {SERVER_NOW} + $1 WHERE id = 1 AND epoch = $2");
		let outcome = sqlx::query(sqlx::AssertSqlSafe(sql))
			.bind(millis(length))
			.bind(fence.load(Ordering::SeqCst))
			.execute(&self.pool)
			.await?;
		Ok(outcome.rows_affected() == 1)
	}

	/// Nothing is written any more until the lease is taken again.
	pub fn stop_writing(&self) {
		if let Writers::Many(Some(fence)) = &self.writers {
			fence.store(NOT_HELD, Ordering::SeqCst);
		}
	}

	/// Gives the lease back, so that another need not wait until it has run out.
	pub async fn release_lease(&self) -> Result<(), Error> {
		let Writers::Many(Some(fence)) = &self.writers else { return Ok(()) };
		sqlx::query("UPDATE lease SET expires_at = 0 WHERE id = 1 AND epoch = $1")
			.bind(fence.swap(NOT_HELD, Ordering::SeqCst))
			.execute(&self.pool)
			.await?;
		Ok(())
	}

	/// Who holds the lease, or held it last; `None` where the database is not shared.
	pub async fn lease_holder(&self) -> Result<Option<Holder>, Error> {
		if !self.is_shared() {
			return Ok(None);
		}
		let sql = format!("SELECT holder, epoch, expires_at - {SERVER_NOW} AS rest FROM lease");
		let row = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_one(&self.pool).await?;
		Ok(Some(Holder {
			name: row.try_get("holder")?,
			expires_in_ms: row.try_get("rest")?,
			epoch: number(&row, "epoch")?,
		}))
	}
}

/// Takes the lease's row, which every transaction that writes takes first, so that none runs beside
/// another. A relayer, which has a fence, must hold the lease.
pub(super) async fn enter(tx: &mut Tx, fence: Option<&AtomicI64>) -> Result<(), Error> {
	let row = sqlx::query("SELECT holder, epoch FROM lease WHERE id = 1 FOR UPDATE")
		.fetch_one(&mut **tx)
		.await?;
	let epoch: i64 = row.try_get("epoch")?;
	match fence {
		Some(fence) if fence.load(Ordering::SeqCst) != epoch => {
			let holder: String = row.try_get("holder")?;
			Err(Error::Superseded { holder })
		}
		_ => Ok(()),
	}
}

fn millis(length: Duration) -> i64 {
	i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
