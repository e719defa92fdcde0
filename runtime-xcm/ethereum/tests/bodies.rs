//! Block bodies of every fork and preset, against the executable specification's roots.

use gearway_ethereum::{
	Fork, H256, Layout, Network, Preset,
	prove::{BeaconBlock, Error},
};
use serde_json::Value;

#[test]
fn bodies_have_the_roots_the_specification_gives_them() {
	let vectors: Vec<Value> = serde_json::from_str(include_str!("data/bodies.json")).unwrap();
	assert_eq!(vectors.len(), 10);
	for vector in vectors {
		let (preset, other) = match vector["preset"].as_str().unwrap() {
			"mainnet" => (Preset::Mainnet, Preset::Minimal),
			"minimal" => (Preset::Minimal, Preset::Mainnet),
			preset => panic!("{preset}?"),
		};
		let version = vector["block"]["version"].as_str().unwrap();
		let json = vector["block"].to_string();
		let block = BeaconBlock::from_json(json.as_bytes(), preset).unwrap();
		let expected: H256 = serde_json::from_value(vector["body_root"].clone()).unwrap();
		assert_eq!(block.header.body_root, expected, "{version} {preset:?}");
		let wrong = BeaconBlock::from_json(json.as_bytes(), other).unwrap();
		assert_ne!(wrong.header.body_root, expected);

		let layout = match version {
			"deneb" => Layout::DENEB,
			"electra" => Layout::ELECTRA,
			_ => Layout::FULU,
		};
		let network = Network {
			preset,
			genesis_validators_root: H256::zero(),
			genesis_time: 0,
			seconds_per_slot: 12,
			forks: vec![Fork { version: [0; 4], epoch: 0, layout }].try_into().unwrap(),
		};
		let proof = block.prove(vec![]).unwrap();
		assert_eq!(proof.verify(&network, |root| root == block.root()), Ok(block.receipts_root));
	}
}

#[test]
fn a_body_of_an_unknown_fork_is_refused() {
	let vectors: Vec<Value> = serde_json::from_str(include_str!("data/bodies.json")).unwrap();
	let deneb = vectors.iter().find(|vector| vector["block"]["version"] == "deneb").unwrap();
	for version in ["capella", "electra", "gloas", ""] {
		let mut block = deneb["block"].clone();
		block["version"] = version.into();
		let result = BeaconBlock::from_json(block.to_string().as_bytes(), Preset::Mainnet);
		assert!(matches!(result, Err(Error::UnknownFork(fork)) if fork == version));
	}
	for json in ["", "{}", "[]", "null", r#"{"version":"deneb","data":{}}"#] {
		let result = BeaconBlock::from_json(json.as_bytes(), Preset::Mainnet);
		assert!(matches!(result, Err(Error::BeaconApi(_))));
	}
}
