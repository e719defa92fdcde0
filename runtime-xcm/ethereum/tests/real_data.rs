//! Sepolia's light-client data and Holesky's Electra blocks.
//!
//! They are read from `$GEARWAY_FIXTURES`, or from `shared/fixtures` beside the repository; where
//! there are none, the tests say so and pass.

use gearway_ethereum::{
	BeaconHeader, Fork, Gateway, H256, Layout, LightClient, Network, Preset,
	beacon_api::{self, Error as ApiError},
	committee, gateway, inclusion,
	light_client::{Error, StateChange},
	merkle::header_root,
	network,
	prove::{BeaconBlock, BlockReceipts, Error as ProveError},
	receipts::Error as ReceiptError,
};
use serde_json::Value;
use std::path::PathBuf;

fn fixture(name: &str) -> Option<Vec<u8>> {
	let folder = std::env::var_os("GEARWAY_FIXTURES").map_or_else(
		|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
		PathBuf::from,
	);
	let path = folder.join("ethereum").join(name);
	let bytes = std::fs::read(&path).ok();
	if bytes.is_none() {
		eprintln!("\n*** SKIPPED: no {} (set GEARWAY_FIXTURES) ***\n", path.display());
	}
	bytes
}

fn sepolia() -> Network {
	let spec = r#"{"data":{"PRESET_BASE":"mainnet","SECONDS_PER_SLOT":"12",
		"DENEB_FORK_VERSION":"0x90000073","DENEB_FORK_EPOCH":"132608",
		"ELECTRA_FORK_VERSION":"0x90000074","ELECTRA_FORK_EPOCH":"222464",
		"FULU_FORK_VERSION":"0x90000075","FULU_FORK_EPOCH":"18446744073709551615",
		"BLOB_SCHEDULE":[]}}"#;
	let genesis = r#"{"data":{"genesis_time":"1655733600","genesis_fork_version":"0x90000069",
		"genesis_validators_root":
		"0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078"}}"#;
	beacon_api::network(spec.as_bytes(), genesis.as_bytes()).expect("these are Sepolia's")
}

#[test]
fn a_network_is_read_from_a_nodes_spec() {
	let network = sepolia();
	assert_eq!(network.preset, Preset::Mainnet);
	assert_eq!(
		network.forks.to_vec(),
		[
			Fork { version: [0x90, 0, 0, 0x73], epoch: 132_608, layout: Layout::DENEB },
			Fork { version: [0x90, 0, 0, 0x74], epoch: 222_464, layout: Layout::ELECTRA },
		]
	);
	assert_eq!(network.time_of(5_242_880), 1_718_648_160);

	let genesis = br#"{"data":{"genesis_time":"0","genesis_validators_root":
		"0x0000000000000000000000000000000000000000000000000000000000000000"}}"#;
	let read = |spec: &str| beacon_api::network(spec.as_bytes(), genesis).unwrap_err();
	assert!(matches!(read("{"), ApiError::Json(_)));
	assert!(matches!(read(r#"{"data":{}}"#), ApiError::MissingSetting(_)));
	assert!(matches!(
		read(r#"{"data":{"PRESET_BASE":"gnosis","SECONDS_PER_SLOT":"5"}}"#),
		ApiError::BadSetting(key, value) if key == "PRESET_BASE" && value == "gnosis"
	));
	for spec in [
		r#"{"data":{"PRESET_BASE":"minimal","SECONDS_PER_SLOT":"6"}}"#,
		r#"{"data":{"PRESET_BASE":"minimal","SLOT_DURATION_MS":"6000"}}"#,
	] {
		assert!(matches!(read(spec), ApiError::Network(network::Error::NoForks)));
	}
	assert!(matches!(
		read(r#"{"data":{"PRESET_BASE":"minimal"}}"#),
		ApiError::MissingSetting(key) if key == "SECONDS_PER_SLOT"
	));
	assert!(matches!(
		read(
			r#"{"data":{"PRESET_BASE":"minimal","SECONDS_PER_SLOT":"6",
			"DENEB_FORK_EPOCH":"0","DENEB_FORK_VERSION":"0x01"}}"#
		),
		ApiError::BadSetting(key, _) if key == "DENEB_FORK_VERSION"
	));
}

#[test]
fn sepolia_is_followed() {
	let (Some(bootstrap), Some(update), Some(later)) = (
		fixture("sepolia-bootstrap-640.json"),
		fixture("sepolia-update-640.json"),
		fixture("sepolia-finality-update-5_263_072.json"),
	) else {
		return;
	};
	let bootstrap = beacon_api::bootstrap(&bootstrap).unwrap();
	let root = header_root(&bootstrap.header);
	// Roots taken here are those of the library whose types these are.
	assert_eq!(root, bootstrap.header.hash_tree_root().unwrap());
	let committee = snowbridge_beacon_primitives::SyncCommittee::<512> {
		pubkeys: bootstrap.current_committee.pubkeys.to_vec().try_into().unwrap(),
		aggregate_pubkey: bootstrap.current_committee.aggregate_pubkey,
	};
	assert_eq!(bootstrap.current_committee.root(), committee.hash_tree_root().unwrap());

	let mut client = LightClient::bootstrap(sepolia(), root, &bootstrap).unwrap();

	let updates = beacon_api::updates(&update).unwrap();
	let [update] = updates.as_slice() else { panic!("one update") };
	let StateChange { rotated, finalized_root, .. } = client.verify(update).unwrap();
	assert!(!rotated && finalized_root.is_none());

	let mut damaged = update.clone();
	damaged.sync_aggregate.signature.0[20] ^= 1;
	let wrong = Err(Error::Committee(committee::Error::BadSignature));
	assert_eq!(client.verify(&damaged), wrong);
	let mut damaged = update.clone();
	damaged.finality_branch[0] = H256::zero();
	assert_eq!(client.verify(&damaged), Err(Error::BadFinalityBranch));
	let mut damaged = update.clone();
	damaged.next_committee.as_mut().unwrap().branch[4] = H256::zero();
	assert_eq!(client.verify(&damaged), Err(Error::BadNextCommitteeBranch));

	client.apply(update).unwrap();
	assert_eq!(client.verify(update), Err(Error::NothingNew));

	// Two periods on: the update of the period between is missing.
	let later = beacon_api::finality_update(&later).unwrap();
	assert_eq!(later.finalized_header.slot, 5_263_072);
	assert_eq!(client.verify(&later), Err(Error::SkippedPeriod));
}

#[test]
fn holesky_transactions_are_proven_from_block_to_log() {
	let Some(packed) = fixture("holesky-electra-transactions.json.zst") else { return };
	let json = zstd::decode_all(packed.as_slice()).unwrap();
	let entries: Vec<Value> = serde_json::from_slice(&json).unwrap();
	assert_eq!(entries.len(), 9);
	let network = Network {
		preset: Preset::Mainnet,
		genesis_validators_root: H256::zero(),
		genesis_time: 1_695_902_400,
		seconds_per_slot: 12,
		forks: vec![Fork { version: [6, 1, 0x70, 0], epoch: 115_968, layout: Layout::ELECTRA }]
			.try_into()
			.unwrap(),
	};
	let mut logs = 0;
	for entry in &entries {
		let root = |key: &str| serde_json::from_value::<H256>(entry[key].clone()).unwrap();
		let block =
			BeaconBlock::from_json(entry["block"].to_string().as_bytes(), Preset::Mainnet).unwrap();
		assert_eq!(block.root(), root("block_root"));
		let headers: Vec<BeaconHeader> = entry["headers"]
			.as_array()
			.unwrap()
			.iter()
			.map(|header| {
				let (root, header) = beacon_api::header(header.to_string().as_bytes()).unwrap();
				assert_eq!(header_root(&header), root);
				header
			})
			.collect();
		let is_finalized = |candidate| candidate == root("checkpoint_root");
		let proof = block.prove(headers.clone()).unwrap();
		assert_eq!(proof.verify(&network, is_finalized), Ok(block.receipts_root));
		assert!(matches!(
			block.prove(headers[1..].to_vec()),
			Err(ProveError::Inclusion(inclusion::Error::BrokenChain))
		));

		let list = entry["receipts"]["result"].as_array().unwrap();
		let parse = |list: &[Value]| {
			list.iter()
				.map(|receipt| serde_json::from_value(receipt.clone()).unwrap())
				.collect::<Vec<alloy::rpc::types::TransactionReceipt>>()
		};
		assert!(matches!(
			BlockReceipts::new(parse(&list[1..]), block.receipts_root),
			Err(ProveError::WrongReceipts { .. })
		));
		let receipts = BlockReceipts::new(parse(list), block.receipts_root).unwrap();
		// The trie is built anew for each: a sample will do, and the one the data names.
		let named: usize = entry["tx_index"].to_string().trim_matches('"').parse().unwrap();
		for (index, expected) in parse(list).into_iter().enumerate() {
			if index % 16 != 0 && index != named {
				continue;
			}
			let Ok(proof) = receipts.prove(index as u32, 0, 0) else {
				// One transaction's logs fill more than a proof may carry.
				let length = list[index].to_string().len();
				assert!(length > 100_000, "receipt {index}, {length} characters of JSON");
				continue;
			};
			let receipt = proof.receipt(block.receipts_root).unwrap();
			assert_eq!(receipt.success, expected.status());
			let expected: Vec<_> =
				expected.inner.logs().iter().map(|log| log.inner.clone()).collect();
			assert_eq!(receipt.logs, expected);
			logs += receipt.logs.len();

			if let (true, Some(log)) = (receipt.success, receipt.logs.first()) {
				let owner = Gateway { chain_id: 17_000, address: log.address.into() };
				assert_eq!(
					proof.verify(block.receipts_root, &owner),
					Err(ReceiptError::Gateway(gateway::Error::WrongEvent))
				);
			}
		}
	}
	assert!(logs > 100, "{logs}");
}
