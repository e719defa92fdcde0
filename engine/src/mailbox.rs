//! The mailbox: messages of programs to users, with their value, until the user reacts.

use crate::{ids::MessageId, message::Message, rent::Rent, schedule::TaskKey};
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// A message in a user's mailbox, kept under the user's id and its own. Its value is held for its
/// source.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Mail {
	/// The message.
	pub message: Message,
	/// What pays for it, and then for the engine's reply to its source.
	pub gas_node: MessageId,
	/// Its rent, locked in that node.
	pub rent: Rent,
	/// The task that removes it. It stays until that task's block.
	pub end: TaskKey,
}
