//! The two tables of `docs/xcm.md`, row by row: one test each, named in the table.

use crate::common::*;
use codec::{Decode, Encode};
use gear_runtime::{Runtime, RuntimeCall, RuntimeEvent};
use gearway_emulation::{RelayRelay, capacitor, gear, ping, run, sibling};
use gearway_programs::CAPACITOR;
use gearway_runtime_common::{GEAR_PARA_ID, SIBLING_PARA_ID, currency::UNIT};
use pallet_gear::Event as GearEvent;
use pallet_xcm_gateway::{Call, DepositNotice, Event};
use polkadot_sdk::{
	frame_support::{
		StorageHasher, Twox64Concat, assert_ok,
		storage::{storage_prefix, unhashed},
		traits::ServiceQueues,
		weights::Weight,
	},
	pallet_xcm,
	sp_core::H256,
	sp_keyring::Sr25519Keyring::Alice,
	sp_runtime::AccountId32,
	staging_xcm::{VersionedXcm, prelude::*},
	staging_xcm_executor::{
		Config,
		traits::{ConvertLocation, ConvertOrigin},
	},
};
use sibling_runtime::{RuntimeEvent as SiblingEvent, RuntimeOrigin};
use xcm_emulator::{Chain, TestExt};

/// Has the sibling's Alice send `message`; returns its topic.
fn send_xcm(message: Vec<Instruction<()>>) -> XcmHash {
	let events = sibling(|| {
		assert_ok!(sibling_runtime::PolkadotXcm::send(
			RuntimeOrigin::signed(Alice.to_account_id()),
			Box::new(Location::new(1, [Parachain(GEAR_PARA_ID)]).into()),
			Box::new(VersionedXcm::from(Xcm::<()>(message))),
		));
	});
	only(events.into_iter().filter_map(|event| match event {
		SiblingEvent::PolkadotXcm(pallet_xcm::Event::Sent { message_id, .. }) => Some(message_id),
		_ => None,
	}))
}

/// Has her send `message` and Gear execute it; whether that ran to its end, and what it came to.
fn execute(message: Vec<Instruction<()>>) -> (bool, Vec<RuntimeEvent>) {
	let topic = send_xcm(message);
	let events = settle().0;
	(executed(&events, topic).expect("it arrived"), events)
}

/// Withdraws `amount` from Alice's purse on Gear, and buys execution with it.
fn bought(amount: u128) -> Vec<Instruction<()>> {
	vec![
		WithdrawAsset((Here, amount).into()),
		BuyExecution { fees: (Here, amount).into(), weight_limit: Unlimited },
	]
}

/// Gives all that is held to `beneficiary`.
fn give(beneficiary: impl Into<Location>) -> Vec<Instruction<()>> {
	let beneficiary = beneficiary.into();
	vec![RefundSurplus, DepositAsset { assets: Wild(AllCounted(1)), beneficiary }]
}

/// The call as an XCM makes it.
fn transact(call: Call<Runtime>) -> Instruction<()> {
	Transact {
		origin_kind: OriginKind::Xcm,
		fallback_max_weight: None,
		call: RuntimeCall::XcmGateway(call).encode().into(),
	}
}

/// The payloads of the messages that come to programs by the XCM actor.
fn notices(mut message: Vec<Instruction<()>>, topic: XcmHash) -> Vec<DepositNotice> {
	message.push(SetTopic(topic));
	send_xcm(message);
	let mut notices = Vec::new();
	// Served within the transactions, so that the queue can be looked at before it is run.
	gear(|| {
		gear_runtime::MessageQueue::service_queues(Weight::MAX);
		notices.extend(pallet_gear::Entries::<Runtime>::iter_values().map(|entry| {
			DepositNotice::decode(&mut &entry.dispatch.message.payload[..]).expect("a notice")
		}));
	});
	notices
}

#[test]
fn withdraw_credits_the_holding_and_no_chains_word_does() {
	run(|| {
		let user = H256([0x55; 32]);
		let assets: Assets = (Here, 2 * UNIT).into();
		assert!(execute([bought(2 * UNIT), give(account(user.0))].concat()).0);
		let got = balance(&account_of(user));
		assert!((UNIT * 19 / 10..2 * UNIT).contains(&got), "{got} arrived");

		for word in [ReserveAssetDeposited(assets.clone()), ReceiveTeleportedAsset(assets)] {
			let pay = BuyExecution { fees: (Here, UNIT).into(), weight_limit: Unlimited };
			let message = [vec![word, pay], give(account(user.0))].concat();
			assert!(!execute(message).0);
			assert_eq!(balance(&account_of(user)), got);
		}
	});
}

#[test]
fn buy_execution_and_pay_fees_pay_for_weight_alone() {
	run(|| {
		let alice = purse(Alice);
		let pay = |fees: Instruction<()>| {
			let had = balance(&alice);
			let mut message = vec![WithdrawAsset((Here, UNIT).into()), fees];
			message.extend(give(from_sibling(Alice)));
			assert!(execute(message).0);
			had - balance(&alice)
		};
		let fees: Asset = (Here, UNIT).into();
		let bought = pay(BuyExecution { fees: fees.clone(), weight_limit: Unlimited });
		let paid = pay(PayFees { asset: fees });
		assert_eq!(bought, paid);
		assert!((1..UNIT / 10).contains(&paid), "it cost {paid}");
		// Too little buys nothing, and costs nothing.
		assert_eq!(executed_unpaid(), 0);
	});

	/// What a message costs that offers a smallest unit for its execution.
	fn executed_unpaid() -> u128 {
		let had = balance(&purse(Alice));
		let message = [bought(1), give(from_sibling(Alice))].concat();
		assert!(!execute(message).0);
		had - balance(&purse(Alice)) - 1
	}
}

#[test]
fn deposit_asset_to_a_program_is_a_credit_and_a_message() {
	run(|| {
		let program = ping(0);
		let had = balance(&account_of(program));
		let message = [bought(2 * UNIT), give(account(program.0))].concat();
		let notice = only(notices(message, [7; 32]));
		assert_eq!((notice.topic, notice.selector), ([7; 32], None));
		let origin = notice.origin.map(Location::try_from).expect("nobody cleared it");
		assert_eq!(
			origin.map(|origin| origin.chain_location()),
			Ok(Location::new(1, [Parachain(SIBLING_PARA_ID)]))
		);
		assert!(balance(&account_of(program)) > had + UNIT);
	});
}

#[test]
fn deposit_asset_with_a_key_is_the_same_with_a_selector() {
	run(|| {
		let program = ping(0);
		let had = balance(&account_of(program));
		let key = GeneralKey { length: 32, data: [9; 32] };
		let to = Location::new(0, [account(program.0), key]);
		let notice = only(notices([bought(2 * UNIT), give(to)].concat(), [7; 32]));
		assert_eq!(notice.selector, Some([9; 32]));
		assert!(balance(&account_of(program)) > had + UNIT);
	});
}

#[test]
fn transact_send_message_puts_it_into_the_queue() {
	run(|| {
		let program = ping(0);
		let send = transact(Call::send_message {
			destination: program,
			payload: b"PING".to_vec(),
			gas_limit: GAS,
			value: UNIT,
			reply_to: None,
		});
		let had = balance(&account_of(program));
		let (ran, events) = execute([bought(UNIT), vec![send], give(from_sibling(Alice))].concat());
		assert!(ran);
		assert_eq!(only(posted(&events)).destination, program);
		assert_eq!(balance(&account_of(program)), had + UNIT);

		// Nothing but the gateway can be called.
		let remark = polkadot_sdk::frame_system::Call::remark { remark: vec![] };
		let other = Transact {
			origin_kind: OriginKind::Xcm,
			fallback_max_weight: None,
			call: RuntimeCall::System(remark).encode().into(),
		};
		assert!(!execute([bought(UNIT), vec![other]].concat()).0);
	});
}

#[test]
fn transact_create_program_makes_one_and_gives_back_if_init_fails() {
	run(|| {
		gear(|| {
			let alice = gear_runtime::RuntimeOrigin::signed(Alice.to_account_id());
			assert_ok!(gear_runtime::Gear::upload_code(alice, CAPACITOR.to_vec()));
		});
		let code_id = H256(gearway_engine::ids::code_id(CAPACITOR).into_bytes());
		let create = |init_payload: &[u8]| {
			let create = transact(Call::create_program {
				code_id,
				salt: init_payload.to_vec(),
				init_payload: init_payload.to_vec(),
				gas_limit: GAS,
				value: 3 * UNIT,
				reply_to: None,
			});
			let had = balance(&purse(Alice));
			let (ran, events) =
				execute([bought(UNIT), vec![create], give(from_sibling(Alice))].concat());
			assert!(ran, "{events:#?}");
			let program = only(events.iter().filter_map(|event| match event {
				RuntimeEvent::XcmGateway(Event::ProgramPosted { program, .. }) => Some(*program),
				_ => None,
			}));
			let phase = events.iter().rev().find_map(|event| match event {
				RuntimeEvent::Gear(GearEvent::ProgramChanged { id, phase }) if *id == program => {
					Some(*phase)
				}
				_ => None,
			});
			(phase.expect("it became something"), program, had - balance(&purse(Alice)))
		};

		let (phase, program, cost) = create(b"100");
		assert_eq!(phase, gearway_engine::Phase::Active);
		assert!(balance(&account_of(program)) >= 3 * UNIT);
		assert!((3 * UNIT..4 * UNIT).contains(&cost), "a program cost {cost}");

		let (phase, program, cost) = create(b"no number");
		assert_eq!(phase, gearway_engine::Phase::Terminated);
		assert_eq!(balance(&account_of(program)), 0);
		assert!((1..UNIT / 2).contains(&cost), "a failure cost {cost}");
	});
}

#[test]
fn set_topic_is_the_journey_wherever_it_leads() {
	run(|| {
		let program = ping(UNIT);
		let topic = send(Alice, program, b"PING", 0);
		let (events, arrived) = settle();
		assert_eq!(only(posted(&events)).topic, Some(topic));
		let queued = events.iter().filter_map(|event| match event {
			RuntimeEvent::Gear(GearEvent::MessageQueued { topic, .. }) => Some(*topic),
			_ => None,
		});
		assert!(queued.collect::<Vec<_>>().iter().all(|queued| *queued == Some(topic)));
		assert_eq!(only(received(&arrived)).topic, topic);
	});
}

#[test]
fn what_is_left_in_holding_is_trapped_and_its_owner_claims_it() {
	run(|| {
		let alice = purse(Alice);
		let had = balance(&alice);
		let (_, events) = execute(bought(3 * UNIT));
		let trapped = only(events.into_iter().filter_map(|event| match event {
			RuntimeEvent::PolkadotXcm(pallet_xcm::Event::AssetsTrapped { assets, .. }) => {
				Some(Assets::try_from(assets).expect("of a known version"))
			}
			_ => None,
		}));
		assert!(balance(&alice) <= had - 3 * UNIT);
		let claim = |assets: &Assets| {
			let ticket = Location::here();
			let claim = ClaimAsset { assets: assets.clone(), ticket };
			let fees = assets.get(0).expect("there is something").clone();
			let pay = BuyExecution { fees, weight_limit: Unlimited };
			execute([vec![claim, pay], give(from_sibling(Alice))].concat()).0
		};
		assert!(claim(&trapped));
		assert!(balance(&alice) > had - UNIT);
		assert!(!claim(&trapped), "once");
	});
}

#[test]
fn hrmp_notifications_of_the_relay_chain_are_answered_and_told() {
	const HRMP_SIZE: u32 = 8_192;
	run(|| {
		let events = RelayRelay::ext_wrapper(|| {
			for para in [GEAR_PARA_ID, SIBLING_PARA_ID] {
				onboard(para);
			}
			let origin = origin_on_relay(SIBLING_PARA_ID);
			assert_ok!(westend_runtime::Hrmp::hrmp_init_open_channel(
				origin,
				GEAR_PARA_ID.into(),
				8,
				HRMP_SIZE
			));
			RelayRelay::events()
		});
		assert!(!events.is_empty());
		let (events, _) = settle();
		let told = Event::ChannelRequested {
			sender: SIBLING_PARA_ID,
			max_message_size: HRMP_SIZE,
			max_capacity: 8,
			accepted: true,
		};
		assert!(events.contains(&RuntimeEvent::XcmGateway(told)), "{events:#?}");
		RelayRelay::ext_wrapper(|| {
			let accepted = RelayRelay::events().into_iter().any(|event| {
				let event = format!("{event:?}");
				event.contains("Hrmp") && event.contains("OpenChannelAccepted")
			});
			assert!(accepted, "{:#?}", RelayRelay::events());
		});

		// Others who tell of channels are not believed, whether they pay or not.
		let forged = HrmpNewChannelOpenRequest {
			sender: STRANGER,
			max_message_size: HRMP_SIZE,
			max_capacity: 8,
		};
		for message in [vec![forged.clone()], [bought(UNIT), vec![forged.clone()]].concat(), {
			let nested = SetAppendix(Xcm(vec![forged]));
			[bought(UNIT), vec![nested]].concat()
		}] {
			let topic = send_xcm(message);
			let events = settle().0;
			assert_eq!(executed(&events, topic), None, "the barrier has it");
			let told = |event: &RuntimeEvent| {
				matches!(event, RuntimeEvent::XcmGateway(Event::ChannelRequested { .. }))
			};
			assert!(!events.iter().any(told));
		}
	});
}

/// The relay chain's origin of a parachain.
fn origin_on_relay(para: u32) -> westend_runtime::RuntimeOrigin {
	type Convert = <westend_runtime::xcm_config::XcmConfig as Config>::OriginConverter;
	Convert::convert_origin(Location::new(0, [Parachain(para)]), OriginKind::Native)
		.expect("it is a parachain's")
}

/// Makes `para` a parachain of the relay chain, with funds.
fn onboard(para: u32) {
	let prefix = storage_prefix(b"Paras", b"ParaLifecycles");
	let key = [&prefix[..], &para.using_encoded(Twox64Concat::hash)].concat();
	// `ParaLifecycle::Parachain`.
	unhashed::put_raw(&key, &[2]);
	let account = westend_runtime::xcm_config::LocationConverter::convert_location(&Location::new(
		0,
		[Parachain(para)],
	));
	assert_ok!(westend_runtime::Balances::transfer_allow_death(
		westend_runtime::RuntimeOrigin::signed(Alice.to_account_id()),
		account.expect("every parachain has one").into(),
		1_000 * UNIT
	));
}

#[test]
fn a_program_is_an_account_of_its_chain_that_nobody_else_speaks_for() {
	run(|| {
		let program = capacitor(1, UNIT);
		let account_of = |location: Location| -> AccountId32 {
			sibling_runtime::xcm_config::LocationToAccountId::convert_location(&location)
				.expect("it has an account")
		};
		let there = Location::new(1, [Parachain(GEAR_PARA_ID), account(program.0)]);
		let strange = Location::new(1, [Parachain(STRANGER), account(program.0)]);
		let local = Location::new(0, [account(program.0)]);
		let accounts =
			[there, strange, local, Location::new(1, [Parachain(GEAR_PARA_ID)])].map(account_of);
		for (index, one) in accounts.iter().enumerate() {
			assert!(!accounts[index + 1..].contains(one));
		}
		send(Alice, program, b"1", 0);
		assert_eq!(only(received(&settle().1)).program, program);
	});
}
