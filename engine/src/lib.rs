//! The actor engine: runs Gear programs, knows nothing of chains.
//!
//! Programs are Wasm modules made with `gstd`, `gcore` or `sails-rs` 2.0. Each has private memory
//! and reacts to messages; messages stand in one global queue. The engine takes a message, runs
//! the program it is for, and returns a [`Journal`] of what is to be done. Only [`apply`] carries
//! a journal out, on whatever implements [`StateMut`]: a chain's storage, or the test kit.
//!
//! # Map
//!
//! | you want to | look at |
//! |---|---|
//! | check a code at upload | [`check_code`], [`Code`], [`CodeError`] |
//! | post a message, make a program | [`send_message`], [`create_program`], [`Posting`] |
//! | reply to or claim what is in a mailbox | [`send_reply`], [`claim_value`], [`claim_inheritance`] |
//! | have an actor of the runtime reply later | [`BuiltinReply`], [`answer_later`] |
//! | process the queue at the end of a block | [`run_queue`], [`QueueReport`] |
//! | do so on several cores | `run_queue_in_streams`, `Streams` |
//! | put the engine on a storage | [`State`], [`StateMut`], [`Event`] |
//! | know what things cost | [`GasSchedule`], [`Settings`] |
//! | test programs | [`testkit`] |
//! | run Wasm | [`Executor`]: [`Wasmi`] in a runtime, [`Wasmtime`] on a host |
//! | deal with one message | [`process()`], [`Journal`], [`Note`], [`apply`] |
//!
//! # Life of a message
//!
//! 1. *Posted*: [`send_message`] reserves the price of its gas limit and holds its value, both
//!    from the payer, and opens a [`GasNode`]. It is in the queue.
//! 2. *Taken*: [`run_queue`] finds that all its gas may still be used in this block.
//! 3. *Processed*: [`process()`] runs the program on a copy of its memory.
//! 4. *Applied*: gas is paid to the author, value is delivered, memory is stored, what the program
//!    sent is queued or handed to the user it is for. If the program failed, none of this but the
//!    gas: the value goes back, and an error reply says why.
//! 5. *Waiting*, perhaps: the program asked to go on later. What it did so far has taken effect; the
//!    message is in the waitlist until it is woken or its time is over, and goes on from 2.
//! 6. When the last message that shares the gas node is done, what is left goes back to the payer.
//!
//! # What stays in storage
//!
//! A waiting message ([`Waiting`]), a message that is sent later ([`Delayed`]) or was sent to a
//! user with gas ([`Mail`]), and gas that a program sets aside ([`Reservation`]) pay [`Rent`] by
//! the block, locked in advance. A [`Task`] ends each of them. [`run_queue`] runs the tasks that
//! are due first.
//!
//! # Features
//!
//! | feature | what for |
//! |---|---|
//! | `std` | default; without it the crate is `no_std` |
//! | `wasmi` | default; the interpreter, `no_std` |
//! | `wasmtime` | default; the compiler, `std` only |
//! | `testkit` | default; an in-memory chain for tests of programs |

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
	not(any(feature = "wasmi", feature = "wasmtime")),
	allow(dead_code, reason = "without a backend, codes are checked and messages posted only")
)]

extern crate alloc;

mod builtin;
mod code;
mod executor;
mod gas;
pub mod ids;
mod journal;
mod mailbox;
mod memory;
mod message;
mod pages;
mod post;
mod process;
mod program;
mod queue;
mod rent;
mod reservation;
mod route;
mod schedule;
mod settings;
mod state;
mod syscalls;
#[cfg(feature = "testkit")]
pub mod testkit;
mod waitlist;

pub use builtin::answer_later;
pub use code::{Code, CodeError, CodeMetadata, DataSegment, Entries, check_code};
#[cfg(feature = "wasmi")]
pub use executor::Wasmi;
#[cfg(feature = "wasmtime")]
pub use executor::Wasmtime;
pub use executor::{Executor, LoadError, Trace};
pub use gas::{Economy, GasNode, GasPrice, GasSchedule};
pub use gear_core_errors::{self, ErrorReplyReason, ReplyCode, SignalCode, SuccessReplyReason};
pub use gprimitives::{ActorId, CodeId, MessageId, ReservationId};
pub use journal::{Journal, Note, Send, SendGas, apply};
pub use mailbox::{Mail, MailEnd, claim_value, send_reply};
pub use message::{
	Dispatch, DispatchKind, Earlier, Gas, Message, Queued, ReplyDetails, SignalDetails, Value,
};
pub use pages::{CHUNK_SIZE, CHUNKS_PER_PAGE, PAGE_SIZE, RunSet};
pub use post::{PostError, Posting, claim_inheritance, create_program, send_message};
pub use process::process;
pub use program::{Phase, Program};
pub use queue::{QueueReport, run_queue};
#[cfg(feature = "std")]
pub use queue::{Streams, run_queue_in_streams};
pub use rent::{Lease, Rent};
pub use reservation::Reservation;
pub use schedule::{Delayed, Task, TaskKey};
pub use settings::{Limits, Settings};
pub use state::{
	ApplyError, BlockInfo, BuiltinError, BuiltinReply, Chunks, Event, FundsError, Position,
	Randomness, State, StateMut,
};
pub use syscalls::syscall_names;
pub use waitlist::{Expiry, Waiting};
