//! Callers on other chains: how they are answered.

use crate::{ActorId, MessageId, Topic};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gear_core_errors::{ReplyCode, SuccessReplyReason};
use polkadot_sdk::{
	sp_runtime::{BoundedVec, DispatchError, traits::ConstU32},
	sp_weights::Weight,
};
use scale_info::TypeInfo;

/// Longest call template a remote caller may ask replies to be wrapped in, in bytes.
pub const MAX_TEMPLATE_LEN: u32 = 256;

/// How a remote caller wants to be answered.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, MaxEncodedLen,
)]
pub enum ReplyTo {
	/// By a call of its chain: the reply to this message, and all that programs send to the caller
	/// by themselves from now on. A reply that says nothing, which the engine gives for a program
	/// that gave none, does not travel.
	Call(CallTemplate),
	/// By a bare `QueryResponse`: how this message ended, and nothing that the program says. It
	/// comes whatever becomes of the message, once.
	Query {
		/// The query's id on the caller's chain.
		id: u64,
		/// Weight the caller's chain may spend on what it does with the response.
		max_weight: Weight,
	},
}

/// A call of the caller's chain, but for its argument.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, MaxEncodedLen,
)]
pub struct CallTemplate {
	/// SCALE bytes of the call up to, and without, its only argument, a [`ProgramMessage`]:
	/// usually two bytes, pallet index and call index.
	pub call: BoundedVec<u8, ConstU32<MAX_TEMPLATE_LEN>>,
	/// Weight the caller's chain may spend on that call.
	pub weight: Weight,
}

/// That a message is a reply, to what, and how that fared.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	MaxEncodedLen,
)]
pub struct Answer {
	/// The message that is answered.
	pub to: [u8; 32],
	/// How it fared: the four bytes of Gear's `ReplyCode`, of which the first is 0 for success and
	/// 1 for failure, the others say why.
	pub code: [u8; 4],
}

impl Answer {
	/// The answer to message `to`.
	pub fn new(to: MessageId, code: ReplyCode) -> Self {
		Self { to: to.into_bytes(), code: code.to_bytes() }
	}

	/// Whether the message was handled. If not, the reply is the engine's, and its payload the
	/// reason as far as there is more to say than the code does.
	pub fn is_success(&self) -> bool {
		ReplyCode::from_bytes(self.code).is_success()
	}

	/// Whether the reply is the engine's word that the message was handled: it has no payload.
	pub fn is_automatic(&self) -> bool {
		ReplyCode::from_bytes(self.code) == ReplyCode::Success(SuccessReplyReason::Auto)
	}
}

/// What a remote caller's [`CallTemplate::call`] receives.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ProgramMessage {
	/// The message's id on the Gear chain.
	pub id: [u8; 32],
	/// Which of the caller's messages this one answers and how that fared, where it is a reply.
	pub answer: Option<Answer>,
	/// The journey it is a step of: that of the message it came of, where that has one, else its
	/// own, named by its id.
	pub topic: Topic,
	/// What the program sent; in a reply to a message that failed, why it did.
	pub payload: Vec<u8>,
}

/// A message a program sent to an actor that is no program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing {
	/// Its id.
	pub id: MessageId,
	/// The program.
	pub source: ActorId,
	/// The actor it is for.
	pub destination: ActorId,
	/// Bytes for the actor.
	pub payload: Vec<u8>,
	/// The message the program was handling when it sent this one.
	pub cause: MessageId,
	/// The journey that message is a step of, if it has a name.
	pub topic: Option<Topic>,
	/// What it answers, where it is a reply.
	pub answer: Option<Answer>,
}

/// What became of an [`Outgoing`] message.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Routed {
	/// The destination lives here: the message stays on this chain.
	Local,
	/// It left for another chain.
	Sent {
		/// The journey under which it travels.
		topic: Topic,
	},
}

/// Carries programs' messages to actors that live on other chains.
pub trait RouteMessage {
	/// Carries `message` if its destination lives elsewhere, or is told elsewhere of its end.
	///
	/// Errors when it does but cannot be reached: the message stays on this chain then.
	fn route(message: &Outgoing) -> Result<Routed, DispatchError>;

	/// Whether messages to `actor` leave this chain.
	fn is_elsewhere(actor: ActorId) -> bool;

	/// Whether somebody elsewhere is to be told of the end of `message`, even if the reply says
	/// nothing.
	fn is_awaited(message: MessageId) -> bool;

	/// Weight of [`RouteMessage::route`] for a payload of `len` bytes, at its worst.
	fn weight(len: u32) -> Weight;
}

impl RouteMessage for () {
	fn route(_: &Outgoing) -> Result<Routed, DispatchError> {
		Ok(Routed::Local)
	}

	fn is_elsewhere(_: ActorId) -> bool {
		false
	}

	fn is_awaited(_: MessageId) -> bool {
		false
	}

	fn weight(_: u32) -> Weight {
		Weight::zero()
	}
}

/// The first that carries the message away has it; both hear of it until then.
impl<A: RouteMessage, B: RouteMessage> RouteMessage for (A, B) {
	fn route(message: &Outgoing) -> Result<Routed, DispatchError> {
		match A::route(message)? {
			Routed::Local => B::route(message),
			sent => Ok(sent),
		}
	}

	fn is_elsewhere(actor: ActorId) -> bool {
		A::is_elsewhere(actor) || B::is_elsewhere(actor)
	}

	fn is_awaited(message: MessageId) -> bool {
		A::is_awaited(message) || B::is_awaited(message)
	}

	fn weight(len: u32) -> Weight {
		A::weight(len).saturating_add(B::weight(len))
	}
}
