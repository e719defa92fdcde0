//! A program's own XCM, by the builtin actor.
//!
//! - it comes from the program's own location, on the sibling as on the relay chain, and moves
//!   what the program owns there;
//! - one topic names it in the gateway's event and where it is executed;
//! - the program pays the flat fee; what is no request costs no more than gas.

use crate::common::*;
use codec::Encode;
use gear_runtime::{RuntimeEvent, configs::gateway::OUTBOUND_FEE};
use gearway_emulation::{RelayRelay, SiblingPara, deploy, run};
use gearway_runtime_common::{
	GEAR_PARA_ID, SIBLING_PARA_ID,
	currency::{MILLIUNIT, UNIT},
};
use pallet_xcm_gateway::{Event, XCM_ACTOR, XcmRequest};
use polkadot_sdk::{
	frame_support::assert_ok, pallet_message_queue::Event as QueueEvent, sp_core::H256,
	sp_keyring::Sr25519Keyring::Alice, sp_runtime::AccountId32, staging_xcm::prelude::*,
	staging_xcm_executor::traits::ConvertLocation,
};
use xcm_emulator::{Chain, TestExt};

/// A program that passes whatever it is sent on to the XCM actor.
fn forwarder() -> H256 {
	let actor = XCM_ACTOR.map(|byte| format!("\\{byte:02x}")).concat();
	let code = wat::parse_str(format!(
		r#"(module
			(import "env" "memory" (memory 1))
			(import "env" "gr_size" (func $size (param i32)))
			(import "env" "gr_send_input" (func $send_input (param i32 i32 i32 i32 i32)))
			;; The actor, and no value.
			(data (i32.const 0) "{actor}")
			(func (export "init"))
			(func (export "handle")
				(call $size (i32.const 64))
				(call $send_input
					(i32.const 0)
					(i32.const 0) (i32.load (i32.const 64))
					(i32.const 0)
					(i32.const 128))))"#
	));
	deploy(&code.expect("it is a module"), &[], UNIT)
}

/// Moves `amount` of a chain's native token from the program to `to`.
fn transfer(to: &AccountId32, amount: u128) -> Xcm<()> {
	Xcm(vec![
		WithdrawAsset((Here, amount).into()),
		BuyExecution { fees: (Here, amount).into(), weight_limit: Unlimited },
		DepositAsset { assets: Wild(AllCounted(1)), beneficiary: account(to.clone()).into() },
	])
}

/// The program's XCMs that left.
fn sent(events: &[RuntimeEvent]) -> Vec<(H256, Location, XcmHash)> {
	let sent = events.iter().cloned().filter_map(|event| match event {
		RuntimeEvent::XcmGateway(Event::XcmSent { source, destination, topic }) => {
			Some((source, destination, topic))
		}
		_ => None,
	});
	sent.collect()
}

#[test]
fn on_the_sibling() {
	run(|| {
		let program = forwarder();
		let (rich, poor) = (
			Location::new(1, [Parachain(GEAR_PARA_ID), account(program.0)]),
			AccountId32::new([0x55; 32]),
		);
		endow_there(rich, 2 * UNIT);

		let chain = Location::new(1, [Parachain(SIBLING_PARA_ID)]);
		let request = XcmRequest::Send {
			dest: chain.clone().into(),
			message: VersionedXcm::from(transfer(&poor, UNIT)),
		};
		send(Alice, program, &request.encode(), 0);
		let (events, arrived) = settle();

		let (source, destination, topic) = only(sent(&events));
		assert_eq!((source, destination), (program, chain));
		let executed = arrived.iter().any(|event| {
			matches!(
				event,
				sibling_runtime::RuntimeEvent::MessageQueue(QueueEvent::Processed {
					id,
					success: true,
					..
				}) if id.0 == topic
			)
		});
		assert!(executed, "{arrived:#?}");
		let got = SiblingPara::ext_wrapper(|| sibling_runtime::Balances::free_balance(&poor));
		assert!((UNIT * 9 / 10..UNIT).contains(&got), "{got} arrived");
		let left = balance(&account_of(program));
		let spent = UNIT + MILLIUNIT - left;
		assert!((OUTBOUND_FEE..OUTBOUND_FEE + 10 * MILLIUNIT).contains(&spent), "cost {spent}");
	});
}

#[test]
fn on_the_relay_chain() {
	run(|| {
		const WND: u128 = 1_000_000_000_000;
		let program = forwarder();
		let (rich, poor) = (
			Location::new(0, [Parachain(GEAR_PARA_ID), account(program.0)]),
			AccountId32::new([0x55; 32]),
		);
		let rich = westend_runtime::xcm_config::LocationConverter::convert_location(&rich);
		RelayRelay::ext_wrapper(|| {
			assert_ok!(westend_runtime::Balances::transfer_allow_death(
				westend_runtime::RuntimeOrigin::signed(Alice.to_account_id()),
				rich.expect("every program has an account").into(),
				2 * WND
			));
		});

		let request = XcmRequest::Send {
			dest: Location::parent().into(),
			message: VersionedXcm::from(transfer(&poor, WND)),
		};
		send(Alice, program, &request.encode(), 0);
		let (events, _) = settle();

		let (source, destination, topic) = only(sent(&events));
		assert_eq!((source, destination), (program, Location::parent()));
		RelayRelay::ext_wrapper(|| {
			let executed = RelayRelay::events().into_iter().any(|event| {
				matches!(
					event,
					westend_runtime::RuntimeEvent::MessageQueue(QueueEvent::Processed {
						id,
						success: true,
						..
					}) if id.0 == topic
				)
			});
			assert!(executed, "{:#?}", RelayRelay::events());
			let got = westend_runtime::Balances::free_balance(&poor);
			assert!((WND * 9 / 10..WND).contains(&got), "{got} arrived");
		});
	});
}

#[test]
fn what_is_no_request_goes_nowhere() {
	run(|| {
		let program = forwarder();
		let had = balance(&account_of(program));
		send(Alice, program, b"no request", 0);
		let (events, _) = settle();
		let failed = events.iter().any(|event| {
			matches!(
				event,
				RuntimeEvent::Gear(pallet_gear::Event::MessageFailed { destination, .. })
					if destination.0 == XCM_ACTOR
			)
		});
		assert!(failed, "{events:#?}");
		assert_eq!(sent(&events), vec![]);
		assert_eq!(balance(&account_of(program)), had);
	});
}
