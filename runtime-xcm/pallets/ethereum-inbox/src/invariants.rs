//! What is always true of the storage.

use crate::{
	Config, Delivered, EventQueue, EventsFrom, Failed, InFlight, Pallet, ProvenKey, QueueEnds,
	SubscriptionCount, Subscriptions,
};
use alloc::collections::BTreeMap;
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	sp_runtime::TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks that what failed is used up, that what was delivered is in the queue to be
	/// forgotten, and that subscriptions are counted.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			Failed::<T>::iter_keys().all(|key| match key {
				ProvenKey::Message { gateway, nonce } => Self::is_used(&gateway, nonce),
				ProvenKey::Event(event) => Self::is_delivered(&event),
			}),
			"something failed without being used up"
		);
		ensure!(
			InFlight::<T>::iter_values().all(|(key, _)| !Failed::<T>::contains_key(key)),
			"a message is in flight that has failed"
		);

		let (start, end) = QueueEnds::<T>::get();
		ensure!(start <= end, "the queue of events ends before it begins");
		let mut queued = 0;
		for (position, key) in EventQueue::<T>::iter() {
			ensure!((start..end).contains(&position), "an event is queued outside the queue");
			ensure!(Delivered::<T>::contains_key(key), "an event is queued, but not delivered");
			queued += 1;
		}
		ensure!(queued == end - start, "the queue of events has a gap");
		ensure!(
			Delivered::<T>::iter_keys().count() as u64 == queued,
			"an event was delivered that will never be forgotten"
		);

		let mut counts = BTreeMap::<_, u32>::new();
		for (_, program, subscription) in Subscriptions::<T>::iter() {
			ensure!(subscription.gas_limit > 0, "a subscription has no gas");
			ensure!(EventsFrom::<T>::exists(), "there are subscriptions, but no first slot");
			*counts.entry(program).or_default() += 1;
		}
		ensure!(
			counts.values().all(|count| *count <= T::MaxSubscriptions::get()),
			"a program has too many subscriptions"
		);
		ensure!(
			SubscriptionCount::<T>::iter().collect::<BTreeMap<_, _>>() == counts,
			"the subscriptions are miscounted"
		);
		Ok(())
	}
}
