//! Syscalls that interrupt the handling of a message, and resume it.

use super::{Call, Context, Halt, call::Fault};
use crate::{
	ids::MessageId,
	rent::{self, blocks_for},
	waitlist::Expiry,
};
use gear_core_errors::{ExecutionError, ExtError, MessageError};

/// How a message waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wait {
	/// At most for so many blocks.
	pub(crate) blocks: u32,
	/// What happens then.
	pub(crate) expiry: Expiry,
}

impl Context {
	/// Buys all of `blocks`, if they can be had.
	fn wait_for(&mut self, blocks: u32) -> Option<Wait> {
		let price = self.settings.schedule.waitlist_block;
		let rent = rent::price_of(&self.settings, price, blocks)?;
		self.meter.pass_on(rent).then_some(Wait { blocks, expiry: Expiry::Wake })
	}

	/// Buys what half of the gas buys, if it is anything: the other half is left to the messages
	/// that share it, and to this run's end.
	fn wait_long(&mut self) -> Option<Wait> {
		let price = self.settings.schedule.waitlist_block;
		let limit = self.settings.limits.storage_blocks;
		let blocks = blocks_for(self.meter.left() / 2, price, limit);
		let wait = self.wait_for(blocks).filter(|_| blocks > 0)?;
		Some(Wait { expiry: Expiry::Remove, ..wait })
	}

	fn wake(&mut self, message: MessageId, delay: u32) -> Result<(), ExtError> {
		if delay > self.settings.limits.storage_blocks {
			return Err(ExecutionError::NotEnoughGas.into());
		}
		if self.wakes.len() >= self.settings.limits.outgoing_messages as usize {
			return Err(MessageError::OutgoingMessagesAmountLimitExceeded.into());
		}
		if !self.woken.insert(message) {
			return Err(MessageError::DuplicateWaking.into());
		}
		self.wakes.push((message, delay));
		Ok(())
	}
}

/// Waits until woken, or until half of the gas is used up.
pub(super) fn wait(call: &mut Call<'_>) -> Result<u32, Halt> {
	call.pay_task()?;
	stop(call.context().wait_long())
}

/// Waits until woken, and so many blocks at most. There has to be gas for them.
pub(super) fn wait_for(call: &mut Call<'_>) -> Result<u32, Halt> {
	let blocks = duration(call)?;
	call.pay_task()?;
	stop(call.context().wait_for(blocks))
}

/// Waits until woken, and so many blocks at most, or fewer if there is not gas for them all.
pub(super) fn wait_up_to(call: &mut Call<'_>) -> Result<u32, Halt> {
	let blocks = duration(call)?;
	call.pay_task()?;
	let context = call.context();
	let wait = context.wait_for(blocks).or_else(|| context.wait_long());
	stop(wait)
}

fn duration(call: &Call<'_>) -> Result<u32, Halt> {
	match call.u32(0) {
		0 => Err(Halt::Misuse),
		blocks => Ok(blocks),
	}
}

fn stop(wait: Option<Wait>) -> Result<u32, Halt> {
	Err(wait.map_or(Halt::OutOfGas, Halt::Wait))
}

pub(super) fn wake(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (message, delay, err) = (call.u32(0), call.u32(1), call.u32(2));
	let message = call.hash(message)?;
	call.pay_task()?;
	let result = call.context().wake(message.into(), delay);
	call.answer(err, result.map(|()| []).map_err(Fault::from))
}
