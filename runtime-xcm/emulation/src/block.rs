//! A parachain's block, from the messages it begins with to those it ends with.

use crate::chains::RelayRelay;
use polkadot_sdk::{
	cumulus_pallet_parachain_system as parachain_system,
	cumulus_primitives_core::{ParaId, XcmpMessageHandler, relay_chain::BlockNumber},
	frame_support::{
		BoundedSlice,
		traits::{Get, HandleMessage},
	},
};
use std::{cell::RefCell, collections::BTreeMap, mem};
use xcm_emulator::{HeaderT, Network, Parachain, SystemConfig, SystemPallet, TestExt};

/// A page of messages between two parachains.
#[derive(Clone, Debug)]
pub struct Arrival {
	/// Who sent it.
	pub from: ParaId,
	/// Whose next block it will be in.
	pub to: ParaId,
	/// The relay chain's block in which it was sent.
	pub sent_at: BlockNumber,
	/// The page, as XCMP has it.
	pub data: Vec<u8>,
}

thread_local! {
	static IN_FLIGHT: RefCell<Vec<Arrival>> = const { RefCell::new(Vec::new()) };
	/// How many of the relay chain's messages each parachain has taken in.
	static DOWNWARD: RefCell<BTreeMap<ParaId, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// The pages that no block has taken in yet, oldest first.
pub fn in_flight() -> Vec<Arrival> {
	IN_FLIGHT.with_borrow(Clone::clone)
}

/// Has `page` arrive with the next block of its destination, whether or not its sender exists.
pub fn arrive(page: Arrival) {
	IN_FLIGHT.with_borrow_mut(|pages| pages.push(page));
}

/// Forgets all pages.
pub(crate) fn clear() {
	IN_FLIGHT.take();
	DOWNWARD.take();
}

/// Makes a block of `C`, with `work` in place of its transactions.
///
/// Returns what `work` returns, and the block's events.
pub(crate) fn block<C, R>(work: impl FnOnce() -> R) -> (R, Vec<C::RuntimeEvent>)
where
	C: Parachain + TestExt,
	C::Runtime: parachain_system::Config,
{
	C::Network::init();
	C::new_block();

	let here = C::para_id();
	let pages = IN_FLIGHT.with_borrow_mut(|pages| {
		let (ours, others) = mem::take(pages).into_iter().partition(|page| page.to == here);
		*pages = others;
		ours
	});
	let downward = new_downward(here);
	let result = C::ext_wrapper(|| {
		take_in::<C>(&pages, &downward);
		work()
	});

	C::finalize_block();
	let sent_at = C::Network::relay_block_number();
	let (events, sent) = C::ext_wrapper(|| {
		let events = C::events();
		SystemPallet::<C::Runtime>::reset_events();
		let header = HeaderOf::<C::Runtime>::new(
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
			Default::default(),
		);
		(events, parachain_system::Pallet::<C::Runtime>::collect_collation_info(&header))
	});

	for message in sent.horizontal_messages {
		arrive(Arrival { from: here, to: message.recipient, sent_at, data: message.data });
	}
	for message in sent.upward_messages {
		C::Network::send_upward_message(here.into(), message);
	}
	// What goes to the relay chain, and what it answers.
	C::Network::process_messages();
	(result, events)
}

type HeaderOf<T> = <<T as SystemConfig>::Block as polkadot_sdk::sp_runtime::traits::Block>::Header;

/// The relay chain's messages to `para` that no block of it has taken in.
fn new_downward(para: ParaId) -> Vec<Vec<u8>> {
	let all = RelayRelay::ext_wrapper(|| {
		westend_runtime::Dmp::dmq_contents_do_not_call_in_consensus(para)
	});
	let seen = DOWNWARD.with_borrow_mut(|taken| taken.insert(para, all.len())).unwrap_or(0);
	all.into_iter().skip(seen).map(|message| message.msg).collect()
}

/// Gives the block's pages, and the relay chain's messages, to the queue, as the inherent does.
fn take_in<C: Parachain>(pages: &[Arrival], downward: &[Vec<u8>])
where
	C::Runtime: parachain_system::Config,
{
	let pages = pages.iter().map(|page| (page.from, page.sent_at, &page.data[..]));
	let weight = <C::Runtime as parachain_system::Config>::ReservedXcmpWeight::get();
	C::XcmpMessageHandler::handle_xcmp_messages(pages, weight);
	<C::Runtime as parachain_system::Config>::DmpQueue::handle_messages(
		downward.iter().map(|message| BoundedSlice::truncate_from(message)),
	);
}
