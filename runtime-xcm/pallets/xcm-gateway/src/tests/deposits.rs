//! `DepositAsset` to a program: the credit always, the message where it is paid.

use crate::{DepositNotice, Event, XCM_ACTOR, mock::*};
use codec::{Decode, Encode};
use gearway_primitives::{ActorId, Origin, Provenance};
use polkadot_sdk::{
	frame_support::assert_ok,
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	staging_xcm::{VersionedAssets, prelude::*},
	staging_xcm_executor::{
		AssetsInHolding,
		traits::{ConvertLocation, TransactAsset},
	},
};

const TOPIC: [u8; 32] = [5; 32];
/// What the gas of the message costs.
const GAS: u128 = DEPOSIT_GAS as u128 * GAS_PRICE;

fn context(origin: Option<Location>) -> XcmContext {
	XcmContext { origin, message_id: TOPIC, topic: None }
}

/// Takes `amount` of Alice's for the holding register.
fn holding(amount: u128) -> AssetsInHolding {
	Transactor::withdraw_asset(&(Here, amount).into(), &alice(), None).expect("Alice has it")
}

fn deposit(amount: u128, to: AccountId32, context: &XcmContext) {
	let who = account(to).into();
	assert_ok!(Transactor::deposit_asset_with_surplus(holding(amount), &who, Some(context)));
}

#[test]
fn the_program_is_told_and_pays_out_of_the_deposit_alone() {
	chain(|| {
		deposit(1_000, PROGRAM, &context(Some(alice())));

		let assets = Assets::from((Here, 1_000u128));
		let posting = posted().pop().expect("one was posted");
		assert_eq!(posting.source, ActorId::new(XCM_ACTOR));
		assert_eq!((posting.payer, posting.destination), (PROGRAM, actor_of(&PROGRAM)));
		assert_eq!((posting.gas_limit, posting.value), (DEPOSIT_GAS, 1_000 - GAS));
		assert_eq!(
			posting.payload,
			DepositNotice {
				origin: Some(alice().into()),
				assets: VersionedAssets::from(assets.clone()),
				topic: TOPIC,
				selector: None,
			}
			.encode(),
		);
		assert_eq!(
			posting.provenance,
			Provenance {
				origin: Origin::Location(alice()),
				topic: Some(TOPIC),
				assets,
				reply_to: None,
			},
		);
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT);
		assert_eq!(Balances::free_balance(BANK), ENDOWMENT + 1_000);
		System::assert_last_event(
			Event::DepositPosted {
				id: H256(Queue::id(1).into_bytes()),
				program: H256(PROGRAM.into()),
				origin: Some(alice()),
				topic: TOPIC,
			}
			.into(),
		);
	});
}

#[test]
fn a_cleared_origin_is_told_as_none_and_a_set_topic_goes_before_the_id() {
	chain(|| {
		let context = XcmContext { origin: None, message_id: TOPIC, topic: Some([6; 32]) };
		deposit(1_000, PROGRAM, &context);
		let posting = posted().pop().expect("one was posted");
		assert_eq!(posting.provenance.origin, Origin::Location(Location::here()));
		assert_eq!(posting.provenance.topic, Some([6; 32]));
		assert_eq!(posting.payload[0], 0, "no origin");
		let notice = DepositNotice::decode(&mut &posting.payload[..]).expect("a notice");
		assert_eq!(notice.topic, [6; 32]);
	});
}

#[test]
fn what_does_not_cover_the_gas_is_a_plain_credit() {
	chain(|| {
		deposit(GAS - 1, PROGRAM, &context(Some(alice())));
		assert!(posted().is_empty());
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT + GAS - 1);
		System::assert_last_event(
			Event::DepositCredited { program: H256(PROGRAM.into()), error: NO_FUNDS, topic: TOPIC }
				.into(),
		);

		deposit(GAS, PROGRAM, &context(Some(alice())));
		assert_eq!(posted().pop().expect("now it does").value, 0);
	});
}

#[test]
fn what_the_queue_refuses_is_a_plain_credit() {
	chain(|| {
		// Nothing but the existential deposit must stay with the program, and this is not it.
		assert_ok!(Balances::transfer_allow_death(RuntimeOrigin::signed(PROGRAM), FEES, ENDOWMENT));
		deposit(1_000, PROGRAM, &context(Some(alice())));
		assert!(posted().is_empty());
		assert_eq!(Balances::free_balance(PROGRAM), 1_000);
		let events = System::events();
		let last = &events.last().expect("there are events").event;
		assert!(
			matches!(
				last,
				RuntimeEvent::XcmGateway(Event::DepositCredited {
					error: DispatchError::Token(_),
					..
				})
			),
			"{last:?}"
		);
	});
}

#[test]
fn others_and_deposits_outside_a_message_are_inners_business() {
	chain(|| {
		deposit(1_000, FEES, &context(Some(alice())));
		assert_ok!(Transactor::deposit_asset(holding(1_000), &account(PROGRAM).into(), None));
		assert!(posted().is_empty());
		assert_eq!(Balances::free_balance(FEES), ENDOWMENT + 1_000);
		assert_eq!(Balances::free_balance(PROGRAM), ENDOWMENT + 1_000);
	});
}

#[test]
fn a_deposit_that_fails_comes_back_whole_and_says_nothing() {
	chain(|| {
		let nowhere = Location::new(2, [GeneralIndex(1)]);
		let context = context(Some(alice()));
		let Err((unspent, _)) = Transactor::deposit_asset(holding(500), &nowhere, Some(&context))
		else {
			panic!("deposited nowhere")
		};
		assert!(unspent.contains_asset(&(Here, 500u128).into()));
		assert_ok!(Transactor::deposit_asset(unspent, &alice(), Some(&context)));
		assert!(posted().is_empty());
	});
}

#[test]
fn a_key_behind_the_account_is_the_selector() {
	chain(|| {
		let data = [9; 32];
		let key = |length| GeneralKey { length, data };
		let to = |key| Location::new(0, [account(PROGRAM), key]);
		let (who, context) = (to(key(32)), context(Some(alice())));
		assert_ok!(Transactor::deposit_asset_with_surplus(holding(1_000), &who, Some(&context)));
		let posting = posted().pop().expect("one was posted");
		let notice = DepositNotice::decode(&mut &posting.payload[..]).expect("a notice");
		assert_eq!(notice.selector, Some(data));
		assert_eq!(posting.destination, actor_of(&PROGRAM));

		// Shorter keys, and other things, are no selectors: nobody has such an account.
		for other in [key(31), GeneralIndex(9)] {
			assert_eq!(LocationToAccount::convert_location(&to(other)), None);
		}
	});
}
