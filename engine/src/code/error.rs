//! Why a code is refused.

use alloc::string::String;
use core::fmt;

/// Why a code is refused at upload. Offsets are in bytes from the start of the module.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CodeError {
	/// More bytes than a code may have.
	TooLong {
		/// Its length.
		actual: u64,
		/// The longest allowed.
		limit: u32,
	},
	/// More bytes than a code may have once it is metered.
	MeteredTooLong {
		/// The most allowed.
		limit: u32,
	},
	/// Not a Wasm module: no magic number, or another version.
	NotWasm,
	/// A Wasm module that breaks the rules of the MVP with mutable globals and sign extension.
	Invalid {
		/// Where.
		offset: u64,
		/// What the validator says.
		reason: String,
	},
	/// Floating point, whose results are not the same on every machine.
	FloatingPoint {
		/// Where.
		offset: u64,
	},
	/// What came to Wasm after the MVP, other than mutable globals and sign extension: bulk memory,
	/// multiple values, reference types, tail calls and so on.
	Proposal {
		/// Where.
		offset: u64,
		/// What the validator says.
		reason: String,
	},
	/// More functions, imported ones included, than allowed.
	TooManyFunctions {
		/// How many there are.
		actual: u64,
		/// The most allowed.
		limit: u32,
	},
	/// More globals than allowed.
	TooManyGlobals {
		/// How many there are.
		actual: u64,
		/// The most allowed.
		limit: u32,
	},
	/// More data segments than allowed.
	TooManyDataSegments {
		/// How many there are.
		actual: u64,
		/// The most allowed.
		limit: u32,
	},
	/// A function has more bytes than allowed.
	BodyTooLong {
		/// Index of the function.
		function: u32,
		/// How many it has, its locals included.
		actual: u64,
		/// The most allowed.
		limit: u32,
	},
	/// A start section: nothing runs before `init`.
	StartSection,
	/// A `memory.grow`: memory grows by `alloc`.
	MemoryGrow {
		/// Where.
		offset: u64,
	},
	/// Memory is not imported from `env`.`memory`.
	NoImportedMemory,
	/// Memory is larger than a program's may be.
	MemoryTooLarge {
		/// 64 KiB pages it begins with.
		actual: u64,
		/// The most allowed.
		limit: u32,
	},
	/// A function table is larger than allowed.
	TableTooLarge {
		/// Elements it begins with.
		actual: u64,
		/// The most allowed.
		limit: u32,
	},
	/// A function has more parameters, locals and operands than allowed.
	FrameTooLarge {
		/// Index of the function.
		function: u32,
		/// How many it has.
		actual: u32,
		/// The most allowed.
		limit: u32,
	},
	/// An import that is neither a syscall nor the memory.
	UnknownImport {
		/// The module it is to come from.
		module: String,
		/// Its name.
		name: String,
	},
	/// A Gear syscall under a wrong signature.
	WrongSignature {
		/// Its name.
		name: String,
		/// The signature it has.
		expected: String,
		/// The signature it is imported under.
		actual: String,
	},
	/// Neither `init` nor `handle` is exported.
	NoEntry,
	/// An entry point is no function without parameters and results.
	WrongEntry {
		/// Its name.
		name: String,
	},
	/// The place of a data or element segment is no constant.
	OffsetNotConstant {
		/// Which segment of its section.
		segment: u32,
	},
	/// A data or element segment is out of the bounds of static memory or table.
	SegmentOutOfBounds {
		/// Which segment of its section.
		segment: u32,
	},
	/// `__gear_stack_end` is no constant address inside static memory.
	WrongStackEnd,
}

impl fmt::Display for CodeError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::TooLong { actual, limit } => {
				write!(f, "the code has {actual} bytes, at most {limit} are allowed")
			}
			Self::MeteredTooLong { limit } => {
				write!(f, "the metered code has more than the {limit} bytes that are allowed")
			}
			Self::NotWasm => write!(f, "this is no Wasm module"),
			Self::Invalid { offset, reason } => {
				write!(f, "invalid Wasm at byte {offset}: {reason}")
			}
			Self::FloatingPoint { offset } => write!(f, "floating point at byte {offset}"),
			Self::Proposal { offset, reason } => {
				write!(f, "a Wasm feature that programs may not use, at byte {offset}: {reason}")
			}
			Self::TooManyFunctions { actual, limit } => {
				write!(f, "there are {actual} functions, at most {limit} are allowed")
			}
			Self::TooManyGlobals { actual, limit } => {
				write!(f, "there are {actual} globals, at most {limit} are allowed")
			}
			Self::TooManyDataSegments { actual, limit } => {
				write!(f, "there are {actual} data segments, at most {limit} are allowed")
			}
			Self::BodyTooLong { function, actual, limit } => {
				write!(f, "function {function} has {actual} bytes, at most {limit} are allowed")
			}
			Self::StartSection => write!(f, "a start section is not allowed"),
			Self::MemoryGrow { offset } => {
				write!(f, "`memory.grow` at byte {offset}: memory grows by `alloc`")
			}
			Self::NoImportedMemory => write!(f, "memory is not imported from `env`.`memory`"),
			Self::MemoryTooLarge { actual, limit } => {
				write!(f, "memory begins with {actual} pages, at most {limit} are allowed")
			}
			Self::TableTooLarge { actual, limit } => {
				write!(f, "a table begins with {actual} elements, at most {limit} are allowed")
			}
			Self::FrameTooLarge { function, actual, limit } => write!(
				f,
				"function {function} has {actual} parameters, locals and operands, at most \
				 {limit} are allowed"
			),
			Self::UnknownImport { module, name } => {
				write!(f, "unknown import `{module}`.`{name}`")
			}
			Self::WrongSignature { name, expected, actual } => {
				write!(f, "`{name}` is imported as {actual}, but is {expected}")
			}
			Self::NoEntry => write!(f, "neither `init` nor `handle` is exported"),
			Self::WrongEntry { name } => {
				write!(f, "`{name}` is no function without parameters and results")
			}
			Self::OffsetNotConstant { segment } => {
				write!(f, "the place of segment {segment} is no constant")
			}
			Self::SegmentOutOfBounds { segment } => {
				write!(f, "segment {segment} is out of bounds")
			}
			Self::WrongStackEnd => {
				write!(f, "`__gear_stack_end` is no constant address in static memory")
			}
		}
	}
}

impl core::error::Error for CodeError {}
