//! The scheduler: what is to be done in a later block.

use crate::{
	gas,
	ids::{ActorId, MessageId, ReservationId},
	mailbox,
	message::{Dispatch, Gas, Message},
	queue::QueueReport,
	rent::Rent,
	reservation, route,
	settings::Settings,
	state::{ApplyError, Event, StateMut},
	waitlist,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Something to be done in a later block.
///
/// A task whose object is gone by then does nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Task {
	/// A program asked for it: wake a message that waits.
	Wake {
		/// The program.
		program: ActorId,
		/// Its waiting message.
		message: MessageId,
	},
	/// A message has waited as long as it may.
	EndWait {
		/// The program.
		program: ActorId,
		/// Its waiting message.
		message: MessageId,
	},
	/// A delayed message is to be sent.
	SendDelayed {
		/// The message.
		message: MessageId,
	},
	/// A message has been in the mailbox as long as it may.
	EndMail {
		/// The user.
		user: ActorId,
		/// The message.
		message: MessageId,
	},
	/// A reservation has lasted as long as it may.
	EndReservation {
		/// The program.
		program: ActorId,
		/// The reservation.
		reservation: ReservationId,
	},
	/// A program is gone: wake what waits for it, one message a time, so that it fails.
	WakeAll {
		/// The program.
		program: ActorId,
	},
}

// The derive asks it of the foreign types inside; those are of fixed size.
impl DecodeWithMemTracking for Task {}

/// The place of a task: its block, and how many were scheduled for that block before it.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct TaskKey {
	/// The block in which it is due.
	pub block: u32,
	/// Its place in that block.
	pub index: u32,
}

/// A message that is to be sent in a later block, kept under its id.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Delayed {
	/// The message. Its destination may turn out to be a user.
	pub dispatch: Dispatch,
	/// Whether `dispatch.gas_node` is its own, rather than its parent's.
	pub own_gas: bool,
	/// Its rent, locked in that node.
	pub rent: Rent,
}

/// Messages that one task wakes.
const WOKEN_AT_ONCE: u32 = 64;

/// Rent of a message that is sent `delay` blocks later.
pub(crate) fn rent<S: StateMut>(
	state: &S,
	settings: &Settings,
	delay: u32,
) -> Result<Rent, ApplyError> {
	let now = state.block().height;
	Rent::new(now, delay, settings.schedule.stash_block).ok_or(ApplyError::Unaffordable)
}

/// Keeps a message, paid for and with its value held, to send it `delay` blocks later.
pub(crate) fn delay<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	dispatch: Dispatch,
	own_gas: bool,
	delay: u32,
) -> Result<(), ApplyError> {
	let Message { id, source, destination, .. } = dispatch.message;
	let rent = rent(state, settings, delay)?;
	gas::lock(state, dispatch.gas_node, rent)?;
	let until = state.block().height.saturating_add(delay);
	state.schedule(until, Task::SendDelayed { message: id });
	state.set_delayed(id, Some(Delayed { dispatch, own_gas, rent }));
	state.emit(Event::MessageDelayed { id, source, destination, until });
	Ok(())
}

/// Runs the tasks that are due, in order, while each fits into what is left of `allowance`. Those
/// that do not stay due.
pub(crate) fn run_tasks<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	allowance: Gas,
	report: &mut QueueReport,
) {
	while let Some((key, task)) = state.next_task() {
		let used = report.allowance_used.saturating_add(price(settings, task));
		if used > allowance || !state.has_room_for_task() {
			return;
		}
		report.allowance_used = used;
		report.tasks = report.tasks.saturating_add(1);
		// Also if it fails: what cannot be done in this block can be done in none.
		state.unschedule(key);
		if let Err(error) = state.transact(|state| run(state, settings, task)) {
			state.emit(Event::TaskFailed { task, error });
		}
	}
}

/// What a task costs the block.
fn price(settings: &Settings, task: Task) -> Gas {
	let price = settings.schedule.task;
	match task {
		Task::WakeAll { .. } => price.saturating_mul(WOKEN_AT_ONCE.into()),
		_ => price,
	}
}

fn run<S: StateMut>(state: &mut S, settings: &Settings, task: Task) -> Result<(), ApplyError> {
	match task {
		Task::Wake { program, message } => waitlist::wake(state, program, message),
		Task::EndWait { program, message } => waitlist::expire(state, settings, program, message),
		Task::SendDelayed { message } => route::send_delayed(state, settings, message),
		Task::EndMail { user, message } => mailbox::expire(state, user, message),
		Task::EndReservation { program, reservation } => {
			reservation::release(state, program, reservation)
		}
		Task::WakeAll { program } => {
			for _ in 0..WOKEN_AT_ONCE {
				let Some(message) = state.first_waiting(program) else { return Ok(()) };
				waitlist::wake(state, program, message)?;
			}
			let next = state.block().height.saturating_add(1);
			state.schedule(next, task);
			Ok(())
		}
	}
}
