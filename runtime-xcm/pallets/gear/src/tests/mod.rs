//! Tests, a file a topic, and what they share: programs and sentences.

mod blocks;
mod consortium;
mod later;
mod lives;
mod mail;
mod messages;
mod money;
mod roads;
mod uploads;

use crate::{
	DispatchStatus, Event, UserMessage,
	mock::{ALICE, GAS, Gear, RuntimeOrigin, Test, actor, end_block, events, h256},
};
use gearway_engine::{ActorId, Gas, ids};
use gearway_primitives::Value;
use polkadot_sdk::{frame_support::assert_ok, sp_core::H256, sp_runtime::AccountId32};

/// `handle` sends what its payload says: 32 bytes destination, 16 bytes value, payload.
const FORWARDER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_size" (func $size (param i32)))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
	(func (export "handle")
		(call $size (i32.const 0))
		(call $read (i32.const 0) (i32.load (i32.const 0)) (i32.const 64) (i32.const 8))
		(call $send
			(i32.const 64)
			(i32.const 112)
			(i32.sub (i32.load (i32.const 0)) (i32.const 48))
			(i32.const 0)
			(i32.const 4096)))
)"#;

/// `handle` leaves all to the actor that its payload names.
const LEAVER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(import "env" "gr_exit" (func $exit (param i32)))
	(func (export "handle")
		(call $read (i32.const 0) (i32.const 32) (i32.const 64) (i32.const 8))
		(call $exit (i32.const 64)))
)"#;

/// The bytes of a module.
fn wasm(text: &str) -> Vec<u8> {
	wat::parse_str(text).unwrap()
}

/// What makes [`FORWARDER`] send.
fn forward(to: ActorId, value: Value, payload: &[u8]) -> Vec<u8> {
	[to.as_ref(), &value.to_le_bytes(), payload].concat()
}

/// Uploads a program as Alice, with nothing but the salt to tell it from others. Returns its id.
fn upload(code: &[u8], init_payload: &[u8]) -> ActorId {
	let (code, salt) = (code.to_vec(), b"salt".to_vec());
	let id = ids::program_id(ids::code_id(&code), &salt);
	let alice = RuntimeOrigin::signed(ALICE);
	assert_ok!(Gear::upload_program(alice, code, salt, init_payload.to_vec(), GAS, 0, false));
	id
}

/// Uploads a program and lets it come to life. Forgets the events.
fn living(code: &[u8], init_payload: &[u8]) -> ActorId {
	let id = upload(code, init_payload);
	end_block();
	assert_eq!(statuses(&events()), [DispatchStatus::Success]);
	id
}

/// The white paper's capacitor, alive, with a limit of 10.
fn capacitor() -> ActorId {
	living(gearway_programs::CAPACITOR, b"10")
}

/// Sends a message and returns its id.
fn send_as(who: AccountId32, to: ActorId, payload: &[u8], gas: Gas, value: Value) -> H256 {
	let source = h256(actor(&who));
	let origin = RuntimeOrigin::signed(who);
	assert_ok!(Gear::send_message(origin, h256(to), payload.to_vec(), gas, value, true));
	let queued =
		polkadot_sdk::frame_system::Pallet::<Test>::read_events_for_pallet::<Event<Test>>()
			.into_iter()
			.rev()
			.find_map(|event| match event {
				Event::MessageQueued { id, source: from, .. } if from == source => Some(id),
				_ => None,
			});
	queued.expect("the message is queued")
}

/// Sends a message as Alice, with plenty of gas.
fn send(to: ActorId, payload: &[u8]) -> H256 {
	send_as(ALICE, to, payload, GAS, 0)
}

/// What became of the messages that these events tell of, in order of their ids.
fn statuses(events: &[Event<Test>]) -> Vec<DispatchStatus> {
	let maps = events.iter().filter_map(|event| match event {
		Event::MessagesDispatched { statuses, .. } => Some(statuses),
		_ => None,
	});
	maps.flat_map(|statuses| statuses.values().copied()).collect()
}

/// What became of message `id`, if these events tell.
fn status(events: &[Event<Test>], id: H256) -> Option<DispatchStatus> {
	events.iter().find_map(|event| match event {
		Event::MessagesDispatched { statuses, .. } => statuses.get(&id).copied(),
		_ => None,
	})
}

/// The messages to users that these events tell of.
fn mails(events: &[Event<Test>]) -> Vec<UserMessage> {
	let mails = events.iter().filter_map(|event| match event {
		Event::UserMessageSent { message, .. } => Some(message.clone()),
		_ => None,
	});
	mails.collect()
}

/// The reply to message `id` among these events.
fn reply_to(events: &[Event<Test>], id: H256) -> UserMessage {
	let reply = mails(events)
		.into_iter()
		.find(|mail| mail.details.is_some_and(|details| h256(details.to) == id));
	reply.expect("there is a reply")
}
