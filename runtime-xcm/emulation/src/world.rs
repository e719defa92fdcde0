//! What tests say: blocks of either chain, programs on Gear, money.

use crate::{
	block::{block, clear},
	chains::{Emulation, GearPara, RelayRelay, SiblingPara},
};
use gearway_engine::Phase;
use gearway_programs::{CAPACITOR, PING};
use gearway_runtime_common::{GEAR_PARA_ID, SIBLING_PARA_ID};
use polkadot_sdk::{
	frame_support::assert_ok,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::Alice,
	sp_runtime::AccountId32,
	staging_xcm::latest::{Junction, Location},
	staging_xcm_executor::traits::ConvertLocation,
};
use xcm_emulator::{Network, TestExt};

/// Bought for a program's first message, with much to spare.
const INIT_GAS: u64 = 50_000_000_000;

/// Runs `test` on a new network.
///
/// # Panics
///
/// If one of the parachains has another issuance afterwards, or the relay chain a larger one:
/// nothing a test does may make tokens, or lose any but what Westend burns.
pub fn run(test: impl FnOnce()) {
	Emulation::reset();
	clear();
	Emulation::init();
	RelayRelay::ext_wrapper(|| {
		for para in [GEAR_PARA_ID, SIBLING_PARA_ID] {
			westend_runtime::Dmp::make_parachain_reachable(para);
		}
	});
	let issued_by_relay = || RelayRelay::ext_wrapper(westend_runtime::Balances::total_issuance);
	let before_on_relay = issued_by_relay();
	let issuances = || {
		(
			GearPara::ext_wrapper(gear_runtime::Balances::total_issuance),
			SiblingPara::ext_wrapper(sibling_runtime::Balances::total_issuance),
		)
	};
	let before = issuances();
	test();
	assert_eq!(issuances(), before, "issuance of Gear and of the sibling");
	assert!(issued_by_relay() <= before_on_relay, "issuance of the relay chain, which burns fees");
}

/// Makes a block of the Gear chain with `work` as its transactions; returns its events.
pub fn gear(work: impl FnOnce()) -> Vec<gear_runtime::RuntimeEvent> {
	block::<GearPara, _>(work).1
}

/// Makes a block of the sibling with `work` as its transactions; returns its events.
pub fn sibling(work: impl FnOnce()) -> Vec<sibling_runtime::RuntimeEvent> {
	block::<SiblingPara, _>(work).1
}

/// Gives the account on Gear of `location` `amount` out of Alice's; returns the account.
pub fn endow(location: impl Into<Location>, amount: u128) -> AccountId32 {
	let location = location.into();
	let account = gear_runtime::xcm_config::LocationToAccountId::convert_location(&location)
		.expect("the location has an account");
	gear(|| {
		let alice = gear_runtime::RuntimeOrigin::signed(Alice.to_account_id());
		let to = account.clone().into();
		assert_ok!(gear_runtime::Balances::transfer_allow_death(alice, to, amount));
	});
	account
}

/// Makes a program of `code` on Gear, has it come to life by `payload` and gives it `purse`.
///
/// # Panics
///
/// If it does not come to life.
pub fn deploy(code: &[u8], payload: &[u8], purse: u128) -> H256 {
	let events = gear(|| {
		let alice = gear_runtime::RuntimeOrigin::signed(Alice.to_account_id());
		let (code, payload) = (code.to_vec(), payload.to_vec());
		assert_ok!(gear_runtime::Gear::upload_program(
			alice,
			code,
			vec![],
			payload,
			INIT_GAS,
			0,
			true
		));
	});
	let program = events
		.iter()
		.find_map(|event| match event {
			gear_runtime::RuntimeEvent::Gear(pallet_gear::Event::ProgramChanged {
				id,
				phase: Phase::Active,
			}) => Some(*id),
			_ => None,
		})
		.unwrap_or_else(|| panic!("no program came to life: {events:#?}"));
	if purse > 0 {
		endow(Junction::AccountId32 { network: None, id: program.0 }, purse);
	}
	program
}

/// A capacitor that discharges at `limit` and owns `purse`.
pub fn capacitor(limit: u32, purse: u128) -> H256 {
	deploy(CAPACITOR, limit.to_string().as_bytes(), purse)
}

/// A ping that owns `purse`.
pub fn ping(purse: u128) -> H256 {
	deploy(PING, &[], purse)
}
