//! Sending: who pays, and how messages leave.

use crate::{Asked, Config, Error, Pallet, Routes, WeightInfo};
use gearway_primitives::{ActorId, MessageId, Outgoing, RouteMessage, Routed};
use polkadot_sdk::{
	frame_support::{
		storage::with_storage_layer,
		traits::{Get, fungible::Mutate, tokens::Preservation},
	},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	sp_weights::Weight,
	staging_xcm::prelude::*,
};

impl<T: Config> Pallet<T> {
	/// Sends `message` to `destination` for `payer`, who pays the flat fee and the delivery.
	///
	/// Leaves nothing behind if it fails, provided the caller rolls back.
	pub(crate) fn send_for(
		payer: &AccountId32,
		destination: Location,
		message: Xcm<()>,
	) -> Result<XcmHash, DispatchError> {
		T::Currency::transfer(
			payer,
			&T::FeeAccount::get(),
			T::OutboundFee::get(),
			Preservation::Preserve,
		)
		.map_err(|_| Error::<T>::OutboundFeeUnpaid)?;

		let (ticket, price) =
			validate_send::<T::XcmRouter>(destination, message).map_err(Error::<T>::from_send)?;
		if !price.is_none() {
			T::XcmExecutor::charge_fees(Self::junction_of(payer), price)
				.map_err(|_| Error::<T>::DeliveryUnpaid)?;
		}
		T::XcmRouter::deliver(ticket).map_err(|error| Error::<T>::from_send(error).into())
	}

	/// An account as a place of this chain. For a program, that is also how other chains know it.
	pub(crate) fn junction_of(account: &AccountId32) -> Junction {
		Junction::AccountId32 { network: None, id: account.clone().into() }
	}
}

impl<T: Config> RouteMessage for Pallet<T> {
	fn route(outgoing: &Outgoing) -> Result<Routed, DispatchError> {
		let topic = outgoing.topic.unwrap_or_else(|| outgoing.id.into_bytes());
		if let Some(answer) = &outgoing.answer
			&& let Some(asked) = Asked::<T>::take(H256(answer.to))
		{
			return Ok(Self::respond(asked, answer, &outgoing.payload, topic));
		}
		if outgoing.answer.is_some_and(|answer| answer.is_automatic()) {
			return Ok(Routed::Local);
		}
		let account = AccountId32::new(outgoing.destination.into_bytes());
		match Routes::<T>::get(&account) {
			Some(route) => with_storage_layer(|| Self::carry(outgoing, &route, &account, topic)),
			None => Ok(Routed::Local),
		}
	}

	fn is_elsewhere(actor: ActorId) -> bool {
		Routes::<T>::contains_key(AccountId32::new(actor.into_bytes()))
	}

	fn is_awaited(message: MessageId) -> bool {
		Asked::<T>::contains_key(H256(message.into_bytes()))
	}

	fn weight(len: u32) -> Weight {
		T::WeightInfo::route(len)
	}
}

impl<T> Error<T> {
	/// The router's refusal as this pallet's error.
	fn from_send(error: SendError) -> Self {
		match error {
			SendError::NotApplicable | SendError::Unroutable => Self::Unroutable,
			SendError::ExceedsMaxMessageSize => Self::TooLong,
			SendError::DestinationUnsupported => Self::UnknownVersion,
			_ => Self::TransportFailed,
		}
	}
}
