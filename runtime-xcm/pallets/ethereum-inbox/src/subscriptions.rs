//! Programs that want to hear of contracts' events.

use crate::{
	Config, Delivered, Error, Event, EventKey, EventQueue, EventsFrom, Pallet, QueueEnds,
	SubscriptionCount, Subscriptions, WeightInfo,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeAll, Encode};
use gearway_ethereum::{BeaconChain, EventSource, Subscription};
use gearway_primitives::{
	ActorId, Builtin, BuiltinCall, BuiltinFailure, BuiltinReply, PostMessage,
};
use polkadot_sdk::{
	frame_support::{defensive, ensure, storage::with_storage_layer, traits::Get},
	sp_runtime::DispatchError,
	sp_weights::Weight,
};
use scale_info::TypeInfo;

/// The actor that subscribes programs to events.
///
/// The BLAKE2b-256 hash of the ASCII bytes `gearway/actor/ethereum`.
pub const ETHEREUM_ACTOR: [u8; 32] = [
	0x1d, 0x2c, 0xe6, 0xa3, 0xac, 0x4b, 0x10, 0x14, 0x3a, 0x8a, 0x71, 0xd6, 0xb1, 0x01, 0x47, 0x79,
	0x3e, 0x1c, 0xa0, 0x66, 0x1c, 0xdd, 0x84, 0x5c, 0x63, 0xf6, 0x26, 0xdb, 0x58, 0x0d, 0x76, 0x26,
];

/// For how many slots what was delivered is remembered, counted back from the finalised header
/// that later proofs rest on. Longer than a header chain in a proof; and what is forgotten is
/// refused from then on, so nothing is delivered twice however long a chain is.
pub const EVENT_HORIZON: u64 = 32_768;

const _: () = assert!(EVENT_HORIZON > gearway_ethereum::inclusion::MAX_DESCENDANTS as u64);

/// Entries that can leave the memory for each that can enter it, as far as they are old enough.
pub(crate) const FORGOTTEN_AT_ONCE: u32 = 2;

/// What a program asks of [`ETHEREUM_ACTOR`], SCALE-encoded. The reply is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum EthereumRequest {
	/// From the slot that is final now on, events of this source are brought to the program, each
	/// once, in no certain order. Asking again changes the gas.
	Subscribe {
		/// Which events.
		source: EventSource,
		/// Gas for each, which the program's account pays.
		gas_limit: u64,
	},
	/// No more of them.
	Unsubscribe {
		/// Which events.
		source: EventSource,
	},
}

impl<T: Config> Builtin for Pallet<T> {
	fn is_builtin(actor: ActorId) -> bool {
		actor.into_bytes() == ETHEREUM_ACTOR
	}

	fn handle(call: BuiltinCall<'_>) -> Result<BuiltinReply, BuiltinFailure> {
		let request = EthereumRequest::decode_all(&mut &call.payload[..])
			.map_err(|_| DispatchError::from(Error::<T>::BadRequest))?;
		ensure!(call.value == 0, DispatchError::from(Error::<T>::ValueNotTaken));
		let program = call.source.into_bytes();
		with_storage_layer(|| match request {
			EthereumRequest::Subscribe { source, gas_limit } => {
				Self::subscribe(program, source, gas_limit)
			}
			EthereumRequest::Unsubscribe { source } => Self::unsubscribe(program, source),
		})?;
		Ok(BuiltinReply::Now(Vec::new()))
	}

	fn weight() -> Weight {
		T::WeightInfo::subscribe()
	}
}

impl<T: Config> Pallet<T> {
	fn subscribe(
		program: [u8; 32],
		source: EventSource,
		gas_limit: u64,
	) -> Result<(), DispatchError> {
		let latest = T::Beacon::latest_finalized_slot().ok_or(Error::<T>::NoBeaconClient)?;
		ensure!(gas_limit > 0, Error::<T>::NoGas);
		// Users of this chain can reach the actor too, but nothing could be delivered to them.
		ensure!(T::Messages::is_program(ActorId::new(program)), Error::<T>::NotAProgram);
		let known = Subscriptions::<T>::get(source, program);
		if known.is_none() {
			let count = SubscriptionCount::<T>::get(program);
			ensure!(count < T::MaxSubscriptions::get(), Error::<T>::TooManySubscriptions);
			SubscriptionCount::<T>::insert(program, count.saturating_add(1));
		}
		if !EventsFrom::<T>::exists() {
			EventsFrom::<T>::put(latest);
		}
		let since = known.map_or(latest, |known| known.since);
		Subscriptions::<T>::insert(source, program, Subscription { gas_limit, since });
		Self::deposit_event(Event::Subscribed { program, source, gas_limit });
		Ok(())
	}

	fn unsubscribe(program: [u8; 32], source: EventSource) -> Result<(), DispatchError> {
		Subscriptions::<T>::take(source, program).ok_or(Error::<T>::NotSubscribed)?;
		SubscriptionCount::<T>::mutate_exists(program, |count| {
			*count = count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
		});
		Self::deposit_event(Event::Unsubscribed { program, source });
		Ok(())
	}

	/// Remembers that an event was delivered.
	pub(crate) fn remember(key: EventKey) {
		Delivered::<T>::insert(key, ());
		QueueEnds::<T>::mutate(|(_, end)| {
			EventQueue::<T>::insert(*end, key);
			*end = end.saturating_add(1);
		});
	}

	/// Forgets up to `most` of what is too old, now that `anchor`, a finalised slot, is what proofs
	/// rest on. Nothing that old is taken from then on.
	pub(crate) fn forget(anchor: u64, most: u32) {
		let horizon = anchor.saturating_sub(EVENT_HORIZON);
		let (start, end) = QueueEnds::<T>::get();
		let mut position = start;
		while position < end && position - start < most.into() {
			let Some(key) = EventQueue::<T>::get(position) else {
				defensive!("every position between the queue's ends has an entry");
				break;
			};
			if key.slot >= horizon {
				break;
			}
			EventQueue::<T>::remove(position);
			Delivered::<T>::remove(key);
			EventsFrom::<T>::mutate(|from| {
				*from = Some(from.unwrap_or_default().max(key.slot.saturating_add(1)));
			});
			position += 1;
		}
		if position > start {
			QueueEnds::<T>::put((position, end));
		}
	}
}
