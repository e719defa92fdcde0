//! What a beacon node of the executable specification answers (Electra, minimal preset), followed
//! for eight periods and down to a block's receipts.

use gearway_ethereum::{
	H256, LightClient, Preset, beacon_api, light_client::Error, merkle::header_root,
	prove::BeaconBlock,
};
use serde_json::Value;

#[test]
fn a_client_lives_on_the_standard_api_alone() {
	let answers: Value = serde_json::from_str(include_str!("data/devnet.json")).unwrap();
	let answer = |name: &str| answers[name].to_string().into_bytes();

	let network = beacon_api::network(&answer("spec"), &answer("genesis")).unwrap();
	assert_eq!(network.preset, Preset::Minimal);
	let root: H256 = serde_json::from_value(answers["bootstrap_root"].clone()).unwrap();
	let start = beacon_api::bootstrap(&answer("bootstrap")).unwrap();
	let mut client = LightClient::bootstrap(network.clone(), root, &start).unwrap();

	let updates = beacon_api::updates(&answer("updates")).unwrap();
	assert_eq!(updates.len(), 8);
	assert_eq!(client.verify(&updates[1]), Err(Error::SkippedPeriod));
	for (period, update) in updates.iter().enumerate() {
		client.apply(update).unwrap();
		assert_eq!(client.state.finalized, update.finalized_header);
		assert_eq!(network.period_at(client.state.finalized.slot), period as u64);
		assert!(client.next.is_some());
	}
	let latest = beacon_api::finality_update(&answer("finality_update")).unwrap();
	client.apply(&latest).unwrap();
	assert_eq!(client.verify(&updates[0]), Err(Error::PastPeriod));

	let block = BeaconBlock::from_json(&answer("block"), network.preset).unwrap();
	let headers: Vec<_> = answers["headers"]
		.as_array()
		.unwrap()
		.iter()
		.map(|json| {
			let (root, header) = beacon_api::header(json.to_string().as_bytes()).unwrap();
			assert_eq!(header_root(&header), root);
			header
		})
		.collect();
	let proof = block.prove(headers).unwrap();
	let finalized = header_root(&client.state.finalized);
	let receipts_root = proof.verify(&network, |root| root == finalized).unwrap();
	assert_eq!(receipts_root, block.receipts_root);
}
