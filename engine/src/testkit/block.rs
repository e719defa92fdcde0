//! What happened in a block.

use super::{Log, Traffic};
use crate::{
	ids::{ActorId, MessageId},
	message::{Gas, Message},
	queue::QueueReport,
	state::Event,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	string::String,
	vec::Vec,
};
use codec::Decode;
use core::fmt;
use gear_core_errors::ErrorReplyReason;

/// What happened in a block. `{}` tells it as a story, for the message of an assertion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BlockRunResult {
	/// Its number.
	pub height: u32,
	/// What was done with the queue.
	pub report: QueueReport,
	/// Everything since the block before.
	pub events: Vec<Event>,
	/// Messages that programs sent to users.
	pub log: Vec<Message>,
	/// Where programs were when they failed, by the messages they handled: the functions that had
	/// been called, the innermost first. Only the compiler keeps track, and only if it is made
	/// [`with_traces`](crate::Wasmtime::with_traces), as by [`System::new`](super::System::new).
	pub traces: BTreeMap<MessageId, Vec<String>>,
	/// What went between storage and programs' memory.
	pub traffic: Traffic,
}

impl BlockRunResult {
	/// Messages that were handled well, to their end.
	pub fn succeed(&self) -> BTreeSet<MessageId> {
		self.dispatched().filter(|(.., failure)| failure.is_none()).map(|(id, ..)| id).collect()
	}

	/// Messages that failed.
	pub fn failed(&self) -> BTreeSet<MessageId> {
		self.dispatched().filter(|(.., failure)| failure.is_some()).map(|(id, ..)| id).collect()
	}

	/// What each message cost in this block, whether it is done or waits.
	pub fn gas_burned(&self) -> BTreeMap<MessageId, Gas> {
		let mut burned = BTreeMap::new();
		for event in &self.events {
			if let Event::Dispatched { id, gas_spent, .. }
			| Event::MessageWaiting { id, gas_spent, .. } = event
			{
				*burned.entry(*id).or_default() += gas_spent;
			}
		}
		burned
	}

	/// Whether a message to a user was sent that is as `log` says.
	pub fn contains<L: Into<Log> + Clone>(&self, log: &L) -> bool {
		let log = log.clone().into();
		self.log.iter().any(|message| log.matches(message))
	}

	/// Messages to users whose payload is a `T` in SCALE, all of it.
	pub fn decoded_log<T: Decode>(&self) -> Vec<(&Message, T)> {
		self.log.iter().filter_map(|sent| Some((sent, decode(&sent.payload)?))).collect()
	}

	/// The reply to a user's message.
	pub fn reply_to(&self, message: MessageId) -> Option<&Message> {
		self.log.iter().find(|sent| sent.reply.is_some_and(|reply| reply.to == message))
	}

	/// What programs wrote with `gr_debug`: who, while handling what, and the text.
	pub fn debug(&self) -> impl Iterator<Item = (ActorId, MessageId, String)> {
		self.events.iter().filter_map(|event| match event {
			Event::Debug { program, message, text } => Some((*program, *message, lossy(text))),
			_ => None,
		})
	}

	/// Asserts that a message was handled well.
	///
	/// # Panics
	///
	/// It was not; the panic says what happened in the block.
	#[track_caller]
	pub fn assert_succeed(&self, message: MessageId) {
		assert!(self.succeed().contains(&message), "{message} has not succeeded\n{self}");
	}

	/// Asserts that a program panicked while it handled a user's message, for a reason that
	/// contains `text`.
	///
	/// # Panics
	///
	/// It did not; the panic says what happened in the block.
	#[track_caller]
	pub fn assert_panicked_with(&self, message: MessageId, text: &str) {
		let reply = self.reply_to(message).filter(|sent| {
			let code = sent.reply.map(|reply| reply.code);
			matches!(code, Some(gear_core_errors::ReplyCode::Error(reason)) if reason.is_userspace_panic())
		});
		let reason = reply.map(|reply| lossy(&reply.payload));
		assert!(
			reason.as_ref().is_some_and(|reason| reason.contains(text)),
			"{message} has not panicked with {text:?}\n{self}"
		);
	}

	fn dispatched(
		&self,
	) -> impl Iterator<Item = (MessageId, ActorId, Gas, Option<ErrorReplyReason>)> {
		self.events.iter().filter_map(|event| match event {
			Event::Dispatched { id, destination, gas_spent, failure } => {
				Some((*id, *destination, *gas_spent, *failure))
			}
			_ => None,
		})
	}
}

/// A value in SCALE with nothing behind it.
pub(super) fn decode<T: Decode>(mut bytes: &[u8]) -> Option<T> {
	let value = T::decode(&mut bytes).ok()?;
	bytes.is_empty().then_some(value)
}

fn lossy(text: &[u8]) -> String {
	String::from_utf8_lossy(text).into_owned()
}

impl fmt::Display for BlockRunResult {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let QueueReport { processed, failed, passed_over, .. } = self.report;
		write!(f, "block {}: {processed} processed, {failed} failed, ", self.height)?;
		writeln!(f, "{passed_over} passed over")?;
		for event in &self.events {
			match event {
				Event::Dispatched { id, destination, gas_spent, failure } => {
					write!(f, "  {id} to {destination}, {gas_spent} gas: ")?;
					match failure {
						Some(reason) => {
							writeln!(f, "failed, {reason}")?;
							for function in self.traces.get(id).into_iter().flatten() {
								writeln!(f, "    in {function}")?;
							}
						}
						None => writeln!(f, "done")?,
					}
				}
				Event::Debug { program, text, .. } => {
					writeln!(f, "  {program} says: {}", lossy(text))?;
				}
				event => writeln!(f, "  {event:?}")?,
			}
		}
		for Message { source, destination, payload, value, reply, .. } in &self.log {
			write!(f, "  {source} to {destination}: {:?}", lossy(payload))?;
			match reply {
				Some(reply) => writeln!(f, ", value {value}, in reply to {}", reply.to)?,
				None => writeln!(f, ", value {value}")?,
			}
		}
		Ok(())
	}
}
