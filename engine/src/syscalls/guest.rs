//! The program's side of a syscall: its memory.

use super::Halt;
use crate::{
	code::MEMORY_BASE,
	memory::{Image, NoChunk, OutOfBounds},
};
use core::ops::Range;

/// Memory of a program while a host function runs, whatever the backend.
pub(crate) struct Guest<'a> {
	/// All of the backend's memory.
	physical: &'a mut [u8],
	image: &'a mut Image,
}

impl<'a> Guest<'a> {
	pub(crate) fn new(physical: &'a mut [u8], image: &'a mut Image) -> Self {
		Self { physical, image }
	}

	/// How many chunks have to be read from storage before `len` bytes at an address are there.
	pub(super) fn missing(&self, at: u32, len: u32) -> Result<u32, OutOfBounds> {
		self.image.missing(self.physical, at, len)
	}

	/// Makes `len` bytes at an address, which lie in memory, be there.
	pub(super) fn touch(&mut self, at: u32, len: u32) -> Result<(), NoChunk> {
		self.image.touch(self.physical, at, len)
	}

	/// Reads as many bytes as `into` holds, from an address where they are there.
	pub(super) fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
		let bytes = self.physical.get(place(at, into.len())).ok_or(OutOfBounds)?;
		into.copy_from_slice(bytes);
		Ok(())
	}

	/// Writes `bytes` to an address where as many are there.
	pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
		let place = self.physical.get_mut(place(at, bytes.len())).ok_or(OutOfBounds)?;
		place.copy_from_slice(bytes);
		Ok(())
	}

	/// Makes memory reach up to the end of `pages`, which are zeros from now on.
	pub(super) fn renew(&mut self, pages: Range<u32>) {
		self.image.renew(self.physical, pages);
	}
}

/// Where in physical memory an address is.
fn place(at: u32, len: usize) -> Range<usize> {
	let start = MEMORY_BASE as usize + at as usize;
	start..start.saturating_add(len)
}

impl From<OutOfBounds> for Halt {
	fn from(_: OutOfBounds) -> Self {
		Self::Misuse
	}
}

impl From<NoChunk> for Halt {
	fn from(error: NoChunk) -> Self {
		Self::Broken(error)
	}
}
