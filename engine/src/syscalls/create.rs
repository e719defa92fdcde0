//! Syscalls that make programs.

use super::{
	Call, Halt,
	call::{Addressed, Fault},
	context::Terms,
};
use crate::journal::SendGas;
use gear_core_errors::MessageError;

pub(super) fn create_program(call: &mut Call<'_>) -> Result<u32, Halt> {
	let terms = Terms { gas: SendGas::Shared, delay: call.u32(5) };
	let result = create(call, terms);
	call.answer(call.u32(6), result)
}

pub(super) fn create_program_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let terms = Terms { gas: SendGas::Limit(call.u64(5)), delay: call.u32(6) };
	let result = create(call, terms);
	call.answer(call.u32(7), result)
}

/// Makes a program. The answer is the id of its first message, and its own.
fn create(call: &mut Call<'_>, terms: Terms) -> Result<[u8; 64], Fault> {
	let (code, salt, salt_len) = (call.u32(0), call.u32(1), call.u32(2));
	let (payload, payload_len) = (call.u32(3), call.u32(4));
	let Addressed { destination: code, value } = call.addressed(code)?;
	let limit = call.context().settings.limits.salt_len;
	if salt_len > limit {
		return Err(MessageError::MaxMessageSizeExceed.into());
	}
	let salt = call.bytes(salt, salt_len, limit).map_err(Fault::Halt)?;
	let payload = call.payload(payload, payload_len)?;
	call.pay_send(terms.delay).map_err(Fault::Halt)?;
	let (message, program) = call.context().create(code.into(), &salt, payload, value, terms)?;
	let mut ids = [0; 64];
	let (first, second) = ids.split_at_mut(32);
	first.copy_from_slice(message.as_ref());
	second.copy_from_slice(program.as_ref());
	Ok(ids)
}
