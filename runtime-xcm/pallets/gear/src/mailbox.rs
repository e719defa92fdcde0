//! Messages from programs to users of this chain, kept for a while for those who were not
//! listening.
//!
//! The mailbox is a convenience: a message's value is delivered at once and its event tells all of
//! it. So it may be bounded twice, by age and by number, and forgetting costs nobody anything.

use crate::{Config, Event, Expiries, Expiry, Mailbox, MailboxState, Pallet, UserMessage};
use polkadot_sdk::{
	frame_support::traits::Get,
	frame_system::{self, pallet_prelude::BlockNumberFor},
	sp_core::H256,
	sp_runtime::{AccountId32, traits::Saturating},
};

impl<T: Config> Pallet<T> {
	/// Tells everyone of a message to a user. Unless it is a reply, which nobody has to act on, it
	/// is kept in the mailbox.
	pub(crate) fn deliver_mail(message: UserMessage) {
		let mut expiration = None;
		if message.details.is_none() && T::MailboxCapacity::get() > 0 {
			let now = frame_system::Pallet::<T>::block_number();
			let at = now.saturating_add(T::MailboxPeriod::get());
			expiration = Some(at);
			Self::keep_mail(at, &message);
		}
		Self::deposit_event(Event::UserMessageSent { message, expiration });
	}

	fn keep_mail(at: BlockNumberFor<T>, message: &UserMessage) {
		let user = AccountId32::new(message.destination.0);
		let mut state = MailboxState::<T>::get();
		if state.next.saturating_sub(state.first) >= u64::from(T::MailboxCapacity::get()) {
			Self::forget_mail(state.first);
			state.first = state.first.saturating_add(1);
		}
		Mailbox::<T>::insert(&user, message.id, message);
		Expiries::<T>::insert(state.next, Expiry { at, user, message: message.id });
		state.next = state.next.saturating_add(1);
		MailboxState::<T>::put(state);
	}

	/// Forgets what has expired, at most `most` messages. Returns how many.
	pub(crate) fn expire_mail(now: BlockNumberFor<T>, most: u32) -> u32 {
		let mut state = MailboxState::<T>::get();
		let mut forgotten = 0;
		while forgotten < most
			&& state.first < state.next
			&& Expiries::<T>::get(state.first).is_none_or(|expiry| expiry.at <= now)
		{
			Self::forget_mail(state.first);
			state.first = state.first.saturating_add(1);
			forgotten += 1;
		}
		if forgotten > 0 {
			MailboxState::<T>::put(state);
		}
		forgotten
	}

	fn forget_mail(number: u64) {
		if let Some(Expiry { user, message, .. }) = Expiries::<T>::take(number) {
			Mailbox::<T>::remove(user, message);
		}
	}

	/// A user's messages that are still kept, in no order.
	pub fn mailbox(user: &AccountId32) -> impl Iterator<Item = (H256, UserMessage)> {
		Mailbox::<T>::iter_prefix(user)
	}
}
