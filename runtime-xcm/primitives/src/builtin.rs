//! Actors that are part of the runtime: how they are called, and reply at once or later.

use crate::{ActorId, MessageId, Topic, Value};
use alloc::vec::Vec;
use codec::Encode;
use polkadot_sdk::{sp_runtime::DispatchError, sp_weights::Weight};

/// A message for an actor of the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BuiltinCall<'a> {
	/// Its id.
	pub id: MessageId,
	/// Who sent it: a program, or a user of this chain.
	pub source: ActorId,
	/// The actor.
	pub actor: ActorId,
	/// What is asked.
	pub payload: &'a [u8],
	/// Native asset that comes along, the actor's if it does not fail.
	pub value: Value,
	/// The journey it is a step of, if that has a name.
	pub topic: Option<Topic>,
	/// Blocks that a reply may be put off: its sender has gas for so many.
	pub patience: u32,
}

/// How an actor of the runtime replies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BuiltinReply {
	/// At once, with that payload.
	Now(Vec<u8>),
	/// Later, by [`AnswerLater`]. Who asked gets an error reply if that does not come within
	/// `blocks`, which must be no more than [`BuiltinCall::patience`].
	Later {
		/// Blocks that it may take.
		blocks: u32,
	},
}

/// Why an actor of the runtime failed: payload of the error reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BuiltinFailure(pub Vec<u8>);

impl From<DispatchError> for BuiltinFailure {
	/// The error's SCALE bytes.
	fn from(error: DispatchError) -> Self {
		Self(error.encode())
	}
}

/// Actors that are part of the runtime.
pub trait Builtin {
	/// Whether `actor` is one of them.
	fn is_builtin(actor: ActorId) -> bool;

	/// Handles a message.
	///
	/// A failure becomes an error reply and leaves the state as it was before.
	fn handle(call: BuiltinCall<'_>) -> Result<BuiltinReply, BuiltinFailure>;

	/// Weight of [`Builtin::handle`] at its worst.
	fn weight() -> Weight;
}

impl Builtin for () {
	fn is_builtin(_: ActorId) -> bool {
		false
	}

	fn handle(_: BuiltinCall<'_>) -> Result<BuiltinReply, BuiltinFailure> {
		Err(DispatchError::Unavailable.into())
	}

	fn weight() -> Weight {
		Weight::zero()
	}
}

/// The first that knows the actor handles the message.
impl<A: Builtin, B: Builtin> Builtin for (A, B) {
	fn is_builtin(actor: ActorId) -> bool {
		A::is_builtin(actor) || B::is_builtin(actor)
	}

	fn handle(call: BuiltinCall<'_>) -> Result<BuiltinReply, BuiltinFailure> {
		if A::is_builtin(call.actor) { A::handle(call) } else { B::handle(call) }
	}

	fn weight() -> Weight {
		A::weight().max(B::weight())
	}
}

/// Takes the replies that actors of the runtime have put off.
pub trait AnswerLater {
	/// Replies to `message` as `actor`.
	///
	/// Errors, with nothing changed, where the message does not wait for that actor's reply, or
	/// not any more.
	fn answer(
		actor: ActorId,
		message: MessageId,
		answer: Result<Vec<u8>, BuiltinFailure>,
	) -> Result<(), DispatchError>;

	/// Weight of [`AnswerLater::answer`] at its worst, for an answer of a kilobyte.
	fn weight() -> Weight;
}
