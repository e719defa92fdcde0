//! The mailbox: messages of programs to users, with their value, until the user reacts.

use crate::{
	gas,
	ids::{self, ActorId, MessageId},
	message::{Dispatch, DispatchKind, Gas, Message, Value},
	post::{PostError, Posting, check_posting, pay_posting},
	program::Phase,
	rent::{Lease, blocks_for},
	route,
	schedule::Task,
	settings::Settings,
	state::{ApplyError, Event, State, StateMut},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gear_core_errors::{ReplyCode, SuccessReplyReason};
use scale_info::TypeInfo;

/// A message in a user's mailbox, kept under the user's id and its own. Its value is held for its
/// source.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Mail {
	/// The message.
	pub message: Message,
	/// What pays for it, and then for the engine's reply to its source.
	pub gas_node: MessageId,
	/// Its time there, which that node pays for.
	pub lease: Lease,
}

/// Why a message is no longer in the mailbox.
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
pub enum MailEnd {
	/// Its user has replied to it.
	Replied,
	/// Its user has taken its value.
	Claimed,
	/// It has been there as long as its gas bought.
	Expired,
}

/// How long a message with `gas` may stay, if it may be kept at all. Half of its gas buys time,
/// the other half pays for the engine's reply if the user gives none.
pub(crate) fn blocks(settings: &Settings, gas: Gas) -> Option<u32> {
	if gas == 0 || gas < settings.schedule.mailbox_threshold {
		return None;
	}
	let blocks =
		blocks_for(gas / 2, settings.schedule.mailbox_block, settings.limits.storage_blocks);
	(blocks > 0).then_some(blocks)
}

/// Keeps a message to a user, which `gas_node` pays for, and tells of it.
pub(crate) fn keep<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	message: Message,
	gas_node: MessageId,
	blocks: u32,
) -> Result<(), ApplyError> {
	let (user, id) = (message.destination, message.id);
	let (price, task) = (settings.schedule.mailbox_block, Task::EndMail { user, message: id });
	let lease = Lease::take(state, gas_node, price, blocks, task)?;
	state.set_mail(user, id, Some(Mail { message: message.clone(), gas_node, lease }));
	state.deliver_to_user(message, Some(lease.end.block));
	Ok(())
}

/// Replies, as the user `posting.source`, to a message in its mailbox, and so takes the message
/// and its value out. Returns the reply's id.
///
/// Where the program has deposited gas for the reply, that pays for it, and none of
/// `posting.gas_limit` is taken.
///
/// # Errors
///
/// Nothing has changed, except on [`PostError::Broken`]: a caller has to undo what it has changed
/// by then.
pub fn send_reply<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	to: MessageId,
	posting: Posting,
) -> Result<MessageId, PostError> {
	let user = posting.source;
	let mail = state.mail(user, to).ok_or(PostError::NoMail(to))?;
	check_receiver(state, mail.message.source)?;
	check_posting(state, settings, &posting)?;

	let id = ids::reply_message_id(to);
	let deposited = state.gas_node(id).is_some();
	let gas_limit = if deposited { 0 } else { posting.gas_limit };
	pay_posting(state, &posting, gas_limit)?;
	let gas_node = mail.gas_node;
	let message = close(state, mail, MailEnd::Replied).map_err(PostError::Broken)?;
	gas::release(state, gas_node).map_err(PostError::Broken)?;
	if !deposited {
		gas::open(state, id, posting.payer, gas_limit);
	}
	let code = ReplyCode::Success(SuccessReplyReason::Manual);
	let reply = message.reply(code, posting.payload);
	let reply = Message { value: posting.value, ..reply };
	route::enqueue(state, Dispatch::new(DispatchKind::Reply, reply, id, posting.payer));
	Ok(id)
}

/// Gives a user the value of a message in its mailbox, and takes the message out. The program gets
/// the engine's reply. Returns the value.
///
/// # Errors
///
/// As [`send_reply`].
pub fn claim_value<S: StateMut>(
	state: &mut S,
	user: ActorId,
	message: MessageId,
) -> Result<Value, PostError> {
	let mail = state.mail(user, message).ok_or(PostError::NoMail(message))?;
	let value = mail.message.value;
	end(state, mail, MailEnd::Claimed).map_err(PostError::Broken)?;
	Ok(value)
}

/// Ends the time of a message in a mailbox: its value goes to the user.
pub(crate) fn expire<S: StateMut>(
	state: &mut S,
	user: ActorId,
	message: MessageId,
) -> Result<(), ApplyError> {
	match state.mail(user, message) {
		Some(mail) => end(state, mail, MailEnd::Expired),
		None => Ok(()),
	}
}

/// A program that is gone hears no reply.
fn check_receiver<S: State>(state: &S, program: ActorId) -> Result<(), PostError> {
	match state.program(program).map(|program| program.phase) {
		Some(Phase::Exited { .. } | Phase::Terminated) | None => {
			Err(PostError::ProgramGone(program))
		}
		Some(_) => Ok(()),
	}
}

/// Takes a message out of the mailbox and replies to it in its user's name.
fn end<S: StateMut>(state: &mut S, mail: Mail, reason: MailEnd) -> Result<(), ApplyError> {
	let gas_node = mail.gas_node;
	let message = close(state, mail, reason)?;
	route::acknowledge(state, &message, gas_node)
}

/// Takes a message out of the mailbox: its rent is paid and its value delivered.
fn close<S: StateMut>(state: &mut S, mail: Mail, reason: MailEnd) -> Result<Message, ApplyError> {
	let Mail { message, gas_node, lease } = mail;
	let (user, id) = (message.destination, message.id);
	state.begin(id);
	state.set_mail(user, id, None);
	lease.end(state, gas_node)?;
	if message.value > 0 {
		state.deliver_value(message.source, user, message.value)?;
	}
	state.emit(Event::MailEnded { id, user, reason });
	Ok(message)
}
