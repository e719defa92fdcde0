//! What is inserted into a function, as Wasm.

use super::{
	DEPTH_SLOT, MEMORY_BASE, PAGES_AT, STACK_LIMIT,
	accesses::{Base, Check},
	segments::{By, What},
};
use crate::pages::CHUNK_SIZE;
use alloc::vec::Vec;
use wasm_encoder::{BlockType, Encode, InstructionSink, MemArg};
use wasmparser::ValType;

/// Indices, in the metered module, of what was added to it.
#[derive(Clone, Copy)]
pub(super) struct Added {
	/// The global that counts instructions; the one that counts slots comes behind.
	pub(super) fuel: u32,
	/// The imported function that sees to it that memory is there. All functions of the module's
	/// own are one behind where they were.
	pub(super) touch: u32,
}

/// Locals that a function needs beyond its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scratch {
	/// The operand on top of the stack.
	Top,
	/// A value of that type.
	Value(ValType),
}

/// Writes what is inserted into one function.
pub(super) struct Writer {
	added: Added,
	/// Slots of the function's own frame.
	slots: u32,
	/// Locals it had.
	locals: u32,
	/// Locals it has been given.
	scratch: Vec<Scratch>,
}

impl Writer {
	pub(super) fn new(added: Added, slots: u32, locals: u32) -> Self {
		Self { added, slots, locals, scratch: Vec::new() }
	}

	/// Types of the locals to add.
	pub(super) fn scratch(&self) -> impl ExactSizeIterator<Item = wasm_encoder::ValType> + '_ {
		self.scratch.iter().map(|scratch| match scratch {
			Scratch::Value(ValType::I64) => wasm_encoder::ValType::I64,
			_ => wasm_encoder::ValType::I32,
		})
	}

	/// The local for `wanted`.
	fn local(&mut self, wanted: Scratch) -> u32 {
		let at = self.scratch.iter().position(|scratch| *scratch == wanted).unwrap_or_else(|| {
			self.scratch.push(wanted);
			self.scratch.len() - 1
		});
		self.locals + at as u32
	}

	pub(super) fn write(&mut self, out: &mut Vec<u8>, what: &What) {
		match what {
			What::Pay(0) => {}
			What::Pay(instructions) => self.pay(out, *instructions),
			What::Call => self.call(out),
			What::Return => self.returned(out),
			What::Check(check) => self.check(out, *check),
			What::CheckBelow(check, above) => {
				let value = self.local(Scratch::Value(*above));
				InstructionSink::new(out).local_set(value);
				self.check(out, *check);
				InstructionSink::new(out).local_get(value);
			}
			What::Replace(replacement) => self.replace(out, &replacement.by),
		}
	}

	/// `fuel -= instructions; if fuel < 0 { unreachable }`
	fn pay(&self, out: &mut Vec<u8>, instructions: u32) {
		let fuel = self.added.fuel;
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

	/// `depth += slots; if depth > STACK_LIMIT { unreachable }`
	fn call(&self, out: &mut Vec<u8>) {
		let depth = self.added.fuel + DEPTH_SLOT;
		InstructionSink::new(out)
			.global_get(depth)
			.i32_const(self.slots.cast_signed())
			.i32_add()
			.global_set(depth)
			.global_get(depth)
			.i32_const(STACK_LIMIT.cast_signed())
			.i32_gt_u()
			.if_(BlockType::Empty)
			.unreachable()
			.end();
	}

	/// `depth -= slots`
	fn returned(&self, out: &mut Vec<u8>) {
		let depth = self.added.fuel + DEPTH_SLOT;
		InstructionSink::new(out)
			.global_get(depth)
			.i32_const(self.slots.cast_signed())
			.i32_sub()
			.global_set(depth);
	}

	/// `if table[first chunk] | table[last chunk] { touch(address, len) }`
	fn check(&mut self, out: &mut Vec<u8>, check: Check) {
		// Reckoned as addresses are, without what is carried beyond 32 bits. An access beyond
		// traps whatever is checked for it.
		let (low, last) = (check.low as u32, (check.high - 1) as u32);
		let base = match check.base {
			Base::Zero => None,
			Base::Local(local) => Some(local),
			Base::Top => {
				let top = self.local(Scratch::Top);
				InstructionSink::new(out).local_tee(top);
				Some(top)
			}
		};
		let within = match base {
			None => low / CHUNK_SIZE == last / CHUNK_SIZE,
			Some(_) => check.within,
		};
		entry(out, base, low);
		if !within {
			entry(out, base, last);
			InstructionSink::new(out).i32_or();
		}
		InstructionSink::new(out).if_(BlockType::Empty);
		address(out, base, low);
		// What is said to lie in one chunk is taken to lie in that of its first byte, here too.
		let len = if within { 1 } else { (check.high - check.low) as i32 };
		InstructionSink::new(out).i32_const(len).call(self.added.touch).end();
	}

	fn replace(&self, out: &mut Vec<u8>, by: &By) {
		match by {
			By::Access { opcode, align, offset } => {
				// An offset that does not fit leads out of memory as much as the largest one.
				let offset = offset.saturating_add(MEMORY_BASE.into()).min(u32::MAX.into());
				out.push(*opcode);
				MemArg { offset, align: u32::from(*align), memory_index: 0 }.encode(out);
			}
			By::Call(function) => {
				let moved = u32::from(*function >= self.added.touch);
				InstructionSink::new(out).call(function + moved);
			}
			By::MemorySize => {
				InstructionSink::new(out).i32_const(0).i32_load(MemArg {
					offset: PAGES_AT.into(),
					align: 2,
					memory_index: 0,
				});
			}
		}
	}
}

/// The table's entry for the chunk `distance` from `base`.
fn entry(out: &mut Vec<u8>, base: Option<u32>, distance: u32) {
	match base {
		None => {
			InstructionSink::new(out).i32_const((distance / CHUNK_SIZE).cast_signed());
		}
		Some(_) => {
			address(out, base, distance);
			InstructionSink::new(out).i32_const(CHUNK_SIZE.ilog2().cast_signed()).i32_shr_u();
		}
	}
	InstructionSink::new(out).i32_load8_u(MemArg { offset: 0, align: 0, memory_index: 0 });
}

/// The address `distance` from `base`.
fn address(out: &mut Vec<u8>, base: Option<u32>, distance: u32) {
	let mut sink = InstructionSink::new(out);
	match base {
		None => {
			sink.i32_const(distance.cast_signed());
		}
		Some(local) if distance == 0 => {
			sink.local_get(local);
		}
		Some(local) => {
			sink.local_get(local).i32_const(distance.cast_signed()).i32_add();
		}
	}
}
