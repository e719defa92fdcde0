//! Queries: who asked how a message ended is told, once, and pays.

use super::messages::send_as;
use crate::{Asked, Error, Event, HoldReason, mock::*};
use gearway_primitives::{Answer, MessageId, ReplyTo, RouteMessage, Routed, Topic};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold},
	sp_core::H256,
	sp_weights::Weight,
	staging_xcm::prelude::*,
};

const TOPIC: Topic = [5; 32];
const QUERY: QueryId = 42;
const MAX_WEIGHT: Weight = Weight::from_parts(11, 12);

/// What Alice's account has held for queries.
fn held() -> u128 {
	Balances::balance_on_hold(&HoldReason::Query.into(), &account_of(&alice()))
}

/// Alice calls the program and asks how that ends; returns the message.
fn ask() -> MessageId {
	assert_ok!(send_as(alice(), Some(ReplyTo::Query { id: QUERY, max_weight: MAX_WEIGHT })));
	assert_eq!(held(), ROUTE_DEPOSIT);
	assert!(XcmGateway::is_awaited(Queue::id(1)));
	Queue::id(1)
}

/// Routes the reply of that code and payload to `message`.
fn end(message: MessageId, code: [u8; 4], payload: &[u8]) -> Routed {
	let answer = Some(Answer { to: message.into_bytes(), code });
	let reply = outgoing(&alice(), Some(TOPIC), answer);
	let reply = gearway_primitives::Outgoing { payload: payload.to_vec(), ..reply };
	XcmGateway::route(&reply).expect("a response that cannot be sent is lost")
}

/// The message that tells Alice.
fn response(status: MaybeErrorCode) -> (Location, Xcm<()>) {
	let response = QueryResponse {
		query_id: QUERY,
		response: Response::DispatchResult(status),
		max_weight: MAX_WEIGHT,
		querier: Some(account([1; 32].into()).into()),
	};
	(Location::new(1, Parachain(2001)), Xcm(vec![response, SetTopic(TOPIC)]))
}

#[test]
fn success_is_told_whether_the_program_said_something_or_not() {
	for code in [[0, 0, 0, 0], [0, 1, 0, 0]] {
		chain(|| {
			let message = ask();
			let had = Balances::free_balance(account_of(&alice()));
			assert_eq!(end(message, code, b"unheard"), Routed::Sent { topic: TOPIC });
			assert_eq!(sent(), vec![response(MaybeErrorCode::Success)]);
			System::assert_last_event(
				Event::ResponseSent {
					message: H256(message.into_bytes()),
					destination: alice(),
					query: QUERY,
					topic: TOPIC,
				}
				.into(),
			);
			assert_eq!(held(), 0);
			let left = Balances::free_balance(account_of(&alice()));
			assert_eq!(left, had + ROUTE_DEPOSIT - OUTBOUND_FEE - DELIVERY);
			assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT);

			// Once.
			assert!(!XcmGateway::is_awaited(message));
			assert_eq!(end(message, code, b"again"), Routed::Local);
			assert_eq!(sent(), vec![]);
		});
	}
}

#[test]
fn failure_is_told_with_the_replys_code_and_as_much_of_the_reason_as_fits() {
	chain(|| {
		let message = ask();
		end(message, [1, 0, 3, 0], b"no");
		let status = MaybeErrorCode::Error(vec![1, 0, 3, 0, b'n', b'o'].try_into().expect("short"));
		assert_eq!(sent(), vec![response(status)]);
	});
	chain(|| {
		let message = ask();
		end(message, [1, 0, 3, 0], &[b'a'; 1_000]);
		let (_, xcm) = sent().pop().expect("one was sent");
		let Some(QueryResponse { response: Response::DispatchResult(status), .. }) = xcm.first()
		else {
			panic!("{xcm:?}")
		};
		assert!(matches!(status, MaybeErrorCode::TruncatedError(reason) if reason.len() == 128));
	});
}

#[test]
fn what_cannot_be_sent_is_lost_and_frees_the_deposit() {
	chain(|| {
		let message = ask();
		let had = Balances::free_balance(account_of(&alice()));
		refuse(SendError::Unroutable);
		assert_eq!(end(message, [0; 4], b""), Routed::Local);
		System::assert_last_event(
			Event::ResponseLost {
				message: H256(message.into_bytes()),
				query: QUERY,
				error: Error::<Runtime>::Unroutable.into(),
				topic: TOPIC,
			}
			.into(),
		);
		assert_eq!(sent(), vec![]);
		assert_eq!(Balances::free_balance(account_of(&alice())), had + ROUTE_DEPOSIT);
		assert_eq!(Asked::<Runtime>::iter().count(), 0);
	});
}

#[test]
fn accounts_of_this_chain_are_told_nothing_elsewhere() {
	chain(|| {
		let local: Location = account(PROGRAM).into();
		let ask = ReplyTo::Query { id: QUERY, max_weight: MAX_WEIGHT };
		assert_noop!(send_as(local, Some(ask)), Error::<Runtime>::ReplyToLocal);
	});
}
