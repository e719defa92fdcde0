//! The program's side of a syscall: its memory.

/// Memory of a program while it runs, whatever the backend.
pub(crate) trait Guest {
	/// Reads as many bytes as `into` holds, from address `at`.
	fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds>;

	/// Writes `bytes` to address `at`.
	fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds>;

	/// Its size, in 64 KiB pages.
	fn pages(&self) -> u32;

	/// Makes it `more` pages larger.
	fn grow(&mut self, more: u32) -> Result<(), OutOfBounds>;
}

/// Not all of what was asked for lies in the program's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OutOfBounds;
