//! Queries of remote callers: how a message ended becomes a bare `QueryResponse`.

use crate::{Asked, Config, Error, Event, HoldReason, Pallet};
use alloc::{vec, vec::Vec};
use codec::{Decode, Encode, MaxEncodedLen};
use gearway_primitives::{Answer, MessageId, Routed, Topic, Value};
use polkadot_sdk::{
	frame_support::{
		storage::with_storage_layer,
		traits::{Get, fungible::MutateHold, tokens::Precision},
	},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	sp_weights::Weight,
	staging_xcm::{VersionedLocation, prelude::*},
};
use scale_info::TypeInfo;

/// Who is told of a message's end, and how.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct Asking {
	/// The caller, as seen from this chain.
	pub location: VersionedLocation,
	/// The caller's account here, which pays.
	pub account: AccountId32,
	/// The query's id on the caller's chain.
	pub query: QueryId,
	/// Weight the caller's chain may spend on the response.
	pub max_weight: Weight,
	/// Held from the account until the response is sent, which is paid out of it.
	pub deposit: Value,
}

impl<T: Config> Pallet<T> {
	/// Has `location` told of the end of `message`.
	pub(crate) fn ask(
		message: MessageId,
		account: &AccountId32,
		location: &Location,
		query: QueryId,
		max_weight: Weight,
	) -> Result<(), DispatchError> {
		if location.chain_location().is_here() {
			return Err(Error::<T>::ReplyToLocal.into());
		}
		let deposit = T::RouteDeposit::get();
		T::Currency::hold(&HoldReason::Query.into(), account, deposit)?;
		let location = VersionedLocation::from(location.clone());
		let asking = Asking { location, account: account.clone(), query, max_weight, deposit };
		Asked::<T>::insert(H256(message.into_bytes()), asking);
		Ok(())
	}

	/// Tells who asked how their message fared. They pay; what cannot be sent is lost, and an event
	/// says so.
	pub(crate) fn respond(asking: Asking, answer: &Answer, payload: &[u8], topic: Topic) -> Routed {
		let message = H256(answer.to);
		let released = T::Currency::release(
			&HoldReason::Query.into(),
			&asking.account,
			asking.deposit,
			Precision::BestEffort,
		);
		let sent = released.and_then(|_| {
			with_storage_layer(|| Self::send_response(&asking, answer, payload, topic))
		});
		match sent {
			Ok(destination) => {
				Self::deposit_event(Event::ResponseSent {
					message,
					destination,
					query: asking.query,
					topic,
				});
				Routed::Sent { topic }
			}
			Err(error) => {
				Self::deposit_event(Event::ResponseLost {
					message,
					query: asking.query,
					error,
					topic,
				});
				Routed::Local
			}
		}
	}

	/// Returns whom the response is for.
	fn send_response(
		asking: &Asking,
		answer: &Answer,
		payload: &[u8],
		topic: Topic,
	) -> Result<Location, DispatchError> {
		let caller =
			Location::try_from(asking.location.clone()).map_err(|()| Error::<T>::UnknownVersion)?;
		let destination = caller.chain_location();
		// Said so that nobody's query is answered by what another asked for.
		let querier = caller
			.clone()
			.reanchored(&destination, &T::UniversalLocation::get())
			.map_err(|_| Error::<T>::Unanchorable)?;
		let status = match answer.is_success() {
			true => MaybeErrorCode::Success,
			false => answer.code.iter().chain(payload).copied().collect::<Vec<_>>().into(),
		};
		let xcm = Xcm(vec![
			QueryResponse {
				query_id: asking.query,
				response: Response::DispatchResult(status),
				max_weight: asking.max_weight,
				querier: Some(querier),
			},
			SetTopic(topic),
		]);
		Self::send_for(&asking.account, destination, xcm)?;
		Ok(caller)
	}
}
