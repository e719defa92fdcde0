//! Programs' calls of other chains: what leaves, and who may answer.

use super::requests::ask;
use crate::{
	Answers, CallFailure, Error, Event, FIRST_QUERY, OldestQuery, Pending, RemoteCall, XcmRequest,
	mock::*,
};
use codec::Encode;
use gearway_primitives::{Builtin, BuiltinCall, BuiltinFailure, BuiltinReply, MessageId};
use polkadot_sdk::{
	frame_support::assert_ok, sp_core::H256, sp_runtime::DispatchError, sp_weights::Weight,
	staging_xcm::prelude::*, staging_xcm_executor::traits::OnResponse,
};

const MESSAGE: MessageId = MessageId::new([0x1d; 32]);
const TOPIC: XcmHash = [5; 32];

fn sibling() -> Location {
	Location::new(1, Parachain(2001))
}

/// A call of the sibling.
fn call() -> RemoteCall {
	RemoteCall {
		dest: sibling().into(),
		origin_kind: OriginKind::SovereignAccount,
		call: vec![1, 2, 3],
		max_weight: Some(Weight::from_parts(11, 12)),
		fee: Box::new(Asset::from((Here, 77u128)).into()),
		timeout: 10,
	}
}

fn make(call: RemoteCall) -> Result<BuiltinReply, BuiltinFailure> {
	let payload = XcmRequest::Call(call).encode();
	XcmGateway::handle(ask(&payload))
}

/// Handles responses as the executor does: after the barrier has let them in, or after the sender
/// has paid for them all the same.
fn respond(
	origin: &Location,
	query: QueryId,
	querier: Option<Junction>,
	response: Response,
) -> bool {
	type Handler = Answers<(), Runtime>;
	let querier = querier.map(Location::from);
	let let_in = Handler::expecting_response(origin, query, querier.as_ref());
	let context = XcmContext::with_message_id([0; 32]);
	Handler::on_response(origin, query, querier.as_ref(), response, Weight::zero(), &context);
	let_in
}

fn success() -> Response {
	Response::DispatchResult(MaybeErrorCode::Success)
}

#[test]
fn a_call_is_paid_and_made_and_reported_by_the_programs_own_location() {
	chain(|| {
		assert_eq!(make(call()), Ok(BuiltinReply::Later { blocks: 10 }));
		let report = QueryResponseInfo {
			destination: Location::new(1, Parachain(2000)),
			query_id: FIRST_QUERY,
			max_weight: Weight::from_parts(21, 22),
		};
		let there = Location::new(1, [Parachain(2000), account(PROGRAM)]);
		let expected = Xcm(vec![
			DescendOrigin(account(PROGRAM).into()),
			WithdrawAsset((Here, 77u128).into()),
			BuyExecution { fees: (Here, 77u128).into(), weight_limit: Unlimited },
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: there },
			])),
			SetErrorHandler(Xcm(vec![ReportError(report.clone())])),
			Transact {
				origin_kind: OriginKind::SovereignAccount,
				fallback_max_weight: Some(Weight::from_parts(11, 12)),
				call: vec![1, 2, 3].into(),
			},
			ReportTransactStatus(report),
			SetTopic(TOPIC),
		]);
		assert_eq!(sent(), vec![(sibling(), expected)]);
		System::assert_last_event(
			Event::CallSent {
				message: H256(MESSAGE.into_bytes()),
				source: H256(PROGRAM.into()),
				destination: sibling(),
				query: FIRST_QUERY,
				topic: TOPIC,
			}
			.into(),
		);
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT - OUTBOUND_FEE - DELIVERY);
	});
}

#[test]
fn what_cannot_be_called_costs_and_leaves_nothing() {
	chain(|| {
		let refused = |error: Error<Runtime>| {
			let error = DispatchError::from(error).encode();
			Err(BuiltinFailure(CallFailure::Refused(error).encode()))
		};
		for timeout in [0, 11, u32::MAX] {
			assert_eq!(make(RemoteCall { timeout, ..call() }), refused(Error::TimeoutUnpaid));
		}
		for dest in [Location::here(), account(PROGRAM).into()] {
			let call = RemoteCall { dest: dest.into(), ..call() };
			assert_eq!(make(call), refused(Error::DestinationIsLocal));
		}
		let payload = XcmRequest::Call(call()).encode();
		let generous = XcmGateway::handle(BuiltinCall { value: ED, ..ask(&payload) });
		assert_eq!(generous, refused(Error::ValueNotTaken));
		for (refusal, error) in [
			(SendError::Unroutable, Error::Unroutable),
			(SendError::ExceedsMaxMessageSize, Error::TooLong),
		] {
			refuse(refusal);
			assert_eq!(make(call()), refused(error));
		}
		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(PROGRAM),
			FEES,
			ENDOWMENT - ED
		));
		assert_eq!(make(call()), refused(Error::OutboundFeeUnpaid));
		assert_eq!(sent(), vec![]);
		assert_eq!(Pending::<Runtime>::iter().count(), 0);
	});
}

#[test]
fn an_answer_says_how_it_went() {
	let failed = |failure: CallFailure| Err(BuiltinFailure(failure.encode()));
	let reason = || vec![3, 9, 1].try_into().expect("short");
	let error = XcmError::BadOrigin;
	for (response, answer) in [
		(success(), Ok(vec![])),
		(
			Response::DispatchResult(MaybeErrorCode::Error(reason())),
			failed(CallFailure::Call(vec![3, 9, 1])),
		),
		(
			Response::DispatchResult(MaybeErrorCode::TruncatedError(reason())),
			failed(CallFailure::Call(vec![3, 9, 1])),
		),
		(
			Response::ExecutionResult(Some((5, error))),
			failed(CallFailure::Execution { instruction: 5, error: error.encode() }),
		),
		(Response::Null, failed(CallFailure::Nonsense)),
		(Response::Version(5), failed(CallFailure::Nonsense)),
	] {
		chain(|| {
			assert_ok!(make(call()));
			assert!(respond(&sibling(), FIRST_QUERY, Some(account(PROGRAM)), response.clone()));
			assert_eq!(answered(), vec![(MESSAGE, answer.clone())]);
			let expected = Event::CallAnswered {
				message: H256(MESSAGE.into_bytes()),
				query: FIRST_QUERY,
				success: answer.is_ok(),
				topic: TOPIC,
			};
			System::assert_last_event(expected.into());

			// Once.
			assert!(!respond(&sibling(), FIRST_QUERY, Some(account(PROGRAM)), success()));
			assert_eq!(answered(), vec![]);
		});
	}
}

#[test]
fn nobody_else_answers() {
	chain(|| {
		assert_ok!(make(call()));
		let within = Location::new(1, [Parachain(2001), account(PROGRAM)]);
		for (origin, query, querier) in [
			// Another chain, an account of the chain that was asked, this chain.
			(Location::new(1, Parachain(2002)), FIRST_QUERY, Some(account(PROGRAM))),
			(within, FIRST_QUERY, Some(account(PROGRAM))),
			(Location::here(), FIRST_QUERY, Some(account(PROGRAM))),
			// On behalf of another, or of nobody.
			(sibling(), FIRST_QUERY, Some(account(FEES))),
			(sibling(), FIRST_QUERY, None),
			// What nobody asked.
			(sibling(), FIRST_QUERY + 1, Some(account(PROGRAM))),
			(sibling(), QueryId::MAX, Some(account(PROGRAM))),
		] {
			assert!(!respond(&origin, query, querier, success()));
			System::assert_last_event(Event::AnswerRefused { query, origin }.into());
		}
		assert_eq!(answered(), vec![]);
		// The right one is still awaited.
		assert!(respond(&sibling(), FIRST_QUERY, Some(account(PROGRAM)), success()));
		assert_eq!(answered().len(), 1);
	});
}

#[test]
fn other_queries_are_left_to_others() {
	chain(|| {
		System::reset_events();
		assert!(!respond(&sibling(), 0, Some(account(PROGRAM)), success()));
		assert!(!respond(&sibling(), FIRST_QUERY - 1, Some(account(PROGRAM)), success()));
		assert_eq!(System::events(), vec![]);
	});
}

#[test]
fn an_answer_that_nobody_waits_for_is_seen_and_changes_nothing() {
	chain(|| {
		assert_ok!(make(call()));
		lose_patience();
		assert!(respond(&sibling(), FIRST_QUERY, Some(account(PROGRAM)), success()));
		System::assert_last_event(
			Event::AnswerLate {
				message: H256(MESSAGE.into_bytes()),
				query: FIRST_QUERY,
				error: DispatchError::Unavailable,
				topic: TOPIC,
			}
			.into(),
		);
		assert!(!respond(&sibling(), FIRST_QUERY, Some(account(PROGRAM)), success()));
		assert_eq!(answered(), vec![]);
	});
}

#[test]
fn what_is_never_answered_is_forgotten() {
	chain(|| {
		for _ in 0..3 {
			assert_ok!(make(call()));
		}
		let known = || {
			let mut ids = Pending::<Runtime>::iter_keys().collect::<Vec<_>>();
			ids.sort_unstable();
			ids.into_iter().map(|id| id - FIRST_QUERY).collect::<Vec<_>>()
		};
		assert_eq!(known(), vec![0, 1, 2]);
		System::set_block_number(1 + 10 + 999);
		assert_ok!(make(call()));
		assert_eq!(known(), vec![0, 1, 2, 3]);
		System::set_block_number(1 + 10 + 1_000);
		assert_ok!(make(call()));
		assert_eq!(known(), vec![2, 3, 4]);
		assert_ok!(make(call()));
		assert_eq!(known(), vec![3, 4, 5]);
		assert_eq!(OldestQuery::<Runtime>::get(), FIRST_QUERY + 3);
	});
}
