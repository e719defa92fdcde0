//! The capacitor of the Gear white paper (section 10): it takes charges until they reach a limit,
//! then gives them back at once.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | decimal `u32` | the limit |
//! | handle | decimal `u32` | added to the charge; at the limit, `Discharged: {charge}` is sent |
//!
//! Anything else panics: the sender gets an error reply with the reason.

#![no_std]

use gstd::{format, msg, prelude::*, static_mut};

/// What lives in the program's memory between messages.
struct Capacitor {
	/// The charge at which it discharges.
	limit: u32,
	/// What it holds now.
	charge: u32,
	/// Every discharge so far, oldest first.
	history: Vec<u32>,
}

impl Capacitor {
	/// Takes a charge; returns what is discharged, if the limit is reached.
	fn charge(&mut self, amount: u32) -> Option<u32> {
		self.charge = self.charge.checked_add(amount).expect("the charge is over u32::MAX");
		if self.charge < self.limit {
			return None;
		}
		self.history.push(self.charge);
		Some(mem::take(&mut self.charge))
	}
}

static mut CAPACITOR: Capacitor = Capacitor { limit: 0, charge: 0, history: Vec::new() };

/// The message's payload as a number.
fn number() -> u32 {
	let payload = msg::load_bytes().expect("the payload cannot be read");
	let text = str::from_utf8(&payload).expect("the payload is not UTF-8");
	text.parse().unwrap_or_else(|error| panic!("{text:?} is not a charge: {error}"))
}

#[unsafe(no_mangle)]
extern "C" fn init() {
	// SAFETY: a program runs on one thread and handles one message at a time.
	let capacitor = unsafe { static_mut!(CAPACITOR) };
	capacitor.limit = number();
}

#[unsafe(no_mangle)]
extern "C" fn handle() {
	// SAFETY: as in `init`.
	let capacitor = unsafe { static_mut!(CAPACITOR) };
	if let Some(charge) = capacitor.charge(number()) {
		msg::send_bytes(msg::source(), format!("Discharged: {charge}"), 0)
			.expect("the discharge cannot be sent");
	}
}
