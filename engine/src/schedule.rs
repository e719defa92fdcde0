//! The scheduler: what is to be done in a later block.

use crate::{
	ids::{ActorId, MessageId, ReservationId},
	message::Dispatch,
	rent::Rent,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Something to be done in a later block.
///
/// A task whose object is gone by then does nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Task {
	/// A program asked for it: wake a message that waits.
	Wake {
		/// The program.
		program: ActorId,
		/// Its waiting message.
		message: MessageId,
	},
	/// A message has waited as long as it may.
	EndWait {
		/// The program.
		program: ActorId,
		/// Its waiting message.
		message: MessageId,
	},
	/// A delayed message is to be sent.
	SendDelayed {
		/// The message.
		message: MessageId,
	},
	/// A message has been in the mailbox as long as it may.
	EndMail {
		/// The user.
		user: ActorId,
		/// The message.
		message: MessageId,
	},
	/// A reservation has lasted as long as it may.
	EndReservation {
		/// The program.
		program: ActorId,
		/// The reservation.
		reservation: ReservationId,
	},
	/// A program is gone: wake what waits for it, one message a time, so that it fails.
	WakeAll {
		/// The program.
		program: ActorId,
	},
}

// The derive asks it of the foreign types inside; those are of fixed size.
impl DecodeWithMemTracking for Task {}

/// The place of a task: its block, and how many were scheduled for that block before it.
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
	MaxEncodedLen,
	TypeInfo,
)]
pub struct TaskKey {
	/// The block in which it is due.
	pub block: u32,
	/// Its place in that block.
	pub index: u32,
}

/// A message that is to be sent in a later block, kept under its id.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Delayed {
	/// The message. Its destination may turn out to be a user.
	pub dispatch: Dispatch,
	/// Whether `dispatch.gas_node` is its own, rather than its parent's.
	pub own_gas: bool,
	/// Its rent, locked in that node.
	pub rent: Rent,
}
