//! Tokens deposited to a program's account by XCM.
//!
//! - they are credited, and the program gets a message from the XCM actor with origin, assets and
//!   topic, the amount as value less the gas it buys;
//! - what the program makes of the message is its affair: the credit stands;
//! - what does not cover the gas is a credit without a message.

use crate::common::*;
use codec::Decode;
use gear_runtime::{Runtime, RuntimeEvent, configs::gateway::DEPOSIT_GAS};
use gearway_emulation::{capacitor, gear, ping, run, sibling};
use gearway_primitives::Origin;
use gearway_runtime_common::currency::UNIT;
use pallet_xcm_gateway::{DepositNotice, Event, XCM_ACTOR};
use polkadot_sdk::{
	frame_support::{assert_ok, traits::ServiceQueues, weights::Weight},
	sp_core::H256,
	sp_keyring::Sr25519Keyring::Alice,
	staging_xcm::prelude::*,
};
use sibling_runtime::RuntimeEvent as SiblingEvent;

/// Has the sibling's Alice deposit `amount` to `program`; returns the topic.
fn deposit(program: H256, amount: u128) -> XcmHash {
	let events = sibling(|| {
		let alice = sibling_runtime::RuntimeOrigin::signed(Alice.to_account_id());
		assert_ok!(sibling_runtime::ProgramClient::deposit(alice, program, amount, FEE));
	});
	only(events.into_iter().filter_map(|event| match event {
		SiblingEvent::ProgramClient(pallet_program_client::Event::DepositSent {
			topic, ..
		}) => Some(topic),
		_ => None,
	}))
}

/// The gateway's events on deposits.
fn deposits(events: Vec<RuntimeEvent>) -> Vec<Event<Runtime>> {
	let deposits = events.into_iter().filter_map(|event| match event {
		RuntimeEvent::XcmGateway(
			event @ (Event::DepositPosted { .. } | Event::DepositCredited { .. }),
		) => Some(event),
		_ => None,
	});
	deposits.collect()
}

#[test]
fn the_program_is_told_who_deposited_what_on_which_journey() {
	run(|| {
		let program = ping(0);
		let had = balance(&account_of(program));
		let topic = deposit(program, 3 * UNIT);

		// The queue of XCM is served within the block's transactions, so that the message can be
		// looked at before the block's end runs it.
		let mut queued = Vec::new();
		let events = gear(|| {
			gear_runtime::MessageQueue::service_queues(Weight::MAX);
			queued.extend(pallet_gear::Entries::<Runtime>::iter_values());
		});

		let entry = only(queued);
		let message = &entry.dispatch.message;
		assert_eq!(message.source.into_bytes(), XCM_ACTOR);
		assert_eq!(message.destination.into_bytes(), program.0);
		assert_eq!(message.value, 3 * UNIT - u128::from(DEPOSIT_GAS));
		let assets = Assets::from((Here, 3 * UNIT));
		assert_eq!(
			DepositNotice::decode(&mut &message.payload[..]),
			Ok(DepositNotice {
				origin: Some(from_sibling(Alice).into()),
				assets: assets.clone().into(),
				topic,
				selector: None,
			}),
		);
		let provenance = entry.provenance.expect("it came from elsewhere");
		assert_eq!(provenance.origin, Origin::Location(from_sibling(Alice)));
		assert_eq!((provenance.assets, provenance.topic), (assets, Some(topic)));

		let id = H256(message.id.into_bytes());
		assert_eq!(executed(&events, topic), Some(true));
		assert_eq!(
			deposits(events),
			vec![Event::DepositPosted { id, program, origin: Some(from_sibling(Alice)), topic }],
		);
		let credit = balance(&account_of(program)) - had;
		let gas = 3 * UNIT - credit;
		assert!((1..u128::from(DEPOSIT_GAS)).contains(&gas), "the message cost {gas}");
	});
}

#[test]
fn a_program_that_fails_on_the_message_has_its_tokens_all_the_same() {
	run(|| {
		let program = capacitor(100, 0);
		let had = balance(&account_of(program));
		deposit(program, 3 * UNIT);
		let (events, _) = settle();
		let failed = events.iter().any(|event| {
			matches!(event, RuntimeEvent::Gear(pallet_gear::Event::MessageFailed { .. }))
		});
		assert!(failed, "a notice is no charge: {events:#?}");
		let credit = balance(&account_of(program)) - had;
		let gas = 3 * UNIT - credit;
		assert!((1..=u128::from(DEPOSIT_GAS)).contains(&gas), "the message cost {gas}");
	});
}

#[test]
fn what_does_not_buy_a_message_is_a_credit() {
	run(|| {
		let program = ping(UNIT);
		let had = balance(&account_of(program));
		let amount = u128::from(DEPOSIT_GAS) - 1;
		let topic = deposit(program, amount);
		let (events, _) = settle();
		assert_eq!(executed(&events, topic), Some(true));
		let credited = only(deposits(events));
		assert!(matches!(credited, Event::DepositCredited { .. }), "{credited:?}");
		assert_eq!(balance(&account_of(program)), had + amount);
	});
}

#[test]
fn a_deposit_to_a_user_is_just_that() {
	run(|| {
		let user = H256([0x55; 32]);
		deposit(user, 3 * UNIT);
		assert_eq!(deposits(settle().0), vec![]);
		assert_eq!(balance(&account_of(user)), 3 * UNIT);
	});
}
