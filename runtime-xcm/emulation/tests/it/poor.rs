//! A program that cannot pay for a message that leaves: it stays on Gear, and nothing is lost.

use crate::common::*;
use gear_runtime::{Runtime, RuntimeEvent};
use gearway_emulation::{capacitor, run};
use pallet_gear::Event;
use pallet_xcm_gateway::Error;
use polkadot_sdk::{sp_core::H256, sp_keyring::Sr25519Keyring::Alice};

#[test]
fn its_message_ends_here_and_is_told() {
	run(|| {
		let program = capacitor(10, 0);
		let had = balance(&account_of(program));
		send(Alice, program, b"10", 0);
		let (events, arrived) = settle();

		let error = only(events.iter().filter_map(|event| match event {
			RuntimeEvent::Gear(Event::MessageUndeliverable { error, .. }) => Some(*error),
			_ => None,
		}));
		assert_eq!(error, Error::<Runtime>::OutboundFeeUnpaid.into());
		let message = only(events.into_iter().filter_map(|event| match event {
			RuntimeEvent::Gear(Event::UserMessageSent { message, expiration: None })
				if message.details.is_none() =>
			{
				Some(message)
			}
			_ => None,
		}));
		assert_eq!(message.destination, H256(purse(Alice).into()));
		assert_eq!(message.payload, b"Discharged: 10");

		assert_eq!(received(&arrived), vec![]);
		assert_eq!(balance(&account_of(program)), had);
	});
}
