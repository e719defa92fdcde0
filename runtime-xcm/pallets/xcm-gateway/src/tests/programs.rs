//! `create_program`: as a message, for a program that is made by it.

use super::messages::reply_to;
use crate::{Error, Event, Routes, mock::*};
use gearway_primitives::{Origin, ReplyTo};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_core::H256,
	sp_runtime::{DispatchError, traits::BadOrigin},
	staging_xcm::prelude::*,
};

fn create(
	origin: RuntimeOrigin,
	code: [u8; 32],
	reply_to: Option<ReplyTo>,
) -> Result<(), DispatchError> {
	let (salt, payload) = (b"salt".to_vec(), b"hello".to_vec());
	XcmGateway::create_program(origin, H256(code), salt, payload, 100, 40, reply_to)
}

#[test]
fn the_location_makes_it_and_its_account_pays() {
	chain(|| {
		crate::CurrentTopic::<Runtime>::put([5; 32]);
		assert_ok!(create(speak_as(alice()), CODE.into_bytes(), Some(reply_to(&[7, 2]))));
		let posting = posted().pop().expect("one was posted");
		let account = account_of(&alice());
		assert_eq!((posting.source, posting.payer), (actor_of(&account), account.clone()));
		assert_eq!(
			(posting.payload, posting.gas_limit, posting.value),
			(b"hello".to_vec(), 100, 40)
		);
		assert_eq!(posting.provenance.origin, Origin::Location(alice()));
		assert_eq!(posting.provenance.topic, Some([5; 32]));
		assert!(Routes::<Runtime>::contains_key(&account));
		System::assert_last_event(
			Event::ProgramPosted {
				id: H256(Queue::id(1).into_bytes()),
				origin: alice(),
				program: H256(PROGRAM.into()),
				topic: Some([5; 32]),
			}
			.into(),
		);
	});
}

#[test]
fn what_cannot_be_made_or_paid_leaves_nothing() {
	chain(|| {
		let code = CODE.into_bytes();
		assert_noop!(create(speak_as(alice()), [0; 32], None), DispatchError::CannotLookup);
		assert_noop!(create(speak_as(pauper()), code, None), NO_FUNDS);
		assert_noop!(
			create(speak_as(Location::new(2, [GeneralIndex(1)])), code, None),
			Error::<Runtime>::LocationWithoutAccount
		);
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::signed(account_of(&alice()))] {
			assert_noop!(create(origin, code, None), BadOrigin);
		}
		assert!(posted().is_empty());
	});
}
