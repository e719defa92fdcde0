//! Code: what a program is made of, checked and metered at upload.
//!
//! [`check_code`] refuses what is not a deterministic MVP module over Gear's imports, and rewrites
//! the rest: every straight run of instructions pays for itself from a counter in a global, and
//! every call is counted against a limit. So each backend charges the same to the unit, by
//! executing the same instructions. What is counted are instructions, not gas: prices may change
//! without touching codes already uploaded.

mod check;
mod data;
mod error;
mod instrument;

pub use check::check_code;
pub use error::CodeError;

use crate::{ids::CodeId, message::DispatchKind};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// Export name of the global (i64) that holds how many instructions may still be executed. It is
/// negative after the program wanted more.
pub(crate) const FUEL: &str = "fuel";

/// Export name of the global (i32) that holds the slots of all frames on the call stack. It is
/// over [`STACK_LIMIT`] after the program called too deep.
pub(crate) const DEPTH: &str = "depth";

/// The module that everything is imported from.
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
