//! # XCM gateway
//!
//! The door between the consensus universe and the programs of this chain. It executes no program:
//! what comes in is put into the global queue by [`PostMessage`], what goes out is handed to the
//! XCM router.
//!
//! ## Ways in
//!
//! | XCM | becomes | by |
//! |---|---|---|
//! | `Transact(send_message)`, `OriginKind::Xcm` | a message from the origin's own location | [`Pallet::send_message`] |
//! | `Transact(create_program)`, likewise | a program, and its first message | [`Pallet::create_program`] |
//! | `DepositAsset` to a program's account | a credit, and a message that tells of it | [`DepositToPrograms`] |
//! | the same with a key of 32 bytes behind the account | the same, with the key as selector | [`Selected`] |
//! | HRMP notifications | acceptance by policy, events | [`Channels`] |
//!
//! ## Ways out
//!
//! | a program | becomes | by |
//! |---|---|---|
//! | replies or sends to a remote caller that asked for calls | `Transact` of the call that the caller named | [`RouteMessage`] |
//! | ends a message whose sender asked how | `QueryResponse`: success, or the reply's code and reason | [`RouteMessage`] |
//! | asks [`XcmRequest::Send`] of the actor [`XCM_ACTOR`] | any XCM, from the program's own location | [`Builtin`] |
//! | asks [`XcmRequest::Call`] of it, and awaits the reply | `Transact` of that call, and a report | [`Builtin`], [`Answers`] |
//!
//! ## Answers to programs' calls
//!
//! Each call is a query of its own, with an id that no other pallet gives. Only the chain that was
//! asked can answer it, only on behalf of the program that asked, and only once: see [`Answers`]. A
//! program that has no answer in time is told so by the queue, and an answer after that changes
//! nothing but is seen as [`Event::AnswerLate`] for some time.
//!
//! ## Who pays
//!
//! 1. Gas and value of an incoming message: the account here of the location that sent it, and no
//!    other. Gas of the message that tells of a deposit: the deposit.
//! 2. A message that leaves: who says it, by a flat [`Config::OutboundFee`] and the router's price
//!    of delivery. That is the program; but for the engine's word that a message failed, and for
//!    the response to a query, it is who is told. Its execution at the destination is paid by this
//!    chain's sovereign account there, which is what the flat fee is for.
//! 3. The place in storage of a [`Route`]: its owner, by a deposit held until
//!    [`Pallet::forget_route`]. That of a query: who asks, by a deposit out of which the response is
//!    paid.
//!
//! ## What is refused
//!
//! A call that is refused costs its XCM's execution, and no more. The sender learns of it by what
//! XCM has for that, `ReportTransactStatus` or, behind `ExpectTransactStatus`, `ReportError`; here
//! an event says why, where the runtime makes calls by [`TellRefusals`].
//!
//! ## Journeys
//!
//! A topic names a journey across chains. It comes in as the trailing `SetTopic` (which
//! [`RecordTopic`] shows to the calls of its message), goes along with the message from program to
//! program, and leaves again on whatever comes of it. A message without a journey begins one when
//! it leaves, named by its id. Every event here carries the topic.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod builtin;
mod calls;
mod channels;
mod deposit;
mod outbound;
mod queries;
mod refusals;
mod routes;
mod selector;
mod topic;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use builtin::{CallFailure, RemoteCall, XCM_ACTOR, XcmRequest};
pub use calls::{Answers, PendingCall};
pub use channels::Channels;
pub use deposit::{DepositNotice, DepositToPrograms};
pub use pallet::*;
pub use queries::Asking;
pub use refusals::TellRefusals;
pub use routes::Route;
pub use selector::Selected;
pub use topic::RecordTopic;
pub use weights::WeightInfo;

// For the links of the page above.
#[cfg(doc)]
use gearway_primitives::{Builtin, PostMessage, RouteMessage};

/// The pallet. Its parts that are not calls stand in modules of their own.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use gearway_primitives::{
		ActorId, AnswerLater, CodeId, CreateProgram, Gas, MessageId, Origin as Sender, PostMessage,
		Posting, Provenance, ReplyTo, Topic, Value,
	};
	use polkadot_sdk::{
		frame_support::{
			pallet_prelude::*,
			traits::{
				ConstU64, Contains,
				fungible::{self, MutateHold as _},
			},
		},
		frame_system::pallet_prelude::*,
		sp_core::H256,
		sp_runtime::AccountId32,
		staging_xcm::prelude::*,
		staging_xcm_executor::traits::{ConvertLocation, MatchesFungible},
	};

	/// What the pallet asks of the runtime.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<AccountId = AccountId32> {
		/// Why this pallet holds balance.
		type RuntimeHoldReason: From<HoldReason>;

		/// Origins that speak for a location: `pallet_xcm::EnsureXcm<Everything>`.
		type XcmOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Location>;

		/// The account here of a location. Its bytes are the location's [`ActorId`] too.
		type LocationToAccount: ConvertLocation<AccountId32>;

		/// The global queue.
		type Messages: PostMessage;

		/// Makes programs.
		type Programs: CreateProgram;

		/// Takes the replies to programs' calls.
		type Answers: AnswerLater;

		/// The native asset.
		type Currency: fungible::Mutate<AccountId32, Balance = Value>
			+ fungible::hold::Mutate<AccountId32, Reason = Self::RuntimeHoldReason>;

		/// Recognises the native asset among those of an XCM.
		type NativeAsset: MatchesFungible<Value>;

		/// Sends XCM. Must keep a topic that the message has.
		type XcmRouter: SendXcm;

		/// The executor, asked only to charge the router's price of delivery.
		type XcmExecutor: ExecuteXcm<<Self as polkadot_sdk::frame_system::Config>::RuntimeCall>;

		/// Where this chain stands in the universe.
		type UniversalLocation: Get<InteriorLocation>;

		/// Gas bought, out of the deposit, for the message that tells a program of a deposit.
		#[pallet::constant]
		type DepositGas: Get<Gas>;

		/// What a program pays for each message that leaves, in the native asset.
		#[pallet::constant]
		type OutboundFee: Get<Value>;

		/// Gets the [`Config::OutboundFee`].
		type FeeAccount: Get<AccountId32>;

		/// What buys execution of an answer at its destination, as the destination sees it, out of
		/// this chain's sovereign account there. What is left returns to that account.
		#[pallet::constant]
		type RemoteFee: Get<Asset>;

		/// Held from a remote caller for its [`Route`], and for each query until it is answered, in
		/// the native asset. What the response costs is taken out of the latter, so it has to be
		/// more than [`Config::OutboundFee`] and the delivery.
		#[pallet::constant]
		type RouteDeposit: Get<Value>;

		/// The parachains that may open channels to this one.
		type ChannelsFrom: Contains<u32>;

		/// Indices of the relay chain's pallet `Hrmp` and its call `hrmp_accept_open_channel`.
		#[pallet::constant]
		type AcceptChannelCall: Get<(u8, u8)>;

		/// What buys execution on the relay chain, as that sees it, out of this chain's account
		/// there.
		#[pallet::constant]
		type RelayFee: Get<Asset>;

		/// What the calls and hooks cost.
		type WeightInfo: WeightInfo;
	}

	/// The pallet, for the runtime.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Why this pallet holds balance.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// A route's place in storage.
		Route,
		/// The response to a query, and the query's place in storage until then.
		Query,
	}

	/// Remote callers that want answers brought to them, by their account here.
	#[pallet::storage]
	pub type Routes<T: Config> = StorageMap<_, Twox64Concat, AccountId32, Route>;

	/// Who is told of the end of which message.
	#[pallet::storage]
	pub type Asked<T: Config> = StorageMap<_, Identity, H256, Asking>;

	/// Calls of programs whose answer may come, by the id of the query.
	#[pallet::storage]
	pub type Pending<T: Config> = StorageMap<_, Twox64Concat, QueryId, PendingCall>;

	/// The first id of a query of programs: `pallet-xcm` counts from nought.
	pub const FIRST_QUERY: QueryId = 1 << 63;

	/// The id that the next call gets.
	#[pallet::storage]
	pub type NextQuery<T: Config> = StorageValue<_, QueryId, ValueQuery, ConstU64<FIRST_QUERY>>;

	/// No call with an id below this one is remembered.
	#[pallet::storage]
	pub type OldestQuery<T: Config> = StorageValue<_, QueryId, ValueQuery, ConstU64<FIRST_QUERY>>;

	/// The topic of the XCM in execution. Gone by the end of the block.
	#[pallet::storage]
	#[pallet::whitelist_storage]
	pub type CurrentTopic<T: Config> = StorageValue<_, Topic>;

	/// What happened at the gateway.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A location's message for a program is in the queue.
		MessagePosted {
			/// The message.
			id: H256,
			/// Who sent it.
			origin: Location,
			/// The program.
			destination: H256,
			/// The journey, where the XCM names one.
			topic: Option<Topic>,
		},
		/// A location has made a program, whose first message is in the queue.
		ProgramPosted {
			/// The message.
			id: H256,
			/// Who made it.
			origin: Location,
			/// The program.
			program: H256,
			/// The journey, where the XCM names one.
			topic: Option<Topic>,
		},
		/// Assets were credited to a program and the message that says so is in the queue.
		DepositPosted {
			/// The message.
			id: H256,
			/// The program.
			program: H256,
			/// Who deposited, unless the XCM had cleared its origin.
			origin: Option<Location>,
			/// The journey.
			topic: Topic,
		},
		/// Assets were credited to a program that could not be told of it.
		DepositCredited {
			/// The program.
			program: H256,
			/// Why there is no message.
			error: DispatchError,
			/// The journey.
			topic: Topic,
		},
		/// A program's message left for the chain of its remote caller.
		MessageSent {
			/// The message.
			id: H256,
			/// The program.
			source: H256,
			/// The caller.
			destination: Location,
			/// The journey.
			topic: Topic,
		},
		/// A program called another chain, and waits for an answer.
		CallSent {
			/// The program's message to the builtin actor.
			message: H256,
			/// The program.
			source: H256,
			/// The chain.
			destination: Location,
			/// The query by which it is to answer.
			query: QueryId,
			/// The journey.
			topic: Topic,
		},
		/// A program's call was answered.
		CallAnswered {
			/// The program's message to the builtin actor, which has its reply.
			message: H256,
			/// The query.
			query: QueryId,
			/// Whether the call was made and did not fail.
			success: bool,
			/// The journey.
			topic: Topic,
		},
		/// An answer to a program's call came when its time was over, and changed nothing.
		AnswerLate {
			/// The program's message to the builtin actor.
			message: H256,
			/// The query.
			query: QueryId,
			/// What the queue said.
			error: DispatchError,
			/// The journey.
			topic: Topic,
		},
		/// An answer to a program's call was none: not of who was asked, not to who asked, or to no
		/// call that is remembered. It changed nothing.
		AnswerRefused {
			/// The query it names.
			query: QueryId,
			/// Who gave it.
			origin: Location,
		},
		/// A remote caller is on its way to be told how its message ended.
		ResponseSent {
			/// The caller's message.
			message: H256,
			/// The caller.
			destination: Location,
			/// The query's id on the caller's chain.
			query: QueryId,
			/// The journey.
			topic: Topic,
		},
		/// A remote caller cannot be told how its message ended.
		ResponseLost {
			/// The caller's message.
			message: H256,
			/// The query's id on the caller's chain.
			query: QueryId,
			/// Why.
			error: DispatchError,
			/// The journey.
			topic: Topic,
		},
		/// A call by XCM was refused and has changed nothing.
		CallRefused {
			/// Who made it, if as a location.
			origin: Option<Location>,
			/// Why.
			error: DispatchError,
			/// The journey, where the XCM names one.
			topic: Option<Topic>,
		},
		/// A parachain wants to open a channel to this one.
		ChannelRequested {
			/// The parachain.
			sender: u32,
			/// The longest message that it may carry, in bytes.
			max_message_size: u32,
			/// How many messages it may hold.
			max_capacity: u32,
			/// Whether this chain's acceptance is on its way to the relay chain.
			accepted: bool,
		},
		/// A parachain has accepted the channel that this one wants to open.
		ChannelAccepted {
			/// The parachain.
			recipient: u32,
		},
		/// A channel of this chain is being closed.
		ChannelClosing {
			/// Who closes it.
			initiator: u32,
			/// Whose messages it carries.
			sender: u32,
			/// Whom it carries them to.
			recipient: u32,
		},
		/// A program sent an XCM of its own.
		XcmSent {
			/// The program.
			source: H256,
			/// Where to.
			destination: Location,
			/// The journey.
			topic: Topic,
		},
		/// Answers to `account` will be brought to `origin` from now on.
		RouteOpened {
			/// The remote caller's account here.
			account: AccountId32,
			/// The remote caller.
			origin: Location,
		},
		/// Answers to `account` stay here from now on.
		RouteClosed {
			/// The remote caller's account here.
			account: AccountId32,
		},
	}

	/// Why the gateway refuses.
	#[pallet::error]
	pub enum Error<T> {
		/// The location has no account on this chain.
		LocationWithoutAccount,
		/// Answers can be brought to other chains only.
		ReplyToLocal,
		/// The caller has no route.
		NoRoute,
		/// The program cannot pay the flat fee of a message that leaves.
		OutboundFeeUnpaid,
		/// The program cannot pay the router's price of delivery.
		DeliveryUnpaid,
		/// Not an [`XcmRequest`], or one nested too deep.
		BadRequest,
		/// The builtin actor takes no value.
		ValueNotTaken,
		/// No time is given for an answer, or more than the message has gas to wait for.
		TimeoutUnpaid,
		/// All ids of queries are used up.
		NoQueryLeft,
		/// The destination, or the message for it, is of an XCM version unknown here.
		UnknownVersion,
		/// The destination is this chain.
		DestinationIsLocal,
		/// No route leads to the destination: no channel, most likely.
		Unroutable,
		/// The message is longer than its channel allows.
		TooLong,
		/// The transport took the message and failed.
		TransportFailed,
		/// This chain's location cannot be told from the destination.
		Unanchorable,
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// The builtin actor that sends XCM.
		fn xcm_actor() -> H256 {
			H256(XCM_ACTOR)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			T::WeightInfo::on_finalize()
		}

		fn on_finalize(_: BlockNumberFor<T>) {
			CurrentTopic::<T>::kill();
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Puts a message for a program into the queue.
		///
		/// The origin is a location, by `Transact` with `OriginKind::Xcm`. The program sees the
		/// location's account here as the sender; that account pays `value` and `gas_limit`, and
		/// gets back what is left.
		///
		/// With [`ReplyTo::Call`], what programs send or reply to the location from now on is
		/// brought to its chain as that call, and the location's account has
		/// [`Config::RouteDeposit`] held the first time. With [`ReplyTo::Query`], its chain gets a
		/// `QueryResponse` once the message is done, and as much is held until then. Neither
		/// changes anything about earlier messages' wishes: without any, all answers stay here.
		///
		/// Errors: [`Error::LocationWithoutAccount`], [`Error::ReplyToLocal`], the balance's when
		/// the deposit cannot be held, and the queue's own. Events: [`Event::MessagePosted`],
		/// [`Event::RouteOpened`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::send_message(payload.len() as u32))]
		pub fn send_message(
			origin: OriginFor<T>,
			destination: H256,
			payload: Vec<u8>,
			gas_limit: Gas,
			value: Value,
			reply_to: Option<ReplyTo>,
		) -> DispatchResult {
			let (origin, account) = Self::speaker(origin)?;
			let topic = CurrentTopic::<T>::get();
			let id = T::Messages::post(Posting {
				source: ActorId::new(account.clone().into()),
				payer: account.clone(),
				destination: ActorId::new(destination.0),
				payload,
				gas_limit,
				value,
				provenance: Self::provenance(&origin, topic, &reply_to),
			})?;
			Self::expect(id, &account, &origin, reply_to)?;
			Self::deposit_event(Event::MessagePosted {
				id: H256(id.into_bytes()),
				origin,
				destination,
				topic,
			});
			Ok(())
		}

		/// Ends the origin's route: answers stay on this chain from now on, and the deposit is free.
		///
		/// The origin is a location, as in [`Pallet::send_message`]. Errors: [`Error::NoRoute`],
		/// [`Error::LocationWithoutAccount`]. Event: [`Event::RouteClosed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::forget_route())]
		pub fn forget_route(origin: OriginFor<T>) -> DispatchResult {
			let (_, account) = Self::speaker(origin)?;
			let route = Routes::<T>::take(&account).ok_or(Error::<T>::NoRoute)?;
			T::Currency::release(
				&HoldReason::Route.into(),
				&account,
				route.deposit,
				polkadot_sdk::frame_support::traits::tokens::Precision::BestEffort,
			)?;
			Self::deposit_event(Event::RouteClosed { account });
			Ok(())
		}

		/// Makes a program of an uploaded code, and puts its first message into the queue.
		///
		/// The origin is a location, as in [`Pallet::send_message`], and its account pays: gas and
		/// value, and the existential deposit of the program's account. Whether `init` succeeds is
		/// found out later: if it fails, value and deposit are back on the location's account here,
		/// and so is what gas is left. `reply_to` is as in [`Pallet::send_message`].
		///
		/// Errors: [`Error::LocationWithoutAccount`], [`Error::ReplyToLocal`], the balance's when
		/// the deposit cannot be held, and the queue's own. Events: [`Event::ProgramPosted`],
		/// [`Event::RouteOpened`].
		#[pallet::call_index(2)]
		#[pallet::weight(
			T::WeightInfo::create_program(salt.len().saturating_add(init_payload.len()) as u32)
		)]
		// As few as say what is wanted.
		#[allow(clippy::too_many_arguments)]
		pub fn create_program(
			origin: OriginFor<T>,
			code_id: H256,
			salt: Vec<u8>,
			init_payload: Vec<u8>,
			gas_limit: Gas,
			value: Value,
			reply_to: Option<ReplyTo>,
		) -> DispatchResult {
			let (origin, account) = Self::speaker(origin)?;
			let topic = CurrentTopic::<T>::get();
			let source = ActorId::new(account.clone().into());
			let posting = Posting {
				source,
				payer: account.clone(),
				destination: source,
				payload: init_payload,
				gas_limit,
				value,
				provenance: Self::provenance(&origin, topic, &reply_to),
			};
			let (program, id) = T::Programs::create(CodeId::from(code_id.0), &salt, posting)?;
			Self::expect(id, &account, &origin, reply_to)?;
			Self::deposit_event(Event::ProgramPosted {
				id: H256(id.into_bytes()),
				origin,
				program: H256(program.into_bytes()),
				topic,
			});
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		/// The location that `origin` speaks for, and its account here.
		fn speaker(origin: OriginFor<T>) -> Result<(Location, AccountId32), DispatchError> {
			let location = T::XcmOrigin::ensure_origin(origin)?;
			let account = T::LocationToAccount::convert_location(&location)
				.ok_or(Error::<T>::LocationWithoutAccount)?;
			Ok((location, account))
		}

		/// Where a location's message comes from.
		fn provenance(
			origin: &Location,
			topic: Option<Topic>,
			reply_to: &Option<ReplyTo>,
		) -> Provenance {
			Provenance {
				origin: Sender::Location(origin.clone()),
				topic,
				assets: Assets::new(),
				reply_to: reply_to.clone(),
			}
		}

		/// Has `origin` answered on `message` as it wishes.
		fn expect(
			message: MessageId,
			account: &AccountId32,
			origin: &Location,
			reply_to: Option<ReplyTo>,
		) -> DispatchResult {
			match reply_to {
				Some(ReplyTo::Call(template)) => Self::open_route(account, origin, template),
				Some(ReplyTo::Query { id: query, max_weight }) => {
					Self::ask(message, account, origin, query, max_weight)
				}
				None => Ok(()),
			}
		}
	}
}
