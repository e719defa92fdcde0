//! Programs that make random syscalls with random arguments, many of them hostile, and talk to one
//! another and to users.

use crate::{
	Outcome, Target,
	agreement::{ALICE, BOB, Scenario, agree},
};
use arbitrary::Unstructured;
use gearway_engine::{
	ActorId, CodeId, Executor, PostError, Posting, Settings, Value,
	ids::program_id,
	testkit::{BlockRunResult, System},
};
use wasm_encoder::{
	BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
	ImportSection, InstructionSink, MemArg, MemoryType, Module, TypeSection, ValType,
};

pub(crate) const TARGET: Target =
	Target { name: "syscalls", len: 2_048, bounded_cases: 24, bounded_ran: 12, run };

/// What a parameter means, so that arguments make sense often enough.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Param {
	/// Address of ids and a value, of a message id, or of a payload.
	In,
	/// Address of a value, or none.
	Value,
	/// Address for the result.
	Out,
	/// Length of a payload, or an offset in one.
	Len,
	/// Handle of a message that was begun.
	Handle,
	/// Blocks.
	Blocks,
	/// Gas: the only i64.
	Gas,
	/// Pages, or the number of one.
	Pages,
}

use Param::{Blocks, Gas, Handle, In, Len, Out, Pages, Value as At};

/// Every syscall: its name, its parameters, whether it has a result.
const SYSCALLS: &[(&str, &[Param], bool)] = &[
	("alloc", &[Pages], true),
	("free", &[Pages], true),
	("free_range", &[Pages, Pages], true),
	("gr_block_height", &[Out], false),
	("gr_block_timestamp", &[Out], false),
	("gr_create_program", &[In, In, Len, In, Len, Blocks, Out], false),
	("gr_create_program_wgas", &[In, In, Len, In, Len, Gas, Blocks, Out], false),
	("gr_debug", &[In, Len], false),
	("gr_env_vars", &[Handle, Out], false),
	("gr_exit", &[In], false),
	("gr_gas_available", &[Out], false),
	("gr_leave", &[], false),
	("gr_message_id", &[Out], false),
	("gr_oom_panic", &[], false),
	("gr_panic", &[In, Len], false),
	("gr_program_id", &[Out], false),
	("gr_random", &[In, Out], false),
	("gr_read", &[Len, Len, Out, Out], false),
	("gr_reply", &[In, Len, At, Out], false),
	("gr_reply_code", &[Out], false),
	("gr_reply_commit", &[At, Out], false),
	("gr_reply_commit_wgas", &[Gas, At, Out], false),
	("gr_reply_deposit", &[In, Gas, Out], false),
	("gr_reply_input", &[Len, Len, At, Out], false),
	("gr_reply_input_wgas", &[Len, Len, Gas, At, Out], false),
	("gr_reply_push", &[In, Len, Out], false),
	("gr_reply_push_input", &[Len, Len, Out], false),
	("gr_reply_to", &[Out], false),
	("gr_reply_wgas", &[In, Len, Gas, At, Out], false),
	("gr_reservation_reply", &[In, In, Len, Out], false),
	("gr_reservation_reply_commit", &[In, Out], false),
	("gr_reservation_send", &[In, In, Len, Blocks, Out], false),
	("gr_reservation_send_commit", &[Handle, In, Blocks, Out], false),
	("gr_reserve_gas", &[Gas, Blocks, Out], false),
	("gr_send", &[In, In, Len, Blocks, Out], false),
	("gr_send_commit", &[Handle, In, Blocks, Out], false),
	("gr_send_commit_wgas", &[Handle, In, Gas, Blocks, Out], false),
	("gr_send_init", &[Out], false),
	("gr_send_input", &[In, Len, Len, Blocks, Out], false),
	("gr_send_input_wgas", &[In, Len, Len, Gas, Blocks, Out], false),
	("gr_send_push", &[Handle, In, Len, Out], false),
	("gr_send_push_input", &[Handle, Len, Len, Out], false),
	("gr_send_wgas", &[In, In, Len, Gas, Blocks, Out], false),
	("gr_signal_code", &[Out], false),
	("gr_signal_from", &[Out], false),
	("gr_size", &[Out], false),
	("gr_source", &[Out], false),
	("gr_system_reserve_gas", &[Gas, Out], false),
	("gr_unreserve_gas", &[In, Out], false),
	("gr_value", &[Out], false),
	("gr_value_available", &[Out], false),
	("gr_wait", &[], false),
	("gr_wait_for", &[Blocks], false),
	("gr_wait_up_to", &[Blocks], false),
	("gr_wake", &[In, Blocks, Out], false),
	("gw_gas_charge", &[Gas, Out], false),
];

/// The entry points, in the order of [`Program::entries`].
const ENTRIES: [&str; 4] = ["init", "handle", "handle_reply", "handle_signal"];

/// Where the payload is read to: slots of [`SLOT`] bytes, each two ids and a value.
const INPUT: u32 = 0x1000;
const SLOT: u32 = 80;
const SLOTS: u32 = 8;

/// Where results go, [`RESULT`] bytes each.
const OUTPUT: u32 = 0x3000;
const RESULT: u32 = 72;
const RESULTS: u32 = 6;

/// A program: what each of its entry points does.
struct Program {
	entries: Vec<Vec<Op>>,
}

/// A syscall that is made if a bit of the payload is set.
struct Op {
	syscall: usize,
	args: Vec<u64>,
	/// A byte of the payload, and a mask; 0 stands for always.
	condition: (u32, u8),
}

impl Op {
	fn arbitrary(u: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
		let syscall = u.choose_index(SYSCALLS.len())?;
		let args = SYSCALLS[syscall].1.iter();
		let args = args.map(|param| param.argument(u)).collect::<arbitrary::Result<_>>()?;
		let mask = if u.ratio(1, 3)? { 0 } else { 1 << u.int_in_range(0..=7)? };
		Ok(Self { syscall, args, condition: (u.int_in_range(0..=SLOT)?, mask) })
	}
}

impl Param {
	/// An argument: sensible as a rule, hostile now and then.
	fn argument(self, u: &mut Unstructured<'_>) -> arbitrary::Result<u64> {
		if u.ratio(1, 24)? {
			let edges = [0, 1, 0xFFFF, 0x1_0000, 0x1_FFFF, 0x2_0000, 0x7FFF_FFFF, 0xFFFF_FFFF];
			return Ok(*u.choose(&edges)?);
		}
		if u.ratio(1, 48)? {
			return u.arbitrary();
		}
		let result = OUTPUT + RESULT * u.int_in_range(0..=RESULTS - 1)?;
		Ok(match self {
			// Behind the error code of a result stands what a syscall made.
			In if u.ratio(1, 3)? => (result + 4).into(),
			In => {
				(INPUT + SLOT * u.int_in_range(0..=SLOTS - 1)? + 32 * u.int_in_range(0..=1)?).into()
			}
			At if u.arbitrary()? => u32::MAX.into(),
			At => (INPUT + SLOT * u.int_in_range(0..=SLOTS - 1)? + 64).into(),
			Out => result.into(),
			Len => u.int_in_range(0..=u64::from(SLOT * SLOTS))?,
			Handle => u.int_in_range(0..=3)?,
			Blocks => u.int_in_range(0..=4)?,
			Gas => *u.choose(&[0, 10_000, 300_000, 5_000_000, 2_000_000_000])?,
			Pages => u.int_in_range(0..=6)?,
		})
	}
}

impl Program {
	fn arbitrary(u: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
		let mut entries = Vec::new();
		for most in [3, 12, 5, 3] {
			let count = u.int_in_range(0..=most)?;
			entries.push((0..count).map(|_| Op::arbitrary(u)).collect::<arbitrary::Result<_>>()?);
		}
		Ok(Self { entries })
	}
}

/// The program as Wasm. An entry point that does nothing is not there.
fn encode(program: &Program) -> Vec<u8> {
	let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
	let memory = MemoryType {
		minimum: 1,
		maximum: None,
		memory64: false,
		shared: false,
		page_size_log2: None,
	};
	imports.import("env", "memory", EntityType::Memory(memory));

	// The two by which the payload is read, then those used, each once.
	let by_name = |name| SYSCALLS.iter().position(|(known, ..)| *known == name).unwrap();
	let mut used = vec![by_name("gr_size"), by_name("gr_read")];
	for op in program.entries.iter().flatten() {
		if !used.contains(&op.syscall) {
			used.push(op.syscall);
		}
	}
	for (index, syscall) in (0..).zip(&used) {
		let (name, params, result) = SYSCALLS[*syscall];
		let params = params.iter().map(|param| match param {
			Gas => ValType::I64,
			_ => ValType::I32,
		});
		types.ty().function(params, result.then_some(ValType::I32));
		imports.import("env", name, EntityType::Function(index));
	}
	let entry = types.len();
	types.ty().function([], []);

	let (mut functions, mut exports) = (FunctionSection::new(), ExportSection::new());
	let mut code = CodeSection::new();
	for (name, ops) in ENTRIES.iter().zip(&program.entries) {
		// Without `init` and `handle` it were no program.
		if ops.is_empty() && !["init", "handle"].contains(name) {
			continue;
		}
		exports.export(name, ExportKind::Func, used.len() as u32 + functions.len());
		functions.function(entry);
		code.function(&body(ops, &used));
	}
	let mut module = Module::new();
	module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
	module.finish()
}

fn body(ops: &[Op], used: &[usize]) -> Function {
	let mut function = Function::new([]);
	let mut code = function.instructions();
	// Size and payload, as far as there is room for it.
	let at = |offset| MemArg { offset, align: 0, memory_index: 0 };
	code.i32_const(0).call(0);
	code.i32_const(0).i32_load(at(0)).i32_const((SLOT * SLOTS) as i32).i32_le_u();
	code.if_(BlockType::Empty).i32_const(0).i32_const(0).i32_load(at(0));
	code.i32_const(INPUT as i32).i32_const(8).call(1).end();
	for op in ops {
		let (byte, mask) = op.condition;
		if mask != 0 {
			code.i32_const((INPUT + byte) as i32).i32_load8_u(at(0)).i32_const(mask.into());
			code.i32_and().if_(BlockType::Empty);
		}
		call(&mut code, op, used);
		if mask != 0 {
			code.end();
		}
	}
	code.end();
	function
}

fn call(code: &mut InstructionSink<'_>, op: &Op, used: &[usize]) {
	let (_, params, result) = SYSCALLS[op.syscall];
	for (param, arg) in params.iter().zip(&op.args) {
		match param {
			Gas => code.i64_const(arg.cast_signed()),
			_ => code.i32_const((*arg as u32).cast_signed()),
		};
	}
	code.call(used.iter().position(|syscall| *syscall == op.syscall).unwrap() as u32);
	if result {
		// Pages are used, if they are there.
		code.drop();
	}
}

/// What users do, and how much gas blocks have.
struct Traffic {
	codes: Vec<Vec<u8>>,
	posts: Vec<Post>,
}

struct Post {
	from_bob: bool,
	/// Which program, and of which slots the payload is made.
	program: usize,
	slots: Vec<(u8, u8, Value)>,
	gas: u64,
	value: Value,
	/// What the sender does first with the oldest of its mail.
	mail: Mail,
	/// Gas of the block that is run then, if one is.
	block: Option<u64>,
}

/// What a user does with a message in its mailbox.
#[derive(Clone, Copy)]
enum Mail {
	Leave,
	Reply,
	Claim,
}

/// Blocks after the last post: delays, waits and rent come to their end in them.
const REST: u32 = 12;

const PROGRAMS: usize = 3;

fn run(u: &mut Unstructured<'_>) -> arbitrary::Result<Outcome> {
	let (settings, unit) = match u.arbitrary()? {
		true => (Settings::white_paper(), 1_000),
		false => (Settings::production(), 1_000_000),
	};
	let mut codes = Vec::new();
	for _ in 0..2 {
		codes.push(encode(&Program::arbitrary(u)?));
	}
	let mut posts = Vec::new();
	for _ in 0..u.int_in_range(1..=6)? {
		let slots = (0..u.int_in_range(0..=SLOTS)?)
			.map(|_| Ok((u.arbitrary()?, u.arbitrary()?, value(u)?)))
			.collect::<arbitrary::Result<_>>()?;
		posts.push(Post {
			from_bob: u.arbitrary()?,
			program: u.int_in_range(0..=PROGRAMS - 1)?,
			slots,
			gas: u.int_in_range(0..=20_000)? * unit,
			value: value(u)?,
			mail: *u.choose(&[Mail::Leave, Mail::Reply, Mail::Claim])?,
			block: u.arbitrary::<bool>()?.then_some(u.int_in_range(0..=60_000)? * unit),
		});
	}
	agree(settings, &Traffic { codes, posts });
	Ok(Outcome::Ran)
}

/// Nothing, less than the existential deposit, or more.
fn value(u: &mut Unstructured<'_>) -> arbitrary::Result<Value> {
	Ok(*u.choose(&[0, 0, 1, 1_000_000_000, 7_000_000_000, Value::MAX])?)
}

impl Scenario for Traffic {
	fn play<E: Executor>(&self, system: &mut System<E>) -> Vec<BlockRunResult> {
		let codes: Vec<CodeId> =
			self.codes.iter().map(|code| system.upload_code(code).unwrap()).collect();
		let salt = |number: usize| [number as u8];
		let code = |number: usize| codes[number % codes.len()];
		let programs: Vec<ActorId> =
			(0..PROGRAMS).map(|number| program_id(code(number), &salt(number))).collect();

		// What ids a payload may name.
		let mut ids: Vec<[u8; 32]> = [ALICE, BOB, ActorId::new([0xCC; 32]), ActorId::zero()]
			.iter()
			.chain(&programs)
			.map(|id| id.into_bytes())
			.collect();
		ids.extend(codes.iter().map(|code| code.into_bytes()));

		let mut blocks = Vec::new();
		for (number, post) in self.posts.iter().enumerate() {
			let mut payload = Vec::new();
			for (one, other, value) in &post.slots {
				payload.extend_from_slice(&ids[usize::from(*one) % ids.len()]);
				payload.extend_from_slice(&ids[usize::from(*other) % ids.len()]);
				payload.extend_from_slice(&value.to_le_bytes());
			}
			let source = if post.from_bob { BOB } else { ALICE };
			open_mail(system, source, post.mail);
			let posting =
				Posting { source, payer: source, payload, gas_limit: post.gas, value: post.value };
			// A post may be refused: by programs that are gone, for values nobody has.
			let posted = if number < PROGRAMS {
				let posted = system.post_program(code(number), &salt(number), posting);
				posted.map(|(_, message)| message)
			} else {
				system.post_message(programs[post.program], posting)
			};
			ids.extend(posted.map(|message| message.into_bytes()));
			if let Some(gas) = post.block {
				system.set_block_gas(gas);
				blocks.push(system.run_next_block());
			}
		}
		system.set_block_gas(u64::MAX);
		blocks.extend(system.run_to_block(system.block_height() + REST));
		blocks
	}
}

/// Replies to the oldest message in the mailbox of `user`, or claims its value. Either may be
/// refused.
fn open_mail<E: Executor>(system: &mut System<E>, user: ActorId, what: Mail) {
	let oldest = system.mailbox().find(|mail| mail.message.destination == user);
	let Some(id) = oldest.map(|mail| mail.message.id) else { return };
	let done = match what {
		Mail::Leave => return,
		Mail::Reply => system.send_reply(id, user, b"fine", 0).map(drop),
		Mail::Claim => system.claim_value(user, id).map(drop),
	};
	if let Err(PostError::Broken(error)) = done {
		panic!("{error:?}");
	}
}
