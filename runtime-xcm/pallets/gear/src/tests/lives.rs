//! The lives of programs: init, activity, exit.

use super::{LEAVER, capacitor, living, mails, reply_to, send, send_as, status, upload, wasm};
use crate::{
	DispatchStatus, Endowers, Error, Event,
	mock::{
		ALICE, BLOCK, BOB, ED, FUNDS, GAS, Gear, RuntimeOrigin, Test, account, actor, chain,
		end_block, end_block_with, events, h256, total,
	},
};
use gearway_engine::Phase;
use gearway_programs::CAPACITOR;
use polkadot_sdk::frame_support::{assert_noop, weights::Weight};

fn phase(id: gearway_engine::ActorId) -> Phase {
	Gear::program(id).unwrap().phase
}

#[test]
fn init_brings_a_program_to_life_at_the_end_of_the_block() {
	chain(|| {
		let id = upload(CAPACITOR, b"10");
		assert!(matches!(phase(id), Phase::Uploaded { .. }));
		end_block();
		assert_eq!(phase(id), Phase::Active);
		assert!(events().contains(&Event::ProgramChanged { id: h256(id), phase: Phase::Active }));
		assert!(Gear::memory(id).count() > 0, "the limit is in its memory");
	});
}

#[test]
fn what_comes_in_the_same_block_comes_after_init() {
	chain(|| {
		let id = upload(CAPACITOR, b"10");
		let message = send(id, b"11");
		end_block();
		let events = events();
		assert_eq!(status(&events, message), Some(DispatchStatus::Success));
		assert!(mails(&events).iter().any(|mail| mail.payload == b"Discharged: 11"));
	});
}

#[test]
fn a_program_whose_init_fails_is_no_more() {
	chain(|| {
		let id = upload(CAPACITOR, b"much");
		let value = 5 * ED;
		let early = send_as(BOB, id, b"1", GAS, value);
		assert_eq!(total(&account(id)), ED);
		end_block();

		assert_eq!(phase(id), Phase::Terminated);
		assert_eq!(total(&account(id)), 0, "its endowment went back");
		let events = events();
		assert_eq!(status(&events, early), Some(DispatchStatus::NotExecuted));
		let reply = reply_to(&events, early);
		assert_eq!(reply.details.unwrap().code.to_bytes(), [1, 2, 1, 0]);
		assert_eq!(total(&BOB), FUNDS, "his value went back, and nothing was spent");

		let late = Gear::send_message(RuntimeOrigin::signed(BOB), h256(id), vec![], GAS, 0, true);
		assert_noop!(late, Error::<Test>::ProgramGone);
	});
}

#[test]
fn messages_wait_for_the_init_before_them() {
	chain(|| {
		// Its init waits, because it does not fit; the message behind it must wait too.
		let id = upload(CAPACITOR, b"10");
		let early = send_as(BOB, id, b"3", 1_000_000_000, 0);
		end_block_with(Weight::from_parts(40_000_000_000, BLOCK.proof_size()));
		assert_eq!(status(&events(), early), None);
		end_block();
		assert_eq!(phase(id), Phase::Active);
	});
}

#[test]
fn a_program_that_leaves_hands_over_what_it_has() {
	chain(|| {
		let id = living(&wasm(LEAVER), b"");
		let before = total(&BOB);
		let gift = 7 * ED;
		send_as(ALICE, id, actor(&BOB).as_ref(), GAS, gift);
		end_block();
		assert_eq!(phase(id), Phase::Exited { inheritor: actor(&BOB) });
		assert_eq!(total(&account(id)), 0);
		assert_eq!(total(&BOB), before + gift + ED);

		let late = Gear::send_message(RuntimeOrigin::signed(BOB), h256(id), vec![], GAS, 0, true);
		assert_noop!(late, Error::<Test>::ProgramGone);
	});
}

#[test]
fn memory_lasts_from_block_to_block() {
	chain(|| {
		let id = capacitor();
		for charge in [b"3", b"4"] {
			send(id, charge);
			end_block();
			assert!(!mails(&events()).iter().any(|mail| mail.details.is_none()));
		}
		send(id, b"3");
		end_block();
		assert!(mails(&events()).iter().any(|mail| mail.payload == b"Discharged: 10"));
	});
}

#[test]
fn what_an_init_needs_is_forgotten_when_it_is_done() {
	chain(|| {
		let (lives, fails) = (upload(CAPACITOR, b"10"), upload(&wasm(LEAVER), b""));
		assert_eq!(Endowers::<Test>::get(lives), Some(ALICE));
		assert_eq!(Endowers::<Test>::get(fails), Some(ALICE));
		end_block();
		assert_eq!(Endowers::<Test>::iter().count(), 0);
	});
}
