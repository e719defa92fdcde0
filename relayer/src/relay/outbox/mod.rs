//! What the relayer knows, in one file that survives any crash.
//!
//! Every change is one SQL transaction, on the disk before the call returns. How far the relayer
//! has come and what it found on the way are in the same tables and move together: the highest row
//! of `block` *is* the cursor. So an error never moves it, and there is no moment in which a
//! message has been passed but not recorded.
//!
//! A row's stage changes only along [`Stage::may_become`]: each update names the stages it comes
//! from, so a stage that was too slow changes nothing.

mod blocks;
mod messages;
mod report;
mod submissions;

pub use blocks::{Found, SeenBlock};
pub use messages::{Blame, Delivery, Message, Patience};
pub use report::{Backlog, StageBacklog};
pub use submissions::{Kind, NewSubmission, State, Submission};

use super::{Error, stage::Stage};
use alloy::primitives::{Address, B256};
use sqlx::{
	Row, Sqlite, SqlitePool, Transaction,
	sqlite::{
		SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
	},
};
use std::{path::Path, time::Duration};

/// The database.
#[derive(Debug, Clone)]
pub struct Outbox {
	pool: SqlitePool,
}

/// A pool of one connection that is never given up.
///
/// It has neither an age nor a time to be idle, for the task that sqlx spawns to see to these counts
/// on a number of idle connections that may be read while it is below zero, and then never ends.
fn one_connection() -> SqlitePoolOptions {
	SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
}

/// What a database is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
	/// Hash of the Gear chain's genesis block.
	pub gear_genesis: B256,
	/// EIP-155 id of the Ethereum chain.
	pub chain_id: u64,
	/// The gateway contract.
	pub gateway: Address,
}

/// Milliseconds of Unix time.
pub type Millis = i64;

/// The time now.
pub fn now() -> Millis {
	let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
	since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Outbox {
	/// Opens the file, makes it if it is not there, and brings its tables up to date.
	///
	/// One connection only: whoever changes anything does so alone.
	pub async fn open(path: &Path) -> Result<Self, Error> {
		let options = SqliteConnectOptions::new()
			.filename(path)
			.create_if_missing(true)
			.foreign_keys(true)
			.journal_mode(SqliteJournalMode::Wal)
			// With less, a transaction that was reported as done may be gone after a power cut.
			.synchronous(SqliteSynchronous::Full)
			.busy_timeout(Duration::from_secs(30));
		let pool = one_connection().connect_with(options).await?;
		sqlx::migrate!("./migrations").run(&pool).await?;
		Ok(Self { pool })
	}

	/// Opens the file of a relayer that may be at work, to look only.
	pub async fn open_to_read(path: &Path) -> Result<Self, Error> {
		let options = SqliteConnectOptions::new()
			.filename(path)
			.read_only(true)
			.busy_timeout(Duration::from_secs(30));
		let pool = one_connection().connect_with(options).await?;
		Ok(Self { pool })
	}

	/// Writes down what the file is about, or checks that it is about this.
	pub async fn identify(&self, identity: &Identity) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		let row = sqlx::query("SELECT gear_genesis, chain_id, gateway FROM identity")
			.fetch_optional(&mut *tx)
			.await?;
		let Some(row) = row else {
			sqlx::query(
				"INSERT INTO identity (id, gear_genesis, chain_id, gateway) VALUES (1, ?, ?, ?)",
			)
			.bind(identity.gear_genesis.as_slice())
			.bind(int(identity.chain_id)?)
			.bind(identity.gateway.as_slice())
			.execute(&mut *tx)
			.await?;
			return Ok(tx.commit().await?);
		};
		let found = Identity {
			gear_genesis: hash(&row, "gear_genesis")?,
			chain_id: number(&row, "chain_id")?,
			gateway: Address::from(bytes::<20>(&row, "gateway")?),
		};
		if found == *identity {
			return Ok(());
		}
		Err(Error::Mismatch {
			key: "[database] url",
			message: format!(
				"the file belongs to gateway {} of chain {} and the Gear chain with genesis {}, \
				 and not to gateway {} of chain {} and genesis {}; name another file",
				found.gateway,
				found.chain_id,
				found.gear_genesis,
				identity.gateway,
				identity.chain_id,
				identity.gear_genesis,
			),
		})
	}

	/// Begins a transaction that writes. It takes the write lock at once, so it cannot find out
	/// half-way that another has it.
	async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Error> {
		Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
	}
}

fn int(value: u64) -> Result<i64, Error> {
	i64::try_from(value).map_err(|_| {
		Error::Contradiction(format!("{value} is more than the database can hold in a number"))
	})
}

fn number(row: &SqliteRow, column: &str) -> Result<u64, Error> {
	let value: i64 = row.try_get(column)?;
	u64::try_from(value).map_err(|_| corrupt(column))
}

fn hash(row: &SqliteRow, column: &str) -> Result<B256, Error> {
	Ok(B256::from(bytes::<32>(row, column)?))
}

fn bytes<const N: usize>(row: &SqliteRow, column: &str) -> Result<[u8; N], Error> {
	row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| corrupt(column))
}

fn maybe_hash(row: &SqliteRow, column: &str) -> Result<Option<B256>, Error> {
	let value: Option<&[u8]> = row.try_get(column)?;
	value.map(|value| B256::try_from(value).map_err(|_| corrupt(column))).transpose()
}

fn stage(row: &SqliteRow) -> Result<Stage, Error> {
	row.try_get::<&str, _>("stage")?.parse().map_err(|_| corrupt("stage"))
}

fn corrupt(column: &str) -> Error {
	Error::Contradiction(format!("the database holds a strange {column}"))
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;

	/// An outbox in a folder of its own, which goes away with it.
	pub(crate) struct Temporary {
		pub(crate) outbox: Outbox,
		pub(crate) folder: tempfile::TempDir,
	}

	impl Temporary {
		pub(crate) async fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			let outbox = Outbox::open(&folder.path().join("relay.db")).await.unwrap();
			Self { outbox, folder }
		}

		/// Closes and opens the file again, as after a restart.
		pub(crate) async fn reopen(self) -> Self {
			self.outbox.pool.close().await;
			let outbox = Outbox::open(&self.folder.path().join("relay.db")).await.unwrap();
			Self { outbox, folder: self.folder }
		}
	}

	fn identity() -> Identity {
		Identity {
			gear_genesis: B256::repeat_byte(1),
			chain_id: 32_382,
			gateway: Address::repeat_byte(2),
		}
	}

	#[tokio::test]
	async fn a_file_of_another_gateway_is_refused() {
		let temporary = Temporary::new().await;
		temporary.outbox.identify(&identity()).await.unwrap();
		let temporary = temporary.reopen().await;
		temporary.outbox.identify(&identity()).await.unwrap();
		let other = Identity { gateway: Address::repeat_byte(3), ..identity() };
		let error = temporary.outbox.identify(&other).await.unwrap_err();
		assert!(error.to_string().contains("[database] url"), "{error}");
	}

	#[tokio::test]
	async fn nothing_committed_is_lost_to_a_power_cut() {
		let temporary = Temporary::new().await;
		let pragma = |name: &'static str| {
			let pool = temporary.outbox.pool.clone();
			async move { sqlx::query_scalar::<_, String>(name).fetch_one(&pool).await.unwrap() }
		};
		assert_eq!(pragma("PRAGMA journal_mode").await, "wal");
		let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
			.fetch_one(&temporary.outbox.pool)
			.await
			.unwrap();
		assert_eq!(synchronous, 2, "FULL");
	}

	#[tokio::test]
	async fn a_missing_file_is_not_made_by_looking() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("relay.db");
		assert!(Outbox::open_to_read(&path).await.is_err());
		assert!(!path.exists());
	}
}
