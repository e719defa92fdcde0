//! `send_message`: who sends, who pays, what is remembered.

use crate::{Error, Event, HoldReason, Routes, mock::*};
use gearway_primitives::{CallTemplate, Origin, Provenance, ReplyTo};
use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		traits::{
			Currency,
			fungible::{Inspect, InspectHold},
		},
	},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError, traits::BadOrigin},
	sp_weights::Weight,
	staging_xcm::prelude::*,
};

pub(super) fn template(call: &[u8]) -> CallTemplate {
	CallTemplate {
		call: call.to_vec().try_into().expect("short enough"),
		weight: Weight::from_parts(11, 12),
	}
}

pub(super) fn reply_to(call: &[u8]) -> ReplyTo {
	ReplyTo::Call(template(call))
}

pub(super) fn send_as(location: Location, reply_to: Option<ReplyTo>) -> Result<(), DispatchError> {
	let destination = H256(PROGRAM.into());
	XcmGateway::send_message(speak_as(location), destination, b"ping".to_vec(), 100, 40, reply_to)
}

#[test]
fn the_location_is_the_sender_and_its_account_the_payer() {
	chain(|| {
		crate::CurrentTopic::<Runtime>::put([5; 32]);
		assert_ok!(send_as(alice(), None));

		let posting = posted().pop().expect("one was posted");
		let account = account_of(&alice());
		assert_eq!(posting.source, actor_of(&account));
		assert_eq!(posting.payer, account);
		assert_eq!(posting.destination, actor_of(&PROGRAM));
		assert_eq!(
			(posting.payload, posting.gas_limit, posting.value),
			(b"ping".to_vec(), 100, 40)
		);
		assert_eq!(
			posting.provenance,
			Provenance {
				origin: Origin::Location(alice()),
				topic: Some([5; 32]),
				assets: Assets::new(),
				reply_to: None,
			},
		);
		assert_eq!(Balances::free_balance(&account), ENDOWMENT - 100 * GAS_PRICE - 40);
		System::assert_last_event(
			Event::MessagePosted {
				id: H256(Queue::id(1).into_bytes()),
				origin: alice(),
				destination: H256(PROGRAM.into()),
				topic: Some([5; 32]),
			}
			.into(),
		);
	});
}

#[test]
fn other_origins_and_locations_without_account_or_funds_are_refused() {
	chain(|| {
		let program = H256(PROGRAM.into());
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::signed(account_of(&alice()))] {
			assert_noop!(XcmGateway::send_message(origin, program, vec![], 1, 0, None), BadOrigin);
		}
		assert_noop!(
			send_as(Location::new(2, [GeneralIndex(1)]), None),
			Error::<Runtime>::LocationWithoutAccount
		);
		assert_noop!(send_as(pauper(), None), NO_FUNDS);
		assert_noop!(
			XcmGateway::send_message(speak_as(alice()), H256([8; 32]), vec![], 1, 0, None),
			DispatchError::CannotLookup
		);
		assert!(posted().is_empty());
	});
}

#[test]
fn a_route_costs_a_deposit_once_and_gives_it_back() {
	chain(|| {
		let account = account_of(&alice());
		let held = || Balances::balance_on_hold(&HoldReason::Route.into(), &account_of(&alice()));

		assert_ok!(send_as(alice(), None));
		assert_eq!((held(), Routes::<Runtime>::get(&account)), (0, None));

		assert_ok!(send_as(alice(), Some(reply_to(&[7, 2]))));
		assert_eq!(held(), ROUTE_DEPOSIT);
		let opened = Event::RouteOpened { account: account.clone(), origin: alice() };
		System::assert_has_event(opened.clone().into());
		System::reset_events();
		assert_ok!(send_as(alice(), Some(reply_to(&[7, 9]))));
		System::assert_has_event(opened.clone().into());
		System::reset_events();
		assert_ok!(send_as(alice(), Some(reply_to(&[7, 9]))));
		assert!(System::events().iter().all(|record| record.event != opened.clone().into()));
		assert_eq!(held(), ROUTE_DEPOSIT);
		let route = Routes::<Runtime>::get(&account).expect("there is a route");
		assert_eq!((route.location, route.template), (alice().into(), template(&[7, 9])));

		assert_ok!(XcmGateway::forget_route(speak_as(alice())));
		assert_eq!((held(), Routes::<Runtime>::get(&account)), (0, None));
		System::assert_last_event(Event::RouteClosed { account }.into());
		assert_noop!(XcmGateway::forget_route(speak_as(alice())), Error::<Runtime>::NoRoute);
	});
}

#[test]
fn a_route_is_for_other_chains_and_for_those_who_can_pay_it() {
	chain(|| {
		let local: Location = account(PROGRAM).into();
		assert_noop!(send_as(local, Some(reply_to(&[7]))), Error::<Runtime>::ReplyToLocal);

		// Enough for the message, not for the deposit.
		let account: AccountId32 = account_of(&pauper());
		drop(Balances::deposit_creating(&account, 100 * GAS_PRICE + 40 + ED));
		drop(posted());
		let issuance = <Balances as Inspect<_>>::total_issuance();
		assert_noop!(send_as(pauper(), Some(reply_to(&[7]))), NO_FUNDS);
		assert_eq!(<Balances as Inspect<_>>::total_issuance(), issuance);
		assert_eq!(Routes::<Runtime>::get(&account), None);
		drop(Balances::slash(&account, u128::MAX));
	});
}
