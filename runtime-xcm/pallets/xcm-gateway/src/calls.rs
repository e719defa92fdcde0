//! Programs' calls of other chains, from the call to the answer.

use crate::{
	CallFailure, Config, Error, Event, FIRST_QUERY, NextQuery, OldestQuery, Pallet, Pending,
	RemoteCall,
};
use alloc::{vec, vec::Vec};
use codec::{Decode, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use gearway_primitives::{ActorId, AnswerLater, BuiltinCall, BuiltinFailure, MessageId, Topic};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	frame_system::pallet_prelude::BlockNumberFor,
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError, traits::UniqueSaturatedInto},
	sp_weights::Weight,
	staging_xcm::{VersionedLocation, prelude::*},
	staging_xcm_executor::traits::{ConvertLocation, OnResponse},
};
use scale_info::TypeInfo;

/// Blocks after its time is over in which a late answer is still known for what it is.
const LATE: u32 = 1_000;

/// Calls that are forgotten at most when another is made: more than one, so that they get fewer.
const FORGOTTEN_AT_ONCE: usize = 2;

/// A call whose answer may come.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct PendingCall {
	/// The program's message to the builtin actor, which is to be answered.
	pub message: H256,
	/// Who made the call.
	pub program: AccountId32,
	/// The chain that may answer, as seen from this one.
	pub responder: VersionedLocation,
	/// The journey.
	pub topic: Topic,
	/// The block from which on it may be forgotten.
	pub until: u32,
}

impl<T: Config> Pallet<T> {
	/// Makes a call for a program, who is to be answered later.
	pub(crate) fn make_call(
		call: &BuiltinCall<'_>,
		program: &AccountId32,
		request: RemoteCall,
	) -> Result<(), DispatchError> {
		ensure!(call.value == 0, Error::<T>::ValueNotTaken);
		ensure!((1..=call.patience).contains(&request.timeout), Error::<T>::TimeoutUnpaid);
		let dest = Self::chain(request.dest.clone())?;
		let message = H256(call.id.into_bytes());
		let topic = call.topic.unwrap_or(message.0);

		let query = Self::new_query(PendingCall {
			message,
			program: program.clone(),
			responder: VersionedLocation::from(dest.clone()),
			topic,
			until: Self::height().saturating_add(request.timeout).saturating_add(LATE),
		})?;
		let xcm = Self::call_and_report(program, &dest, request, query, topic)?;
		Self::send_for(program, dest.clone(), xcm)?;
		Self::deposit_event(Event::CallSent {
			message,
			source: H256(program.clone().into()),
			destination: dest,
			query,
			topic,
		});
		Ok(())
	}

	/// The XCM that makes the call as the program, out of the program's own funds there, and
	/// reports how it went. What is left of the fee goes back however it went.
	fn call_and_report(
		program: &AccountId32,
		dest: &Location,
		request: RemoteCall,
		query_id: QueryId,
		topic: Topic,
	) -> Result<Xcm<()>, DispatchError> {
		let seen_there = |location: Location| {
			location
				.reanchored(dest, &T::UniversalLocation::get())
				.map_err(|_| Error::<T>::Unanchorable)
		};
		let fee = Asset::try_from(*request.fee).map_err(|()| Error::<T>::UnknownVersion)?;
		let this = Self::junction_of(program);
		let report = QueryResponseInfo {
			destination: seen_there(Location::here())?,
			query_id,
			max_weight: T::Answers::weight(),
		};
		Ok(Xcm(vec![
			DescendOrigin(this.into()),
			WithdrawAsset(fee.clone().into()),
			BuyExecution { fees: fee, weight_limit: Unlimited },
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: seen_there(this.into())? },
			])),
			SetErrorHandler(Xcm(vec![ReportError(report.clone())])),
			Transact {
				origin_kind: request.origin_kind,
				fallback_max_weight: request.max_weight,
				call: request.call.into(),
			},
			ReportTransactStatus(report),
			SetTopic(topic),
		]))
	}

	/// Remembers a call under a new id; forgets others whose time is long over.
	fn new_query(asked: PendingCall) -> Result<QueryId, Error<T>> {
		let next = NextQuery::<T>::get();
		NextQuery::<T>::put(next.checked_add(1).ok_or(Error::NoQueryLeft)?);

		let (now, mut oldest) = (Self::height(), OldestQuery::<T>::get());
		for _ in 0..FORGOTTEN_AT_ONCE {
			let still_known = Pending::<T>::get(oldest).is_some_and(|asked| asked.until > now);
			if oldest == next || still_known {
				break;
			}
			Pending::<T>::remove(oldest);
			oldest = oldest.saturating_add(1);
		}
		OldestQuery::<T>::put(oldest);
		Pending::<T>::insert(next, asked);
		Ok(next)
	}

	/// What is asked under `query`, if `origin` may answer it and `querier` is who asked.
	fn asked_of(
		origin: &Location,
		query: QueryId,
		querier: Option<&Location>,
	) -> Option<PendingCall> {
		let asked = Pending::<T>::get(query)?;
		let responder = Location::try_from(asked.responder.clone()).ok()?;
		let querier = T::LocationToAccount::convert_location(querier?)?;
		(responder == *origin && querier == asked.program).then_some(asked)
	}

	/// Brings an answer to who waits for it.
	fn take_answer(
		origin: &Location,
		query: QueryId,
		querier: Option<&Location>,
		response: Response,
	) {
		let Some(PendingCall { message, topic, .. }) = Self::asked_of(origin, query, querier)
		else {
			return Self::deposit_event(Event::AnswerRefused { query, origin: origin.clone() });
		};
		Pending::<T>::remove(query);
		let answer = outcome(response);
		let success = answer.is_ok();
		let answer =
			answer.map(|()| Vec::new()).map_err(|failure| BuiltinFailure(failure.encode()));
		let actor = ActorId::new(crate::XCM_ACTOR);
		let answered = T::Answers::answer(actor, MessageId::new(message.0), answer);
		Self::deposit_event(match answered {
			Ok(()) => Event::CallAnswered { message, query, success, topic },
			Err(error) => Event::AnswerLate { message, query, error, topic },
		});
	}

	fn height() -> u32 {
		let now: BlockNumberFor<T> = polkadot_sdk::frame_system::Pallet::<T>::block_number();
		now.unique_saturated_into()
	}
}

/// What a response says of the call.
fn outcome(response: Response) -> Result<(), CallFailure> {
	match response {
		Response::DispatchResult(MaybeErrorCode::Success) => Ok(()),
		Response::DispatchResult(
			MaybeErrorCode::Error(error) | MaybeErrorCode::TruncatedError(error),
		) => Err(CallFailure::Call(error.into_inner())),
		Response::ExecutionResult(Some((instruction, error))) => {
			Err(CallFailure::Execution { instruction, error: error.encode() })
		}
		_ => Err(CallFailure::Nonsense),
	}
}

/// Takes the answers to programs' calls, and leaves all others to `Inner`.
pub struct Answers<Inner, T>(PhantomData<(Inner, T)>);

impl<Inner: OnResponse, T: Config> OnResponse for Answers<Inner, T> {
	fn expecting_response(origin: &Location, query: QueryId, querier: Option<&Location>) -> bool {
		if query >= FIRST_QUERY {
			return Pallet::<T>::asked_of(origin, query, querier).is_some();
		}
		Inner::expecting_response(origin, query, querier)
	}

	fn on_response(
		origin: &Location,
		query: QueryId,
		querier: Option<&Location>,
		response: Response,
		max_weight: Weight,
		context: &XcmContext,
	) -> Weight {
		if query >= FIRST_QUERY {
			Pallet::<T>::take_answer(origin, query, querier, response);
			return T::Answers::weight();
		}
		Inner::on_response(origin, query, querier, response, max_weight, context)
	}
}
