//! HRMP channels, as the relay chain tells of them.

use crate::{Config, Event, Pallet};
use alloc::vec;
use codec::Encode;
use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::traits::{Contains, Get},
	staging_xcm::prelude::*,
	staging_xcm_executor::traits::{
		HandleHrmpChannelAccepted, HandleHrmpChannelClosing, HandleHrmpNewChannelOpenRequest,
	},
};

/// Accepts the channels that parachains of [`Config::ChannelsFrom`] want to open to this chain, and
/// makes events of all that is told of channels.
///
/// Handlers are not told who speaks: the barrier has to see to it that it is the relay chain.
pub struct Channels<T>(PhantomData<T>);

impl<T: Config> HandleHrmpNewChannelOpenRequest for Channels<T> {
	fn handle(sender: u32, max_message_size: u32, max_capacity: u32) -> XcmResult {
		let accepted = T::ChannelsFrom::contains(&sender) && Pallet::<T>::accept(sender).is_ok();
		Pallet::<T>::deposit_event(Event::ChannelRequested {
			sender,
			max_message_size,
			max_capacity,
			accepted,
		});
		Ok(())
	}
}

impl<T: Config> HandleHrmpChannelAccepted for Channels<T> {
	fn handle(recipient: u32) -> XcmResult {
		Pallet::<T>::deposit_event(Event::ChannelAccepted { recipient });
		Ok(())
	}
}

impl<T: Config> HandleHrmpChannelClosing for Channels<T> {
	fn handle(initiator: u32, sender: u32, recipient: u32) -> XcmResult {
		Pallet::<T>::deposit_event(Event::ChannelClosing { initiator, sender, recipient });
		Ok(())
	}
}

impl<T: Config> Pallet<T> {
	/// Sends the relay chain this chain's acceptance, paid out of its account there.
	fn accept(sender: u32) -> Result<XcmHash, SendError> {
		let relay = Location::parent();
		let here = Location::here()
			.reanchored(&relay, &T::UniversalLocation::get())
			.map_err(|_| SendError::Unroutable)?;
		let fee = T::RelayFee::get();
		let message = Xcm(vec![
			WithdrawAsset(fee.clone().into()),
			BuyExecution { fees: fee, weight_limit: Unlimited },
			SetAppendix(Xcm(vec![
				RefundSurplus,
				DepositAsset { assets: Wild(AllCounted(1)), beneficiary: here },
			])),
			Transact {
				origin_kind: OriginKind::Native,
				fallback_max_weight: None,
				call: (T::AcceptChannelCall::get(), sender).encode().into(),
			},
			ExpectTransactStatus(MaybeErrorCode::Success),
		]);
		// The chain itself pays nobody for delivery.
		send_xcm::<T::XcmRouter>(relay, message).map(|(topic, _)| topic)
	}
}
