//! # Program client
//!
//! For any parachain: its accounts send messages and tokens to the programs of a Gear parachain,
//! and what the programs answer arrives as a call of this pallet.
//!
//! ```text
//! this chain                                   Gear parachain
//! send_message ── XCM: Transact(send_message) ──▶ queue ──▶ program
//!      ▲ topic                                                 │ reply or send
//! receive ◀────── XCM: Transact(receive(message)) ◀────────────┘
//! ```
//!
//! ## Who pays
//!
//! - On Gear: the user's own account there, derived from the location
//!   `../Parachain(this)/AccountId32(user)`. It buys the execution of the XCM (up to `fee`), the gas
//!   and the value of the message, and gets back what is left of each. Fund it by any transfer;
//!   `LocationToAccountApi` of the Gear chain tells its address. A first message has a small
//!   deposit held from it too, for the place where Gear remembers how to answer.
//! - On the way back: the program, and the Gear chain's sovereign account here, which buys the
//!   execution of the answer.
//! - Here: the user, transaction fee and the router's price of delivery.
//!
//! ## Setting it up
//!
//! 1. HRMP channels to and from the Gear parachain.
//! 2. In the XCM configuration: `XcmPassthrough` among the origin converters;
//!    [`Pallet::receive`] in the `SafeCallFilter`; a barrier that lets paid messages of the Gear
//!    chain in (`AllowTopLevelPaidExecutionFrom`); its sovereign account here funded.
//! 3. In [`Config`]: where Gear is, and the indices of the pallet and the call by which it takes
//!    messages, `XcmGateway::send_message` in its metadata. They are configuration because a
//!    runtime's indices are its own affair; a wrong pair makes Gear refuse the XCM, no more.
//!
//! ## Following a message
//!
//! [`Event::MessageSent`] names a topic. It is the id of the XCM on every chain it crosses (in
//! `MessageQueue.Processed`, in `XcmGateway.MessagePosted`), and [`Event::MessageReceived`] names
//! it again with each answer, and for a reply whether the message it answers succeeded. Refusals on
//! Gear (no such program, gas that cannot be paid) show there, as `XcmGateway.CallRefused` with the
//! reason and `MessageQueue.Processed` without success, and cost no more than the XCM's execution.
//!
//! ## What other pallets can read
//!
//! [`Programs`] has the latest message of each program that an account of this chain has called,
//! of the first [`Config::MaxPrograms`] of them. Programs that nobody here called cannot write to
//! it; their messages are events alone.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod weights;
mod xcm;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use weights::WeightInfo;

/// The pallet.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use super::*;
	use gearway_primitives::{Answer, Gas, ProgramMessage, Topic, Value};
	use polkadot_sdk::{
		frame_support::pallet_prelude::*, frame_system::pallet_prelude::*, sp_core::H256,
		sp_runtime::AccountId32, staging_xcm::prelude::*,
	};

	/// What the pallet asks of the runtime.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<AccountId = AccountId32> {
		/// Origins that speak for a location: `pallet_xcm::EnsureXcm<Everything>`.
		type XcmOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = Location>;

		/// Sends XCM. Must keep a topic that the message has.
		type XcmRouter: SendXcm;

		/// The executor, asked only to charge the router's price of delivery.
		type XcmExecutor: ExecuteXcm<<Self as polkadot_sdk::frame_system::Config>::RuntimeCall>;

		/// Where this chain stands in the universe.
		type UniversalLocation: Get<InteriorLocation>;

		/// The Gear parachain, as seen from here.
		type GearChain: Get<Location>;

		/// Index of the XCM gateway in the Gear runtime, and of its call `send_message`.
		#[pallet::constant]
		type SendMessageCall: Get<(u8, u8)>;

		/// What the Gear chain may spend on taking a message, its execution not included.
		#[pallet::constant]
		type SendMessageWeight: Get<Weight>;

		/// Longest payload, in bytes, sent or kept.
		#[pallet::constant]
		type MaxPayload: Get<u32>;

		/// How many programs' latest messages are kept.
		#[pallet::constant]
		type MaxPrograms: Get<u32>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;
	}

	/// The pallet, for the runtime.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// A message that came from a program.
	#[derive(
		CloneNoBound,
		PartialEqNoBound,
		EqNoBound,
		DebugNoBound,
		Encode,
		Decode,
		TypeInfo,
		MaxEncodedLen,
	)]
	#[scale_info(skip_type_params(T))]
	pub struct Received<T: Config> {
		/// Its id on the Gear chain.
		pub id: H256,
		/// The message that it answers and how that fared, where it is a reply.
		pub answer: Option<Answer>,
		/// Its journey.
		pub topic: Topic,
		/// The block here in which it came.
		pub at: BlockNumberFor<T>,
		/// What the program sent.
		pub payload: BoundedVec<u8, T::MaxPayload>,
	}

	/// A program that accounts of this chain have called.
	#[derive(
		CloneNoBound,
		PartialEqNoBound,
		EqNoBound,
		DebugNoBound,
		Encode,
		Decode,
		TypeInfo,
		MaxEncodedLen,
	)]
	#[scale_info(skip_type_params(T))]
	pub struct Program<T: Config> {
		/// Its latest message.
		pub latest: Option<Received<T>>,
	}

	/// Programs that accounts of this chain have called, with their latest message.
	#[pallet::storage]
	pub type Programs<T: Config> = CountedStorageMap<_, Twox64Concat, H256, Program<T>>;

	/// What went out and what came in.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A message for a program is on its way.
		MessageSent {
			/// Who sent it.
			who: T::AccountId,
			/// The program.
			program: H256,
			/// Its journey.
			topic: Topic,
		},
		/// Tokens for a program are on their way.
		DepositSent {
			/// Who sent them, out of the account derived for them on the Gear chain.
			who: T::AccountId,
			/// The program.
			program: H256,
			/// How much, in the Gear chain's native asset.
			amount: Value,
			/// The journey.
			topic: Topic,
		},
		/// A message came from a program.
		MessageReceived {
			/// The program, or any other actor of the Gear chain.
			program: H256,
			/// The message's id on the Gear chain.
			id: H256,
			/// The message that it answers and how that fared, where it is a reply.
			answer: Option<Answer>,
			/// Its journey: that of the message sent from here which it came of, as a rule.
			topic: Topic,
			/// What the program sent; in a reply to a message that failed, why it did.
			payload: alloc::vec::Vec<u8>,
			/// Whether [`Programs`] has it now.
			kept: bool,
		},
	}

	/// Why the client refuses.
	#[pallet::error]
	pub enum Error<T> {
		/// The message is not from the Gear parachain.
		NotGear,
		/// The message is from the Gear parachain, but from no actor of it.
		NotAnActor,
		/// The sum of amount and fee is over the largest amount there is.
		AmountOverflow,
		/// The sender cannot pay the router's price of delivery.
		DeliveryUnpaid,
		/// No route leads to the Gear chain: no channel, most likely.
		Unroutable,
		/// The message is longer than its channel allows.
		TooLong,
		/// The Gear chain does not understand this chain's XCM version.
		UnknownVersion,
		/// The transport took the message and failed.
		TransportFailed,
		/// This chain's location cannot be told from the Gear chain.
		Unanchorable,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Sends a message to a program.
		///
		/// Any signed account. On the Gear chain the account derived from it is the sender and
		/// pays: up to `fee` of the native asset for the XCM's execution, `gas_limit` at the price
		/// of gas, and `value` for the program. Answers come to [`Pallet::receive`].
		///
		/// Errors are about sending alone ([`Error`]); whether the program exists and the sender
		/// can pay is found out on the Gear chain. Event: [`Event::MessageSent`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::send_message(payload.len() as u32))]
		pub fn send_message(
			origin: OriginFor<T>,
			program: H256,
			payload: BoundedVec<u8, T::MaxPayload>,
			gas_limit: Gas,
			value: Value,
			fee: Value,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let call = Self::gateway_call(program, payload, gas_limit, value)?;
			let topic = Self::send(&who, fee, fee, |_| Self::transact(call))?;
			Self::expect_answers_of(program);
			Self::deposit_event(Event::MessageSent { who, program, topic });
			Ok(())
		}

		/// Sends tokens from the account derived for the sender on the Gear chain to a program.
		///
		/// The program is told of the deposit by a message. `amount` and `fee`, the most that the
		/// XCM's execution may cost, are of the Gear chain's native asset.
		///
		/// Any signed account. Errors are about sending alone ([`Error`]). Event:
		/// [`Event::DepositSent`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::deposit())]
		pub fn deposit(
			origin: OriginFor<T>,
			program: H256,
			amount: Value,
			fee: Value,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let total = amount.checked_add(fee).ok_or(Error::<T>::AmountOverflow)?;
			let topic =
				Self::send(&who, total, fee, |asset| Self::deposit_into(program, asset, amount))?;
			Self::expect_answers_of(program);
			Self::deposit_event(Event::DepositSent { who, program, amount, topic });
			Ok(())
		}

		/// Takes a message from a program.
		///
		/// The origin is the program's location, by `Transact` with `OriginKind::Xcm` from the
		/// Gear chain. Errors: [`Error::NotGear`], [`Error::NotAnActor`]; any other origin is a
		/// bad one. Event: [`Event::MessageReceived`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::receive(message.payload.len() as u32))]
		pub fn receive(origin: OriginFor<T>, message: ProgramMessage) -> DispatchResult {
			let location = T::XcmOrigin::ensure_origin(origin)?;
			let program = Self::actor_of_gear(&location)?;
			let ProgramMessage { id, answer, topic, payload } = message;
			let id = H256(id);

			let kept = match BoundedVec::try_from(payload.clone()) {
				Ok(payload) => {
					let at = polkadot_sdk::frame_system::Pallet::<T>::block_number();
					let latest = Received { id, answer, topic, at, payload };
					Programs::<T>::mutate_exists(program, |program| match program {
						Some(program) => {
							program.latest = Some(latest);
							true
						}
						None => false,
					})
				}
				Err(_) => false,
			};
			Self::deposit_event(Event::MessageReceived {
				program,
				id,
				answer,
				topic,
				payload,
				kept,
			});
			Ok(())
		}
	}

	impl<T: Config> Pallet<T> {
		/// The actor of the Gear chain that `location` is.
		fn actor_of_gear(location: &Location) -> Result<H256, Error<T>> {
			let gear = T::GearChain::get();
			if !location.starts_with(&gear) {
				return Err(Error::NotGear);
			}
			match location.match_and_split(&gear) {
				Some(Junction::AccountId32 { id, .. }) => Ok(H256(*id)),
				_ => Err(Error::NotAnActor),
			}
		}

		/// Makes room for the program's latest message, while there is any.
		fn expect_answers_of(program: H256) {
			if !Programs::<T>::contains_key(program)
				&& Programs::<T>::count() < T::MaxPrograms::get()
			{
				Programs::<T>::insert(program, Program { latest: None });
			}
		}
	}
}
