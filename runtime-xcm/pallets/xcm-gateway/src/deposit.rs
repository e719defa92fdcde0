//! `DepositAsset` to a program's account: a credit, and a message that tells the program of it.

use crate::{Config, Event, Pallet, XCM_ACTOR, selector::selector};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use core::marker::PhantomData;
use gearway_primitives::{ActorId, MessageId, Origin, PostMessage, Posting, Provenance, Topic};
use polkadot_sdk::{
	frame_support::{storage::with_storage_layer, traits::Get},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError, TokenError},
	staging_xcm::{
		VersionedAssets, VersionedLocation,
		latest::{Asset, Assets, Error as XcmError, Location, Weight, XcmContext},
	},
	staging_xcm_executor::{
		AssetsInHolding,
		traits::{ConvertLocation, MatchesFungible, TransactAsset},
	},
};
use scale_info::TypeInfo;

/// What a program reads, SCALE-encoded, in a message from [`XCM_ACTOR`]: assets were credited to
/// its account.
///
/// Only the gateway sends as that actor, so a program that checks the source cannot be lied to.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct DepositNotice {
	/// Who deposited, as seen from this chain; `None` where the XCM had cleared its origin.
	pub origin: Option<VersionedLocation>,
	/// What was credited, gas included.
	pub assets: VersionedAssets,
	/// The journey: the XCM's topic, or its hash.
	pub topic: Topic,
	/// What the deposit is for: the key of 32 bytes behind the program's account, where there is
	/// one.
	pub selector: Option<[u8; 32]>,
}

/// An asset transactor around `Inner` that follows a deposit to a program's account by a message.
///
/// The credit comes first and is `Inner`'s alone. Then [`Config::DepositGas`] is bought out of the
/// credited native asset and what is left of it goes with the message as value, so the program is
/// the payer, of what it was just given and of nothing else. Where that does not cover the gas, or
/// the queue refuses, the credit stands and an event says why there is no message.
///
/// The weight of posting is `WeightInfo::deposit`; the runtime's weigher has to allow for it in
/// `DepositAsset`.
pub struct DepositToPrograms<Inner, T>(PhantomData<(Inner, T)>);

impl<Inner: TransactAsset, T: Config> DepositToPrograms<Inner, T> {
	/// The program that `who` is, if it is one.
	fn program(who: &Location) -> Option<AccountId32> {
		let account = T::LocationToAccount::convert_location(who)?;
		T::Messages::is_program(ActorId::new(account.clone().into())).then_some(account)
	}

	/// Deposits by `deposit`, then posts.
	fn deposit_and_tell<R>(
		what: AssetsInHolding,
		who: &Location,
		context: Option<&XcmContext>,
		deposit: impl FnOnce(AssetsInHolding) -> Result<R, (AssetsInHolding, XcmError)>,
	) -> Result<R, (AssetsInHolding, XcmError)> {
		// Without a context nothing was sent to the program: fees are being handled.
		let (Some(context), Some(program)) = (context, Self::program(who)) else {
			return deposit(what);
		};
		let assets = what.assets_iter().collect::<Vec<_>>();
		let deposited = deposit(what)?;

		let topic = context.topic_or_message_id();
		let destination = H256(program.clone().into());
		Pallet::<T>::deposit_event(
			match with_storage_layer(|| Self::tell(program, assets.into(), selector(who), context))
			{
				Ok(id) => Event::DepositPosted {
					id: H256(id.into_bytes()),
					program: destination,
					origin: context.origin.clone(),
					topic,
				},
				Err(error) => Event::DepositCredited { program: destination, error, topic },
			},
		);
		Ok(deposited)
	}

	/// Posts the notice of `assets`, which `program` has by now.
	fn tell(
		program: AccountId32,
		assets: Assets,
		selector: Option<[u8; 32]>,
		context: &XcmContext,
	) -> Result<MessageId, DispatchError> {
		let native = assets
			.inner()
			.iter()
			.filter_map(T::NativeAsset::matches_fungible)
			.fold(0u128, |sum, amount| sum.saturating_add(amount));
		let gas_limit = T::DepositGas::get();
		let value = native
			.checked_sub(T::Messages::gas_price(gas_limit))
			.ok_or(DispatchError::Token(TokenError::FundsUnavailable))?;

		let topic = context.topic_or_message_id();
		let notice = DepositNotice {
			origin: context.origin.clone().map(VersionedLocation::from),
			assets: VersionedAssets::from(assets.clone()),
			topic,
			selector,
		};
		T::Messages::post(Posting {
			source: ActorId::new(XCM_ACTOR),
			payer: program.clone(),
			destination: ActorId::new(program.into()),
			payload: notice.encode(),
			gas_limit,
			value,
			provenance: Provenance {
				// A cleared origin leaves this chain's executor as the one who deposits.
				origin: Origin::Location(context.origin.clone().unwrap_or_else(Location::here)),
				topic: Some(topic),
				assets,
				reply_to: None,
			},
		})
	}
}

impl<Inner: TransactAsset, T: Config> TransactAsset for DepositToPrograms<Inner, T> {
	fn can_check_in(origin: &Location, what: &Asset, context: &XcmContext) -> Result<(), XcmError> {
		Inner::can_check_in(origin, what, context)
	}

	fn check_in(origin: &Location, what: &Asset, context: &XcmContext) {
		Inner::check_in(origin, what, context)
	}

	fn can_check_out(dest: &Location, what: &Asset, context: &XcmContext) -> Result<(), XcmError> {
		Inner::can_check_out(dest, what, context)
	}

	fn check_out(dest: &Location, what: &Asset, context: &XcmContext) {
		Inner::check_out(dest, what, context)
	}

	fn deposit_asset(
		what: AssetsInHolding,
		who: &Location,
		context: Option<&XcmContext>,
	) -> Result<(), (AssetsInHolding, XcmError)> {
		Self::deposit_and_tell(what, who, context, |what| Inner::deposit_asset(what, who, context))
	}

	fn deposit_asset_with_surplus(
		what: AssetsInHolding,
		who: &Location,
		context: Option<&XcmContext>,
	) -> Result<Weight, (AssetsInHolding, XcmError)> {
		Self::deposit_and_tell(what, who, context, |what| {
			Inner::deposit_asset_with_surplus(what, who, context)
		})
	}

	fn withdraw_asset(
		what: &Asset,
		who: &Location,
		context: Option<&XcmContext>,
	) -> Result<AssetsInHolding, XcmError> {
		Inner::withdraw_asset(what, who, context)
	}

	fn withdraw_asset_with_surplus(
		what: &Asset,
		who: &Location,
		context: Option<&XcmContext>,
	) -> Result<(AssetsInHolding, Weight), XcmError> {
		Inner::withdraw_asset_with_surplus(what, who, context)
	}

	fn internal_transfer_asset(
		asset: &Asset,
		from: &Location,
		to: &Location,
		context: &XcmContext,
	) -> Result<Asset, XcmError> {
		Inner::internal_transfer_asset(asset, from, to, context)
	}

	fn internal_transfer_asset_with_surplus(
		asset: &Asset,
		from: &Location,
		to: &Location,
		context: &XcmContext,
	) -> Result<(Asset, Weight), XcmError> {
		Inner::internal_transfer_asset_with_surplus(asset, from, to, context)
	}

	fn transfer_asset(
		asset: &Asset,
		from: &Location,
		to: &Location,
		context: &XcmContext,
	) -> Result<Asset, XcmError> {
		Inner::transfer_asset(asset, from, to, context)
	}

	fn transfer_asset_with_surplus(
		asset: &Asset,
		from: &Location,
		to: &Location,
		context: &XcmContext,
	) -> Result<(Asset, Weight), XcmError> {
		Inner::transfer_asset_with_surplus(asset, from, to, context)
	}

	fn mint_asset(what: &Asset, context: &XcmContext) -> Result<AssetsInHolding, XcmError> {
		Inner::mint_asset(what, context)
	}
}
