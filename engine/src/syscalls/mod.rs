//! Gear's syscalls: what a program may ask of the engine.
//!
//! Names, parameters and the layouts behind pointers are those of the crate `gsys` 2.0; only what
//! begins with `gw_` is ours. To add one: write its function in the file of its kind and give it a
//! row in [`TABLE`].

mod call;
mod context;
mod control;
mod create;
mod guest;
mod info;
mod meter;
mod pages;
mod reply;
mod reserve;
mod send;
mod wait;

pub(crate) use context::{Context, Outgoing, World};
pub(crate) use guest::Guest;
pub(crate) use meter::Meter;
pub(crate) use reserve::Change;
pub(crate) use wait::Wait;

use crate::memory::NoChunk;
use alloc::{string::String, vec::Vec};
use core::fmt::Write;

/// A Wasm type that syscalls deal in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
	I32,
	I64,
}

/// A row of the table.
pub(crate) struct Syscall {
	pub(crate) name: &'static str,
	pub(crate) params: &'static [Kind],
	pub(crate) result: Option<Kind>,
	run: fn(&mut Call<'_>) -> Result<u32, Halt>,
}

impl Syscall {
	/// The signature, for people.
	pub(crate) fn signature(&self) -> String {
		let mut text = String::new();
		// Writing to a string does not fail.
		if write!(text, "{:?} -> {:?}", self.params, self.result.as_slice()).is_err() {
			text.clear();
		}
		text
	}
}

const PTR: Kind = Kind::I32;
const U32: Kind = Kind::I32;
const GAS: Kind = Kind::I64;

macro_rules! table {
	($($name:literal ($($param:ident),*) $(-> $result:ident)? = $run:path;)*) => {
		&[$(Syscall {
			name: $name,
			params: &[$($param),*],
			result: table!(@result $($result)?),
			run: $run,
		}),*]
	};
	(@result) => { None };
	(@result $result:ident) => { Some($result) };
}

/// The syscalls, sorted by name.
const TABLE: &[Syscall] = table! {
	"alloc"(U32) -> U32 = pages::alloc;
	"free"(U32) -> U32 = pages::free;
	"free_range"(U32, U32) -> U32 = pages::free_range;
	"gr_block_height"(PTR) = info::block_height;
	"gr_block_timestamp"(PTR) = info::block_timestamp;
	"gr_create_program"(PTR, PTR, U32, PTR, U32, U32, PTR) = create::create_program;
	"gr_create_program_wgas"(PTR, PTR, U32, PTR, U32, GAS, U32, PTR) = create::create_program_wgas;
	"gr_debug"(PTR, U32) = control::debug;
	"gr_env_vars"(U32, PTR) = info::env_vars;
	"gr_exit"(PTR) = control::exit;
	"gr_gas_available"(PTR) = info::gas_available;
	"gr_leave"() = control::leave;
	"gr_message_id"(PTR) = info::message_id;
	"gr_oom_panic"() = control::oom_panic;
	"gr_panic"(PTR, U32) = control::panic;
	"gr_program_id"(PTR) = info::program_id;
	"gr_random"(PTR, PTR) = info::random;
	"gr_read"(U32, U32, PTR, PTR) = info::read;
	"gr_reply"(PTR, U32, PTR, PTR) = reply::reply;
	"gr_reply_code"(PTR) = info::reply_code;
	"gr_reply_commit"(PTR, PTR) = reply::reply_commit;
	"gr_reply_commit_wgas"(GAS, PTR, PTR) = reply::reply_commit_wgas;
	"gr_reply_deposit"(PTR, GAS, PTR) = reserve::reply_deposit;
	"gr_reply_input"(U32, U32, PTR, PTR) = reply::reply_input;
	"gr_reply_input_wgas"(U32, U32, GAS, PTR, PTR) = reply::reply_input_wgas;
	"gr_reply_push"(PTR, U32, PTR) = reply::reply_push;
	"gr_reply_push_input"(U32, U32, PTR) = reply::reply_push_input;
	"gr_reply_to"(PTR) = info::reply_to;
	"gr_reply_wgas"(PTR, U32, GAS, PTR, PTR) = reply::reply_wgas;
	"gr_reservation_reply"(PTR, PTR, U32, PTR) = reply::reservation_reply;
	"gr_reservation_reply_commit"(PTR, PTR) = reply::reservation_reply_commit;
	"gr_reservation_send"(PTR, PTR, U32, U32, PTR) = send::reservation_send;
	"gr_reservation_send_commit"(U32, PTR, U32, PTR) = send::reservation_send_commit;
	"gr_reserve_gas"(GAS, U32, PTR) = reserve::reserve_gas;
	"gr_send"(PTR, PTR, U32, U32, PTR) = send::send;
	"gr_send_commit"(U32, PTR, U32, PTR) = send::send_commit;
	"gr_send_commit_wgas"(U32, PTR, GAS, U32, PTR) = send::send_commit_wgas;
	"gr_send_init"(PTR) = send::send_init;
	"gr_send_input"(PTR, U32, U32, U32, PTR) = send::send_input;
	"gr_send_input_wgas"(PTR, U32, U32, GAS, U32, PTR) = send::send_input_wgas;
	"gr_send_push"(U32, PTR, U32, PTR) = send::send_push;
	"gr_send_push_input"(U32, U32, U32, PTR) = send::send_push_input;
	"gr_send_wgas"(PTR, PTR, U32, GAS, U32, PTR) = send::send_wgas;
	"gr_signal_code"(PTR) = info::signal_code;
	"gr_signal_from"(PTR) = info::signal_from;
	"gr_size"(PTR) = info::size;
	"gr_source"(PTR) = info::source;
	"gr_system_reserve_gas"(GAS, PTR) = reserve::system_reserve_gas;
	"gr_unreserve_gas"(PTR, PTR) = reserve::unreserve_gas;
	"gr_value"(PTR) = info::value;
	"gr_value_available"(PTR) = info::value_available;
	"gr_wait"() = wait::wait;
	"gr_wait_for"(U32) = wait::wait_for;
	"gr_wait_up_to"(U32) = wait::wait_up_to;
	"gr_wake"(PTR, U32, PTR) = wait::wake;
	"gw_gas_charge"(GAS, PTR) = reserve::gas_charge;
};

/// The most parameters that a syscall has.
pub(crate) const MOST_PARAMS: usize = 8;

/// All rows.
pub(crate) fn all() -> impl Iterator<Item = &'static Syscall> {
	TABLE.iter()
}

/// The row of that name.
pub(crate) fn find(name: &str) -> Option<&'static Syscall> {
	let index = TABLE.binary_search_by_key(&name, |syscall| syscall.name).ok()?;
	TABLE.get(index)
}

/// Names of all that programs can import from `env` besides `memory`, sorted.
pub fn syscall_names() -> impl Iterator<Item = &'static str> {
	TABLE.iter().map(|syscall| syscall.name)
}

/// Why execution stops inside a syscall.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Halt {
	/// `gr_leave`: done, and well.
	Leave,
	/// `gr_wait` and its like: interrupted.
	Wait(Wait),
	/// `gr_exit`: done for ever, and well.
	Exit(gprimitives::ActorId),
	/// `gr_panic`, with the reason the program gives.
	Panic(Vec<u8>),
	/// `gr_oom_panic`.
	OutOfMemory,
	/// Gas does not suffice.
	OutOfGas,
	/// A pointer leads out of memory, or another rule is broken that has no error code.
	Misuse,
	/// A stored chunk of memory is gone: nothing the program can help.
	Broken(NoChunk),
}

/// A syscall in progress.
pub(crate) struct Call<'a> {
	args: &'a [u64],
	guest: Guest<'a>,
	context: &'a mut Context,
}

/// Runs a syscall, having paid for it. `fuel` is what the program may still execute.
pub(crate) fn invoke(
	syscall: &Syscall,
	args: &[u64],
	guest: Guest<'_>,
	context: &mut Context,
	fuel: &mut i64,
) -> Result<u32, Halt> {
	context.meter.settle(*fuel);
	let price = context.settings.schedule.syscall;
	let result = context.meter.charge(price).and_then(|()| {
		let mut call = Call { args, guest, context: &mut *context };
		(syscall.run)(&mut call)
	});
	*fuel = context.meter.hand_out();
	result
}

/// Makes `len` bytes of the program's memory be there, having paid for what is read from storage.
/// Returns whether they lie in memory at all.
pub(crate) fn touch(
	at: u32,
	len: u32,
	guest: Guest<'_>,
	context: &mut Context,
	fuel: &mut i64,
) -> Result<bool, Halt> {
	let mut call = Call { args: &[], guest, context };
	match call.guest.missing(at, len) {
		Err(_) => Ok(false),
		// For nothing, the counters need not be settled.
		Ok(0) => call.guest.touch(at, len).map(|()| true).map_err(Halt::from),
		Ok(_) => {
			call.context.meter.settle(*fuel);
			let result = call.reach(at, len);
			*fuel = call.context.meter.hand_out();
			result.map(|()| true)
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn table_is_sorted_and_complete() {
		assert!(TABLE.is_sorted_by_key(|syscall| syscall.name));
		assert!(TABLE.iter().all(|syscall| syscall.params.len() <= MOST_PARAMS));
		// `gsys` 2.0 declares 52 functions named `gr_…`; memory's three are galloc's, and one is
		// ours alone.
		assert_eq!(TABLE.len(), 52 + 3 + 1);
	}
}
