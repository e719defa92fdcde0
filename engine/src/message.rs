//! Messages: what actors say to one another, and how a message stands in the queue.

use crate::ids::{self, ActorId, MessageId};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gear_core_errors::{ReplyCode, SignalCode};
use scale_info::TypeInfo;

/// Gas: what execution is bought in. One gas stands for about a picosecond.
pub type Gas = u64;

/// An amount of the chain's native asset, in its smallest unit.
pub type Value = u128;

/// The entry point of a program that a message is for.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
)]
pub enum DispatchKind {
	/// The first message to a program, which brings it up: `init`.
	Init,
	/// Any other message that is no reply: `handle`.
	Handle,
	/// The answer to a message that the program sent: `handle_reply`.
	Reply,
	/// The engine's word that the program failed at a message for which it had set gas aside:
	/// `handle_signal`.
	Signal,
}

/// What a reply answers, and how the answered message fared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct ReplyDetails {
	/// The message that this one answers.
	pub to: MessageId,
	/// Success or error, and why.
	pub code: ReplyCode,
}

// The derive asks it of the foreign types inside; those are of fixed size.
impl DecodeWithMemTracking for ReplyDetails {}

/// What a signal is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct SignalDetails {
	/// The message that failed.
	pub to: MessageId,
	/// Why it did.
	pub code: SignalCode,
}

/// What the earlier runs of a message that has waited left to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Earlier {
	/// Messages begun: the number of the next one, so that no id comes twice.
	pub sends: u32,
	/// Gas reservations made: the number of the next one.
	pub reservations: u64,
	/// Whether it has been replied to.
	pub replied: bool,
	/// Gas set aside for a signal, in a node under the signal's id.
	pub for_signal: Gas,
}

/// What one actor tells another.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Message {
	/// Unique for ever.
	pub id: MessageId,
	/// Who says it.
	pub source: ActorId,
	/// Who is to hear it.
	pub destination: ActorId,
	/// What is said.
	pub payload: Vec<u8>,
	/// Native asset that goes along.
	pub value: Value,
	/// Set on replies.
	pub reply: Option<ReplyDetails>,
}

// The derive asks it of the foreign types inside; those are of fixed size.
impl DecodeWithMemTracking for Message {}

impl Message {
	/// The reply to this message, without value.
	pub(crate) fn reply(&self, code: ReplyCode, payload: Vec<u8>) -> Self {
		Self {
			id: ids::reply_message_id(self.id),
			source: self.destination,
			destination: self.source,
			payload,
			value: 0,
			reply: Some(ReplyDetails { to: self.id, code }),
		}
	}
}

/// A message in the global queue: for a program or a builtin actor, with its gas.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Dispatch {
	/// The entry point it is for.
	pub kind: DispatchKind,
	/// The message.
	pub message: Message,
	/// The [`GasNode`](crate::GasNode) that pays for it: the id of the message the node was made
	/// for.
	pub gas_node: MessageId,
	/// Whose held funds `message.value` is, and who has it back if the dispatch fails. The source
	/// where a program sent the message; where it came from outside, whoever paid.
	pub value_payer: ActorId,
	/// Set on signals.
	pub signal: Option<SignalDetails>,
	/// Set once it has waited. Its value has been delivered then.
	pub earlier: Option<Earlier>,
}

impl Dispatch {
	/// A dispatch that is neither a signal nor has it waited.
	pub fn new(
		kind: DispatchKind,
		message: Message,
		gas_node: MessageId,
		value_payer: ActorId,
	) -> Self {
		Self { kind, message, gas_node, value_payer, signal: None, earlier: None }
	}

	/// What the queue has to know of it.
	pub fn queued(&self) -> Queued {
		Queued { destination: self.message.destination, gas_node: self.gas_node }
	}
}

/// What decides whether a queued message is taken, without its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Queued {
	/// Who it is for.
	pub destination: ActorId,
	/// What pays for it.
	pub gas_node: MessageId,
}
