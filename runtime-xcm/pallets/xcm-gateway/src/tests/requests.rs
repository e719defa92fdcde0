//! The builtin actor: a program's own XCM.

use crate::{Error, Event, XCM_ACTOR, XcmRequest, mock::*};
use codec::Encode;
use gearway_primitives::{ActorId, Builtin, BuiltinCall, BuiltinFailure, BuiltinReply, MessageId};
use polkadot_sdk::{
	frame_support::assert_ok,
	sp_core::H256,
	sp_io::hashing::blake2_256,
	sp_runtime::DispatchError,
	staging_xcm::{VersionedXcm, prelude::*},
};

/// The program's message with that payload.
pub(super) fn ask(payload: &[u8]) -> BuiltinCall<'_> {
	BuiltinCall {
		id: MessageId::new([0x1d; 32]),
		source: actor_of(&PROGRAM),
		actor: ActorId::new(XCM_ACTOR),
		payload,
		value: 0,
		topic: Some([5; 32]),
		patience: 10,
	}
}

fn handle(payload: &[u8]) -> Result<Vec<u8>, BuiltinFailure> {
	match XcmGateway::handle(ask(payload))? {
		BuiltinReply::Now(reply) => Ok(reply),
		later => panic!("{later:?}"),
	}
}

/// The failure of that error.
fn failure(error: Error<Runtime>) -> BuiltinFailure {
	DispatchError::from(error).into()
}

fn request(dest: impl Into<Location>, message: Xcm<()>) -> Vec<u8> {
	XcmRequest::Send { dest: dest.into().into(), message: VersionedXcm::from(message) }.encode()
}

#[test]
fn the_actors_id_is_the_hash_of_its_name() {
	assert_eq!(XCM_ACTOR, blake2_256(b"gearway/actor/xcm"));
	assert!(XcmGateway::is_builtin(ActorId::new(XCM_ACTOR)));
	assert!(!XcmGateway::is_builtin(actor_of(&PROGRAM)));
}

#[test]
fn a_program_speaks_for_its_own_location_and_pays() {
	chain(|| {
		let sibling = Location::new(1, Parachain(2001));
		let topic = handle(&request(sibling.clone(), Xcm(vec![ClearOrigin])));
		assert_eq!(topic, Ok(vec![0xaa; 32]));
		assert_eq!(
			sent(),
			vec![(sibling.clone(), Xcm(vec![DescendOrigin(account(PROGRAM).into()), ClearOrigin]))],
		);
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT - OUTBOUND_FEE - DELIVERY);
		System::assert_last_event(
			Event::XcmSent {
				source: H256(PROGRAM.into()),
				destination: sibling.clone(),
				topic: [0xaa; 32],
			}
			.into(),
		);

		let own = handle(&request(sibling, Xcm(vec![ClearOrigin, SetTopic([3; 32])])));
		assert_eq!(own, Ok(vec![3; 32]));
	});
}

#[test]
fn what_is_no_request_costs_nothing() {
	chain(|| {
		let good = request(Parent, Xcm(vec![ClearOrigin]));
		let mut trailing = good.clone();
		trailing.push(0);
		// An appendix in an appendix, deeper than any chain decodes.
		let deep = (0..20).fold(Xcm(vec![ClearOrigin]), |inner, _| Xcm(vec![SetAppendix(inner)]));
		for payload in
			[&[][..], &[9], &good[..good.len() - 1], &trailing, &request(Parent, deep), b"PING"]
		{
			assert_eq!(handle(payload), Err(failure(Error::BadRequest)));
		}
		for local in [Location::here(), account(PROGRAM).into()] {
			assert_eq!(
				handle(&request(local, Xcm(vec![ClearOrigin]))),
				Err(failure(Error::DestinationIsLocal))
			);
		}
		let generous = XcmGateway::handle(BuiltinCall { value: ED, ..ask(&good) });
		assert_eq!(generous, Err(failure(Error::ValueNotTaken)));
		refuse(SendError::Unroutable);
		assert_eq!(handle(&good), Err(failure(Error::Unroutable)));
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT);
		assert_eq!(sent(), vec![]);

		assert_ok!(Balances::transfer_allow_death(
			RuntimeOrigin::signed(PROGRAM),
			FEES,
			ENDOWMENT - ED
		));
		assert_eq!(handle(&good), Err(failure(Error::OutboundFeeUnpaid)));
		assert_eq!(sent(), vec![]);
	});
}
