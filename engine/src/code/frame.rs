//! Frames on the program's own stack, which lies in its memory.
//!
//! Much of what a function touches are its own variables there. Compilers write at its start
//!
//! ```text
//! global.get $pointer    i32.const N    i32.sub    local.tee $frame
//! ```
//!
//! and never assign `$frame` again. So it is enough to check the frame as a whole, here: all that
//! follows in the text is executed after this, as long as this stands outside any block, and an
//! access through `$frame` to less than `N` bytes from it needs no check of its own. Nothing is
//! taken on trust: neither that the global is a stack pointer, nor where the stack lies.

use crate::pages::CHUNK_SIZE;
use wasmparser::{BinaryReaderError, FunctionBody, Operator};

/// A function's frame.
#[derive(Clone, Copy)]
pub(super) struct StackFrame {
	/// The local that holds its address, from `from` on and for good.
	pub(super) local: u32,
	/// Its size in bytes: some, and at most a chunk.
	pub(super) size: u32,
	/// Offset in the module of what follows the assignment.
	pub(super) from: usize,
}

impl StackFrame {
	/// Finds the frame of a function, if it has one.
	pub(super) fn find(body: &FunctionBody<'_>) -> Result<Option<Self>, BinaryReaderError> {
		let mut operators = body.get_operators_reader()?;
		let mut found = None::<Self>;
		// How much of the pattern has been read, and the constant in it.
		let (mut matched, mut size) = (0, 0);
		while !operators.eof() {
			let operator = operators.read()?;
			matched = match (&operator, matched) {
				(Operator::GlobalGet { .. }, _) => 1,
				(Operator::I32Const { value }, 1) => {
					size = value.cast_unsigned();
					2
				}
				(Operator::I32Sub, 2) => 3,
				_ => {
					if let Some(local) = assigned(&operator) {
						match &found {
							Some(frame) if frame.local == local => return Ok(None),
							None if matched == 3 && (1..=CHUNK_SIZE).contains(&size) => {
								let from = operators.original_position();
								found = Some(Self { local, size, from });
							}
							_ => {}
						}
					}
					0
				}
			};
			let nests = matches!(
				operator,
				Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. }
			);
			// A frame that is not taken by now is none that is taken whatever happens.
			if nests && found.is_none() {
				return Ok(None);
			}
		}
		Ok(found)
	}
}

/// The local that an instruction assigns.
fn assigned(operator: &Operator<'_>) -> Option<u32> {
	match operator {
		Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
			Some(*local_index)
		}
		_ => None,
	}
}
