//! Counts visitors, one at a time, although each visit lasts as long as another actor likes.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | `ActorId` | the doorkeeper |
//! | handle | anything | the payload goes to the doorkeeper; once it answers, the visitor's number is the reply, a `u32` |
//!
//! The counter is read before the doorkeeper is asked and written after. Without the mutex, two
//! visits at a time would get the same number.

#![no_std]

use gstd::{ActorId, msg, static_mut, sync::Mutex};

/// Blocks for which a visitor may keep others waiting.
const LONGEST_VISIT: u32 = 20;

static mut DOORKEEPER: ActorId = ActorId::zero();
static VISITORS: Mutex<u32> = Mutex::new(0);

#[unsafe(no_mangle)]
extern "C" fn init() {
	let doorkeeper = msg::load().expect("the payload is not an ActorId");
	// SAFETY: a program runs on one thread and handles one message at a time.
	unsafe { *static_mut!(DOORKEEPER) = doorkeeper };
}

#[gstd::async_main]
async fn main() {
	// SAFETY: as in `init`.
	let doorkeeper = unsafe { *static_mut!(DOORKEEPER) };
	let name = msg::load_bytes().expect("the payload cannot be read");

	let lock = VISITORS.lock().own_up_for(LONGEST_VISIT).expect("the longest visit is not 0");
	let mut visitors = lock.await;
	let before = *visitors;
	msg::send_bytes_for_reply(doorkeeper, name, 0, 0)
		.expect("the doorkeeper cannot be asked")
		.await
		.expect("the doorkeeper refuses");
	*visitors = before + 1;
	msg::reply(*visitors, 0).expect("the number cannot be told");
}
