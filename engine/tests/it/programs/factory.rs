//! The factory: programs made by a program come up or do not.

use super::{at_real_prices, made};
use crate::support::*;
use gearway_engine::{ActorId, CodeId, Phase, State, testkit::Log};
use gearway_programs::{CAPACITOR, FACTORY};

#[test]
fn a_made_program_works() {
	at_real_prices!(|system| {
		let code = system.upload_code(CAPACITOR).unwrap();
		let factory = made(&mut system, FACTORY, code);
		let value = 5_000_000_000;
		let ids = [10, 20].map(|limit: u32| {
			let payload = limit.to_string();
			let message =
				factory.send_bytes_with_value(&mut system, ALICE, payload, value).unwrap();
			system.run_next_block().assert_succeed(message);
			system.decoded_reply_to::<Result<ActorId, String>>(message).unwrap().unwrap()
		});
		assert_ne!(ids[0], ids[1]);
		for id in ids {
			let capacitor = system.get_program(id).unwrap();
			assert_eq!((capacitor.code_id(), capacitor.balance(&system)), (code, value));
			assert_eq!(capacitor.phase(&system), Some(Phase::Active));
			capacitor.send_bytes(&mut system, BOB, "15").unwrap();
		}
		let block = system.run_next_block();
		assert!(block.contains(&Log::from((ids[0], BOB, "Discharged: 15"))));
		assert!(!block.contains(&Log::builder().source(ids[1]).payload_bytes("Discharged: 15")));
		claim_all(&mut system);
		system.run_next_block();
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn the_factory_hears_why_a_program_does_not_come_up() {
	at_real_prices!(|system| {
		let code = system.upload_code(CAPACITOR).unwrap();
		let factory = made(&mut system, FACTORY, code);
		let value = 5_000_000_000;
		let message = factory.send_bytes_with_value(&mut system, ALICE, "x", value).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(message);
		let refused: Result<ActorId, String> = system.decoded_reply_to(message).unwrap();
		assert!(refused.as_ref().is_err_and(|why| why.contains("is not a charge")), "{refused:?}");
		assert_eq!(factory.balance(&system), system.existential_deposit() + value);

		// What failed once does not stand in the way of what comes next.
		let message = factory.send_bytes(&mut system, ALICE, "7").unwrap();
		system.run_next_block();
		assert!(system.decoded_reply_to::<Result<ActorId, String>>(message).unwrap().is_ok());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_code_that_nobody_has_makes_no_program() {
	at_real_prices!(|system| {
		let factory = made(&mut system, FACTORY, CodeId::zero());
		let message = factory.send_bytes(&mut system, ALICE, "10").unwrap();
		system.run_next_block();
		assert!(system.decoded_reply_to::<Result<ActorId, String>>(message).unwrap().is_err());
		assert_at_rest(&system, 2 * FUNDS);
	});
}
