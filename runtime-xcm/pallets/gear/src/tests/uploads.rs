//! Codes and programs: what is taken, and what each thing refused is told.

use super::{FORWARDER, capacitor, upload, wasm};
use crate::{
	CodeRefusal, Codes, Error, Event, InstrumentedCodes, OriginalCodes, Programs,
	mock::{
		ALICE, BOB, FUNDS, GAS, Gear, NOBODY, RuntimeOrigin, Test, account, chain, events, h256,
		total,
	},
};
use gearway_engine::{Phase, ids};
use gearway_programs::{CAPACITOR, PING};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_core::H256,
	sp_runtime::AccountId32,
};

fn upload_code(code: Vec<u8>) -> polkadot_sdk::frame_support::dispatch::DispatchResult {
	Gear::upload_code(RuntimeOrigin::signed(ALICE), code)
}

#[test]
fn a_code_is_kept_as_it_came_and_as_it_runs() {
	chain(|| {
		assert_ok!(upload_code(CAPACITOR.to_vec()));
		let id = ids::code_id(CAPACITOR);
		assert_eq!(events(), [Event::CodeChanged { id: h256(id) }]);
		assert_eq!(Gear::code(id).as_deref(), Some(CAPACITOR));
		assert_eq!(OriginalCodes::<Test>::get(id).as_deref(), Some(CAPACITOR));
		let metered = InstrumentedCodes::<Test>::get(id).unwrap();
		assert_eq!(Codes::<Test>::get(id).unwrap().len as usize, metered.len());
		assert_ne!(metered, CAPACITOR);
	});
}

#[test]
fn a_code_is_uploaded_once() {
	chain(|| {
		assert_ok!(upload_code(PING.to_vec()));
		assert_noop!(upload_code(PING.to_vec()), Error::<Test>::CodeExists);
		// A program of it can be uploaded all the same.
		upload(PING, b"");
	});
}

/// A function that does nothing but call itself, `times` over.
fn calls(times: usize) -> String {
	format!(r#"(func $f (export "handle") {})"#, "(call $f)".repeat(times))
}

#[test]
fn every_refusal_gives_its_reason() {
	let memory = r#"(import "env" "memory" (memory 1))"#;
	let entry = r#"(func (export "handle"))"#;
	let module = |inside: &str| wasm(&format!("(module {memory} {inside})"));
	let cases = [
		(b"\0asn\x01\0\0\0".to_vec(), CodeRefusal::NotWasm),
		(Vec::new(), CodeRefusal::NotWasm),
		(PING[..PING.len() / 2].to_vec(), CodeRefusal::Invalid),
		(vec![0; 512 * 1024 + 1], CodeRefusal::TooLong),
		(
			module(&format!(r#"(import "env" "gr_magic" (func)) {entry}"#)),
			CodeRefusal::UnknownImport,
		),
		(module(&format!(r#"(import "wasi" "exit" (func)) {entry}"#)), CodeRefusal::UnknownImport),
		(
			module(&format!(r#"(import "env" "gr_leave" (func (param i32))) {entry}"#)),
			CodeRefusal::WrongSignature,
		),
		(module(&format!("(func $s) (start $s) {entry}")), CodeRefusal::StartSection),
		(
			module(r#"(func (export "handle") (drop (memory.grow (i32.const 1))))"#),
			CodeRefusal::MemoryGrow,
		),
		(module(r#"(func (export "handle") (drop (f64.const 1)))"#), CodeRefusal::FloatingPoint),
		(wasm(&format!("(module (memory 1) {entry})")), CodeRefusal::NoImportedMemory),
		(
			wasm(&format!(r#"(module (import "env" "memory" (memory 65)) {entry})"#)),
			CodeRefusal::MemoryTooLarge,
		),
		(module(r#"(func (export "run"))"#), CodeRefusal::NoEntry),
		(module(r#"(func (export "handle") (param i32))"#), CodeRefusal::WrongEntry),
		(
			module(&format!(r#"{entry} (data (i32.const 65535) "xx")"#)),
			CodeRefusal::SegmentOutOfBounds,
		),
		(module(&calls(160_000)), CodeRefusal::BodyTooLong),
		(module(&calls(65_000)), CodeRefusal::MeteredTooLong),
	];
	for (code, reason) in cases {
		chain(|| {
			let error = Error::<Test>::CodeRefused(reason);
			assert_noop!(upload_code(code.clone()), error);
			let alice = RuntimeOrigin::signed(ALICE);
			let program = Gear::upload_program(alice, code, vec![], vec![], GAS, 0, false);
			assert_noop!(program, Error::<Test>::CodeRefused(reason));
		});
	}
}

#[test]
fn calls_want_a_signature() {
	chain(|| {
		let none = RuntimeOrigin::none;
		let root = RuntimeOrigin::root;
		let bad = polkadot_sdk::sp_runtime::DispatchError::BadOrigin;
		assert_noop!(Gear::upload_code(none(), PING.to_vec()), bad);
		assert_noop!(
			Gear::create_program(root(), H256::zero(), vec![], vec![], GAS, 0, false),
			bad
		);
		assert_noop!(Gear::send_message(root(), H256::zero(), vec![], GAS, 0, false), bad);
	});
}

#[test]
fn a_program_has_an_account_and_its_own_id() {
	chain(|| {
		let id = upload(PING, b"");
		let program = Gear::program(id).unwrap();
		assert!(matches!(program.phase, Phase::Uploaded { .. }));
		assert!(total(&account(id)) > 0);

		let create = |who: AccountId32, salt: &[u8]| {
			let code = h256(program.code);
			let who = RuntimeOrigin::signed(who);
			Gear::create_program(who, code, salt.to_vec(), vec![], GAS, 0, false)
		};
		assert_noop!(create(BOB, b"salt"), Error::<Test>::ProgramExists);
		assert_ok!(create(BOB, b"pepper"));
		assert_eq!(Programs::<Test>::iter().count(), 2);
	});
}

#[test]
fn what_makes_no_program() {
	chain(|| {
		assert_ok!(upload_code(PING.to_vec()));
		let create = |who: AccountId32, code, payload, gas, value| {
			let who = RuntimeOrigin::signed(who);
			Gear::create_program(who, code, vec![], payload, gas, value, false)
		};
		let code = h256(ids::code_id(PING));
		let none = Vec::new;
		assert_noop!(create(ALICE, H256::zero(), none(), GAS, 0), Error::<Test>::NoCode);
		assert_noop!(
			create(ALICE, code, vec![0; 64 * 1024 + 1], GAS, 0),
			Error::<Test>::PayloadTooLong
		);
		assert_noop!(
			create(ALICE, code, none(), 250_000_000_001, 0),
			Error::<Test>::GasLimitTooHigh
		);
		assert_noop!(create(ALICE, code, none(), GAS, 1), Error::<Test>::ValueTooSmall);
		assert_noop!(create(ALICE, code, none(), GAS, FUNDS), Error::<Test>::ValueUnpaid);
		assert_noop!(create(NOBODY, code, none(), GAS, 0), Error::<Test>::GasUnpaid);
		assert_noop!(create(NOBODY, code, none(), 0, 0), Error::<Test>::EndowmentUnpaid);
	});
}

#[test]
fn the_worst_program_fits_in_a_block() {
	use polkadot_sdk::frame_support::traits::Hooks;
	Gear::integrity_test();
	chain(|| {
		// And so does the state of a real one.
		capacitor();
		upload(&wasm(FORWARDER), b"");
	});
}
