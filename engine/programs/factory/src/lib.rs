//! Makes programs out of one code, and keeps a list of them.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | `CodeId` | the code to make programs of; it must have been uploaded |
//! | handle | anything | goes to the `init` of a new program together with the message's value; the reply is `Ok(id)` or `Err(reason)`, SCALE |

#![no_std]

use gstd::{ActorId, CodeId, msg, prelude::*, prog, static_mut};

#[derive(Default)]
struct Factory {
	code: CodeId,
	/// How many were begun, which makes each one's salt.
	begun: u32,
	/// Those that came up, oldest first.
	made: Vec<ActorId>,
}

static mut FACTORY: Factory = Factory { code: CodeId::zero(), begun: 0, made: Vec::new() };

fn factory() -> &'static mut Factory {
	// SAFETY: a program runs on one thread, and no borrow lives over an `await`.
	unsafe { static_mut!(FACTORY) }
}

#[unsafe(no_mangle)]
extern "C" fn init() {
	factory().code = msg::load().expect("the payload is not a CodeId");
}

#[gstd::async_main]
async fn main() {
	let payload = msg::load_bytes().expect("the payload cannot be read");
	let made = make(payload, msg::value()).await;
	if let Ok(id) = &made {
		factory().made.push(*id);
	}
	msg::reply(made, 0).expect("the result cannot be told");
}

async fn make(payload: Vec<u8>, value: u128) -> Result<ActorId, String> {
	let factory = factory();
	factory.begun += 1;
	let salt = factory.begun.encode();
	let (id, _reply) = prog::create_program_bytes_for_reply(factory.code, salt, payload, value, 0)
		.map_err(|error| error.to_string())?
		.await
		.map_err(|error| error.to_string())?;
	Ok(id)
}
