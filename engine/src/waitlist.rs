//! The waitlist: messages whose handling a program has interrupted.

use crate::{message::Dispatch, rent::Rent, schedule::TaskKey};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A message in the waitlist, kept under its program's id and its own.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Waiting {
	/// The message, with what the runs so far left to know.
	pub dispatch: Dispatch,
	/// Its rent, locked in the dispatch's gas node.
	pub rent: Rent,
	/// What happens if nobody wakes it.
	pub expiry: Expiry,
	/// The task that sees to that.
	pub end: TaskKey,
}

/// What becomes of a waiting message whose time is over.
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
pub enum Expiry {
	/// It runs again: the program got all the time it asked for.
	Wake,
	/// It fails: the program asked for more time than its gas bought.
	Remove,
}
