//! What an operator decides, read from one TOML file.
//!
//! Unknown keys are refused: a misspelt key must not silently become a default. Every default is
//! a named function, so that the documentation and the code cannot disagree.

use super::outbox::Location;
use alloy::primitives::{Address, B256};
use serde::Deserialize;
use std::{
	fmt,
	net::SocketAddr,
	path::{Path, PathBuf},
	time::Duration,
};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
	/// The chain that messages go to.
	pub gear: GearConfig,
	/// The chain that messages come from.
	pub ethereum: EthereumConfig,
	/// Where the relayer keeps what it knows.
	pub database: DatabaseConfig,
	/// Who signs and pays.
	pub signer: SignerConfig,
	/// How much at once and how often.
	#[serde(default)]
	pub relay: RelayConfig,
	/// What can be looked at while it runs.
	#[serde(default)]
	pub http: HttpConfig,
}

/// `[gear]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GearConfig {
	/// WebSocket endpoint of a node.
	pub url: Endpoint,
	/// Hash of the chain's genesis block; when given, a node of any other chain is refused.
	pub genesis: Option<B256>,
}

/// `[ethereum]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EthereumConfig {
	/// JSON-RPC endpoint of an execution node.
	pub execution_url: Endpoint,
	/// Endpoint of a beacon node's standard REST API.
	pub beacon_url: Endpoint,
	/// More execution nodes, one of which is asked when another fails.
	#[serde(default)]
	pub more_execution_urls: Vec<Endpoint>,
	/// More beacon nodes, one of which is asked when another fails.
	#[serde(default)]
	pub more_beacon_urls: Vec<Endpoint>,
	/// EIP-155 id of the chain.
	pub chain_id: u64,
	/// The gateway contract.
	pub gateway: Address,
	/// First block that can hold a message: the one the gateway was deployed in.
	#[serde(default = "default_start_block")]
	pub start_block: u64,
	/// How often to look for new blocks and for finality, in milliseconds.
	#[serde(default = "default_poll_ms")]
	pub poll_ms: u64,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
	/// `sqlite:PATH`, for one relayer; or `postgres://…`, which several may share. A relative path is
	/// relative to the configuration file's folder.
	#[serde(rename = "url")]
	pub location: Location,
}

/// `[signer]`: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerConfig {
	/// File whose first line is the secret URI; relative to the configuration file's folder.
	pub key_file: Option<PathBuf>,
	/// Environment variable that holds the secret URI.
	pub key_env: Option<String>,
}

/// `[relay]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RelayConfig {
	/// Most messages in one extrinsic.
	pub batch: u32,
	/// Most extrinsics that wait for inclusion at a time.
	pub in_flight: u32,
	/// How many blocks of the Gear chain an extrinsic stays valid for: a power of two.
	pub mortality_blocks: u64,
	/// How often a message is tried before it is given up as dead.
	pub max_attempts: u32,
	/// Pause after the first failure, in milliseconds; it doubles with every further one.
	pub backoff_initial_ms: u64,
	/// Longest pause between two attempts, in milliseconds.
	pub backoff_max_ms: u64,
	/// How often to compare with the Gear chain's own record of what was delivered, in
	/// milliseconds.
	pub reconcile_ms: u64,
}

/// `[http]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
	/// Whether anything is served at all.
	pub enabled: bool,
	/// Where the page, the metrics and the health checks are served. Whoever can reach it can read
	/// all that the relayer knows but its key, and change nothing.
	pub listen: SocketAddr,
}

fn default_enabled() -> bool {
	true
}

fn default_listen() -> SocketAddr {
	SocketAddr::from(([127, 0, 0, 1], 9_615))
}

impl Default for HttpConfig {
	fn default() -> Self {
		Self { enabled: default_enabled(), listen: default_listen() }
	}
}

fn default_start_block() -> u64 {
	0
}

fn default_poll_ms() -> u64 {
	2_000
}

fn default_batch() -> u32 {
	32
}

fn default_in_flight() -> u32 {
	4
}

fn default_mortality_blocks() -> u64 {
	64
}

fn default_max_attempts() -> u32 {
	10
}

fn default_backoff_initial_ms() -> u64 {
	1_000
}

fn default_backoff_max_ms() -> u64 {
	300_000
}

fn default_reconcile_ms() -> u64 {
	60_000
}

impl Default for RelayConfig {
	fn default() -> Self {
		Self {
			batch: default_batch(),
			in_flight: default_in_flight(),
			mortality_blocks: default_mortality_blocks(),
			max_attempts: default_max_attempts(),
			backoff_initial_ms: default_backoff_initial_ms(),
			backoff_max_ms: default_backoff_max_ms(),
			reconcile_ms: default_reconcile_ms(),
		}
	}
}

/// The address of a node. Shows its scheme, host and port only: the rest often holds a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(reqwest::Url);

impl Endpoint {
	/// Reads an address.
	pub fn parse(text: &str) -> Result<Self, String> {
		let url = reqwest::Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
		if url.host_str().is_none() {
			return Err("a URL with a host is expected".to_string());
		}
		Ok(Self(url))
	}

	/// The address in full. Not for logs.
	pub fn url(&self) -> &reqwest::Url {
		&self.0
	}

	/// Whether the node is on this very machine.
	pub fn is_loopback(&self) -> bool {
		let Some(host) = self.0.host_str() else { return false };
		let host = host.trim_start_matches('[').trim_end_matches(']');
		host == "localhost"
			|| host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
	}
}

impl<'de> Deserialize<'de> for Endpoint {
	fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
	}
}

impl fmt::Display for Endpoint {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
		match self.0.port() {
			Some(port) => write!(f, ":{port}"),
			None => Ok(()),
		}
	}
}

impl fmt::Debug for Endpoint {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		fmt::Display::fmt(self, f)
	}
}

impl<'de> Deserialize<'de> for Location {
	fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
	}
}

/// A file that cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
	/// The file could not be read.
	#[error("{}: {source}", file.display())]
	Unreadable {
		/// The file.
		file: PathBuf,
		/// Why not.
		source: std::io::Error,
	},
	/// The file is not TOML, or a key is unknown, missing or of the wrong type.
	#[error("{}: {message}", file.display())]
	Malformed {
		/// The file.
		file: PathBuf,
		/// Where and what, in the words of the TOML reader.
		message: String,
	},
	/// A key has a value that cannot be meant.
	#[error("{}: {key}: {message}", file.display())]
	Invalid {
		/// The file.
		file: PathBuf,
		/// The key with its section.
		key: &'static str,
		/// What is wrong and what would be right.
		message: String,
	},
}

impl Config {
	/// Reads and checks a file. Nothing is connected to yet.
	pub fn load(file: &Path) -> Result<Self, ConfigError> {
		let text = std::fs::read_to_string(file)
			.map_err(|source| ConfigError::Unreadable { file: file.to_path_buf(), source })?;
		Self::read(file, &text)
	}

	/// Reads and checks the text of a file.
	pub fn read(file: &Path, text: &str) -> Result<Self, ConfigError> {
		let mut config: Self = toml::from_str(text).map_err(|error| ConfigError::Malformed {
			file: file.to_path_buf(),
			message: malformed(&error, text),
		})?;
		config.check().map_err(|(key, message)| ConfigError::Invalid {
			file: file.to_path_buf(),
			key,
			message,
		})?;
		let folder = file.parent().unwrap_or(Path::new(""));
		if let Some(key_file) = &mut config.signer.key_file {
			*key_file = folder.join(&key_file);
		}
		if let Location::File(path) = &mut config.database.location {
			*path = folder.join(&path);
		}
		Ok(config)
	}

	fn check(&self) -> Result<(), (&'static str, String)> {
		let ensure = |fine: bool, key, message: &str| {
			if fine { Ok(()) } else { Err((key, message.to_string())) }
		};
		let web = |url: &Endpoint| matches!(url.0.scheme(), "http" | "https");
		ensure(
			matches!(self.gear.url.0.scheme(), "ws" | "wss"),
			"[gear] url",
			"a ws:// or wss:// URL is expected",
		)?;
		let execution = &self.ethereum.execution_url;
		ensure(
			web(execution),
			"[ethereum] execution_url",
			"an http:// or https:// URL is expected",
		)?;
		let beacon = &self.ethereum.beacon_url;
		ensure(web(beacon), "[ethereum] beacon_url", "an http:// or https:// URL is expected")?;
		let mut more = self.ethereum.more_execution_urls.iter();
		ensure(more.all(web), "[ethereum] more_execution_urls", "http:// or https:// is expected")?;
		let mut more = self.ethereum.more_beacon_urls.iter();
		ensure(more.all(web), "[ethereum] more_beacon_urls", "http:// or https:// is expected")?;
		let gateway = self.ethereum.gateway;
		ensure(!gateway.is_zero(), "[ethereum] gateway", "the zero address is no contract")?;
		ensure(self.ethereum.poll_ms > 0, "[ethereum] poll_ms", "at least 1 is expected")?;
		ensure(
			self.signer.key_file.is_some() != self.signer.key_env.is_some(),
			"[signer]",
			"exactly one of `key_file` and `key_env` is expected",
		)?;
		let relay = &self.relay;
		ensure(relay.batch > 0, "[relay] batch", "at least 1 is expected")?;
		ensure(relay.in_flight > 0, "[relay] in_flight", "at least 1 is expected")?;
		ensure(
			relay.mortality_blocks.is_power_of_two()
				&& (4..=65_536).contains(&relay.mortality_blocks),
			"[relay] mortality_blocks",
			"a power of two from 4 to 65536 is expected",
		)?;
		ensure(relay.max_attempts > 0, "[relay] max_attempts", "at least 1 is expected")?;
		ensure(
			relay.backoff_initial_ms > 0 && relay.backoff_initial_ms <= relay.backoff_max_ms,
			"[relay] backoff_initial_ms",
			"at least 1 and at most `backoff_max_ms` is expected",
		)?;
		ensure(relay.reconcile_ms > 0, "[relay] reconcile_ms", "at least 1 is expected")
	}
}

/// What is wrong with a file and where. The line itself is shown unless it may hold a password.
fn malformed(error: &toml::de::Error, text: &str) -> String {
	let full = error.to_string();
	let start = error.span().map_or(0, |span| span.start);
	let before = text.get(..start).unwrap_or_default();
	let line = before.lines().count().max(1);
	match text.lines().nth(line - 1) {
		Some(secret) if secret.contains('@') => format!("line {line}: {}", error.message()),
		_ => full.trim_end().to_string(),
	}
}

impl EthereumConfig {
	/// Pause between two looks at the chain.
	pub fn poll(&self) -> Duration {
		Duration::from_millis(self.poll_ms)
	}
}

impl DatabaseConfig {
	/// The file, where it is one.
	pub fn path(&self) -> Option<&Path> {
		self.location.file()
	}
}

impl RelayConfig {
	/// Pause between two comparisons with the Gear chain's own record.
	pub fn reconcile(&self) -> Duration {
		Duration::from_millis(self.reconcile_ms)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn fixture(name: &str) -> PathBuf {
		Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(name)
	}

	fn error_of(name: &str) -> String {
		let error = Config::load(&fixture(name)).expect_err("a broken file must be refused");
		let text = error.to_string();
		assert!(text.contains(name), "the file is named: {text}");
		text
	}

	#[test]
	fn a_minimal_file_takes_the_defaults() {
		let config = Config::load(&fixture("minimal.toml")).unwrap();
		assert_eq!(config.relay, RelayConfig::default());
		assert_eq!(config.http, HttpConfig::default());
		assert_eq!(config.ethereum.start_block, default_start_block());
		assert_eq!(config.ethereum.poll_ms, default_poll_ms());
		let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
		assert_eq!(config.database.path(), Some(folder.join("relay.db").as_path()));
		assert_eq!(config.signer.key_file, Some(folder.join("relayer.key")));
	}

	#[test]
	fn a_full_file_is_read_to_the_last_key() {
		let config = Config::load(&fixture("full.toml")).unwrap();
		assert_eq!(
			config.relay,
			RelayConfig {
				batch: 8,
				in_flight: 2,
				mortality_blocks: 32,
				max_attempts: 3,
				backoff_initial_ms: 10,
				backoff_max_ms: 20,
				reconcile_ms: 30,
			}
		);
		assert_eq!(config.ethereum.chain_id, 17_000);
		assert_eq!(config.database.path(), Some(Path::new("/var/lib/gearway/relay.db")));
		assert_eq!(config.signer.key_env.as_deref(), Some("GEARWAY_KEY"));
		assert!(config.gear.genesis.is_some());
		let more = config.ethereum.more_execution_urls.iter().map(ToString::to_string);
		assert_eq!(more.collect::<Vec<_>>(), ["https://b.example", "https://c.example"]);
		assert_eq!(config.ethereum.more_beacon_urls.len(), 1);
		let listen = SocketAddr::from(([0, 0, 0, 0], 9_700));
		assert_eq!(config.http, HttpConfig { enabled: false, listen });
	}

	#[test]
	fn the_example_is_a_configuration_and_shows_the_defaults() {
		let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("relay.example.toml");
		let config = Config::load(&file).unwrap();
		assert_eq!(config.relay, RelayConfig::default());
		assert_eq!(config.http, HttpConfig::default());
		assert_eq!(config.ethereum.start_block, default_start_block());
		assert_eq!(config.ethereum.poll_ms, default_poll_ms());
	}

	#[test]
	fn an_unknown_key_is_named() {
		let text = error_of("unknown-key.toml");
		assert!(text.contains("gatway"), "{text}");
	}

	#[test]
	fn a_missing_key_is_named() {
		let text = error_of("missing-key.toml");
		assert!(text.contains("chain_id"), "{text}");
	}

	#[test]
	fn a_wrong_type_is_named() {
		let text = error_of("wrong-type.toml");
		assert!(text.contains("chain_id"), "{text}");
	}

	#[test]
	fn what_is_no_toml_is_refused() {
		error_of("not-toml.toml");
	}

	#[test]
	fn values_that_cannot_be_meant_are_refused_with_their_key() {
		for (name, key) in [
			("wrong-scheme.toml", "[gear] url"),
			("two-keys.toml", "[signer]"),
			("no-key.toml", "[signer]"),
			("zero-gateway.toml", "[ethereum] gateway"),
			("odd-mortality.toml", "[relay] mortality_blocks"),
			("backoff.toml", "[relay] backoff_initial_ms"),
		] {
			let text = error_of(name);
			assert!(text.contains(key), "{name}: {text}");
		}
	}

	#[test]
	fn a_database_is_a_file_or_on_a_server() {
		let config = Config::load(&fixture("postgres.toml")).unwrap();
		assert_eq!(config.database.location.to_string(), "postgres://127.0.0.1/relay");
		assert_eq!(config.database.path(), None);
		let text = error_of("mysql.toml");
		assert!(text.contains("sqlite:PATH") && text.contains("postgres://"), "{text}");
		assert!(!text.contains("secret"), "{text}");
	}

	#[test]
	fn a_missing_file_is_named() {
		error_of("no-such-file.toml");
	}

	#[test]
	fn an_endpoint_never_shows_its_key() {
		let endpoint = Endpoint::parse("https://me:secret@eth.example:8443/v3/token?k=v").unwrap();
		assert_eq!(endpoint.to_string(), "https://eth.example:8443");
		assert_eq!(format!("{endpoint:?}"), "https://eth.example:8443");
	}

	#[test]
	fn loopback_is_told_from_elsewhere() {
		for (url, expected) in [
			("ws://127.0.0.1:9944", true),
			("ws://[::1]:9944", true),
			("ws://localhost", true),
			("ws://10.0.0.1:9944", false),
			("wss://localhost.example", false),
		] {
			assert_eq!(Endpoint::parse(url).unwrap().is_loopback(), expected, "{url}");
		}
	}
}
