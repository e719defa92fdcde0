//! What is always true of the storage.

use crate::{
	Config, CurrentCommittee, FinalizedHeaders, FinalizedRing, Network, NextCommittee, Pallet,
	State,
};
use gearway_ethereum::merkle::header_root;
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	sp_runtime::TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks that committees match the state and the ring matches the remembered headers.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		let Some(state) = State::<T>::get() else {
			ensure!(!Network::<T>::exists(), "a network without a client");
			return Ok(());
		};
		ensure!(
			Network::<T>::get().is_some_and(|network| network.check().is_ok()),
			"a client without a network, or with one that makes no sense"
		);
		ensure!(
			CurrentCommittee::<T>::get().map(|keys| keys.root) == Some(state.current_committee),
			"the current committee's keys are not those of the state"
		);
		ensure!(
			NextCommittee::<T>::get().map(|keys| keys.root) == state.next_committee,
			"the next committee's keys are not those of the state"
		);
		ensure!(
			FinalizedHeaders::<T>::get(header_root(&state.finalized)) == Some(state.finalized.slot),
			"the latest finalised header is not remembered"
		);
		let roots: alloc::vec::Vec<_> = FinalizedRing::<T>::iter().collect();
		ensure!(
			roots.iter().all(|(position, root)| *position < T::MaxFinalizedHeaders::get()
				&& FinalizedHeaders::<T>::contains_key(root)),
			"the ring names a header that is not remembered, or is too long"
		);
		ensure!(
			FinalizedHeaders::<T>::iter().count() == roots.len(),
			"a header is remembered that the ring does not name"
		);
		Ok(())
	}
}
