//! Gas that a program sets aside, to send messages with later.

use crate::{message::Gas, rent::Rent, schedule::TaskKey};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A gas reservation. Its gas is in a node of its own under the reservation's id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Reservation {
	/// What was set aside.
	pub gas: Gas,
	/// Its rent, locked in the reservation's node.
	pub rent: Rent,
	/// The task that removes it. It stays until that task's block.
	pub end: TaskKey,
}
