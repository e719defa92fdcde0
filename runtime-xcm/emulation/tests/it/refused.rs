//! What Gear refuses, and what that costs: the execution of the XCM, and nothing else.
//!
//! Each refusal is seen twice: over the chains, where the XCM fails without a message, and as the
//! very error of the call.

use crate::common::*;
use gear_runtime::{Runtime, RuntimeOrigin, XcmGateway};
use gearway_emulation::{GearPara, endow, ping, run};
use gearway_runtime_common::currency::{MILLIUNIT, UNIT};
use pallet_gear::Error;
use polkadot_sdk::{
	frame_support::assert_noop,
	pallet_xcm,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{self, Alice, Bob},
	sp_runtime::traits::BadOrigin,
};
use xcm_emulator::TestExt;

fn xcm(user: Sr25519Keyring) -> RuntimeOrigin {
	pallet_xcm::Origin::Xcm(from_sibling(user)).into()
}

/// Sends and sees it fail on Gear; returns what that cost the user there.
fn refused(user: Sr25519Keyring, program: H256, value: u128) -> u128 {
	let had = balance(&purse(user));
	let topic = send(user, program, b"PING", value);
	let (events, arrived) = settle();
	assert_eq!(executed(&events, topic), Some(false), "{events:#?}");
	assert_eq!(posted(&events), vec![]);
	assert_eq!(received(&arrived), vec![]);
	had - balance(&purse(user))
}

#[test]
fn a_program_that_does_not_exist() {
	run(|| {
		let nobody = H256([0x55; 32]);
		let cost = refused(Alice, nobody, UNIT);
		assert!((1..UNIT / 10).contains(&cost), "a refusal cost {cost}");
		GearPara::ext_wrapper(|| {
			assert_noop!(
				XcmGateway::send_message(xcm(Alice), nobody, b"PING".to_vec(), GAS, UNIT, None),
				Error::<Runtime>::NoProgram
			);
		});
	});
}

#[test]
fn a_user_who_can_pay_the_xcm_but_not_the_message() {
	run(|| {
		let program = ping(UNIT);
		endow(from_sibling(Bob), UNIT + 2 * MILLIUNIT);
		let cost = refused(Bob, program, UNIT);
		assert!((1..UNIT / 10).contains(&cost), "a refusal cost {cost}");
		GearPara::ext_wrapper(|| {
			let send = |gas, value| {
				XcmGateway::send_message(xcm(Bob), program, b"PING".to_vec(), gas, value, None)
			};
			assert_noop!(send(GAS, UNIT), Error::<Runtime>::ValueUnpaid);
			assert_noop!(send(u64::MAX, 0), Error::<Runtime>::GasLimitTooHigh);
		});
	});
}

#[test]
fn a_user_who_owns_nothing() {
	run(|| {
		let program = ping(UNIT);
		assert_eq!(refused(Bob, program, 0), 0);
		GearPara::ext_wrapper(|| {
			assert_noop!(
				XcmGateway::send_message(xcm(Bob), program, b"PING".to_vec(), GAS, 0, None),
				Error::<Runtime>::GasUnpaid
			);
		});
	});
}

#[test]
fn an_account_of_gear_by_the_call_for_locations() {
	run(|| {
		let program = ping(UNIT);
		GearPara::ext_wrapper(|| {
			for origin in [
				RuntimeOrigin::signed(Alice.to_account_id()),
				RuntimeOrigin::root(),
				RuntimeOrigin::none(),
			] {
				assert_noop!(
					XcmGateway::send_message(origin, program, vec![], GAS, 0, None),
					BadOrigin
				);
			}
		});
	});
}
