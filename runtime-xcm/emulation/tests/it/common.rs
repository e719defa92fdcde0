//! What all tests say.

use codec::Encode;
use gear_runtime::{RuntimeEvent as GearEvent, xcm_config::LocationToAccountId};
use gearway_emulation::{Arrival, arrive, gear, in_flight, sibling};
use gearway_primitives::Answer;
use gearway_runtime_common::{SIBLING_PARA_ID, currency::UNIT};
use pallet_program_client::Event as ClientEvent;
use pallet_xcm_gateway::Event as GatewayEvent;
use polkadot_sdk::{
	cumulus_primitives_core::XcmpMessageFormat,
	frame_support::{BoundedVec, assert_ok},
	pallet_message_queue::Event as QueueEvent,
	sp_core::H256,
	sp_keyring::Sr25519Keyring,
	sp_runtime::AccountId32,
	staging_xcm::{VersionedXcm, prelude::*},
	staging_xcm_executor::traits::ConvertLocation,
};
use sibling_runtime::RuntimeEvent as SiblingEvent;

/// Gas for a message, with much to spare.
pub(crate) const GAS: u64 = 20_000_000_000;

/// The most that the execution of an XCM may cost its sender.
pub(crate) const FEE: u128 = UNIT;

/// An account, in any chain's own eyes.
pub(crate) fn account(id: impl Into<[u8; 32]>) -> Junction {
	Junction::AccountId32 { network: None, id: id.into() }
}

/// A user of the sibling, as Gear sees it.
pub(crate) fn from_sibling(user: Sr25519Keyring) -> Location {
	Location::new(1, [Parachain(SIBLING_PARA_ID), account(user.to_raw_public())])
}

/// That user's account on Gear.
pub(crate) fn purse(user: Sr25519Keyring) -> AccountId32 {
	LocationToAccountId::convert_location(&from_sibling(user)).expect("every user has one")
}

/// Has the sibling's `user` send `payload` to `program`; returns the topic.
pub(crate) fn send(user: Sr25519Keyring, program: H256, payload: &[u8], value: u128) -> XcmHash {
	send_with_gas(user, program, payload, value, GAS)
}

/// The same with so much gas.
pub(crate) fn send_with_gas(
	user: Sr25519Keyring,
	program: H256,
	payload: &[u8],
	value: u128,
	gas: u64,
) -> XcmHash {
	let events = sibling(|| {
		assert_ok!(sibling_runtime::ProgramClient::send_message(
			sibling_runtime::RuntimeOrigin::signed(user.to_account_id()),
			program,
			BoundedVec::truncate_from(payload.to_vec()),
			gas,
			value,
			FEE,
		));
	});
	only(events.into_iter().filter_map(|event| match event {
		SiblingEvent::ProgramClient(ClientEvent::MessageSent { topic, .. }) => Some(topic),
		_ => None,
	}))
}

/// Gives the sibling's account of `location` so much of Alice's.
pub(crate) fn endow_there(location: Location, amount: u128) {
	let account = sibling_runtime::xcm_config::LocationToAccountId::convert_location(&location)
		.expect("has an account");
	sibling(|| {
		assert_ok!(sibling_runtime::Balances::transfer_allow_death(
			sibling_runtime::RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id()),
			account.into(),
			amount,
		));
	});
}

/// A parachain that does not exist, but sends.
pub(crate) const STRANGER: u32 = 2002;

/// Has `xcm` of parachain `from` arrive with the next block of `to`.
pub(crate) fn arrive_from(from: u32, to: u32, xcm: Xcm<()>) {
	let mut data = XcmpMessageFormat::ConcatenatedVersionedXcm.encode();
	VersionedXcm::from(xcm).encode_to(&mut data);
	arrive(Arrival { from: from.into(), to: to.into(), sent_at: 1, data });
}

/// The only item.
pub(crate) fn only<T: core::fmt::Debug>(items: impl IntoIterator<Item = T>) -> T {
	let mut items = items.into_iter().collect::<Vec<_>>();
	assert_eq!(items.len(), 1, "one is expected, not {items:#?}");
	items.remove(0)
}

/// A message that came into Gear's queue by XCM.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Posted {
	pub(crate) id: H256,
	pub(crate) origin: Location,
	pub(crate) destination: H256,
	pub(crate) topic: Option<XcmHash>,
}

/// The messages that came into Gear's queue by XCM, in order.
pub(crate) fn posted(events: &[GearEvent]) -> Vec<Posted> {
	let posted = events.iter().cloned().filter_map(|event| match event {
		GearEvent::XcmGateway(GatewayEvent::MessagePosted { id, origin, destination, topic }) => {
			Some(Posted { id, origin, destination, topic })
		}
		_ => None,
	});
	posted.collect()
}

/// A program's message, as the sibling has it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Received {
	pub(crate) program: H256,
	pub(crate) answer: Option<Answer>,
	pub(crate) topic: XcmHash,
	pub(crate) payload: Vec<u8>,
	pub(crate) kept: bool,
}

/// A program's own reply to `message`, which it handled.
pub(crate) fn replied(message: H256) -> Answer {
	Answer { to: message.0, code: [0, 1, 0, 0] }
}

/// The messages of programs that the sibling has got, in order.
pub(crate) fn received(events: &[SiblingEvent]) -> Vec<Received> {
	let received = events.iter().cloned().filter_map(|event| match event {
		SiblingEvent::ProgramClient(ClientEvent::MessageReceived {
			program,
			answer,
			topic,
			payload,
			kept,
			..
		}) => Some(Received { program, answer, topic, payload, kept }),
		_ => None,
	});
	received.collect()
}

/// Whether Gear executed the XCM of that topic to its end; `None` if it did not see it.
pub(crate) fn executed(events: &[GearEvent], topic: XcmHash) -> Option<bool> {
	events.iter().find_map(|event| match event {
		GearEvent::MessageQueue(QueueEvent::Processed { id, success, .. }) => {
			(id.0 == topic).then_some(*success)
		}
		_ => None,
	})
}

/// What an account on Gear can spend.
pub(crate) fn balance(account: &AccountId32) -> u128 {
	use xcm_emulator::TestExt;
	gearway_emulation::GearPara::ext_wrapper(|| gear_runtime::Balances::free_balance(account))
}

/// A program's account.
pub(crate) fn account_of(program: H256) -> AccountId32 {
	AccountId32::new(program.0)
}

/// Makes blocks of Gear and the sibling in turn until nothing is under way; returns the events of
/// each chain.
///
/// The first messages between two chains bring talk about XCM versions with them, and a channel
/// carries one page a block, so an answer may wait for a block or two.
pub(crate) fn settle() -> (Vec<GearEvent>, Vec<SiblingEvent>) {
	let (mut on_gear, mut on_sibling) = (Vec::new(), Vec::new());
	for _ in 0..6 {
		on_gear.extend(gear(|| ()));
		on_sibling.extend(sibling(|| ()));
	}
	assert!(in_flight().is_empty(), "{:?} is still under way", in_flight());
	(on_gear, on_sibling)
}
