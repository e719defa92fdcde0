//! The main job: a user of the sibling charges the capacitor until it discharges.
//!
//! - each charge is an XCM, a message from the user's location under the XCM's topic;
//! - charges below the limit bring nothing back;
//! - the discharge arrives on the sibling from the program's location, under the last charge's
//!   topic, and is kept there;
//! - each pays what is its own: the user for the charges, the program for the discharge.

use crate::common::*;
use gear_runtime::{
	RuntimeEvent,
	configs::gateway::{OUTBOUND_FEE, ROUTE_DEPOSIT, TreasuryAccount},
};
use gearway_emulation::{SiblingPara, capacitor, run};
use gearway_runtime_common::currency::{MILLIUNIT, UNIT};
use pallet_gear::{DispatchStatus, Event};
use polkadot_sdk::{
	sp_core::H256,
	sp_keyring::Sr25519Keyring::{Alice, Bob},
};
use xcm_emulator::TestExt;

/// What became of the messages that Gear handled in a block.
fn statuses(events: &[RuntimeEvent]) -> Vec<DispatchStatus> {
	let statuses = events.iter().filter_map(|event| match event {
		RuntimeEvent::Gear(Event::MessagesDispatched { statuses, .. }) => Some(statuses.values()),
		_ => None,
	});
	statuses.flatten().copied().collect()
}

#[test]
fn charges_by_xcm_discharge_it_and_the_discharge_arrives_back() {
	run(|| {
		let program = capacitor(100, UNIT);
		let alice = purse(Alice);
		let treasury = TreasuryAccount::get();
		let (had, treasury_had) = (balance(&alice), balance(&treasury));

		for (charge, discharge) in [("40", None), ("35", None), ("25", Some("Discharged: 100"))] {
			let topic = send(Alice, program, charge.as_bytes(), 0);

			let (events, arrived) = settle();
			assert_eq!(executed(&events, topic), Some(true));
			let posted = only(posted(&events));
			let expected = Posted {
				id: posted.id,
				origin: from_sibling(Alice),
				destination: program,
				topic: Some(topic),
			};
			assert_eq!(posted, expected);
			let source = only(events.iter().filter_map(|event| match event {
				RuntimeEvent::Gear(Event::MessageQueued { id, source, topic, .. })
					if *id == posted.id =>
				{
					Some((*source, *topic))
				}
				_ => None,
			}));
			assert_eq!(source, (H256(alice.clone().into()), Some(topic)));
			assert_eq!(statuses(&events), vec![DispatchStatus::Success]);

			let expected = discharge.map(|discharge| Received {
				program,
				answer: None,
				topic,
				payload: discharge.as_bytes().to_vec(),
				kept: true,
			});
			assert_eq!(received(&arrived), Vec::from_iter(expected));
		}

		assert_eq!(balance(&treasury), treasury_had + OUTBOUND_FEE);
		let spent = had - balance(&alice) - ROUTE_DEPOSIT;
		assert!((1..UNIT).contains(&spent), "three charges cost {spent}");
		// The fee, the delivery, and the deposit for the account it had already.
		let left = balance(&account_of(program));
		assert!((UNIT - OUTBOUND_FEE - 10 * MILLIUNIT..UNIT).contains(&left), "{left} is left");

		let latest = SiblingPara::ext_wrapper(|| {
			pallet_program_client::Programs::<sibling_runtime::Runtime>::get(program)
		});
		let latest = latest.and_then(|program| program.latest).expect("the discharge is kept");
		assert_eq!(latest.payload.into_inner(), b"Discharged: 100");
	});
}

#[test]
fn it_discharges_to_whoever_brings_the_last_charge() {
	run(|| {
		let program = capacitor(50, UNIT);
		gearway_emulation::endow(from_sibling(Bob), 10 * UNIT);
		send(Alice, program, b"30", 0);
		assert_eq!(received(&settle().1), vec![]);

		let topic = send(Bob, program, b"30", 0);
		let (events, arrived) = settle();
		assert_eq!(only(posted(&events)).origin, from_sibling(Bob));
		let discharge = only(received(&arrived));
		assert_eq!((discharge.payload, discharge.topic), (b"Discharged: 60".to_vec(), topic));
	});
}
