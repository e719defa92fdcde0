//! Patterns for messages that programs send to users.

use crate::{
	ids::{ActorId, MessageId},
	message::Message,
};
use alloc::vec::Vec;
use codec::Encode;
use gear_core_errors::{ErrorReplyReason, ReplyCode, SuccessReplyReason};

/// A pattern: what is said about a message must be so, what is left out may be anything.
///
/// ```
/// use gearway_engine::{ActorId, testkit::Log};
///
/// let log = Log::builder().dest(ActorId::from(42)).payload_bytes("PONG");
/// assert_eq!(log, Log::from((ActorId::from(42), "PONG")));
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Log {
	source: Option<ActorId>,
	destination: Option<ActorId>,
	payload: Option<Vec<u8>>,
	reply_code: Option<ReplyCode>,
	reply_to: Option<MessageId>,
}

impl Log {
	/// Any message.
	pub fn builder() -> Self {
		Self::default()
	}

	/// A reply that says why a message failed.
	pub fn error_builder(reason: impl Into<ErrorReplyReason>) -> Self {
		Self::builder().reply_code(ReplyCode::error(reason))
	}

	/// The reply to a message that was handled without one.
	pub fn auto_reply_builder() -> Self {
		Self::builder().reply_code(ReplyCode::Success(SuccessReplyReason::Auto))
	}

	/// It is from `source`.
	pub fn source(self, source: impl Into<ActorId>) -> Self {
		Self { source: Some(source.into()), ..self }
	}

	/// It is for `destination`.
	pub fn dest(self, destination: impl Into<ActorId>) -> Self {
		Self { destination: Some(destination.into()), ..self }
	}

	/// Its payload is `payload` in SCALE.
	pub fn payload(self, payload: impl Encode) -> Self {
		self.payload_bytes(payload.encode())
	}

	/// Its payload is `payload`.
	pub fn payload_bytes(self, payload: impl AsRef<[u8]>) -> Self {
		Self { payload: Some(payload.as_ref().to_vec()), ..self }
	}

	/// It is a reply with this code.
	pub fn reply_code(self, code: ReplyCode) -> Self {
		Self { reply_code: Some(code), ..self }
	}

	/// It is the reply to `message`.
	pub fn reply_to(self, message: MessageId) -> Self {
		Self { reply_to: Some(message), ..self }
	}

	/// Whether all that is said is true of `message`.
	pub fn matches(&self, message: &Message) -> bool {
		fn holds<T: PartialEq>(wanted: &Option<T>, actual: Option<&T>) -> bool {
			wanted.is_none() || wanted.as_ref() == actual
		}
		let reply = message.reply.as_ref();
		holds(&self.source, Some(&message.source))
			&& holds(&self.destination, Some(&message.destination))
			&& holds(&self.payload, Some(&message.payload))
			&& holds(&self.reply_code, reply.map(|reply| &reply.code))
			&& holds(&self.reply_to, reply.map(|reply| &reply.to))
	}
}

/// Destination and payload.
impl<D: Into<ActorId>, P: AsRef<[u8]>> From<(D, P)> for Log {
	fn from((destination, payload): (D, P)) -> Self {
		Self::builder().dest(destination).payload_bytes(payload)
	}
}

/// Source, destination and payload.
impl<S: Into<ActorId>, D: Into<ActorId>, P: AsRef<[u8]>> From<(S, D, P)> for Log {
	fn from((source, destination, payload): (S, D, P)) -> Self {
		Self::from((destination, payload)).source(source)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::message::ReplyDetails;

	fn message() -> Message {
		let code = ReplyCode::Success(SuccessReplyReason::Manual);
		Message {
			id: MessageId::from([1; 32]),
			source: ActorId::from(2),
			destination: ActorId::from(3),
			payload: Vec::from(*b"four"),
			value: 5,
			reply: Some(ReplyDetails { to: MessageId::from([6; 32]), code }),
		}
	}

	#[test]
	fn everything_said_has_to_hold() {
		let message = message();
		let all = Log::from((2, 3, "four")).reply_to(MessageId::from([6; 32]));
		for pattern in [Log::builder(), all.clone(), Log::builder().dest(3)] {
			assert!(pattern.matches(&message), "{pattern:?}");
		}
		for pattern in [
			all.clone().source(9),
			all.clone().dest(9),
			all.clone().payload_bytes("five"),
			all.clone().reply_to(MessageId::zero()),
			Log::auto_reply_builder(),
		] {
			assert!(!pattern.matches(&message), "{pattern:?}");
		}
	}

	#[test]
	fn what_is_no_reply_matches_no_reply_pattern() {
		let message = Message { reply: None, ..message() };
		assert!(Log::from((2, 3, "four")).matches(&message));
		assert!(!Log::builder().reply_to(MessageId::from([6; 32])).matches(&message));
	}
}
