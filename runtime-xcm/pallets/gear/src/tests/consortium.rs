//! A consortium's chain: gas costs nothing, nobody has money, and few may upload.

use super::{FORWARDER, forward, living, mails, send, send_as, status, statuses, wasm};
use crate::{
	DispatchStatus, Error, Event, MAX_UPLOADERS, UploaderSet, Uploaders,
	mock::{
		ALICE, BOB, GAS, Gear, NOBODY, RuntimeOrigin, System, Test, actor, chain, consortium,
		end_block, events, h256, total,
	},
};
use gearway_engine::{Phase, ids};
use gearway_programs::{CAPACITOR, PING};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_runtime::{AccountId32, DispatchError, traits::BadOrigin},
};

fn set_uploaders(accounts: Option<&[AccountId32]>) {
	let set = accounts.map(|accounts| {
		UploaderSet::try_from(std::collections::BTreeSet::from_iter(accounts.iter().cloned()))
			.unwrap()
	});
	assert_ok!(Gear::set_uploaders(RuntimeOrigin::root(), set.clone()));
	assert_eq!(events(), [Event::UploadersChanged { uploaders: set }]);
}

/// Whether an account can sign without having a balance.
fn can_sign(who: &AccountId32) -> bool {
	System::sufficients(who) + System::providers(who) > 0
}

#[test]
fn programs_live_without_money() {
	consortium(|| {
		let (program, next) = (living(&wasm(FORWARDER), b""), living(PING, b""));
		let message = send(program, &forward(next, 0, b"PING"));
		end_block();
		let happened = events();
		assert_eq!(status(&happened, message), Some(DispatchStatus::Success));
		assert_eq!(statuses(&happened).len(), 3);
		for owner in [program, next, actor(&ALICE)] {
			assert_eq!(total(&AccountId32::new(owner.into_bytes())), 0);
		}
	});
}

#[test]
fn gas_is_limited_all_the_same() {
	consortium(|| {
		let program = living(CAPACITOR, b"10");
		let message = send_as(BOB, program, b"1", 1_000, 0);
		end_block();
		let happened = events();
		assert_eq!(status(&happened, message), Some(DispatchStatus::Failed));
		assert_eq!(mails(&happened).len(), 1);
		let too_much = Gear::send_message(
			RuntimeOrigin::signed(BOB),
			h256(program),
			Vec::new(),
			u64::MAX,
			0,
			true,
		);
		assert_noop!(too_much, Error::<Test>::GasLimitTooHigh);
	});
}

#[test]
fn value_has_to_be_there() {
	consortium(|| {
		let program = living(CAPACITOR, b"10");
		let value = Gear::send_message(
			RuntimeOrigin::signed(ALICE),
			h256(program),
			Vec::new(),
			GAS,
			1_000_000_000,
			true,
		);
		assert_noop!(value, Error::<Test>::ValueUnpaid);
	});
}

#[test]
fn nobody_else_uploads() {
	consortium(|| {
		let bob = || RuntimeOrigin::signed(BOB);
		assert_noop!(Gear::upload_code(bob(), PING.to_vec()), Error::<Test>::NotUploader);
		let program =
			|| Gear::upload_program(bob(), PING.to_vec(), b"1".to_vec(), Vec::new(), GAS, 0, false);
		assert_noop!(program(), Error::<Test>::NotUploader);
		// What others have uploaded is for everyone.
		assert_ok!(Gear::upload_code(RuntimeOrigin::signed(ALICE), PING.to_vec()));
		let code = ids::code_id(PING);
		let code_id = h256(code);
		assert_ok!(Gear::create_program(bob(), code_id, b"2".to_vec(), Vec::new(), GAS, 0, false));
		end_block();
		let made = Gear::program(ids::program_id(code, b"2")).unwrap();
		assert_eq!(made.phase, Phase::Active);
	});
}

#[test]
fn uploaders_are_named_and_unnamed() {
	consortium(|| {
		assert!(can_sign(&ALICE) && !can_sign(&BOB));
		set_uploaders(Some(&[BOB, NOBODY]));
		assert!(!can_sign(&ALICE) && can_sign(&BOB) && can_sign(&NOBODY));
		let upload =
			|who: AccountId32| Gear::upload_code(RuntimeOrigin::signed(who), PING.to_vec());
		assert_noop!(upload(ALICE), Error::<Test>::NotUploader);
		set_uploaders(Some(&[]));
		assert_noop!(upload(BOB), Error::<Test>::NotUploader);
		assert!(!can_sign(&BOB));
		set_uploaders(None);
		assert_eq!(Uploaders::<Test>::get(), None);
		assert_ok!(upload(BOB));
	});
}

#[test]
fn only_root_names_uploaders() {
	chain(|| {
		let refused = Gear::set_uploaders(RuntimeOrigin::signed(ALICE), None);
		assert_noop!(refused, DispatchError::from(BadOrigin));
		let accounts = (0..=MAX_UPLOADERS).map(|number| {
			let mut bytes = [9; 32];
			bytes[..4].copy_from_slice(&number.to_le_bytes());
			AccountId32::new(bytes)
		});
		assert!(
			UploaderSet::try_from(accounts.collect::<std::collections::BTreeSet<_>>()).is_err()
		);
		// An account that had money before keeps existing.
		set_uploaders(Some(&[ALICE]));
		set_uploaders(None);
		assert!(can_sign(&ALICE));
	});
}
