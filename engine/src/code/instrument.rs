//! Rewriting a function: it pays for its instructions and counts its calls.
//!
//! A *segment* is a run of instructions entered only at its start and left only at its end (or by
//! a trap): whoever enters it executes all of it. It pays at its start for all its instructions.
//! Segments begin where a function does, after `loop`, `if` and `else`, after a conditional
//! branch, and after an `end` that something may branch to.
//!
//! A call also zeroes the callee's locals. The first 64 come with the call; each 8 more cost as
//! much as an instruction, so that a small function cannot make the machine clear large frames.
//!
//! What is inserted leaves the operand stack as it was and branches nowhere but into a trap, so
//! all instructions are copied as they are.

use alloc::vec::Vec;
use wasm_encoder::{BlockType, InstructionSink};
use wasmparser::{
	BinaryReaderError, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator,
	ValidatorResources,
};

use super::{CodeError, FRAME_OVERHEAD, STACK_LIMIT};

/// Indices of the two globals that are added to a module.
#[derive(Clone, Copy)]
pub(super) struct Counters {
	pub(super) fuel: u32,
	pub(super) depth: u32,
}

/// Why a function is refused.
pub(super) enum BodyError {
	Invalid(BinaryReaderError),
	Refused(CodeError),
}

impl From<BinaryReaderError> for BodyError {
	fn from(error: BinaryReaderError) -> Self {
		Self::Invalid(error)
	}
}

/// Locals that are zeroed for nothing.
const FREE_LOCALS: u32 = 64;

/// Locals beyond those that are zeroed for the price of an instruction.
const LOCALS_PER_INSTRUCTION: u32 = 8;

/// Something to insert before the instruction at `offset`.
struct Insert {
	offset: usize,
	what: What,
}

enum What {
	/// Pay for this many instructions.
	Pay(u32),
	/// A call begins.
	Call,
	/// A call has ended.
	Return,
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
struct Segments {
	inserts: Vec<Insert>,
	frames: Vec<Frame>,
	/// The open segment: which insert pays for it. `None` in code that is never reached.
	open: Option<usize>,
}

impl Segments {
	/// A function whose instructions begin at `start`.
	fn new(start: usize, locals: u32) -> Self {
		let body = Frame { kind: FrameKind::Block, end_reached: false, entered: true };
		let mut segments = Self { inserts: Vec::new(), frames: Vec::from_iter([body]), open: None };
		let zeroing = locals.saturating_sub(FREE_LOCALS).div_ceil(LOCALS_PER_INSTRUCTION);
		segments.inserts.push(Insert { offset: start, what: What::Pay(zeroing) });
		segments.begin(start);
		segments
	}

	/// Begins a segment at `offset`.
	fn begin(&mut self, offset: usize) {
		self.open = Some(self.inserts.len());
		self.inserts.push(Insert { offset, what: What::Pay(0) });
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
	fn read(&mut self, operator: &Operator<'_>, next: usize) {
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

/// Validates a function and returns its metered body, locals included.
pub(super) fn instrument(
	to_validate: FuncToValidate<ValidatorResources>,
	allocations: FuncValidatorAllocations,
	body: &FunctionBody<'_>,
	module: &[u8],
	imported_functions: u32,
	counters: Counters,
	frame_limit: u32,
) -> Result<(Vec<u8>, FuncValidatorAllocations), BodyError> {
	let mut validator = to_validate.into_validator(allocations);
	let function = validator.index();

	let mut reader = body.get_binary_reader();
	validator.read_locals(&mut reader)?;
	let start = reader.original_position();

	let mut segments = Segments::new(start, validator.len_locals());
	let mut height = 0;
	let mut operators = body.get_operators_reader()?;
	while !operators.eof() {
		let (operator, at) = operators.read_with_offset()?;
		let next = operators.original_position();
		if let Operator::MemoryGrow { .. } = operator {
			return Err(BodyError::Refused(CodeError::MemoryGrow { offset: at as u64 }));
		}
		validator.op(at, &operator)?;
		height = height.max(validator.operand_stack_height());

		// Imported functions do not call back.
		let nests = match operator {
			Operator::Call { function_index } => function_index >= imported_functions,
			Operator::CallIndirect { .. } => true,
			_ => false,
		};
		if nests && segments.open.is_some() {
			segments.inserts.push(Insert { offset: at, what: What::Call });
		}
		segments.read(&operator, next);
		if nests && segments.open.is_some() {
			segments.inserts.push(Insert { offset: next, what: What::Return });
		}
	}
	validator.finish(operators.original_position())?;

	let slots = validator.len_locals().saturating_add(height);
	if slots > frame_limit {
		let error = CodeError::FrameTooLarge { function, actual: slots, limit: frame_limit };
		return Err(BodyError::Refused(error));
	}

	let whole = body.range();
	let writer = Writer { counters, frame: slots.saturating_add(FRAME_OVERHEAD) };
	let mut out = Vec::with_capacity(whole.len() * 2);
	let mut copied = whole.start;
	for Insert { offset, what } in segments.inserts {
		out.extend_from_slice(module.get(copied..offset).unwrap_or_default());
		copied = offset;
		match what {
			What::Pay(0) => {}
			What::Pay(instructions) => writer.pay(&mut out, instructions),
			What::Call => writer.call(&mut out),
			What::Return => writer.returned(&mut out),
		}
	}
	out.extend_from_slice(module.get(copied..whole.end).unwrap_or_default());
	Ok((out, validator.into_allocations()))
}

/// Writes what is inserted.
struct Writer {
	counters: Counters,
	/// Slots of the function's own frame.
	frame: u32,
}

impl Writer {
	/// `fuel -= instructions; if fuel < 0 { unreachable }`
	fn pay(&self, out: &mut Vec<u8>, instructions: u32) {
		let fuel = self.counters.fuel;
		InstructionSink::new(out)
			.global_get(fuel)
			.i64_const(i64::from(instructions))
			.i64_sub()
			.global_set(fuel)
			.global_get(fuel)
			.i64_const(0)
			.i64_lt_s()
			.if_(BlockType::Empty)
			.unreachable()
			.end();
	}

	/// `depth += frame; if depth > STACK_LIMIT { unreachable }`
	fn call(&self, out: &mut Vec<u8>) {
		let depth = self.counters.depth;
		InstructionSink::new(out)
			.global_get(depth)
			.i32_const(self.frame.cast_signed())
			.i32_add()
			.global_set(depth)
			.global_get(depth)
			.i32_const(STACK_LIMIT.cast_signed())
			.i32_gt_u()
			.if_(BlockType::Empty)
			.unreachable()
			.end();
	}

	/// `depth -= frame`
	fn returned(&self, out: &mut Vec<u8>) {
		let depth = self.counters.depth;
		InstructionSink::new(out)
			.global_get(depth)
			.i32_const(self.frame.cast_signed())
			.i32_sub()
			.global_set(depth);
	}
}
