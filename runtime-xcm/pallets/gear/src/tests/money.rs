//! Who pays, who is paid, and that nothing is made or lost.

use super::{FORWARDER, capacitor, forward, living, send_as, upload, wasm};
use crate::{
	HoldReason,
	mock::{
		ALICE, AUTHOR, BOB, Balances, ED, FUNDS, GAS, Gear, RuntimeOrigin, Test, account, actor,
		chain, end_block, events, total,
	},
};
use gearway_engine::ids;
use gearway_primitives::Value;
use gearway_programs::PING;
use polkadot_sdk::frame_support::{
	assert_ok,
	traits::fungible::{Inspect, InspectHold, Mutate},
};

fn held(reason: HoldReason) -> Value {
	Balances::balance_on_hold(&reason.into(), &BOB)
}

#[test]
fn gas_and_value_are_held_until_they_are_needed() {
	chain(|| {
		let id = living(PING, b"");
		let author = total(&AUTHOR);
		send_as(BOB, id, b"PING", GAS, 3 * ED);
		assert_eq!(held(HoldReason::Gas), Gear::price_of(GAS));
		assert_eq!(held(HoldReason::Value), 3 * ED);
		assert_eq!(total(&BOB), FUNDS);
		end_block();
		assert_eq!((held(HoldReason::Gas), held(HoldReason::Value)), (0, 0));
		let spent = FUNDS - 3 * ED - total(&BOB);
		assert!(spent > 0 && spent < Gear::price_of(GAS));
		assert_eq!(total(&AUTHOR), author + spent, "all of it went to the author");
	});
}

#[test]
fn the_endowment_is_paid_once_and_only_if_needed() {
	chain(|| {
		let (code, salt) = (wasm(FORWARDER), b"salt".to_vec());
		let id = ids::program_id(ids::code_id(&code), &salt);
		assert_ok!(Balances::transfer(
			&BOB,
			&account(id),
			8 * ED,
			polkadot_sdk::frame_support::traits::tokens::Preservation::Preserve,
		));
		let before = total(&ALICE);
		upload(&code, b"");
		assert_eq!(total(&ALICE), before);
		assert_eq!(total(&account(id)), 8 * ED);
	});
}

#[test]
fn the_last_coin_stays_with_its_owner() {
	chain(|| {
		let id = living(PING, b"");
		let gas = Gear::price_of(GAS);
		send_as(BOB, id, b"PING", GAS, FUNDS - gas - ED);
		assert_eq!(Balances::balance(&BOB), ED);
		end_block();
		assert!(total(&BOB) >= ED);
	});
}

#[test]
fn a_program_cannot_send_what_it_does_not_have() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		let heir = gearway_engine::ActorId::new([9; 32]);
		send_as(BOB, id, &forward(heir, 100 * ED, b"a cheque"), GAS, 0);
		end_block();
		assert_eq!(total(&account(heir)), 0);
		assert_eq!(total(&account(id)), ED);
	});
}

#[test]
fn value_for_a_program_that_is_not_there_any_more_comes_back_to_the_program_that_sent_it() {
	chain(|| {
		let leaver = living(&wasm(super::LEAVER), b"");
		let id = living(&wasm(FORWARDER), b"");
		// Both in one block: the leaver is gone when the forwarded value gets there.
		send_as(ALICE, leaver, actor(&ALICE).as_ref(), GAS, 0);
		send_as(BOB, id, &forward(leaver, 2 * ED, b"too late"), GAS, 2 * ED);
		end_block();
		assert_eq!(total(&account(id)), 3 * ED);
		assert_eq!(total(&account(leaver)), 0);
	});
}

#[test]
fn many_messages_of_every_kind_balance() {
	chain(|| {
		let (cap, ping, fwd) = (capacitor(), living(PING, b""), living(&wasm(FORWARDER), b""));
		for round in 0..12u128 {
			let who = if round % 2 == 0 { ALICE } else { BOB };
			let value = if round % 3 == 0 { 0 } else { round * ED };
			let gas = [GAS, 3_000_000_000, 0][(round % 3) as usize];
			send_as(who.clone(), cap, [&b"7"[..], b"no"][(round % 2) as usize], gas, value);
			send_as(who.clone(), ping, b"PING", gas, value);
			send_as(who.clone(), fwd, &forward(cap, value, b"5"), gas, value);
			send_as(who, fwd, &forward(ping, ED, b"PING"), gas, value);
			if round % 4 == 3 {
				// Sums are compared with the queue full as well as empty.
				crate::mock::end_block_with(crate::mock::BLOCK / 8);
			}
		}
		while crate::QueueState::<Test>::get().len > 0 {
			end_block();
		}
		assert!(!events().is_empty());
		// What is in mailboxes is paid for, until its time is over.
		for _ in 0..6 {
			end_block();
		}
		for who in [&ALICE, &BOB] {
			let holds = [HoldReason::Gas, HoldReason::Value];
			for reason in holds {
				assert_eq!(Balances::balance_on_hold(&reason.into(), who), 0);
			}
		}
		assert_eq!(crate::GasNodes::<Test>::iter().count(), 0);
	});
}

#[test]
fn an_upload_refused_for_want_of_funds_leaves_no_code() {
	chain(|| {
		let poor = crate::mock::NOBODY;
		let origin = RuntimeOrigin::signed(poor);
		let call = crate::Call::<Test>::upload_program {
			code: PING.to_vec(),
			salt: vec![],
			init_payload: vec![],
			gas_limit: GAS,
			value: 0,
			keep_alive: false,
		};
		use polkadot_sdk::frame_support::traits::UnfilteredDispatchable;
		assert!(call.dispatch_bypass_filter(origin).is_err());
		assert!(crate::Codes::<Test>::iter().next().is_none());
	});
}
