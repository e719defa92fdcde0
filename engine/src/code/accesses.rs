//! Which accesses to memory need a check that what they touch is there.
//!
//! A function is read once. What is known of each operand on the stack is where it came from: a
//! constant, a local plus a constant, or something else. So an access is by one of these *bases*
//! and a distance from it, and
//!
//! - one that stays inside the function's [`StackFrame`] needs none, as that was checked;
//! - one to what has been checked in the same segment, by the same base, needs none again: memory
//!   that is there stays there until the run ends;
//! - accesses by the same base, close together and with no call between them, share one check,
//!   which stands before the first of them and asks for both ends of the whole.
//!
//! A check stands where no operands are on the stack, if there is such a place between the base's
//! latest assignment and the access: a backend that keeps operands in registers would have to put
//! them away before the check's branch.
//!
//! A check that stands before its access may find memory to be out of bounds, or gas to be short,
//! a few instructions early. There is no way for the program to avoid the access then: no branch
//! and no call lies between.
//!
//! An access whose alignment hint is its size is taken at its word that it does not cross the
//! border of a chunk: only its first byte is asked for. A program that lies about this finds zeros
//! behind the border, and what it writes there is lost, as long as it has not touched that chunk
//! otherwise. That is the same on all backends, and nobody else's memory is concerned.

use super::{
	frame::StackFrame,
	segments::{Segments, What},
};
use crate::pages::CHUNK_SIZE;
use alloc::vec::Vec;
use wasmparser::{BlockType, Operator, ValType};

/// How many checks of a segment are remembered.
const REMEMBERED: usize = 16;

/// A check that memory is there from `low` to `high`, both counted from a base.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Check {
	pub(super) base: Base,
	pub(super) low: i64,
	/// The distance of the first byte behind; at most a chunk from `low`.
	pub(super) high: i64,
	/// Whether all of it is known to lie in one chunk.
	pub(super) within: bool,
}

/// What an address is reckoned from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
	/// Address 0.
	Zero,
	/// A local.
	Local(u32),
	/// The operand on top of the stack.
	Top,
}

/// An access to memory.
#[derive(Clone, Copy)]
pub(super) struct Access {
	/// Operands above the address: the value that is stored.
	pub(super) above: usize,
	pub(super) opcode: u8,
	pub(super) align: u8,
	pub(super) offset: u64,
	/// Bytes.
	size: u8,
	/// Type of what is stored.
	value: ValType,
}

impl Access {
	/// The access that an instruction is, if it is one.
	pub(super) fn of(operator: &Operator<'_>) -> Option<Self> {
		use ValType::{I32, I64};
		let (memarg, opcode, size, stores) = match operator {
			Operator::I32Load { memarg } => (memarg, 0x28, 4, None),
			Operator::I64Load { memarg } => (memarg, 0x29, 8, None),
			Operator::I32Load8S { memarg } => (memarg, 0x2C, 1, None),
			Operator::I32Load8U { memarg } => (memarg, 0x2D, 1, None),
			Operator::I32Load16S { memarg } => (memarg, 0x2E, 2, None),
			Operator::I32Load16U { memarg } => (memarg, 0x2F, 2, None),
			Operator::I64Load8S { memarg } => (memarg, 0x30, 1, None),
			Operator::I64Load8U { memarg } => (memarg, 0x31, 1, None),
			Operator::I64Load16S { memarg } => (memarg, 0x32, 2, None),
			Operator::I64Load16U { memarg } => (memarg, 0x33, 2, None),
			Operator::I64Load32S { memarg } => (memarg, 0x34, 4, None),
			Operator::I64Load32U { memarg } => (memarg, 0x35, 4, None),
			Operator::I32Store { memarg } => (memarg, 0x36, 4, Some(I32)),
			Operator::I64Store { memarg } => (memarg, 0x37, 8, Some(I64)),
			Operator::I32Store8 { memarg } => (memarg, 0x3A, 1, Some(I32)),
			Operator::I32Store16 { memarg } => (memarg, 0x3B, 2, Some(I32)),
			Operator::I64Store8 { memarg } => (memarg, 0x3C, 1, Some(I64)),
			Operator::I64Store16 { memarg } => (memarg, 0x3D, 2, Some(I64)),
			Operator::I64Store32 { memarg } => (memarg, 0x3E, 4, Some(I64)),
			_ => return None,
		};
		Some(Self {
			above: usize::from(stores.is_some()),
			opcode,
			align: memarg.align,
			offset: memarg.offset,
			size,
			value: stores.unwrap_or(I32),
		})
	}

	/// Whether its hint says that it does not cross the border of a chunk.
	fn is_aligned(&self) -> bool {
		1 << self.align >= self.size
	}
}

/// What is known of an operand.
#[derive(Clone, Copy)]
struct Operand {
	source: Source,
	/// Offset in the module of what follows the instruction it came from.
	from: usize,
	/// When it came.
	epoch: u32,
}

#[derive(Clone, Copy, PartialEq)]
enum Source {
	Constant(i32),
	/// A local, as it was after so many assignments, and how much was added to it.
	Local {
		index: u32,
		assignments: u32,
		plus: i32,
	},
	Unknown,
}

/// Memory that was checked in this segment.
struct Known {
	base: Base,
	assignments: u32,
	low: i64,
	high: i64,
	/// The check, as long as more may be made of it: until the epoch ends.
	open: Option<(usize, u32)>,
}

/// What is known at one place of a function, while it is read.
pub(super) struct Accesses {
	frame: Option<StackFrame>,
	stack: Vec<Operand>,
	/// Open blocks: operands below them, and how many they leave.
	blocks: Vec<(usize, usize)>,
	/// How often each local has been assigned, and up to where in the module.
	assignments: Vec<(u32, usize)>,
	/// Where in this epoch the stack was empty last, as far as the open block goes.
	calm: Option<usize>,
	known: Vec<Known>,
	/// Grows with every segment and every call.
	epoch: u32,
}

impl Accesses {
	pub(super) fn new(locals: u32, frame: Option<StackFrame>) -> Self {
		Self {
			frame,
			stack: Vec::new(),
			blocks: Vec::new(),
			assignments: alloc::vec![(0, 0); locals as usize],
			calm: None,
			known: Vec::new(),
			epoch: 0,
		}
	}

	/// A new segment begins: it may have been reached some other way.
	pub(super) fn begin_segment(&mut self) {
		self.begin_epoch();
		self.known.clear();
	}

	fn begin_epoch(&mut self) {
		self.epoch += 1;
		self.calm = None;
	}

	/// An instruction that ends before `next` has been dealt with.
	pub(super) fn settle(&mut self, next: usize) {
		let below = self.blocks.last().map_or(0, |(below, _)| *below);
		if self.stack.len() <= below {
			self.calm = Some(next);
		}
	}

	/// Plans the check that `access`, at `offset` in the module, needs.
	pub(super) fn access(&mut self, access: &Access, offset: usize, segments: &mut Segments) {
		let Some(operand) = self.operand(access.above) else { return };
		let (base, plus) = match operand.source {
			Source::Constant(value) => (Base::Zero, i64::from(value.cast_unsigned())),
			Source::Local { index, assignments, plus } if self.count(index) == assignments => {
				(Base::Local(index), i64::from(plus))
			}
			_ => (Base::Top, 0),
		};
		// Offsets have 32 bits.
		let low = plus.saturating_add_unsigned(access.offset);
		let high = low + i64::from(access.size);
		let check = Check { base, low, high, within: access.is_aligned() };
		match base {
			Base::Local(index) if self.is_framed(index, offset, low, high) => {}
			Base::Local(_) | Base::Zero => self.check(check, offset, segments),
			// Where the operand is on top, it can be looked at without more ado.
			Base::Top if access.above == 0 => segments.insert(offset, What::Check(check)),
			Base::Top if operand.epoch == self.epoch => {
				segments.insert(operand.from, What::Check(check));
			}
			Base::Top => segments.insert(offset, What::CheckBelow(check, access.value)),
		}
	}

	/// Whether all from `low` to `high` of a local lies in the function's frame.
	fn is_framed(&self, index: u32, at: usize, low: i64, high: i64) -> bool {
		self.frame.is_some_and(|frame| {
			frame.local == index && frame.from <= at && low >= 0 && high <= i64::from(frame.size)
		})
	}

	/// Checks by a base that can be asked for again, unless that has been done.
	fn check(&mut self, check: Check, offset: usize, segments: &mut Segments) {
		let assignments = match check.base {
			Base::Local(index) => self.count(index),
			_ => 0,
		};
		let epoch = self.epoch;
		let by_it =
			|known: &&mut Known| known.base == check.base && known.assignments == assignments;
		for known in self.known.iter_mut().filter(by_it) {
			if known.low <= check.low && check.high <= known.high {
				return;
			}
			let (low, high) = (known.low.min(check.low), known.high.max(check.high));
			if let Some((insert, since)) = known.open
				&& since == epoch
				&& high - low <= i64::from(CHUNK_SIZE)
				&& let Some(insert) = segments.inserts.get_mut(insert)
			{
				insert.what = What::Check(Check { low, high, within: false, ..check });
				(known.low, known.high) = (low, high);
				return;
			}
		}
		if self.known.len() >= REMEMBERED {
			self.known.remove(0);
		}
		let open = Some((segments.inserts.len(), epoch));
		let Check { base, low, high, .. } = check;
		self.known.push(Known { base, assignments, low, high, open });
		let assigned = match base {
			Base::Local(index) => self.assigned(index),
			_ => 0,
		};
		let place = self.calm.filter(|calm| assigned <= *calm).unwrap_or(offset);
		segments.insert(place, What::Check(check));
	}

	/// Follows an instruction that ends before `next`, takes `params` operands and leaves
	/// `results`.
	pub(super) fn follow(
		&mut self,
		operator: &Operator<'_>,
		params: u32,
		results: u32,
		next: usize,
	) {
		let source = match operator {
			Operator::LocalGet { local_index } => {
				let assignments = self.count(*local_index);
				Source::Local { index: *local_index, assignments, plus: 0 }
			}
			Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
				let assigned = self.assignments.get_mut(*local_index as usize);
				if let Some((count, at)) = assigned {
					*count += 1;
					*at = next;
				}
				// After `local.tee`, the operand is the local.
				let assignments = self.count(*local_index);
				Source::Local { index: *local_index, assignments, plus: 0 }
			}
			Operator::I32Const { value } => Source::Constant(*value),
			Operator::I32Add => self.sum(i32::checked_add),
			Operator::I32Sub => self.sum(i32::checked_sub),
			Operator::Call { .. } | Operator::CallIndirect { .. } => {
				self.begin_epoch();
				Source::Unknown
			}
			_ => Source::Unknown,
		};
		self.stack.truncate(self.stack.len().saturating_sub(params as usize));
		for _ in 0..results {
			self.push(source, next);
		}
	}

	/// What is known of the sum or difference of the two topmost operands.
	fn sum(&self, apply: fn(i32, i32) -> Option<i32>) -> Source {
		let source = |depth| self.operand(depth).map_or(Source::Unknown, |operand| operand.source);
		match (source(1), source(0)) {
			(Source::Local { index, assignments, plus }, Source::Constant(value)) => {
				match apply(plus, value) {
					Some(plus) => Source::Local { index, assignments, plus },
					None => Source::Unknown,
				}
			}
			_ => Source::Unknown,
		}
	}

	/// Enters a block, having taken `params` operands.
	pub(super) fn enter(&mut self, ty: BlockType, params: usize) {
		self.stack.truncate(self.stack.len().saturating_sub(params));
		let results = usize::from(ty != BlockType::Empty);
		self.blocks.push((self.stack.len(), results));
	}

	/// Leaves the first half of an `if`.
	pub(super) fn turn(&mut self) {
		if let Some((below, _)) = self.blocks.last() {
			self.stack.truncate(*below);
		}
	}

	/// Leaves a block whose `end` ends before `next`.
	pub(super) fn leave(&mut self, next: usize) {
		if let Some((below, results)) = self.blocks.pop() {
			self.stack.truncate(below);
			for _ in 0..results {
				self.push(Source::Unknown, next);
			}
		}
	}

	fn push(&mut self, source: Source, from: usize) {
		self.stack.push(Operand { source, from, epoch: self.epoch });
	}

	fn operand(&self, depth: usize) -> Option<Operand> {
		let index = self.stack.len().checked_sub(1 + depth)?;
		self.stack.get(index).copied()
	}

	/// How often a local has been assigned.
	fn count(&self, local: u32) -> u32 {
		self.assignments.get(local as usize).map_or(0, |(count, _)| *count)
	}

	/// Where a local was assigned last.
	fn assigned(&self, local: u32) -> usize {
		self.assignments.get(local as usize).map_or(0, |(_, at)| *at)
	}
}
