//! The greeter in C.

use super::at_real_prices;
use crate::support::*;
use gearway_engine::testkit::Program;
use gearway_programs::C_GREETER;

#[test]
fn it_greets() {
	at_real_prices!(|system| {
		let greeter = Program::from_binary(&mut system, C_GREETER).unwrap();
		greeter.send_bytes(&mut system, ALICE, "Hello").unwrap();
		let message = greeter.send_bytes(&mut system, ALICE, "Ann").unwrap();
		let block = system.run_next_block();
		block.assert_succeed(message);
		assert!(block.contains(&(greeter, ALICE, "Hello, Ann!")));
		let nameless = greeter.send_bytes(&mut system, BOB, "").unwrap();
		system.run_next_block();
		assert_eq!(system.reply_to(nameless).unwrap().payload, b"Hello, !");
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn it_takes_no_more_than_there_is_room_for() {
	at_real_prices!(|system| {
		let greeter = Program::from_binary(&mut system, C_GREETER).unwrap();
		greeter.send_bytes(&mut system, ALICE, vec![b'!'; 256]).unwrap();
		let longest = greeter.send_bytes(&mut system, ALICE, vec![b'?'; 256]).unwrap();
		let longer = greeter.send_bytes(&mut system, ALICE, vec![b'?'; 257]).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(longest);
		assert_eq!(block.reply_to(longest).unwrap().payload.len(), 256 + 2 + 256 + 1);
		block.assert_panicked_with(longer, "too long");
		assert_at_rest(&system, 2 * FUNDS);
	});
}
