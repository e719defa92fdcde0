//! Stands before another program: passes every message on, waits for the answer, and passes that
//! back.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | `ActorId` | who stands behind the proxy |
//! | handle | anything | sent on with its value; the reply is the reply that comes back |
//!
//! Where the one behind fails, or says nothing for [`PATIENCE`] blocks, the proxy panics and the
//! sender gets an error reply with the reason.

#![no_std]

use gstd::{ActorId, exec, msg, prelude::*, static_mut};

/// Blocks that an answer may take.
const PATIENCE: u32 = 10;

static mut BEHIND: ActorId = ActorId::zero();

#[unsafe(no_mangle)]
extern "C" fn init() {
	let behind = msg::load().expect("the payload is not an ActorId");
	// SAFETY: a program runs on one thread and handles one message at a time.
	unsafe { *static_mut!(BEHIND) = behind };
}

#[gstd::async_main]
async fn main() {
	// SAFETY: as in `init`.
	let behind = unsafe { *static_mut!(BEHIND) };
	let question = msg::load_bytes().expect("the payload cannot be read");
	let answer = msg::send_bytes_for_reply(behind, question, msg::value(), 0)
		.expect("the question cannot be sent")
		.up_to(Some(PATIENCE))
		.expect("the patience is not 0")
		.await
		.unwrap_or_else(|error| panic!("no answer by block {}: {error}", exec::block_height()));
	msg::reply_bytes(answer, 0).expect("the answer cannot be passed on");
}
