//! Makes calls of other chains, and tells how they went.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | handle | [`Command`], SCALE | makes the call; the reply is `done`, or in words why not |
//!
//! Others are not kept waiting meanwhile.

#![no_std]

use gearway_xcm::{self as xcm, Chain};
use gstd::{msg, prelude::*};

/// What to call.
#[derive(Decode)]
#[codec(crate = gstd::codec)]
struct Command {
	/// The parachain; without, the relay chain.
	parachain: Option<u32>,
	/// The call, as that chain encodes it.
	call: Vec<u8>,
	/// Whether the program makes it as its location, rather than as its account there.
	as_location: bool,
	/// The most it may cost, in that chain's native token.
	fee: u128,
	/// Blocks in which an answer is waited for.
	timeout: u32,
}

#[gstd::async_main]
async fn main() {
	let Command { parachain, call, as_location, fee, timeout } =
		msg::load().expect("the payload is not a command");
	let chain = parachain.map_or(Chain::Relay, Chain::Parachain);
	let call = xcm::call(chain, call, fee, timeout);
	let outcome = if as_location { call.as_location().await } else { call.await };
	let told = match outcome {
		Ok(()) => String::from("done"),
		Err(error) => error.to_string(),
	};
	msg::reply_bytes(told, 0).expect("the outcome cannot be told");
}
