//! Calls of the sibling's `receive` by others than a program of Gear.
//!
//! - another parachain, though it pays and calls itself by a program's id;
//! - accounts of the sibling, and its root;
//! - a user of Gear, who is heard under his own id only.

use crate::common::*;
use codec::Encode;
use gearway_emulation::{SiblingPara, ping, run, sibling};
use gearway_primitives::ProgramMessage;
use gearway_runtime_common::{GEAR_PARA_ID, SIBLING_PARA_ID, currency::UNIT};
use pallet_program_client::Error;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	pallet_message_queue::Event as QueueEvent,
	pallet_xcm,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{Alice, Bob},
	sp_runtime::traits::BadOrigin,
	staging_xcm::{VersionedXcm, prelude::*},
};
use sibling_runtime::{ProgramClient, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin};
use xcm_emulator::TestExt;

fn message() -> ProgramMessage {
	ProgramMessage {
		id: [3; 32],
		answer: None,
		topic: [5; 32],
		payload: b"Discharged: 1000000".to_vec(),
	}
}

/// The XCM by which Gear would bring `message` from `actor`.
fn answer(actor: H256) -> Xcm<()> {
	let call =
		RuntimeCall::ProgramClient(pallet_program_client::Call::receive { message: message() });
	Xcm(vec![
		WithdrawAsset((Here, UNIT).into()),
		BuyExecution { fees: (Here, UNIT).into(), weight_limit: Unlimited },
		DescendOrigin(account(actor.0).into()),
		Transact {
			origin_kind: OriginKind::Xcm,
			fallback_max_weight: None,
			call: call.encode().into(),
		},
		ExpectTransactStatus(MaybeErrorCode::Success),
		RefundSurplus,
		DepositAsset { assets: Wild(AllCounted(1)), beneficiary: account(actor.0).into() },
		SetTopic([6; 32]),
	])
}

/// Has `xcm` arrive on the sibling from parachain `from`; whether it ran to its end, and what was
/// received by it.
fn bring(from: u32, xcm: Xcm<()>) -> (bool, Vec<H256>) {
	arrive_from(from, SIBLING_PARA_ID, xcm);
	let events = sibling(|| ());
	let success = only(events.iter().filter_map(|event| match event {
		RuntimeEvent::MessageQueue(QueueEvent::Processed { success, .. }) => Some(*success),
		_ => None,
	}));
	let received = events.into_iter().filter_map(|event| match event {
		RuntimeEvent::ProgramClient(pallet_program_client::Event::MessageReceived {
			program,
			kept,
			..
		}) => {
			assert!(!kept, "nobody asked for it");
			Some(program)
		}
		_ => None,
	});
	(success, received.collect())
}

#[test]
fn another_chain_cannot_speak_for_a_program() {
	run(|| {
		let program = ping(UNIT);
		endow_there(Location::new(1, [Parachain(STRANGER)]), 100 * UNIT);
		assert_eq!(bring(STRANGER, answer(program)), (false, vec![]));
		// The same from Gear is heard: it is the sender that was wrong with it.
		assert_eq!(bring(GEAR_PARA_ID, answer(program)), (true, vec![program]));

		let forged = Location::new(1, [Parachain(STRANGER), account(program.0)]);
		SiblingPara::ext_wrapper(|| {
			let origin = pallet_xcm::Origin::Xcm(forged);
			assert_noop!(
				ProgramClient::receive(origin.into(), message()),
				Error::<Runtime>::NotGear
			);
		});
	});
}

#[test]
fn gear_itself_is_no_program() {
	run(|| {
		let mut bare = answer(H256::zero());
		bare.0.retain(|instruction| !matches!(instruction, DescendOrigin(_)));
		assert_eq!(bring(GEAR_PARA_ID, bare), (false, vec![]));
		SiblingPara::ext_wrapper(|| {
			let origin = pallet_xcm::Origin::Xcm(Location::new(1, [Parachain(GEAR_PARA_ID)]));
			assert_noop!(
				ProgramClient::receive(origin.into(), message()),
				Error::<Runtime>::NotAnActor
			);
		});
	});
}

#[test]
fn accounts_and_root_of_the_sibling_are_refused() {
	run(|| {
		SiblingPara::ext_wrapper(|| {
			for origin in [
				RuntimeOrigin::signed(Alice.to_account_id()),
				RuntimeOrigin::root(),
				RuntimeOrigin::none(),
			] {
				assert_noop!(ProgramClient::receive(origin, message()), BadOrigin);
			}
		});
	});
}

#[test]
fn a_user_of_gear_is_heard_as_himself() {
	run(|| {
		let bob = H256(Bob.to_raw_public());
		endow_there(Location::new(1, [Parachain(GEAR_PARA_ID), account(bob.0)]), 100 * UNIT);
		gearway_emulation::gear(|| {
			// The chain puts Bob's location in front, so the one in the message has to go.
			let mut xcm = answer(bob);
			xcm.0.retain(|instruction| !matches!(instruction, DescendOrigin(_)));
			assert_ok!(gear_runtime::PolkadotXcm::send(
				gear_runtime::RuntimeOrigin::signed(Bob.to_account_id()),
				Box::new(Location::new(1, [Parachain(SIBLING_PARA_ID)]).into()),
				Box::new(VersionedXcm::from(xcm)),
			));
		});
		let heard = only(received(&settle().1));
		assert_eq!((heard.program, heard.kept), (bob, false));
	});
}
