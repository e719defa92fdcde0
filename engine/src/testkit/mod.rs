//! A chain in memory, for tests of programs.
//!
//! It is the chain's own engine on another [`State`]: the same checks at upload, the same gas to
//! the unit, the same journals applied by the same code.
//!
//! ```
//! use gearway_engine::{
//!     ActorId,
//!     testkit::{Log, Program, System},
//! };
//! # use gearway_programs::PING;
//!
//! let alice = ActorId::from(42);
//! let mut system = System::new()?;
//! system.mint_to(alice, 1_000_000_000_000);
//!
//! // The first message makes the program and goes to its `init`.
//! let ping = Program::from_binary(&mut system, PING)?;
//! let init = ping.send_bytes(&mut system, alice, "")?;
//! system.run_next_block().assert_succeed(init);
//!
//! let message = ping.send_bytes(&mut system, alice, "PING")?;
//! let block = system.run_next_block();
//! assert!(block.contains(&Log::builder().source(ping).dest(alice).payload_bytes("PONG")));
//! assert!(block.gas_burned()[&message] > 0);
//!
//! // A copy goes its own way, and serves the same handles.
//! let mut copy = system.clone();
//! ping.send_bytes(&mut copy, alice, "PING")?;
//! copy.run_next_block();
//! assert_ne!(copy.chain(), system.chain());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can be asked
//!
//! | of | what |
//! |---|---|
//! | [`System`] | [`reply_to`](System::reply_to) a message, [`get_mailbox`](System::get_mailbox) of a user, a program's [`memory`](System::memory), block height and time |
//! | [`BlockRunResult`] | what succeeded or failed, messages to users, gas of each message, debug output, [`traffic`](Traffic) between storage and memory, events; printed, it tells what happened, and where a program failed |
//! | [`Program`] | [`ask`](Program::ask) it something without leaving a trace, its balance, phase and a piece of its memory |
//! | [`Chain`] | funds, queue, waitlist, delayed messages, scheduled tasks, open gas; the system can be asked directly |
//!
//! [`System`] speaks the engine's words and names everything by id: `upload_code`,
//! `create_program`, `send_message`, `send_reply`, `claim_value`. [`Program`], [`Log`] and
//! [`ActorMailbox`] speak those of `gtest`.
//!
//! # For users of `gtest`
//!
//! Nothing is global and nothing is hidden in cells: what changes the chain takes `&mut System`, and
//! what can fail returns a `Result`.
//!
//! | `gtest` 2.0 | here |
//! |---|---|
//! | `Program::from_file(&sys, path)` | `Program::from_file(&mut system, path)?` |
//! | `Program::from_binary_with_id(&sys, id, code)` | `Program::from_binary(&mut system, code)?`; ids come out of code and salt, as on the chain |
//! | `program.send_bytes(from, payload)` | `program.send_bytes(&mut system, from, payload)?` |
//! | `program.send_with_gas(from, payload, gas, value)` | `program.send_with_gas(&mut system, from, payload, gas, value)?` |
//! | `sys.run_next_block()`, `sys.run_to_block(n)` | the same; at first, block 1 is being built |
//! | `sys.run_scheduled_tasks(n)` | `system.run_next_block()`: there are no blocks without the queue |
//! | `result.succeed.contains(&id)` | `result.assert_succeed(id)`, `result.succeed().contains(&id)` |
//! | `result.contains(&log)` | the same |
//! | `result.gas_burned` | `result.gas_burned()` |
//! | `sys.get_mailbox(user).reply_bytes(log, payload, value)` | `system.get_mailbox(user).reply_bytes(&log, payload, value)?` |
//! | `sys.get_mailbox(user).claim_value(log)` | `system.get_mailbox(user).claim_value(&log)?` |
//! | `sys.mint_to`, `sys.balance_of`, `sys.get_program` | the same |
//! | `sys.calculate_reply_for_handle(…)` | the same, with waits; [`Program::ask`] decodes the answer |
//! | `program.read_state(payload)` | [`Program::ask`] for a question, [`Program::read_memory`] for bytes |
//! | `sys.init_logger()` | `println!("{result}")` |
//! | some users have funds from the start | nobody has |

mod block;
mod chain;
mod chunks;
mod log;
mod mailbox;
mod names;
mod program;
mod table;

pub use block::BlockRunResult;
pub use chain::{Account, BuiltinFn, Chain};
pub use chunks::Traffic;
pub use log::Log;
pub use mailbox::{ActorMailbox, MailboxError};
pub use program::{AskError, FileError, PATIENCE, Program};

use crate::{
	builtin,
	code::{CodeError, check_code},
	executor::{Executor, LoadError, Wasmtime},
	ids::{ActorId, CodeId, MessageId},
	mailbox::{claim_value, send_reply},
	message::{Gas, Message, Value},
	pages::{CHUNK_SIZE, PAGE_SIZE},
	post::{self, PostError, Posting},
	queue::{Streams, run_queue_in_streams},
	settings::Settings,
	state::{BuiltinError, State},
};
use alloc::{collections::BTreeMap, sync::Arc, vec, vec::Vec};
use codec::Decode;
use core::{
	num::NonZeroUsize,
	ops::{Deref, DerefMut},
};
use names::Names;

/// Gas limit of messages whose sender does not say.
pub const DEFAULT_GAS: Gas = 100_000_000_000;

/// Gas of a block.
pub const BLOCK_GAS: Gas = 1_000_000_000_000;

/// Milliseconds from one block to the next.
pub const BLOCK_TIME: u64 = 6_000;

/// A chain in memory and the means to run it.
///
/// All that can be asked of the [`Chain`] can be asked of the system.
#[derive(Debug)]
pub struct System<E = Wasmtime> {
	chain: Chain,
	streams: Streams<E>,
	settings: Settings,
	block_gas: Gas,
	/// To tell where programs fail.
	names: BTreeMap<CodeId, Arc<Names>>,
	/// What the latest [`Program`] was made with.
	salt: u64,
}

/// A copy shares nothing with the original but compiled code.
impl<E: Executor> Clone for System<E> {
	fn clone(&self) -> Self {
		Self {
			chain: self.chain.clone(),
			streams: self.streams.fork(),
			names: self.names.clone(),
			..*self
		}
	}
}

impl System {
	/// An empty chain with the prices that chains run with.
	///
	/// # Errors
	///
	/// The machine is none that code can be compiled for.
	pub fn new() -> Result<Self, LoadError> {
		Ok(Self::with(Settings::production(), Wasmtime::with_traces()?))
	}
}

impl<E: Executor> System<E> {
	/// An empty chain with the given prices and backend.
	pub fn with(settings: Settings, executor: E) -> Self {
		let streams = Streams::new(executor, NonZeroUsize::MIN);
		Self {
			chain: Chain::new(),
			streams,
			settings,
			block_gas: BLOCK_GAS,
			names: BTreeMap::new(),
			salt: 0,
		}
	}

	/// Lets blocks have `gas`.
	pub fn set_block_gas(&mut self, gas: Gas) {
		self.block_gas = gas;
	}

	/// Lets programs run in so many streams at once. It changes nothing but how long it takes.
	pub fn set_streams(&mut self, count: NonZeroUsize) {
		self.streams.set_count(count);
	}

	/// Checks a code and keeps it.
	pub fn upload_code(&mut self, code: &[u8]) -> Result<CodeId, CodeError> {
		let checked = check_code(code, &self.settings.limits)?;
		self.names.insert(checked.id, Names::of(code).into());
		Ok(self.chain.add_code(checked))
	}

	/// Makes a program and queues its `init` message, with [`DEFAULT_GAS`].
	pub fn create_program(
		&mut self,
		code: CodeId,
		salt: &[u8],
		source: ActorId,
		payload: &[u8],
		value: Value,
	) -> Result<(ActorId, MessageId), PostError> {
		self.post_program(code, salt, posting(source, payload, DEFAULT_GAS, value))
	}

	/// Queues a message to a program, with [`DEFAULT_GAS`].
	pub fn send_message(
		&mut self,
		program: ActorId,
		source: ActorId,
		payload: &[u8],
		value: Value,
	) -> Result<MessageId, PostError> {
		self.post_message(program, posting(source, payload, DEFAULT_GAS, value))
	}

	/// Queues a message to a program, with the gas given.
	pub fn send_with_gas(
		&mut self,
		program: ActorId,
		source: ActorId,
		payload: &[u8],
		value: Value,
		gas_limit: Gas,
	) -> Result<MessageId, PostError> {
		self.post_message(program, posting(source, payload, gas_limit, value))
	}

	/// Replies, as `user`, to a message in its mailbox, with [`DEFAULT_GAS`].
	pub fn send_reply(
		&mut self,
		message: MessageId,
		user: ActorId,
		payload: &[u8],
		value: Value,
	) -> Result<MessageId, PostError> {
		let posting = posting(user, payload, DEFAULT_GAS, value);
		send_reply(&mut self.chain, &self.settings, message, posting)
	}

	/// Takes a message out of the mailbox of `user`. Returns the value that comes with it.
	pub fn claim_value(&mut self, user: ActorId, message: MessageId) -> Result<Value, PostError> {
		claim_value(&mut self.chain, user, message)
	}

	/// [`answer_later`](builtin::answer_later) on this chain.
	pub fn answer_later(
		&mut self,
		actor: ActorId,
		message: MessageId,
		answer: Result<Vec<u8>, BuiltinError>,
	) -> Result<(), PostError> {
		builtin::answer_later(&mut self.chain, &self.settings, actor, message, answer)
	}

	/// [`claim_inheritance`](post::claim_inheritance) on this chain.
	pub fn claim_inheritance(&mut self, program: ActorId) -> Result<ActorId, PostError> {
		post::claim_inheritance(&mut self.chain, &self.settings, program)
	}

	/// [`create_program`](post::create_program) on this chain.
	pub fn post_program(
		&mut self,
		code: CodeId,
		salt: &[u8],
		posting: Posting,
	) -> Result<(ActorId, MessageId), PostError> {
		post::create_program(&mut self.chain, &self.settings, code, salt, posting)
	}

	/// [`send_message`](post::send_message) on this chain.
	pub fn post_message(
		&mut self,
		destination: ActorId,
		posting: Posting,
	) -> Result<MessageId, PostError> {
		post::send_message(&mut self.chain, &self.settings, destination, posting)
	}

	/// Ends the block: processes the queue, and begins the next.
	pub fn run_next_block(&mut self) -> BlockRunResult {
		let (height, sent) = (self.chain.block().height, self.chain.outbox().len());
		let report = run_queue_in_streams(
			&mut self.chain,
			&mut self.streams,
			&self.settings,
			self.block_gas,
		);
		let log = self.chain.outbox().iter().skip(sent).cloned().collect();
		let traces = self.streams.executors().flat_map(Executor::traces);
		let traces = traces
			.filter_map(|trace| Some((trace.message, self.names.get(&trace.code)?.resolve(&trace))))
			.collect();
		let traffic = self.chain.take_traffic();
		let events = self.chain.next_block(BLOCK_TIME);
		BlockRunResult { height, report, events, log, traces, traffic }
	}

	/// Ends blocks until `height` is the number of the one that is being built.
	pub fn run_to_block(&mut self, height: u32) -> Vec<BlockRunResult> {
		let mut results = Vec::new();
		while self.block_height() < height {
			results.push(self.run_next_block());
		}
		results
	}

	/// Ends as many blocks as it takes to empty the queue, at most `most`.
	pub fn run_blocks(&mut self, most: u32) -> Vec<BlockRunResult> {
		let mut blocks = Vec::new();
		for _ in 0..most {
			if self.chain.queue_next(None).is_none() {
				break;
			}
			blocks.push(self.run_next_block());
		}
		blocks
	}

	/// All of a program's memory, as its next message would find it.
	pub fn memory(&self, id: ActorId) -> Option<Vec<u8>> {
		let program = self.chain.program(id)?;
		let code = self.chain.code_metadata(program.code)?;
		let pages = code.static_pages.max(program.pages.end());
		let mut memory = vec![0; pages as usize * PAGE_SIZE as usize];
		let stored = program
			.chunks
			.iter()
			.map(|index| (index * CHUNK_SIZE, self.chain.chunk(id, index).unwrap_or_default()));
		let data = code.data.iter().map(|segment| (segment.offset, segment.bytes.clone()));
		for (at, bytes) in data.chain(stored) {
			let at = at as usize;
			if let Some(to) = memory.get_mut(at..at + bytes.len()) {
				to.copy_from_slice(&bytes);
			}
		}
		Some(memory)
	}

	/// The reply to a message that a user sent, if there is one by now.
	pub fn reply_to(&self, message: MessageId) -> Option<&Message> {
		self.chain.outbox().iter().find(|sent| sent.reply.is_some_and(|reply| reply.to == message))
	}

	/// The reply to a message that a user sent, if there is one by now and it is a `T` in SCALE.
	pub fn decoded_reply_to<T: Decode>(&self, message: MessageId) -> Option<T> {
		block::decode(&self.reply_to(message)?.payload)
	}

	/// Number of the block that is being built.
	pub fn block_height(&self) -> u32 {
		self.chain.block().height
	}

	/// Time of the block that is being built, in milliseconds since 1970.
	pub fn block_timestamp(&self) -> u64 {
		self.chain.block().timestamp
	}

	/// The chain.
	pub fn chain(&self) -> &Chain {
		&self.chain
	}
}

fn posting(source: ActorId, payload: &[u8], gas_limit: Gas, value: Value) -> Posting {
	Posting { source, payer: source, payload: payload.to_vec(), gas_limit, value }
}

impl<E> Deref for System<E> {
	type Target = Chain;

	fn deref(&self) -> &Chain {
		&self.chain
	}
}

impl<E> DerefMut for System<E> {
	fn deref_mut(&mut self) -> &mut Chain {
		&mut self.chain
	}
}
