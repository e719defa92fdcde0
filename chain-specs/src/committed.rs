//! The specs that are kept under version control, for people to read: without code.

use crate::{Chain, Spec, SpecError};
use serde_json::{Value, json};

/// What a text in the template for a live chain begins with until somebody puts the value there.
/// No node takes it for a key or an account.
pub const PLACEHOLDER: &str = "REPLACE: ";

/// The files' names and what is in them.
pub fn committed() -> Result<Vec<(String, Value)>, SpecError> {
	let mut files = Vec::new();
	for chain in Chain::ALL {
		for preset in chain.presets() {
			let name = format!("{}-{}.json", chain.id(), preset.id());
			files.push((name, Spec::new(chain, *preset).outline()?));
		}
	}
	files.push(("gear-live.json".into(), live()));
	Ok(files)
}

/// The template for a live Gear chain: whatever must differ from one chain to the next is a text
/// that says what belongs there. Nobody owns anything, and no key in it is known.
pub fn live() -> Value {
	let here = |what: &str| format!("{PLACEHOLDER}{what}");
	let chain = Chain::Gear;
	json!({
		"name": here("the chain's name, as wallets show it"),
		"id": here("the chain's id, in lower case and without spaces"),
		"chainType": "Live",
		"bootNodes": [here("multiaddress of a node that is always up, /dns/.../tcp/30333/p2p/...")],
		"telemetryEndpoints": null,
		"protocolId": null,
		"properties": {
			"tokenSymbol": chain.token(),
			"tokenDecimals": 12,
			"ss58Format": 42,
		},
		"relay_chain": here("the relay chain's spec id, such as paseo or polkadot"),
		"para_id": here("the parachain id reserved there, a number without quotes"),
		"codeSubstitutes": {},
		"genesis": {
			"runtimeGenesis": {
				"patch": {
					"aura": {
						"authorities": [
							here("the first collator's Aura key, as `author_rotateKeys` gave it, in SS58"),
							here("the second collator's Aura key"),
						],
					},
					"balances": { "balances": [] },
					"gear": { "free": false, "uploaders": null },
					"parachainInfo": { "parachainId": here("the same parachain id") },
					"polkadotXcm": { "safeXcmVersion": 5 },
					"sudo": { "key": here("account that upgrades the chain until governance does: a multisig") },
				},
			},
		},
	})
}
