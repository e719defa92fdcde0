//! Syscalls that reply.

use super::{
	Call, Halt,
	call::{Addressed, Fault},
};
use crate::{ids::MessageId, journal::SendGas, message::Value};
use alloc::vec::Vec;
use gear_core_errors::ExtError;

/// Adds to the reply and sends it, or does nothing.
fn whole(
	call: &mut Call<'_>,
	payload: Vec<u8>,
	gas: SendGas,
	value: Value,
) -> Result<[u8; 32], Fault> {
	call.pay_send(0).map_err(Fault::Halt)?;
	let context = call.context();
	let before = context.reply_draft.len();
	let sent = context.reply_push(&payload).and_then(|()| context.reply_commit(value, gas));
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

fn payload(
	call: &mut Call<'_>,
	at: u32,
	len: u32,
	gas: SendGas,
	value: u32,
) -> Result<[u8; 32], Fault> {
	let payload = call.payload(at, len)?;
	let value = call.value(value)?;
	whole(call, payload, gas, value)
}

fn input(
	call: &mut Call<'_>,
	offset: u32,
	len: u32,
	gas: SendGas,
	value: u32,
) -> Result<[u8; 32], Fault> {
	let payload = call.input(offset, len)?;
	let value = call.value(value)?;
	whole(call, payload, gas, value)
}

pub(super) fn reply(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (at, len, value, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = payload(call, at, len, SendGas::Shared, value);
	call.answer(err, result)
}

pub(super) fn reply_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (at, len, gas, value, err) =
		(call.u32(0), call.u32(1), call.u64(2), call.u32(3), call.u32(4));
	let result = payload(call, at, len, SendGas::Limit(gas), value);
	call.answer(err, result)
}

pub(super) fn reply_input(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (offset, len, value, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = input(call, offset, len, SendGas::Shared, value);
	call.answer(err, result)
}

pub(super) fn reply_input_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (offset, len, gas, value, err) =
		(call.u32(0), call.u32(1), call.u64(2), call.u32(3), call.u32(4));
	let result = input(call, offset, len, SendGas::Limit(gas), value);
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
	let result =
		call.value(value).and_then(|value| whole(call, Vec::new(), SendGas::Shared, value));
	call.answer(err, result)
}

pub(super) fn reply_commit_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (gas, value, err) = (call.u64(0), call.u32(1), call.u32(2));
	let result =
		call.value(value).and_then(|value| whole(call, Vec::new(), SendGas::Limit(gas), value));
	call.answer(err, result)
}

pub(super) fn reservation_reply(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (from, at, len, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = call.addressed(from).and_then(|from| {
		let payload = call.payload(at, len)?;
		reserved(call, payload, from)
	});
	call.answer(err, result)
}

pub(super) fn reservation_reply_commit(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (from, err) = (call.u32(0), call.u32(1));
	let result = call.addressed(from).and_then(|from| reserved(call, Vec::new(), from));
	call.answer(err, result)
}

/// Replies with the gas of a reservation: its id stands where others have a destination.
fn reserved(call: &mut Call<'_>, payload: Vec<u8>, from: Addressed) -> Result<[u8; 32], Fault> {
	let Addressed { destination: id, value } = from;
	whole(call, payload, SendGas::Reserved(id.into()), value)
}
