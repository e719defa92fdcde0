//! The pipeline: three programs that call one another serve one customer.

use super::{at_real_prices, made};
use crate::support::*;
use gearway_engine::{
	Executor,
	testkit::{Program, System},
};
use gearway_programs::{PIPELINE_FRONT, PIPELINE_PRICES, PIPELINE_STOCK};

type Answer = Result<u32, String>;

fn shop<E: Executor>(system: &mut System<E>) -> Program {
	let prices = made(system, PIPELINE_PRICES, vec![("apple", 5u32), ("plum", u32::MAX)]).id();
	let goods = vec![("apple", 10u32), ("plum", 10)];
	let stock = made(system, PIPELINE_STOCK, (prices, goods)).id();
	made(system, PIPELINE_FRONT, (prices, stock))
}

fn order<E: Executor>(system: &mut System<E>, front: Program, item: &str, amount: u32) -> Answer {
	let message = front.send(system, ALICE, (item, amount)).expect("Alice can pay");
	system.run_next_block().assert_succeed(message);
	system.decoded_reply_to(message).expect("the front answers")
}

#[test]
fn what_is_scarce_costs_more() {
	at_real_prices!(|system| {
		let front = shop(&mut system);
		assert_eq!(order(&mut system, front, "apple", 8), Ok(40));
		assert_eq!(order(&mut system, front, "apple", 1), Ok(10));
		assert_eq!(order(&mut system, front, "apple", 1), Ok(20));
		assert_eq!(order(&mut system, front, "apple", 1), Err("sold out".into()));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn what_cannot_be_had_is_refused() {
	at_real_prices!(|system| {
		let front = shop(&mut system);
		assert_eq!(order(&mut system, front, "pear", 1), Err("we do not sell pear".into()));
		assert_eq!(order(&mut system, front, "plum", 2), Err("nobody can pay that".into()));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn customers_of_one_block_share_what_is_there() {
	at_real_prices!(|system| {
		let front = shop(&mut system);
		let orders =
			[4u32, 4, 4].map(|amount| front.send(&mut system, BOB, ("apple", amount)).unwrap());
		system.run_next_block();
		let answers = orders.map(|order| system.decoded_reply_to::<Answer>(order).unwrap());
		assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
