//! What a chain decides once: prices and limits.

use crate::{gas::GasSchedule, message::Gas};

/// Prices and limits. Part of consensus: a change of them is a change of the rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
	/// What things cost.
	pub schedule: GasSchedule,
	/// How large things may be.
	pub limits: Limits,
}

impl Settings {
	/// The white paper's prices.
	pub const fn white_paper() -> Self {
		Self { schedule: GasSchedule::white_paper(), limits: Limits::new() }
	}

	/// What the chain runs with.
	pub const fn production() -> Self {
		Self { schedule: GasSchedule::production(), limits: Limits::new() }
	}
}

/// How large things may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
	/// Bytes of a code as uploaded.
	pub code_len: u32,
	/// Bytes of a code once it is metered, without its data.
	pub metered_len: u32,
	/// Functions of a code, imported ones included.
	pub functions: u32,
	/// Bytes of one function.
	pub body_len: u32,
	/// Globals of a code.
	pub globals: u32,
	/// Data segments of a code.
	pub data_segments: u32,
	/// Elements of a code's function table.
	pub table_len: u32,
	/// Parameters, locals and operands of a function, together.
	pub frame_slots: u32,
	/// 64 KiB pages of a program's memory.
	pub pages: u32,
	/// Bytes of a payload.
	pub payload_len: u32,
	/// Messages that one dispatch may send.
	pub outgoing_messages: u32,
	/// Bytes of all payloads that one dispatch may send.
	pub outgoing_bytes: u32,
	/// Bytes of what a program gives as the reason of its panic; the rest is cut off.
	pub panic_len: u32,
	/// Bytes of debug output of one dispatch; the rest is dropped.
	pub debug_bytes: u32,
	/// Messages that one run of the queue may pass over because they do not fit.
	pub passed_over: u32,
	/// Blocks that anything may stay in storage for rent: a waiting message, a mail, a delayed
	/// message, a reservation.
	pub storage_blocks: u32,
	/// Gas reservations that a program may have at a time.
	pub reservations: u32,
	/// Bytes of the salt with which a program makes another.
	pub salt_len: u32,
	/// Exited programs in a row through which funds follow from inheritor to inheritor. They stay
	/// with the one that is reached then.
	pub inheritors: u32,
	/// Gas that a block has for messages if there is nothing else in it. No message may have more.
	pub block_gas: Gas,
	/// Messages for one program that a round of the queue may take: so many of them, however many
	/// a program sends itself, come before those for others that stand behind them.
	pub round_messages: u32,
	/// Messages that a round may take in all: what came of them is kept until all have run.
	pub round_total: u32,
}

impl Limits {
	/// The limits of every preset.
	pub const fn new() -> Self {
		Self {
			code_len: 512 * 1024,
			metered_len: 1024 * 1024,
			functions: 10_000,
			body_len: 128 * 1024,
			globals: 256,
			data_segments: 1_024,
			table_len: 10_000,
			frame_slots: 1_024,
			pages: 512,
			payload_len: 64 * 1024,
			outgoing_messages: 1_024,
			outgoing_bytes: 1024 * 1024,
			panic_len: 1_024,
			debug_bytes: 16 * 1024,
			passed_over: 256,
			storage_blocks: 432_000,
			reservations: 256,
			salt_len: 1_024,
			inheritors: 8,
			block_gas: 1_000_000_000_000,
			round_messages: 64,
			round_total: 1_024,
		}
	}
}

impl Default for Limits {
	fn default() -> Self {
		Self::new()
	}
}
