//! The consensus specification's own light-client tests, replayed: Electra, Fulu, and the fork from
//! Deneb to Electra, which moves the generalised indices. `data/make_vectors.py` makes the data.
//!
//! The specification's client is wider than ours: it follows heads that are not final, and may be
//! forced to believe them when finality fails. So ours is never ahead of it, refuses what has no
//! finality, and is at the very same header whenever that got there by finality.

use gearway_ethereum::{H256, LightClient, beacon_api, light_client::Error, merkle::header_root};
use serde_json::Value;

/// What a case of the specification comes to: how many updates moved our client to where the
/// specification's was then, and which ours refused, by what they have (a sync committee, `s`,
/// finality, `f`, or not, `x`), and why.
type Outcome = (u32, Vec<(String, Error)>);

fn replay(vector: &Value) -> Outcome {
	let bytes = |value: &Value| value.to_string().into_bytes();
	let root = |value: &Value| serde_json::from_value::<H256>(value.clone()).expect("32 bytes");
	let network = beacon_api::network(&bytes(&vector["spec"]), &bytes(&vector["genesis"]))
		.expect("the specification's configuration");
	let start = beacon_api::bootstrap(&bytes(&vector["bootstrap"])).expect("a bootstrap");
	let trusted = root(&vector["trusted_block_root"]);
	let mut client = LightClient::bootstrap(network, trusted, &start).expect("it is honest");

	let (mut agreed, mut refused) = (0, Vec::new());
	for step in vector["steps"].as_array().expect("a list") {
		let theirs = step["finalized_slot"].as_u64().expect("a slot");
		if step["kind"] == "process_update" {
			let update = beacon_api::finality_update(&bytes(&step["update"])).expect("an update");
			let has = step["has"].as_str().expect("two letters");
			match client.apply(&update) {
				Ok(()) => {
					assert_eq!(header_root(&client.state.finalized), root(&step["finalized_root"]));
					assert_eq!(client.state.finalized.slot, theirs);
					agreed += 1;
				}
				Err(error) => refused.push((has.to_string(), error)),
			}
		}
		assert!(client.state.finalized.slot <= theirs, "ahead of the specification");
	}
	(agreed, refused)
}

#[test]
fn agrees_with_the_specification() {
	let vectors: Vec<Value> =
		serde_json::from_str(include_str!("data/vectors.json")).expect("the script wrote it");
	let outcomes = vectors.iter().map(|vector| (vector["name"].as_str(), replay(vector)));
	let refused = |refused: &[(&str, Error)]| {
		refused.iter().map(|(has, error)| (has.to_string(), *error)).collect::<Vec<_>>()
	};

	// Without finality from the third period on: where the specification's client is forced.
	let sync = [
		("sx", Error::NothingFinal),
		("sf", Error::NothingNew),
		("xx", Error::SkippedPeriod),
		("sf", Error::SkippedPeriod),
		("sf", Error::SkippedPeriod),
	];
	// A period is entered only together with the committee of the one after.
	let advance = [
		("xf", Error::NextCommitteeMissing),
		("xx", Error::NothingFinal),
		("xf", Error::NextCommitteeMissing),
	];
	// Genesis is final until the fork is.
	let fork = [("sf", Error::NothingFinal); 6];
	let expected = [
		(Some("electra/light_client_sync"), (3, refused(&sync))),
		(Some("electra/supply_sync_committee_from_past_update"), (1, vec![])),
		(Some("electra/advance_finality_without_sync_committee"), (2, refused(&advance))),
		(Some("fulu/light_client_sync"), (3, refused(&sync))),
		(Some("fulu/supply_sync_committee_from_past_update"), (1, vec![])),
		(Some("fulu/advance_finality_without_sync_committee"), (2, refused(&advance))),
		(Some("deneb/electra_fork"), (1, refused(&fork))),
	];
	assert_eq!(outcomes.collect::<Vec<_>>(), expected);
}
