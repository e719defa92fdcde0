//! Gas that a program sets aside, to send messages with later.

use crate::{
	gas,
	ids::{self, ActorId, MessageId, ReservationId},
	message::Gas,
	rent::{self, Lease},
	schedule::Task,
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
	/// Its time, which the reservation's node pays for.
	pub lease: Lease,
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
	let price = settings.schedule.reservation_block;
	let with_rent = rent::price_of(settings, price, blocks).and_then(|rent| gas.checked_add(rent));
	let node = ids::reservation_node(id);
	gas::split(state, parent, node, with_rent.ok_or(ApplyError::GasOverspent(parent))?)?;
	let task = Task::EndReservation { program, reservation: id };
	let lease = Lease::take(state, node, price, blocks, task)?;
	owner.reservations.insert(id, Reservation { gas, lease });
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
	let node = ids::reservation_node(id);
	reservation.lease.end(state, node)?;
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
	let node = ids::reservation_node(id);
	reservation.lease.end(state, node)?;
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
