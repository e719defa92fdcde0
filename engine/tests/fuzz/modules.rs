//! Modules that `wasm-smith` makes, with our imports.

use crate::{
	Outcome, Target,
	agreement::{ALICE, Scenario, agree},
};
use arbitrary::Unstructured;
use gearway_engine::{
	Executor, Limits, Settings, check_code,
	testkit::{BlockRunResult, System},
};
use std::sync::LazyLock;
use wasm_encoder::{EntityType, ImportSection, MemoryType, Module, RawSection};
use wasm_smith::Config;
use wasmparser::{Operator, Parser, Payload, TypeRef};

pub(crate) const TARGET: Target =
	Target { name: "modules", len: 4_096, bounded_cases: 24, bounded_ran: 12, run };

/// Imports that a module may have; memory is added later, as each must have it.
static IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
	wat::parse_str(
		r#"(module
			(import "env" "alloc" (func (param i32) (result i32)))
			(import "env" "free" (func (param i32) (result i32)))
			(import "env" "free_range" (func (param i32 i32) (result i32)))
			(import "env" "gr_debug" (func (param i32 i32)))
			(import "env" "gr_gas_available" (func (param i32)))
			(import "env" "gr_leave" (func))
			(import "env" "gr_message_id" (func (param i32)))
			(import "env" "gr_panic" (func (param i32 i32)))
			(import "env" "gr_read" (func (param i32 i32 i32 i32)))
			(import "env" "gr_reply" (func (param i32 i32 i32 i32)))
			(import "env" "gr_send" (func (param i32 i32 i32 i32 i32)))
			(import "env" "gr_size" (func (param i32)))
			(import "env" "gr_source" (func (param i32)))
			(import "env" "gr_value_available" (func (param i32))))"#,
	)
	.unwrap()
});

/// Exports that a module has.
static EXPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
	wat::parse_str(
		r#"(module (func (export "init")) (func (export "handle")) (func (export "handle_reply")))"#,
	)
	.unwrap()
});

fn run(u: &mut Unstructured<'_>) -> arbitrary::Result<Outcome> {
	let settings = if u.arbitrary()? { Settings::white_paper() } else { Settings::production() };
	let mut messages = Vec::new();
	for _ in 0..u.int_in_range(1..=4)? {
		let len = u.int_in_range(0..=64)?;
		let gas = u.int_in_range(0..=settings.schedule.instruction * 1_000_000)?;
		messages.push((u.bytes(len)?.to_vec(), gas));
	}
	let code = module(u)?;
	if check_code(&code, &Limits::new()).is_err() {
		return Ok(Outcome::Refused);
	}
	agree(settings, &Messages { code, messages });
	Ok(Outcome::Ran)
}

/// A module of the MVP as `wasm-smith` makes it, but with imported memory.
fn module(u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
	let config = Config {
		available_imports: Some(IMPORTS.clone()),
		exports: Some(EXPORTS.clone()),
		allow_floats: false,
		allow_start_export: false,
		bulk_memory_enabled: false,
		exceptions_enabled: false,
		extended_const_enabled: false,
		gc_enabled: false,
		max_memory32_bytes: 4 * 64 * 1024,
		max_table_elements: 1_000,
		memory64_enabled: false,
		min_memories: 1,
		multi_value_enabled: false,
		reference_types_enabled: false,
		relaxed_simd_enabled: false,
		saturating_float_to_int_enabled: false,
		simd_enabled: false,
		tail_call_enabled: false,
		threads_enabled: false,
		..Config::default()
	};
	let module = wasm_smith::Module::new(config, u)?.to_bytes();
	Ok(import_memory(&module))
}

/// Turns the memory that a module defines into one that it imports, and `memory.grow`, which no
/// program may use, into an instruction of the same type.
fn import_memory(module: &[u8]) -> Vec<u8> {
	let mut imports = ImportSection::new();
	let memory = Parser::new(0).parse_all(module).find_map(|payload| match payload.unwrap() {
		Payload::MemorySection(section) => section.into_iter().next(),
		_ => None,
	});
	// `wasm-smith` was told to define one.
	let memory = memory.unwrap().unwrap();
	let memory = MemoryType {
		minimum: memory.initial,
		maximum: memory.maximum,
		memory64: false,
		shared: false,
		page_size_log2: None,
	};
	imports.import("env", "memory", EntityType::Memory(memory));

	let mut out = Module::new();
	for payload in Parser::new(0).parse_all(module) {
		let payload = payload.unwrap();
		match &payload {
			Payload::ImportSection(section) => {
				for import in section.clone() {
					let import = import.unwrap();
					// Only functions were on offer.
					let TypeRef::Func(ty) = import.ty else { continue };
					imports.import(import.module, import.name, EntityType::Function(ty));
				}
				continue;
			}
			Payload::MemorySection(_) => continue,
			Payload::FunctionSection(_) => {
				out.section(&imports);
			}
			_ => {}
		}
		if let Some((id, range)) = payload.as_section() {
			let mut data = module[range.clone()].to_vec();
			if let Payload::CodeSectionStart { .. } = payload {
				replace_memory_grow(module, range.start, &mut data);
			}
			out.section(&RawSection { id, data: &data });
		}
	}
	out.finish()
}

/// Writes `i32.eqz; nop` over each `memory.grow 0` of the code section, which begins at `start`.
fn replace_memory_grow(module: &[u8], start: usize, section: &mut [u8]) {
	const EQZ_NOP: [u8; 2] = [0x45, 0x01];
	for payload in Parser::new(0).parse_all(module) {
		let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
		let mut operators = body.get_operators_reader().unwrap();
		while !operators.eof() {
			let (operator, at) = operators.read_with_offset().unwrap();
			if let Operator::MemoryGrow { .. } = operator {
				section[at - start..at - start + 2].copy_from_slice(&EQZ_NOP);
			}
		}
	}
}

/// A program of the code gets the messages one after another, the first as `init`.
pub(crate) struct Messages {
	pub(crate) code: Vec<u8>,
	/// Payloads and gas limits.
	pub(crate) messages: Vec<(Vec<u8>, u64)>,
}

impl Scenario for Messages {
	fn play<E: Executor>(&self, system: &mut System<E>) -> Vec<BlockRunResult> {
		let code = system.upload_code(&self.code).unwrap();
		let mut messages = self.messages.iter();
		let mut blocks = Vec::new();
		let Some((payload, gas_limit)) = messages.next() else { return blocks };
		let posting = gearway_engine::Posting {
			source: ALICE,
			payer: ALICE,
			payload: payload.clone(),
			gas_limit: *gas_limit,
			value: 0,
		};
		let (program, _) = system.post_program(code, b"", posting).unwrap();
		blocks.push(system.run_next_block());
		for (payload, gas_limit) in messages {
			// It may have exited, or failed to begin.
			if system.send_with_gas(program, ALICE, payload, 0, *gas_limit).is_ok() {
				blocks.push(system.run_next_block());
			}
		}
		blocks.extend(system.run_blocks(16));
		blocks
	}
}
