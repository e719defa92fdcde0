//! How a message ended reaches who sent it, as a call or as the response to a query; so does why it
//! was refused.
//!
//! - that a program failed is told with the reply's code and the reason, and who sent pays;
//! - a query gets one bare response, whatever became of the message;
//! - a refusal is told by the means of XCM to who asks for it, and by an event on Gear.

use crate::common::*;
use codec::Encode;
use gear_runtime::{Runtime, RuntimeCall, RuntimeEvent};
use gearway_emulation::{capacitor, ping, run, sibling};
use gearway_primitives::ReplyTo;
use gearway_runtime_common::{GEAR_PARA_ID, RELAY_NETWORK, SIBLING_PARA_ID, currency::UNIT};
use pallet_xcm_gateway::{Call, Event};
use polkadot_sdk::{
	frame_support::{assert_ok, weights::Weight},
	pallet_xcm,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::Alice,
	sp_runtime::DispatchError,
	staging_xcm::{VersionedXcm, prelude::*},
	staging_xcm_executor::traits::QueryHandler,
};
use sibling_runtime::{PolkadotXcm, RuntimeEvent as SiblingEvent, RuntimeOrigin};

/// Alice, as the sibling itself calls her in what she sends.
fn alice() -> Junction {
	AccountId32 { network: Some(RELAY_NETWORK), id: Alice.to_raw_public() }
}

/// The same, as Gear sees her.
fn alice_elsewhere() -> Location {
	Location::new(1, [Parachain(SIBLING_PARA_ID), alice()])
}

/// How the sibling's Alice learns of the outcome.
enum Hears {
	/// By the reply of the program.
	Reply,
	/// By the status of the call.
	Status,
	/// By the error of the XCM.
	Error,
}

/// Has the sibling's Alice send `payload` to `program` and open a query; returns that query.
fn ask(program: H256, payload: &[u8], hears: Hears) -> QueryId {
	let gear = Location::new(1, [Parachain(GEAR_PARA_ID)]);
	let mut query = 0;
	sibling(|| {
		query = PolkadotXcm::new_query(gear.clone(), 1_000, alice());
		let max_weight = Weight::from_parts(1_000_000_000, 64 * 1024);
		let call = RuntimeCall::XcmGateway(Call::send_message {
			destination: program,
			payload: payload.to_vec(),
			gas_limit: GAS,
			value: 0,
			reply_to: matches!(hears, Hears::Reply)
				.then_some(ReplyTo::Query { id: query, max_weight }),
		});
		let info = QueryResponseInfo {
			destination: Location::new(1, [Parachain(SIBLING_PARA_ID)]),
			query_id: query,
			max_weight,
		};
		let mut message = vec![
			WithdrawAsset((Here, FEE).into()),
			BuyExecution { fees: (Here, FEE).into(), weight_limit: Unlimited },
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: from_sibling(Alice) },
			])),
		];
		if matches!(hears, Hears::Error) {
			message.push(SetErrorHandler(Xcm(vec![ReportError(info.clone())])));
		}
		message.push(Transact {
			origin_kind: OriginKind::Xcm,
			fallback_max_weight: None,
			call: call.encode().into(),
		});
		match hears {
			Hears::Reply => {}
			Hears::Status => message.push(ReportTransactStatus(info)),
			Hears::Error => message.push(ExpectTransactStatus(MaybeErrorCode::Success)),
		}
		assert_ok!(PolkadotXcm::send(
			RuntimeOrigin::signed(Alice.to_account_id()),
			Box::new(gear.into()),
			Box::new(VersionedXcm::from(Xcm::<()>(message))),
		));
	});
	query
}

/// The responses to queries that the sibling got.
fn responses(events: &[SiblingEvent]) -> Vec<(QueryId, Response)> {
	let responses = events.iter().cloned().filter_map(|event| match event {
		SiblingEvent::PolkadotXcm(pallet_xcm::Event::ResponseReady { query_id, response }) => {
			Some((query_id, response))
		}
		_ => None,
	});
	responses.collect()
}

/// Why Gear refused the calls of XCMs.
fn refusals(events: &[RuntimeEvent]) -> Vec<(Option<Location>, DispatchError)> {
	let refusals = events.iter().cloned().filter_map(|event| match event {
		RuntimeEvent::XcmGateway(Event::CallRefused { origin, error, .. }) => Some((origin, error)),
		_ => None,
	});
	refusals.collect()
}

#[test]
fn that_a_program_failed_arrives_back_with_the_reason() {
	run(|| {
		let program = capacitor(100, UNIT);
		let had = balance(&account_of(program));
		send(Alice, program, b"not a number", 0);
		let (events, arrived) = settle();
		let asked = only(posted(&events)).id;
		let heard = only(received(&arrived));
		let answer = heard.answer.expect("it is a reply");
		assert_eq!(answer.to, asked.0);
		assert!(!answer.is_success());
		let reason = String::from_utf8(heard.payload).expect("a program panics in words");
		assert!(reason.contains("panicked"), "{reason}");
		assert_eq!(
			balance(&account_of(program)),
			had,
			"the engine's word costs the program nothing"
		);
	});
}

#[test]
fn a_query_is_answered_by_success() {
	run(|| {
		// One says something, the other does not.
		for program in [ping(0), capacitor(100, 0)] {
			let query = ask(program, b"7", Hears::Reply);
			let (events, arrived) = settle();
			assert_eq!(refusals(&events), vec![]);
			let success = Response::DispatchResult(MaybeErrorCode::Success);
			assert_eq!(responses(&arrived), vec![(query, success)]);
			assert_eq!(received(&arrived), vec![], "nothing else is asked for");
		}
	});
}

#[test]
fn a_query_is_answered_by_failure_and_the_reason() {
	run(|| {
		let query = ask(capacitor(100, 0), b"not a number", Hears::Reply);
		let (_, response) = only(responses(&settle().1).into_iter().filter(|(id, _)| *id == query));
		let Response::DispatchResult(
			MaybeErrorCode::Error(reason) | MaybeErrorCode::TruncatedError(reason),
		) = response
		else {
			panic!("{response:?}")
		};
		assert_eq!(reason[..2], [1, 0], "Gear's code of an error of execution");
		assert!(reason[4..].starts_with(b"panicked"), "{reason:?}");
	});
}

#[test]
fn a_refusal_is_told_by_the_status_of_the_call_and_by_an_event() {
	run(|| {
		let query = ask(H256([0x55; 32]), b"PING", Hears::Status);
		let (events, arrived) = settle();
		let error: DispatchError = pallet_gear::Error::<Runtime>::NoProgram.into();
		assert_eq!(refusals(&events), vec![(Some(alice_elsewhere()), error)]);
		let status = MaybeErrorCode::from(error.encode());
		assert_eq!(responses(&arrived), vec![(query, Response::DispatchResult(status))]);
	});
}

#[test]
fn a_refusal_is_told_by_the_error_of_the_message_and_by_an_event() {
	run(|| {
		let query = ask(H256([0x55; 32]), b"PING", Hears::Error);
		let (events, arrived) = settle();
		let error = pallet_gear::Error::<Runtime>::NoProgram.into();
		assert_eq!(refusals(&events), vec![(Some(alice_elsewhere()), error)]);
		// The eighth instruction, counted from the one that says who sends.
		let failed = Response::ExecutionResult(Some((6, XcmError::ExpectationFalse)));
		assert_eq!(responses(&arrived), vec![(query, failed)]);
	});
}

#[test]
fn gas_that_cannot_be_bought_is_told() {
	run(|| {
		let program = ping(0);
		let alice = purse(Alice);
		gearway_emulation::gear(|| {
			// All but what buys the XCM.
			let spare = gear_runtime::Balances::free_balance(&alice) - FEE - UNIT / 1_000;
			assert_ok!(gear_runtime::Balances::transfer_allow_death(
				gear_runtime::RuntimeOrigin::signed(alice.clone()),
				Alice.to_account_id().into(),
				spare,
			));
		});
		let query = ask(program, b"PING", Hears::Status);
		let (events, arrived) = settle();
		let error: DispatchError = pallet_gear::Error::<Runtime>::GasUnpaid.into();
		assert_eq!(refusals(&events), vec![(Some(alice_elsewhere()), error)]);
		let status = MaybeErrorCode::from(error.encode());
		assert_eq!(responses(&arrived), vec![(query, Response::DispatchResult(status))]);
	});
}
