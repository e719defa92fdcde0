//! Syscalls that end execution, and debug output.

use super::{Call, Halt};
use alloc::vec::Vec;

pub(super) fn debug(call: &mut Call<'_>) -> Result<u32, Halt> {
	let written: usize = call.context().debug.iter().map(Vec::len).sum();
	let room = call.context().settings.limits.debug_bytes.saturating_sub(written as u32);
	let (at, len) = (call.u32(0), call.u32(1));
	let text = call.bytes(at, len, room)?;
	if !text.is_empty() {
		call.context().debug.push(text);
	}
	Ok(0)
}

pub(super) fn panic(call: &mut Call<'_>) -> Result<u32, Halt> {
	let limit = call.context().settings.limits.panic_len;
	let (at, len) = (call.u32(0), call.u32(1));
	let reason = call.bytes(at, len, limit)?;
	Err(Halt::Panic(reason))
}

pub(super) fn oom_panic(_: &mut Call<'_>) -> Result<u32, Halt> {
	Err(Halt::OutOfMemory)
}

pub(super) fn leave(_: &mut Call<'_>) -> Result<u32, Halt> {
	Err(Halt::Leave)
}

pub(super) fn exit(call: &mut Call<'_>) -> Result<u32, Halt> {
	let inheritor = call.hash(call.u32(0))?;
	Err(Halt::Exit(inheritor.into()))
}
