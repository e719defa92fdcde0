//! Looks whether all that a relayer needs is there and well, and says what to do where it is not.
//!
//! Every check stands alone: one that fails does not hide what the others find. Nothing is changed.

use super::{
	Error,
	config::Config,
	outbox::{Outbox, now},
	preflight::{self, BEACON_URL, CHAIN_ID, DATABASE_URL, EXECUTION_URL, GATEWAY, GEAR_URL},
	runtime::GearRuntime,
};
use crate::{
	ethereum::{BeaconClient, ExecutionClient},
	gear::{Keypair, Origin, account_of, read_key},
};
use gearway_ethereum::Network;
use serde::Serialize;
use std::{os::unix::fs::PermissionsExt, path::Path};

/// From how many seconds on between two clocks something is wrong: more than a slot of Ethereum.
const MAX_SKEW: i64 = 15;

/// How old the execution node's latest block may be, in seconds.
const MAX_HEAD_AGE: i64 = 300;

/// How many extrinsics' fees an account should have at least.
const WORTH_A_WARNING: u128 = 100;

/// What was found out about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
	/// The thing.
	pub subject: &'static str,
	/// Whether it is well.
	pub verdict: Verdict,
	/// What was seen, or what is wrong.
	pub says: String,
	/// What to do about it.
	pub cure: Option<String>,
}

/// Whether something is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
	/// It is.
	Ok,
	/// Messages are carried, but somebody should look.
	Warning,
	/// It keeps messages from being carried.
	Bad,
}

impl Verdict {
	/// A word for it.
	pub fn name(self) -> &'static str {
		match self {
			Self::Ok => "ok",
			Self::Warning => "warn",
			Self::Bad => "BAD",
		}
	}
}

impl Finding {
	fn ok(subject: &'static str, says: impl Into<String>) -> Self {
		Self { subject, verdict: Verdict::Ok, says: says.into(), cure: None }
	}

	fn warning(subject: &'static str, says: impl Into<String>, cure: &str) -> Self {
		Self { verdict: Verdict::Warning, cure: Some(cure.into()), ..Self::ok(subject, says) }
	}

	fn bad(subject: &'static str, says: impl Into<String>, cure: impl Into<String>) -> Self {
		Self { verdict: Verdict::Bad, cure: Some(cure.into()), ..Self::ok(subject, says) }
	}

	/// What an error says, and the cure that its key suggests.
	fn error(subject: &'static str, error: &Error) -> Vec<Self> {
		let errors = match error {
			Error::Several(errors) => errors.as_slice(),
			error => std::slice::from_ref(error),
		};
		let cure = |error: &Error| match error {
			Error::Mismatch { key, .. } => cure_of(key),
			Error::Config(_) => "correct the file; `gearway relay init` writes one".to_string(),
			Error::Key(_) => "put the secret URI where [signer] says it is".to_string(),
			_ => "see that the node is there and well".to_string(),
		};
		errors.iter().map(|error| Self::bad(subject, error.to_string(), cure(error))).collect()
	}
}

fn cure_of(key: &str) -> String {
	match key {
		GEAR_URL | EXECUTION_URL | BEACON_URL => {
			format!("start the node, or name another one in {key}")
		}
		CHAIN_ID => "name nodes of one chain, and its id".to_string(),
		GATEWAY => "name the gateway that the Gear chain takes messages of".to_string(),
		DATABASE_URL => "name another database, or see who uses this one".to_string(),
		key => format!("correct {key}"),
	}
}

/// Looks at everything that a configuration names.
pub async fn examine(file: &Path) -> Vec<Finding> {
	let config = match Config::load(file) {
		Ok(config) => config,
		Err(error) => return Finding::error("configuration", &error.into()),
	};
	let mut findings = vec![Finding::ok("configuration", file.display().to_string())];
	let key = check_key(&config, &mut findings);
	let (execution, beacon, gear) = tokio::join!(
		preflight::check_execution(&config),
		preflight::check_beacon(&config),
		connect_gear(&config, key.as_ref().map(|(_, origin)| *origin)),
	);
	match &execution {
		Ok(nodes) => {
			for execution in nodes.all() {
				look_at_execution(execution, &mut findings).await;
			}
		}
		Err(error) => findings.extend(Finding::error("execution node", error)),
	}
	match &beacon {
		Ok((nodes, network)) => {
			for beacon in nodes.all() {
				look_at_beacon(beacon, network, &mut findings).await;
			}
		}
		Err(error) => findings.extend(Finding::error("beacon node", error)),
	}
	match &gear {
		Ok(gear) => {
			findings.push(Finding::ok("Gear node", format!("{} answers", gear.endpoint())));
			look_at_balance(gear, key.as_ref().map(|(key, _)| key), &mut findings).await;
		}
		Err(error) => findings.extend(Finding::error("Gear node", error)),
	}
	if let (Ok((beacon, network)), Ok(gear)) = (&beacon, &gear) {
		look_at_light_client(beacon.now(), network, gear, &mut findings).await;
	}
	look_at_database(&config, gear.as_ref().ok(), &mut findings).await;
	findings
}

fn check_key(config: &Config, findings: &mut Vec<Finding>) -> Option<(Keypair, Origin)> {
	const SUBJECT: &str = "key";
	let (key, origin) = match read_key(&config.signer) {
		Ok(found) => found,
		Err(error) => {
			findings.extend(Finding::error(SUBJECT, &error.into()));
			return None;
		}
	};
	let account = account_of(&key);
	let readable = config.signer.key_file.as_deref().and_then(|file| {
		let mode = std::fs::metadata(file).ok()?.permissions().mode();
		(mode & 0o077 != 0).then_some(file)
	});
	findings.push(match readable {
		Some(file) => Finding::warning(
			SUBJECT,
			format!("{account}; others on this machine can read {}", file.display()),
			&format!("chmod 600 {}", file.display()),
		),
		None => Finding::ok(SUBJECT, format!("account {account}")),
	});
	Some((key, origin))
}

async fn connect_gear(config: &Config, origin: Option<Origin>) -> Result<GearRuntime, Error> {
	// Without a key there is nothing to refuse.
	let origin = origin.unwrap_or(Origin { place: "[signer]", development: false });
	preflight::check_gear(config, origin, &preflight::gateway(config)).await
}

async fn look_at_execution(execution: &ExecutionClient, findings: &mut Vec<Finding>) {
	const SUBJECT: &str = "execution node";
	let look = async {
		let head = execution.head().await?;
		let header = execution.header(head).await?;
		let syncing = execution.is_syncing().await?;
		Ok::<_, Error>((head, header.map(|header| header.header.timestamp), syncing))
	};
	let (head, time, syncing) = match look.await {
		Ok(seen) => seen,
		Err(error) => return findings.extend(Finding::error(SUBJECT, &error)),
	};
	let endpoint = execution.endpoint();
	findings.push(if syncing {
		Finding::warning(
			SUBJECT,
			format!("{endpoint} is catching up with its chain, it is at block {head}"),
			"wait: messages are found when it has caught up",
		)
	} else {
		Finding::ok(SUBJECT, format!("{endpoint} is at block {head}"))
	});
	if let Some(time) = time.and_then(|time| i64::try_from(time).ok()) {
		findings.push(clock(now() / 1_000 - time));
	}
}

/// What the age of the latest block says about this machine's clock, and about the node.
fn clock(age: i64) -> Finding {
	const SUBJECT: &str = "clock";
	match age {
		..0 if -age > MAX_SKEW => Finding::warning(
			SUBJECT,
			format!("{} s behind the latest execution block", -age),
			"let this machine's clock be set, by NTP for instance",
		),
		age if age > MAX_HEAD_AGE => Finding::warning(
			SUBJECT,
			format!("the latest execution block is {age} s old"),
			"see whether the node follows its chain, and whether this machine's clock is ahead",
		),
		_ => Finding::ok(SUBJECT, "agrees with the latest execution block"),
	}
}

async fn look_at_beacon(beacon: &BeaconClient, network: &Network, findings: &mut Vec<Finding>) {
	const SUBJECT: &str = "beacon node";
	let endpoint = beacon.endpoint();
	findings.push(match beacon.finality_update().await {
		Err(error) => return findings.extend(Finding::error(SUBJECT, &error.into())),
		Ok(None) => Finding::warning(
			SUBJECT,
			format!("{endpoint} knows of nothing final yet"),
			"wait a quarter of an hour; on a public chain see whether it is syncing",
		),
		Ok(Some(update)) => {
			let (slot, size) = (update.finalized_header.slot, network.preset.committee_size());
			let signers = update.sync_aggregate.participation();
			let says = format!("{endpoint} has finalised slot {slot}");
			if signers * 3 < size * 2 {
				Finding::warning(
					SUBJECT,
					format!("{says}, signed by {signers} of {size} only"),
					"wait: two thirds must sign before the Gear chain believes it",
				)
			} else {
				Finding::ok(SUBJECT, says)
			}
		}
	});
}

async fn look_at_balance(gear: &GearRuntime, key: Option<&Keypair>, findings: &mut Vec<Finding>) {
	const SUBJECT: &str = "balance";
	let Some(account) = key.map(account_of) else { return };
	let look = async {
		let at = gear.at_finalized().await?;
		let least = GearRuntime::existential_deposit(&at);
		let balance = gear.balance_at(&at, &account).await?;
		Ok::<_, Error>((balance, least, gear.currency().await?))
	};
	findings.push(match look.await {
		Err(error) => return findings.extend(Finding::error(SUBJECT, &error)),
		Ok((None, ..)) => Finding::ok(SUBJECT, "the chain has no currency"),
		Ok((Some(balance), least, (symbol, decimals))) => {
			let says = format!("{account} has {} {symbol}", decimal(balance, decimals));
			let cure = format!("send {symbol} to {account}");
			if balance <= least {
				Finding::bad(SUBJECT, says, cure)
			} else if balance < least.saturating_mul(WORTH_A_WARNING) {
				Finding::warning(SUBJECT, says, &cure)
			} else {
				Finding::ok(SUBJECT, says)
			}
		}
	});
}

/// An amount in the currency's main unit.
fn decimal(amount: u128, decimals: u32) -> String {
	let Some(unit) = 10u128.checked_pow(decimals) else { return amount.to_string() };
	let rest = format!("{:0width$}", amount % unit, width = decimals as usize);
	let rest = if decimals == 0 { "" } else { rest.trim_end_matches('0') };
	let dot = if rest.is_empty() { "" } else { "." };
	format!("{}{dot}{rest}", amount / unit)
}

async fn look_at_light_client(
	beacon: &BeaconClient,
	network: &Network,
	gear: &GearRuntime,
	findings: &mut Vec<Finding>,
) {
	const SUBJECT: &str = "light client";
	if let Err(error) = preflight::check_light_client(gear, beacon, network).await {
		return findings.extend(Finding::error(SUBJECT, &error));
	}
	let look = async {
		let at = gear.at_finalized().await?;
		let Some(state) = gear.client_state(&at).await? else { return Ok(None) };
		let finality = beacon.finality_update().await?;
		let theirs = finality.map_or(0, |update| update.finalized_header.slot);
		let first = network.period_at(state.finalized.slot);
		let behind = network.period_at(theirs).saturating_sub(first);
		let served = if behind > 0 { beacon.updates(first, 1).await?.len() } else { 1 };
		Ok::<_, Error>(Some((state.finalized.slot, theirs, behind, served)))
	};
	findings.push(match look.await {
		Err(error) => return findings.extend(Finding::error(SUBJECT, &error)),
		Ok(None) => Finding::bad(
			SUBJECT,
			"the Gear chain's light client of Ethereum has not been started",
			"have the chain's root start it: `gearway relay bootstrap`",
		),
		Ok(Some((slot, theirs, behind, served))) => {
			let age = theirs.saturating_sub(slot) * network.seconds_per_slot;
			let says = format!("at slot {slot}, {age} s behind the beacon node");
			match (behind, served) {
				(0 | 1, 1..) => Finding::ok(SUBJECT, says),
				(_, 0) => Finding::bad(
					SUBJECT,
					format!("{says}; the node has no update to go on from there"),
					"name a beacon node that keeps old light-client updates, or have the chain's \
					 root start the light client anew: `gearway relay bootstrap`",
				),
				_ => Finding::warning(
					SUBJECT,
					format!("{says}, that is {behind} sync-committee periods"),
					"run the relayer: it catches up, period by period",
				),
			}
		}
	});
}

async fn look_at_database(
	config: &Config,
	gear: Option<&GearRuntime>,
	findings: &mut Vec<Finding>,
) {
	const SUBJECT: &str = "database";
	let location = &config.database.location;
	if let Some(path) = location.file().filter(|path| !path.is_file()) {
		let folder = path.parent().unwrap_or(Path::new("."));
		let writable = std::fs::metadata(folder)
			.is_ok_and(|folder| folder.is_dir() && !folder.permissions().readonly());
		findings.push(if writable {
			Finding::ok(SUBJECT, format!("{location} will be made at the first run"))
		} else {
			Finding::bad(
				SUBJECT,
				format!("{location} cannot be made: its folder is not there or not writable"),
				format!("make the folder {}", folder.display()),
			)
		});
		return;
	}
	let look = async {
		let outbox = Outbox::open_to_read(location.clone()).await?;
		if let Some(gear) = gear {
			outbox.ensure_about(&preflight::identity(gear, &preflight::gateway(config))).await?;
		}
		let holder = outbox.lease_holder().await?;
		Ok::<_, Error>((outbox.backlog().await?, holder))
	};
	let (backlog, holder) = match look.await {
		Ok(seen) => seen,
		Err(error) => {
			let cure = match location.file() {
				Some(_) => cure_of(DATABASE_URL),
				None => "see that the server is there and lets this user in; the tables are made \
				         at the first run"
					.to_string(),
			};
			findings.push(Finding::bad(SUBJECT, format!("{location}: {error}"), cure));
			return;
		}
	};
	let leader = match holder {
		Some(holder) if holder.expires_in_ms > 0 => format!("; {} is at work", holder.name),
		Some(_) => "; no relayer is at work".to_string(),
		None => String::new(),
	};
	findings.push(Finding::ok(SUBJECT, format!("{location}{leader}")));
	let dead = backlog.at(super::stage::Stage::Dead);
	if dead > 0 {
		findings.push(Finding::warning(
			"messages",
			format!("{dead} were given up"),
			"`gearway relay list --stage dead` says why, `gearway relay retry --all` tries again",
		));
	}
	for trouble in backlog.troubles {
		findings.push(Finding::warning(
			"messages",
			format!("`{}` has failed {} times: {}", trouble.stage, trouble.failures, trouble.error),
			"see to what it says",
		));
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn amounts_are_in_the_main_unit() {
		for (amount, decimals, expected) in [
			(1_500_000_000_000, 12, "1.5"),
			(1, 12, "0.000000000001"),
			(7, 0, "7"),
			(2_000, 3, "2"),
			(5, 60, "5"),
		] {
			assert_eq!(decimal(amount, decimals), expected);
		}
	}

	#[test]
	fn clocks_that_disagree_are_told() {
		for (age, verdict) in [
			(0, Verdict::Ok),
			(-MAX_SKEW, Verdict::Ok),
			(-MAX_SKEW - 1, Verdict::Warning),
			(MAX_HEAD_AGE, Verdict::Ok),
			(MAX_HEAD_AGE + 1, Verdict::Warning),
		] {
			assert_eq!(clock(age).verdict, verdict, "{age}");
		}
	}

	#[test]
	fn whatever_is_wrong_has_a_cure() {
		let several = Error::Several(vec![
			Error::Mismatch { key: GEAR_URL, message: "away".into() },
			Error::Disagreement("odd".into()),
		]);
		let findings = Finding::error("Gear node", &several);
		assert_eq!(findings.len(), 2);
		assert!(findings.iter().all(|finding| finding.cure.is_some()));
		assert!(findings[0].cure.as_deref().unwrap().contains(GEAR_URL));
	}

	#[tokio::test]
	async fn a_broken_configuration_is_the_only_finding() {
		let findings = examine(Path::new("/nowhere/relay.toml")).await;
		assert_eq!(findings.len(), 1);
		assert_eq!(findings[0].verdict, Verdict::Bad);
		assert!(findings[0].says.contains("/nowhere/relay.toml"), "{findings:?}");
	}
}
