//! Routing: what a program sends to a remote caller becomes a call of the caller's chain.

use super::messages::{reply_to, send_as};
use crate::{Error, Event, mock::*};
use codec::{Decode, Encode};
use gear_core_errors::{ReplyCode, SuccessReplyReason};
use gearway_primitives::{Answer, ProgramMessage, RouteMessage, Routed, Topic};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_core::H256,
	sp_weights::Weight,
	staging_xcm::prelude::*,
};

const TOPIC: Topic = [5; 32];

/// The topic of an outgoing message that has none to take up.
const OWN: Topic = [0xee; 32];

/// Alice calls the program and asks for answers; returns that of the program.
fn call() -> Answer {
	assert_ok!(send_as(alice(), Some(reply_to(&[7, 2]))));
	Answer::new(Queue::id(1), ReplyCode::Success(SuccessReplyReason::Manual))
}

/// The engine's word that the message failed.
fn failure(answer: Answer) -> Answer {
	Answer { code: [1, 0, 3, 0], ..answer }
}

#[test]
fn a_reply_becomes_the_callers_call_from_the_programs_location() {
	chain(|| {
		let asked = call();
		let reply = outgoing(&alice(), Some(TOPIC), Some(asked));
		assert_eq!(XcmGateway::route(&reply), Ok(Routed::Sent { topic: TOPIC }));

		let mut expected = vec![7, 2];
		ProgramMessage { id: OWN, answer: Some(asked), topic: TOPIC, payload: b"pong".to_vec() }
			.encode_to(&mut expected);
		let gear = Location::new(1, Parachain(2000));
		assert_eq!(
			sent(),
			vec![(
				Location::new(1, Parachain(2001)),
				Xcm(vec![
					WithdrawAsset((Here, 77u128).into()),
					BuyExecution { fees: (Here, 77u128).into(), weight_limit: Unlimited },
					SetAppendix(Xcm(vec![
						RefundSurplus,
						DepositAsset { assets: Wild(AllCounted(1)), beneficiary: gear },
					])),
					DescendOrigin(account(PROGRAM).into()),
					Transact {
						origin_kind: OriginKind::Xcm,
						fallback_max_weight: Some(Weight::from_parts(11, 12)),
						call: expected.into(),
					},
					ExpectTransactStatus(MaybeErrorCode::Success),
					SetTopic(TOPIC),
				]),
			)],
		);
		System::assert_last_event(
			Event::MessageSent {
				id: H256(OWN),
				source: H256(PROGRAM.into()),
				destination: alice(),
				topic: TOPIC,
			}
			.into(),
		);
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT - OUTBOUND_FEE - DELIVERY);
		assert_eq!(Balances::free_balance(FEES), ENDOWMENT + OUTBOUND_FEE);
	});
}

#[test]
fn that_a_message_failed_is_told_and_paid_by_who_sent_it() {
	chain(|| {
		let asked = failure(call());
		let had = Balances::free_balance(account_of(&alice()));
		let reply = outgoing(&alice(), Some(TOPIC), Some(asked));
		assert_eq!(XcmGateway::route(&reply), Ok(Routed::Sent { topic: TOPIC }));
		let (_, xcm) = sent().pop().expect("one was sent");
		let Some(Transact { call, .. }) = xcm.0.get(4) else { panic!("no call") };
		let message = ProgramMessage::decode(&mut &call.encoded()[2..]).expect("is one");
		assert_eq!(message.answer, Some(asked));
		assert!(!asked.is_success());
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT);
		let left = Balances::free_balance(account_of(&alice()));
		assert_eq!(left, had - OUTBOUND_FEE - DELIVERY);
	});
}

#[test]
fn that_nothing_was_said_is_not_carried() {
	chain(|| {
		let asked = call();
		let automatic = Answer { code: [0; 4], ..asked };
		let reply = outgoing(&alice(), Some(TOPIC), Some(automatic));
		assert_eq!(XcmGateway::route(&reply), Ok(Routed::Local));
		assert_eq!(sent(), vec![]);
	});
}

#[test]
fn a_message_without_a_journey_begins_one() {
	chain(|| {
		call();
		assert_eq!(
			XcmGateway::route(&outgoing(&alice(), None, None)),
			Ok(Routed::Sent { topic: OWN }),
		);
		let (_, xcm) = sent().pop().expect("one was sent");
		assert_eq!(xcm.last(), Some(&SetTopic(OWN)));
	});
}

#[test]
fn who_asked_for_no_answers_gets_none() {
	chain(|| {
		assert_ok!(send_as(alice(), None));
		for destination in [alice(), pauper(), account(FEES).into()] {
			assert_eq!(
				XcmGateway::route(&outgoing(&destination, Some(TOPIC), None)),
				Ok(Routed::Local),
			);
		}
		assert_eq!(sent(), vec![]);
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT);
	});
}

#[test]
fn what_cannot_leave_costs_nothing() {
	chain(|| {
		let asked = call();
		let reply = outgoing(&alice(), Some(TOPIC), Some(asked));
		let kept = |error: Error<Runtime>| {
			assert_noop!(XcmGateway::route(&reply), error);
			assert_eq!(sent(), vec![]);
		};

		for (refusal, error) in [
			(SendError::Unroutable, Error::<Runtime>::Unroutable),
			(SendError::NotApplicable, Error::Unroutable),
			(SendError::ExceedsMaxMessageSize, Error::TooLong),
			(SendError::DestinationUnsupported, Error::UnknownVersion),
			(SendError::Transport("full"), Error::TransportFailed),
		] {
			refuse(refusal);
			kept(error);
			assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT);
		}

		// One unit short of the delivery, then of the flat fee, above the existential deposit.
		for (left, error) in [
			(ED + OUTBOUND_FEE + DELIVERY - 1, Error::DeliveryUnpaid),
			(ED + OUTBOUND_FEE - 1, Error::OutboundFeeUnpaid),
		] {
			let spare = Balances::free_balance(PROGRAM) - left;
			assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(PROGRAM), FEES, spare));
			kept(error);
			assert_eq!(Balances::free_balance(PROGRAM), left);
		}
	});
}

#[test]
fn a_closed_route_brings_nothing() {
	chain(|| {
		let asked = call();
		assert_ok!(XcmGateway::forget_route(speak_as(alice())));
		assert_noop!(XcmGateway::forget_route(speak_as(alice())), Error::<Runtime>::NoRoute);
		assert_eq!(
			XcmGateway::route(&outgoing(&alice(), Some(TOPIC), Some(asked))),
			Ok(Routed::Local)
		);
	});
}
