//! A program by its handle, with the words of `gtest`.

use super::{DEFAULT_GAS, System, block::decode};
use crate::{
	code::CodeError,
	executor::Executor,
	ids::{self, ActorId, CodeId, MessageId},
	message::{Gas, Message, Value},
	post::{PostError, Posting},
	program::Phase,
	state::State,
};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, Encode};
use core::fmt;
use std::{fs, io, path::Path};

/// A program of a [`System`], there or to be.
///
/// It holds no more than what names the program, so it is copied at will, and serves every copy of
/// the system. The first message sent makes the program and goes to its `init`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Program {
	id: ActorId,
	code: CodeId,
	/// What tells it from others of the same code.
	salt: u64,
}

impl Program {
	/// A program of the given Wasm.
	///
	/// # Errors
	///
	/// The engine does not take the code.
	pub fn from_binary<E: Executor>(
		system: &mut System<E>,
		code: &[u8],
	) -> Result<Self, CodeError> {
		let code = system.upload_code(code)?;
		system.salt += 1;
		let salt = system.salt;
		Ok(Self { id: ids::program_id(code, &salt.encode()), code, salt })
	}

	/// A program of the Wasm in a file.
	///
	/// # Errors
	///
	/// The file cannot be read, or the engine does not take the code.
	pub fn from_file<E: Executor>(
		system: &mut System<E>,
		path: impl AsRef<Path>,
	) -> Result<Self, FileError> {
		let code = fs::read(path).map_err(FileError::Read)?;
		Self::from_binary(system, &code).map_err(FileError::Code)
	}

	/// Its id.
	pub fn id(&self) -> ActorId {
		self.id
	}

	/// The id of its code.
	pub fn code_id(&self) -> CodeId {
		self.code
	}

	/// Sends a message in SCALE, with [`DEFAULT_GAS`].
	pub fn send<E: Executor>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		payload: impl Encode,
	) -> Result<MessageId, PostError> {
		self.send_bytes(system, from, payload.encode())
	}

	/// Sends a message in SCALE with value, with [`DEFAULT_GAS`].
	pub fn send_with_value<E: Executor>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		payload: impl Encode,
		value: Value,
	) -> Result<MessageId, PostError> {
		self.send_bytes_with_value(system, from, payload.encode(), value)
	}

	/// Sends a message in SCALE, with gas and value.
	pub fn send_with_gas<E: Executor>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		payload: impl Encode,
		gas_limit: Gas,
		value: Value,
	) -> Result<MessageId, PostError> {
		self.send_bytes_with_gas(system, from, payload.encode(), gas_limit, value)
	}

	/// Sends a message, with [`DEFAULT_GAS`].
	pub fn send_bytes<E: Executor>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		payload: impl Into<Vec<u8>>,
	) -> Result<MessageId, PostError> {
		self.send_bytes_with_value(system, from, payload, 0)
	}

	/// Sends a message with value, with [`DEFAULT_GAS`].
	pub fn send_bytes_with_value<E: Executor>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		payload: impl Into<Vec<u8>>,
		value: Value,
	) -> Result<MessageId, PostError> {
		self.send_bytes_with_gas(system, from, payload, DEFAULT_GAS, value)
	}

	/// Sends a message, with gas and value.
	///
	/// # Errors
	///
	/// The sender cannot pay, or the message is against a rule. Nothing has changed then.
	pub fn send_bytes_with_gas<E: Executor>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		payload: impl Into<Vec<u8>>,
		gas_limit: Gas,
		value: Value,
	) -> Result<MessageId, PostError> {
		let source = from.into();
		let payload = payload.into();
		let posting = Posting { source, payer: source, payload, gas_limit, value };
		if system.program(self.id).is_some() {
			return system.post_message(self.id, posting);
		}
		let (_, message) = system.post_program(self.code, &self.salt.encode(), posting)?;
		Ok(message)
	}

	/// What it owns and can spend.
	pub fn balance<E: Executor>(&self, system: &System<E>) -> Value {
		system.balance_of(self.id)
	}

	/// Where it is in its life; `None` before its first message.
	pub fn phase<E: Executor>(&self, system: &System<E>) -> Option<Phase> {
		system.program(self.id).map(|program| program.phase)
	}

	/// What it answers to a question, as a `T` in SCALE, on a copy of the chain that is forgotten.
	///
	/// # Errors
	///
	/// As [`System::calculate_reply_for_handle`], and where the answer is no `T`.
	pub fn ask<E: Executor, T: Decode>(
		&self,
		system: &mut System<E>,
		from: impl Into<ActorId>,
		question: impl Encode,
	) -> Result<T, AskError> {
		let payload = question.encode();
		let reply = system.calculate_reply_for_handle(from, self.id, payload, DEFAULT_GAS, 0)?;
		match decode(&reply.payload) {
			Some(answer) if reply.reply.is_some_and(|reply| reply.code.is_success()) => Ok(answer),
			_ => Err(AskError::Answer(Box::new(reply))),
		}
	}

	/// `len` bytes of its memory, as its next message would find them.
	pub fn read_memory<E: Executor>(
		&self,
		system: &System<E>,
		address: u32,
		len: u32,
	) -> Option<Vec<u8>> {
		let (start, len) = (address as usize, len as usize);
		Some(system.memory(self.id)?.get(start..start.checked_add(len)?)?.to_vec())
	}
}

impl From<Program> for ActorId {
	fn from(program: Program) -> Self {
		program.id
	}
}

impl<E: Executor> System<E> {
	/// The program of that id, if there is one.
	pub fn get_program(&self, id: impl Into<ActorId>) -> Option<Program> {
		let id = id.into();
		let code = self.program(id)?.code;
		// The salt is of use only as long as there is no program.
		Some(Program { id, code, salt: 0 })
	}

	/// What the reply to a message would be. It is sent, and blocks are run until the reply is
	/// there, on a copy of the chain that is forgotten afterwards.
	///
	/// # Errors
	///
	/// The message cannot be sent, or no reply comes for [`PATIENCE`] blocks.
	pub fn calculate_reply_for_handle(
		&mut self,
		from: impl Into<ActorId>,
		program: impl Into<ActorId>,
		payload: impl Into<Vec<u8>>,
		gas_limit: Gas,
		value: Value,
	) -> Result<Message, AskError> {
		let source = from.into();
		let payload = payload.into();
		let posting = Posting { source, payer: source, payload, gas_limit, value };
		let mut copy = self.clone();
		let message = copy.post_message(program.into(), posting)?;
		for _ in 0..PATIENCE {
			copy.run_next_block();
			if let Some(reply) = copy.reply_to(message) {
				return Ok(reply.clone());
			}
		}
		Err(AskError::Silence)
	}
}

/// Blocks that [`System::calculate_reply_for_handle`] waits for a reply.
pub const PATIENCE: u32 = 200;

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AskError {
	/// The question cannot be sent.
	Post(PostError),
	/// No reply has come.
	Silence,
	/// The reply is an error, or it is not what was asked for.
	Answer(Box<Message>),
}

impl From<PostError> for AskError {
	fn from(error: PostError) -> Self {
		Self::Post(error)
	}
}

impl fmt::Display for AskError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Post(error) => error.fmt(f),
			Self::Silence => write!(f, "no reply after {PATIENCE} blocks"),
			Self::Answer(answer) => {
				let Message { payload, reply, .. } = &**answer;
				write!(f, "the answer is ")?;
				if let Some(reply) = reply {
					write!(f, "{}: ", reply.code)?;
				}
				write!(f, "{:?}", alloc::string::String::from_utf8_lossy(payload))
			}
		}
	}
}

impl core::error::Error for AskError {}

/// Why a file makes no program.
#[derive(Debug)]
pub enum FileError {
	/// It cannot be read.
	Read(io::Error),
	/// The engine does not take it.
	Code(CodeError),
}

impl fmt::Display for FileError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Read(error) => write!(f, "the file cannot be read: {error}"),
			Self::Code(error) => error.fmt(f),
		}
	}
}

impl core::error::Error for FileError {}
