//! The counter with Sails, called as its IDL says.

use super::at_real_prices;
use crate::support::*;
use codec::{Decode, Encode};
use gearway_engine::{
	ActorId,
	testkit::{Log, Program},
};
use gearway_programs::SAILS_DEMO;

/// What clients are made from.
const IDL: &str = include_str!("../../../programs/sails-demo/sails-demo.idl");

/// The only service of the program.
const COUNTER: u8 = 1;

/// Id of the service's interface, as the IDL has it.
fn counter() -> [u8; 8] {
	let id = IDL.split("service Counter@0x").nth(1).and_then(|rest| rest.get(..16)).unwrap();
	u64::from_str_radix(id, 16).unwrap().to_be_bytes()
}

/// What a call, a reply and an event begin with.
fn header(interface: [u8; 8], entry: u16, service: u8) -> Vec<u8> {
	(*b"GM", 1u8, 16u8, interface, entry, service, 0u8).encode()
}

fn call(entry: u16, arguments: impl Encode) -> Vec<u8> {
	[header(counter(), entry, COUNTER), arguments.encode()].concat()
}

fn new(start: u32) -> Vec<u8> {
	[header([0; 8], 0, 0), start.encode()].concat()
}

#[test]
fn it_counts_and_says_so() {
	at_real_prices!(|system| {
		let demo = Program::from_binary(&mut system, SAILS_DEMO).unwrap();
		let init = demo.send_bytes(&mut system, ALICE, new(5)).unwrap();
		let add = demo.send_bytes(&mut system, ALICE, call(0, 3u32)).unwrap();
		let value = demo.send_bytes(&mut system, BOB, call(1, ())).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(init);
		for message in [add, value] {
			block.assert_succeed(message);
			let reply = block.reply_to(message).unwrap();
			let (head, mut result) = reply.payload.split_at(16);
			assert_eq!(head, &call(u16::from(message == value), ())[..]);
			assert_eq!(u32::decode(&mut result), Ok(8));
		}
		let added = [header(counter(), 0, COUNTER), (3u32, 8u32).encode()].concat();
		assert!(block.contains(&Log::from((demo, ActorId::zero(), added))), "{block}");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn what_the_idl_does_not_have_fails() {
	at_real_prices!(|system| {
		let demo = Program::from_binary(&mut system, SAILS_DEMO).unwrap();
		demo.send_bytes(&mut system, ALICE, new(u32::MAX)).unwrap();
		system.run_next_block();
		let unknown = demo.send_bytes(&mut system, ALICE, call(2, ())).unwrap();
		let foreign = demo.send_bytes(&mut system, ALICE, header([7; 8], 0, COUNTER)).unwrap();
		let overflow = demo.send_bytes(&mut system, ALICE, call(0, 1u32)).unwrap();
		let block = system.run_next_block();
		assert_eq!(block.failed(), [unknown, foreign, overflow].into());
		assert_at_rest(&system, 2 * FUNDS);
	});
}
