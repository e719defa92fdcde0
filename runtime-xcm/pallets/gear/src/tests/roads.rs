//! Messages that come from elsewhere, leave for elsewhere, or are for the runtime itself.

use super::{FORWARDER, capacitor, forward, living, mails, send, send_as, status, statuses, wasm};
use crate::{
	DispatchStatus, Entries, Error, Event, Waitlist,
	mock::{
		ALICE, AWAITED, BOB, ECHO, ED, FUNDS, GAS, Gear, NOBODY, PATIENCE, REMOTE, System, Test,
		UNREACHABLE, account, actor, chain, end_block, events, h256, total,
	},
};
use codec::Encode;
use gearway_engine::ActorId;
use gearway_primitives::{AnswerLater, MessageId, Origin, PostMessage, Posting, Provenance, Topic};
use gearway_programs::PING;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_runtime::DispatchError,
};

const TOPIC: Topic = [0x70; 32];

/// A message that Bob pays for and someone on Ethereum sends.
fn from_ethereum(destination: ActorId, payload: &[u8]) -> Posting {
	let address = [5; 20];
	let mut source = [0; 32];
	source[12..].copy_from_slice(&address);
	Posting {
		source: source.into(),
		payer: BOB,
		destination,
		payload: payload.to_vec(),
		gas_limit: GAS,
		value: 0,
		provenance: Provenance {
			origin: Origin::Ethereum { chain_id: 1, address },
			topic: Some(TOPIC),
			assets: Default::default(),
			reply_to: None,
		},
	}
}

#[test]
fn a_message_from_elsewhere_is_paid_by_its_payer_and_answered_to_its_source() {
	chain(|| {
		let id = capacitor();
		let posting = from_ethereum(id, b"12");
		let source = posting.source;
		let message = h256(Gear::post(posting.clone()).unwrap());
		let entry = Entries::<Test>::iter_values().next().unwrap();
		assert_eq!(entry.provenance, Some(posting.provenance.clone()));
		assert_eq!(
			events().last(),
			Some(&Event::MessageArrived {
				id: message,
				origin: posting.provenance.origin,
				topic: Some(TOPIC),
			})
		);
		end_block();
		assert!(total(&BOB) < FUNDS);
		let mail = mails(&events());
		let discharge = mail.iter().find(|mail| mail.payload == b"Discharged: 12").unwrap();
		assert_eq!(discharge.destination, h256(source));
		assert_eq!(Entries::<Test>::iter().count(), 0, "nothing is kept of it");
	});
}

#[test]
fn the_topic_goes_wherever_the_message_leads() {
	chain(|| {
		let (id, ping) = (living(&wasm(FORWARDER), b""), living(PING, b""));
		assert_ok!(Gear::post(from_ethereum(id, &forward(ping, 0, b"PING"))));
		// One that belongs to no journey, in the same block.
		send(ping, b"PING");
		end_block();
		let topics: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::MessageQueued { topic, cause, .. } => Some((topic, cause.is_some())),
				_ => None,
			})
			.collect();
		assert_eq!(
			topics,
			[(Some(TOPIC), false), (None, false), (Some(TOPIC), true), (Some(TOPIC), true),]
		);
	});
}

#[test]
fn posting_that_fails_leaves_nothing_behind() {
	chain(|| {
		let id = capacitor();
		let post = |change: fn(&mut Posting)| {
			let mut posting = from_ethereum(id, b"1");
			change(&mut posting);
			Gear::post(posting)
		};
		assert_noop!(post(|p| p.payer = NOBODY), Error::<Test>::GasUnpaid);
		assert_noop!(post(|p| p.value = FUNDS), Error::<Test>::ValueUnpaid);
		assert_noop!(post(|p| p.destination = actor(&ALICE)), Error::<Test>::NoProgram);
		assert_noop!(post(|p| p.gas_limit = u64::MAX), Error::<Test>::GasLimitTooHigh);
		assert_noop!(post(|p| p.payload = vec![0; 70_000]), Error::<Test>::PayloadTooLong);
		assert!(Gear::is_program(id) && !Gear::is_program(actor(&ALICE)));
		assert!(!Gear::is_program(ECHO));
	});
}

#[test]
fn messages_to_actors_elsewhere_leave() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		let cause = send(id, &forward(REMOTE, 0, b"far away"));
		end_block();
		let events = events();
		let sent = events.iter().find_map(|event| match event {
			Event::MessageSent { source, destination, topic, .. } => {
				Some((*source, *destination, *topic))
			}
			_ => None,
		});
		assert_eq!(sent, Some((h256(id), h256(REMOTE), cause.0)));
		assert!(!mails(&events).iter().any(|mail| mail.destination == h256(REMOTE)));
	});
}

#[test]
fn what_cannot_be_carried_stays_here() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		send(id, &forward(UNREACHABLE, 0, b"far away"));
		end_block();
		let error = DispatchError::Unavailable;
		let events = events();
		let told = |event: &Event<Test>| matches!(event, Event::MessageUndeliverable { error: why, .. } if *why == error);
		assert!(events.iter().any(told));
		assert!(mails(&events).iter().any(|mail| mail.payload == b"far away"));
		// Nobody there could reach into a mailbox here.
		assert_eq!(Gear::mailbox(&account(UNREACHABLE)).count(), 0);
	});
}

#[test]
fn automatic_replies_do_not_travel() {
	chain(|| {
		let id = capacitor();
		let mut posting = from_ethereum(id, b"1");
		posting.source = REMOTE;
		assert_ok!(Gear::post(posting));
		end_block();
		assert!(!events().iter().any(|event| matches!(event, Event::MessageSent { .. })));

		// Unless somebody waits for it.
		let mut posting = from_ethereum(id, b"1");
		posting.source = REMOTE;
		assert_ok!(Gear::post(posting));
		AWAITED.set(true);
		end_block();
		AWAITED.set(false);
		assert!(events().iter().any(|event| matches!(event, Event::MessageSent { .. })));

		// An error tells something, so it travels.
		let mut posting = from_ethereum(id, b"one");
		posting.source = REMOTE;
		assert_ok!(Gear::post(posting));
		end_block();
		assert!(events().iter().any(|event| matches!(event, Event::MessageSent { .. })));
	});
}

#[test]
fn a_builtin_actor_replies() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		send(id, &forward(ECHO, 0, b"echo"));
		end_block();
		assert_eq!(statuses(&events()), [DispatchStatus::Success; 3]);
		assert_eq!(System::providers(&account(ECHO)), 1);
	});
}

#[test]
fn a_builtin_actor_that_fails_leaves_no_trace() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		send_as(BOB, id, &forward(ECHO, 2 * ED, b""), GAS, 2 * ED);
		end_block();
		let events = events();
		assert!(statuses(&events).contains(&DispatchStatus::Failed));
		assert_eq!(System::providers(&account(ECHO)), 0);
		assert_eq!(total(&account(id)), 3 * ED, "the value is back with the program");

		// A user is told why.
		let direct = send(ECHO, b"");
		end_block();
		let events = super::events();
		assert_eq!(status(&events, direct), Some(DispatchStatus::Failed));
		let reply = super::reply_to(&events, direct);
		assert_eq!(reply.payload, DispatchError::BadOrigin.encode());
	});
}

/// Has ECHO asked for a reply to come; returns the question.
fn ask_for_later() -> MessageId {
	let id = living(&wasm(FORWARDER), b"");
	send(id, &forward(ECHO, 0, b"later"));
	end_block();
	let (actor, question, kept) = Waitlist::<Test>::iter().next().unwrap();
	assert_eq!((actor, kept.what.lease.end.block), (ECHO, 2 + PATIENCE));
	question
}

#[test]
fn a_builtin_actor_replies_later_once() {
	chain(|| {
		let question = ask_for_later();
		let answer = || Gear::answer(ECHO, question, Ok(b"at last".to_vec()));
		assert_noop!(Gear::answer(actor(&ALICE), question, Ok(vec![])), Error::<Test>::NotWaiting);
		assert_ok!(answer());
		assert_noop!(answer(), Error::<Test>::NotWaiting);
		end_block();
		assert_eq!(statuses(&events()).last(), Some(&DispatchStatus::Success));
		assert_eq!(Waitlist::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_builtin_actor_that_never_replies_has_failed() {
	chain(|| {
		let question = ask_for_later();
		for _ in 0..PATIENCE {
			end_block();
		}
		let events = events();
		let failed = |event: &Event<Test>| matches!(event, Event::MessageFailed { id, .. } if *id == h256(question));
		assert!(events.iter().any(failed), "{events:#?}");
		assert_noop!(Gear::answer(ECHO, question, Ok(vec![])), Error::<Test>::NotWaiting);
	});
}
