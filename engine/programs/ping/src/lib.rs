//! Answers `PONG` to `PING` and nothing to anything else.

#![no_std]

use gstd::msg;

#[unsafe(no_mangle)]
extern "C" fn init() {}

#[unsafe(no_mangle)]
extern "C" fn handle() {
	if msg::load_bytes().expect("the payload cannot be read") == b"PING" {
		msg::reply_bytes("PONG", 0).expect("the reply cannot be sent");
	}
}
