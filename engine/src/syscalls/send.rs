//! Syscalls that send messages.

use super::{
	Call, Halt,
	context::{Addressed, Fault},
};
use crate::{ids::MessageId, message::Gas};
use alloc::vec::Vec;
use gear_core_errors::ExtError;

/// Messages that wait for a later block are not supported yet: the program is told.
fn no_delay(delay: u32) -> Result<(), Fault> {
	if delay == 0 { Ok(()) } else { Err(ExtError::Unsupported.into()) }
}

/// Begins, fills and sends a message, or does nothing.
fn whole(
	call: &mut Call<'_>,
	to: Addressed,
	payload: Vec<u8>,
	gas_limit: Option<Gas>,
	delay: u32,
) -> Result<[u8; 32], Fault> {
	no_delay(delay)?;
	call.pay_send().map_err(Fault::Halt)?;
	let context = call.context();
	let handle = context.begin()?;
	let bytes = context.outgoing_bytes;
	let sent = context
		.push(handle, &payload)
		.map_err(ExtError::from)
		.and_then(|()| context.commit(handle, to, gas_limit));
	if sent.is_err() {
		context.drafts.pop();
		context.outgoing_bytes = bytes;
	}
	Ok(sent.map(MessageId::into_bytes)?)
}

pub(super) fn send(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, at, len, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u32(3), call.u32(4));
	let result = payload_to(call, to, at, len, None, delay);
	call.answer(err, result)
}

pub(super) fn send_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, at, len, gas, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u64(3), call.u32(4), call.u32(5));
	let result = payload_to(call, to, at, len, Some(gas), delay);
	call.answer(err, result)
}

fn payload_to(
	call: &mut Call<'_>,
	to: u32,
	at: u32,
	len: u32,
	gas: Option<Gas>,
	delay: u32,
) -> Result<[u8; 32], Fault> {
	let to = call.addressed(to)?;
	let payload = call.payload(at, len)?;
	whole(call, to, payload, gas, delay)
}

pub(super) fn send_input(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, offset, len, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u32(3), call.u32(4));
	let result = input_to(call, to, offset, len, None, delay);
	call.answer(err, result)
}

pub(super) fn send_input_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, offset, len, gas, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u64(3), call.u32(4), call.u32(5));
	let result = input_to(call, to, offset, len, Some(gas), delay);
	call.answer(err, result)
}

fn input_to(
	call: &mut Call<'_>,
	to: u32,
	offset: u32,
	len: u32,
	gas: Option<Gas>,
	delay: u32,
) -> Result<[u8; 32], Fault> {
	let to = call.addressed(to)?;
	let payload = call.input(offset, len)?;
	whole(call, to, payload, gas, delay)
}

pub(super) fn send_init(call: &mut Call<'_>) -> Result<u32, Halt> {
	let err = call.u32(0);
	let result = call.context().begin().map(u32::to_le_bytes).map_err(Fault::from);
	call.answer(err, result)
}

pub(super) fn send_push(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (handle, at, len, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = call
		.payload(at, len)
		.and_then(|payload| Ok(call.context().push(handle, &payload).map(|()| [])?));
	call.answer(err, result)
}

pub(super) fn send_push_input(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (handle, offset, len, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = call
		.input(offset, len)
		.and_then(|payload| Ok(call.context().push(handle, &payload).map(|()| [])?));
	call.answer(err, result)
}

pub(super) fn send_commit(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (handle, to, delay, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = commit(call, handle, to, None, delay);
	call.answer(err, result)
}

pub(super) fn send_commit_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (handle, to, gas, delay, err) =
		(call.u32(0), call.u32(1), call.u64(2), call.u32(3), call.u32(4));
	let result = commit(call, handle, to, Some(gas), delay);
	call.answer(err, result)
}

fn commit(
	call: &mut Call<'_>,
	handle: u32,
	to: u32,
	gas: Option<Gas>,
	delay: u32,
) -> Result<[u8; 32], Fault> {
	no_delay(delay)?;
	let to = call.addressed(to)?;
	call.pay_send().map_err(Fault::Halt)?;
	Ok(call.context().commit(handle, to, gas).map(MessageId::into_bytes)?)
}
