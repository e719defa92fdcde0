//! The mailbox: what is kept, for how long, and what its user can do with it.

use super::{FORWARDER, forward, living, send, send_as, statuses, wasm};
use crate::{
	DispatchStatus, Error, Event,
	mock::{
		ALICE, BOB, ED, FUNDS, GAS, Gear, RuntimeOrigin, Test, actor, chain, end_block, events,
		total,
	},
};
use gearway_engine::{DispatchKind, MailEnd};
use gearway_programs::PING;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_core::H256,
};

const VALUE: u128 = 5 * ED;

/// Has a program send Bob a message with [`VALUE`]. Returns its id, and until when it is kept.
fn mail_for_bob() -> (H256, Option<u64>) {
	let id = living(&wasm(FORWARDER), b"");
	send_as(ALICE, id, &forward(actor(&BOB), VALUE, b"hello"), GAS, VALUE);
	end_block();
	let told = events().into_iter().find_map(|event| match event {
		Event::UserMessageSent { message, expiration } if message.payload == b"hello" => {
			Some((message.id, expiration))
		}
		_ => None,
	});
	told.expect("Bob is told")
}

/// How these events say that mail ended.
fn ends(events: &[Event<Test>]) -> Vec<MailEnd> {
	let ends = events.iter().filter_map(|event| match event {
		Event::UserMessageRead { reason, .. } => Some(*reason),
		_ => None,
	});
	ends.collect()
}

#[test]
fn what_nobody_reacts_to_is_kept_as_long_as_its_gas_buys() {
	chain(|| {
		// Sent in block 2 with gas for five blocks.
		let (_, expiration) = mail_for_bob();
		assert_eq!(expiration, Some(7));
		for _ in 3..7 {
			end_block();
			assert_eq!(Gear::mailbox(&BOB).count(), 1);
			assert_eq!(total(&BOB), FUNDS);
		}
		events();
		end_block();
		assert_eq!(Gear::mailbox(&BOB).count(), 0);
		assert_eq!(ends(&events()), [MailEnd::Expired]);
		assert_eq!(total(&BOB), FUNDS + VALUE);
	});
}

#[test]
fn its_user_claims_the_value() {
	chain(|| {
		let (id, _) = mail_for_bob();
		assert_noop!(Gear::claim_value(RuntimeOrigin::signed(ALICE), id), Error::<Test>::NoMail);
		assert_ok!(Gear::claim_value(RuntimeOrigin::signed(BOB), id));
		assert_eq!(ends(&events()), [MailEnd::Claimed]);
		assert_eq!(total(&BOB), FUNDS + VALUE);
		assert_noop!(Gear::claim_value(RuntimeOrigin::signed(BOB), id), Error::<Test>::NoMail);
		end_block();
	});
}

#[test]
fn its_user_replies() {
	chain(|| {
		let (id, _) = mail_for_bob();
		let reply = |payload: &[u8]| {
			Gear::send_reply(RuntimeOrigin::signed(BOB), id, payload.to_vec(), GAS, 0, true)
		};
		assert_ok!(reply(b"hello yourself"));
		let told = events();
		assert_eq!(ends(&told), [MailEnd::Replied]);
		assert!(
			told.iter().any(|event| matches!(
				event,
				Event::MessageQueued { entry: DispatchKind::Reply, .. }
			))
		);
		end_block();
		assert_eq!(statuses(&events()), [DispatchStatus::Success]);
		assert_noop!(reply(b"once more"), Error::<Test>::NoMail);
	});
}

#[test]
fn a_reply_is_told_and_not_kept() {
	chain(|| {
		let id = living(PING, b"");
		send(id, b"PING");
		end_block();
		assert_eq!(Gear::mailbox(&ALICE).count(), 0);
		assert!(super::mails(&events()).iter().any(|mail| mail.payload == b"PONG"));
	});
}
