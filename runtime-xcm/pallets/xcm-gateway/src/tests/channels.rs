//! HRMP channels: whose are accepted, and what is told.

use crate::{Channels, Event, mock::*};
use codec::Encode;
use polkadot_sdk::{
	frame_support::assert_ok,
	staging_xcm::prelude::*,
	staging_xcm_executor::traits::{
		HandleHrmpChannelAccepted, HandleHrmpChannelClosing, HandleHrmpNewChannelOpenRequest,
	},
};

/// Tells that `sender` wants a channel; whether that was accepted.
fn request(sender: u32) -> bool {
	assert_ok!(<Channels<Runtime> as HandleHrmpNewChannelOpenRequest>::handle(sender, 1_024, 8));
	for accepted in [true, false] {
		let event =
			Event::ChannelRequested { sender, max_message_size: 1_024, max_capacity: 8, accepted };
		if System::events().last().expect("an event").event == event.into() {
			return accepted;
		}
	}
	panic!("{:?}", System::events());
}

#[test]
fn a_friends_channel_is_accepted_at_this_chains_expense() {
	chain(|| {
		assert!(request(2001));
		let (destination, xcm) = sent().pop().expect("one was sent");
		assert_eq!(destination, Location::parent());
		assert_eq!(
			xcm,
			Xcm(vec![
				WithdrawAsset((Here, 66u128).into()),
				BuyExecution { fees: (Here, 66u128).into(), weight_limit: Unlimited },
				SetAppendix(Xcm(vec![
					RefundSurplus,
					DepositAsset {
						assets: Wild(AllCounted(1)),
						beneficiary: Parachain(2000).into()
					},
				])),
				Transact {
					origin_kind: OriginKind::Native,
					fallback_max_weight: None,
					call: (51u8, 1u8, 2001u32).encode().into(),
				},
				ExpectTransactStatus(MaybeErrorCode::Success),
			])
		);
	});
}

#[test]
fn a_strangers_channel_is_not_nor_one_that_cannot_be_answered() {
	chain(|| {
		assert!(!request(2002));
		refuse(SendError::Unroutable);
		assert!(!request(2001));
		assert_eq!(sent(), vec![]);
	});
}

#[test]
fn what_else_is_told_is_an_event() {
	chain(|| {
		assert_ok!(<Channels<Runtime> as HandleHrmpChannelAccepted>::handle(2001));
		System::assert_last_event(Event::ChannelAccepted { recipient: 2001 }.into());
		assert_ok!(<Channels<Runtime> as HandleHrmpChannelClosing>::handle(2001, 2000, 2001));
		let event = Event::ChannelClosing { initiator: 2001, sender: 2000, recipient: 2001 };
		System::assert_last_event(event.into());
	});
}
