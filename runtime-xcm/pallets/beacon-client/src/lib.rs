//! # Beacon client: Ethereum's finalised headers, proven
//!
//! Keeps a light client of a beacon chain in storage. Anyone may feed it what the standard beacon
//! API serves (`light_client/updates`, `light_client/finality_update`); what is true moves it on,
//! anything else is refused with the reason. All rules are those of [`gearway_ethereum`], which a
//! relayer runs too, before it submits.
//!
//! ## Goals
//!
//! 1. **Nobody is trusted** after [`Pallet::bootstrap`], which the root origin does once, and again
//!    only if the chain was not fed for longer than old committees can be trusted.
//! 2. **It cannot stall.** Every period is entered with the committee of the one after it, and an
//!    update for that can be had from any beacon node at any time later.
//! 3. **Forks are data.** Versions, epochs and generalised indices are in [`Network`]; the root
//!    origin adds a row by [`Pallet::set_network`], without an upgrade.
//! 4. **It does not choose between two truths.** What a committee signed against something that is
//!    final here stops the client, by [`Pallet::submit`] or [`Pallet::report_conflict`], whoever
//!    brings it. Then nothing is final for anyone, until the root origin has looked and calls
//!    [`Pallet::resume`], or bootstraps anew.
//! 5. **Bounded.** The latest [`Config::MaxFinalizedHeaders`] finalised roots are remembered.
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`BeaconChain`]: the network, and whether a beacon block root is final.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

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

use gearway_ethereum::{
	BeaconChain, ClientState, Conflict, H256, PreparedCommittee, StateChange, Update, conflict,
	light_client::{self, Signer},
};
use polkadot_sdk::frame_support::{
	defensive, ensure,
	traits::{DefensiveOption, Get},
};

/// The pallet.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::boxed::Box;
	use gearway_ethereum::{
		BeaconHeader, Bootstrap, Network as NetworkConfig, inclusion::MAX_DESCENDANTS,
		merkle::header_root,
	};
	use polkadot_sdk::{
		frame_support::{dispatch::PostDispatchInfo, pallet_prelude::*},
		frame_system::pallet_prelude::*,
	};

	/// What the pallet asks of the runtime.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config {
		/// How many finalised headers are remembered; at least one. May grow by an upgrade, but
		/// not shrink.
		#[pallet::constant]
		type MaxFinalizedHeaders: Get<u32>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;
	}

	/// The pallet, for the runtime.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// The beacon chain that is followed.
	#[pallet::storage]
	pub type Network<T: Config> = StorageValue<_, NetworkConfig>;

	/// The latest finalised header and the roots of the known committees.
	#[pallet::storage]
	pub type State<T: Config> = StorageValue<_, ClientState>;

	/// Keys of the committee of the latest finalised header's period.
	#[pallet::storage]
	pub type CurrentCommittee<T: Config> = StorageValue<_, PreparedCommittee>;

	/// Keys of the committee of the period after.
	#[pallet::storage]
	pub type NextCommittee<T: Config> = StorageValue<_, PreparedCommittee>;

	/// Slots of the remembered finalised headers, by root.
	#[pallet::storage]
	pub type FinalizedHeaders<T: Config> = StorageMap<_, Identity, H256, u64>;

	/// The roots in [`FinalizedHeaders`], in a ring: a new one takes the place of the oldest.
	#[pallet::storage]
	pub type FinalizedRing<T: Config> = StorageMap<_, Twox64Concat, u32, H256>;

	/// Where in [`FinalizedRing`] the next root goes.
	#[pallet::storage]
	pub type RingHead<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// What stopped the client, where it is stopped.
	#[pallet::storage]
	pub type Stopped<T: Config> = StorageValue<_, Conflict>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// The client starts, or starts anew, at a trusted header.
		Bootstrapped {
			/// The header's slot.
			slot: u64,
			/// Its root.
			root: H256,
		},
		/// The network's description was replaced.
		NetworkChanged,
		/// A later header is known to be final.
		HeaderFinalized {
			/// Its slot.
			slot: u64,
			/// Its root.
			root: H256,
		},
		/// The committee of a coming period is known.
		CommitteeLearned {
			/// The period.
			period: u64,
			/// The committee's root.
			root: H256,
		},
		/// Something was signed that contradicts what is known. The client has stopped.
		ConflictFound {
			/// What contradicts what.
			conflict: Conflict,
		},
		/// The client goes on, with what it knew before it stopped.
		Resumed,
	}

	/// Why a call is refused. One variant a cause; see [`light_client::Error`] for the details.
	#[pallet::error]
	pub enum Error<T> {
		/// There is no client yet.
		NotBootstrapped,
		/// The network lists no forks, or too many, or out of order, or has bad indices.
		BadNetwork,
		/// The new description is of another beacon chain.
		OtherNetwork,
		/// The bootstrap's header is not the trusted one.
		UntrustedHeader,
		/// A slot is before the first known fork.
		UnknownFork,
		/// The slots of finalised header, attested header and signature are out of order.
		SlotsOutOfOrder,
		/// Nothing but genesis is final yet.
		NothingFinal,
		/// The update holds nothing new.
		NothingNew,
		/// The update was signed in a period before the client's.
		PastPeriod,
		/// The update skips a sync committee period: submit the one of the period between first.
		SkippedPeriod,
		/// The first update of a period must bring the next committee.
		NextCommitteeMissing,
		/// The committee's keys are not those the update has to be signed with.
		WrongCommittee,
		/// The current committee is not in the bootstrap's state.
		BadCurrentCommitteeBranch,
		/// The next committee is not in the attested state.
		BadNextCommitteeBranch,
		/// The next committee is another than the one known.
		ConflictingNextCommittee,
		/// The finalised header is not in the attested state.
		BadFinalityBranch,
		/// The committee, or the participation bits, have the wrong size.
		WrongCommitteeSize,
		/// A key of the committee is malformed.
		BadCommitteeKey,
		/// Fewer than two thirds of the committee signed.
		NotEnoughParticipation,
		/// The signature is malformed, or not by those who are said to have signed.
		BadSignature,
		/// The committee's keys are not in storage, though they should be.
		CommitteeLost,
		/// The client has stopped over a conflict.
		Stopped,
		/// The client has not stopped.
		NotStopped,
		/// The header named as known is not, or no longer.
		UnknownHeader,
		/// The header chain does not end at the later of the two final headers.
		WrongChainEnd,
		/// A header is not the child of the one before.
		BrokenHeaderChain,
		/// The header chain does not reach back just to the earlier of the two final headers.
		WrongChainStart,
		/// Nothing contradicts what is known.
		NoConflict,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "std")]
		fn integrity_test() {
			assert!(T::MaxFinalizedHeaders::get() > 0, "the latest finalised header is kept");
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
		/// Starts the client at a header that the caller trusts, forgetting all that was known.
		///
		/// Origin: root. Checks that the committee is in the header's state and that the network
		/// makes sense. Event: [`Event::Bootstrapped`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::bootstrap(T::MaxFinalizedHeaders::get()))]
		pub fn bootstrap(
			origin: OriginFor<T>,
			network: NetworkConfig,
			bootstrap: Box<Bootstrap>,
		) -> DispatchResult {
			ensure_root(origin)?;
			let root = header_root(&bootstrap.header);
			let (state, committee) =
				light_client::bootstrap(&network, root, &bootstrap).map_err(Error::<T>::from)?;

			for position in 0..T::MaxFinalizedHeaders::get() {
				if let Some(root) = FinalizedRing::<T>::take(position) {
					FinalizedHeaders::<T>::remove(root);
				}
			}
			RingHead::<T>::kill();
			Stopped::<T>::kill();
			let slot = state.finalized.slot;
			Network::<T>::put(network);
			State::<T>::put(state);
			CurrentCommittee::<T>::put(committee);
			NextCommittee::<T>::kill();
			Self::remember(root, slot);
			Self::deposit_event(Event::Bootstrapped { slot, root });
			Ok(())
		}

		/// Moves the client on.
		///
		/// Origin: signed, by anyone. The update must finalise a later header, or tell the next
		/// committee where that is not known. Events: [`Event::HeaderFinalized`],
		/// [`Event::CommitteeLearned`]; or [`Event::ConflictFound`], where what is signed is not
		/// what is known.
		#[pallet::call_index(1)]
		#[pallet::weight(Pallet::<T>::weight_of(update, weights::MAX_COMMITTEE))]
		pub fn submit(origin: OriginFor<T>, update: Box<Update>) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (network, state, committee) = Self::signers_of(&update)?;
			let seats = network.preset.committee_size() as u32;
			let spent = PostDispatchInfo {
				actual_weight: Some(Self::weight_of(&update, seats)),
				pays_fee: Pays::Yes,
			};
			if let Some(conflict) = state.contradiction(&update, &network) {
				conflict::verify(&update, &state, &committee, &network)
					.map_err(Error::<T>::from)?;
				Self::stop(conflict);
				return Ok(spent);
			}
			let change = light_client::verify(&update, &state, &committee, &network)
				.map_err(Error::<T>::from)?;

			let period = network.period_at(change.state.finalized.slot) + 1;
			Self::apply(change, period)?;
			Ok(spent)
		}

		/// Replaces the description of the network: a fork was scheduled.
		///
		/// Origin: root. Preset, genesis and slot time stay as they are. Event:
		/// [`Event::NetworkChanged`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_network())]
		pub fn set_network(origin: OriginFor<T>, network: NetworkConfig) -> DispatchResult {
			ensure_root(origin)?;
			let known = Network::<T>::get().ok_or(Error::<T>::NotBootstrapped)?;
			network.check().map_err(|_| Error::<T>::BadNetwork)?;
			let same = NetworkConfig { forks: network.forks.clone(), ..known } == network;
			ensure!(same, Error::<T>::OtherNetwork);
			Network::<T>::put(network);
			Self::deposit_event(Event::NetworkChanged);
			Ok(())
		}

		/// Stops the client by showing that a committee signed two truths.
		///
		/// Origin: signed, by anyone. `update` is one that the client would have believed, be it
		/// old or new; `known` the root of a header that is final here, and `headers` show that
		/// neither is an ancestor of the other: they lead, each the child of the one before, to
		/// the later of both, from the last header that is not after the earlier one. Event:
		/// [`Event::ConflictFound`].
		#[pallet::call_index(3)]
		#[pallet::weight(
			Pallet::<T>::weight_of(update, weights::MAX_COMMITTEE)
				.saturating_add(T::WeightInfo::headers(headers.len() as u32))
		)]
		pub fn report_conflict(
			origin: OriginFor<T>,
			update: Box<Update>,
			known: H256,
			headers: BoundedVec<BeaconHeader, ConstU32<{ MAX_DESCENDANTS + 1 }>>,
		) -> DispatchResult {
			ensure_signed(origin)?;
			let slot = FinalizedHeaders::<T>::get(known).ok_or(Error::<T>::UnknownHeader)?;
			let (network, state, committee) = Self::signers_of(&update)?;
			let conflict =
				conflict::divergence(&update, known, slot, &headers).map_err(Error::<T>::from)?;
			conflict::verify(&update, &state, &committee, &network).map_err(Error::<T>::from)?;
			Self::stop(conflict);
			Ok(())
		}

		/// Lets the client go on with what it knew before it stopped. Where that was what is
		/// false, [`bootstrap`](Pallet::bootstrap) instead.
		///
		/// Origin: root. Event: [`Event::Resumed`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::set_network())]
		pub fn resume(origin: OriginFor<T>) -> DispatchResult {
			ensure_root(origin)?;
			Stopped::<T>::take().ok_or(Error::<T>::NotStopped)?;
			Self::deposit_event(Event::Resumed);
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Weight of submitting `update` to a client of a network with committees of `seats`.
	fn weight_of(update: &Update, seats: u32) -> polkadot_sdk::sp_weights::Weight {
		match update.next_committee {
			Some(_) => T::WeightInfo::submit_with_committee(seats),
			None => T::WeightInfo::submit(seats),
		}
	}

	/// The network, the state and the keys of the committee that has to sign `update`. Not where
	/// the client has stopped.
	fn signers_of(
		update: &Update,
	) -> Result<(gearway_ethereum::Network, ClientState, PreparedCommittee), Error<T>> {
		let network = Network::<T>::get().ok_or(Error::<T>::NotBootstrapped)?;
		let state = State::<T>::get().ok_or(Error::<T>::NotBootstrapped)?;
		ensure!(!Stopped::<T>::exists(), Error::<T>::Stopped);
		let committee = match state.signer(update, &network)? {
			Signer::Current => CurrentCommittee::<T>::get(),
			Signer::Next => NextCommittee::<T>::get(),
		};
		let committee = committee.defensive_ok_or(Error::<T>::CommitteeLost)?;
		Ok((network, state, committee))
	}

	/// Stops the client.
	fn stop(conflict: Conflict) {
		Stopped::<T>::put(conflict);
		Self::deposit_event(Event::ConflictFound { conflict });
	}

	/// Stores what a verified update changes. `period` is that of a committee just learned.
	fn apply(change: StateChange, period: u64) -> Result<(), Error<T>> {
		if change.rotated {
			let next = NextCommittee::<T>::take().defensive_ok_or(Error::<T>::CommitteeLost)?;
			CurrentCommittee::<T>::put(next);
		}
		if let Some(committee) = change.next_committee {
			Self::deposit_event(Event::CommitteeLearned { period, root: committee.root });
			NextCommittee::<T>::put(committee);
		}
		State::<T>::put(change.state);
		if let Some(root) = change.finalized_root {
			let slot = change.state.finalized.slot;
			Self::remember(root, slot);
			Self::deposit_event(Event::HeaderFinalized { slot, root });
		}
		Ok(())
	}

	/// Puts a finalised header into the ring.
	fn remember(root: H256, slot: u64) {
		let position = RingHead::<T>::get();
		if let Some(oldest) = FinalizedRing::<T>::get(position) {
			FinalizedHeaders::<T>::remove(oldest);
		}
		FinalizedRing::<T>::insert(position, root);
		FinalizedHeaders::<T>::insert(root, slot);
		let next = position.saturating_add(1).checked_rem(T::MaxFinalizedHeaders::get());
		RingHead::<T>::put(next.unwrap_or_else(|| {
			defensive!("MaxFinalizedHeaders is not zero: see the integrity test");
			0
		}));
	}
}

impl<T: Config> BeaconChain for Pallet<T> {
	fn network() -> Option<gearway_ethereum::Network> {
		Network::<T>::get()
	}

	fn finalized_slot(root: H256) -> Option<u64> {
		FinalizedHeaders::<T>::get(root).filter(|_| !Stopped::<T>::exists())
	}

	fn latest_finalized_slot() -> Option<u64> {
		State::<T>::get().map(|state| state.finalized.slot)
	}
}
