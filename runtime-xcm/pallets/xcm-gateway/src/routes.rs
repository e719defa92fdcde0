//! Routes: what programs say to a remote caller becomes a call of the caller's chain.

use crate::{Config, Error, Event, HoldReason, Pallet, Routes};
use alloc::vec;
use codec::{Decode, Encode, MaxEncodedLen};
use gearway_primitives::{CallTemplate, Outgoing, ProgramMessage, Routed, Topic, Value};
use polkadot_sdk::{
	frame_support::traits::{Get, fungible::MutateHold},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	staging_xcm::{VersionedLocation, prelude::*},
};
use scale_info::TypeInfo;

/// How programs' messages reach one remote caller.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct Route {
	/// The caller, as seen from this chain.
	pub location: VersionedLocation,
	/// What its chain does with a message.
	pub template: CallTemplate,
	/// Held from the caller's account here while the route stands.
	pub deposit: Value,
}

impl<T: Config> Pallet<T> {
	/// Brings answers for `account` to `location` from now on.
	pub(crate) fn open_route(
		account: &AccountId32,
		location: &Location,
		template: CallTemplate,
	) -> Result<(), DispatchError> {
		if location.chain_location().is_here() {
			return Err(Error::<T>::ReplyToLocal.into());
		}
		let versioned = VersionedLocation::from(location.clone());
		Routes::<T>::try_mutate(account, |route| {
			match route {
				Some(route) if route.template == template && route.location == versioned => {
					return Ok(());
				}
				Some(route) => {
					route.location = versioned;
					route.template = template;
				}
				None => {
					let deposit = T::RouteDeposit::get();
					T::Currency::hold(&HoldReason::Route.into(), account, deposit)?;
					*route = Some(Route { location: versioned, template, deposit });
				}
			}
			Self::deposit_event(Event::RouteOpened {
				account: account.clone(),
				origin: location.clone(),
			});
			Ok(())
		})
	}

	/// Sends `outgoing` along `route` to the caller whose account is `account`.
	///
	/// What a program says, it pays for. That a message of the caller's failed is the engine's
	/// word, not the program's, so the caller pays for that.
	pub(crate) fn carry(
		outgoing: &Outgoing,
		route: &Route,
		account: &AccountId32,
		topic: Topic,
	) -> Result<Routed, DispatchError> {
		let caller =
			Location::try_from(route.location.clone()).map_err(|_| Error::<T>::UnknownVersion)?;
		let program = AccountId32::new(outgoing.source.into_bytes());
		let destination = caller.chain_location();
		let message = ProgramMessage {
			id: outgoing.id.into_bytes(),
			answer: outgoing.answer,
			topic,
			payload: outgoing.payload.clone(),
		};
		let xcm = Self::as_call(route, &destination, &program, message)?;
		let failure = outgoing.answer.is_some_and(|answer| !answer.is_success());
		Self::send_for(if failure { account } else { &program }, destination, xcm)?;
		Self::deposit_event(Event::MessageSent {
			id: H256(outgoing.id.into_bytes()),
			source: H256(outgoing.source.into_bytes()),
			destination: caller,
			topic,
		});
		Ok(Routed::Sent { topic })
	}

	/// The XCM that makes `message` a call of the caller's chain.
	///
	/// The answer is paid from this chain's account there and comes from the program's own
	/// location; what execution leaves of the fee goes back however the call ends.
	fn as_call(
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
		let mut call = route.template.call.to_vec();
		message.encode_to(&mut call);
		Ok(Xcm(vec![
			WithdrawAsset(fee.clone().into()),
			BuyExecution { fees: fee, weight_limit: Unlimited },
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: here },
			])),
			DescendOrigin(Self::junction_of(program).into()),
			Transact {
				origin_kind: OriginKind::Xcm,
				fallback_max_weight: Some(route.template.weight),
				call: call.into(),
			},
			ExpectTransactStatus(MaybeErrorCode::Success),
			SetTopic(topic),
		]))
	}
}
