//! How a syscall gets at its arguments and the program's memory, and how it answers.

use super::{Call, Context, Halt};
use crate::{ids::ReservationId, message::Value};
use alloc::vec::Vec;
use gear_core_errors::{ExtError, MessageError};

/// Instead of a value's address: there is none.
const NO_VALUE: u32 = u32::MAX;

/// Who a message is for, and what goes along: `HashWithValue` of `gsys`.
pub(super) struct Addressed {
	pub(super) destination: [u8; 32],
	pub(super) value: Value,
}

/// Why a fallible syscall fails.
pub(super) enum Fault {
	/// The program is told.
	Code(ExtError),
	/// The program is stopped.
	Halt(Halt),
}

impl<E: Into<ExtError>> From<E> for Fault {
	fn from(error: E) -> Self {
		Self::Code(error.into())
	}
}

impl Fault {
	pub(super) fn halt(halt: impl Into<Halt>) -> Self {
		Self::Halt(halt.into())
	}
}

impl Call<'_> {
	pub(super) fn context(&mut self) -> &mut Context {
		self.context
	}

	/// The argument at `index`, an i32 or an address. Signatures were checked at upload, so it is
	/// there.
	pub(super) fn u32(&self, index: usize) -> u32 {
		// Backends hand i32 over zero-extended.
		self.u64(index) as u32
	}

	/// The argument at `index`, an i64.
	pub(super) fn u64(&self, index: usize) -> u64 {
		self.args.get(index).copied().unwrap_or(0)
	}

	/// Pays for the copy of `len` bytes.
	pub(super) fn pay_copy(&mut self, len: usize) -> Result<(), Halt> {
		let price = self.context.settings.schedule.syscall_byte;
		self.context.meter.charge(price.saturating_mul(len as u64))
	}

	/// Pays for a message that is sent.
	pub(super) fn pay_send(&mut self, delay: u32) -> Result<(), Halt> {
		let price = self.context.settings.schedule.send;
		self.context.meter.charge(price)?;
		if delay > 0 { self.pay_task() } else { Ok(()) }
	}

	/// Pays for something that is to be done in a later block.
	pub(super) fn pay_task(&mut self) -> Result<(), Halt> {
		let price = self.context.settings.schedule.task;
		self.context.meter.charge(price)
	}

	/// Makes `len` bytes of the program's memory be there, and pays for what is read from storage.
	pub(super) fn reach(&mut self, at: u32, len: u32) -> Result<(), Halt> {
		let missing = self.guest.missing(at, len)?;
		let price = self.context.settings.schedule.chunk_read;
		self.context.meter.charge(price.saturating_mul(missing.into()))?;
		Ok(self.guest.touch(at, len)?)
	}

	/// Reads as many bytes of the program's memory as `into` holds.
	pub(super) fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), Halt> {
		self.reach(at, into.len() as u32)?;
		Ok(self.guest.read(at, into)?)
	}

	/// Writes into the program's memory.
	pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Halt> {
		self.reach(at, bytes.len() as u32)?;
		Ok(self.guest.write(at, bytes)?)
	}

	/// Bytes of the program's memory, at most `limit` of them.
	pub(super) fn bytes(&mut self, at: u32, len: u32, limit: u32) -> Result<Vec<u8>, Halt> {
		let len = len.min(limit) as usize;
		self.pay_copy(len)?;
		let mut bytes = alloc::vec![0; len];
		self.read(at, &mut bytes)?;
		Ok(bytes)
	}

	/// A payload in the program's memory.
	pub(super) fn payload(&mut self, at: u32, len: u32) -> Result<Vec<u8>, Fault> {
		let limit = self.context.settings.limits.payload_len;
		if len > limit {
			return Err(MessageError::MaxMessageSizeExceed.into());
		}
		self.bytes(at, len, limit).map_err(Fault::Halt)
	}

	/// A piece of the message's own payload, to be sent on.
	pub(super) fn input(&mut self, offset: u32, len: u32) -> Result<Vec<u8>, Fault> {
		let bytes = self.context.input(offset, len)?.to_vec();
		self.pay_copy(bytes.len()).map_err(Fault::Halt)?;
		Ok(bytes)
	}

	/// 32 bytes of the program's memory.
	pub(super) fn hash(&mut self, at: u32) -> Result<[u8; 32], Halt> {
		let mut hash = [0; 32];
		self.read(at, &mut hash)?;
		Ok(hash)
	}

	/// A value in the program's memory.
	fn value_at(&mut self, at: u32) -> Result<Value, Halt> {
		let mut value = [0; 16];
		self.read(at, &mut value)?;
		Ok(Value::from_le_bytes(value))
	}

	/// A value in the program's memory, or 0 if it gives none.
	pub(super) fn value(&mut self, at: u32) -> Result<Value, Fault> {
		if at == NO_VALUE { Ok(0) } else { self.value_at(at).map_err(Fault::Halt) }
	}

	/// A destination followed by a value.
	pub(super) fn addressed(&mut self, at: u32) -> Result<Addressed, Fault> {
		let destination = self.hash(at).map_err(Fault::Halt)?;
		let value = match at.checked_add(32) {
			Some(at) => self.value_at(at),
			None => Err(Halt::Misuse),
		};
		Ok(Addressed { destination, value: value.map_err(Fault::Halt)? })
	}

	/// A reservation followed by a destination and a value: `TwoHashesWithValue` of `gsys`.
	pub(super) fn reserved_addressed(
		&mut self,
		at: u32,
	) -> Result<(ReservationId, Addressed), Fault> {
		let reservation = self.hash(at).map_err(Fault::Halt)?;
		let to = at.checked_add(32).ok_or(Fault::Halt(Halt::Misuse))?;
		Ok((reservation.into(), self.addressed(to)?))
	}

	/// Writes the result of an infallible syscall.
	pub(super) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<u32, Halt> {
		self.write(at, bytes)?;
		Ok(0)
	}

	/// Writes the result of a fallible syscall: an error code, 0 if all is well, and the rest.
	pub(super) fn answer<const N: usize>(
		&mut self,
		at: u32,
		result: Result<[u8; N], Fault>,
	) -> Result<u32, Halt> {
		let (code, rest) = match result {
			Ok(rest) => (0, rest),
			Err(Fault::Code(error)) => (error.to_u32(), [0; N]),
			Err(Fault::Halt(halt)) => return Err(halt),
		};
		let mut bytes = Vec::with_capacity(4 + N);
		bytes.extend_from_slice(&code.to_le_bytes());
		bytes.extend_from_slice(&rest);
		self.put(at, &bytes)
	}
}
