//! The mutex: visitors wait for one another, even where each visit takes blocks.

use super::{at_real_prices, made};
use crate::support::*;
use gearway_programs::{MUTEX, PING};

#[test]
fn visits_of_one_block_are_counted_in_order() {
	at_real_prices!(|system| {
		let ping = made(&mut system, PING, ()).id();
		let mutex = made(&mut system, MUTEX, ping);
		let visits =
			[1, 2, 3].map(|_| mutex.send_bytes(&mut system, ALICE, "PING").expect("Alice can pay"));
		system.run_next_block();
		let numbers = visits.map(|visit| system.decoded_reply_to::<u32>(visit));
		assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn who_comes_second_waits_for_the_first_to_go() {
	at_real_prices!(|system| {
		let mutex = made(&mut system, MUTEX, BOB);
		let ann = mutex.send_bytes(&mut system, ALICE, "Ann").unwrap();
		let bea = mutex.send_bytes(&mut system, ALICE, "Bea").unwrap();
		system.run_next_block();
		let doorkeeper = system.get_mailbox(BOB);
		assert!(doorkeeper.contains(&(BOB, "Ann")) && !doorkeeper.contains(&(BOB, "Bea")));

		system.get_mailbox(BOB).reply_bytes(&(BOB, "Ann"), "", 0).unwrap();
		system.run_next_block();
		assert_eq!(system.decoded_reply_to::<u32>(ann), Some(1));
		assert_eq!(system.reply_to(bea), None);

		system.get_mailbox(BOB).reply_bytes(&(BOB, "Bea"), "", 0).unwrap();
		system.run_next_block();
		assert_eq!(system.decoded_reply_to::<u32>(bea), Some(2));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn who_stays_too_long_loses_the_lock() {
	at_real_prices!(|system| {
		let mutex = made(&mut system, MUTEX, BOB);
		let ann = mutex.send_bytes(&mut system, ALICE, "Ann").unwrap();
		let bea = mutex.send_bytes(&mut system, ALICE, "Bea").unwrap();
		let came = system.block_height();
		let waiting = system.run_to_block(came + 20);
		assert!(waiting.iter().all(|block| block.log.iter().all(|sent| sent.payload == b"Ann")));
		let block = system.run_next_block();
		block.assert_panicked_with(ann, "has exceeded lock ownership time");
		assert!(block.contains(&(mutex, BOB, "Bea")), "{block}");

		// An answer that comes too late is heard by nobody.
		system.get_mailbox(BOB).reply_bytes(&(BOB, "Ann"), "", 0).unwrap();
		system.run_next_block();
		system.get_mailbox(BOB).reply_bytes(&(BOB, "Bea"), "", 0).unwrap();
		system.run_next_block();
		assert_eq!(system.decoded_reply_to::<u32>(bea), Some(1));
		assert_at_rest(&system, 2 * FUNDS);
	});
}
