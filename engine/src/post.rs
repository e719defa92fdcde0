//! Messages from outside: how they get into the queue.

use crate::{
	gas,
	ids::{self, ActorId, CodeId, MessageId},
	message::{Dispatch, DispatchKind, Gas, Message, Value},
	program::{self, Phase},
	route,
	settings::Settings,
	state::{ApplyError, FundsError, State, StateMut},
};
use alloc::vec::Vec;
use core::fmt;

/// A message from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posting {
	/// Who the program sees as the sender.
	pub source: ActorId,
	/// Who pays gas and value, and has back what is left.
	pub payer: ActorId,
	/// Bytes for the program.
	pub payload: Vec<u8>,
	/// Gas bought.
	pub gas_limit: Gas,
	/// Native asset that goes along.
	pub value: Value,
}

/// Why a message from outside is not taken. Nothing has changed then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PostError {
	/// The destination is neither a program nor an actor of the runtime.
	NoProgram(ActorId),
	/// The program has exited or was terminated.
	ProgramGone(ActorId),
	/// A program of that id exists.
	ProgramExists(ActorId),
	/// No such code has been uploaded.
	NoCode(CodeId),
	/// The payload is too long.
	PayloadTooLong {
		/// Its length, in bytes.
		actual: u64,
		/// The longest allowed.
		limit: u32,
	},
	/// The value is neither 0 nor at least the existential deposit.
	ValueTooSmall {
		/// What was given.
		actual: Value,
		/// The least allowed.
		least: Value,
	},
	/// The message is not in the user's mailbox.
	NoMail(MessageId),
	/// The message does not wait for a reply of that actor, or not any more.
	NotWaiting(MessageId),
	/// The program has not exited: nobody inherits from it.
	NoInheritor(ActorId),
	/// An invariant is broken.
	Broken(ApplyError),
	/// The gas limit is more than a whole block has: the message could never be taken.
	GasLimitTooHigh {
		/// What was given.
		actual: Gas,
		/// The most allowed.
		limit: Gas,
	},
	/// The payer cannot pay the gas.
	Gas(FundsError),
	/// The payer cannot pay the value.
	Value(FundsError),
}

/// Queues a message for a program or an actor of the runtime.
pub fn send_message<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	destination: ActorId,
	posting: Posting,
) -> Result<MessageId, PostError> {
	match state.program(destination).map(|program| program.phase) {
		Some(Phase::Exited { .. } | Phase::Terminated) => {
			return Err(PostError::ProgramGone(destination));
		}
		Some(_) => {}
		None if state.builtin(destination).is_some() => {}
		None => return Err(PostError::NoProgram(destination)),
	}
	post(state, settings, destination, DispatchKind::Handle, posting)
}

/// Makes a program out of an uploaded code and queues its `init` message.
///
/// Its id is [`program_id`](crate::ids::program_id) of code and salt.
pub fn create_program<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	code: CodeId,
	salt: &[u8],
	posting: Posting,
) -> Result<(ActorId, MessageId), PostError> {
	if !state.has_code(code) {
		return Err(PostError::NoCode(code));
	}
	let id = ids::program_id(code, salt);
	if state.program(id).is_some() {
		return Err(PostError::ProgramExists(id));
	}
	let message = post(state, settings, id, DispatchKind::Init, posting)?;
	program::create(state, id, code, message);
	Ok((id, message))
}

/// Gives what an exited program owns to its inheritor, if anything has come in since it exited.
/// Returns who got it.
///
/// # Errors
///
/// The program has not exited, or the chain does not let its funds be moved.
pub fn claim_inheritance<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	program: ActorId,
) -> Result<ActorId, PostError> {
	match state.program(program).map(|program| program.phase) {
		Some(Phase::Exited { .. }) => {}
		Some(_) => return Err(PostError::NoInheritor(program)),
		None => return Err(PostError::NoProgram(program)),
	}
	let heir = program::heir(state, settings, program);
	if heir != program {
		state.inherit(program, heir).map_err(PostError::Value)?;
	}
	Ok(heir)
}

fn post<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	destination: ActorId,
	kind: DispatchKind,
	posting: Posting,
) -> Result<MessageId, PostError> {
	check_posting(state, settings, &posting)?;
	pay_posting(state, &posting, posting.gas_limit)?;
	let Posting { source, payer, payload, gas_limit, value } = posting;
	let nonce = state.next_nonce();
	let id = ids::posted_message_id(state.block().height, source, nonce);
	gas::open(state, id, payer, gas_limit);
	let message = Message { id, source, destination, payload, value, reply: None };
	route::enqueue(state, Dispatch::new(kind, message, id, payer));
	Ok(id)
}

/// Checks what can be said against a posting without looking at funds.
pub(crate) fn check_posting<S: State>(
	state: &S,
	settings: &Settings,
	posting: &Posting,
) -> Result<(), PostError> {
	let (actual, limit) = (posting.payload.len() as u64, settings.limits.payload_len);
	if actual > u64::from(limit) {
		return Err(PostError::PayloadTooLong { actual, limit });
	}
	let (actual, least) = (posting.value, state.existential_deposit());
	if actual > 0 && actual < least {
		return Err(PostError::ValueTooSmall { actual, least });
	}
	let (actual, limit) = (posting.gas_limit, settings.limits.block_gas);
	if actual > limit {
		return Err(PostError::GasLimitTooHigh { actual, limit });
	}
	Ok(())
}

/// Reserves the price of `gas_limit` and holds the value, or does neither.
pub(crate) fn pay_posting<S: StateMut>(
	state: &mut S,
	posting: &Posting,
	gas_limit: Gas,
) -> Result<(), PostError> {
	let Posting { payer, value, .. } = *posting;
	state.reserve_gas(payer, gas_limit).map_err(PostError::Gas)?;
	if value > 0
		&& let Err(error) = state.hold_value(payer, value)
	{
		// What was reserved a line above is there; were it not, the caller's transaction ends here
		// with an error all the same.
		return Err(match state.refund_gas(payer, gas_limit) {
			Ok(()) => PostError::Value(error),
			Err(broken) => PostError::Gas(broken),
		});
	}
	Ok(())
}

impl fmt::Display for PostError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::NoProgram(id) => write!(f, "{id} is no program"),
			Self::ProgramGone(id) => write!(f, "the program {id} is gone"),
			Self::ProgramExists(id) => write!(f, "there is a program {id} already"),
			Self::NoCode(id) => write!(f, "there is no code {id}"),
			Self::PayloadTooLong { actual, limit } => {
				write!(f, "the payload has {actual} bytes, at most {limit} are allowed")
			}
			Self::ValueTooSmall { actual, least } => {
				write!(f, "the value is {actual}: it must be 0 or at least {least}")
			}
			Self::NoMail(id) => write!(f, "{id} is not in the mailbox"),
			Self::NotWaiting(id) => write!(f, "{id} does not wait for a reply"),
			Self::NoInheritor(id) => write!(f, "the program {id} has not exited"),
			Self::Broken(error) => write!(f, "an invariant is broken: {error:?}"),
			Self::GasLimitTooHigh { actual, limit } => {
				write!(f, "the gas limit is {actual}: a whole block has {limit}")
			}
			Self::Gas(error) => write!(f, "gas cannot be paid: {error}"),
			Self::Value(error) => write!(f, "the value cannot be paid: {error}"),
		}
	}
}

impl core::error::Error for PostError {}
