//! What messages do, when they succeed and when they do not.

use super::{
	FORWARDER, capacitor, forward, living, mails, reply_to, send, send_as, status, statuses, wasm,
};
use crate::{
	DispatchStatus, Error, Event,
	mock::{
		ALICE, BOB, ED, FUNDS, GAS, Gear, RuntimeOrigin, Test, account, actor, chain, end_block,
		events, h256, total,
	},
};
use gearway_engine::{ActorId, DispatchKind};
use gearway_programs::PING;
use polkadot_sdk::frame_support::assert_noop;

#[test]
fn ping_pongs() {
	chain(|| {
		let id = living(PING, b"");
		let ping = send(id, b"PING");
		end_block();
		let reply = reply_to(&events(), ping);
		assert_eq!(reply.payload, b"PONG");
		assert_eq!((reply.source, reply.destination), (h256(id), h256(actor(&ALICE))));
		assert_eq!(reply.details.unwrap().code.to_bytes(), [0, 1, 0, 0]);

		let other = send(id, b"?");
		end_block();
		let reply = reply_to(&events(), other);
		assert_eq!(reply.payload, b"");
		assert_eq!(reply.details.unwrap().code.to_bytes(), [0, 0, 0, 0]);
	});
}

#[test]
fn the_capacitor_charges_and_discharges_to_whoever_does_it() {
	chain(|| {
		let id = capacitor();
		send_as(ALICE, id, b"4", GAS, 0);
		let last = send_as(BOB, id, b"7", GAS, 0);
		end_block();
		let events = events();
		assert_eq!(statuses(&events), [DispatchStatus::Success; 2]);
		let discharge: Vec<_> =
			mails(&events).into_iter().filter(|mail| mail.details.is_none()).collect();
		assert_eq!(discharge.len(), 1);
		assert_eq!(discharge[0].payload, b"Discharged: 11");
		assert_eq!(discharge[0].destination, h256(actor(&BOB)));
		assert_ne!(discharge[0].id, last);
	});
}

#[test]
fn a_failure_leaves_nothing_but_what_it_cost() {
	chain(|| {
		let id = capacitor();
		let memory: Vec<_> = Gear::memory(id).collect();
		let (bob, program) = (total(&BOB), total(&account(id)));
		let bad = send_as(BOB, id, b"lots", GAS, 9 * ED);
		end_block();

		let events = events();
		assert_eq!(status(&events, bad), Some(DispatchStatus::Failed));
		let reply = reply_to(&events, bad);
		let text = String::from_utf8(reply.payload).unwrap();
		assert!(text.contains(r#""lots" is not a charge"#), "{text}");
		let code = [1, 0, 3, 0];
		assert_eq!(reply.details.unwrap().code.to_bytes(), code);
		let spent = events.iter().find_map(|event| match event {
			Event::MessageFailed { id, gas_spent, code: told, .. } if *id == bad => {
				assert_eq!(*told, code);
				Some(*gas_spent)
			}
			_ => None,
		});
		let spent = spent.expect("the failure is told");
		assert!(spent > 0 && spent < GAS);
		assert_eq!(total(&BOB), bob - Gear::price_of(spent));
		assert_eq!(total(&account(id)), program);
		assert_eq!(Gear::memory(id).collect::<Vec<_>>(), memory);
	});
}

#[test]
fn without_enough_gas_all_of_it_is_spent_for_nothing() {
	chain(|| {
		let id = capacitor();
		let gas = 2_500_000_000;
		let poor = send_as(BOB, id, b"11", gas, 2 * ED);
		end_block();
		let events = events();
		assert_eq!(status(&events, poor), Some(DispatchStatus::Failed));
		assert_eq!(reply_to(&events, poor).details.unwrap().code.to_bytes(), [1, 0, 0, 0]);
		assert!(!mails(&events).iter().any(|mail| mail.details.is_none()));
		let spent = FUNDS - total(&BOB);
		assert!(spent > 0 && spent <= Gear::price_of(gas), "{spent}");

		// None at all is no way round.
		let none = send_as(BOB, id, b"11", 0, 0);
		end_block();
		assert_eq!(status(&super::events(), none), Some(DispatchStatus::Failed));
	});
}

#[test]
fn value_goes_with_the_message() {
	chain(|| {
		let id = living(PING, b"");
		send_as(BOB, id, b"PING", GAS, 3 * ED);
		assert_eq!(total(&account(id)), ED, "not before the message is handled");
		end_block();
		assert_eq!(total(&account(id)), 4 * ED);
	});
}

#[test]
fn a_program_pays_others_out_of_what_it_was_given() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		let heir = ActorId::new([9; 32]);
		send_as(ALICE, id, &forward(heir, 2 * ED, b"for you"), GAS, 5 * ED);
		end_block();
		// Until the heir takes it or its time is over, it is held for the program.
		assert_eq!(total(&account(heir)), 0);
		assert_eq!(total(&account(id)), 6 * ED);
		let mail = mails(&events()).into_iter().find(|mail| mail.destination == h256(heir));
		assert_eq!(
			mail.map(|mail| (mail.payload, mail.value)),
			Some((b"for you".to_vec(), 2 * ED))
		);
		for _ in 0..5 {
			end_block();
		}
		assert_eq!(total(&account(heir)), 2 * ED);
		assert_eq!(total(&account(id)), 4 * ED);
	});
}

#[test]
fn programs_talk_to_programs_in_one_block() {
	chain(|| {
		let ping = living(PING, b"");
		let id = living(&wasm(FORWARDER), b"");
		let first = send(id, &forward(ping, 0, b"PING"));
		end_block();
		let events = events();
		let queued: Vec<_> = events
			.iter()
			.filter_map(|event| match event {
				Event::MessageQueued { destination, entry, cause, .. } => {
					Some((*destination, *entry, *cause))
				}
				_ => None,
			})
			.collect();
		assert_eq!(queued[0], (h256(id), DispatchKind::Handle, None));
		assert_eq!(queued[1], (h256(ping), DispatchKind::Handle, Some(first)));
		assert_eq!(queued[2].0, h256(id));
		assert_eq!(queued[2].1, DispatchKind::Reply);
		assert_eq!(statuses(&events).len(), 3);
	});
}

#[test]
fn what_is_not_sent() {
	chain(|| {
		let id = capacitor();
		let send = |to, payload: Vec<u8>, gas, value| {
			Gear::send_message(RuntimeOrigin::signed(BOB), h256(to), payload, gas, value, true)
		};
		let nowhere = ActorId::new([7; 32]);
		assert_noop!(send(nowhere, vec![], GAS, 0), Error::<Test>::NoProgram);
		assert_noop!(send(actor(&ALICE), vec![], GAS, 0), Error::<Test>::NoProgram);
		assert_noop!(send(id, vec![0; 64 * 1024 + 1], GAS, 0), Error::<Test>::PayloadTooLong);
		assert_noop!(send(id, vec![], u64::MAX, 0), Error::<Test>::GasLimitTooHigh);
		assert_noop!(send(id, vec![], GAS, ED - 1), Error::<Test>::ValueTooSmall);
		assert_noop!(send(id, vec![], GAS, u128::MAX), Error::<Test>::ValueUnpaid);
		assert_noop!(send(id, vec![], GAS, FUNDS - ED + 1), Error::<Test>::ValueUnpaid);
	});
}

#[test]
fn what_the_example_programs_cost() {
	chain(|| {
		let (capacitor, ping) = (capacitor(), living(PING, b""));
		let cost = |to, payload: &[u8]| {
			let before = total(&BOB);
			send_as(BOB, to, payload, GAS, 0);
			end_block();
			(before - total(&BOB)) / Gear::price_of(1)
		};
		// Bounds that a gas limit can be chosen by.
		let bounds = [
			(cost(capacitor, b"1"), 3_000_000_000..5_000_000_000),
			(cost(capacitor, b"9"), 3_000_000_000..7_000_000_000),
			(cost(ping, b"PING"), 2_000_000_000..5_000_000_000),
		];
		for (gas, bound) in bounds {
			assert!(bound.contains(&gas), "{gas} is not in {bound:?}");
		}
	});
}
