//! # Ethereum inbox: proven events become messages, exactly once
//!
//! Two kinds of events are taken. A gateway contract numbers the messages it is given and writes
//! each into an event; anyone may prove such events here, and each becomes one message to the
//! program it names. And a program may subscribe to any contract's events; anyone may prove those
//! too, and each becomes one message to the program.
//!
//! ## Goals
//!
//! 1. **Exactly once.** A nonce, once used, stays used: a bitmap for each gateway says so. An event
//!    is delivered once to a program: its block, transaction and log are remembered for
//!    [`EVENT_HORIZON`] slots, and older ones are not taken. There is no order between nonces or
//!    events, so a missing one holds up no other.
//! 2. **Nothing forged.** Log → receipt → block → finalised header are proven by
//!    [`gearway_ethereum`]. One bad proof refuses the whole call.
//! 3. **Racing is harmless.** Of a batch, what another relayer brought first is passed over; only a
//!    batch with nothing left in it is refused.
//! 4. **Nothing is lost.** What cannot be posted (no such program, a gas limit too high), or fails
//!    in its program, is used up all the same, so nobody can bring it again and again. Its hash is
//!    kept, and anyone who has it, which Ethereum keeps, may [`retry`](Pallet::retry) it, with more
//!    gas, and pays for that. A program that failed halfway, after it awaited something, gets it
//!    anew: by the topic it can tell.
//!    Its sender may [`give it up`](Pallet::give_up) instead, and after a while anyone may: it will
//!    never be delivered then, so whoever holds what came with it can safely give that back.
//! 5. **Cheap to refuse.** Nonces and the gateway are looked at before any proof is.
//! 6. **Cheap to share.** [`submit_batch`](Pallet::submit_batch) proves many blocks under one
//!    finalised header, many receipts of a block by one set of trie nodes, and any logs of a
//!    receipt. Weight counts headers, nodes, bytes and deliveries, and what was passed over is not
//!    charged.
//! 7. **Bounded.** What is remembered of events leaves again as time goes on; a program has at
//!    most [`Config::MaxSubscriptions`].
//!
//! ## Who is who
//!
//! A program sees the Ethereum account that called the gateway as the actor of twelve zero bytes
//! and its address, and an event as from the actor of `gw/eth-event` and the contract's address,
//! which nobody can send messages as. Gas for gateway messages is paid by the
//! [reserve](Pallet::reserve), an account of this pallet that the chain's operator endows, and what
//! is left comes back to it; gas for an event by the program that subscribed to it.
//!
//! The message's topic is [`Proven::topic`], on every chain it passes.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod batch;
mod delivery;
mod error;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
mod outcome;
mod subscriptions;
mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use delivery::give_up_text;
pub use pallet::*;
pub use subscriptions::{ETHEREUM_ACTOR, EVENT_HORIZON, EthereumRequest};
pub use types::{EventKey, Failure, Proven, ProvenKey};
pub use weights::WeightInfo;

pub(crate) type BlockNumber<T> = polkadot_sdk::frame_system::pallet_prelude::BlockNumberFor<T>;

/// The pallet. How messages are delivered stands in a module of its own.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::{boxed::Box, vec::Vec};
	use gearway_ethereum::{
		Batch, BeaconChain, EventSource, Gateway as GatewayId, H256, HeaderProof, ReceiptProof,
		Subscription,
	};
	use gearway_primitives::{PostMessage, Topic};
	use polkadot_sdk::{
		frame_support::{PalletId, dispatch::PostDispatchInfo, pallet_prelude::*},
		frame_system::pallet_prelude::*,
		sp_runtime::{AccountId32, traits::Saturating},
	};

	/// What the pallet asks of the runtime.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<AccountId = AccountId32> {
		/// Knows what is final.
		type Beacon: BeaconChain;

		/// Takes the messages.
		type Messages: PostMessage;

		/// Makes the [reserve](Pallet::reserve)'s account.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// Most events one call may prove.
		#[pallet::constant]
		type MaxEvents: Get<u32>;

		/// Most events of contracts a program may be subscribed to.
		#[pallet::constant]
		type MaxSubscriptions: Get<u32>;

		/// Blocks after which anyone may give up what failed.
		#[pallet::constant]
		type GiveUpDelay: Get<BlockNumberFor<Self>>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;
	}

	/// The pallet, for the runtime.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// The contract whose messages are taken.
	#[pallet::storage]
	pub type Gateway<T: Config> = StorageValue<_, GatewayId>;

	/// Which nonces of which gateway are used: nonce `n` is bit `n % 128` of word `n / 128`.
	///
	/// A gateway that takes another's place numbers its messages anew, in a bitmap of its own.
	#[pallet::storage]
	pub type Consumed<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, GatewayId, Twox64Concat, u64, u128, ValueQuery>;

	/// What was proven and used up, but not handled: it can be retried, or given up.
	#[pallet::storage]
	pub type Failed<T: Config> =
		StorageMap<_, Blake2_128Concat, ProvenKey, Failure<BlockNumberFor<T>>>;

	/// What was posted and has no answer yet: its name and its hash, by message.
	#[pallet::storage]
	pub type InFlight<T: Config> = StorageMap<_, Identity, [u8; 32], (ProvenKey, H256)>;

	/// Which program wants which events, and how.
	#[pallet::storage]
	pub type Subscriptions<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		EventSource,
		Blake2_128Concat,
		[u8; 32],
		Subscription,
	>;

	/// How many events a program is subscribed to.
	#[pallet::storage]
	pub type SubscriptionCount<T: Config> =
		StorageMap<_, Blake2_128Concat, [u8; 32], u32, ValueQuery>;

	/// Events that were delivered, as far as they could still be proven.
	#[pallet::storage]
	pub type Delivered<T: Config> = StorageMap<_, Blake2_128Concat, EventKey, ()>;

	/// The keys of [`Delivered`], in the order in which they came in.
	#[pallet::storage]
	pub type EventQueue<T: Config> = StorageMap<_, Twox64Concat, u64, EventKey>;

	/// First position in [`EventQueue`], and the one after the last.
	#[pallet::storage]
	pub type QueueEnds<T: Config> = StorageValue<_, (u64, u64), ValueQuery>;

	/// First slot whose events are taken; `None` before the first subscription.
	#[pallet::storage]
	pub type EventsFrom<T: Config> = StorageValue<_, u64>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// From now on messages of this contract are taken, and of no other.
		GatewaySet {
			/// The contract.
			gateway: GatewayId,
		},
		/// A message from Ethereum is on its way to its program.
		MessageReceived {
			/// Its number at the gateway.
			nonce: u64,
			/// The message it became.
			message_id: [u8; 32],
			/// The journey it is on.
			topic: Topic,
		},
		/// A proven message could not be posted; its nonce is used, and it can be retried.
		MessageFailed {
			/// Its number at the gateway.
			nonce: u64,
			/// The journey it is on.
			topic: Topic,
			/// Why.
			error: DispatchError,
		},
		/// A message of the batch had been received before.
		MessageSkipped {
			/// Its number at the gateway.
			nonce: u64,
		},
		/// An event is on its way to a program.
		EventReceived {
			/// Which, and to whom.
			key: EventKey,
			/// The message it became.
			message_id: [u8; 32],
			/// The journey it is on.
			topic: Topic,
		},
		/// A proven event could not be posted; it is used up, and can be retried.
		EventFailed {
			/// Which, and to whom.
			key: EventKey,
			/// The journey it is on.
			topic: Topic,
			/// Why.
			error: DispatchError,
		},
		/// An event of the batch had been received before, is too old, or the program does not
		/// want it.
		EventSkipped {
			/// Which, and to whom.
			key: EventKey,
		},
		/// A message was posted, but its program failed on it. It can be retried, or given up.
		NotHandled {
			/// What the message was.
			key: ProvenKey,
			/// The reply's code: four bytes of Gear's `ReplyCode`.
			code: [u8; 4],
		},
		/// What failed will never be delivered. Whoever holds what its sender put up for it can
		/// give that back.
		GivenUp {
			/// What.
			key: ProvenKey,
			/// The journey it was on.
			topic: Topic,
			/// The Ethereum account it was from.
			sender: [u8; 20],
		},
		/// A program gets events from now on.
		Subscribed {
			/// The program.
			program: [u8; 32],
			/// Which events.
			source: EventSource,
			/// Gas for each.
			gas_limit: u64,
		},
		/// A program gets no more of these events.
		Unsubscribed {
			/// The program.
			program: [u8; 32],
			/// Which events.
			source: EventSource,
		},
	}

	/// Why a call is refused. One variant a cause.
	#[pallet::error]
	pub enum Error<T> {
		/// No gateway is set.
		NoGateway,
		/// The beacon client has not been started.
		NoBeaconClient,
		/// The batch is empty.
		NoEvents,
		/// All that the batch holds has been received before.
		NonceUsed,
		/// The block is before the first fork the beacon client knows.
		UnknownFork,
		/// The header chain does not end at a known finalised header.
		HeaderNotFinalized,
		/// A header is not the child of the one before.
		BrokenHeaderChain,
		/// The receipts' root is not in the block.
		BadExecutionBranch,
		/// The trie nodes do not lead from the receipts' root to the receipt.
		BadReceiptProof,
		/// The receipt is malformed.
		BadReceipt,
		/// The receipt is of an unknown transaction type.
		UnknownReceiptType,
		/// The transaction was reverted.
		TransactionReverted,
		/// The receipt has no log at this position.
		LogIndexOutOfBounds,
		/// The log is of another contract than the gateway.
		WrongGateway,
		/// The log is not the gateway's message event.
		WrongEvent,
		/// The log carries another nonce than announced.
		WrongNonce,
		/// No such thing has failed.
		NotFailed,
		/// The message is not the one that failed.
		OtherMessage,
		/// The batch claims more than [`Config::MaxEvents`].
		TooManyEvents,
		/// The batch has no header.
		NoHeaders,
		/// A block's header is not in the batch.
		HeaderOutOfBounds,
		/// A trie node is not in the batch.
		NodeOutOfBounds,
		/// Blocks, or receipts of a block, are not in ascending order, each once.
		OutOfOrder,
		/// The failure is too young to be given up by others than the sender.
		TooEarlyToGiveUp,
		/// The signature is not the sender's.
		NotTheSender,
		/// The actor does not know such a request.
		BadRequest,
		/// The actor takes no value.
		ValueNotTaken,
		/// Only programs can subscribe.
		NotAProgram,
		/// A subscription without gas.
		NoGas,
		/// The program has all the subscriptions it may have.
		TooManySubscriptions,
		/// The program is not subscribed to that.
		NotSubscribed,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(
			_: BlockNumberFor<T>,
		) -> Result<(), polkadot_sdk::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Sets the contract whose messages are taken.
		///
		/// Origin: root. Nonces of the contract before stay used, should it ever come back.
		/// Event: [`Event::GatewaySet`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_gateway())]
		pub fn set_gateway(
			origin: OriginFor<T>,
			chain_id: u64,
			address: [u8; 20],
		) -> DispatchResult {
			ensure_root(origin)?;
			let gateway = GatewayId { chain_id, address };
			Gateway::<T>::put(gateway);
			Self::deposit_event(Event::GatewaySet { gateway });
			Ok(())
		}

		/// Proves messages of one block and delivers them.
		///
		/// Origin: signed, by anyone. One bad proof refuses the call with its reason, and then
		/// nothing has happened. Messages received before are passed over without looking at
		/// their proofs; [`Error::NonceUsed`] if that leaves none. Events, for each message:
		/// [`Event::MessageReceived`], [`Event::MessageFailed`] or [`Event::MessageSkipped`].
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::weight_of(header_proof, receipts.iter()))]
		pub fn submit(
			origin: OriginFor<T>,
			header_proof: Box<HeaderProof>,
			receipts: BoundedVec<ReceiptProof, T::MaxEvents>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let gateway = Gateway::<T>::get().ok_or(Error::<T>::NoGateway)?;
			ensure!(!receipts.is_empty(), Error::<T>::NoEvents);
			let is_open = |proof: &&ReceiptProof| !Self::is_used(&gateway, proof.nonce);
			ensure!(receipts.iter().any(|proof| is_open(&proof)), Error::<T>::NonceUsed);

			let network = T::Beacon::network().ok_or(Error::<T>::NoBeaconClient)?;
			let receipts_root = header_proof
				.verify(&network, |root| T::Beacon::finalized_slot(root).is_some())
				.map_err(Error::<T>::from)?;
			let mut verified = Vec::new();
			for proof in &receipts {
				// Looked at one by one, since a batch may hold a nonce twice.
				if !is_open(&proof) {
					Self::deposit_event(Event::MessageSkipped { nonce: proof.nonce });
					continue;
				}
				let message = proof.verify(receipts_root, &gateway).map_err(Error::<T>::from)?;
				Self::deliver(Proven::Message { gateway, message });
				verified.push(proof);
			}
			Ok(PostDispatchInfo {
				actual_weight: Some(Self::weight_of(&header_proof, verified.into_iter())),
				pays_fee: Pays::Yes,
			})
		}

		/// Delivers what was proven before but not handled then.
		///
		/// Origin: signed, by anyone, who pays for its gas: `gas_limit`, but no less than it came
		/// with. `proven` is what Ethereum's log says. Where it cannot be posted this time either,
		/// the call fails with the reason and it can be tried again. Event:
		/// [`Event::MessageReceived`] or [`Event::EventReceived`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::retry(proven.len()))]
		pub fn retry(origin: OriginFor<T>, proven: Box<Proven>, gas_limit: u64) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			Self::failure_of(&proven)?;
			let key = proven.key();
			let gas_limit = gas_limit.max(proven.gas_limit());
			Self::post(*proven, payer, gas_limit)?;
			Failed::<T>::remove(key);
			Ok(())
		}

		/// Closes for good what was proven before but not handled then.
		///
		/// Origin: signed, by anyone. With `signature`, which has to be that of the Ethereum
		/// account that sent it, over [`give_up_text`], at once; without,
		/// [`Config::GiveUpDelay`] blocks after it failed. Event: [`Event::GivenUp`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::give_up(proven.len()))]
		pub fn give_up(
			origin: OriginFor<T>,
			proven: Box<Proven>,
			signature: Option<[u8; 65]>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			let failure = Self::failure_of(&proven)?;
			match signature {
				Some(signature) => ensure!(
					Self::is_given_up_by_sender(&proven, &signature),
					Error::<T>::NotTheSender
				),
				None => {
					let now = polkadot_sdk::frame_system::Pallet::<T>::block_number();
					let from = failure.since.saturating_add(T::GiveUpDelay::get());
					ensure!(now >= from, Error::<T>::TooEarlyToGiveUp);
				}
			}
			let key = proven.key();
			Failed::<T>::remove(key);
			let (topic, sender) = (proven.topic(), proven.sender());
			Self::deposit_event(Event::GivenUp { key, topic, sender });
			Ok(())
		}

		/// Proves messages and events of many blocks under one finalised header, and delivers them.
		///
		/// Origin: signed, by anyone. One bad proof refuses the call with its reason, and then
		/// nothing has happened. What was received before is passed over without looking at its
		/// proof, as are events that nobody is subscribed to; [`Error::NonceUsed`] if all was
		/// received before. Events, for each claim: [`Event::MessageReceived`],
		/// [`Event::MessageFailed`] or [`Event::MessageSkipped`], or the same of an event.
		#[pallet::call_index(4)]
		#[pallet::weight(Pallet::<T>::weight_of_batch(batch))]
		pub fn submit_batch(origin: OriginFor<T>, batch: Box<Batch>) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let weight = Self::do_submit_batch(&batch)?;
			Ok(PostDispatchInfo { actual_weight: Some(weight), pays_fee: Pays::Yes })
		}
	}
}
