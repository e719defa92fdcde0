//! What is refused at upload, and that the error says what it is.

use crate::support::*;
use gearway_engine::{CodeError, Limits, check_code};

fn refused(code: &[u8]) -> CodeError {
	check_code(code, &Limits::new()).map(|code| code.id).expect_err("the code is bad")
}

/// A module with these fields beside memory and entry points.
fn with(fields: &str) -> Vec<u8> {
	wat(&format!(
		r#"(module (import "env" "memory" (memory 1)) {fields}
			(func (export "init")) (func (export "handle")))"#
	))
}

#[test]
fn what_is_no_module() {
	assert_eq!(refused(b""), CodeError::NotWasm);
	assert_eq!(refused(b"no Wasm at all"), CodeError::NotWasm);
	// A component.
	assert_eq!(refused(b"\0asm\x0d\0\x01\0"), CodeError::NotWasm);
	let mut damaged = with("");
	damaged.truncate(damaged.len() - 3);
	assert!(matches!(refused(&damaged), CodeError::Invalid { .. }));
	let limits = Limits { code_len: 7, ..Limits::new() };
	let error = check_code(b"\0asm\x01\0\0\0", &limits).unwrap_err();
	assert_eq!(error, CodeError::TooLong { actual: 8, limit: 7 });
}

#[test]
fn any_damage_is_an_error_and_no_panic() {
	for code in [gearway_programs::PING, &with("")] {
		for len in 0..code.len().min(600) {
			assert!(check_code(&code[..len], &Limits::new()).is_err());
		}
		for at in 0..code.len().min(600) {
			for bit in [1, 0x80] {
				let mut damaged = code.to_vec();
				damaged[at] ^= bit;
				// May be good by chance; what counts is to come back.
				if let Ok(code) = check_code(&damaged, &Limits::new()) {
					assert_ne!(code.bytes.len(), 0);
				}
			}
		}
	}
}

#[test]
fn unknown_imports() {
	let unknown = |module: &str, name: &str| CodeError::UnknownImport {
		module: module.into(),
		name: name.into(),
	};
	let import = |text: &str| refused(&with(text));
	assert_eq!(import(r#"(import "env" "gr_fly" (func))"#), unknown("env", "gr_fly"));
	assert_eq!(import(r#"(import "wasi" "gr_leave" (func))"#), unknown("wasi", "gr_leave"));
	assert_eq!(import(r#"(import "env" "g" (global i32))"#), unknown("env", "g"));
	assert_eq!(import(r#"(import "env" "t" (table 1 funcref))"#), unknown("env", "t"));
	let elsewhere = wat(r#"(module (import "e" "memory" (memory 1)) (func (export "init")))"#);
	assert_eq!(refused(&elsewhere), unknown("e", "memory"));
}

#[test]
fn wrong_signatures() {
	let code = with(r#"(import "env" "gr_size" (func (param i64)))"#);
	assert_eq!(
		refused(&code),
		CodeError::WrongSignature {
			name: "gr_size".into(),
			expected: "[I32] -> []".into(),
			actual: "[I64] -> []".into(),
		}
	);
	let code = with(r#"(import "env" "alloc" (func (param i32)))"#);
	assert!(matches!(refused(&code), CodeError::WrongSignature { .. }));
}

#[test]
fn start_sections() {
	assert_eq!(refused(&with("(func $s) (start $s)")), CodeError::StartSection);
}

#[test]
fn memories() {
	let module = |memory: &str| wat(&format!(r#"(module {memory} (func (export "init")))"#));
	assert_eq!(refused(&module("")), CodeError::NoImportedMemory);
	assert_eq!(refused(&module("(memory 1)")), CodeError::NoImportedMemory);
	let large = r#"(import "env" "memory" (memory 513))"#;
	assert_eq!(refused(&module(large)), CodeError::MemoryTooLarge { actual: 513, limit: 512 });
	let grow = with("(func (drop (memory.grow (i32.const 1))))");
	assert!(matches!(refused(&grow), CodeError::MemoryGrow { .. }));
}

#[test]
fn entry_points() {
	let module =
		|fields: &str| wat(&format!(r#"(module (import "env" "memory" (memory 1)) {fields})"#));
	assert_eq!(refused(&module("")), CodeError::NoEntry);
	assert_eq!(refused(&module(r#"(func (export "handle_reply"))"#)), CodeError::NoEntry);
	let wrong = |name: &str| CodeError::WrongEntry { name: name.into() };
	assert_eq!(refused(&module(r#"(func (export "init") (param i32))"#)), wrong("init"));
	let global = r#"(global (export "handle") i32 (i32.const 0))"#;
	assert_eq!(refused(&module(global)), wrong("handle"));
	let import = wat(r#"(module (import "env" "memory" (memory 1))
			(import "env" "gr_leave" (func $leave)) (export "init" (func $leave)))"#);
	assert_eq!(refused(&import), wrong("init"));
	// One of both is enough, and other exports do no harm.
	for fields in [r#"(func (export "init"))"#, r#"(func (export "handle") (export "fuel"))"#] {
		assert!(check_code(&module(fields), &Limits::new()).is_ok());
	}
}

#[test]
fn what_is_not_deterministic_or_not_of_the_mvp() {
	for floats in [
		"(func (drop (f32.const 1)))",
		"(func (param f64))",
		"(global f32 (f32.const 0))",
		"(func (local f64))",
	] {
		let error = refused(&with(floats));
		assert!(matches!(error, CodeError::FloatingPoint { .. }), "{floats}: {error:?}");
	}
	for (proposal, text) in [
		("bulk memory", "(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"),
		("multiple values", "(func (result i32 i32) (i32.const 0) (i32.const 0))"),
		("reference types", "(func (param externref))"),
		("tail calls", "(func $f (return_call $f))"),
		("saturating floats", "(func (param i32) (drop (v128.const i32x4 0 0 0 0)))"),
		("shared memory", r#"(import "env" "m" (memory 1 1 shared))"#),
	] {
		let error = refused(&with(text));
		assert!(matches!(error, CodeError::Proposal { .. }), "{proposal}: {error:?}");
	}
	// Sign extension is allowed: the toolchain of Gear programs uses it.
	let code = with("(func (drop (i32.extend8_s (i32.const 255))))");
	assert!(check_code(&code, &Limits::new()).is_ok());
}

#[test]
fn numbers() {
	let limits =
		Limits { functions: 3, globals: 2, data_segments: 2, body_len: 10, ..Limits::new() };
	let check = |fields: &str| check_code(&with(fields), &limits).map(|_| ());
	// `with` has two functions already.
	assert_eq!(check("(func)"), Ok(()));
	let error = CodeError::TooManyFunctions { actual: 4, limit: 3 };
	assert_eq!(check("(func) (func)"), Err(error));
	let imported = r#"(import "env" "gr_leave" (func)) (import "env" "gr_wait" (func))"#;
	let error = CodeError::TooManyFunctions { actual: 4, limit: 3 };
	assert_eq!(check(imported), Err(error));
	let global = "(global i32 (i32.const 0))";
	assert_eq!(check(&global.repeat(2)), Ok(()));
	let error = CodeError::TooManyGlobals { actual: 3, limit: 2 };
	assert_eq!(check(&global.repeat(3)), Err(error));
	let data = r#"(data (i32.const 0) "a")"#;
	assert_eq!(check(&data.repeat(2)), Ok(()));
	let error = CodeError::TooManyDataSegments { actual: 3, limit: 2 };
	assert_eq!(check(&data.repeat(3)), Err(error));
	// A byte for the number of locals, one for `end`.
	assert_eq!(check(&format!("(func {})", "nop ".repeat(8))), Ok(()));
	let error = CodeError::BodyTooLong { function: 0, actual: 11, limit: 10 };
	assert_eq!(check(&format!("(func {})", "nop ".repeat(9))), Err(error));
}

#[test]
fn sizes() {
	let table = with("(table 10001 funcref)");
	assert_eq!(refused(&table), CodeError::TableTooLarge { actual: 10_001, limit: 10_000 });
	let locals = with(&format!("(func (local {}))", "i32 ".repeat(1_025)));
	assert!(matches!(refused(&locals), CodeError::FrameTooLarge { actual: 1_025, .. }));
	let operands =
		with(&format!("(func {} {})", "(i32.const 0) ".repeat(1_100), "drop ".repeat(1_100)));
	assert!(matches!(refused(&operands), CodeError::FrameTooLarge { actual: 1_100, .. }));
}

#[test]
fn metering_makes_no_giant_of_a_dwarf() {
	// Two bytes a call, 27 once it is counted.
	let calls = with(&format!("(func $f {})", "(call $f) ".repeat(50_000)));
	assert!(calls.len() < 110_000);
	assert_eq!(refused(&calls), CodeError::MeteredTooLong { limit: 1024 * 1024 });
}

#[test]
fn segments() {
	let out = CodeError::SegmentOutOfBounds { segment: 1 };
	let data = with(r#"(data (i32.const 0) "a") (data (i32.const 65535) "ab")"#);
	assert_eq!(refused(&data), out);
	let elements =
		with("(table 1 funcref) (func $f) (elem (i32.const 0) $f) (elem (i32.const 1) $f)");
	assert_eq!(refused(&elements), out);
	assert_eq!(
		refused(&with(r#"(data (i32.const -1) "a")"#)),
		CodeError::SegmentOutOfBounds { segment: 0 }
	);
}

#[test]
fn the_stack_is_recognised() {
	let stack_end = |fields: &str| {
		let code = wat(&format!(
			r#"(module (import "env" "memory" (memory 2)) {fields} (func (export "init")))"#
		));
		check_code(&code, &Limits::new()).map(|code| code.metadata.stack_end)
	};
	assert_eq!(stack_end(""), Ok(0));
	assert_eq!(stack_end("(global (mut i32) (i32.const 65536))"), Ok(65_536));
	// Not LLVM's stack pointer: immutable, unaligned, behind memory, above data.
	assert_eq!(stack_end("(global i32 (i32.const 65536))"), Ok(0));
	assert_eq!(stack_end("(global (mut i32) (i32.const 65537))"), Ok(0));
	assert_eq!(stack_end("(global (mut i32) (i32.const 131088))"), Ok(0));
	let above = r#"(global (mut i32) (i32.const 65536)) (data (i32.const 1024) "x")"#;
	assert_eq!(stack_end(above), Ok(0));
	let named = |address: i64| {
		stack_end(&format!(
			r#"(global (mut i32) (i32.const 65536))
			(global (export "__gear_stack_end") i32 (i32.const {address}))"#
		))
	};
	assert_eq!(named(16), Ok(16));
	assert_eq!(named(131_073), Err(CodeError::WrongStackEnd));
}
