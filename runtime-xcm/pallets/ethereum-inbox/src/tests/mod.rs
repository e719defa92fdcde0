//! What the inbox takes, refuses, and does with what fails.

mod batch;
mod failures;
mod submit;
mod subscriptions;

use crate::{
	Event,
	mock::{GATEWAY, RuntimeEvent, System, Test},
};

/// This pallet's events since the last look.
fn events() -> Vec<Event<Test>> {
	let events = System::events();
	System::reset_events();
	let ours = events.into_iter().filter_map(|record| match record.event {
		RuntimeEvent::EthereumInbox(event) => Some(event),
		_ => None,
	});
	ours.collect()
}

fn received(nonce: u64, number: u8) -> Event<Test> {
	Event::MessageReceived { nonce, message_id: [number; 32], topic: GATEWAY.topic(nonce) }
}
