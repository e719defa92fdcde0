//! The numbers that operators watch, by the names they know from other relayers.

use super::{Error, outbox::Backlog};
use crate::telemetry::Counters;
use prometheus_client::{
	encoding::text,
	metrics::{
		family::Family,
		gauge::Gauge,
		histogram::{Histogram, exponential_buckets},
	},
	registry::Registry,
};
use std::sync::{Arc, atomic::AtomicU64};

type OfStage = Family<[(&'static str, &'static str); 1], Gauge>;
type OfAccount = Family<[(&'static str, String); 1], Gauge<f64, AtomicU64>>;

/// All of them. Clones are the same numbers.
#[derive(Debug, Clone)]
pub(super) struct Metrics {
	registry: Arc<Registry>,
	/// What the clients of nodes count.
	pub(super) counters: Counters,
	backlog_size: OfStage,
	backlog_oldest_sequence: OfStage,
	backlog_latest_update_timestamp: OfStage,
	stage_failures: OfStage,
	leading: Gauge,
	submitted: Histogram,
	confirmed: Histogram,
	balance: OfAccount,
	light_client_lag: Gauge,
}

/// From a second up to nine hours, doubling: finality of Ethereum takes a quarter of an hour.
fn latency() -> Histogram {
	Histogram::new(exponential_buckets(1_000.0, 2.0, 16))
}

/// The stages of the work, which a failure is counted under.
pub(super) const WORK: [&str; 6] = ["observe", "finality", "upkeep", "prove", "send", "confirm"];

impl Default for Metrics {
	fn default() -> Self {
		let mut registry = Registry::default();
		let metrics = Self {
			registry: Arc::default(),
			counters: Counters::default(),
			backlog_size: Family::default(),
			backlog_oldest_sequence: Family::default(),
			backlog_latest_update_timestamp: Family::default(),
			stage_failures: Family::default(),
			leading: Gauge::default(),
			submitted: latency(),
			confirmed: latency(),
			balance: Family::default(),
			light_client_lag: Gauge::default(),
		};
		let Counters { queries, reconnects } = &metrics.counters;
		registry.register("backlog_size", "Messages at each stage", metrics.backlog_size.clone());
		registry.register(
			"backlog_oldest_sequence",
			"The gateway's nonce of the oldest message at each stage; 0 where there is none",
			metrics.backlog_oldest_sequence.clone(),
		);
		registry.register(
			"backlog_latest_update_timestamp",
			"When a message at each stage was last changed, in seconds of Unix time",
			metrics.backlog_latest_update_timestamp.clone(),
		);
		registry.register(
			"tx_latency_submitted",
			"Milliseconds from a message's being seen to its extrinsic's being sent",
			metrics.submitted.clone(),
		);
		registry.register(
			"tx_latency_confirmed",
			"Milliseconds from a message's being seen to its being in a finalised block",
			metrics.confirmed.clone(),
		);
		registry.register(
			"wallet_balance",
			"What the account that pays can spend, in the currency's main unit",
			metrics.balance.clone(),
		);
		registry.register(
			"ws_reconnect",
			"Connections to the Gear node that were opened again",
			reconnects.clone(),
		);
		registry.register(
			"queries",
			"Requests to nodes, by the kind of node and by how they ended",
			queries.family(),
		);
		registry.register(
			"light_client_lag_seconds",
			"How far the Gear chain's light client is behind the beacon node's finality",
			metrics.light_client_lag.clone(),
		);
		registry.register(
			"stage_failures",
			"How often in a row a stage of the relayer's work has failed; 0 where it works",
			metrics.stage_failures.clone(),
		);
		registry.register(
			"relayer_leading",
			"1 where this relayer works, 0 where it stands by",
			metrics.leading.clone(),
		);
		Self { registry: Arc::new(registry), ..metrics }
	}
}

impl Metrics {
	/// Messages were sent, that many milliseconds after they were seen.
	pub(super) fn submitted(&self, ages: &[i64]) {
		ages.iter().for_each(|age| self.submitted.observe(*age as f64));
	}

	/// Messages arrived, that many milliseconds after they were seen.
	pub(super) fn confirmed(&self, ages: &[i64]) {
		ages.iter().for_each(|age| self.confirmed.observe(*age as f64));
	}

	/// This relayer works, or stands by.
	pub(super) fn leading(&self, yes: bool) {
		self.leading.set(yes.into());
	}

	/// What the account can spend, in the main unit.
	pub(super) fn balance(&self, account: String, balance: f64) {
		self.balance.get_or_create(&[("account", account)]).set(balance);
	}

	/// How far the light client is behind, in seconds.
	pub(super) fn light_client_lag(&self, seconds: u64) {
		self.light_client_lag.set(i64::try_from(seconds).unwrap_or(i64::MAX));
	}

	/// All numbers in the text format of OpenMetrics; those of the backlog as they are now.
	pub(super) fn text(&self, backlog: &Backlog) -> Result<String, Error> {
		let int = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
		for stage in &backlog.stages {
			let labels = [("stage", stage.stage)];
			self.backlog_size.get_or_create(&labels).set(int(stage.messages));
			let oldest = stage.oldest_nonce.unwrap_or_default();
			self.backlog_oldest_sequence.get_or_create(&labels).set(int(oldest));
			let latest = stage.latest_update_at.unwrap_or_default() / 1_000;
			self.backlog_latest_update_timestamp.get_or_create(&labels).set(latest);
		}
		for stage in WORK {
			let trouble = backlog.troubles.iter().find(|trouble| trouble.stage == stage);
			let failures = trouble.map_or(0, |trouble| int(trouble.failures));
			self.stage_failures.get_or_create(&[("stage", stage)]).set(failures);
		}
		let mut out = String::new();
		text::encode(&mut out, &self.registry)
			.map_err(|error| Error::Contradiction(format!("the metrics: {error}")))?;
		Ok(out)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::relay::outbox::tests::Temporary;
	use std::{collections::BTreeSet, path::Path};

	/// The text that a relayer with nothing to do gives.
	async fn text() -> String {
		let metrics = Metrics::default();
		metrics.balance("account".to_string(), 1.5);
		metrics.counters.queries.count("gear", &Ok::<(), ()>(()));
		let temporary = Temporary::new().await;
		metrics.text(&temporary.outbox.backlog().await.unwrap()).unwrap()
	}

	/// Names of all metrics, as a query language knows them.
	fn names(text: &str) -> BTreeSet<String> {
		let mut names = BTreeSet::new();
		for line in text.lines() {
			let Some(rest) = line.strip_prefix("# TYPE ") else { continue };
			let (name, kind) = rest.split_once(' ').unwrap();
			match kind {
				"counter" => drop(names.insert(format!("{name}_total"))),
				"histogram" => {
					for suffix in ["bucket", "count", "sum"] {
						names.insert(format!("{name}_{suffix}"));
					}
				}
				_ => drop(names.insert(name.to_string())),
			}
		}
		names
	}

	/// The words of a query that may be names of metrics: what has an underscore and is no label.
	fn words(query: &str) -> BTreeSet<String> {
		let mut bare = String::new();
		let mut depth = 0;
		for c in query.chars() {
			depth += i32::from(c == '{') - i32::from(c == '}');
			bare.push(if depth > 0 { ' ' } else { c });
		}
		bare.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
			.filter(|word| word.contains('_') && *word != "histogram_quantile")
			.map(str::to_string)
			.collect()
	}

	fn file(name: &str) -> String {
		let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("monitoring");
		std::fs::read_to_string(folder.join(name)).unwrap()
	}

	fn queries(value: &serde_json::Value, found: &mut Vec<String>) {
		match value {
			serde_json::Value::Object(map) => {
				for (key, value) in map {
					match (key.as_str(), value.as_str()) {
						("expr", Some(query)) => found.push(query.to_string()),
						_ => queries(value, found),
					}
				}
			}
			serde_json::Value::Array(all) => all.iter().for_each(|value| queries(value, found)),
			_ => {}
		}
	}

	#[tokio::test]
	async fn the_names_are_those_that_operators_know() {
		let names = names(&text().await);
		for name in [
			"backlog_size",
			"backlog_oldest_sequence",
			"backlog_latest_update_timestamp",
			"tx_latency_submitted_bucket",
			"tx_latency_confirmed_bucket",
			"wallet_balance",
			"ws_reconnect_total",
			"queries_total",
		] {
			assert!(names.contains(name), "{name} is not in {names:?}");
		}
	}

	#[tokio::test]
	async fn the_dashboard_and_the_alerts_ask_for_what_there_is() {
		let names = names(&text().await);
		let dashboard: serde_json::Value =
			serde_json::from_str(&file("grafana-dashboard.json")).unwrap();
		let mut found = Vec::new();
		queries(&dashboard, &mut found);
		let alerts = file("alerts.yml");
		let of_alerts = alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
		found.extend(of_alerts.map(str::to_string));
		assert!(found.len() > 12, "{found:?}");
		// Prometheus's own, about whether anything answers.
		for query in found.iter().filter(|query| !query.starts_with("up{")) {
			let words = words(query);
			assert!(!words.is_empty(), "{query}");
			for word in words {
				assert!(names.contains(&word), "{word}, of {query}, is not in {names:?}");
			}
		}
	}

	#[tokio::test]
	async fn every_stage_has_its_numbers() {
		let text = text().await;
		assert!(text.contains("wallet_balance{account=\"account\"} 1.5"), "{text}");
		for stage in WORK {
			assert!(text.contains(&format!("stage_failures{{stage=\"{stage}\"}} 0")), "{text}");
		}
		assert!(text.ends_with("# EOF\n"));
	}
}
