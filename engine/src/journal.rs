//! What a dispatch did, as a list, and the one place where such a list takes effect.

use crate::{
	builtin::{self, Called},
	gas,
	ids::{self, ActorId, CodeId, MessageId, ReservationId},
	message::{Dispatch, DispatchKind, Earlier, Gas, Message, SignalDetails},
	pages::RunSet,
	program::{self, Phase},
	reservation,
	route::{self, Route},
	settings::Settings,
	state::{ApplyError, Event, StateMut},
	waitlist::{self, Expiry},
};
use alloc::vec::Vec;
use gear_core_errors::{ErrorReplyReason, ReplyCode, SignalCode, SuccessReplyReason};

/// What came of a dispatch. Made by [`process`](crate::process()), takes effect by [`apply`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Journal {
	/// The message that was dealt with.
	pub dispatch: Dispatch,
	/// What it cost; never more than its gas node had.
	pub gas_spent: Gas,
	/// What its gas node has left that none of the notes takes.
	pub gas_left: Gas,
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
	/// Gas of the dispatch's node becomes funds of the program.
	BuyFunds {
		/// How much.
		gas: Gas,
	},
	/// The program sets gas of the dispatch's node aside.
	Reserve {
		/// Name of the reservation.
		id: ReservationId,
		/// How much, its rent not included.
		gas: Gas,
		/// For how many blocks.
		blocks: u32,
	},
	/// The program gives up gas it had set aside: it goes back to who paid it.
	Unreserve {
		/// Name of the reservation.
		id: ReservationId,
	},
	/// Gas of the dispatch's node is set aside for a signal.
	ReserveForSignal {
		/// How much more than there is already.
		gas: Gas,
	},
	/// What was set aside for a signal goes back.
	ReleaseForSignal,
	/// The program is told that it failed, with the gas set aside for that.
	Signal {
		/// Why it failed.
		code: SignalCode,
	},
	/// Gas of the dispatch's node is set aside for a reply.
	Deposit {
		/// The message that the reply will answer.
		message: MessageId,
		/// How much.
		gas: Gas,
	},
	/// The program makes another, unless the code is unknown or there is one of that id.
	Create {
		/// The new program.
		id: ActorId,
		/// Its code.
		code: CodeId,
		/// Its first message, which follows.
		init: MessageId,
	},
	/// A message leaves the program.
	Send(Send),
	/// A waiting message of the program runs again, if there is such a one.
	Wake {
		/// The message.
		message: MessageId,
		/// In how many blocks.
		delay: u32,
	},
	/// The message is put into the waitlist, to run again later. The last note of its journal.
	Wait {
		/// For how many blocks at most.
		blocks: u32,
		/// What happens then.
		expiry: Expiry,
		/// What this run and those before it leave to know.
		earlier: Earlier,
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

/// A message that leaves a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Send {
	/// The entry point it is for, if it is for a program.
	pub kind: DispatchKind,
	/// The message.
	pub message: Message,
	/// What pays for it.
	pub gas: SendGas,
	/// In how many blocks it is sent.
	pub delay: u32,
	/// Whether the sender wants to know that a user got it.
	pub heard: bool,
}

/// What pays for a message that leaves a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendGas {
	/// It shares the gas node of the dispatch that sends it.
	Shared,
	/// So much of that node's gas.
	Limit(Gas),
	/// Gas that the program had set aside.
	Reserved(ReservationId),
}

impl Journal {
	/// The journal of a dispatch that leaves no trace but `gas_spent`, its value's return and,
	/// unless it is itself a reply or signal, an error reply; and of a signal, if gas was set
	/// aside for one.
	pub fn failed(
		dispatch: Dispatch,
		gas_spent: Gas,
		reason: ErrorReplyReason,
		payload: Vec<u8>,
	) -> Self {
		Self::failed_with_signal(dispatch, gas_spent, reason, payload, 0)
	}

	/// The same, with `for_signal` more gas set aside for a signal by the run that failed.
	pub(crate) fn failed_with_signal(
		dispatch: Dispatch,
		gas_spent: Gas,
		reason: ErrorReplyReason,
		payload: Vec<u8>,
		for_signal: Gas,
	) -> Self {
		let mut journal = Self::refused(dispatch, gas_spent, reason, payload);
		let Dispatch { kind, value_payer, earlier, .. } = journal.dispatch;
		if kind == DispatchKind::Init {
			journal.notes.push(Note::Phase(Phase::Terminated));
			// What an earlier run of it received must not stay with a program that is no more.
			if earlier.is_some() {
				journal.notes.push(Note::Inherit { inheritor: value_payer });
			}
			return journal;
		}
		let set_aside = earlier.map_or(0, |earlier| earlier.for_signal);
		if let Some(code) = signal_code(reason)
			&& (set_aside > 0 || for_signal > 0)
		{
			journal.notes.retain(|note| *note != Note::ReleaseForSignal);
			if for_signal > 0 {
				journal.notes.push(Note::ReserveForSignal { gas: for_signal });
			}
			journal.notes.push(Note::Signal { code });
		}
		journal
	}

	/// The journal of a dispatch that its destination does not take.
	pub(crate) fn refused(
		dispatch: Dispatch,
		gas_spent: Gas,
		reason: ErrorReplyReason,
		payload: Vec<u8>,
	) -> Self {
		let earlier = dispatch.earlier.unwrap_or_default();
		let mut notes = Vec::new();
		// An earlier run of it has received the value.
		if dispatch.message.value > 0 && dispatch.earlier.is_none() {
			notes.push(Note::ReturnValue);
		}
		if dispatch.kind.is_answered() && !earlier.replied {
			notes.push(Note::reply(&dispatch.message, ReplyCode::Error(reason), payload));
		}
		if earlier.for_signal > 0 {
			notes.push(Note::ReleaseForSignal);
		}
		Self { dispatch, gas_spent, gas_left: 0, failure: Some(reason), notes }
	}

	/// The journal of a message that cannot be processed because an invariant is broken.
	pub fn broken(dispatch: Dispatch, error: ApplyError) -> Self {
		let notes = [Note::Quarantine(error)].into_iter().collect();
		Self { dispatch, gas_spent: 0, gas_left: 0, failure: None, notes }
	}

	/// Whether the message is put aside.
	pub fn is_quarantine(&self) -> bool {
		matches!(self.notes.as_slice(), [Note::Quarantine(_)])
	}
}

impl Note {
	/// The reply to `message` that the engine, not the program, sends.
	pub(crate) fn reply(message: &Message, code: ReplyCode, payload: Vec<u8>) -> Self {
		Self::Send(Send::reply(message, code, payload))
	}

	/// The reply to a message that was handled without one.
	pub(crate) fn auto_reply(message: &Message) -> Self {
		Self::reply(message, ReplyCode::Success(SuccessReplyReason::Auto), Vec::new())
	}
}

impl Send {
	/// The reply to `message` that the engine or an actor of the runtime gives.
	pub(crate) fn reply(message: &Message, code: ReplyCode, payload: Vec<u8>) -> Self {
		Self {
			kind: DispatchKind::Reply,
			message: message.reply(code, payload),
			gas: SendGas::Shared,
			delay: 0,
			heard: false,
		}
	}
}

/// What a signal says of a failure. Of what the program has no part in, there is none.
fn signal_code(reason: ErrorReplyReason) -> Option<SignalCode> {
	match reason {
		ErrorReplyReason::Execution(error) => Some(SignalCode::Execution(error)),
		ErrorReplyReason::RemovedFromWaitlist => Some(SignalCode::RemovedFromWaitlist),
		_ => None,
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
	settings: &Settings,
) -> Result<Option<ErrorReplyReason>, ApplyError> {
	let Journal { dispatch, gas_spent, gas_left, failure, notes } = journal;
	let (id, destination, node) =
		(dispatch.message.id, dispatch.message.destination, dispatch.gas_node);

	state.begin(id);
	gas::spend(state, node, gas_spent)?;
	let mut outcome = failure;
	let mut route = Route { state, settings, parent: node, gas_left };
	for note in notes {
		let Route { state, .. } = &mut route;
		let state = &mut **state;
		match note {
			Note::DeliverValue => {
				let value = dispatch.message.value;
				state.deliver_value(dispatch.value_payer, destination, value)?;
			}
			Note::ReturnValue => route::return_value(state, settings, &dispatch)?,
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
			Note::Phase(phase) => program::set_phase(state, destination, phase)?,
			Note::BuyFunds { gas } => gas::pay(state, node, destination, gas)?,
			Note::Reserve { id, gas, blocks } => {
				reservation::reserve(state, settings, node, destination, id, gas, blocks)?;
			}
			Note::Unreserve { id } => {
				reservation::release(state, destination, id)?;
			}
			Note::ReserveForSignal { gas } => {
				gas::set_aside(state, node, ids::signal_message_id(id), gas)?;
			}
			Note::ReleaseForSignal => gas::release(state, ids::signal_message_id(id))?,
			Note::Signal { code } => signal(state, &dispatch, code),
			Note::Deposit { message, gas } => {
				gas::split(state, node, ids::reply_message_id(message), gas)?;
			}
			Note::Create { id, code, init } => create(state, destination, id, code, init)?,
			Note::Send(send) => route.send(send)?,
			Note::Wake { message, delay: 0 } => {
				waitlist::wake(state, destination, message)?;
			}
			Note::Wake { message, delay } => {
				waitlist::wake_later(state, destination, message, delay);
			}
			Note::Wait { blocks, expiry, earlier } => {
				let until = waitlist::wait(state, settings, dispatch, blocks, expiry, earlier)?;
				state.emit(Event::MessageWaiting { id, program: destination, gas_spent, until });
				return Ok(None);
			}
			Note::Inherit { inheritor } => {
				let heir = program::heir(state, settings, inheritor);
				// Nobody can inherit from itself: then all stays.
				if heir != destination {
					state.inherit(destination, heir)?;
				}
			}
			Note::CallBuiltin => match builtin::call(&mut route, &dispatch)? {
				Called::Done(failure) => outcome = failure,
				Called::Waits { blocks } => {
					let state = route.state;
					let until = builtin::wait(state, settings, dispatch, blocks)?;
					state.emit(Event::MessageWaiting {
						id,
						program: destination,
						gas_spent,
						until,
					});
					return Ok(None);
				}
			},
			Note::Debug(text) => {
				state.emit(Event::Debug { program: destination, message: id, text });
			}
			Note::Quarantine(error) => {
				state.quarantine(dispatch, error);
				return Ok(None);
			}
		}
	}
	let Route { state, .. } = route;
	gas::release(state, node)?;
	state.emit(Event::Dispatched { id, destination, gas_spent, failure: outcome });
	Ok(outcome)
}

/// Queues the signal that the program failed at `dispatch`.
fn signal<S: StateMut>(state: &mut S, dispatch: &Dispatch, code: SignalCode) {
	let failed = &dispatch.message;
	let id = ids::signal_message_id(failed.id);
	let message = Message {
		id,
		source: ids::SYSTEM,
		destination: failed.destination,
		payload: Vec::new(),
		value: 0,
		reply: None,
	};
	let signal = Some(SignalDetails { to: failed.id, code });
	let dispatch = Dispatch::new(DispatchKind::Signal, message, id, ids::SYSTEM);
	route::enqueue(state, Dispatch { signal, ..dispatch });
}

/// Makes a program that `creator` asked for, if that is possible. If not, its first message finds
/// nobody who takes it, and the creator gets an error reply.
fn create<S: StateMut>(
	state: &mut S,
	creator: ActorId,
	id: ActorId,
	code: CodeId,
	init: MessageId,
) -> Result<(), ApplyError> {
	if state.program(id).is_some() || state.builtin(id).is_some() || !state.has_code(code) {
		return Ok(());
	}
	state.endow(creator, id)?;
	program::create(state, id, code, init);
	Ok(())
}
