//! The three chains and their network, declared to `xcm-emulator`.

#![allow(missing_docs, reason = "the macros document nothing of what they make")]

use crate::genesis;
// Named by the macros.
use polkadot_sdk::{
	cumulus_primitives_core::AggregateMessageOrigin,
	frame_support::{self, traits::OnInitialize},
};
use xcm_emulator::{decl_test_networks, decl_test_parachains, decl_test_relay_chains};

decl_test_relay_chains! {
	#[api_version(16)]
	pub struct Relay {
		genesis = genesis::relay(),
		on_init = (),
		runtime = westend_runtime,
		core = {
			SovereignAccountOf: westend_runtime::xcm_config::LocationConverter,
		},
		pallets = {
			XcmPallet: westend_runtime::XcmPallet,
		}
	}
}

decl_test_parachains! {
	pub struct Gear {
		genesis = genesis::gear(),
		on_init = (),
		runtime = gear_runtime,
		core = {
			XcmpMessageHandler: gear_runtime::XcmpQueue,
			LocationToAccountId: gear_runtime::xcm_config::LocationToAccountId,
			ParachainInfo: gear_runtime::ParachainInfo,
			MessageOrigin: AggregateMessageOrigin,
		},
		pallets = {
			Gear: gear_runtime::Gear,
		}
	},
	pub struct Sibling {
		genesis = genesis::sibling(),
		on_init = (),
		runtime = sibling_runtime,
		core = {
			XcmpMessageHandler: sibling_runtime::XcmpQueue,
			LocationToAccountId: sibling_runtime::xcm_config::LocationToAccountId,
			ParachainInfo: sibling_runtime::ParachainInfo,
			MessageOrigin: AggregateMessageOrigin,
		},
		pallets = {
			ProgramClient: sibling_runtime::ProgramClient,
		}
	},
}

decl_test_networks! {
	pub struct Emulation {
		relay_chain = Relay,
		parachains = vec![Gear, Sibling,],
		bridge = ()
	}
}
