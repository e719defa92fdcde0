//! Does things later, in the two ways there are: a message that is sent now and arrives later, and
//! a message that is put off and handled again from the top.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | handle | [`Command`], SCALE | see there |

#![no_std]

use gstd::{MessageId, collections::BTreeMap, exec, msg, prelude::*, static_mut};

/// What the timer can be told.
#[derive(Decode)]
#[codec(crate = gstd::codec)]
enum Command {
	/// Send the note to me in so many blocks. The reply comes at once.
	Remind {
		/// Blocks from now.
		after: u32,
		/// What I want to be told.
		note: String,
	},
	/// Answer in so many blocks, with the block in which I asked and the one in which you answer,
	/// both `u32`.
	Sleep {
		/// Blocks from now.
		blocks: u32,
	},
}

/// The messages that sleep, and the block in which each came.
static mut ASLEEP: BTreeMap<MessageId, u32> = BTreeMap::new();

#[unsafe(no_mangle)]
extern "C" fn handle() {
	match msg::load().expect("the payload is not a command") {
		Command::Remind { after, note } => {
			msg::send_bytes_delayed(msg::source(), note, 0, after)
				.expect("the reminder cannot be sent");
		}
		Command::Sleep { blocks } => sleep(blocks),
	}
}

/// Puts the message off when it comes, answers it when it comes back.
fn sleep(blocks: u32) {
	// SAFETY: a program runs on one thread and handles one message at a time.
	let asleep = unsafe { static_mut!(ASLEEP) };
	let now = exec::block_height();
	match asleep.remove(&msg::id()) {
		Some(since) => {
			msg::reply((since, now), 0).expect("the answer cannot be sent");
		}
		None => {
			asleep.insert(msg::id(), now);
			exec::wait_for(blocks);
		}
	}
}
