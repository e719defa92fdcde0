//! What became of the messages that were posted.

use crate::{Config, Event, InFlight, Pallet, WeightInfo};
use gearway_primitives::{ActorId, MessageId, Outgoing, RouteMessage, Routed};
use polkadot_sdk::{sp_runtime::DispatchError, sp_weights::Weight};

/// Carries nothing away, but listens for the answers to what the inbox posted: the engine gives
/// exactly one to each message, whatever becomes of it.
impl<T: Config> RouteMessage for Pallet<T> {
	fn route(outgoing: &Outgoing) -> Result<Routed, DispatchError> {
		let Some(answer) = outgoing.answer else { return Ok(Routed::Local) };
		if let Some((key, hash)) = InFlight::<T>::take(answer.to)
			&& !answer.is_success()
		{
			Self::fail(key, hash);
			Self::deposit_event(Event::NotHandled { key, code: answer.code });
		}
		Ok(Routed::Local)
	}

	fn is_elsewhere(_: ActorId) -> bool {
		false
	}

	fn is_awaited(message: MessageId) -> bool {
		InFlight::<T>::contains_key(message.into_bytes())
	}

	fn weight(_: u32) -> Weight {
		T::WeightInfo::outcome()
	}
}
