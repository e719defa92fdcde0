//! Straight runs of instructions, and what is inserted between them.
//!
//! A *segment* is a run of instructions entered only at its start and left only at its end (or by
//! a trap): whoever enters it executes all of it. It pays at its start for all its instructions.
//! Segments begin where a function does, after `loop`, `if` and `else`, after a conditional
//! branch, and after an `end` that something may branch to.

use super::accesses::Check;
use alloc::vec::Vec;
use wasmparser::{Operator, ValType};

/// Locals that are zeroed for nothing.
const FREE_LOCALS: u32 = 64;

/// Locals beyond those that are zeroed for the price of an instruction.
const LOCALS_PER_INSTRUCTION: u32 = 8;

/// Something to insert before the instruction at `offset`, or to put in its place.
///
/// Whatever it is, it leaves the operand stack as it was and branches nowhere but into a trap, so
/// the order of what is inserted at one place does not matter, and all else is copied as it is.
pub(super) struct Insert {
	pub(super) offset: usize,
	pub(super) what: What,
}

pub(super) enum What {
	/// Pay for this many instructions.
	Pay(u32),
	/// A call begins.
	Call,
	/// A call has ended.
	Return,
	/// See to it that memory is there.
	Check(Check),
	/// The same for the operand below the topmost, which is of this type.
	CheckBelow(Check, ValType),
	/// Instead of an instruction.
	Replace(Replacement),
}

/// An instruction that does the same in the metered module as another in the original.
pub(super) struct Replacement {
	/// Where the original ends.
	pub(super) next: usize,
	pub(super) by: By,
}

pub(super) enum By {
	/// A load or store of that opcode.
	Access { opcode: u8, align: u8, offset: u64 },
	/// A call of a function by its number in the original module.
	Call(u32),
	/// `memory.size`.
	MemorySize,
}

/// One `block`, `loop`, `if` or the function itself, while it is open.
struct Frame {
	kind: FrameKind,
	/// Whether something that can be reached leads to its end, other than its last instruction.
	end_reached: bool,
	/// Whether it was entered at all.
	entered: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum FrameKind {
	Block,
	Loop,
	If,
	Else,
}

/// The segments of a function, while it is read.
pub(super) struct Segments {
	pub(super) inserts: Vec<Insert>,
	frames: Vec<Frame>,
	/// The open segment: which insert pays for it. `None` in code that is never reached.
	open: Option<usize>,
}

impl Segments {
	/// A function whose instructions begin at `start`.
	pub(super) fn new(start: usize, locals: u32) -> Self {
		let body = Frame { kind: FrameKind::Block, end_reached: false, entered: true };
		let mut segments = Self { inserts: Vec::new(), frames: Vec::from_iter([body]), open: None };
		let zeroing = locals.saturating_sub(FREE_LOCALS).div_ceil(LOCALS_PER_INSTRUCTION);
		segments.insert(start, What::Pay(zeroing));
		segments.begin(start);
		segments
	}

	/// Inserts something at `offset`.
	pub(super) fn insert(&mut self, offset: usize, what: What) {
		self.inserts.push(Insert { offset, what });
	}

	/// The segment that is open now, by a number of its own. `None` in code that is never reached.
	pub(super) fn open(&self) -> Option<usize> {
		self.open
	}

	/// Begins a segment at `offset`.
	fn begin(&mut self, offset: usize) {
		self.open = Some(self.inserts.len());
		self.insert(offset, What::Pay(0));
	}

	/// Counts an instruction to the open segment.
	fn count(&mut self) {
		if let Some(open) = self.open
			&& let Some(Insert { what: What::Pay(instructions), .. }) = self.inserts.get_mut(open)
		{
			*instructions = instructions.saturating_add(1);
		}
	}

	/// Notes a branch `depth` frames outwards.
	fn branch(&mut self, depth: u32) {
		let from_inside = self.frames.len().checked_sub(1 + depth as usize);
		// A branch to a loop leads to its start, where a segment begins anyway.
		if let Some(frame) = from_inside.and_then(|index| self.frames.get_mut(index))
			&& frame.kind != FrameKind::Loop
		{
			frame.end_reached = true;
		}
	}

	fn enter(&mut self, kind: FrameKind) {
		self.frames.push(Frame { kind, end_reached: false, entered: self.open.is_some() });
	}

	/// Reads an instruction that ends before `next`.
	pub(super) fn read(&mut self, operator: &Operator<'_>, next: usize) {
		let reached = self.open.is_some();
		match operator {
			Operator::Block { .. } => {
				self.count();
				self.enter(FrameKind::Block);
			}
			Operator::Loop { .. } => {
				self.count();
				self.enter(FrameKind::Loop);
				if reached {
					self.begin(next);
				}
			}
			Operator::If { .. } => {
				self.count();
				self.enter(FrameKind::If);
				if reached {
					self.begin(next);
				}
			}
			Operator::Else => {
				let fell_through = reached;
				if let Some(frame) = self.frames.last_mut() {
					frame.kind = FrameKind::Else;
					frame.end_reached |= fell_through;
					if frame.entered {
						self.begin(next);
					} else {
						self.open = None;
					}
				}
			}
			Operator::End => {
				let Some(frame) = self.frames.pop() else { return };
				// Without `else`, a false condition leads straight to the end.
				let joined = frame.end_reached || (frame.kind == FrameKind::If && frame.entered);
				if joined {
					self.begin(next);
				}
			}
			Operator::Br { relative_depth } => {
				self.count();
				if reached {
					self.branch(*relative_depth);
				}
				self.open = None;
			}
			Operator::BrIf { relative_depth } => {
				self.count();
				if reached {
					self.branch(*relative_depth);
					self.begin(next);
				}
			}
			Operator::BrTable { targets } => {
				self.count();
				if reached {
					self.branch(targets.default());
					for depth in targets.targets().flatten() {
						self.branch(depth);
					}
				}
				self.open = None;
			}
			Operator::Return | Operator::Unreachable => {
				self.count();
				self.open = None;
			}
			_ => {
				self.count();
			}
		}
	}
}
