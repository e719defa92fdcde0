//! Charges from the sibling and from Ethereum, and the discharge back.
//!
//! Asserts: every step of all three journeys is seen in a final block of its chain.
//! Must not change: what those who take no part in it own, on either chain.

use crate::environment::Environment;
use gearway::{
	gear::account_of,
	net::{
		chains::Chain,
		journey::{self, MainJob},
		report::{Journey, table},
	},
};
use subxt::ext::scale_value::Value;
use subxt_signer::sr25519::dev;

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("main job");
	let chains = &environment.chains;
	let before = [bystander(&chains.gear).await, bystander(&chains.sibling).await];
	let mut journeys = journey::planned();
	let job = MainJob {
		steps: environment.nodes.steps,
		gear: &chains.gear,
		sibling: &chains.sibling,
		pair: &environment.pair,
		gateway: environment.gateway,
		programs: environment.programs,
	};
	job.run(&mut journeys).await.unwrap();
	environment.nodes.steps.console().print(&table(&journeys));
	assert!(journeys.iter().all(Journey::is_complete));
	let after = [bystander(&chains.gear).await, bystander(&chains.sibling).await];
	assert_eq!(before, after);
}

/// The account of Charlie as stored, who sends nothing and is sent nothing.
async fn bystander(chain: &Chain) -> Vec<u8> {
	let client = chain.client();
	let at = client.at_finalized().await.unwrap();
	let key = vec![Value::from_bytes(account_of(&dev::charlie()).0)];
	let address = subxt::dynamic::storage::<Vec<Value>, Value>("System", "Account");
	at.storage().try_fetch(address, key).await.unwrap().unwrap().bytes().to_vec()
}
