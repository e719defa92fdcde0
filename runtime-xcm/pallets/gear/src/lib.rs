//! # Gear: the actor engine on a chain's storage
//!
//! Programs are actors: immutable Wasm code and private memory. They live on messages, which stand
//! in one global queue. This pallet takes codes, programs and messages in, and runs the queue at
//! the end of each block in what weight is left. What a message does to a program, what it costs
//! and in which order messages are taken are the rules of [`gearway_engine`]; what a balance, an
//! event, a storage key and a weight are is decided here.
//!
//! ## Goals
//!
//! 1. **Extrinsics only post.** A call's weight never depends on what a program does. Programs run
//!    in `on_idle` alone, so they cannot crowd out transactions or XCM.
//! 2. **Paid before it runs.** Gas and value are held on the payer's account when a message is
//!    posted ([`HoldReason`]), spent or delivered when it is processed, and given back otherwise.
//!    Nothing is ever owed, and nothing that an origin does is charged to another.
//! 3. **Nothing is lost.** A message is in the queue, or dealt with, or put aside as
//!    [`Event::MessageQuarantined`] because an invariant is broken. A block without room leaves the
//!    queue as it is.
//! 4. **A journey can be followed.** [`Event::MessageQueued`] names the message that caused each
//!    message and the topic of the journey it is a step of, from the XCM or Ethereum event that
//!    began it ([`Event::MessageArrived`]) to where it leaves ([`Event::MessageSent`]) or ends
//!    ([`Event::UserMessageSent`]).
//! 5. **It fits.** A message is taken only if all its gas *and* all the storage proof it may need
//!    fit in what is left of the block. See [`Pallet::worst_case_proof`].
//!
//! ## A block
//!
//! ```text
//!  extrinsics, XCM, Ethereum events            on_idle
//!  ┌───────────────────────────────┐  ┌─────────────────────────────────────────────┐
//!  upload_code    → Codes             tasks: wake, send what was delayed, end what expired
//!  create_program → Programs ─┐       queue: take ─ run ─ apply, until nothing fits
//!  send_message ──────────────┼─→ Queue          │
//!  send_reply ────────────────┤                  ├─→ it waits        → Waitlist
//!  PostMessage::post ─────────┘                  ├─→ a program here  → Queue, DispatchStash
//!                                                ├─→ a builtin actor → its reply → Queue
//!                                                ├─→ another chain   → Router
//!                                                └─→ a user          → event, Mailbox
//! ```
//!
//! ## Who is who
//!
//! An actor's id and an account's are the same 32 bytes. A program's account holds what it owns.
//! Its existential deposit is paid by whoever makes it, who has it back if `init` fails.
//!
//! ## What a message does that is for no program
//!
//! | for | it |
//! |---|---|
//! | one of [`Config::Builtins`] | is queued, calls it in a storage layer, and brings its reply back; a failure becomes an error reply with that payload. An actor that replies later ([`AnswerLater`]) leaves the message in the [`Waitlist`] until then, or until its time is over: then it has failed |
//! | an actor that [`Config::Router`] knows to live elsewhere | leaves: [`Event::MessageSent`] |
//! | anybody else | ends here: [`Event::UserMessageSent`], and a place in the [`Mailbox`] if it has gas for that and is no reply |
//!
//! The reply that the engine gives by itself when a program handled a message without one says
//! nothing, so it is not offered to the router. What the router cannot carry stays here:
//! [`Event::MessageUndeliverable`].
//!
//! ## Setting it up
//!
//! - [`Config::Settings`] is [`ChainSettings`] for a runtime: prices of the engine plus those of
//!   its database and router.
//! - [`Config::MaxGasLimit`] must fit in the part of a block that nobody can take from `on_idle`,
//!   or a message may wait for a calm block; the integrity test wants at least that it fits in a
//!   whole one.
//! - [`GenesisConfig::free`] makes it a consortium's chain: gas costs nothing, and programs'
//!   accounts are given nothing. Then [`GenesisConfig::uploaders`] should name who may upload.
//! - [`Config::GasPrice`] may change only while no gas is held, that is with an empty queue: what
//!   is given back is computed anew.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
mod bank;
pub mod gas_limit;
mod idle;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
mod posting;
mod proof;
mod queue;
mod settings;
mod state;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use settings::{ChainSettings, MAX_METERED_LEN, MAX_PAGES, MAX_PASSED_OVER};
pub use types::{
	Agenda, CodeRefusal, DispatchStatus, Entry, Kept, Link, MAX_UPLOADERS, Quarantined, QueueEnds,
	Trace, UploaderSet, UserMessage,
};
pub use weights::WeightInfo;

// For the links of the page above.
#[cfg(doc)]
use gearway_primitives::AnswerLater;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::gear";

/// The pallet. Its parts that are not calls stand in modules of their own.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::{
		collections::{BTreeMap, BTreeSet},
		vec::Vec,
	};
	use core::marker::PhantomData;
	use gearway_engine::{
		ActorId, ApplyError, CodeId, CodeMetadata, Delayed, DispatchKind, Economy, Gas, GasNode,
		Mail, MailEnd, MessageId, Phase, Position, Program, Settings, Task, Waiting,
	};
	use gearway_primitives::{Builtin, Origin as Sender, RouteMessage, Topic, Value};
	use polkadot_sdk::{
		frame_support::{
			pallet_prelude::*,
			traits::{
				OnUnbalanced, Randomness, Time,
				fungible::{self, Credit},
			},
		},
		frame_system::pallet_prelude::*,
		sp_core::H256,
		sp_runtime::AccountId32,
	};

	/// What the pallet asks of the runtime.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<AccountId = AccountId32> {
		/// Why this pallet holds balance.
		type RuntimeHoldReason: From<HoldReason>;

		/// The native asset.
		type Currency: fungible::Mutate<AccountId32, Balance = Value>
			+ fungible::MutateHold<AccountId32, Reason = Self::RuntimeHoldReason>
			+ fungible::BalancedHold<AccountId32>;

		/// Gets what gas is spent: the block's author, usually.
		type GasIncome: OnUnbalanced<Credit<AccountId32, Self::Currency>>;

		/// The time that programs are told, in milliseconds since 1970.
		type Time: Time<Moment = u64>;

		/// What a unit of gas costs. To be changed with an empty queue only.
		#[pallet::constant]
		type GasPrice: Get<Value>;

		/// The most gas a message may have.
		#[pallet::constant]
		type MaxGasLimit: Get<Gas>;

		/// Picoseconds of computing that a unit of gas stands for.
		#[pallet::constant]
		type RefTimePerGas: Get<u64>;

		/// The engine's prices and limits: [`ChainSettings`].
		type Settings: Get<Settings>;

		/// Carries messages to actors that live elsewhere.
		type Router: RouteMessage;

		/// Actors that are part of the runtime.
		type Builtins: Builtin;

		/// What programs' random numbers are made of.
		type Randomness: Randomness<H256, BlockNumberFor<Self>>;

		/// What the calls and hooks cost.
		type WeightInfo: WeightInfo;
	}

	/// The pallet, for the runtime.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Why this pallet holds balance.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Gas that messages may still spend.
		Gas,
		/// Value on its way in messages.
		Value,
	}

	/// What the engine has to know of each code. Bounded by [`MAX_METERED_LEN`].
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Codes<T: Config> = StorageMap<_, Identity, CodeId, CodeMetadata>;

	/// Codes as the engine runs them: metered, without data. Bounded by [`MAX_METERED_LEN`].
	#[pallet::storage]
	#[pallet::unbounded]
	pub type InstrumentedCodes<T: Config> = StorageMap<_, Identity, CodeId, Vec<u8>>;

	/// Codes as they were uploaded. Bounded by the longest code.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type OriginalCodes<T: Config> = StorageMap<_, Identity, CodeId, Vec<u8>>;

	/// Programs, without their memory. Bounded by the most pages a program may have.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Programs<T: Config> = StorageMap<_, Identity, ActorId, Program>;

	/// Who paid the existential deposit of a program that has not come to life yet.
	#[pallet::storage]
	pub type Endowers<T: Config> = StorageMap<_, Identity, ActorId, AccountId32>;

	/// Programs' memory: chunks of [`CHUNK_SIZE`](gearway_engine::CHUNK_SIZE) bytes that differ
	/// from what the code begins with.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Chunks<T: Config> = StorageDoubleMap<_, Identity, ActorId, Twox64Concat, u32, Vec<u8>>;

	/// Gas paid in advance, by the message it was paid for.
	#[pallet::storage]
	pub type GasNodes<T: Config> = StorageMap<_, Identity, MessageId, GasNode>;

	/// Where the queue begins and ends.
	#[pallet::storage]
	pub type QueueState<T: Config> = StorageValue<_, QueueEnds, ValueQuery>;

	/// The queue: what decides whether a message is taken, linked to its neighbours.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Queue<T: Config> = StorageMap<_, Twox64Concat, Position, Link>;

	/// The queue's messages. Bounded by the longest payload.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Entries<T: Config> = StorageMap<_, Twox64Concat, Position, Entry>;

	/// Messages whose handling a program has interrupted, by program. Bounded by the longest
	/// payload.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Waitlist<T: Config> =
		StorageDoubleMap<_, Identity, ActorId, Identity, MessageId, Kept<Waiting>>;

	/// Messages to users of this chain, with their value, until the users react. Bounded by the
	/// longest payload.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type Mailbox<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, AccountId32, Identity, MessageId, Kept<Mail>>;

	/// Messages that are to be sent in a later block. Bounded by the longest payload.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type DispatchStash<T: Config> = StorageMap<_, Identity, MessageId, Kept<Delayed>>;

	/// What is to be done in a later block, by block and number.
	#[pallet::storage]
	pub type Tasks<T: Config> = StorageDoubleMap<_, Twox64Concat, u32, Twox64Concat, u32, Task>;

	/// Where the tasks of a block begin and end.
	#[pallet::storage]
	pub type Agendas<T: Config> = StorageMap<_, Twox64Concat, u32, Agenda, ValueQuery>;

	/// The first block that may have tasks to do.
	#[pallet::storage]
	pub type FirstAgenda<T: Config> = StorageValue<_, u32>;

	/// Messages put aside because an invariant is broken, their funds still held.
	#[pallet::storage]
	#[pallet::unbounded]
	pub type QuarantinedMessages<T: Config> = StorageMap<_, Identity, MessageId, Quarantined>;

	/// The number that the next message from outside gets.
	#[pallet::storage]
	pub type Nonce<T: Config> = StorageValue<_, u128, ValueQuery>;

	/// Whether gas costs anything. Decided in the chain's genesis.
	#[pallet::storage]
	pub type ChainEconomy<T: Config> = StorageValue<_, Economy, ValueQuery>;

	/// Who may upload codes; anyone if there is no such list.
	#[pallet::storage]
	pub type Uploaders<T: Config> = StorageValue<_, UploaderSet>;

	/// How the chain begins.
	#[pallet::genesis_config]
	#[derive(polkadot_sdk::frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Whether gas costs nothing.
		pub free: bool,
		/// Who may upload codes, at most [`MAX_UPLOADERS`]; anyone if this is left out.
		pub uploaders: Option<BTreeSet<AccountId32>>,
		/// For the type.
		#[serde(skip)]
		pub _config: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			ChainEconomy::<T>::put(if self.free { Economy::Free } else { Economy::Priced });
			let uploaders = self.uploaders.clone().map(|uploaders| {
				UploaderSet::try_from(uploaders).expect("at most MAX_UPLOADERS may upload")
			});
			Pallet::<T>::do_set_uploaders(uploaders);
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A code can be run from now on.
		CodeChanged {
			/// Hash of the code as uploaded.
			id: H256,
		},
		/// From now on these may upload codes, and nobody else; or anyone.
		UploadersChanged {
			/// Who, if not anyone.
			uploaders: Option<UploaderSet>,
		},
		/// A program was made, came to life, or ended.
		ProgramChanged {
			/// The program.
			id: H256,
			/// Where in its life it is now.
			phase: Phase,
		},
		/// A message came from outside, other than by this pallet's calls. Its
		/// [`Event::MessageQueued`] is the event before.
		MessageArrived {
			/// The message.
			id: H256,
			/// The sender in full.
			origin: Sender,
			/// The journey it is a step of.
			topic: Option<Topic>,
		},
		/// A message is in the queue.
		MessageQueued {
			/// The message.
			id: H256,
			/// Who it is from.
			source: H256,
			/// Who it is for.
			destination: H256,
			/// The entry point it is for.
			entry: DispatchKind,
			/// The message that a program was handling when it sent this one; `None` from outside.
			cause: Option<H256>,
			/// The journey it is a step of, if that has a name.
			topic: Option<Topic>,
		},
		/// Messages were taken out of the queue and dealt with.
		MessagesDispatched {
			/// How many.
			total: u32,
			/// What became of each.
			statuses: BTreeMap<H256, DispatchStatus>,
		},
		/// A message failed. Its value is back, and its source has an error reply, unless it was
		/// itself a reply.
		MessageFailed {
			/// The message.
			id: H256,
			/// Who it was for.
			destination: H256,
			/// The error reply's code: four bytes of Gear's `ReplyCode`.
			code: [u8; 4],
			/// Gas it cost.
			gas_spent: Gas,
		},
		/// A program's message to a user of this chain.
		UserMessageSent {
			/// The message.
			message: UserMessage,
			/// Until when it is in the mailbox; `None` if it is not.
			expiration: Option<BlockNumberFor<T>>,
		},
		/// A message is no longer in the mailbox. Its value, unless there was none, is with the
		/// user.
		UserMessageRead {
			/// The message.
			id: H256,
			/// Whose it is.
			user: AccountId32,
			/// Why.
			reason: MailEnd,
		},
		/// A program waits before it goes on with a message.
		MessageWaited {
			/// The message.
			id: H256,
			/// The program.
			program: H256,
			/// Until when at most.
			expiration: BlockNumberFor<T>,
		},
		/// A message that waited is in the queue again.
		MessageWoken {
			/// The message.
			id: H256,
			/// The program.
			program: H256,
		},
		/// A message is to be sent in a later block.
		MessageDelayed {
			/// The message.
			id: H256,
			/// The program.
			source: H256,
			/// Who it is for.
			destination: H256,
			/// The block.
			until: BlockNumberFor<T>,
		},
		/// What was scheduled cannot be done because an invariant is broken.
		TaskFailed {
			/// What was to be done.
			task: Task,
			/// What does not fit.
			error: ApplyError,
		},
		/// A program's message left for another chain.
		MessageSent {
			/// The message.
			id: H256,
			/// The program.
			source: H256,
			/// Who it is for.
			destination: H256,
			/// The journey under which it travels.
			topic: Topic,
		},
		/// A program's message for another chain cannot be carried and stays here.
		MessageUndeliverable {
			/// The message.
			id: H256,
			/// Why.
			error: DispatchError,
		},
		/// A message cannot be processed because an invariant is broken, and is put aside.
		MessageQuarantined {
			/// The message.
			id: H256,
			/// What does not fit.
			error: ApplyError,
		},
		/// The queue contradicts itself: a message that it names is not there.
		QueueBroken {
			/// Where.
			position: Position,
		},
	}

	/// Why a call or a message from elsewhere is refused.
	#[pallet::error]
	pub enum Error<T> {
		/// The code cannot be run, for the reason inside.
		CodeRefused(CodeRefusal),
		/// The sender is not among those who may upload codes here.
		NotUploader,
		/// The code has been uploaded already.
		CodeExists,
		/// No code of that id has been uploaded.
		NoCode,
		/// A program of that code and salt exists already.
		ProgramExists,
		/// The destination is no program and no builtin actor.
		NoProgram,
		/// The program has exited, or its `init` failed.
		ProgramGone,
		/// The message is not in the sender's mailbox.
		NoMail,
		/// The program has not exited: nobody inherits from it.
		NoInheritor,
		/// The message does not wait for a reply of that builtin actor, or not any more.
		NotWaiting,
		/// An invariant is broken; nothing has changed.
		Broken,
		/// The payload is longer than allowed.
		PayloadTooLong,
		/// The gas limit is over [`Config::MaxGasLimit`].
		GasLimitTooHigh,
		/// The value is not zero and less than the existential deposit.
		ValueTooSmall,
		/// The payer cannot pay the gas and keep the existential deposit.
		GasUnpaid,
		/// The payer cannot pay the value and keep the existential deposit.
		ValueUnpaid,
		/// The payer cannot pay the existential deposit of the new program's account.
		EndowmentUnpaid,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_idle(now: BlockNumberFor<T>, remaining_weight: Weight) -> Weight {
			Self::run(now, remaining_weight)
		}

		fn integrity_test() {
			let block = T::BlockWeights::get().max_block;
			let time = T::MaxGasLimit::get().saturating_mul(T::RefTimePerGas::get());
			assert!(
				time <= block.ref_time(),
				"a message of MaxGasLimit ({time} ps) must fit in a block ({block:?})",
			);
			// Collators fill a proof up to 85 % only.
			let proof = Self::worst_case_proof();
			assert!(
				proof <= block.proof_size() / 100 * 85,
				"a message's worst proof ({proof} bytes) must fit in a block's ({block:?})",
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(
			_: BlockNumberFor<T>,
		) -> Result<(), polkadot_sdk::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Uploads a code, of which anyone can make programs.
		///
		/// Signed by one of [`Uploaders`]. Errors: [`Error::NotUploader`], [`Error::CodeRefused`]
		/// with the reason, [`Error::CodeExists`]. Events: [`Event::CodeChanged`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::upload_code(code.len() as u32))]
		pub fn upload_code(origin: OriginFor<T>, code: Vec<u8>) -> DispatchResult {
			Self::ensure_uploader(&ensure_signed(origin)?)?;
			Self::do_upload_code(code)?;
			Ok(())
		}

		/// [`Self::upload_code`], unless that has been done, and [`Self::create_program`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::upload_program(
			code.len() as u32,
			salt.len().saturating_add(init_payload.len()) as u32,
		))]
		// The arguments are Gear's.
		#[allow(clippy::too_many_arguments)]
		pub fn upload_program(
			origin: OriginFor<T>,
			code: Vec<u8>,
			salt: Vec<u8>,
			init_payload: Vec<u8>,
			gas_limit: Gas,
			value: Value,
			keep_alive: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			// Held funds leave the sender alive either way.
			let _ = keep_alive;
			Self::ensure_uploader(&who)?;
			let code = Self::ensure_code(code)?;
			let posting = Self::own_posting(who, init_payload, gas_limit, value);
			let state = state::ChainState::<T>::posting(None);
			Self::do_create_program(state, code, &salt, posting)?;
			Ok(())
		}

		/// Makes a program of an uploaded code and queues its first message, for `init`.
		///
		/// Signed by anyone, who pays `gas_limit` and `value` and, if the program's account does
		/// not exist, its existential deposit. The program's id is a hash of code and `salt`.
		///
		/// Funds are held on the sender's account, so it always stays alive; `keep_alive` is there
		/// because Gear's front ends say it.
		///
		/// Errors: [`Error::NoCode`], [`Error::ProgramExists`], [`Error::PayloadTooLong`],
		/// [`Error::GasLimitTooHigh`], [`Error::ValueTooSmall`], [`Error::GasUnpaid`],
		/// [`Error::ValueUnpaid`], [`Error::EndowmentUnpaid`]. Events: [`Event::ProgramChanged`],
		/// [`Event::MessageQueued`].
		#[pallet::call_index(2)]
		#[pallet::weight(
			T::WeightInfo::create_program(salt.len().saturating_add(init_payload.len()) as u32)
		)]
		// The arguments are Gear's.
		#[allow(clippy::too_many_arguments)]
		pub fn create_program(
			origin: OriginFor<T>,
			code_id: H256,
			salt: Vec<u8>,
			init_payload: Vec<u8>,
			gas_limit: Gas,
			value: Value,
			keep_alive: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			// Held funds leave the sender alive either way.
			let _ = keep_alive;
			let code = CodeId::from(code_id.0);
			let posting = Self::own_posting(who, init_payload, gas_limit, value);
			let state = state::ChainState::<T>::posting(None);
			Self::do_create_program(state, code, &salt, posting)?;
			Ok(())
		}

		/// Queues a message for a program or a builtin actor.
		///
		/// Signed by anyone, who pays `gas_limit` and `value` and gets back what is left. For
		/// `keep_alive` see [`Self::create_program`].
		///
		/// Errors: [`Error::NoProgram`], [`Error::ProgramGone`], [`Error::PayloadTooLong`],
		/// [`Error::GasLimitTooHigh`], [`Error::ValueTooSmall`], [`Error::GasUnpaid`],
		/// [`Error::ValueUnpaid`]. Events: [`Event::MessageQueued`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::send_message(payload.len() as u32))]
		pub fn send_message(
			origin: OriginFor<T>,
			destination: H256,
			payload: Vec<u8>,
			gas_limit: Gas,
			value: Value,
			keep_alive: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			// Held funds leave the sender alive either way.
			let _ = keep_alive;
			let posting = Self::own_posting(who, payload, gas_limit, value);
			let state = state::ChainState::<T>::posting(None);
			Self::do_send_message(state, ActorId::new(destination.0), posting)?;
			Ok(())
		}

		/// Replies to a message in the sender's mailbox, whose value the sender gets.
		///
		/// Signed by the user the message is for, who pays `gas_limit` and `value` and gets back
		/// what is left. For `keep_alive` see [`Self::create_program`].
		///
		/// Errors: [`Error::NoMail`] and those of [`Self::send_message`]. Events:
		/// [`Event::UserMessageRead`], [`Event::MessageQueued`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::send_reply(payload.len() as u32))]
		pub fn send_reply(
			origin: OriginFor<T>,
			reply_to_id: H256,
			payload: Vec<u8>,
			gas_limit: Gas,
			value: Value,
			keep_alive: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			// Held funds leave the sender alive either way.
			let _ = keep_alive;
			let posting = Self::own_posting(who, payload, gas_limit, value);
			Self::do_send_reply(MessageId::from(reply_to_id.0), posting)?;
			Ok(())
		}

		/// Takes the value of a message in the sender's mailbox, and the message out of it.
		///
		/// Signed by the user the message is for. Its sender gets an automatic reply.
		///
		/// Errors: [`Error::NoMail`]. Events: [`Event::UserMessageRead`],
		/// [`Event::MessageQueued`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::claim_value())]
		pub fn claim_value(origin: OriginFor<T>, message_id: H256) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim_value(&who, MessageId::from(message_id.0))
		}

		/// Says who may upload codes: these accounts, or anyone. They need no balance to sign.
		///
		/// Root only. What has been uploaded stays. Events: [`Event::UploadersChanged`].
		#[pallet::call_index(6)]
		#[pallet::weight(
			T::WeightInfo::set_uploaders(uploaders.as_ref().map_or(0, |list| list.len() as u32))
		)]
		pub fn set_uploaders(
			origin: OriginFor<T>,
			uploaders: Option<UploaderSet>,
		) -> DispatchResult {
			ensure_root(origin)?;
			Self::do_set_uploaders(uploaders.clone());
			Self::deposit_event(Event::UploadersChanged { uploaders });
			Ok(())
		}
	}

	/// What can be asked, for runtime APIs and other pallets.
	impl<T: Config> Pallet<T> {
		/// A user's messages that wait for a reaction, in no order.
		pub fn mailbox(user: &AccountId32) -> impl Iterator<Item = (MessageId, Mail)> {
			Mailbox::<T>::iter_prefix(user).map(|(id, kept)| (id, kept.what))
		}

		/// What is known of a program.
		pub fn program(id: ActorId) -> Option<Program> {
			Programs::<T>::get(id)
		}

		/// A code as it was uploaded.
		pub fn code(id: CodeId) -> Option<Vec<u8>> {
			OriginalCodes::<T>::get(id)
		}

		/// A program's stored memory: chunks by number, in no order.
		pub fn memory(id: ActorId) -> impl Iterator<Item = (u32, Vec<u8>)> {
			Chunks::<T>::iter_prefix(id)
		}
	}
}
