//! Actors of the runtime: how their replies are sent, at once or later.

use crate::{
	gas,
	ids::{ActorId, MessageId},
	journal::{self, Journal, Note, Send},
	message::{Dispatch, Earlier},
	post::PostError,
	rent::blocks_for,
	route::{self, Route},
	settings::Settings,
	state::{ApplyError, BuiltinError, BuiltinReply, StateMut},
	waitlist::{self, Expiry},
};
use alloc::vec::Vec;
use gear_core_errors::{
	ErrorReplyReason, ReplyCode, SimpleExecutionError::UserspacePanic, SuccessReplyReason,
};

/// What became of a message for an actor of the runtime.
pub(crate) enum Called {
	/// It is dealt with; it failed, if there is a reason.
	Done(Option<ErrorReplyReason>),
	/// Its reply is to come.
	Waits {
		/// For how many blocks it is waited.
		blocks: u32,
	},
}

/// Calls an actor of the runtime and sends its reply, if it gives one now.
pub(crate) fn call<S: StateMut>(
	route: &mut Route<'_, S>,
	dispatch: &Dispatch,
) -> Result<Called, ApplyError> {
	let message = &dispatch.message;
	// Replies go unheard by actors of the runtime: they have sent nothing.
	if !dispatch.kind.is_answered() {
		if message.value > 0 {
			route::return_value(route.state, route.settings, dispatch)?;
		}
		return Ok(Called::Done(None));
	}
	let patience = patience(route.state, route.settings, dispatch.gas_node);
	let reply = route.state.call_builtin(message, patience);
	if message.value > 0 {
		match reply {
			Ok(_) => {
				let (owner, value) = (dispatch.value_payer, message.value);
				route.state.deliver_value(owner, message.destination, value)?;
			}
			Err(_) => route::return_value(route.state, route.settings, dispatch)?,
		}
	}
	let answer = match reply {
		Ok(BuiltinReply::Later { blocks }) => return Ok(Called::Waits { blocks }),
		Ok(BuiltinReply::Now(payload)) => Ok(payload),
		Err(error) => Err(error),
	};
	let (code, payload, failure) = reply_of(answer);
	route.send(Send::reply(message, code, payload))?;
	Ok(Called::Done(failure))
}

/// How long a message may wait for a reply to come, and still pay for its end.
fn patience<S: StateMut>(state: &S, settings: &Settings, gas_node: MessageId) -> u32 {
	let gas = state.gas_node(gas_node).map_or(0, |node| node.remaining);
	let (task, price) = (settings.schedule.task, settings.schedule.waitlist_block);
	match gas.checked_sub(task) {
		Some(gas) => blocks_for(gas, price, settings.limits.storage_blocks),
		None => 0,
	}
}

/// Keeps a message whose reply is to come. Returns the block until which it may wait.
pub(crate) fn wait<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	dispatch: Dispatch,
	blocks: u32,
) -> Result<u32, ApplyError> {
	gas::spend(state, dispatch.gas_node, settings.schedule.task)?;
	// A task is for a later block.
	let blocks = blocks.max(1);
	waitlist::wait(state, settings, dispatch, blocks, Expiry::Remove, Earlier::default())
}

/// Gives the reply that an actor of the runtime put off by [`BuiltinReply::Later`]: once, and not
/// after its time is over.
///
/// # Errors
///
/// [`PostError::NotWaiting`] if nobody waits for it, or not any more: nothing has changed then.
pub fn answer_later<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	actor: ActorId,
	message: MessageId,
	answer: Result<Vec<u8>, BuiltinError>,
) -> Result<(), PostError> {
	// What else waits does so for itself, and is for nobody to answer.
	if state.builtin(actor).is_none() {
		return Err(PostError::NotWaiting(message));
	}
	let answered = state.transact(|state| {
		let Some(waiting) = waitlist::take(state, actor, message)? else { return Ok(false) };
		let (code, payload, failure) = reply_of(answer);
		let notes = [Note::reply(&waiting.dispatch.message, code, payload)].into();
		let dispatch = waiting.dispatch;
		let journal = Journal { dispatch, gas_spent: 0, gas_left: 0, failure, notes };
		journal::apply(journal, state, settings).map(|_| true)
	});
	match answered {
		Ok(true) => Ok(()),
		Ok(false) => Err(PostError::NotWaiting(message)),
		Err(error) => Err(PostError::Broken(error)),
	}
}

fn reply_of(
	answer: Result<Vec<u8>, BuiltinError>,
) -> (ReplyCode, Vec<u8>, Option<ErrorReplyReason>) {
	match answer {
		Ok(payload) => (ReplyCode::Success(SuccessReplyReason::Manual), payload, None),
		Err(error) => {
			let reason = ErrorReplyReason::Execution(UserspacePanic);
			(ReplyCode::Error(reason), error.payload, Some(reason))
		}
	}
}
