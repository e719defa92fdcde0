//! Programs' messages that leave: the routes of remote callers, and sending.

use crate::{Config, Error, Event, HoldReason, Pallet, Routes, WeightInfo};
use alloc::vec;
use codec::{Decode, Encode, MaxEncodedLen};
use gearway_primitives::{
	ActorId, MessageId, Outgoing, ProgramMessage, ReplyTo, RouteMessage, Routed, Topic, Value,
};
use polkadot_sdk::{
	frame_support::{
		storage::with_storage_layer,
		traits::{
			Get,
			fungible::{Mutate, MutateHold},
			tokens::Preservation,
		},
	},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	sp_weights::Weight,
	staging_xcm::{VersionedLocation, prelude::*},
};
use scale_info::TypeInfo;

/// How programs' messages reach one remote caller.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct Route {
	/// The caller, as seen from this chain.
	pub location: VersionedLocation,
	/// What its chain does with a message.
	pub reply_to: ReplyTo,
	/// Held from the caller's account here while the route stands.
	pub deposit: Value,
}

impl<T: Config> Pallet<T> {
	/// Brings answers for `account` to `location` from now on.
	pub(crate) fn open_route(
		account: &AccountId32,
		location: &Location,
		reply_to: ReplyTo,
	) -> Result<(), DispatchError> {
		if location.chain_location().is_here() {
			return Err(Error::<T>::ReplyToLocal.into());
		}
		let versioned = VersionedLocation::from(location.clone());
		Routes::<T>::try_mutate(account, |route| {
			match route {
				Some(route) if route.reply_to == reply_to && route.location == versioned => {
					return Ok(());
				}
				Some(route) => {
					route.location = versioned;
					route.reply_to = reply_to;
				}
				None => {
					let deposit = T::RouteDeposit::get();
					T::Currency::hold(&HoldReason::Route.into(), account, deposit)?;
					*route = Some(Route { location: versioned, reply_to, deposit });
				}
			}
			Self::deposit_event(Event::RouteOpened {
				account: account.clone(),
				origin: location.clone(),
			});
			Ok(())
		})
	}

	/// Sends `message` to `destination` for `program`, who pays the flat fee and the delivery.
	///
	/// Leaves nothing behind if it fails, provided the caller rolls back.
	pub(crate) fn send_for(
		program: &AccountId32,
		destination: Location,
		message: Xcm<()>,
	) -> Result<XcmHash, DispatchError> {
		T::Currency::transfer(
			program,
			&T::FeeAccount::get(),
			T::OutboundFee::get(),
			Preservation::Preserve,
		)
		.map_err(|_| Error::<T>::OutboundFeeUnpaid)?;

		let (ticket, price) =
			validate_send::<T::XcmRouter>(destination, message).map_err(Error::<T>::from_send)?;
		if !price.is_none() {
			T::XcmExecutor::charge_fees(Self::program_junction(program), price)
				.map_err(|_| Error::<T>::DeliveryUnpaid)?;
		}
		T::XcmRouter::deliver(ticket).map_err(|error| Error::<T>::from_send(error).into())
	}

	/// A program as a place of this chain, which is also how other chains know it.
	pub(crate) fn program_junction(program: &AccountId32) -> Junction {
		Junction::AccountId32 { network: None, id: program.clone().into() }
	}

	/// The XCM that makes `message` a call of the caller's chain.
	///
	/// The answer is paid from this chain's account there and comes from the program's own
	/// location; what execution leaves of the fee goes back however the call ends.
	fn answer(
		route: &Route,
		destination: &Location,
		program: &AccountId32,
		message: ProgramMessage,
	) -> Result<Xcm<()>, DispatchError> {
		let here = Location::here()
			.reanchored(destination, &T::UniversalLocation::get())
			.map_err(|_| Error::<T>::Unanchorable)?;
		let fee = T::RemoteFee::get();
		let topic = message.topic;
		let mut call = route.reply_to.call.to_vec();
		message.encode_to(&mut call);
		Ok(Xcm(vec![
			WithdrawAsset(fee.clone().into()),
			BuyExecution { fees: fee, weight_limit: Unlimited },
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: here },
			])),
			DescendOrigin(Self::program_junction(program).into()),
			Transact {
				origin_kind: OriginKind::Xcm,
				fallback_max_weight: Some(route.reply_to.weight),
				call: call.into(),
			},
			ExpectTransactStatus(MaybeErrorCode::Success),
			SetTopic(topic),
		]))
	}

	/// Sends `outgoing` along `route`.
	fn carry(
		outgoing: &Outgoing,
		route: &Route,
		caller: &Location,
		topic: Topic,
	) -> Result<(), DispatchError> {
		let program = AccountId32::new(outgoing.source.into_bytes());
		let destination = caller.chain_location();
		let message = ProgramMessage {
			id: outgoing.id.into_bytes(),
			in_reply_to: outgoing.in_reply_to.map(MessageId::into_bytes),
			topic,
			payload: outgoing.payload.clone(),
		};
		let xcm = Self::answer(route, &destination, &program, message)?;
		Self::send_for(&program, destination, xcm).map(|_| ())
	}
}

impl<T: Config> RouteMessage for Pallet<T> {
	fn route(outgoing: &Outgoing) -> Result<Routed, DispatchError> {
		let account = AccountId32::new(outgoing.destination.into_bytes());
		let Some(route) = Routes::<T>::get(&account) else {
			return Ok(Routed::Local);
		};
		let caller =
			Location::try_from(route.location.clone()).map_err(|_| Error::<T>::UnknownVersion)?;
		let topic = outgoing.topic.unwrap_or_else(|| outgoing.id.into_bytes());
		with_storage_layer(|| Self::carry(outgoing, &route, &caller, topic))?;
		Self::deposit_event(Event::MessageSent {
			id: H256(outgoing.id.into_bytes()),
			source: H256(outgoing.source.into_bytes()),
			destination: caller,
			topic,
		});
		Ok(Routed::Sent { topic })
	}

	fn is_elsewhere(actor: ActorId) -> bool {
		Routes::<T>::contains_key(AccountId32::new(actor.into_bytes()))
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
