//! Reading a module: what is refused, and what is kept of the rest.

use alloc::{format, string::ToString, vec::Vec};
use wasmparser::{
	BinaryReaderError, Data, DataKind, ElementKind, Encoding, ExternalKind, FuncType,
	FuncValidatorAllocations, FunctionBody, Operator, Parser, Payload, TypeRef, ValidPayload,
	Validator, WasmFeatures,
};

use super::{
	Code, CodeError, CodeMetadata, ENV, Entries, MAX_PAGES,
	data::InitialMemory,
	instrument::{BodyError, Instrumenting},
	output::{Global, Output, Start},
};
use crate::{ids, message::DispatchKind, pages::PAGE_SIZE, settings::Limits, syscalls};

/// What programs may use beyond the MVP. Floating point is left out: Gear refuses it as well.
const FEATURES: WasmFeatures =
	WasmFeatures::MUTABLE_GLOBAL.union(WasmFeatures::SIGN_EXTENSION).union(WasmFeatures::GC_TYPES);

/// Export by which a code says where its stack begins.
const STACK_END: &str = "__gear_stack_end";

/// Checks an uploaded code and meters it.
///
/// # Errors
///
/// Says what the code has or lacks that keeps it from being run: see [`CodeError`].
pub fn check_code(bytes: &[u8], limits: &Limits) -> Result<Code, CodeError> {
	let actual = bytes.len() as u64;
	if actual > u64::from(limits.code_len) {
		return Err(CodeError::TooLong { actual, limit: limits.code_len });
	}
	if !Parser::is_core_wasm(bytes) {
		return Err(CodeError::NotWasm);
	}
	let mut reading = Reading::new(bytes, limits);
	reading.read().map_err(|error| match error {
		BodyError::Refused(error) => error,
		BodyError::Invalid(error) => invalid(bytes, error),
	})?;
	reading.finish()
}

/// Tells floating point and proposals from other rule breaking: with them allowed, the module is
/// valid.
fn invalid(bytes: &[u8], error: BinaryReaderError) -> CodeError {
	let offset = error.offset() as u64;
	let valid_with = |features| Validator::new_with_features(features).validate_all(bytes).is_ok();
	if valid_with(FEATURES.union(WasmFeatures::FLOATS)) {
		return CodeError::FloatingPoint { offset };
	}
	let reason = error.message().to_string();
	match valid_with(WasmFeatures::all()) {
		true => CodeError::Proposal { offset, reason },
		false => CodeError::Invalid { offset, reason },
	}
}

/// Refuses what there is more of than is allowed.
fn at_most(
	limit: u32,
	actual: u64,
	refused: impl FnOnce(u64, u32) -> CodeError,
) -> Result<(), BodyError> {
	match actual > u64::from(limit) {
		true => Err(BodyError::Refused(refused(actual, limit))),
		false => Ok(()),
	}
}

/// A module while it is read.
struct Reading<'a> {
	bytes: &'a [u8],
	limits: &'a Limits,
	validator: Validator,
	allocations: FuncValidatorAllocations,
	out: Output,
	/// Initial and maximal pages of the imported memory.
	memory: Option<(u32, Option<u32>)>,
	table: u64,
	entries: Entries,
	declared_stack_end: Option<u32>,
	data: InitialMemory,
}

impl<'a> Reading<'a> {
	fn new(bytes: &'a [u8], limits: &'a Limits) -> Self {
		Self {
			bytes,
			limits,
			validator: Validator::new_with_features(FEATURES),
			allocations: FuncValidatorAllocations::default(),
			out: Output::default(),
			memory: None,
			table: 0,
			entries: Entries::default(),
			declared_stack_end: None,
			data: InitialMemory::default(),
		}
	}

	fn read(&mut self) -> Result<(), BodyError> {
		for payload in Parser::new(0).parse_all(self.bytes) {
			let payload = payload?;
			// Refused for what it is, before the rules of the MVP are asked.
			if let Payload::StartSection { .. } = payload {
				return Err(BodyError::Refused(CodeError::StartSection));
			}
			match self.validator.payload(&payload)? {
				ValidPayload::Func(function, body) => self.body(function, &body)?,
				ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {
					self.section(payload)?;
				}
			}
		}
		Ok(())
	}

	fn section(&mut self, payload: Payload<'a>) -> Result<(), BodyError> {
		match payload {
			Payload::Version { encoding: Encoding::Component, .. } => {
				return Err(BodyError::Refused(CodeError::NotWasm));
			}
			Payload::TypeSection(section) => {
				for ty in section.into_iter_err_on_gc_types() {
					self.out.types.push(ty?);
				}
			}
			Payload::ImportSection(section) => {
				for import in section {
					self.import(import?)?;
				}
			}
			Payload::FunctionSection(section) => {
				let count = self.out.imports.len() as u64 + u64::from(section.count());
				at_most(self.limits.functions, count, |actual, limit| {
					CodeError::TooManyFunctions { actual, limit }
				})?;
				for ty in section {
					self.out.functions.push(ty?);
				}
			}
			Payload::TableSection(section) => {
				self.out.table = Some(section.range());
				for table in section {
					self.table = table?.ty.initial;
					let limit = self.limits.table_len;
					if self.table > u64::from(limit) {
						let actual = self.table;
						let error = CodeError::TableTooLarge { actual, limit };
						return Err(BodyError::Refused(error));
					}
				}
			}
			Payload::MemorySection(section) if section.count() > 0 => {
				return Err(BodyError::Refused(CodeError::NoImportedMemory));
			}
			Payload::GlobalSection(section) => {
				at_most(self.limits.globals, section.count().into(), |actual, limit| {
					CodeError::TooManyGlobals { actual, limit }
				})?;
				for global in section {
					self.global(global?)?;
				}
			}
			Payload::ExportSection(section) => {
				for export in section {
					self.export(export?)?;
				}
			}
			Payload::ElementSection(section) => {
				for (segment, element) in (0..).zip(section) {
					self.element(segment, element?)?;
				}
			}
			Payload::DataSection(section) => {
				at_most(self.limits.data_segments, section.count().into(), |actual, limit| {
					CodeError::TooManyDataSegments { actual, limit }
				})?;
				for (segment, data) in (0..).zip(section) {
					self.data_segment(segment, data?)?;
				}
			}
			// Nothing to keep: an empty memory section, the count that only bulk memory needs,
			// names and other custom sections. What else there is, the validator has refused.
			_ => {}
		}
		Ok(())
	}

	fn global(&mut self, global: wasmparser::Global<'a>) -> Result<(), BodyError> {
		let mut operators = global.init_expr.get_operators_reader();
		let at = operators.original_position() as u64;
		let start = match operators.read()? {
			Operator::I32Const { value } => Start::I32(value),
			Operator::I64Const { value } => Start::I64(value),
			// The validator lets pass what reads another global, and there is none yet that is
			// imported.
			_ => {
				let reason = "a global does not begin with a constant".to_string();
				return Err(BodyError::Refused(CodeError::Invalid { offset: at, reason }));
			}
		};
		self.out.globals.push(Global { mutable: global.ty.mutable, start });
		Ok(())
	}

	fn import(&mut self, import: wasmparser::Import<'a>) -> Result<(), BodyError> {
		let unknown = || CodeError::UnknownImport {
			module: import.module.to_string(),
			name: import.name.to_string(),
		};
		match import.ty {
			TypeRef::Func(ty) if import.module == ENV => {
				self.out.imports.push((import.name.to_string(), ty));
				let ty = self.out.types.get(ty as usize);
				syscall(import.name, ty).map_err(|error| error.unwrap_or_else(unknown))
			}
			TypeRef::Memory(memory) if import.module == ENV && import.name == "memory" => {
				let limit = self.limits.pages.min(MAX_PAGES);
				match u32::try_from(memory.initial) {
					Ok(pages) if pages <= limit => {
						let most = memory.maximum.and_then(|pages| u32::try_from(pages).ok());
						self.memory = Some((pages, most));
						Ok(())
					}
					_ => Err(CodeError::MemoryTooLarge { actual: memory.initial, limit }),
				}
			}
			_ => Err(unknown()),
		}
		.map_err(BodyError::Refused)
	}

	fn export(&mut self, export: wasmparser::Export<'a>) -> Result<(), BodyError> {
		for kind in DispatchKind::ALL {
			if export.name != kind.entry() {
				continue;
			}
			let ty = (export.kind == ExternalKind::Func)
				.then(|| self.out.function(export.index))
				.flatten();
			// An imported function is none of the program's own.
			if !ty.is_some_and(|ty| ty.params().is_empty() && ty.results().is_empty())
				|| (export.index as usize) < self.out.imports.len()
			{
				let name = export.name.to_string();
				return Err(BodyError::Refused(CodeError::WrongEntry { name }));
			}
			match kind {
				DispatchKind::Init => self.entries.init = true,
				DispatchKind::Handle => self.entries.handle = true,
				DispatchKind::Reply => self.entries.handle_reply = true,
				DispatchKind::Signal => self.entries.handle_signal = true,
			}
			self.out.entries.push((kind.entry(), export.index));
		}
		if export.name == STACK_END {
			let address = (export.kind == ExternalKind::Global)
				.then(|| self.out.globals.get(export.index as usize))
				.flatten()
				.and_then(Global::address)
				.filter(|address| u64::from(*address) <= self.static_len());
			match address {
				Some(address) => self.declared_stack_end = Some(address),
				None => return Err(BodyError::Refused(CodeError::WrongStackEnd)),
			}
		}
		Ok(())
	}

	fn element(&mut self, segment: u32, element: wasmparser::Element<'a>) -> Result<(), BodyError> {
		let ElementKind::Active { offset_expr, .. } = &element.kind else {
			return Err(BodyError::Refused(CodeError::OffsetNotConstant { segment }));
		};
		let Some(offset) = constant(offset_expr)? else {
			return Err(BodyError::Refused(CodeError::OffsetNotConstant { segment }));
		};
		let functions = match element.items {
			wasmparser::ElementItems::Functions(functions) => {
				functions.into_iter().collect::<Result<Vec<_>, _>>()?
			}
			// Comes with reference types.
			wasmparser::ElementItems::Expressions(..) => {
				return Err(BodyError::Refused(CodeError::OffsetNotConstant { segment }));
			}
		};
		let end = u64::from(offset.cast_unsigned()) + functions.len() as u64;
		if end > self.table {
			return Err(BodyError::Refused(CodeError::SegmentOutOfBounds { segment }));
		}
		self.out.elements.push((offset, functions));
		Ok(())
	}

	fn data_segment(&mut self, segment: u32, data: Data<'a>) -> Result<(), BodyError> {
		let offset = match &data.kind {
			DataKind::Active { offset_expr, .. } => constant(offset_expr)?,
			DataKind::Passive => None,
		};
		let Some(offset) = offset.map(i32::cast_unsigned) else {
			return Err(BodyError::Refused(CodeError::OffsetNotConstant { segment }));
		};
		if u64::from(offset) + data.data.len() as u64 > self.static_len() {
			return Err(BodyError::Refused(CodeError::SegmentOutOfBounds { segment }));
		}
		self.data.put(offset, data.data);
		Ok(())
	}

	fn body(
		&mut self,
		function: wasmparser::FuncToValidate<wasmparser::ValidatorResources>,
		body: &FunctionBody<'a>,
	) -> Result<(), BodyError> {
		let index = function.index;
		at_most(self.limits.body_len, body.range().len() as u64, |actual, limit| {
			CodeError::BodyTooLong { function: index, actual, limit }
		})?;
		let instrumenting = Instrumenting {
			module: self.bytes,
			added: self.out.added(),
			frame_limit: self.limits.frame_slots,
		};
		let allocations = core::mem::take(&mut self.allocations);
		let (metered, allocations) = instrumenting.function(function, allocations, body)?;
		self.allocations = allocations;
		self.out.code.raw(&metered);
		let limit = self.limits.metered_len;
		if self.out.code.byte_len() > limit as usize {
			return Err(BodyError::Refused(CodeError::MeteredTooLong { limit }));
		}
		Ok(())
	}

	fn finish(self) -> Result<Code, CodeError> {
		let Some((static_pages, max_pages)) = self.memory else {
			return Err(CodeError::NoImportedMemory);
		};
		if !self.entries.init && !self.entries.handle {
			return Err(CodeError::NoEntry);
		}
		let stack_end = self.declared_stack_end.unwrap_or_else(|| self.guessed_stack_end());
		let bytes = self.out.finish(self.bytes, static_pages);
		let len = bytes.len() as u32;
		let metadata = CodeMetadata {
			entries: self.entries,
			static_pages,
			max_pages,
			stack_end,
			data: self.data.into_segments(),
			len,
		};
		Ok(Code { id: ids::code_id(self.bytes), metadata, bytes })
	}

	/// Where the stack begins by LLVM's convention, `--stack-first`: the first global is the
	/// mutable stack pointer, all data is above.
	fn guessed_stack_end(&self) -> u32 {
		let pointer = self.out.globals.first().filter(|global| global.mutable);
		let Some(pointer) = pointer.and_then(Global::address) else { return 0 };
		let aligned = pointer.is_multiple_of(16) && u64::from(pointer) <= self.static_len();
		let first = self.data.first().is_none_or(|first| first >= pointer);
		if aligned && first { pointer } else { 0 }
	}

	/// Bytes of static memory.
	fn static_len(&self) -> u64 {
		let pages = self.memory.map_or(0, |(pages, _)| pages);
		u64::from(pages) * u64::from(PAGE_SIZE)
	}
}

/// Whether `name` is a syscall, under its own signature. `Err(None)`: it is no syscall at all.
fn syscall(name: &str, ty: Option<&FuncType>) -> Result<(), Option<CodeError>> {
	let Some(syscall) = syscalls::find(name) else { return Err(None) };
	let expected = syscall.signature();
	match ty {
		Some(ty) if same_signature(syscall, ty) => Ok(()),
		_ => Err(Some(CodeError::WrongSignature {
			name: name.to_string(),
			expected,
			actual: ty.map_or_else(Default::default, |ty| {
				format!("{:?} -> {:?}", ty.params(), ty.results())
			}),
		})),
	}
}

fn same_signature(syscall: &syscalls::Syscall, ty: &FuncType) -> bool {
	let wasm = |kind: &syscalls::Kind| match kind {
		syscalls::Kind::I32 => wasmparser::ValType::I32,
		syscalls::Kind::I64 => wasmparser::ValType::I64,
	};
	ty.params().iter().copied().eq(syscall.params.iter().map(wasm))
		&& ty.results().iter().copied().eq(syscall.result.iter().map(wasm))
}

/// The value of a constant expression that is a plain `i32.const`.
fn constant(expression: &wasmparser::ConstExpr<'_>) -> Result<Option<i32>, BinaryReaderError> {
	let mut operators = expression.get_operators_reader();
	match (operators.read()?, operators.read()?) {
		(Operator::I32Const { value }, Operator::End) => Ok(Some(value)),
		_ => Ok(None),
	}
}
