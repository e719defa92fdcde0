//! # Ethereum inbox: proven events become messages, exactly once
//!
//! A gateway contract numbers the messages it is given and writes each into an event. Anyone may
//! prove such events here; each becomes one message to the program it names.
//!
//! ## Goals
//!
//! 1. **Exactly once.** A nonce, once used, stays used: a bitmap for each gateway says so. There is
//!    no order between nonces, so a missing one holds up no other.
//! 2. **Nothing forged.** Log → receipt → block → finalised header are proven by
//!    [`gearway_ethereum`]. One bad proof refuses the whole call.
//! 3. **Racing is harmless.** Of a batch, messages that another relayer brought first are passed
//!    over; only a batch with nothing left in it is refused.
//! 4. **Nothing is lost.** A message that cannot be posted (no such program, a gas limit too high)
//!    uses its nonce all the same, so nobody can bring it again and again. Its hash is kept, and
//!    anyone who has the message, which Ethereum keeps, may [`retry`](Pallet::retry) it.
//! 5. **Cheap to refuse.** Nonces and the gateway are looked at before any proof is.
//!
//! ## Who is who
//!
//! A program sees the Ethereum account that called the gateway as the actor of twelve zero bytes
//! and its address. Gas for the message is paid by the [reserve](Pallet::reserve), an account of
//! this pallet that the chain's operator endows, and what is left comes back to it.
//!
//! The message's topic is [`Gateway::topic`], on every chain it passes.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod delivery;
mod error;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use weights::WeightInfo;

// For the links of the page above.
#[cfg(doc)]
use gearway_ethereum::Gateway;

/// The pallet. How messages are delivered stands in a module of its own.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::{boxed::Box, vec::Vec};
	use gearway_ethereum::{
		BeaconChain, Gateway as GatewayId, GatewayMessage, H256, HeaderProof, ReceiptProof,
	};
	use gearway_primitives::{PostMessage, Topic};
	use polkadot_sdk::{
		frame_support::{PalletId, dispatch::PostDispatchInfo, pallet_prelude::*},
		frame_system::pallet_prelude::*,
		sp_runtime::AccountId32,
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

	/// Messages that were proven but could not be posted: BLAKE2-256 of the SCALE-encoded
	/// [`GatewayMessage`], by gateway and nonce.
	#[pallet::storage]
	pub type Failed<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, GatewayId, Twox64Concat, u64, H256>;

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
		/// All messages of the batch have been received before.
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
		/// No message with this nonce has failed.
		NotFailed,
		/// The message is not the one that failed.
		OtherMessage,
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
				Self::deliver(&gateway, message);
				verified.push(proof);
			}
			Ok(PostDispatchInfo {
				actual_weight: Some(Self::weight_of(&header_proof, verified.into_iter())),
				pays_fee: Pays::Yes,
			})
		}

		/// Delivers a message that was proven before but could not be posted then.
		///
		/// Origin: signed, by anyone. `message` is what the gateway's event says. Where it cannot
		/// be posted this time either, the call fails with the reason and it can be tried again.
		/// Event: [`Event::MessageReceived`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::retry(message.payload.len() as u32))]
		pub fn retry(origin: OriginFor<T>, message: GatewayMessage) -> DispatchResult {
			ensure_signed(origin)?;
			let gateway = Gateway::<T>::get().ok_or(Error::<T>::NoGateway)?;
			let nonce = message.nonce;
			let expected = Failed::<T>::get(gateway, nonce).ok_or(Error::<T>::NotFailed)?;
			ensure!(Self::hash(&message) == expected, Error::<T>::OtherMessage);
			Self::post(&gateway, message)?;
			Failed::<T>::remove(gateway, nonce);
			Ok(())
		}
	}
}
