//! Gas that a program sets aside, to send messages with later.

use crate::{
	gas,
	ids::{self, ActorId, MessageId, ReservationId},
	message::Gas,
	rent::Rent,
	schedule::{Task, TaskKey},
	settings::Settings,
	state::{ApplyError, StateMut},
};
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

/// Sets `gas` and its rent aside for `program`, out of `parent`'s node.
pub(crate) fn reserve<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	parent: MessageId,
	program: ActorId,
	id: ReservationId,
	gas: Gas,
	blocks: u32,
) -> Result<(), ApplyError> {
	let mut owner = state.program(program).ok_or(ApplyError::NoProgram(program))?;
	let now = state.block().height;
	let overspent = ApplyError::GasOverspent(parent);
	let rent = Rent::new(now, blocks, settings.schedule.reservation_block).ok_or(overspent)?;
	let node = ids::reservation_node(id);
	gas::split(state, parent, node, gas.checked_add(rent.locked).ok_or(overspent)?)?;
	gas::lock(state, node, rent)?;
	let end = state
		.schedule(now.saturating_add(blocks), Task::EndReservation { program, reservation: id });
	owner.reservations.insert(id, Reservation { gas, rent, end });
	state.set_program(program, owner);
	Ok(())
}

/// Makes a reservation pay for a message: its gas node is the message's from now on.
pub(crate) fn use_up<S: StateMut>(
	state: &mut S,
	program: ActorId,
	id: ReservationId,
) -> Result<MessageId, ApplyError> {
	let reservation = take(state, program, id)?.ok_or(ApplyError::NoReservation(program, id))?;
	state.unschedule(reservation.end);
	let node = ids::reservation_node(id);
	gas::settle(state, node, reservation.rent)?;
	Ok(node)
}

/// Gives a reservation's gas back to who paid it, if there is such a reservation.
pub(crate) fn release<S: StateMut>(
	state: &mut S,
	program: ActorId,
	id: ReservationId,
) -> Result<(), ApplyError> {
	match take(state, program, id)? {
		Some(reservation) => close(state, id, reservation),
		None => Ok(()),
	}
}

/// Gives the gas of a reservation that its program does not have any more back to who paid it.
pub(crate) fn close<S: StateMut>(
	state: &mut S,
	id: ReservationId,
	reservation: Reservation,
) -> Result<(), ApplyError> {
	state.unschedule(reservation.end);
	let node = ids::reservation_node(id);
	gas::settle(state, node, reservation.rent)?;
	gas::release(state, node)
}

fn take<S: StateMut>(
	state: &mut S,
	program: ActorId,
	id: ReservationId,
) -> Result<Option<Reservation>, ApplyError> {
	let mut owner = state.program(program).ok_or(ApplyError::NoProgram(program))?;
	let reservation = owner.reservations.remove(&id);
	if reservation.is_some() {
		state.set_program(program, owner);
	}
	Ok(reservation)
}
