//! The metering pass against a second opinion: random programs, run by a small interpreter here
//! that counts instructions one by one, must cost exactly that many on both backends.

use crate::support::*;
use gearway_engine::{Wasmi, Wasmtime};
use proptest::{collection::vec, prelude::*};

/// More instructions than this, and a program is taken for endless.
const ENOUGH: u64 = 20_000;

/// A statement over one variable.
#[derive(Clone, Debug)]
enum Statement {
	Nop,
	Add(i32),
	Block(Vec<Statement>),
	Loop(Vec<Statement>),
	/// By a bit of the variable.
	If(u32, Vec<Statement>, Option<Vec<Statement>>),
	Branch(usize),
	BranchIf(u32, usize),
	/// By the variable's lowest two bits.
	BranchTable([usize; 3]),
	Return,
	/// Calls a function that adds 3, unless bit 2 is set.
	Call,
}

use Statement::*;

fn statement() -> impl Strategy<Value = Statement> {
	let leaf = prop_oneof![
		3 => Just(Nop),
		4 => (1i32..9).prop_map(Add),
		1 => (0usize..4).prop_map(Branch),
		4 => (0u32..4, 0usize..4).prop_map(|(bit, depth)| BranchIf(bit, depth)),
		1 => prop::array::uniform3(0usize..4).prop_map(BranchTable),
		1 => Just(Return),
		2 => Just(Call),
	];
	leaf.prop_recursive(5, 60, 6, |inner| {
		let body = vec(inner, 0..6);
		prop_oneof![
			body.clone().prop_map(Block),
			body.clone().prop_map(Loop),
			(0u32..4, body.clone(), prop::option::of(body))
				.prop_map(|(bit, then, other)| If(bit, then, other)),
		]
	})
}

/// The text of statements inside `depth` blocks, the function's own included.
fn text(statements: &[Statement], depth: usize) -> String {
	let bit = |bit: &u32| format!("(i32.and (local.get $x) (i32.const {}))", 1 << bit);
	// A branch may lead no further than out of the function.
	let out = |wanted: &usize| (*wanted).min(depth - 1);
	let one = |statement: &Statement| match statement {
		Nop => "nop".into(),
		Add(n) => format!("(local.set $x (i32.add (local.get $x) (i32.const {n})))"),
		Block(body) => format!("(block {})", text(body, depth + 1)),
		Loop(body) => format!("(loop {})", text(body, depth + 1)),
		If(b, then, None) => format!("(if {} (then {}))", bit(b), text(then, depth + 1)),
		If(b, then, Some(other)) => format!(
			"(if {} (then {}) (else {}))",
			bit(b),
			text(then, depth + 1),
			text(other, depth + 1)
		),
		Branch(to) => format!("(br {})", out(to)),
		BranchIf(b, to) => format!("(br_if {} {})", out(to), bit(b)),
		BranchTable([a, b, c]) => format!(
			"(br_table {} {} {} (i32.and (local.get $x) (i32.const 3)))",
			out(a),
			out(b),
			out(c)
		),
		Return => "(return (local.get $x))".into(),
		Call => "(local.set $x (call $f (local.get $x)))".into(),
	};
	statements.iter().map(|statement| one(statement) + "\n").collect()
}

/// How statements are left.
enum Left {
	AtTheEnd,
	/// By a branch so many blocks outwards.
	By(usize),
	Returned,
	/// Not within [`ENOUGH`] instructions.
	Never,
}

/// The second opinion.
#[derive(Default)]
struct Interpreter {
	x: i32,
	instructions: u64,
}

impl Interpreter {
	fn bit(&mut self, bit: u32) -> bool {
		self.instructions += 3;
		self.x & (1 << bit) != 0
	}

	fn run(&mut self, statements: &[Statement], depth: usize) -> Left {
		let out = |wanted: usize| wanted.min(depth - 1);
		for statement in statements {
			if self.instructions > ENOUGH {
				return Left::Never;
			}
			let left = match statement {
				Nop => {
					self.instructions += 1;
					Left::AtTheEnd
				}
				Add(n) => {
					self.instructions += 4;
					self.x = self.x.wrapping_add(*n);
					Left::AtTheEnd
				}
				Block(body) => {
					self.instructions += 1;
					self.block(body, depth)
				}
				Loop(body) => loop {
					self.instructions += 1;
					match self.run(body, depth + 1) {
						// `loop` itself is not executed again, but its start is branched to.
						Left::By(0) if self.instructions <= ENOUGH => self.instructions -= 1,
						Left::By(0) => break Left::Never,
						Left::By(more) => break Left::By(more - 1),
						left => break left,
					}
				},
				If(bit, then, other) => {
					let taken = self.bit(*bit);
					self.instructions += 1;
					match (taken, other) {
						(true, _) => self.block(then, depth),
						(false, Some(other)) => self.block(other, depth),
						(false, None) => Left::AtTheEnd,
					}
				}
				Branch(to) => {
					self.instructions += 1;
					Left::By(out(*to))
				}
				BranchIf(bit, to) => {
					let taken = self.bit(*bit);
					self.instructions += 1;
					if taken { Left::By(out(*to)) } else { Left::AtTheEnd }
				}
				BranchTable(targets) => {
					self.instructions += 4;
					Left::By(out(targets[(self.x & 3).min(2) as usize]))
				}
				Return => {
					self.instructions += 2;
					Left::Returned
				}
				Call => {
					// get, call, set; in the callee get, const, and, eqz, if.
					self.instructions += 3 + 5;
					if self.x & 4 == 0 {
						// get, const, add, return.
						self.instructions += 4;
						self.x = self.x.wrapping_add(3);
					} else {
						self.instructions += 1;
					}
					Left::AtTheEnd
				}
			};
			match left {
				Left::AtTheEnd => {}
				left => return left,
			}
		}
		Left::AtTheEnd
	}

	fn block(&mut self, body: &[Statement], depth: usize) -> Left {
		match self.run(body, depth + 1) {
			Left::By(0) => Left::AtTheEnd,
			Left::By(more) => Left::By(more - 1),
			left => left,
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

	#[test]
	fn each_instruction_is_paid_once(body in vec(statement(), 0..10)) {
		let code = wat(&format!(
			r#"(module (import "env" "memory" (memory 1))
				(func $f (param $x i32) (result i32)
					(if (i32.eqz (i32.and (local.get $x) (i32.const 4)))
						(then (return (i32.add (local.get $x) (i32.const 3)))))
					(local.get $x))
				(func $body (result i32) (local $x i32)
					(block {})
					(local.get $x))
				(func (export "init"))
				(func (export "handle") (i32.store (i32.const 0) (call $body))))"#,
			text(&body, 1)
		));
		let mut interpreter = Interpreter::default();
		let left = interpreter.run(&body, 1);
		if let Left::Never = left {
			return Ok(());
		}
		prop_assert!(matches!(left, Left::AtTheEnd | Left::By(0) | Left::Returned));

		// const, call, store; block; and, unless it has returned before, get.
		let around = if let Left::Returned = left { 4 } else { 5 };
		let expected = 1_000 + (around + interpreter.instructions) * 1_000;
		let mut compiled = system(Wasmtime::new().expect("compiles here"));
		let mut interpreted = system(Wasmi::new());
		for (spent, memory) in [
			{
				let program = deploy(&mut compiled, &code, b"");
				let (message, block) = send(&mut compiled, program, b"");
				(gas_spent(&block, message), compiled.memory(program))
			},
			{
				let program = deploy(&mut interpreted, &code, b"");
				let (message, block) = send(&mut interpreted, program, b"");
				(gas_spent(&block, message), interpreted.memory(program))
			},
		] {
			prop_assert_eq!(spent, expected);
			prop_assert_eq!(&memory.expect("it is a program")[..4], interpreter.x.to_le_bytes());
		}
	}
}
