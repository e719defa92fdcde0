//! The waitlist: messages whose handling a program has interrupted.

use crate::{
	ids::{ActorId, MessageId},
	journal::{self, Journal},
	message::{Dispatch, Earlier},
	rent::Lease,
	schedule::Task,
	settings::Settings,
	state::{ApplyError, Event, StateMut},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gear_core_errors::ErrorReplyReason;
use scale_info::TypeInfo;

/// A message in the waitlist, kept under its program's id and its own.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Waiting {
	/// The message, with what the runs so far left to know.
	pub dispatch: Dispatch,
	/// Its time there, which the dispatch's gas node pays for.
	pub lease: Lease,
	/// What happens if nobody wakes it in that time.
	pub expiry: Expiry,
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

/// Puts a dispatch into the waitlist for `blocks`. Returns the block until which it may wait.
pub(crate) fn wait<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	dispatch: Dispatch,
	blocks: u32,
	expiry: Expiry,
	earlier: Earlier,
) -> Result<u32, ApplyError> {
	let (program, message) = (dispatch.message.destination, dispatch.message.id);
	let (price, task) = (settings.schedule.waitlist_block, Task::EndWait { program, message });
	let lease = Lease::take(state, dispatch.gas_node, price, blocks, task)?;
	let dispatch = Dispatch { earlier: Some(earlier), ..dispatch };
	state.set_waiting(program, message, Some(Waiting { dispatch, lease, expiry }));
	Ok(lease.end.block)
}

/// Wakes a message of `program`, if it waits: it goes to the end of the queue.
pub(crate) fn wake<S: StateMut>(
	state: &mut S,
	program: ActorId,
	message: MessageId,
) -> Result<(), ApplyError> {
	if let Some(waiting) = take(state, program, message)? {
		state.begin(message);
		state.queue_push(waiting.dispatch);
		state.emit(Event::MessageWoken { id: message, program });
	}
	Ok(())
}

/// Wakes a message of `program` in `delay` blocks, if it waits then.
pub(crate) fn wake_later<S: StateMut>(
	state: &mut S,
	program: ActorId,
	message: MessageId,
	delay: u32,
) {
	let block = state.block().height.saturating_add(delay);
	state.schedule(block, Task::Wake { program, message });
}

/// Ends the time of a waiting message.
pub(crate) fn expire<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	program: ActorId,
	message: MessageId,
) -> Result<(), ApplyError> {
	match state.waiting(program, message).map(|waiting| waiting.expiry) {
		None => Ok(()),
		Some(Expiry::Wake) => wake(state, program, message),
		Some(Expiry::Remove) => {
			let Some(waiting) = take(state, program, message)? else { return Ok(()) };
			let reason = ErrorReplyReason::RemovedFromWaitlist;
			let journal = Journal::failed(waiting.dispatch, 0, reason, Vec::new());
			journal::apply(journal, state, settings).map(|_| ())
		}
	}
}

/// Takes a message out of the waitlist, its rent paid.
pub(crate) fn take<S: StateMut>(
	state: &mut S,
	program: ActorId,
	message: MessageId,
) -> Result<Option<Waiting>, ApplyError> {
	let Some(waiting) = state.waiting(program, message) else { return Ok(None) };
	state.set_waiting(program, message, None);
	waiting.lease.end(state, waiting.dispatch.gas_node)?;
	Ok(Some(waiting))
}
