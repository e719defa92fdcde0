//! The world outside the engine, as the engine sees it.
//!
//! A chain's storage implements [`State`] and [`StateMut`], and so does the test kit's memory; the
//! engine's own rules are in neither. The engine says *when* gas is reserved, spent and refunded
//! and value is held, delivered and given back; *how*, and what an existential deposit means, is
//! the implementor's.

use crate::{
	code::CodeMetadata,
	gas::{GasNode, GasPrice},
	ids::{ActorId, CodeId, MessageId, ReservationId},
	mailbox::{Mail, MailEnd},
	message::{Dispatch, DispatchKind, Gas, Message, Queued, Value},
	program::{Phase, Program},
	schedule::{Delayed, Task, TaskKey},
	waitlist::Waiting,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::fmt;
use gear_core_errors::ErrorReplyReason;
use scale_info::TypeInfo;

/// A place in the queue. Grows with every message that is pushed.
pub type Position = u64;

/// The block that is being built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BlockInfo {
	/// Its number.
	pub height: u32,
	/// Its time, in milliseconds since 1970.
	pub timestamp: u64,
}

/// What random numbers are made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Randomness {
	/// Bytes that nobody could foresee before `block`.
	pub seed: [u8; 32],
	/// The block in which they became known.
	pub block: u32,
}

/// What can be asked of the world.
pub trait State {
	/// The block that is being built.
	fn block(&self) -> BlockInfo;

	/// The program of that id, in whatever phase it is.
	fn program(&self, id: ActorId) -> Option<Program>;

	/// Gas that a message to `id` costs if `id` is an actor of the runtime; `None` if it is not.
	fn builtin(&self, id: ActorId) -> Option<Gas>;

	/// What `check_code` found out about a code. Asked for with every message, so an implementor
	/// that has to decode it does well to keep it.
	fn code_metadata(&self, id: CodeId) -> Option<Arc<CodeMetadata>>;

	/// Whether there is a code of that id.
	fn has_code(&self, id: CodeId) -> bool {
		self.code_metadata(id).is_some()
	}

	/// The instrumented bytes of a code. Asked for once per code and executor.
	fn code_bytes(&self, id: CodeId) -> Option<Vec<u8>>;

	/// What is stored of a program's memory, to be asked for while the program runs: only chunks
	/// that it touches are. Made once per message, so it must cost next to nothing to make.
	fn memory(&self, program: ActorId) -> Box<dyn Chunks>;

	/// A stored chunk of a program's memory.
	fn chunk(&self, program: ActorId, index: u32) -> Option<Vec<u8>> {
		self.memory(program).chunk(index)
	}

	/// Gas paid in advance.
	fn gas_node(&self, id: MessageId) -> Option<GasNode>;

	/// What `actor` could send away once it had got `incoming` more, and stay alive.
	fn spendable(&self, actor: ActorId, incoming: Value) -> Value;

	/// The least value a message may carry, other than none.
	fn existential_deposit(&self) -> Value;

	/// What a new program's account gets from the program that makes it: see
	/// [`endow`](StateMut::endow).
	fn endowment(&self) -> Value {
		0
	}

	/// What gas costs, for programs to know.
	fn gas_price(&self) -> GasPrice;

	/// What random numbers are made of. Asked for once per message: remember it for a block.
	fn randomness(&self) -> Randomness;

	/// A message of `program` that waits.
	fn waiting(&self, program: ActorId, message: MessageId) -> Option<Waiting>;

	/// Any message of `program` that waits, always the same one on the same state.
	fn first_waiting(&self, program: ActorId) -> Option<MessageId>;

	/// Whether messages to `user`, which is neither a program nor an actor of the runtime, may be
	/// kept in a mailbox. Users elsewhere have none.
	fn keeps_mail(&self, user: ActorId) -> bool {
		let _ = user;
		true
	}

	/// A message in the mailbox of `user`.
	fn mail(&self, user: ActorId, message: MessageId) -> Option<Mail>;

	/// A message that is to be sent in a later block.
	fn delayed(&self, message: MessageId) -> Option<Delayed>;

	/// The first task that is due in this block or was in one before, in the order of
	/// [`TaskKey`]. Those that are not due yet must not make it dearer.
	fn next_task(&self) -> Option<(TaskKey, Task)>;

	/// Whether one more task fits into what the block has left of things that gas does not buy.
	fn has_room_for_task(&self) -> bool {
		true
	}

	/// The first message in the queue behind `after`, or of the whole queue.
	fn queue_next(&self, after: Option<Position>) -> Option<(Position, Queued)>;

	/// The message at a place in the queue. It stays there.
	fn queue_get(&self, position: Position) -> Option<Dispatch>;
}

/// What is stored of one program's memory, as it was when [`State::memory`] made this.
///
/// It is owned, and may be sent to another thread, because a backend keeps it among what host
/// functions can reach. On a chain's storage it is the program's id and no more, each chunk a
/// keyed read; in memory it is a shared pointer to a map that is copied when written to.
pub trait Chunks: Send {
	/// A chunk that is stored: [`CHUNK_SIZE`](crate::CHUNK_SIZE) bytes. Asked for at most once per
	/// chunk and message, and only for chunks that [`Program::chunks`] says are stored.
	fn chunk(&self, index: u32) -> Option<Vec<u8>>;
}

/// What can be done to the world.
///
/// Errors of the money methods mean that a rule of this engine or of the implementor is broken:
/// what was reserved or held is there to be spent, refunded, delivered and released. Only
/// [`reserve_gas`](Self::reserve_gas) and [`hold_value`](Self::hold_value) may fail on ordinary
/// input, and they leave nothing behind then.
pub trait StateMut: State {
	/// Runs `change` so that it takes effect as a whole or, if it fails, not at all. Never called
	/// within another.
	fn transact<T>(
		&mut self,
		change: impl FnOnce(&mut Self) -> Result<T, ApplyError>,
	) -> Result<T, ApplyError>
	where
		Self: Sized;

	/// What is done from now on is done because of `message`, which was in the queue, in the
	/// waitlist or in a mailbox. For those who keep track of causes.
	fn begin(&mut self, message: MessageId) {
		let _ = message;
	}

	/// A number never given before.
	fn next_nonce(&mut self) -> u128;

	/// Replaces what is known of a program.
	fn set_program(&mut self, id: ActorId, program: Program);

	/// Stores a chunk of a program's memory, or removes it.
	fn set_chunk(&mut self, program: ActorId, index: u32, bytes: Option<Vec<u8>>);

	/// Replaces a gas node, or removes it.
	fn set_gas_node(&mut self, id: MessageId, node: Option<GasNode>);

	/// Sets aside from `payer`'s funds the price of `gas`.
	fn reserve_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError>;

	/// Pays the price of `gas`, which `payer` has reserved, to the author of the block.
	fn spend_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError>;

	/// Gives the price of `gas`, which `payer` has reserved, back to it.
	fn refund_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError>;

	/// Gives the price of `gas`, which `payer` has reserved, to `program`.
	fn pay_gas(&mut self, payer: ActorId, program: ActorId, gas: Gas) -> Result<(), FundsError>;

	/// Gives the account of `program`, which is new, the
	/// [`endowment`](State::endowment) out of the funds of `creator`, the program that made it.
	fn endow(&mut self, creator: ActorId, program: ActorId) -> Result<(), FundsError> {
		let _ = (creator, program);
		Ok(())
	}

	/// Sets `value` of `owner`'s funds aside, for a message.
	fn hold_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError>;

	/// Gives `value` that was held for `owner` to `to`.
	fn deliver_value(
		&mut self,
		owner: ActorId,
		to: ActorId,
		value: Value,
	) -> Result<(), FundsError>;

	/// Gives `value` that was held for `owner` back to it.
	fn release_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError>;

	/// Gives all that `program` owns, and does not hold for messages, to `inheritor`.
	fn inherit(&mut self, program: ActorId, inheritor: ActorId) -> Result<(), FundsError>;

	/// Puts a message at the end of the queue.
	fn queue_push(&mut self, dispatch: Dispatch);

	/// Takes a message out of the queue. Whether it was there.
	fn queue_remove(&mut self, position: Position) -> bool;

	/// Whether the message at `position`, whatever it does, fits into what the block has left of
	/// things that gas does not buy, such as storage proof. One that does not is passed over.
	///
	/// Asked once all else speaks for the message: if the answer is yes, a round takes it, among
	/// others, so that its room has to be set aside: until it is taken out of the queue, or until
	/// it is asked for again.
	fn set_room_aside(&mut self, position: Position) -> bool {
		// Without such a thing there is always room, wherever the message stands.
		let _ = position;
		true
	}

	/// Replaces a message in the waitlist, or removes it.
	fn set_waiting(&mut self, program: ActorId, message: MessageId, waiting: Option<Waiting>);

	/// Replaces a message in the mailbox of `user`, or removes it.
	fn set_mail(&mut self, user: ActorId, message: MessageId, mail: Option<Mail>);

	/// Replaces a message that is to be sent in a later block, or removes it.
	fn set_delayed(&mut self, message: MessageId, delayed: Option<Delayed>);

	/// Puts a task behind all that are scheduled for `block`, which is always a later one than the
	/// current.
	fn schedule(&mut self, block: u32, task: Task) -> TaskKey;

	/// Removes a task, if it is there.
	fn unschedule(&mut self, key: TaskKey);

	/// Runs an actor of the runtime, which replies at once or later, but then within `patience`
	/// blocks: for so many there is gas.
	///
	/// An error becomes an error reply; the implementor sees to it that it leaves no trace.
	fn call_builtin(
		&mut self,
		message: &Message,
		patience: u32,
	) -> Result<BuiltinReply, BuiltinError>;

	/// Tells an actor that is neither a program nor of the runtime of a message to it, here or on
	/// another chain.
	///
	/// With `kept_until`, the message is in the mailbox until that block and its value held;
	/// without, its value has been delivered already.
	fn deliver_to_user(&mut self, message: Message, kept_until: Option<u32>);

	/// Puts a message aside that cannot be processed because an invariant is broken. Its value
	/// stays held and its gas node open, for whoever repairs it.
	fn quarantine(&mut self, dispatch: Dispatch, error: ApplyError);

	/// Makes public what happened.
	fn emit(&mut self, event: Event);
}

/// Why funds cannot be moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum FundsError {
	/// The owner does not have so much.
	Insufficient,
	/// An account would be left, or made, with less than the existential deposit.
	BelowMinimum,
	/// Anything else the implementor does not allow.
	Refused,
}

impl fmt::Display for FundsError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Insufficient => "the funds do not suffice",
			Self::BelowMinimum => "an account would fall below the existential deposit",
			Self::Refused => "the chain does not allow it",
		})
	}
}

impl core::error::Error for FundsError {}

/// How a runtime's actor deals with a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BuiltinReply {
	/// By a reply of that payload.
	Now(Vec<u8>),
	/// By a reply to come: see [`answer_later`](crate::answer_later). The message waits until
	/// then; its value is with the actor.
	Later {
		/// Blocks that it may take. After that the message fails.
		blocks: u32,
	},
}

/// A runtime's actor refused a message.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct BuiltinError {
	/// Payload of the error reply.
	pub payload: Vec<u8>,
}

/// A broken invariant: what the engine was about to do does not fit the state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum ApplyError {
	/// A message's gas node is gone.
	NoGasNode(MessageId),
	/// More gas or more users are taken from a node than it has.
	GasOverspent(MessageId),
	/// A program is gone that a journal is about.
	NoProgram(ActorId),
	/// A program's code is gone.
	NoCode(CodeId),
	/// A program's code cannot be loaded although it passed the checks at upload.
	BadCode(CodeId),
	/// A stored chunk of a program's memory is gone or has the wrong size.
	NoChunk(ActorId, u32),
	/// Funds that were reserved or held are gone.
	Funds(FundsError),
	/// A reservation is gone that a journal is about.
	NoReservation(ActorId, ReservationId),
	/// Rent is more than any gas node could have.
	Unaffordable,
	/// A message is not in the queue where it was found.
	NoMessage(Position),
	/// The state could not open a transaction.
	Transaction,
}

// The derive asks it of the foreign types inside; those are of fixed size.
impl DecodeWithMemTracking for ApplyError {}

impl From<FundsError> for ApplyError {
	fn from(error: FundsError) -> Self {
		Self::Funds(error)
	}
}

/// What happened, for those who watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
	/// A message was put into the queue.
	MessageQueued {
		/// The message.
		id: MessageId,
		/// Who it is from.
		source: ActorId,
		/// Who it is for.
		destination: ActorId,
		/// The entry point it is for.
		entry: DispatchKind,
	},
	/// A message was taken out of the queue and dealt with.
	Dispatched {
		/// The message.
		id: MessageId,
		/// Who it was for.
		destination: ActorId,
		/// What it cost.
		gas_spent: Gas,
		/// Why it failed, if it did: the reason its error reply gives.
		failure: Option<ErrorReplyReason>,
	},
	/// A message is to be sent in a later block.
	MessageDelayed {
		/// The message.
		id: MessageId,
		/// Who it is from.
		source: ActorId,
		/// Who it is for.
		destination: ActorId,
		/// The block.
		until: u32,
	},
	/// A message was taken out of the queue and put into the waitlist.
	MessageWaiting {
		/// The message.
		id: MessageId,
		/// Whose it is.
		program: ActorId,
		/// What this run of it cost.
		gas_spent: Gas,
		/// The block until which it may wait.
		until: u32,
	},
	/// A message was taken out of the waitlist and put back into the queue.
	MessageWoken {
		/// The message.
		id: MessageId,
		/// Whose it is.
		program: ActorId,
	},
	/// A message was taken out of a mailbox.
	MailEnded {
		/// The message.
		id: MessageId,
		/// Whose mailbox it was in.
		user: ActorId,
		/// Why.
		reason: MailEnd,
	},
	/// A task could not be done because an invariant is broken. It is not tried again.
	TaskFailed {
		/// The task.
		task: Task,
		/// What is wrong.
		error: ApplyError,
	},
	/// A program's phase changed.
	ProgramChanged {
		/// The program.
		id: ActorId,
		/// Its new phase.
		phase: Phase,
	},
	/// The queue named a message that it does not have: nothing more is processed in this block.
	QueueBroken {
		/// Where the message should be.
		position: Position,
	},
	/// A program wrote debug output.
	Debug {
		/// The program.
		program: ActorId,
		/// The message it was handling.
		message: MessageId,
		/// What it wrote.
		text: Vec<u8>,
	},
}
