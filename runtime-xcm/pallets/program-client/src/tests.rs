//! What leaves, and what is let in.

use crate::{Error, Event, Programs, WeightInfo, mock::*, weights::SubstrateWeight, xcm::RECEIVE};
use codec::{Decode, Encode};
use gearway_primitives::{Answer, ProgramMessage, ReplyTo};
use polkadot_sdk::{
	frame_support::{BoundedVec, assert_noop, assert_ok},
	sp_core::H256,
	sp_runtime::{DispatchError, traits::BadOrigin},
	staging_xcm::prelude::*,
};

const PROGRAM: H256 = H256([7; 32]);

/// To a message that failed.
const ANSWER: Answer = Answer { to: [4; 32], code: [1, 0, 3, 0] };

fn payload(bytes: &[u8]) -> BoundedVec<u8, <Runtime as crate::Config>::MaxPayload> {
	bytes.to_vec().try_into().expect("short enough")
}

fn message(payload: &[u8]) -> ProgramMessage {
	ProgramMessage { id: [3; 32], answer: Some(ANSWER), topic: [5; 32], payload: payload.to_vec() }
}

fn account(id: [u8; 32]) -> Junction {
	Junction::AccountId32 { network: None, id }
}

fn program_of(parachain: u32) -> Location {
	Location::new(1, [Parachain(parachain), account(PROGRAM.0)])
}

fn send_to(program: H256) -> Result<(), DispatchError> {
	ProgramClient::send_message(RuntimeOrigin::signed(ALICE), program, payload(b"hi"), 9, 8, 7)
}

#[test]
fn a_message_is_a_call_of_gears_gateway_paid_and_made_by_the_users_own_location() {
	chain(|| {
		assert_ok!(send_to(PROGRAM));

		let (destination, Xcm(mut instructions)) = sent().pop().expect("one was sent");
		assert_eq!(destination, gear());
		let Some(SetTopic(topic)) = instructions.pop() else { panic!("no topic at the end") };
		let Transact { origin_kind, call, .. } = instructions.remove(4) else {
			panic!("no call in the fifth place")
		};
		assert_eq!(origin_kind, OriginKind::Xcm);
		let purse = Location::new(1, [Parachain(2001), account(ALICE.into())]);
		assert_eq!(
			instructions,
			vec![
				DescendOrigin(account(ALICE.into()).into()),
				WithdrawAsset((Here, 7u128).into()),
				BuyExecution { fees: (Here, 7u128).into(), weight_limit: Unlimited },
				SetAppendix(Xcm(vec![
					RefundSurplus,
					DepositAsset { assets: Wild(AllCounted(1)), beneficiary: purse },
				])),
				ExpectTransactStatus(MaybeErrorCode::Success),
			],
		);

		type Call = ((u8, u8), [u8; 32], Vec<u8>, u64, u128, Option<ReplyTo>);
		let mut call = call.encoded();
		let (indices, program, body, gas, value, reply_to) =
			Call::decode(&mut call).expect("is that call");
		assert_eq!(
			(indices, program, body, gas, value),
			((40, 3), PROGRAM.0, b"hi".to_vec(), 9, 8)
		);
		let Some(ReplyTo::Call(reply_to)) = reply_to else { panic!("no call is asked for") };
		assert_eq!(reply_to.weight, SubstrateWeight::<Runtime>::receive(64));

		// The template, completed as the gateway completes it, is the call that takes answers.
		let mut answer = reply_to.call.into_inner();
		message(b"yes").encode_to(&mut answer);
		assert_eq!(
			RuntimeCall::decode(&mut &answer[..]),
			Ok(RuntimeCall::ProgramClient(crate::Call::receive { message: message(b"yes") })),
		);
		assert_eq!(answer[1], RECEIVE);

		System::assert_last_event(
			Event::MessageSent { who: ALICE, program: PROGRAM, topic }.into(),
		);
		assert_eq!(charged(), vec![(account(ALICE.into()).into(), (Here, 5u128).into())]);
	});
}

#[test]
fn two_equal_messages_have_topics_of_their_own() {
	chain(|| {
		assert_ok!(send_to(PROGRAM));
		assert_ok!(send_to(PROGRAM));
		let topics = sent().into_iter().map(|(_, xcm)| xcm.last().cloned()).collect::<Vec<_>>();
		assert_ne!(topics[0], topics[1]);
	});
}

#[test]
fn a_deposit_takes_amount_and_fee_and_leaves_the_fee_for_execution() {
	chain(|| {
		assert_ok!(ProgramClient::deposit(RuntimeOrigin::signed(ALICE), PROGRAM, 100, 7));
		let (_, Xcm(instructions)) = sent().pop().expect("one was sent");
		assert_eq!(instructions[1], WithdrawAsset((Here, 107u128).into()));
		assert_eq!(
			instructions[2],
			BuyExecution { fees: (Here, 7u128).into(), weight_limit: Unlimited }
		);
		assert_eq!(
			instructions[4],
			DepositAsset {
				assets: Definite((Here, 100u128).into()),
				beneficiary: account(PROGRAM.0).into()
			}
		);
	});
}

#[test]
fn what_cannot_be_sent_or_paid_leaves_nothing_behind() {
	chain(|| {
		assert_noop!(
			ProgramClient::deposit(RuntimeOrigin::signed(ALICE), PROGRAM, u128::MAX, 1),
			Error::<Runtime>::AmountOverflow
		);
		for (refusal, error) in [
			(SendError::NotApplicable, Error::<Runtime>::Unroutable),
			(SendError::Unroutable, Error::Unroutable),
			(SendError::ExceedsMaxMessageSize, Error::TooLong),
			(SendError::DestinationUnsupported, Error::UnknownVersion),
			(SendError::Transport("full"), Error::TransportFailed),
		] {
			refuse(refusal);
			let root = polkadot_sdk::sp_io::storage::root(Default::default());
			assert_eq!(
				polkadot_sdk::frame_support::storage::with_storage_layer(|| send_to(PROGRAM)),
				Err(error.into())
			);
			assert_eq!(polkadot_sdk::sp_io::storage::root(Default::default()), root);
		}
		assert_eq!(
			ProgramClient::deposit(RuntimeOrigin::signed(PAUPER), PROGRAM, 1, 1),
			Err(Error::<Runtime>::DeliveryUnpaid.into())
		);
		assert_noop!(ProgramClient::deposit(RuntimeOrigin::root(), PROGRAM, 1, 1), BadOrigin);
		assert_eq!(sent(), vec![]);
	});
}

#[test]
fn an_answer_of_a_program_called_from_here_is_kept_and_the_next_replaces_it() {
	chain(|| {
		assert_ok!(send_to(PROGRAM));
		for body in [b"first", b"later"] {
			assert_ok!(ProgramClient::receive(speak_as(program_of(2000)), message(body)));
			System::assert_last_event(
				Event::MessageReceived {
					program: PROGRAM,
					id: H256([3; 32]),
					answer: Some(ANSWER),
					topic: [5; 32],
					payload: body.to_vec(),
					kept: true,
				}
				.into(),
			);
		}
		let latest = Programs::<Runtime>::get(PROGRAM).and_then(|program| program.latest);
		let latest = latest.expect("is kept");
		assert_eq!((latest.payload, latest.at), (payload(b"later"), 1));
	});
}

/// Whether a message of `program` with `body` is kept.
fn kept(program: Location, body: &[u8]) -> bool {
	assert_ok!(ProgramClient::receive(speak_as(program), message(body)));
	let events = System::events();
	match &events.last().expect("an event").event {
		RuntimeEvent::ProgramClient(Event::MessageReceived { kept, .. }) => *kept,
		other => panic!("{other:?}"),
	}
}

#[test]
fn storage_is_out_of_reach_for_programs_nobody_called_long_payloads_and_too_many_programs() {
	chain(|| {
		assert!(!kept(program_of(2000), b"unasked"));
		assert_ok!(send_to(PROGRAM));
		assert!(!kept(program_of(2000), &[0; 65]));
		assert!(kept(program_of(2000), &[0; 64]));

		assert_ok!(send_to(H256([8; 32])));
		assert_ok!(send_to(H256([9; 32])));
		assert_eq!(Programs::<Runtime>::count(), 2);
		assert!(!kept(Location::new(1, [Parachain(2000), account([9; 32])]), b"third"));
	});
}

#[test]
fn only_actors_of_the_gear_chain_are_heard() {
	chain(|| {
		assert_ok!(send_to(PROGRAM));
		for (speaker, error) in [
			(program_of(2002), Error::<Runtime>::NotGear),
			(Location::parent(), Error::NotGear),
			(Location::here(), Error::NotGear),
			(account(PROGRAM.0).into(), Error::NotGear),
			(Location::new(2, [Parachain(2000), account(PROGRAM.0)]), Error::NotGear),
			(gear(), Error::NotAnActor),
			(Location::new(1, [Parachain(2000), PalletInstance(3)]), Error::NotAnActor),
			(
				Location::new(1, [Parachain(2000), account(PROGRAM.0), PalletInstance(3)]),
				Error::NotAnActor,
			),
		] {
			assert_noop!(ProgramClient::receive(speak_as(speaker), message(b"forged")), error);
		}
		for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::root()] {
			assert_noop!(ProgramClient::receive(origin, message(b"forged")), BadOrigin);
		}
	});
}
