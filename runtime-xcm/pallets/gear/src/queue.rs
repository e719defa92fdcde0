//! The global queue in storage: a linked list, so that a message is put in at the end and taken
//! from anywhere at a cost that does not depend on how many there are.

use crate::{Config, Entries, Entry, Link, Pallet, Queue, QueueState};
use codec::Encode;
use gearway_engine::{Position, Queued};
use polkadot_sdk::frame_support::defensive;

impl<T: Config> Pallet<T> {
	/// Puts `entry` at the end.
	pub(crate) fn push(entry: Entry) {
		let queued = entry.dispatch.queued();
		let size = entry.encoded_size() as u32;
		QueueState::<T>::mutate(|state| {
			let position = state.next;
			state.next = position.saturating_add(1);
			state.len = state.len.saturating_add(1);
			let previous = state.ends.map(|(_, last)| last);
			let first = state.ends.map_or(position, |(first, _)| first);
			state.ends = Some((first, position));

			if let Some(last) = previous {
				Self::relink(last, |link| link.next = Some(position));
			}
			Queue::<T>::insert(position, Link { previous, next: None, queued, size });
			Entries::<T>::insert(position, entry);
		});
	}

	/// The first message.
	pub(crate) fn first_in_queue() -> Option<(Position, Queued)> {
		let (first, _) = QueueState::<T>::get().ends?;
		Some((first, Self::queued(first)?))
	}

	/// The message behind that at `after`, which is still there.
	pub(crate) fn next_in_queue(after: Position) -> Option<(Position, Queued)> {
		let next = Queue::<T>::get(after)?.next?;
		Some((next, Self::queued(next)?))
	}

	/// What the engine has to know of the message at `position`.
	pub(crate) fn queued(position: Position) -> Option<Queued> {
		Queue::<T>::get(position).map(|link| link.queued)
	}

	/// Takes out what is at `position`. Returns it with the place behind, be it one still to be
	/// given.
	pub(crate) fn take(position: Position) -> Option<(Entry, Position)> {
		let Link { previous, next, .. } = Queue::<T>::take(position)?;
		let entry = Entries::<T>::take(position)?;
		let behind = QueueState::<T>::mutate(|state| {
			state.len = state.len.saturating_sub(1);
			if let Some((first, last)) = state.ends {
				let first = if previous.is_none() { next } else { Some(first) };
				let last = if next.is_none() { previous } else { Some(last) };
				state.ends = first.zip(last);
			}
			next.unwrap_or(state.next)
		});
		if let Some(previous) = previous {
			Self::relink(previous, |link| link.next = next);
		}
		if let Some(next) = next {
			Self::relink(next, |link| link.previous = previous);
		}
		Some((entry, behind))
	}

	fn relink(position: Position, change: impl FnOnce(&mut Link)) {
		Queue::<T>::mutate(position, |link| match link {
			Some(link) => change(link),
			None => {
				defensive!("a neighbour in the queue is gone");
			}
		});
	}
}
