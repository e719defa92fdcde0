//! Syscalls that ask: about the message, the program, the block.

use super::{Call, Halt, context::Fault};
use gear_core_errors::ExecutionError;

pub(super) fn block_height(call: &mut Call<'_>) -> Result<u32, Halt> {
	let height = call.context().block.height;
	call.put(call.u32(0), &height.to_le_bytes())
}

pub(super) fn block_timestamp(call: &mut Call<'_>) -> Result<u32, Halt> {
	let timestamp = call.context().block.timestamp;
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
