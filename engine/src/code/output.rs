//! The metered module, while it is put together.
//!
//! It differs from the original in more than its functions' bodies:
//!
//! - memory is its own and exported, and holds the engine's table in front of the program's
//!   memory (see [`MEMORY_BASE`]);
//! - the function that sees to it that memory is there is imported behind all others, so that the
//!   module's own functions are one further on;
//! - two globals count instructions and slots on the call stack;
//! - a function is exported that sets all globals to what they begin with, so that an instance can
//!   be used again.

use super::{
	DEPTH, ENV, FUEL, MAX_PAGES, MEMORY, MEMORY_BASE, RESET, TOUCH, TOUCH_MODULE, writer::Added,
};
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::ops::Range;
use wasm_encoder::{
	CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection,
	Function, FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType,
	Module, RawSection, SectionId, TypeSection, ValType,
};
use wasmparser::FuncType;

/// A global of the program's.
pub(super) struct Global {
	pub(super) mutable: bool,
	pub(super) start: Start,
}

impl Global {
	/// What it begins with, if that may be an address.
	pub(super) fn address(&self) -> Option<u32> {
		match self.start {
			Start::I32(value) => Some(value.cast_unsigned()),
			Start::I64(_) => None,
		}
	}
}

/// What a global begins with.
#[derive(Clone, Copy)]
pub(super) enum Start {
	I32(i32),
	I64(i64),
}

/// What has been read of a module and is written again.
#[derive(Default)]
pub(super) struct Output {
	pub(super) types: Vec<FuncType>,
	/// Imported functions: names and types.
	pub(super) imports: Vec<(String, u32)>,
	/// Types of the module's own functions.
	pub(super) functions: Vec<u32>,
	/// The table section, as it is.
	pub(super) table: Option<Range<usize>>,
	pub(super) globals: Vec<Global>,
	/// Entry points: names and functions.
	pub(super) entries: Vec<(&'static str, u32)>,
	/// Pieces of the function table: where, and which functions.
	pub(super) elements: Vec<(i32, Vec<u32>)>,
	pub(super) code: CodeSection,
}

impl Output {
	/// Type of a function.
	pub(super) fn function(&self, index: u32) -> Option<&FuncType> {
		let index = index as usize;
		let ty = match self.imports.get(index) {
			Some((_, ty)) => ty,
			None => self.functions.get(index.checked_sub(self.imports.len())?)?,
		};
		self.types.get(*ty as usize)
	}

	/// What is added to the module. Known once its globals and imports are.
	pub(super) fn added(&self) -> Added {
		Added { fuel: self.globals.len() as u32, touch: self.imports.len() as u32 }
	}

	/// Where a function of the original module is now.
	fn moved(&self, function: u32) -> u32 {
		function + u32::from(function >= self.added().touch)
	}

	/// The module. Its memory begins with `static_pages`.
	pub(super) fn finish(mut self, bytes: &[u8], static_pages: u32) -> Vec<u8> {
		let mut out = Module::new();
		let Added { fuel, touch } = self.added();
		let (touch_type, reset_type) = (self.types.len() as u32, self.types.len() as u32 + 1);

		let mut types = TypeSection::new();
		for ty in &self.types {
			types.ty().function(
				ty.params().iter().copied().map(val_type),
				ty.results().iter().copied().map(val_type),
			);
		}
		types.ty().function([ValType::I32, ValType::I32], []);
		types.ty().function([], []);
		out.section(&types);

		let mut imports = ImportSection::new();
		for (name, ty) in &self.imports {
			imports.import(ENV, name, EntityType::Function(*ty));
		}
		imports.import(TOUCH_MODULE, TOUCH, EntityType::Function(touch_type));
		out.section(&imports);

		let mut functions = FunctionSection::new();
		for ty in &self.functions {
			functions.function(*ty);
		}
		functions.function(reset_type);
		out.section(&functions);

		if let Some(range) = &self.table {
			let data = bytes.get(range.clone()).unwrap_or_default();
			out.section(&RawSection { id: SectionId::Table as u8, data });
		}

		let mut memories = MemorySection::new();
		memories.memory(MemoryType {
			minimum: u64::from(static_pages) + TABLE_PAGES,
			maximum: Some(u64::from(MAX_PAGES) + TABLE_PAGES),
			memory64: false,
			shared: false,
			page_size_log2: None,
		});
		out.section(&memories);

		for start in [Start::I64(0), Start::I32(0)] {
			self.globals.push(Global { mutable: true, start });
		}
		let mut globals = GlobalSection::new();
		let mut reset = Function::new([]);
		for (index, Global { mutable, start }) in (0..).zip(&self.globals) {
			let (val_type, value) = match start {
				Start::I32(value) => (ValType::I32, ConstExpr::i32_const(*value)),
				Start::I64(value) => (ValType::I64, ConstExpr::i64_const(*value)),
			};
			globals.global(GlobalType { val_type, mutable: *mutable, shared: false }, &value);
			if *mutable {
				let mut sink = reset.instructions();
				match start {
					Start::I32(value) => sink.i32_const(*value),
					Start::I64(value) => sink.i64_const(*value),
				};
				sink.global_set(index);
			}
		}
		reset.instructions().end();
		out.section(&globals);

		let mut exports = ExportSection::new();
		for (name, function) in &self.entries {
			exports.export(name, ExportKind::Func, self.moved(*function));
		}
		exports.export(FUEL, ExportKind::Global, fuel);
		exports.export(DEPTH, ExportKind::Global, fuel + super::DEPTH_SLOT);
		exports.export(MEMORY, ExportKind::Memory, 0);
		exports.export(RESET, ExportKind::Func, touch + 1 + self.functions.len() as u32);
		out.section(&exports);

		if !self.elements.is_empty() {
			let mut elements = ElementSection::new();
			for (offset, functions) in &self.elements {
				let functions: Vec<_> = functions.iter().map(|index| self.moved(*index)).collect();
				elements.active(
					None,
					&ConstExpr::i32_const(*offset),
					Elements::Functions(Cow::Owned(functions)),
				);
			}
			out.section(&elements);
		}

		self.code.function(&reset);
		out.section(&self.code);
		out.finish()
	}
}

/// 64 KiB pages that the table and what is left of its page take.
const TABLE_PAGES: u64 = 1;
const _: () = assert!(MEMORY_BASE < crate::pages::PAGE_SIZE);

/// The types that programs have: there is no other without further proposals.
fn val_type(ty: wasmparser::ValType) -> ValType {
	match ty {
		wasmparser::ValType::I64 => ValType::I64,
		_ => ValType::I32,
	}
}
