//! A user's mailbox.

use super::{Log, System};
use crate::{
	executor::Executor,
	ids::{ActorId, MessageId},
	mailbox::Mail,
	message::Value,
	post::PostError,
};
use alloc::vec::Vec;
use codec::Encode;
use core::fmt;

/// The mailbox of a user: messages of programs that are kept, with their value, until the user
/// reacts or their time is over.
#[derive(Debug)]
pub struct ActorMailbox<'a, E: Executor> {
	system: &'a mut System<E>,
	user: ActorId,
}

/// Why a user cannot react to a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailboxError {
	/// Nothing in the mailbox is as the pattern says.
	NotFound,
	/// The engine does not take the reaction.
	Post(PostError),
}

impl<E: Executor> System<E> {
	/// The mailbox of a user.
	pub fn get_mailbox(&mut self, user: impl Into<ActorId>) -> ActorMailbox<'_, E> {
		ActorMailbox { user: user.into(), system: self }
	}
}

impl<E: Executor> ActorMailbox<'_, E> {
	/// What is in it, by the messages' ids.
	pub fn mails(&self) -> impl Iterator<Item = &Mail> {
		self.system.mailbox().filter(|mail| mail.message.destination == self.user)
	}

	/// Whether a message is in it that is as `log` says.
	pub fn contains<L: Into<Log> + Clone>(&self, log: &L) -> bool {
		self.find(log).is_some()
	}

	/// Replies in SCALE to the first message that is as `log` says, with
	/// [`DEFAULT_GAS`](super::DEFAULT_GAS). The user gets the message's value.
	pub fn reply<L: Into<Log> + Clone>(
		self,
		log: &L,
		payload: impl Encode,
		value: Value,
	) -> Result<MessageId, MailboxError> {
		self.reply_bytes(log, payload.encode(), value)
	}

	/// Replies to the first message that is as `log` says, with
	/// [`DEFAULT_GAS`](super::DEFAULT_GAS). The user gets the message's value.
	///
	/// # Errors
	///
	/// There is none, or the reply cannot be sent.
	pub fn reply_bytes<L: Into<Log> + Clone>(
		self,
		log: &L,
		payload: impl Into<Vec<u8>>,
		value: Value,
	) -> Result<MessageId, MailboxError> {
		let message = self.find(log).ok_or(MailboxError::NotFound)?;
		let payload = payload.into();
		self.system.send_reply(message, self.user, &payload, value).map_err(MailboxError::Post)
	}

	/// Takes the value of the first message that is as `log` says, and so the message. Returns the
	/// value.
	///
	/// # Errors
	///
	/// There is none.
	pub fn claim_value<L: Into<Log> + Clone>(self, log: &L) -> Result<Value, MailboxError> {
		let message = self.find(log).ok_or(MailboxError::NotFound)?;
		self.system.claim_value(self.user, message).map_err(MailboxError::Post)
	}

	fn find<L: Into<Log> + Clone>(&self, log: &L) -> Option<MessageId> {
		let log = log.clone().into();
		self.mails().map(|mail| &mail.message).find(|message| log.matches(message)).map(|m| m.id)
	}
}

impl fmt::Display for MailboxError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NotFound => f.write_str("no such message is in the mailbox"),
			Self::Post(error) => error.fmt(f),
		}
	}
}

impl core::error::Error for MailboxError {}
