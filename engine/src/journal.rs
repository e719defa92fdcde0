//! What a dispatch did, as a list, and the one place where such a list takes effect.

use crate::{
	gas,
	ids::{ActorId, MessageId},
	message::{Dispatch, DispatchKind, Gas, Message},
	pages::RunSet,
	program::Phase,
	state::{ApplyError, Event, StateMut},
};
use alloc::vec::Vec;
use gear_core_errors::{ErrorReplyReason, ReplyCode, SuccessReplyReason};

/// What came of a dispatch. Made by [`process`](crate::process), takes effect by [`apply`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Journal {
	/// The message that was dealt with.
	pub dispatch: Dispatch,
	/// What it cost; never more than its gas node had.
	pub gas_spent: Gas,
	/// Why it failed, if it did.
	pub failure: Option<ErrorReplyReason>,
	/// What is to be done, in this order.
	pub notes: Vec<Note>,
}

/// One effect of a dispatch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
	/// The message's value goes to its destination.
	DeliverValue,
	/// The message's value goes back to who paid it.
	ReturnValue,
	/// The program's memory changed.
	Memory {
		/// All pages the program has allocated now.
		pages: RunSet,
		/// All chunks that are stored now.
		stored: RunSet,
		/// Chunks to store, or to remove.
		chunks: Vec<(u32, Option<Vec<u8>>)>,
	},
	/// The program enters another phase.
	Phase(Phase),
	/// A message leaves the program.
	Send {
		/// The message.
		message: Message,
		/// Gas taken out of the dispatch's node for it; `None` shares the node.
		gas_limit: Option<Gas>,
	},
	/// The program leaves all it owns to `inheritor`.
	Inherit {
		/// Who gets it.
		inheritor: ActorId,
	},
	/// The message is for an actor of the runtime: call it, and reply.
	CallBuiltin,
	/// The program wrote debug output.
	Debug(Vec<u8>),
	/// An invariant is broken: put the message aside. The only note of its journal.
	Quarantine(ApplyError),
}

impl Journal {
	/// The journal of a dispatch that leaves no trace but `gas_spent`, its value's return and,
	/// unless it is itself a reply, an error reply.
	pub fn failed(
		dispatch: Dispatch,
		gas_spent: Gas,
		reason: ErrorReplyReason,
		payload: Vec<u8>,
	) -> Self {
		let mut notes = Vec::new();
		if dispatch.message.value > 0 {
			notes.push(Note::ReturnValue);
		}
		if dispatch.kind == DispatchKind::Init {
			notes.push(Note::Phase(Phase::Terminated));
		}
		if dispatch.kind.is_answered() {
			notes.push(Note::reply(&dispatch.message, ReplyCode::Error(reason), payload));
		}
		Self { dispatch, gas_spent, failure: Some(reason), notes }
	}

	/// The journal of a message that cannot be processed because an invariant is broken.
	pub fn broken(dispatch: Dispatch, error: ApplyError) -> Self {
		Self {
			dispatch,
			gas_spent: 0,
			failure: None,
			notes: [Note::Quarantine(error)].into_iter().collect(),
		}
	}

	/// Whether the message is put aside.
	pub fn is_quarantine(&self) -> bool {
		matches!(self.notes.as_slice(), [Note::Quarantine(_)])
	}
}

impl Note {
	/// The reply to `message` that the engine, not the program, sends.
	pub(crate) fn reply(message: &Message, code: ReplyCode, payload: Vec<u8>) -> Self {
		Self::Send { message: reply(message, code, payload), gas_limit: None }
	}

	/// The reply to a message that was handled without one.
	pub(crate) fn auto_reply(message: &Message) -> Self {
		Self::reply(message, ReplyCode::Success(SuccessReplyReason::Auto), Vec::new())
	}
}

fn reply(message: &Message, code: ReplyCode, payload: Vec<u8>) -> Message {
	Message {
		id: crate::ids::reply_message_id(message.id),
		source: message.destination,
		destination: message.source,
		payload,
		value: 0,
		reply: Some(crate::message::ReplyDetails { to: message.id, code }),
	}
}

/// Makes a journal take effect. Returns why the dispatch failed, if it did: what the journal says,
/// unless an actor of the runtime was called, which decides only now.
///
/// The only code that does. On an error the state may be half changed: call it inside
/// [`StateMut::transact`], as [`run_queue`](crate::run_queue) does.
pub fn apply<S: StateMut>(
	journal: Journal,
	state: &mut S,
) -> Result<Option<ErrorReplyReason>, ApplyError> {
	let Journal { dispatch, gas_spent, failure, notes } = journal;
	let (id, destination) = (dispatch.message.id, dispatch.message.destination);

	state.begin(id);
	gas::spend(state, dispatch.gas_node, gas_spent)?;
	let mut outcome = failure;
	for note in notes {
		match note {
			Note::DeliverValue => {
				let value = dispatch.message.value;
				state.deliver_value(dispatch.value_payer, destination, value)?;
			}
			Note::ReturnValue => {
				state.release_value(dispatch.value_payer, dispatch.message.value)?;
			}
			Note::Memory { pages, stored, chunks } => {
				let mut program =
					state.program(destination).ok_or(ApplyError::NoProgram(destination))?;
				program.pages = pages;
				program.chunks = stored;
				state.set_program(destination, program);
				for (index, bytes) in chunks {
					state.set_chunk(destination, index, bytes);
				}
			}
			Note::Phase(phase) => set_phase(state, destination, phase)?,
			Note::Send { message, gas_limit } => {
				send(state, message, dispatch.gas_node, gas_limit)?;
			}
			Note::Inherit { inheritor } => state.inherit(destination, inheritor)?,
			Note::CallBuiltin => outcome = call_builtin(state, &dispatch)?,
			Note::Debug(text) => {
				state.emit(Event::Debug { program: destination, message: id, text });
			}
			Note::Quarantine(error) => {
				state.quarantine(dispatch, error);
				return Ok(None);
			}
		}
	}
	gas::release(state, dispatch.gas_node)?;
	state.emit(Event::Dispatched { id, destination, gas_spent, failure: outcome });
	Ok(outcome)
}

/// Changes a program's phase. A program that is gone for good loses its memory.
fn set_phase<S: StateMut>(state: &mut S, id: ActorId, phase: Phase) -> Result<(), ApplyError> {
	let mut program = state.program(id).ok_or(ApplyError::NoProgram(id))?;
	program.phase = phase;
	if matches!(phase, Phase::Exited { .. } | Phase::Terminated) {
		let stored = core::mem::take(&mut program.chunks);
		program.pages = RunSet::default();
		for index in stored.iter() {
			state.set_chunk(id, index, None);
		}
	}
	state.set_program(id, program);
	state.emit(Event::ProgramChanged { id, phase });
	Ok(())
}

/// Sends a message from a program: into the queue if anyone here executes it, else to the user.
fn send<S: StateMut>(
	state: &mut S,
	message: Message,
	parent: MessageId,
	gas_limit: Option<Gas>,
) -> Result<(), ApplyError> {
	let source = message.source;
	if message.value > 0 {
		state.hold_value(source, message.value)?;
	}
	let destination = message.destination;
	if state.program(destination).is_none() && state.builtin(destination).is_none() {
		// A user needs no gas: a limit set for it stays in the parent's node.
		if message.value > 0 {
			state.deliver_value(source, destination, message.value)?;
		}
		state.deliver_to_user(message, None);
		return Ok(());
	}
	let gas_node = match gas_limit {
		Some(gas) => {
			gas::split(state, parent, message.id, gas)?;
			message.id
		}
		None => {
			gas::share(state, parent)?;
			parent
		}
	};
	let kind = if message.reply.is_some() { DispatchKind::Reply } else { DispatchKind::Handle };
	enqueue(state, Dispatch::new(kind, message, gas_node, source));
	Ok(())
}

/// Puts a dispatch into the queue and says so.
pub(crate) fn enqueue<S: StateMut>(state: &mut S, dispatch: Dispatch) {
	let Message { id, source, destination, .. } = dispatch.message;
	let entry = dispatch.kind;
	state.queue_push(dispatch);
	state.emit(Event::MessageQueued { id, source, destination, entry });
}

/// Calls an actor of the runtime and sends its reply. Returns why it failed, if it did.
fn call_builtin<S: StateMut>(
	state: &mut S,
	dispatch: &Dispatch,
) -> Result<Option<ErrorReplyReason>, ApplyError> {
	use gear_core_errors::SimpleExecutionError::UserspacePanic;

	let message = &dispatch.message;
	// Replies go unheard by actors of the runtime: they have sent nothing.
	if !dispatch.kind.is_answered() {
		if message.value > 0 {
			state.release_value(dispatch.value_payer, message.value)?;
		}
		return Ok(None);
	}
	let (code, payload, failure) = match state.call_builtin(message) {
		Ok(payload) => (ReplyCode::Success(SuccessReplyReason::Manual), payload, None),
		Err(error) => {
			let reason = ErrorReplyReason::Execution(UserspacePanic);
			(ReplyCode::Error(reason), error.payload, Some(reason))
		}
	};
	if message.value > 0 {
		match failure {
			None => {
				state.deliver_value(dispatch.value_payer, message.destination, message.value)?;
			}
			Some(_) => state.release_value(dispatch.value_payer, message.value)?,
		}
	}
	send(state, reply(message, code, payload), dispatch.gas_node, None)?;
	Ok(failure)
}
