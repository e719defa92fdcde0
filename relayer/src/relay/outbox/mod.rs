//! What the relayer knows, in one database that survives any crash.
//!
//! Every change is one SQL transaction, on the disk before the call returns. How far the relayer
//! has come and what it found on the way are in the same tables and move together: the highest row
//! of `block` *is* the cursor. So an error never moves it, and there is no moment in which a
//! message has been passed but not recorded.
//!
//! A row's stage changes only along [`Stage::may_become`]: each update names the stages it comes
//! from, so a stage that was too slow changes nothing.

mod blocks;
mod journey;
mod lease;
mod messages;
mod report;
#[cfg(test)]
mod server_tests;
mod store;
mod submissions;
mod trouble;

pub use blocks::{Found, SeenBlock};
pub use journey::{Ride, Step};
pub use lease::Holder;
pub use messages::{Blame, Delivery, Message, Patience};
pub use report::{Backlog, StageBacklog};
pub use store::Location;
pub use submissions::{Kind, NewSubmission, State, Submission};
pub use trouble::Trouble;

use self::store::{Purpose, Tx};
use super::{Error, stage::Stage};
use alloy::primitives::{Address, B256};
use sqlx::{AnyPool, Row, any::AnyRow};
use std::sync::{Arc, atomic::AtomicI64};

/// The database.
#[derive(Debug, Clone)]
pub struct Outbox {
	pool: AnyPool,
	writers: Writers,
}

/// Who may write.
#[derive(Debug, Clone)]
enum Writers {
	/// Whoever has the file open, one at a time.
	Alone,
	/// Whoever takes the lease's row, one at a time. A relayer has a fence as well, which holds the
	/// epoch of its lease, and writes only while that is the current one.
	Many(Option<Arc<AtomicI64>>),
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
	/// Opens a database for a relayer, and brings its tables up to date. Where several relayers
	/// share it, nothing can be written before [`Outbox::take_lease`] succeeds.
	pub async fn open(location: impl Into<Location>) -> Result<Self, Error> {
		let fence = Arc::new(AtomicI64::new(lease::NOT_HELD));
		Self::connect(location.into(), Purpose::Write, Some(fence)).await
	}

	/// Opens a database, which relayers may be at work with, for an operator's changes.
	pub async fn open_to_change(location: impl Into<Location>) -> Result<Self, Error> {
		Self::connect(location.into(), Purpose::Write, None).await
	}

	/// Opens a database, which relayers may be at work with, to look only.
	pub async fn open_to_read(location: impl Into<Location>) -> Result<Self, Error> {
		Self::connect(location.into(), Purpose::Read, None).await
	}

	async fn connect(
		location: Location,
		purpose: Purpose,
		fence: Option<Arc<AtomicI64>>,
	) -> Result<Self, Error> {
		let pool = store::open(&location, purpose).await?;
		let writers = match location {
			Location::File(_) => Writers::Alone,
			Location::Server(_) => Writers::Many(fence),
		};
		Ok(Self { pool, writers })
	}

	/// Writes down what the database is about, or checks that it is about this.
	pub async fn identify(&self, identity: &Identity) -> Result<(), Error> {
		let mut tx = self.begin_unfenced().await?;
		sqlx::query(
			"INSERT INTO identity (id, gear_genesis, chain_id, gateway) VALUES (1, $1, $2, $3) \
			 ON CONFLICT (id) DO NOTHING",
		)
		.bind(identity.gear_genesis.as_slice())
		.bind(int(identity.chain_id)?)
		.bind(identity.gateway.as_slice())
		.execute(&mut *tx)
		.await?;
		tx.commit().await?;
		self.ensure_about(identity).await
	}

	/// Checks that the database is about this, or about nothing yet.
	pub async fn ensure_about(&self, identity: &Identity) -> Result<(), Error> {
		let row = sqlx::query("SELECT gear_genesis, chain_id, gateway FROM identity")
			.fetch_optional(&self.pool)
			.await?;
		let Some(row) = row else { return Ok(()) };
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
				"the database belongs to gateway {} of chain {} and the Gear chain with genesis \
				 {}, and not to gateway {} of chain {} and genesis {}; name another",
				found.gateway,
				found.chain_id,
				found.gear_genesis,
				identity.gateway,
				identity.chain_id,
				identity.gear_genesis,
			),
		})
	}

	/// Begins a transaction that writes, beside which no other writes.
	async fn begin(&self) -> Result<Tx, Error> {
		self.begin_as(match &self.writers {
			Writers::Many(Some(fence)) => Some(fence),
			_ => None,
		})
		.await
	}

	/// The same, also for a relayer that has no lease yet: for what all relayers agree on.
	async fn begin_unfenced(&self) -> Result<Tx, Error> {
		self.begin_as(None).await
	}

	async fn begin_as(&self, fence: Option<&Arc<AtomicI64>>) -> Result<Tx, Error> {
		match self.writers {
			// It takes the write lock at once, so it cannot find out half-way that another has it.
			Writers::Alone => Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?),
			Writers::Many(_) => {
				let mut tx = self.pool.begin().await?;
				lease::enter(&mut tx, fence.map(Arc::as_ref)).await?;
				Ok(tx)
			}
		}
	}
}

fn int(value: u64) -> Result<i64, Error> {
	i64::try_from(value).map_err(|_| {
		Error::Contradiction(format!("{value} is more than the database can hold in a number"))
	})
}

fn number(row: &AnyRow, column: &str) -> Result<u64, Error> {
	let value: i64 = row.try_get(column)?;
	u64::try_from(value).map_err(|_| corrupt(column))
}

fn small(row: &AnyRow, column: &str) -> Result<u32, Error> {
	let value: i64 = row.try_get(column)?;
	u32::try_from(value).map_err(|_| corrupt(column))
}

fn hash(row: &AnyRow, column: &str) -> Result<B256, Error> {
	Ok(B256::from(bytes::<32>(row, column)?))
}

fn bytes<const N: usize>(row: &AnyRow, column: &str) -> Result<[u8; N], Error> {
	row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| corrupt(column))
}

fn maybe_hash(row: &AnyRow, column: &str) -> Result<Option<B256>, Error> {
	let value: Option<&[u8]> = row.try_get(column)?;
	value.map(|value| B256::try_from(value).map_err(|_| corrupt(column))).transpose()
}

fn stage(row: &AnyRow) -> Result<Stage, Error> {
	row.try_get::<&str, _>("stage")?.parse().map_err(|_| corrupt("stage"))
}

fn corrupt(column: &str) -> Error {
	Error::Contradiction(format!("the database holds a strange {column}"))
}

#[cfg(test)]
pub(crate) mod tests {
	pub(crate) use super::blocks::tests::{block, found};
	use super::*;

	/// An outbox in a folder of its own, which goes away with it.
	pub(crate) struct Temporary {
		pub(crate) outbox: Outbox,
		pub(crate) folder: tempfile::TempDir,
	}

	impl Temporary {
		pub(crate) async fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			let outbox = Outbox::open(folder.path().join("relay.db").as_path()).await.unwrap();
			Self { outbox, folder }
		}

		/// Closes and opens the file again, as after a restart.
		pub(crate) async fn reopen(self) -> Self {
			self.outbox.pool.close().await;
			let outbox = Outbox::open(self.folder.path().join("relay.db").as_path()).await.unwrap();
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
		assert!(Outbox::open_to_read(path.as_path()).await.is_err());
		assert!(!path.exists());
	}
}
