//! The mailbox: what is kept, for how long, how much.

use super::{FORWARDER, forward, living, send, wasm};
use crate::{
	Event,
	mock::{ALICE, BOB, Gear, actor, chain, end_block, events},
};
use gearway_programs::PING;

/// Payloads of the mail Bob finds, sorted.
fn bobs_mail() -> Vec<Vec<u8>> {
	let mut mail: Vec<_> = Gear::mailbox(&BOB).map(|(_, message)| message.payload).collect();
	mail.sort();
	mail
}

#[test]
fn messages_are_kept_for_a_while_and_replies_not_at_all() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		send(id, &forward(actor(&BOB), 0, b"hello"));
		end_block();
		let told: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::UserMessageSent { message, expiration } => {
					Some((message.payload, expiration))
				}
				_ => None,
			})
			.collect();
		// Sent in block 2, kept for five blocks.
		assert_eq!(told, [(b"hello".to_vec(), Some(7)), (vec![], None)]);
		assert_eq!(Gear::mailbox(&ALICE).count(), 0);
		for _ in 3..7 {
			end_block();
			assert_eq!(bobs_mail(), [b"hello"]);
		}
		end_block();
		assert!(bobs_mail().is_empty());
	});
}

#[test]
fn the_oldest_makes_room() {
	chain(|| {
		let id = living(&wasm(FORWARDER), b"");
		for text in [b"1", b"2", b"3", b"4", b"5"] {
			send(id, &forward(actor(&BOB), 0, text));
		}
		end_block();
		assert_eq!(bobs_mail(), [b"3", b"4", b"5"]);
	});
}

#[test]
fn a_reply_is_told_and_not_kept() {
	chain(|| {
		let id = living(PING, b"");
		send(id, b"PING");
		end_block();
		assert_eq!(Gear::mailbox(&ALICE).count(), 0);
		assert!(super::mails(&events()).iter().any(|mail| mail.payload == b"PONG"));
	});
}
