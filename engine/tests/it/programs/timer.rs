//! The timer: what is to happen later happens then, neither before nor after.

use super::{at_real_prices, made};
use crate::support::*;
use codec::Encode;
use gearway_engine::{Event, testkit::Program};
use gearway_programs::TIMER;

/// As the program decodes it.
#[derive(Encode)]
enum Command {
	Remind { after: u32, note: String },
	Sleep { blocks: u32 },
}

#[test]
fn a_reminder_comes_when_it_is_due() {
	at_real_prices!(|system| {
		let timer = made(&mut system, TIMER, ());
		let remind = Command::Remind { after: 3, note: "tea".into() };
		let message = timer.send(&mut system, ALICE, remind).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(message);
		assert_eq!(system.delayed_messages().count(), 1);
		let due = block.height + 3;
		let early = system.run_to_block(due);
		assert!(early.iter().all(|block| block.log.is_empty()));
		assert!(system.run_next_block().contains(&(timer, ALICE, "tea")));
		claim_all(&mut system);
		system.run_next_block();
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_sleeper_answers_when_it_wakes() {
	at_real_prices!(|system| {
		let timer: Program = made(&mut system, TIMER, ());
		let message = timer.send(&mut system, ALICE, Command::Sleep { blocks: 5 }).unwrap();
		let asleep = system.block_height();
		let block = system.run_next_block();
		let waits = block.events.iter().any(|event| {
			matches!(event, Event::MessageWaiting { id, until, .. } if (*id, *until) == (message, asleep + 5))
		});
		assert!(waits && block.succeed().is_empty(), "{block}");
		assert_eq!(system.waitlist().count(), 1);

		// Others are served meanwhile.
		let remind = Command::Remind { after: 1, note: "hush".into() };
		let other = timer.send(&mut system, BOB, remind).unwrap();
		system.run_next_block().assert_succeed(other);

		system.run_to_block(asleep + 5);
		assert_eq!(system.reply_to(message), None);
		let block = system.run_next_block();
		block.assert_succeed(message);
		assert_eq!(system.decoded_reply_to(message), Some((asleep, asleep + 5)));
		claim_all(&mut system);
		system.run_next_block();
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn two_sleepers_do_not_wake_one_another() {
	at_real_prices!(|system| {
		let timer = made(&mut system, TIMER, ());
		let long = timer.send(&mut system, ALICE, Command::Sleep { blocks: 4 }).unwrap();
		let short = timer.send(&mut system, BOB, Command::Sleep { blocks: 2 }).unwrap();
		let start = system.block_height();
		system.run_to_block(start + 5);
		assert_eq!(system.decoded_reply_to(short), Some((start, start + 2)));
		assert_eq!(system.decoded_reply_to(long), Some((start, start + 4)));
		assert_at_rest(&system, 2 * FUNDS);
	});
}
