//! Syscalls that ask: about the message, the program, the block.

use super::{Call, Halt, call::Fault};
use crate::{gas::GasPrice, ids, state::Randomness};
use alloc::vec::Vec;
use gear_core_errors::ExecutionError;

pub(super) fn block_height(call: &mut Call<'_>) -> Result<u32, Halt> {
	let height = call.context().world.block.height;
	call.put(call.u32(0), &height.to_le_bytes())
}

pub(super) fn block_timestamp(call: &mut Call<'_>) -> Result<u32, Halt> {
	let timestamp = call.context().world.block.timestamp;
	call.put(call.u32(0), &timestamp.to_le_bytes())
}

pub(super) fn gas_available(call: &mut Call<'_>) -> Result<u32, Halt> {
	let gas = call.context().meter.left();
	call.put(call.u32(0), &gas.to_le_bytes())
}

pub(super) fn message_id(call: &mut Call<'_>) -> Result<u32, Halt> {
	let id = call.context().message.id;
	call.put(call.u32(0), id.as_ref())
}

pub(super) fn program_id(call: &mut Call<'_>) -> Result<u32, Halt> {
	let id = call.context().message.destination;
	call.put(call.u32(0), id.as_ref())
}

pub(super) fn source(call: &mut Call<'_>) -> Result<u32, Halt> {
	let id = call.context().message.source;
	call.put(call.u32(0), id.as_ref())
}

pub(super) fn value(call: &mut Call<'_>) -> Result<u32, Halt> {
	let value = call.context().message.value;
	call.put(call.u32(0), &value.to_le_bytes())
}

pub(super) fn value_available(call: &mut Call<'_>) -> Result<u32, Halt> {
	let value = call.context().value_available;
	call.put(call.u32(0), &value.to_le_bytes())
}

pub(super) fn size(call: &mut Call<'_>) -> Result<u32, Halt> {
	// A payload is no longer than the limit of an u32.
	let size = call.context().message.payload.len() as u32;
	call.put(call.u32(0), &size.to_le_bytes())
}

pub(super) fn read(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (offset, len, buffer, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = copy_payload(call, offset, len, buffer);
	call.answer(err, result)
}

fn copy_payload(call: &mut Call<'_>, offset: u32, len: u32, buffer: u32) -> Result<[u8; 0], Fault> {
	let end = offset.checked_add(len).ok_or(ExecutionError::TooBigReadLen)?;
	if end as usize > call.context().message.payload.len() {
		return Err(ExecutionError::ReadWrongRange.into());
	}
	call.pay_copy(len as usize).map_err(Fault::Halt)?;
	call.reach(buffer, len).map_err(Fault::Halt)?;
	let Call { guest, context, .. } = call;
	let bytes = context
		.message
		.payload
		.get(offset as usize..end as usize)
		.ok_or(ExecutionError::ReadWrongRange)?;
	guest.write(buffer, bytes).map_err(Fault::halt)?;
	Ok([])
}

pub(super) fn reply_to(call: &mut Call<'_>) -> Result<u32, Halt> {
	let result = match call.context().message.reply {
		Some(reply) => Ok(reply.to.into_bytes()),
		None => Err(ExecutionError::NoReplyContext.into()),
	};
	call.answer(call.u32(0), result)
}

pub(super) fn reply_code(call: &mut Call<'_>) -> Result<u32, Halt> {
	let result = match call.context().message.reply {
		Some(reply) => Ok(reply.code.to_bytes()),
		None => Err(ExecutionError::NoReplyContext.into()),
	};
	call.answer(call.u32(0), result)
}

pub(super) fn signal_from(call: &mut Call<'_>) -> Result<u32, Halt> {
	let result = match call.context().signal {
		Some(signal) => Ok(signal.to.into_bytes()),
		None => Err(ExecutionError::NoSignalContext.into()),
	};
	call.answer(call.u32(0), result)
}

pub(super) fn signal_code(call: &mut Call<'_>) -> Result<u32, Halt> {
	let result = match call.context().signal {
		Some(signal) => Ok(signal.code.to_u32().to_le_bytes()),
		None => Err(ExecutionError::NoSignalContext.into()),
	};
	call.answer(call.u32(0), result)
}

/// The hash of the subject and the chain's seed, behind the block that the seed is of.
pub(super) fn random(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (subject, to) = (call.u32(0), call.u32(1));
	let subject = call.hash(subject)?;
	let Randomness { seed, block } = call.context().world.randomness;
	let mut answer = [0; 36];
	let (first, second) = answer.split_at_mut(4);
	first.copy_from_slice(&block.to_le_bytes());
	second.copy_from_slice(&ids::random(subject, seed));
	call.put(to, &answer)
}

/// The only version of `EnvVars` there is.
const ENV_VARS: u32 = 1;

/// `EnvVars` of `gsys`: packed performance multiplier (percent), existential deposit, mailbox
/// threshold, and what gas costs: gas per value, value per gas, one of them 0.
pub(super) fn env_vars(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (version, to) = (call.u32(0), call.u32(1));
	if version != ENV_VARS {
		return Err(Halt::Misuse);
	}
	let context = call.context();
	let (gas_per_value, value_per_gas) = match context.world.gas_price {
		GasPrice::GasPerValue(gas) => (gas, 0),
		GasPrice::ValuePerGas(value) => (0, value),
	};
	// As `gsys` has the price of one for one.
	let gas_per_value = if value_per_gas == 1 { 1 } else { gas_per_value };
	let mut vars = Vec::with_capacity(52);
	vars.extend_from_slice(&100u32.to_le_bytes());
	vars.extend_from_slice(&context.world.existential_deposit.to_le_bytes());
	vars.extend_from_slice(&context.settings.schedule.mailbox_threshold.to_le_bytes());
	vars.extend_from_slice(&gas_per_value.to_le_bytes());
	vars.extend_from_slice(&value_per_gas.to_le_bytes());
	call.put(to, &vars)
}
