//! Rewriting a function: it pays for its instructions, counts its calls, and sees to it that the
//! memory it touches is there.
//!
//! A call also zeroes the callee's locals. The first 64 come with the call; each 8 more cost as
//! much as an instruction, so that a small function cannot make the machine clear large frames.
//!
//! What is inserted is not paid for: a program's gas does not hang on how the engine works.

use super::{
	CodeError, FRAME_OVERHEAD,
	accesses::{Access, Accesses, Base, Check},
	frame::StackFrame,
	segments::{By, Insert, Replacement, Segments, What},
	writer::{Added, Writer},
};
use alloc::vec::Vec;
use wasm_encoder::Encode;
use wasmparser::{
	BinaryReaderError, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator,
	ValidatorResources,
};

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

/// What is the same for all functions of a module.
pub(super) struct Instrumenting<'a> {
	/// The module's bytes.
	pub(super) module: &'a [u8],
	pub(super) added: Added,
	/// Slots a function may have.
	pub(super) frame_limit: u32,
}

impl Instrumenting<'_> {
	/// Validates a function and returns its metered body, locals included.
	pub(super) fn function(
		&self,
		to_validate: FuncToValidate<ValidatorResources>,
		allocations: FuncValidatorAllocations,
		body: &FunctionBody<'_>,
	) -> Result<(Vec<u8>, FuncValidatorAllocations), BodyError> {
		let mut validator = to_validate.into_validator(allocations);
		let function = validator.index();
		let limit = self.frame_limit;
		let too_large =
			|actual| BodyError::Refused(CodeError::FrameTooLarge { function, actual, limit });

		let mut reader = body.get_binary_reader();
		validator.read_locals(&mut reader)?;
		let start = reader.original_position();
		let locals = validator.len_locals();
		// What is noted down for each local is bounded by this.
		if locals > limit {
			return Err(too_large(locals));
		}

		let frame = StackFrame::find(body)?;
		let mut segments = Segments::new(start, locals);
		let mut accesses = Accesses::new(locals, frame);
		if let Some(StackFrame { local, size, from }) = frame {
			let high = size.into();
			let check = Check { base: Base::Local(local), low: 0, high, within: false };
			segments.insert(from, What::Check(check));
		}

		let mut height = 0;
		let mut operators = body.get_operators_reader()?;
		while !operators.eof() {
			let (operator, at) = operators.read_with_offset()?;
			let next = operators.original_position();
			if let Operator::MemoryGrow { .. } = operator {
				return Err(BodyError::Refused(CodeError::MemoryGrow { offset: at as u64 }));
			}
			let arity = operator.operator_arity(&validator.visitor(at));
			validator.op(at, &operator)?;
			height = height.max(validator.operand_stack_height());
			let own = Place { at, next, arity };
			self.instruction(&operator, own, &mut segments, &mut accesses);
		}
		validator.finish(operators.original_position())?;

		let slots = locals.saturating_add(height);
		if slots > limit {
			return Err(too_large(slots));
		}
		let slots = slots.saturating_add(FRAME_OVERHEAD);
		let writer = Writer::new(self.added, slots, locals);
		let metered = self.write(body, start, segments.inserts, writer)?;
		Ok((metered, validator.into_allocations()))
	}

	/// Plans what is to be inserted for an instruction.
	fn instruction(
		&self,
		operator: &Operator<'_>,
		place: Place,
		segments: &mut Segments,
		accesses: &mut Accesses,
	) {
		let Place { at, next, arity } = place;
		let before = segments.open();
		let access = Access::of(operator);
		if let (Some(_), Some(access)) = (before, &access) {
			accesses.access(access, at, segments);
		}
		let replacement = match (operator, access) {
			(_, Some(Access { opcode, align, offset, .. })) => {
				Some(By::Access { opcode, align, offset })
			}
			(Operator::Call { function_index }, _) => Some(By::Call(*function_index)),
			(Operator::MemorySize { .. }, _) => Some(By::MemorySize),
			_ => None,
		};

		// Imported functions do not call back.
		let nests = match operator {
			Operator::Call { function_index } => *function_index >= self.added.touch,
			Operator::CallIndirect { .. } => true,
			_ => false,
		};
		if nests && before.is_some() {
			segments.insert(at, What::Call);
		}
		if let Some(by) = replacement {
			segments.insert(at, What::Replace(Replacement { next, by }));
		}
		segments.read(operator, next);
		if nests && segments.open().is_some() {
			segments.insert(next, What::Return);
		}

		if segments.open() != before {
			accesses.begin_segment();
		}
		match operator {
			Operator::Block { blockty } | Operator::Loop { blockty } => accesses.enter(*blockty, 0),
			Operator::If { blockty } => accesses.enter(*blockty, 1),
			Operator::Else => accesses.turn(),
			Operator::End => accesses.leave(next),
			// In code that is never reached, operands are anyone's guess.
			_ if before.is_none() => {}
			_ => {
				let (params, results) = arity.unwrap_or_default();
				accesses.follow(operator, params, results, next);
			}
		}
		if segments.open().is_some() {
			accesses.settle(next);
		}
	}

	/// Writes a body with what is inserted.
	fn write(
		&self,
		body: &FunctionBody<'_>,
		start: usize,
		mut inserts: Vec<Insert>,
		mut writer: Writer,
	) -> Result<Vec<u8>, BodyError> {
		let whole = body.range();
		// Planned where they are needed, some of them further up. In the order of planning where
		// the place is the same, so that what replaces an instruction comes last.
		inserts.sort_by_key(|insert| (insert.offset, matches!(insert.what, What::Replace(_))));
		let mut code = Vec::with_capacity(whole.len() * 2);
		let mut copied = start;
		for Insert { offset, what } in inserts {
			code.extend_from_slice(self.module.get(copied..offset).unwrap_or_default());
			copied = match &what {
				What::Replace(replacement) => replacement.next,
				_ => offset,
			};
			writer.write(&mut code, &what);
		}
		code.extend_from_slice(self.module.get(copied..whole.end).unwrap_or_default());

		let mut locals = body.get_locals_reader()?;
		let groups = locals.get_count();
		for _ in 0..groups {
			locals.read()?;
		}
		let declared = body.get_locals_reader()?.original_position()..locals.original_position();
		let scratch = writer.scratch();
		let mut out = Vec::with_capacity(code.len() + declared.len() + 8);
		groups.saturating_add(scratch.len() as u32).encode(&mut out);
		out.extend_from_slice(self.module.get(declared).unwrap_or_default());
		for ty in scratch {
			1u32.encode(&mut out);
			ty.encode(&mut out);
		}
		out.extend(code);
		Ok(out)
	}
}

/// Where an instruction stands, and what it takes and leaves.
struct Place {
	at: usize,
	next: usize,
	/// Operands taken and left.
	arity: Option<(u32, u32)>,
}
