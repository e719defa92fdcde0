//! Memory that is fetched chunk by chunk: what it costs, and that nothing else of it shows.

use crate::support::*;
use gearway_engine::{
	ActorId, CHUNK_SIZE, Executor, Gas, PAGE_SIZE, Settings, Wasmi, Wasmtime, testkit::System,
};
use proptest::{collection::vec, prelude::*};
use wasmtime::{Engine, Instance, Memory, MemoryType, Module, Store};

/// A program with 8 MiB of live state, all of its chunks stored. A message adds 1 to two bytes, on
/// the two pages that it names.
const LARGE: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "alloc" (func $alloc (param i32) (result i32)))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(func $add (param $at i32)
		(i32.store8 (local.get $at) (i32.add (i32.load8_u (local.get $at)) (i32.const 1))))
	(func (export "init") (local $at i32)
		(local.set $at (i32.shl (call $alloc (i32.const 128)) (i32.const 16)))
		(loop $more
			(i64.store (local.get $at) (i64.const 7))
			(local.set $at (i32.add (local.get $at) (i32.const 4096)))
			(br_if $more (i32.lt_u (local.get $at) (i32.const 0x810000)))))
	(func (export "handle")
		(call $read (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 8))
		(call $add (i32.shl (i32.load8_u (i32.const 0)) (i32.const 16)))
		(call $add (i32.shl (i32.load8_u (i32.const 1)) (i32.const 16)))))"#;

#[test]
fn a_message_costs_what_it_touches() {
	on_both_backends!(|system| {
		let code = system.upload_code(&wat(LARGE)).unwrap();
		let (program, _) = system.create_program(code, b"", ALICE, b"", 0).unwrap();
		let block = system.run_next_block();
		assert_eq!((block.traffic.chunks_read, block.traffic.chunks_written), (0, 2048));
		assert_eq!(block.traffic.bytes_written, 8 << 20);

		let (_, block) = send(&mut system, program, &[3, 100]);
		assert_eq!((block.traffic.chunks_read, block.traffic.chunks_written), (2, 3));
		assert_eq!(block.traffic.bytes_read, 2 * u64::from(CHUNK_SIZE));
		let memory = system.memory(program).unwrap();
		let at = |page: u32| memory[(page * PAGE_SIZE) as usize];
		assert_eq!((at(3), at(4), at(100)), (8, 7, 8));
	});
}

#[test]
fn what_is_read_is_paid_when_it_is() {
	fn costs<E: Executor>(executor: E, price: Gas) -> [Gas; 2] {
		let mut settings = Settings::white_paper();
		settings.schedule.chunk_read = price;
		let mut system = System::with(settings, executor);
		system.mint_to(ALICE, FUNDS);
		let program = deploy(&mut system, &wat(LARGE), b"");
		[[3, 100], [4, 100]].map(|pages| {
			let (message, block) = send(&mut system, program, &pages);
			gas_spent(&block, message)
		})
	}
	let [first, second] = costs(Wasmi::new(), 0);
	// The pages it names, and from the second message on the one it reads the message into.
	let paid = [first + 2 * 1_000_000, second + 3 * 1_000_000];
	assert_eq!(costs(Wasmi::new(), 1_000_000), paid);
	assert_eq!(costs(Wasmtime::new().unwrap(), 1_000_000), paid);
}

/// Runs `handle`, whose body is given, and tells whether it did not trap.
fn runs<E: Executor>(system: &mut System<E>, body: &str) -> bool {
	let code = wat(&format!(
		r#"(module (import "env" "memory" (memory 2))
			(import "env" "gr_leave" (func $leave))
			(func (export "init"))
			(func (export "handle") {body}))"#
	));
	let program = deploy(system, &code, b"");
	let (message, _) = send(system, program, b"");
	system.reply_to(message).unwrap().reply.unwrap().code.is_success()
}

#[test]
fn memory_ends_where_it_ends() {
	on_both_backends!(|system| {
		for (body, good) in [
			("(drop (i32.load (i32.const 0x1fffc)))", true),
			("(drop (i32.load (i32.const 0x1fffd)))", false),
			("(drop (i32.load align=1 (i32.const 0x1fffd)))", false),
			("(drop (i32.load8_u (i32.const 0x20000)))", false),
			("(drop (i64.load offset=0x1fff8 (i32.const 0)))", true),
			("(drop (i64.load offset=0x1fff9 align=1 (i32.const 0)))", false),
			// Where the table and what is behind it lie in physical memory.
			("(drop (i32.load8_u (i32.const -1)))", false),
			("(drop (i32.load8_u (i32.const -12288)))", false),
			("(drop (i32.load8_u offset=0xffffffff (i32.const 1)))", false),
			("(drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff)))", false),
			("(drop (i32.load8_u (i32.const 0x2000000)))", false),
			("(drop (i32.load8_u (i32.const 0x2010000)))", false),
			("(i32.store8 (i32.const 0x20000) (i32.const 1))", false),
			("(i64.store align=1 (i32.const 0x1fffc) (i64.const 1))", false),
			// The access comes after the end of the run.
			("(call $leave) (drop (i32.load8_u (i32.const 0x20000)))", true),
			(
				"(local $x i32) (local.set $x (i32.const 0x1fff0))
				(drop (i32.load (local.get $x))) (call $leave)
				(drop (i32.load offset=0x10 (local.get $x)))",
				true,
			),
			("(if (i32.ne (memory.size) (i32.const 2)) (then unreachable))", true),
		] {
			assert_eq!(runs(&mut system, body), good, "{body}");
		}
	});
}

/// Each body reads a chunk that only it touches, at a place where a check that was made elsewhere
/// might be thought to cover it. `$is` traps if its arguments differ.
#[test]
fn what_is_checked_elsewhere_is_not_taken_for_granted() {
	on_both_backends!(|system| {
		for body in [
			// In an arm that is not taken, before and behind it.
			"(if (i32.const 0) (then (drop (i64.load (local.get $x)))))
			(call $is (i64.load (local.get $x)) (i64.const 3))",
			"(if (i32.const 0) (then (drop (i64.load (local.get $x))))
				(else (call $is (i64.load (local.get $x)) (i64.const 3))))",
			"(block (br_if 0 (i32.const 1)) (drop (i64.load (local.get $x))))
			(call $is (i64.load (local.get $x)) (i64.const 3))",
			"(block (br_if 0 (i32.const 1)) (drop (i64.load (i32.const 0x12000))))
			(call $is (i64.load (i32.const 0x12000)) (i64.const 3))",
			// By a variable that has changed: before, between, in the round before.
			"(drop (i64.load (local.get $x)))
			(local.set $x (i32.const 0x13000))
			(call $is (i64.load (local.get $x)) (i64.const 4))",
			"(call $is
				(i64.add (i64.load (local.get $x))
					(i64.load (local.tee $x (i32.const 0x13000))))
				(i64.const 7))
			(call $is (i64.load (local.get $x)) (i64.const 4))",
			"(loop $more
				(local.set $y (i64.add (local.get $y) (i64.load (local.get $x))))
				(local.set $x (i32.add (local.get $x) (i32.const 4096)))
				(br_if $more (i32.lt_u (local.get $x) (i32.const 0x15000))))
			(call $is (local.get $y) (i64.const 12))",
			// Where the address has been pushed long before.
			"(local.get $x)
			(if (result i64) (i32.const 1) (then (i64.const 1)) (else (i64.const 2)))
			(local.set $x (i32.const 0x13000))
			(i64.store offset=8)
			(call $is (i64.load (i32.const 0x12008)) (i64.const 1))
			(call $is (i64.load (i32.const 0x12000)) (i64.const 3))",
			// Where the address leads out of memory, but the access is branched away from.
			"(block
				(i32.xor (local.get $x) (i32.const -1))
				(br_if 0 (i32.const 1))
				(i64.const 1)
				(i64.store))",
			// Further from the same base.
			"(drop (i64.load (local.get $x)))
			(call $is (i64.load offset=0x1000 (local.get $x)) (i64.const 4))
			(call $is (i64.load offset=0x2000 (local.get $x)) (i64.const 5))",
			"(drop (i64.load (local.get $x)))
			(call $is (i64.load (i32.sub (local.get $x) (i32.const 0x1000))) (i64.const 2))",
			"(i64.store align=1 (i32.const 0x12ffc) (i64.const -1))
			(call $is (i64.load (i32.const 0x13000)) (i64.const 0xffffffff))",
			// What looks like a frame, taken in a block, or too small, or taken twice.
			"(block (br_if 0 (i32.const 1))
				(local.set $f (i32.sub (global.get $sp) (i32.const 64))))
			(local.set $f (i32.const 0x12000))
			(call $is (i64.load (local.get $f)) (i64.const 3))",
			"(local.set $f (i32.sub (global.get $sp) (i32.const 64)))
			(call $is (i64.load offset=0x1040 (local.get $f)) (i64.const 4))",
			"(local.set $f (i32.sub (global.get $sp) (i32.const 64)))
			(local.set $f (i32.const 0x13000))
			(call $is (i64.load offset=8 (local.get $f)) (i64.const 0))
			(call $is (i64.load (local.get $f)) (i64.const 4))",
			"(call $is (i64.load (local.get $f)) (i64.const 2))
			(local.set $f (i32.sub (global.get $sp) (i32.const 64)))
			(call $is (i64.load offset=64 (local.get $f)) (i64.const 3))",
		] {
			let code = wat(&format!(
				r#"(module (import "env" "memory" (memory 2))
					(global $sp (mut i32) (i32.const 0x12000))
					(func $is (param i64 i64)
						(if (i64.ne (local.get 0) (local.get 1)) (then unreachable)))
					(func (export "init") (local $x i32)
						(local.set $x (i32.const 0x10000))
						(loop $more
							(i64.store (local.get $x)
								(i64.extend_i32_u (i32.sub
									(i32.shr_u (local.get $x) (i32.const 12)) (i32.const 15))))
							(local.set $x (i32.add (local.get $x) (i32.const 4096)))
							(br_if $more (i32.lt_u (local.get $x) (i32.const 0x20000))))
						(i64.store (i32.const 0) (i64.const 2)))
					(func (export "handle") (local $x i32) (local $y i64) (local $f i32)
						(local.set $x (i32.const 0x12000)) {body})
					(data (i32.const 1) "\00"))"#
			));
			let program = deploy(&mut system, &code, b"");
			let (message, block) = send(&mut system, program, b"");
			assert!(block.succeed().contains(&message), "{body}");
		}
	});
}

/// A program that keeps in memory how often it ran, and replies with that and with what lies on
/// the other side of a chunk's border, and beyond its memory, to which it has also written.
const COUNTING: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "alloc" (func $alloc (param i32) (result i32)))
	(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
	(global $runs (mut i32) (i32.const 0))
	(func (export "init"))
	(func (export "handle") (local $x i32)
		(local.set $x (i32.const 0x3ffc))
		(global.set $runs (i32.add (global.get $runs) (i32.const 1)))
		;; A hint that lies: this crosses into a chunk that is not touched.
		(i64.store (local.get $x) (i64.add (i64.load (local.get $x)) (i64.const -1)))
		(i32.store (i32.const 0x1000) (i32.add (i32.load (i32.const 0x1000)) (i32.const 1)))
		(i32.store (i32.const 0x1004) (global.get $runs))
		(i64.store (i32.const 0x1008) (i64.load (local.get $x)))
		(drop (call $alloc (i32.const 1)))
		(i32.store (i32.const 0x10) (i32.load (i32.const 0x10000)))
		(i32.store (i32.const 0x10000) (i32.const 9))
		(call $reply (i32.const 0x1000) (i32.const 16) (i32.const -1) (i32.const 0x20))))"#;

#[test]
fn programs_of_the_same_code_share_nothing() {
	on_both_backends!(|system| {
		let code = system.upload_code(&wat(COUNTING)).unwrap();
		let programs: Vec<ActorId> = [b"1", b"2", b"3"]
			.map(|salt| system.create_program(code, salt, ALICE, b"", 0).unwrap().0)
			.to_vec();
		system.run_next_block();
		let mut replies = vec![Vec::new(); 3];
		for (index, program) in programs.iter().enumerate().cycle().take(6) {
			let (message, _) = send(&mut system, *program, b"");
			replies[index].push(system.reply_to(message).unwrap().payload.clone());
		}
		for replies in &replies {
			assert_eq!(replies[0][..4], 1u32.to_le_bytes());
			assert_eq!(replies[1][..4], 2u32.to_le_bytes());
			// Globals begin anew with each message.
			assert_eq!(replies[1][4..8], 1u32.to_le_bytes());
			// The half before the border is kept, the one behind it is not.
			assert_eq!(replies[0][8..16], (-1i64).to_le_bytes());
			assert_eq!(replies[1][8..16], 0xffff_ffffu64.wrapping_sub(1).to_le_bytes());
		}
		assert_eq!(replies[0], replies[1]);
		assert_eq!(replies[0], replies[2]);
	});
}

/// Where an address comes from.
#[derive(Clone, Debug)]
enum Address {
	/// A variable, which is a multiple of 8 inside memory, and a constant.
	Variable(usize, i32),
	/// A variable, multiplied.
	Computed(usize, i32),
	/// The frame on the stack.
	Frame(u32),
	Constant(u32),
}

#[derive(Clone, Debug)]
enum Statement {
	/// Sets a variable to what is read.
	Load(usize, u32, Address, u32),
	/// Writes a variable, or the result of a block or of a call.
	Store(u32, Address, u32, usize, u8),
	Move(usize, usize, i32),
	If(usize, Vec<Statement>, Vec<Statement>),
	Repeat(Vec<Statement>),
	Call,
}

fn address() -> impl Strategy<Value = Address> {
	prop_oneof![
		4 => (0usize..3, -16i32..64).prop_map(|(v, plus)| Address::Variable(v, plus)),
		2 => (0usize..3, 1i32..2000).prop_map(|(v, by)| Address::Computed(v, by)),
		2 => (0u32..64).prop_map(Address::Frame),
		2 => (4096u32..0x30008).prop_map(Address::Constant),
	]
}

fn statement() -> impl Strategy<Value = Statement> {
	let offset = prop_oneof![3 => 0u32..40, 1 => 4080u32..4100, 1 => Just(0x10000u32)];
	let size = 0u32..4;
	let leaf = prop_oneof![
		4 => (0usize..3, size.clone(), address(), offset.clone())
			.prop_map(|(v, size, at, offset)| Statement::Load(v, size, at, offset)),
		5 => (size, address(), offset, 0usize..3, 0u8..4)
			.prop_map(|(size, at, offset, v, how)| Statement::Store(size, at, offset, v, how)),
		3 => (0usize..3, 0usize..3, -5000i32..5000)
			.prop_map(|(to, from, plus)| Statement::Move(to, from, plus)),
		1 => Just(Statement::Call),
	];
	leaf.prop_recursive(3, 30, 5, |inner| {
		let body = vec(inner, 0..5);
		prop_oneof![
			(0usize..3, body.clone(), body.clone())
				.prop_map(|(v, then, other)| Statement::If(v, then, other)),
			body.prop_map(Statement::Repeat),
		]
	})
}

/// An address as Wasm, and whether it is a multiple of 8.
fn address_text(address: &Address) -> (String, bool) {
	match address {
		Address::Variable(v, plus) => {
			(format!("(i32.add (local.get $v{v}) (i32.const {plus}))"), plus % 8 == 0)
		}
		Address::Computed(v, by) => (
			format!("(i32.and (i32.mul (local.get $v{v}) (i32.const {by})) (i32.const 0x2fff8))"),
			true,
		),
		Address::Frame(plus) => {
			(format!("(i32.add (local.get $frame) (i32.const {plus}))"), plus % 8 == 0)
		}
		Address::Constant(at) => (format!("(i32.const {at})"), at % 8 == 0),
	}
}

fn text(statements: &[Statement]) -> String {
	let one = |statement: &Statement| match statement {
		Statement::Load(v, size, at, offset) => {
			let (at, aligned) = address_text(at);
			let bytes = 1u32 << size;
			let align = if aligned && offset % 8 == 0 { bytes } else { 1 };
			let load = ["i64.load8_u", "i64.load16_u", "i64.load32_u", "i64.load"][*size as usize];
			format!(
				"(local.set $v{v} (i32.and (i32.const 0x2fff8) (i32.wrap_i64
					({load} offset={offset} align={align} {at}))))"
			)
		}
		Statement::Store(size, at, offset, v, how) => {
			let (at, aligned) = address_text(at);
			let bytes = 1u32 << size;
			let align = if aligned && offset % 8 == 0 { bytes } else { 1 };
			let store = ["i64.store8", "i64.store16", "i64.store32", "i64.store"][*size as usize];
			let value = match how {
				0 => format!("(i64.extend_i32_u (local.get $v{v}))"),
				1 => format!(
					"(if (result i64) (i32.and (local.get $v{v}) (i32.const 8))
						(then (i64.const 77)) (else (i64.const -2)))"
				),
				2 => "(call $f)".to_string(),
				_ => format!("(i64.const {})", 0x0101_0101_0101_0101u64 * (*v as u64 + 1)),
			};
			format!("({store} offset={offset} align={align} {at} {value})")
		}
		Statement::Move(to, from, plus) => format!(
			"(local.set $v{to} (i32.and (i32.const 0x2fff8)
				(i32.add (local.get $v{from}) (i32.const {plus}))))"
		),
		Statement::If(v, then, other) => format!(
			"(if (i32.and (local.get $v{v}) (i32.const 16)) (then {}) (else {}))",
			text(then),
			text(other)
		),
		Statement::Repeat(body) => format!(
			"(if (i32.lt_u (local.get $rounds) (i32.const 20)) (then (loop $more
				(local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
				{}
				(br_if $more (i32.and (local.get $rounds) (i32.const 3))))))",
			text(body)
		),
		Statement::Call => "(drop (call $f))".into(),
	};
	statements.iter().map(|statement| one(statement) + "\n").collect()
}

/// A module with the bodies of `handle` and of a function it calls, both with a frame.
fn module(handle: &[Statement], called: &[Statement]) -> String {
	let calls_nothing: Vec<_> = called.iter().filter(|s| !calls(s)).cloned().collect();
	let function = |body: &[Statement], result: &str| {
		format!(
			"(local $v0 i32) (local $v1 i32) (local $v2 i32) (local $frame i32)
			(local $rounds i32)
			(local.set $frame (i32.sub (global.get $sp) (i32.const 64)))
			(global.set $sp (local.get $frame))
			(local.set $v0 (i32.and (i32.load (i32.const 8192)) (i32.const 0x2fff8)))
			(local.set $v1 (i32.const 0x2ff0))
			{}
			(i32.store (i32.const 8192) (i32.add (local.get $v0) (i32.const 4104)))
			(global.set $sp (i32.add (local.get $frame) (i32.const 64)))
			{result}",
			text(body)
		)
	};
	format!(
		r#"(module
			(import "env" "memory" (memory 3))
			(global $sp (mut i32) (i32.const 4096))
			(func $f (result i64) {})
			(func (export "init"))
			(func (export "handle") {})
			(data (i32.const 4200) "some data")
			(data (i32.const 0x1fffe) "over a border"))"#,
		function(&calls_nothing, "(i64.extend_i32_u (local.get $v0))"),
		function(handle, "")
	)
}

fn calls(statement: &Statement) -> bool {
	match statement {
		Statement::Call | Statement::Store(_, _, _, _, 2) => true,
		Statement::If(_, then, other) => then.iter().chain(other).any(calls),
		Statement::Repeat(body) => body.iter().any(calls),
		_ => false,
	}
}

/// The second opinion: the original module on plain memory. `None` if the message traps.
fn plain(module: &Module, before: &[u8]) -> Option<Vec<u8>> {
	let mut store = Store::new(module.engine(), ());
	let memory = Memory::new(&mut store, MemoryType::new(3, None)).unwrap();
	let instance = Instance::new(&mut store, module, &[memory.into()]).unwrap();
	// What the instance has put there is part of what was before.
	memory.data_mut(&mut store).copy_from_slice(before);
	// The stack is scratch.
	memory.data_mut(&mut store)[..4096].fill(0);
	let handle = instance.get_typed_func::<(), ()>(&mut store, "handle").unwrap();
	handle.call(&mut store, ()).ok().map(|()| memory.data(&store).to_vec())
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

	#[test]
	fn memory_is_as_if_it_were_all_there(
		handle in vec(statement(), 0..14),
		called in vec(statement(), 0..6),
	) {
		let code = wat(&module(&handle, &called));
		let original = Module::new(&Engine::default(), &code).unwrap();
		let mut before = vec![0; 3 * PAGE_SIZE as usize];
		before[4200..][..9].copy_from_slice(b"some data");
		before[0x1fffe..][..13].copy_from_slice(b"over a border");

		let mut compiled = system(Wasmtime::new().unwrap());
		let mut interpreted = system(Wasmi::new());
		let program = deploy(&mut compiled, &code, b"");
		prop_assert_eq!(program, deploy(&mut interpreted, &code, b""));
		for _ in 0..3 {
			let after = plain(&original, &before);
			let (message, block) = send(&mut compiled, program, b"");
			prop_assert_eq!(&send(&mut interpreted, program, b"").1, &block);
			let code = compiled.reply_to(message).unwrap().reply.unwrap().code;
			prop_assert_eq!(code.is_success(), after.is_some());
			if let Some(after) = after {
				before = after;
			}
			let memory = compiled.memory(program).unwrap();
			prop_assert!(memory[4096..] == before[4096..]);
			prop_assert!(interpreted.memory(program).unwrap()[4096..] == before[4096..]);
		}
	}
}
