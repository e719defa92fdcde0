//! Syscalls that reply.

use super::{Call, Halt, context::Fault};
use crate::{ids::MessageId, message::Gas};
use alloc::vec::Vec;
use gear_core_errors::ExtError;

/// Adds to the reply and sends it, or does nothing.
fn whole(
	call: &mut Call<'_>,
	payload: Vec<u8>,
	gas_limit: Option<Gas>,
	value: u32,
) -> Result<[u8; 32], Fault> {
	let value = call.value(value)?;
	call.pay_send().map_err(Fault::Halt)?;
	let context = call.context();
	let before = context.reply_draft.len();
	let sent = context.reply_push(&payload).and_then(|()| context.reply_commit(value, gas_limit));
	if sent.is_err() {
		context.reply_draft.truncate(before);
	}
	Ok(sent.map(MessageId::into_bytes).map_err(late_is_duplicate)?)
}

/// To add to a reply that is sent is late; to send another is a duplicate.
fn late_is_duplicate(error: ExtError) -> ExtError {
	use gear_core_errors::MessageError::{DuplicateReply, LateAccess};
	if error == LateAccess.into() { DuplicateReply.into() } else { error }
}

pub(super) fn reply(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (at, len, value, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = call.payload(at, len).and_then(|payload| whole(call, payload, None, value));
	call.answer(err, result)
}

pub(super) fn reply_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (at, len, gas, value, err) =
		(call.u32(0), call.u32(1), call.u64(2), call.u32(3), call.u32(4));
	let result = call.payload(at, len).and_then(|payload| whole(call, payload, Some(gas), value));
	call.answer(err, result)
}

pub(super) fn reply_input(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (offset, len, value, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = call.input(offset, len).and_then(|payload| whole(call, payload, None, value));
	call.answer(err, result)
}

pub(super) fn reply_input_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (offset, len, gas, value, err) =
		(call.u32(0), call.u32(1), call.u64(2), call.u32(3), call.u32(4));
	let result = call.input(offset, len).and_then(|payload| whole(call, payload, Some(gas), value));
	call.answer(err, result)
}

pub(super) fn reply_push(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (at, len, err) = (call.u32(0), call.u32(1), call.u32(2));
	let result = call
		.payload(at, len)
		.and_then(|payload| Ok(call.context().reply_push(&payload).map(|()| [])?));
	call.answer(err, result)
}

pub(super) fn reply_push_input(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (offset, len, err) = (call.u32(0), call.u32(1), call.u32(2));
	let result = call
		.input(offset, len)
		.and_then(|payload| Ok(call.context().reply_push(&payload).map(|()| [])?));
	call.answer(err, result)
}

pub(super) fn reply_commit(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (value, err) = (call.u32(0), call.u32(1));
	let result = whole(call, Vec::new(), None, value);
	call.answer(err, result)
}

pub(super) fn reply_commit_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (gas, value, err) = (call.u64(0), call.u32(1), call.u32(2));
	let result = whole(call, Vec::new(), Some(gas), value);
	call.answer(err, result)
}
