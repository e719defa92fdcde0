//! Syscalls that send messages.

use super::{
	Call, Halt,
	call::{Addressed, Fault},
	context::Terms,
};
use crate::{ids::MessageId, journal::SendGas, message::Gas};
use alloc::vec::Vec;
use gear_core_errors::ExtError;

/// At the expense of the message that is being handled.
fn shared(delay: u32) -> Terms {
	Terms { gas: SendGas::Shared, delay }
}

/// With a gas limit of its own.
fn limited(gas: Gas, delay: u32) -> Terms {
	Terms { gas: SendGas::Limit(gas), delay }
}

/// Begins, fills and sends a message, or does nothing.
fn whole(
	call: &mut Call<'_>,
	to: Addressed,
	payload: Vec<u8>,
	terms: Terms,
) -> Result<[u8; 32], Fault> {
	call.pay_send(terms.delay).map_err(Fault::Halt)?;
	let context = call.context();
	let handle = context.begin()?;
	let bytes = context.outgoing_bytes;
	let sent = context
		.push(handle, &payload)
		.map_err(ExtError::from)
		.and_then(|()| context.commit(handle, to, terms));
	if sent.is_err() {
		context.drafts.pop();
		context.outgoing_bytes = bytes;
	}
	Ok(sent.map(MessageId::into_bytes)?)
}

pub(super) fn send(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, at, len, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u32(3), call.u32(4));
	let result = payload_to(call, to, at, len, shared(delay));
	call.answer(err, result)
}

pub(super) fn send_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, at, len, gas, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u64(3), call.u32(4), call.u32(5));
	let result = payload_to(call, to, at, len, limited(gas, delay));
	call.answer(err, result)
}

fn payload_to(
	call: &mut Call<'_>,
	to: u32,
	at: u32,
	len: u32,
	terms: Terms,
) -> Result<[u8; 32], Fault> {
	let to = call.addressed(to)?;
	let payload = call.payload(at, len)?;
	whole(call, to, payload, terms)
}

pub(super) fn send_input(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, offset, len, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u32(3), call.u32(4));
	let result = input_to(call, to, offset, len, shared(delay));
	call.answer(err, result)
}

pub(super) fn send_input_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, offset, len, gas, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u64(3), call.u32(4), call.u32(5));
	let result = input_to(call, to, offset, len, limited(gas, delay));
	call.answer(err, result)
}

fn input_to(
	call: &mut Call<'_>,
	to: u32,
	offset: u32,
	len: u32,
	terms: Terms,
) -> Result<[u8; 32], Fault> {
	let to = call.addressed(to)?;
	let payload = call.input(offset, len)?;
	whole(call, to, payload, terms)
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
	let result = call.addressed(to).and_then(|to| commit(call, handle, to, shared(delay)));
	call.answer(err, result)
}

pub(super) fn send_commit_wgas(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (handle, to, gas, delay, err) =
		(call.u32(0), call.u32(1), call.u64(2), call.u32(3), call.u32(4));
	let result = call.addressed(to).and_then(|to| commit(call, handle, to, limited(gas, delay)));
	call.answer(err, result)
}

fn commit(
	call: &mut Call<'_>,
	handle: u32,
	to: Addressed,
	terms: Terms,
) -> Result<[u8; 32], Fault> {
	call.pay_send(terms.delay).map_err(Fault::Halt)?;
	Ok(call.context().commit(handle, to, terms).map(MessageId::into_bytes)?)
}

pub(super) fn reservation_send(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (to, at, len, delay, err) =
		(call.u32(0), call.u32(1), call.u32(2), call.u32(3), call.u32(4));
	let result = call.reserved_addressed(to).and_then(|(id, to)| {
		let payload = call.payload(at, len)?;
		whole(call, to, payload, Terms { gas: SendGas::Reserved(id), delay })
	});
	call.answer(err, result)
}

pub(super) fn reservation_send_commit(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (handle, to, delay, err) = (call.u32(0), call.u32(1), call.u32(2), call.u32(3));
	let result = call
		.reserved_addressed(to)
		.and_then(|(id, to)| commit(call, handle, to, Terms { gas: SendGas::Reserved(id), delay }));
	call.answer(err, result)
}
