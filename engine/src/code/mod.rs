//! Code: what a program is made of, checked and metered at upload.
//!
//! [`check_code`] refuses what is not a deterministic MVP module over Gear's imports, and rewrites
//! the rest: every straight run of instructions pays for itself from a counter in a global, and
//! every call is counted against a limit. So each backend charges the same to the unit, by
//! executing the same instructions. What is counted are instructions, not gas: prices may change
//! without touching codes already uploaded.
//!
//! # Paging
//!
//! A message is to cost what it touches, not what its program owns, and no host can trap inside a
//! runtime. So metered code asks before it touches memory whether that is there: a table has a
//! byte for each chunk, 1 where the chunk is not there yet. Then an imported function fetches it
//! from storage, or makes it of the code's data.
//!
//! The table lies in the program's own memory, in front of what the program sees: all its
//! addresses are shifted by [`MEMORY_BASE`], by the offset that each access has anyway. So the
//! table costs no second memory, which backends are slower at, and the program cannot reach it,
//! as addresses and offsets are added without wrapping. For the same reason any address is looked
//! up without a bound: behind the table's last entry lies what belongs to no program at all, or
//! nothing, and the access itself traps.
//!
//! Physical memory is always a page larger than the program's, and may be more: how large it is
//! does not show, as chunks behind the program's last stay marked as not there for good, and to
//! fetch them is the trap that an access out of bounds is.

mod accesses;
mod check;
mod data;
mod error;
mod frame;
mod instrument;
mod output;
mod segments;
mod writer;

pub use check::check_code;
pub use error::CodeError;

use crate::{
	ids::CodeId,
	message::DispatchKind,
	pages::{CHUNK_SIZE, CHUNKS_PER_PAGE},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// Export name of the global (i64) that holds how many instructions may still be executed. It is
/// negative after the program wanted more.
pub(crate) const FUEL: &str = "fuel";

/// Export name of the global (i32) that holds the slots of all frames on the call stack. It is
/// over [`STACK_LIMIT`] after the program called too deep.
pub(crate) const DEPTH: &str = "depth";

/// Where the global [`DEPTH`] comes behind [`FUEL`].
const DEPTH_SLOT: u32 = 1;

/// Export name of the memory: the table, and the program's memory behind it.
pub(crate) const MEMORY: &str = "memory";

/// Export name of the function that sets all globals to what they begin with.
pub(crate) const RESET: &str = "reset";

/// The module that [`TOUCH`] is imported from. No program can: there is no such syscall.
pub(crate) const TOUCH_MODULE: &str = "gearway";

/// Import name of the function that fetches chunks, given an address and a length.
pub(crate) const TOUCH: &str = "touch";

/// 64 KiB pages that a program's memory may ever have, whatever the limits say.
pub(crate) const MAX_PAGES: u32 = 512;

/// Where in physical memory the program's address 0 is. Before it comes the table: an entry for
/// each chunk of the largest memory there can be, and of the page behind it.
pub(crate) const MEMORY_BASE: u32 = 3 * CHUNK_SIZE;
const _: () = assert!((MAX_PAGES + 1) * CHUNKS_PER_PAGE + 4 <= MEMORY_BASE);

/// Where in physical memory the program's `memory.size` is, behind all entries that count.
pub(crate) const PAGES_AT: u32 = MEMORY_BASE - 4;

/// The module that syscalls are imported from.
pub(crate) const ENV: &str = "env";

/// Slots that the frames of calling functions may take together. A slot holds a parameter, a
/// local or an operand.
pub(crate) const STACK_LIMIT: u32 = 16 * 1024;

/// Slots a frame takes beyond its own.
pub(crate) const FRAME_OVERHEAD: u32 = 16;

/// A checked and metered code.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Code {
	/// Hash of the bytes as uploaded.
	pub id: CodeId,
	/// What the engine has to know to run it.
	pub metadata: CodeMetadata,
	/// The metered module, without data segments.
	pub bytes: Vec<u8>,
}

/// What the engine has to know of a code to run it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct CodeMetadata {
	/// The entry points it has.
	pub entries: Entries,
	/// 64 KiB pages its memory begins with.
	pub static_pages: u32,
	/// 64 KiB pages its memory may grow to, if it says so itself.
	pub max_pages: Option<u32>,
	/// Address where the stack begins (it grows down to 0); memory below is scratch. 0 where the
	/// code has no stack that could be recognised.
	pub stack_end: u32,
	/// What its memory begins with: by address, neither overlapping nor touching.
	pub data: Vec<DataSegment>,
	/// Bytes of the metered module.
	pub len: u32,
}

impl CodeMetadata {
	/// Bytes that are read to make the code ready: the module's, and those of initial memory.
	pub fn read_len(&self) -> u64 {
		let data: u64 = self.data.iter().map(|segment| segment.bytes.len() as u64).sum();
		data.saturating_add(self.len.into())
	}
}

/// The entry points of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct Entries {
	/// `init`.
	pub init: bool,
	/// `handle`.
	pub handle: bool,
	/// `handle_reply`.
	pub handle_reply: bool,
	/// `handle_signal`.
	pub handle_signal: bool,
}

impl Entries {
	/// Whether there is one for messages of `kind`.
	pub fn has(&self, kind: DispatchKind) -> bool {
		match kind {
			DispatchKind::Init => self.init,
			DispatchKind::Handle => self.handle,
			DispatchKind::Reply => self.handle_reply,
			DispatchKind::Signal => self.handle_signal,
		}
	}
}

impl DispatchKind {
	/// All of them.
	pub const ALL: [Self; 4] = [Self::Init, Self::Handle, Self::Reply, Self::Signal];

	/// Whether messages of this kind are answered.
	pub const fn is_answered(self) -> bool {
		matches!(self, Self::Init | Self::Handle)
	}

	/// Name of the export that messages of this kind are for.
	pub const fn entry(self) -> &'static str {
		match self {
			Self::Init => "init",
			Self::Handle => "handle",
			Self::Reply => "handle_reply",
			Self::Signal => "handle_signal",
		}
	}
}

/// A piece of initial memory.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct DataSegment {
	/// Address.
	pub offset: u32,
	/// Content.
	pub bytes: Vec<u8>,
}

impl DataSegment {
	/// The address behind it.
	pub fn end(&self) -> u64 {
		u64::from(self.offset) + self.bytes.len() as u64
	}
}
