//! Programs' messages that leave: the routes of remote callers, and sending.

use crate::{Config, Error, Event, HoldReason, Pallet, Routes, WeightInfo};
use alloc::vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gearway_primitives::{
	MessageId, Outgoing, ProgramMessage, ReplyTo, RouteMessage, Routed, Topic, Value,
};
use polkadot_sdk::{
	frame_support::{
		CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
		storage::with_storage_layer,
		traits::{
			Get,
			fungible::{Mutate, MutateHold},
			tokens::Preservation,
		},
	},
	sp_core::H256,
	sp_runtime::{AccountId32, BoundedVec, DispatchError},
	sp_weights::Weight,
	staging_xcm::{VersionedLocation, prelude::*},
};
use scale_info::TypeInfo;

/// How programs' messages reach one remote caller.
#[derive(
	CloneNoBound,
	PartialEqNoBound,
	EqNoBound,
	DebugNoBound,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	MaxEncodedLen,
)]
#[scale_info(skip_type_params(MaxJourneys))]
pub struct Route<MaxJourneys: Get<u32>> {
	/// The caller, as seen from this chain.
	pub location: VersionedLocation,
	/// What its chain does with a message.
	pub reply_to: ReplyTo,
	/// Held from the caller's account here while the route stands.
	pub deposit: Value,
	/// The caller's latest messages whose XCM had a topic, oldest first.
	pub journeys: BoundedVec<(H256, Topic), MaxJourneys>,
}

impl<MaxJourneys: Get<u32>> Route<MaxJourneys> {
	/// The topic of what answers `answered`, if it is remembered.
	fn topic_of(&self, answered: MessageId) -> Option<Topic> {
		let answered = H256(answered.into_bytes());
		self.journeys.iter().rev().find(|(id, _)| *id == answered).map(|(_, topic)| *topic)
	}
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
		let location = VersionedLocation::from(location.clone());
		Routes::<T>::try_mutate(account, |route| {
			match route {
				Some(route) if route.reply_to == reply_to && route.location == location => {
					return Ok(());
				}
				Some(route) => {
					route.location = location;
					route.reply_to = reply_to;
				}
				None => {
					let deposit = T::RouteDeposit::get();
					T::Currency::hold(&HoldReason::Route.into(), account, deposit)?;
					*route =
						Some(Route { location, reply_to, deposit, journeys: BoundedVec::new() });
				}
			}
			Ok(())
		})
	}

	/// Remembers the topic of a message from `account`, if it has a route that may need it.
	pub(crate) fn remember_journey(account: &AccountId32, id: MessageId, topic: Topic) {
		Routes::<T>::mutate_extant(account, |route| {
			// Full and empty at once only if `MaxJourneys` is zero: then nothing is remembered.
			if route.journeys.is_full() && !route.journeys.is_empty() {
				route.journeys.remove(0);
			}
			if route.journeys.try_push((H256(id.into_bytes()), topic)).is_err() {
				route.journeys.clear();
			}
		});
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
		route: &Route<T::MaxJourneys>,
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
		route: &Route<T::MaxJourneys>,
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
		let topic = outgoing
			.in_reply_to
			.and_then(|answered| route.topic_of(answered))
			.or_else(|| route.topic_of(outgoing.cause))
			.unwrap_or_else(|| outgoing.id.into_bytes());

		let sent = with_storage_layer(|| Self::carry(outgoing, &route, &caller, topic));
		let (id, source) = (H256(outgoing.id.into_bytes()), H256(outgoing.source.into_bytes()));
		let destination = caller;
		match sent {
			Ok(()) => {
				Self::deposit_event(Event::MessageSent { id, source, destination, topic });
				Ok(Routed::Sent { topic })
			}
			Err(error) => {
				Self::deposit_event(Event::MessageKept { id, source, destination, topic, error });
				Err(error)
			}
		}
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
