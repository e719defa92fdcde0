//! Backends: what executes a metered module.

#[cfg(any(feature = "wasmi", feature = "wasmtime"))]
mod cache;
#[cfg(any(feature = "wasmi", feature = "wasmtime"))]
mod host;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

#[cfg(feature = "wasmi")]
pub use self::wasmi::Wasmi;
#[cfg(feature = "wasmtime")]
pub use self::wasmtime::Wasmtime;

use crate::{
	code::STACK_LIMIT,
	ids::{CodeId, MessageId},
	memory::{Changes, Image, NoChunk},
	message::DispatchKind,
	syscalls::{self, Context, Guest, Halt, Syscall, Wait},
};
use alloc::vec::Vec;

/// Executes metered modules, and keeps them compiled.
///
/// All implementations agree, for any module that [`check_code`](crate::check_code) made, in
/// results, memory, gas and reason of failure. The trait is sealed: its methods deal in the
/// engine's own types.
pub trait Executor: sealed::Backend + Send + Sized {
	/// Another of the same kind, for another thread. The two share what they have compiled, now
	/// and later, and nothing else.
	fn fork(&self) -> Self;

	/// Where the runs were that failed since this was asked last, in their order. None where the
	/// executor does not keep track.
	fn traces(&mut self) -> Vec<Trace> {
		Vec::new()
	}
}

/// Where a program was when a run of it failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
	/// The message that was handled.
	pub message: MessageId,
	/// What the program is made of.
	pub code: CodeId,
	/// Functions that had been called, the innermost first, by their numbers in the module as it
	/// was uploaded.
	pub functions: Vec<u32>,
}

/// The module could not be compiled or instantiated, although it was checked: a broken invariant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoadError;

impl core::fmt::Display for LoadError {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		f.write_str("the backend cannot load the code")
	}
}

impl core::error::Error for LoadError {}

/// What is to be run.
pub struct Run {
	pub(crate) entry: DispatchKind,
	pub(crate) image: Image,
	pub(crate) context: Context,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
	pub(crate) context: Context,
	pub(crate) end: End,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum End {
	/// Well: the entry point returned, or the program left.
	Done(Changes),
	/// The program was interrupted, to go on later.
	Waiting(Changes, Wait),
	/// The program has exited for ever.
	Exited(gprimitives::ActorId),
	/// Not well.
	Failed(Failed),
	/// A chunk of the program's memory is gone.
	Broken(NoChunk),
}

/// Why a run failed.
#[derive(Debug)]
pub(crate) enum Failed {
	OutOfGas,
	OutOfMemory,
	Panic(Vec<u8>),
	Misuse,
	StackLimit,
	Trap,
}

/// How a backend saw a run end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Returned {
	/// The entry point returned.
	Normally,
	/// The backend's own stack overflowed.
	Overflow,
	/// Any other trap, among them those the backend was asked for by a syscall.
	Trap,
}

impl Run {
	/// Runs a syscall. Returns what it returns, or `None` if the program is to be stopped.
	fn syscall(
		&mut self,
		syscall: &Syscall,
		args: &[u64],
		physical: &mut [u8],
		fuel: &mut i64,
	) -> Option<u32> {
		let guest = Guest::new(physical, &mut self.image);
		let result = syscalls::invoke(syscall, args, guest, &mut self.context, fuel);
		self.noting_halt(result)
	}

	/// Makes memory be there. Returns `None` if the program is to be stopped.
	fn touch(&mut self, at: u32, len: u32, physical: &mut [u8], fuel: &mut i64) -> Option<()> {
		let guest = Guest::new(physical, &mut self.image);
		let result = syscalls::touch(at, len, guest, &mut self.context, fuel);
		self.noting_halt(result)?.then_some(())
	}

	fn noting_halt<T>(&mut self, result: Result<T, Halt>) -> Option<T> {
		result.map_err(|halt| self.context.halt = Some(halt)).ok()
	}

	/// Draws the conclusion from what a backend saw: how the entry point returned, and what the
	/// two counters and the memory hold now. Leaves the memory clean.
	pub(crate) fn conclude(
		mut self,
		returned: Returned,
		fuel: i64,
		depth: u32,
		physical: &mut [u8],
	) -> Ran {
		let halt = self.context.halt.take();
		// A syscall that stopped the program has settled the fuel already.
		if halt.is_none() {
			self.context.meter.settle(fuel);
		}
		let end = match (halt, returned) {
			(Some(Halt::Leave), _) | (None, Returned::Normally) => {
				End::Done(self.image.changes(physical, &self.context.pages))
			}
			(Some(Halt::Wait(wait)), _) => {
				End::Waiting(self.image.changes(physical, &self.context.pages), wait)
			}
			(Some(Halt::Exit(inheritor)), _) => End::Exited(inheritor),
			(Some(Halt::Panic(reason)), _) => End::Failed(Failed::Panic(reason)),
			(Some(Halt::OutOfMemory), _) => End::Failed(Failed::OutOfMemory),
			(Some(Halt::OutOfGas), _) => End::Failed(Failed::OutOfGas),
			(Some(Halt::Misuse), _) => End::Failed(Failed::Misuse),
			(Some(Halt::Broken(error)), _) => End::Broken(error),
			(None, _) if fuel < 0 => End::Failed(Failed::OutOfGas),
			(None, Returned::Overflow) => End::Failed(Failed::StackLimit),
			(None, Returned::Trap) if depth > STACK_LIMIT => End::Failed(Failed::StackLimit),
			(None, Returned::Trap) => End::Failed(Failed::Trap),
		};
		self.image.clean(physical);
		Ran { context: self.context, end }
	}
}

pub(crate) mod sealed {
	use super::{CodeId, LoadError, Ran, Run, Vec};

	/// The part of [`Executor`](super::Executor) that only the engine calls.
	pub trait Backend {
		/// Makes a code ready, asking for its bytes if it is not ready yet.
		fn load(
			&mut self,
			code: CodeId,
			bytes: &mut dyn FnMut() -> Option<Vec<u8>>,
		) -> Result<(), LoadError>;

		/// Runs a code that was loaded.
		fn execute(&mut self, code: CodeId, run: Run) -> Result<Ran, LoadError>;
	}
}
