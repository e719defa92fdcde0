//! Where the outbox is kept: in a file of SQLite's, or on a PostgreSQL server.
//!
//! The statements are the same for both; what differs is here: how a database is opened, what its
//! tables are called in its own words, and how a transaction makes sure that it writes alone.

use crate::relay::Error;
use sqlx::{
	Any, AnyPool, Executor, SqlSafeStr, Transaction,
	any::AnyPoolOptions,
	migrate::{Migration, Migrator},
};
use std::{
	fmt,
	path::{Path, PathBuf},
	time::Duration,
};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How SQLite's words for tables read in PostgreSQL, in the order in which they are replaced.
const WORDS: [(&str, &str); 5] = [
	("INTEGER PRIMARY KEY /* counted */", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
	("INTEGER", "BIGINT"),
	("BLOB", "BYTEA"),
	(") STRICT, WITHOUT ROWID;", ");"),
	(") STRICT;", ");"),
];

/// Connections to a server: one for each stage that writes, some to look and for the lease.
const SERVER_CONNECTIONS: u32 = 8;

/// How long opening a connection may take, or waiting for one to be free.
const ACQUIRE: Duration = Duration::from_secs(30);

/// What every connection to a file is told. With a lesser `synchronous`, a transaction that was
/// reported as done may be gone after a power cut.
const FILE_SETTINGS: [&str; 4] = [
	"PRAGMA busy_timeout = 30000",
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = FULL",
	"PRAGMA foreign_keys = ON",
];

/// What every connection to a server is told. A relayer that hangs in the middle of a transaction
/// must not keep the others from taking over.
const SERVER_SETTINGS: [&str; 3] = [
	"SET idle_in_transaction_session_timeout = '10s'",
	"SET statement_timeout = '60s'",
	"SET lock_timeout = '30s'",
];

/// A transaction on either kind of database.
pub(super) type Tx = Transaction<'static, Any>;

/// Where a database is. Shows no password.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
	/// A file, for one relayer.
	File(PathBuf),
	/// A PostgreSQL server, which several relayers may share.
	Server(reqwest::Url),
}

impl Location {
	/// Reads `sqlite:PATH` or `postgres://…`.
	pub fn parse(url: &str) -> Result<Self, String> {
		const EXPECTED: &str = "`sqlite:PATH` or `postgres://USER@HOST/DATABASE` is expected";
		if let Some(rest) = url.strip_prefix("sqlite:") {
			let path = rest.strip_prefix("//").unwrap_or(rest);
			return match path {
				"" => Err(EXPECTED.to_string()),
				path => Ok(Self::File(path.into())),
			};
		}
		let url = reqwest::Url::parse(url).map_err(|_| EXPECTED.to_string())?;
		let has_name = !url.path().trim_start_matches('/').is_empty();
		if matches!(url.scheme(), "postgres" | "postgresql") && has_name {
			return Ok(Self::Server(url));
		}
		Err(EXPECTED.to_string())
	}

	/// The file, where it is one.
	pub fn file(&self) -> Option<&Path> {
		match self {
			Self::File(path) => Some(path),
			Self::Server(_) => None,
		}
	}

	fn url(&self, mode: &str) -> Result<String, Error> {
		match self {
			Self::Server(url) => Ok(url.to_string()),
			Self::File(path) => {
				let unusable = || Error::Mismatch {
					key: "[database] url",
					message: format!("{} is no path of a file", path.display()),
				};
				let path = std::path::absolute(path).map_err(|_| unusable())?;
				let url = reqwest::Url::from_file_path(path).map_err(|()| unusable())?;
				Ok(format!("sqlite://{}?mode={mode}", url.path()))
			}
		}
	}
}

impl From<&Path> for Location {
	fn from(path: &Path) -> Self {
		Self::File(path.to_path_buf())
	}
}

impl From<&PathBuf> for Location {
	fn from(path: &PathBuf) -> Self {
		Self::File(path.clone())
	}
}

impl fmt::Display for Location {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::File(path) => path.display().fmt(f),
			Self::Server(url) => {
				write!(f, "postgres://{}", url.host_str().unwrap_or_default())?;
				if let Some(port) = url.port() {
					write!(f, ":{port}")?;
				}
				f.write_str(url.path())
			}
		}
	}
}

impl fmt::Debug for Location {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		fmt::Display::fmt(self, f)
	}
}

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
	/// To write; it is made, where it is a file, and its tables are brought up to date.
	Write,
	/// To look only.
	Read,
}

/// Connects, and brings the tables up to date where it is to be written.
pub(super) async fn open(location: &Location, purpose: Purpose) -> Result<AnyPool, Error> {
	sqlx::any::install_default_drivers();
	let options = match location {
		// One connection only: whoever changes anything does so alone. It is never given up, for
		// the task that sqlx spawns to see to idle connections counts on a number that may be read
		// while it is below zero, and then never ends.
		Location::File(_) => {
			AnyPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
		}
		Location::Server(_) => AnyPoolOptions::new().max_connections(SERVER_CONNECTIONS),
	};
	let settings: &'static [&'static str] = match (location, purpose) {
		(Location::File(_), Purpose::Write) => &FILE_SETTINGS,
		(Location::File(_), Purpose::Read) => &FILE_SETTINGS[..1],
		(Location::Server(_), _) => &SERVER_SETTINGS,
	};
	let url = location.url(if purpose == Purpose::Write { "rwc" } else { "ro" })?;
	let pool = options
		.acquire_timeout(ACQUIRE)
		.after_connect(move |connection, _| {
			Box::pin(async move {
				for setting in settings {
					connection.execute(*setting).await?;
				}
				Ok(())
			})
		})
		.connect(&url)
		.await?;
	if purpose == Purpose::Write {
		migrations(location).run(&pool).await?;
	}
	Ok(pool)
}

fn migrations(location: &Location) -> Migrator {
	let migrations = MIGRATIONS.iter().cloned();
	Migrator::with_migrations(match location {
		Location::File(_) => migrations.collect(),
		Location::Server(_) => migrations.map(for_postgres).collect(),
	})
}

fn for_postgres(migration: Migration) -> Migration {
	let Migration { version, description, migration_type, sql, no_tx, .. } = migration;
	let sql = translate(sql.as_str());
	// The text is this program's own, with its own words put in.
	let sql = sqlx::AssertSqlSafe(sql).into_sql_str();
	Migration::new(version, description, migration_type, sql, no_tx)
}

fn translate(sql: &str) -> String {
	WORDS.iter().fold(sql.to_string(), |sql, (ours, theirs)| sql.replace(ours, theirs))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn locations_are_read_and_shown_without_password() {
		for (text, shown) in [
			("sqlite:relay.db", "relay.db"),
			("sqlite:///var/lib/relay.db", "/var/lib/relay.db"),
			("postgres://me:secret@db.example:5433/relay", "postgres://db.example:5433/relay"),
			("postgresql://localhost/relay?sslmode=require", "postgres://localhost/relay"),
		] {
			let location = Location::parse(text).unwrap();
			assert_eq!(location.to_string(), shown);
			assert_eq!(format!("{location:?}"), shown);
		}
		for text in ["", "sqlite:", "mysql://localhost/relay", "relay.db", "postgres://host"] {
			let error = Location::parse(text).unwrap_err();
			assert!(error.contains("sqlite:PATH") && error.contains("postgres://"), "{error}");
		}
	}

	#[test]
	fn paths_with_odd_characters_stay_what_they_are() {
		let location = Location::File("/tmp/a b?c#d%e.db".into());
		assert_eq!(location.url("rwc").unwrap(), "sqlite:///tmp/a%20b%3Fc%23d%25e.db?mode=rwc");
	}

	#[test]
	fn nothing_of_one_database_is_left_in_the_tables_of_the_other() {
		for migration in MIGRATIONS.iter() {
			let sql = translate(migration.sql.as_str());
			let code: Vec<_> = sql.lines().filter(|line| !line.starts_with("--")).collect();
			for word in ["INTEGER", "BLOB", "STRICT", "ROWID", "counted"] {
				assert!(!code.join("\n").contains(word), "{word}:\n{sql}");
			}
		}
	}
}
