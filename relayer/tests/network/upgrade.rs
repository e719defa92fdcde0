//! Gear's runtime is replaced, at the relay chain's word, while messages are on their way.
//!
//! Asserts: validators check the new code and give the word, the chain has the code from then on,
//! and messages sent before and after arrive.
//! Must not change: who the programs are, and blocks that were final before.

use crate::environment::{Environment, arrived_by_xcm};
use gearway::{gear::Call, net::events::Seen};
use polkadot_sdk::sp_maybe_compressed_blob::{self as blob, CODE_BLOB_BOMB_LIMIT};
use subxt::rpcs::{RpcClient, rpc_params};
use subxt_signer::sr25519::dev;

/// Where a chain keeps its code: `:code`.
const CODE_KEY: &str = "0x3a636f6465";

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("runtime upgraded");
	let (relay, gear) = (&environment.chains.relay, &environment.chains.gear);
	let (relay_from, from) = (environment.next(relay).await, environment.next(gear).await);
	let last = gear.client().finalized().await.unwrap();
	let old = code(environment).await;
	let new = marked(&old);
	environment.charge_by_xcm(&[6]).await;
	// Of the same version: what is tested is the way of the code, not what it does.
	let upgrade = Call::new("System", "set_code_without_checks", new.clone());
	gear.execute_as_root(&upgrade, &dev::alice()).await.unwrap();
	environment.say("new code stored, validators are to check it");
	let accepted = |seen: &Seen| seen.is("Paras", "PvfCheckAccepted").then_some(());
	environment.events_until(relay, relay_from, 1, accepted).await;

	let applied = |seen: &Seen| {
		let is_it = seen.is("ParachainSystem", "ValidationFunctionApplied");
		is_it.then_some(seen.sight.block.number)
	};
	let at = environment.events_until(gear, from, 1, applied).await;
	environment.say(&format!("#{}: the relay chain has given its word", at[0]));
	assert!(code(environment).await == new, "the chain has the new code");

	environment.charge_by_xcm(&[7]).await;
	let arrived = environment.events_until(gear, from, 2, arrived_by_xcm).await;
	let after_it = environment.events(gear, at[0] + 1, arrived_by_xcm).await;
	assert_eq!((arrived.len(), after_it.len()), (2, 1), "one before, one after");
	let hash = gear.client().block_hash(last.number).await.unwrap();
	assert_eq!(hash, Some(last.hash), "what was final stays");
}

/// The chain's code in its last final block.
async fn code(environment: &Environment<'_>) -> Vec<u8> {
	let client = environment.chains.gear.client();
	let at = client.finalized().await.unwrap().hash;
	let rpc = RpcClient::from_insecure_url(client.endpoint().url().as_str()).await.unwrap();
	let code: String = rpc.request("state_getStorage", rpc_params![CODE_KEY, at]).await.unwrap();
	hex::decode(code.strip_prefix("0x").unwrap()).unwrap()
}

/// The same code with another hash: it has a section more, which nothing reads.
fn marked(code: &[u8]) -> Vec<u8> {
	let mut wasm = blob::decompress(code, CODE_BLOB_BOMB_LIMIT).unwrap().into_owned();
	let name = b"gearway-test";
	let length = u8::try_from(name.len()).unwrap();
	wasm.extend([0, length + 1, length]);
	wasm.extend(name);
	blob::compress_strongly(&wasm, CODE_BLOB_BOMB_LIMIT).unwrap()
}
