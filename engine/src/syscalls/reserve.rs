//! Syscalls that set gas aside: for later messages, for a signal, for a reply, for the program.

use super::{Call, Context, Halt, call::Fault};
use crate::{
	ids::{self, ReservationId},
	message::{DispatchKind, Gas},
	rent,
	reservation::Reservation,
};
use alloc::{collections::BTreeMap, vec::Vec};
use gear_core_errors::{ExecutionError, ExtError, ReservationError};

/// The program's reservations, while it runs.
#[derive(Debug)]
pub(crate) struct Reservations {
	/// Those that can be used.
	open: BTreeMap<ReservationId, Open>,
	/// What was done, in order.
	pub(crate) done: Vec<Change>,
	nonce: u64,
}

/// A reservation that can be used.
#[derive(Clone, Copy, Debug)]
struct Open {
	gas: Gas,
	/// What this run took out of its meter for it; `None` if it was there before.
	taken: Option<Gas>,
}

/// What was done to a reservation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
	Reserve { id: ReservationId, gas: Gas, blocks: u32 },
	Unreserve { id: ReservationId },
}

impl Reservations {
	pub(super) fn new(existing: &BTreeMap<ReservationId, Reservation>, nonce: u64) -> Self {
		let open = existing
			.iter()
			.map(|(id, reservation)| (*id, Open { gas: reservation.gas, taken: None }))
			.collect();
		Self { open, done: Vec::new(), nonce }
	}

	/// Number of the next one.
	pub(super) fn next(&self) -> u64 {
		self.nonce
	}

	/// What a reservation that can be used has.
	pub(super) fn gas(&self, id: ReservationId) -> Option<Gas> {
		self.open.get(&id).map(|open| open.gas)
	}

	/// Lets a reservation not be used any more.
	pub(super) fn use_up(&mut self, id: ReservationId) {
		self.open.remove(&id);
	}
}

impl Context {
	fn reserve(&mut self, gas: Gas, blocks: u32) -> Result<ReservationId, ExtError> {
		let schedule = &self.settings.schedule;
		let limits = &self.settings.limits;
		if blocks == 0 {
			return Err(ReservationError::ZeroReservationDuration.into());
		}
		if gas == 0 {
			return Err(ReservationError::ZeroReservationAmount.into());
		}
		if gas < schedule.mailbox_threshold {
			return Err(ReservationError::ReservationBelowMailboxThreshold.into());
		}
		if self.reservations.open.len() >= limits.reservations as usize {
			return Err(ReservationError::ReservationsLimitReached.into());
		}
		let taken = rent::price_of(&self.settings, schedule.reservation_block, blocks)
			.and_then(|rent| gas.checked_add(rent))
			.ok_or(ExecutionError::NotEnoughGas)?;
		if !self.meter.pass_on(taken) {
			return Err(ExecutionError::NotEnoughGas.into());
		}
		let nonce = self.reservations.nonce;
		self.reservations.nonce = nonce.saturating_add(1);
		let id = ids::reservation_id(self.message.id, nonce);
		self.reservations.open.insert(id, Open { gas, taken: Some(taken) });
		self.reservations.done.push(Change::Reserve { id, gas, blocks });
		Ok(id)
	}

	/// Gives a reservation up. What this run has reserved is its own again at once; the rest goes
	/// back to who paid it.
	fn unreserve(&mut self, id: ReservationId) -> Result<Gas, ExtError> {
		let Some(Open { gas, taken }) = self.reservations.open.remove(&id) else {
			return Err(ReservationError::InvalidReservationId.into());
		};
		match taken {
			Some(taken) => {
				self.meter.take_back(taken);
				let made = |change: &Change| matches!(change, Change::Reserve { id: made, .. } if *made == id);
				self.reservations.done.retain(|change| !made(change));
			}
			None => self.reservations.done.push(Change::Unreserve { id }),
		}
		Ok(gas)
	}
}

pub(super) fn reserve_gas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (gas, blocks, err) = (call.u64(0), call.u32(1), call.u32(2));
	call.pay_task()?;
	let result = call.context().reserve(gas, blocks);
	call.answer(err, result.map(ReservationId::into_bytes).map_err(Fault::from))
}

pub(super) fn unreserve_gas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (id, err) = (call.u32(0), call.u32(1));
	let id = call.hash(id)?;
	let result = call.context().unreserve(id.into());
	call.answer(err, result.map(Gas::to_le_bytes).map_err(Fault::from))
}

pub(super) fn system_reserve_gas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (gas, err) = (call.u64(0), call.u32(1));
	let context = call.context();
	// Of a signal's failure there is no signal.
	if context.kind == DispatchKind::Signal {
		return Err(Halt::Misuse);
	}
	let result = if gas == 0 {
		Err(ReservationError::ZeroReservationAmount.into())
	} else if context.meter.pass_on(gas) {
		context.for_signal = context.for_signal.saturating_add(gas);
		Ok([])
	} else {
		Err(ExecutionError::NotEnoughGas.into())
	};
	call.answer(err, result)
}

pub(super) fn reply_deposit(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (message, gas, err) = (call.u32(0), call.u64(1), call.u32(2));
	let message = call.hash(message)?;
	let result = call.context().deposit(message.into(), gas);
	call.answer(err, result.map(|()| []).map_err(Fault::from))
}

/// `gw_gas_charge`, which Gear does not have: gas of the message becomes funds of the program.
pub(super) fn gas_charge(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (gas, err) = (call.u64(0), call.u32(1));
	let context = call.context();
	let result = if context.meter.pass_on(gas) {
		context.gas_bought = context.gas_bought.saturating_add(gas);
		Ok([])
	} else {
		Err(ExecutionError::NotEnoughGas.into())
	};
	call.answer(err, result)
}
