//! The XCMs that go to the Gear chain.

use crate::{Config, Error, Pallet, WeightInfo};
use alloc::{vec, vec::Vec};
use codec::Encode;
use gearway_primitives::{CallTemplate, Gas, ReplyTo, Value};
use polkadot_sdk::{
	frame_support::traits::{Get, PalletInfoAccess},
	frame_system::unique,
	sp_core::H256,
	sp_runtime::{AccountId32, BoundedVec, DispatchError},
	staging_xcm::prelude::*,
};

/// Index of [`Pallet::receive`] among the calls.
pub(crate) const RECEIVE: u8 = 2;

impl<T: Config> Pallet<T> {
	/// SCALE bytes of the gateway's `send_message` on the Gear chain, asking for answers.
	pub(crate) fn gateway_call(
		program: H256,
		payload: BoundedVec<u8, T::MaxPayload>,
		gas_limit: Gas,
		value: Value,
	) -> Result<Vec<u8>, DispatchError> {
		// A pallet's index is a byte on any chain that can be called from outside.
		let this = u8::try_from(<Self as PalletInfoAccess>::index())
			.map_err(|_| Error::<T>::TransportFailed)?;
		let reply_to = ReplyTo::Call(CallTemplate {
			call: BoundedVec::truncate_from(vec![this, RECEIVE]),
			weight: T::WeightInfo::receive(T::MaxPayload::get()),
		});
		let indices = T::SendMessageCall::get();
		Ok((indices, program, payload, gas_limit, value, Some(reply_to)).encode())
	}

	/// The instructions that make `call` on the Gear chain, and fail if it fails.
	pub(crate) fn transact(call: Vec<u8>) -> Vec<Instruction<()>> {
		vec![
			Transact {
				origin_kind: OriginKind::Xcm,
				fallback_max_weight: Some(T::SendMessageWeight::get()),
				call: call.into(),
			},
			ExpectTransactStatus(MaybeErrorCode::Success),
		]
	}

	/// The instruction that moves `amount` to a program's account.
	pub(crate) fn deposit_into(
		program: H256,
		asset: AssetId,
		amount: Value,
	) -> Vec<Instruction<()>> {
		vec![DepositAsset {
			assets: Definite(Asset { id: asset, fun: Fungible(amount) }.into()),
			beneficiary: Junction::AccountId32 { network: None, id: program.0 }.into(),
		}]
	}

	/// Has the Gear chain do `work` as `who`, out of `total` of its native asset taken from the
	/// account derived for `who` there, of which `fee` at most buys execution. What is left of
	/// `total` goes back however the work ends.
	///
	/// Returns the topic.
	pub(crate) fn send(
		who: &AccountId32,
		total: Value,
		fee: Value,
		work: impl FnOnce(AssetId) -> Vec<Instruction<()>>,
	) -> Result<XcmHash, DispatchError> {
		let gear = T::GearChain::get();
		let user = Junction::AccountId32 { network: None, id: who.clone().into() };
		let purse = Location::from(user)
			.reanchored(&gear, &T::UniversalLocation::get())
			.map_err(|_| Error::<T>::Unanchorable)?;
		let native = AssetId(Location::here());

		let mut message = vec![
			DescendOrigin(user.into()),
			WithdrawAsset(Asset { id: native.clone(), fun: Fungible(total) }.into()),
			BuyExecution {
				fees: Asset { id: native.clone(), fun: Fungible(fee) },
				weight_limit: Unlimited,
			},
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: purse },
			])),
		];
		message.extend(work(native));
		message.push(SetTopic(unique(&message)));

		let (ticket, price) =
			validate_send::<T::XcmRouter>(gear, Xcm(message)).map_err(Error::<T>::from_send)?;
		if !price.is_none() {
			T::XcmExecutor::charge_fees(user, price).map_err(|_| Error::<T>::DeliveryUnpaid)?;
		}
		T::XcmRouter::deliver(ticket).map_err(|error| Error::<T>::from_send(error).into())
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
