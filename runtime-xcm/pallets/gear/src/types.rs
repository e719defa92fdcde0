//! What the pallet stores and shows, beyond the engine's own types.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gear_core_errors::ErrorReplyReason;
use gearway_engine::{ApplyError, CodeError, Dispatch, Position, Queued, ReplyDetails};
use gearway_primitives::{MessageId, Provenance, Topic, Value};
use polkadot_sdk::{
	frame_support::{BoundedBTreeSet, PalletError, traits::ConstU32},
	sp_core::H256,
	sp_runtime::AccountId32,
};
use scale_info::TypeInfo;

/// An identifier as events and calls have it.
pub(crate) fn h256(id: impl Into<[u8; 32]>) -> H256 {
	H256(id.into())
}

/// The most accounts that can be named as uploaders.
pub const MAX_UPLOADERS: u32 = 256;

/// Who may upload codes.
pub type UploaderSet = BoundedBTreeSet<AccountId32, ConstU32<MAX_UPLOADERS>>;

/// What became of a message that was taken out of the queue. Gear's own names.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum DispatchStatus {
	/// It was executed to its end.
	Success,
	/// It was executed and failed: nothing of it remains but the gas it cost.
	Failed,
	/// There was nobody to execute it: the program has exited, is not initialised, or its `init`
	/// failed.
	NotExecuted,
}

impl DispatchStatus {
	/// The status of a message that failed for that reason, if it did.
	pub(crate) fn of(failure: Option<ErrorReplyReason>) -> Self {
		match failure {
			None => Self::Success,
			Some(ErrorReplyReason::UnavailableActor(_)) => Self::NotExecuted,
			Some(_) => Self::Failed,
		}
	}
}

/// A message from a program to an actor that is none of this chain's programs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct UserMessage {
	/// Unique for ever.
	pub id: H256,
	/// The program.
	pub source: H256,
	/// Who it is for.
	pub destination: H256,
	/// What is said.
	pub payload: Vec<u8>,
	/// Native asset that came along. It is on the destination's account already, unless the message
	/// is in the mailbox.
	pub value: Value,
	/// Which message it answers, and how that one fared; set on replies.
	pub details: Option<ReplyDetails>,
}

impl From<gearway_engine::Message> for UserMessage {
	fn from(message: gearway_engine::Message) -> Self {
		Self {
			id: h256(message.id),
			source: h256(message.source),
			destination: h256(message.destination),
			payload: message.payload,
			value: message.value,
			details: message.reply,
		}
	}
}

/// Where a message comes from and whither it leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Trace {
	/// The message a program was handling when it sent this one.
	pub cause: Option<MessageId>,
	/// The journey it is a step of: its own, or that of its cause.
	pub topic: Option<Topic>,
}

/// A message in the queue, with what this chain knows of it beyond what the engine does.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Entry {
	/// What the engine will process.
	pub dispatch: Dispatch,
	/// Where it comes from and what came with it, if it came from another chain.
	pub provenance: Option<Provenance>,
	/// Its place in what goes on.
	pub trace: Trace,
}

/// A message that is neither in the queue nor done: it waits, is delayed, or is in the mailbox.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Kept<M> {
	/// What the engine keeps of it.
	pub what: M,
	/// Its place in what goes on.
	pub trace: Trace,
}

/// A place in the queue: the part of a message that decides whether it is taken now, linked to its
/// neighbours so that one can be taken out of the middle.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Link {
	/// The place before, towards the head.
	pub previous: Option<Position>,
	/// The place behind.
	pub next: Option<Position>,
	/// What the engine has to know to decide.
	pub queued: Queued,
	/// Bytes of the [`Entry`] in storage.
	pub size: u32,
}

/// Where the queue begins and ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct QueueEnds {
	/// First and last place; `None` if the queue is empty.
	pub ends: Option<(Position, Position)>,
	/// The place the next message gets.
	pub next: Position,
	/// Messages in the queue.
	pub len: u32,
}

/// The tasks of a block: the numbers from the first that is not done to that of the next to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Agenda {
	/// Number of the first task that is not done.
	pub first: u32,
	/// Number that the next task gets.
	pub next: u32,
}

/// A message put aside because an invariant is broken.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Quarantined {
	/// The message, its value still held and its gas still paid for.
	pub dispatch: Dispatch,
	/// What does not fit.
	pub error: ApplyError,
}

/// Why a code is refused at upload: [`CodeError`] without the details, which are logged.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, PalletError,
)]
pub enum CodeRefusal {
	/// It has more bytes than a code may have.
	TooLong,
	/// It is no Wasm module.
	NotWasm,
	/// It breaks the rules of Wasm.
	Invalid,
	/// It uses floating point.
	FloatingPoint,
	/// It uses a Wasm proposal beyond the MVP with mutable globals and sign extension.
	Proposal,
	/// It has too many functions.
	TooManyFunctions,
	/// It has too many globals.
	TooManyGlobals,
	/// It has too many data segments.
	TooManyDataSegments,
	/// A function's body has too many bytes.
	BodyTooLong,
	/// It has a start section.
	StartSection,
	/// It uses `memory.grow`; memory grows by `alloc`.
	MemoryGrow,
	/// It does not import its memory from `env`.`memory`.
	NoImportedMemory,
	/// Its memory is too large.
	MemoryTooLarge,
	/// Its function table is too large.
	TableTooLarge,
	/// A function has too many parameters, locals and operands.
	FrameTooLarge,
	/// It imports what is neither a Gear syscall nor the memory.
	UnknownImport,
	/// It imports a Gear syscall under a wrong signature.
	WrongSignature,
	/// It exports neither `init` nor `handle`.
	NoEntry,
	/// An entry point is no function without parameters and results.
	WrongEntry,
	/// The place of a data or element segment is no constant.
	OffsetNotConstant,
	/// A data or element segment is out of bounds.
	SegmentOutOfBounds,
	/// Its `__gear_stack_end` is no constant address inside static memory.
	WrongStackEnd,
	/// It is too long once it is metered: over the engine's limit, or with its metadata over
	/// [`MAX_METERED_LEN`](crate::MAX_METERED_LEN).
	MeteredTooLong,
	/// A reason this pallet has no word for; the log tells.
	Other,
}

impl From<&CodeError> for CodeRefusal {
	fn from(error: &CodeError) -> Self {
		match error {
			CodeError::TooLong { .. } => Self::TooLong,
			CodeError::NotWasm => Self::NotWasm,
			CodeError::Invalid { .. } => Self::Invalid,
			CodeError::FloatingPoint { .. } => Self::FloatingPoint,
			CodeError::Proposal { .. } => Self::Proposal,
			CodeError::TooManyFunctions { .. } => Self::TooManyFunctions,
			CodeError::TooManyGlobals { .. } => Self::TooManyGlobals,
			CodeError::TooManyDataSegments { .. } => Self::TooManyDataSegments,
			CodeError::BodyTooLong { .. } => Self::BodyTooLong,
			CodeError::StartSection => Self::StartSection,
			CodeError::MemoryGrow { .. } => Self::MemoryGrow,
			CodeError::NoImportedMemory => Self::NoImportedMemory,
			CodeError::MemoryTooLarge { .. } => Self::MemoryTooLarge,
			CodeError::TableTooLarge { .. } => Self::TableTooLarge,
			CodeError::FrameTooLarge { .. } => Self::FrameTooLarge,
			CodeError::UnknownImport { .. } => Self::UnknownImport,
			CodeError::WrongSignature { .. } => Self::WrongSignature,
			CodeError::NoEntry => Self::NoEntry,
			CodeError::WrongEntry { .. } => Self::WrongEntry,
			CodeError::OffsetNotConstant { .. } => Self::OffsetNotConstant,
			CodeError::SegmentOutOfBounds { .. } => Self::SegmentOutOfBounds,
			CodeError::WrongStackEnd => Self::WrongStackEnd,
			CodeError::MeteredTooLong { .. } => Self::MeteredTooLong,
			// The engine may learn new reasons before this pallet does.
			_ => Self::Other,
		}
	}
}
