//! A program awaits a call of another chain.
//!
//! - it goes on once: with success, with the failure and its reason, or when time is over;
//! - an answer after that changes nothing, and is seen;
//! - nobody answers but the chain that was asked, and that on nobody's behalf but the program's;
//! - the program pays for what is done there and for what is sent, and has back what is left.

use crate::common::*;
use codec::Encode;
use gear_runtime::{Runtime, RuntimeEvent};
use gearway_emulation::{RelayRelay, SiblingPara, deploy, endow, gear, run, sibling};
use gearway_primitives::ProgramMessage;
use gearway_programs::XCM_CALLER;
use gearway_runtime_common::{GEAR_PARA_ID, SIBLING_PARA_ID, currency::UNIT};
use pallet_xcm_gateway::{Event, FIRST_QUERY};
use polkadot_sdk::{
	frame_support::{assert_ok, weights::Weight},
	sp_core::H256,
	sp_keyring::Sr25519Keyring::Alice,
	sp_runtime::DispatchError,
	staging_xcm::{VersionedXcm, prelude::*},
	staging_xcm_executor::traits::ConvertLocation,
};
use sibling_runtime::RuntimeCall;
use xcm_emulator::{Chain, TestExt};

/// Blocks that the caller waits.
const TIMEOUT: u32 = 5;

/// A caller that owns a token here and two on the sibling.
fn caller() -> H256 {
	let program = deploy(XCM_CALLER, &[], UNIT);
	endow_there(there(program), 2 * UNIT);
	program
}

/// A program, as the sibling sees it.
fn there(program: H256) -> Location {
	Location::new(1, [Parachain(GEAR_PARA_ID), account(program.0)])
}

/// What a program owns on the sibling.
fn purse_there(program: H256) -> u128 {
	let account =
		sibling_runtime::xcm_config::LocationToAccountId::convert_location(&there(program))
			.expect("every program has an account");
	SiblingPara::ext_wrapper(|| sibling_runtime::Balances::free_balance(account))
}

/// The call by which the sibling takes a program's message.
fn hello() -> Vec<u8> {
	let message =
		ProgramMessage { id: [0; 32], answer: None, topic: [0; 32], payload: b"hello".to_vec() };
	RuntimeCall::ProgramClient(pallet_program_client::Call::receive { message }).encode()
}

/// Has the sibling's Alice tell `program` to call a chain.
fn command(program: H256, parachain: Option<u32>, call: Vec<u8>, as_location: bool) {
	let command = (parachain, call, as_location, UNIT, TIMEOUT).encode();
	send_with_gas(Alice, program, &command, 0, 100_000_000_000);
}

/// The gateway's events.
fn gateway(events: &[RuntimeEvent]) -> Vec<Event<Runtime>> {
	let events = events.iter().cloned().filter_map(|event| match event {
		RuntimeEvent::XcmGateway(event) => Some(event),
		_ => None,
	});
	events.collect()
}

/// Whether the answers that were taken say success.
fn answers(events: &[RuntimeEvent]) -> Vec<bool> {
	let answers = gateway(events).into_iter().filter_map(|event| match event {
		Event::CallAnswered { success, .. } => Some(success),
		_ => None,
	});
	answers.collect()
}

/// What the caller told Alice.
fn told(events: &[sibling_runtime::RuntimeEvent]) -> Vec<String> {
	let replies = received(events).into_iter().filter(|message| message.answer.is_some());
	replies.map(|reply| String::from_utf8(reply.payload).expect("it tells in words")).collect()
}

/// The response to the first query of a program, as the sibling gives it on behalf of `querier`.
fn response(querier: H256) -> Instruction<()> {
	QueryResponse {
		query_id: FIRST_QUERY,
		response: Response::DispatchResult(MaybeErrorCode::Success),
		max_weight: Weight::zero(),
		querier: Some(account(querier.0).into()),
	}
}

#[test]
fn success_of_a_sibling() {
	run(|| {
		let program = caller();
		command(program, Some(SIBLING_PARA_ID), hello(), true);
		let (events, arrived) = settle();
		let heard = received(&arrived).into_iter().find(|message| message.payload == b"hello");
		assert_eq!(heard.expect("the call was made").program, program);
		assert_eq!(answers(&events), vec![true]);
		assert_eq!(told(&arrived), vec!["done"]);
		let left = purse_there(program);
		assert!((UNIT * 19 / 10..2 * UNIT).contains(&left), "{left} is left there");
	});
}

#[test]
fn success_of_the_relay_chain() {
	run(|| {
		let program = deploy(XCM_CALLER, &[], UNIT);
		let rich = Location::new(0, [Parachain(GEAR_PARA_ID), account(program.0)]);
		let rich = westend_runtime::xcm_config::LocationConverter::convert_location(&rich);
		RelayRelay::ext_wrapper(|| {
			assert_ok!(westend_runtime::Balances::transfer_allow_death(
				westend_runtime::RuntimeOrigin::signed(Alice.to_account_id()),
				rich.expect("every program has an account").into(),
				2 * UNIT
			));
		});
		let remark = polkadot_sdk::frame_system::Call::remark_with_event { remark: vec![7] };
		command(program, None, westend_runtime::RuntimeCall::System(remark).encode(), false);
		let (events, arrived) = settle();
		assert_eq!(
			answers(&events),
			vec![true],
			"{:#?}",
			RelayRelay::ext_wrapper(RelayRelay::events)
		);
		assert_eq!(told(&arrived), vec!["done"]);
	});
}

#[test]
fn failure_of_the_call() {
	run(|| {
		let program = caller();
		// No account may do this.
		command(program, Some(SIBLING_PARA_ID), hello(), false);
		let (events, arrived) = settle();
		assert_eq!(answers(&events), vec![false]);
		let reason = DispatchError::BadOrigin.encode();
		assert_eq!(told(&arrived), vec![format!("the call failed there: {reason:?}")]);
	});
}

#[test]
fn failure_before_the_call() {
	run(|| {
		let program = caller();
		let remark = polkadot_sdk::frame_system::Call::remark { remark: vec![] };
		command(program, Some(SIBLING_PARA_ID), RuntimeCall::System(remark).encode(), false);
		let (events, arrived) = settle();
		assert_eq!(answers(&events), vec![false]);
		// The sixth instruction, which is the call.
		let reason = XcmError::NoPermission.encode();
		assert_eq!(told(&arrived), vec![format!("instruction 5 failed there: {reason:?}")]);
	});
}

#[test]
fn nothing_is_sent() {
	run(|| {
		let program = caller();
		let had = balance(&account_of(program));
		// There is no channel.
		command(program, Some(STRANGER), hello(), true);
		let (events, arrived) = settle();
		assert!(answers(&events).is_empty());
		let told = only(told(&arrived));
		assert!(told.starts_with("nothing was sent"), "{told}");
		assert!(balance(&account_of(program)) > had - UNIT / 10, "only the reply cost something");
	});
}

#[test]
fn no_answer_in_time() {
	run(|| {
		// It owns nothing on the sibling, so nothing is done there, and nobody pays for a report.
		let program = deploy(XCM_CALLER, &[], UNIT);
		command(program, Some(SIBLING_PARA_ID), hello(), true);
		let (mut events, mut arrived) = settle();
		for _ in 0..2 {
			let (more_events, more_arrived) = settle();
			events.extend(more_events);
			arrived.extend(more_arrived);
		}
		assert!(answers(&events).is_empty());
		assert_eq!(told(&arrived), vec!["no answer in time"]);
	});
}

#[test]
fn an_answer_too_late() {
	run(|| {
		let program = caller();
		command(program, Some(SIBLING_PARA_ID), hello(), true);
		// The sibling takes a long rest.
		for _ in 0..TIMEOUT + 3 {
			gear(|| ());
		}
		let (events, arrived) = settle();
		assert!(answers(&events).is_empty());
		let late =
			gateway(&events).into_iter().filter(|event| matches!(event, Event::AnswerLate { .. }));
		assert_eq!(late.count(), 1, "{:#?}", gateway(&events));
		assert_eq!(told(&arrived), vec!["no answer in time"]);
		// The call was made all the same.
		assert!(received(&arrived).iter().any(|message| message.payload == b"hello"));
	});
}

#[test]
fn an_answer_of_another_chain() {
	run(|| {
		let program = caller();
		endow(Location::new(1, [Parachain(STRANGER)]), 10 * UNIT);
		command(program, Some(SIBLING_PARA_ID), hello(), true);
		gear(|| ());
		// Without payment it is not let in; with, it is refused.
		arrive_from(STRANGER, GEAR_PARA_ID, Xcm(vec![response(program)]));
		let events = gear(|| ());
		assert_eq!(gateway(&events), vec![]);
		arrive_from(
			STRANGER,
			GEAR_PARA_ID,
			Xcm(vec![
				WithdrawAsset((Here, UNIT).into()),
				BuyExecution { fees: (Here, UNIT).into(), weight_limit: Unlimited },
				response(program),
			]),
		);
		let events = gear(|| ());
		let origin = Location::new(1, [Parachain(STRANGER)]);
		assert_eq!(gateway(&events), vec![Event::AnswerRefused { query: FIRST_QUERY, origin }]);

		let (events, arrived) = settle();
		assert_eq!(answers(&events), vec![true]);
		assert_eq!(told(&arrived), vec!["done"]);
	});
}

#[test]
fn an_answer_on_behalf_of_another() {
	run(|| {
		let program = caller();
		command(program, Some(SIBLING_PARA_ID), hello(), true);
		gear(|| ());
		// The sibling's Alice has her own chain report to the program's query.
		sibling(|| {
			let report = QueryResponseInfo {
				destination: Location::new(1, [Parachain(GEAR_PARA_ID)]),
				query_id: FIRST_QUERY,
				max_weight: Weight::zero(),
			};
			let message = Xcm(vec![SetFeesMode { jit_withdraw: true }, ReportError(report)]);
			assert_ok!(sibling_runtime::PolkadotXcm::execute(
				sibling_runtime::RuntimeOrigin::signed(Alice.to_account_id()),
				Box::new(VersionedXcm::from(message)),
				Weight::MAX,
			));
		});
		let (events, arrived) = settle();
		assert_eq!(answers(&events), vec![true], "the program's own, and no other");
		assert_eq!(told(&arrived), vec!["done"]);
	});
}
