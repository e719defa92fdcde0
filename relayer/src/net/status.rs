//! `gearway net status`: how a network is doing.

use super::{
	NetError,
	family::{self, Family},
	report::{Console, aligned},
	select::{AskError, Which},
	state::{self, State},
};
use serde_json::Value;
use std::time::Duration;
use subxt::rpcs::{RpcClient, rpc_params};
use tokio::time::timeout;

/// How long a node may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Shows it. An error where no network runs.
pub(super) async fn execute(which: &Which) -> Result<(), NetError> {
	let (folder, holder) = which.find()?;
	let Some(pid) = holder else { return Err(AskError::NoneRuns(folder).into()) };
	let state = State::read(&folder)?;
	let network = state.as_ref().map_or("network", |state| state.network.as_str());
	let pid = pid.as_raw_nonzero();
	let console = Console::new();
	let progress = progress(&state, &folder);
	console.print(&format!("{network} in {}, process {pid}: {progress}", folder.display()));

	let mut chains = Vec::new();
	for (name, url) in state.iter().flat_map(|state| &state.chains) {
		let [best, last] = match timeout(ANSWER, heads(url)).await {
			Ok(Ok(heads)) => heads.map(|number| format!("#{number}")),
			Ok(Err(_)) | Err(_) => ["no answer", "-"].map(str::to_owned),
		};
		chains.push([name.clone(), best, last, url.clone()]);
	}
	print(&console, &aligned(&["chain", "best", "final", "where"], &chains));
	let programs: Vec<_> = family::writing_to(&folder.join("logs")).iter().map(row).collect();
	print(&console, &aligned(&["process", "pid", "memory", "log"], &programs));
	let addresses = state.map(|state| state.addresses).unwrap_or_default();
	let addresses: Vec<_> = addresses.into_iter().map(|(what, at)| [what, at]).collect();
	print(&console, &aligned(&["what", "where"], &addresses));
	Ok(())
}

fn progress(state: &Option<State>, folder: &std::path::Path) -> String {
	let stage = state::stage(folder);
	match (state, stage) {
		(Some(State { is_ready: true, .. }), _) => "ready".into(),
		(_, Some(stage)) => format!("not ready, waiting for {stage}"),
		(_, None) => "not ready".into(),
	}
}

fn row(family: &Family) -> [String; 4] {
	let memory = format!("{} MiB", family.resident_kib.div_ceil(1024));
	let pid = family.pid.as_raw_nonzero().to_string();
	[family.name.clone(), pid, memory, family.log.display().to_string()]
}

fn print(console: &Console, lines: &[String]) {
	console.print(&format!("\n  {}", lines.join("\n  ")));
}

/// The numbers of a chain's best and last final block.
async fn heads(url: &str) -> Result<[u64; 2], subxt::rpcs::Error> {
	let rpc = RpcClient::from_insecure_url(url).await?;
	let last: Value = rpc.request("chain_getFinalizedHead", rpc_params![]).await?;
	let best: Value = rpc.request("chain_getHeader", rpc_params![]).await?;
	let last: Value = rpc.request("chain_getHeader", rpc_params![last]).await?;
	Ok([best, last].map(|header| number(&header).unwrap_or_default()))
}

fn number(header: &Value) -> Option<u64> {
	u64::from_str_radix(header.get("number")?.as_str()?.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[tokio::test]
	async fn without_a_network_the_cure_is_told() {
		let folder = tempfile::tempdir().unwrap();
		let which = Which { data_dir: Some(folder.path().into()), ..Which::default() };
		let error = execute(&which).await.unwrap_err();
		assert!(error.to_string().contains("gearway net up"), "{error}");
	}

	#[test]
	fn a_block_number_is_read() {
		assert_eq!(number(&json!({ "number": "0x1f" })), Some(31));
		assert_eq!(number(&json!({ "number": 31 })), None);
		assert_eq!(number(&Value::Null), None);
	}

	#[test]
	fn a_network_is_ready_or_waits_for_something() {
		let folder = tempfile::tempdir().unwrap();
		assert_eq!(progress(&None, folder.path()), "not ready");
		std::fs::write(state::stage_file(folder.path()), "the moon").unwrap();
		assert_eq!(progress(&None, folder.path()), "not ready, waiting for the moon");
		let ready = State {
			network: String::new(),
			is_ready: true,
			chains: Vec::new(),
			addresses: Vec::new(),
		};
		assert_eq!(progress(&Some(ready), folder.path()), "ready");
	}
}
