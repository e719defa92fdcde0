//! What must be true of the storage between blocks.

use crate::{
	Agendas, Chunks, Codes, Config, DispatchStash, Entries, GasNodes, HoldReason,
	InstrumentedCodes, Link, Mailbox, OriginalCodes, Pallet, Programs, QuarantinedMessages, Queue,
	QueueState, Tasks, Waitlist, bank::account,
};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::Encode;
use gearway_engine::{ActorId, CHUNK_SIZE, Dispatch, MessageId, Phase};
use gearway_primitives::Value;
use polkadot_sdk::{
	frame_support::{
		ensure,
		traits::fungible::{Inspect, InspectHold},
	},
	sp_runtime::TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks every invariant of the storage. Reads all of it.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut dispatches = Self::check_queue()?;
		dispatches.extend(QuarantinedMessages::<T>::iter_values().map(|put| put.dispatch));
		dispatches.extend(Waitlist::<T>::iter_values().map(|kept| kept.what.dispatch));
		dispatches.extend(DispatchStash::<T>::iter_values().map(|kept| kept.what.dispatch));
		Self::check_funds(&dispatches)?;
		Self::check_programs()?;
		Self::check_tasks()
	}

	/// The queue is one chain from its first place to its last, with a message at each.
	fn check_queue() -> Result<Vec<Dispatch>, TryRuntimeError> {
		let state = QueueState::<T>::get();
		let mut dispatches = Vec::new();
		let (mut previous, mut place) = (None, state.ends.map(|(first, _)| first));
		while let Some(position) = place {
			ensure!(position < state.next, "a place of the queue was never given");
			ensure!(previous < Some(position), "the queue is not in order");
			let link: Link = Queue::<T>::get(position).ok_or("a place of the queue is missing")?;
			ensure!(link.previous == previous, "the queue's links disagree");
			let entry = Entries::<T>::get(position).ok_or("a message of the queue is missing")?;
			ensure!(entry.encoded_size() as u32 == link.size, "a message's size is wrong");
			ensure!(entry.dispatch.queued() == link.queued, "a message stands at a wrong place");
			dispatches.push(entry.dispatch);
			previous = Some(position);
			place = link.next;
		}
		ensure!(state.ends.map(|(_, last)| last) == previous, "the queue's end is wrong");
		ensure!(state.len as usize == dispatches.len(), "the queue's length is wrong");
		ensure!(Queue::<T>::iter_keys().count() == dispatches.len(), "a place is out of line");
		ensure!(Entries::<T>::iter_keys().count() == dispatches.len(), "a message is out of line");
		Ok(dispatches)
	}

	/// Every message's gas node stands, and what is held is what nodes and messages say.
	fn check_funds(dispatches: &[Dispatch]) -> Result<(), TryRuntimeError> {
		let mut users = BTreeMap::<MessageId, u32>::new();
		let mut values = BTreeMap::<ActorId, Value>::new();
		let mut gas = BTreeMap::<ActorId, Value>::new();
		for dispatch in dispatches {
			*users.entry(dispatch.gas_node).or_default() += 1;
			// Where it has waited, its value has been delivered.
			if dispatch.earlier.is_none() {
				*values.entry(dispatch.value_payer).or_default() += dispatch.message.value;
			}
		}
		for mail in Mailbox::<T>::iter_values().map(|kept| kept.what) {
			*users.entry(mail.gas_node).or_default() += 1;
			*values.entry(mail.message.source).or_default() += mail.message.value;
		}
		for (id, node) in GasNodes::<T>::iter() {
			// Gas set aside is paid for by itself: for a signal, a reply to come, or a reservation.
			let users = users.remove(&id).unwrap_or(1);
			ensure!(users == node.users, "a gas node's users are miscounted");
			let left = node.remaining.saturating_add(node.locked);
			*gas.entry(node.payer).or_default() += Self::price_of(left);
		}
		ensure!(users.is_empty(), "a message's gas node is missing");
		let held = |reason: HoldReason, actor: &ActorId| {
			T::Currency::balance_on_hold(&reason.into(), &account(*actor))
		};
		for (actor, expected) in &gas {
			ensure!(held(HoldReason::Gas, actor) == *expected, "held gas is not what nodes have");
		}
		for (actor, expected) in &values {
			ensure!(
				held(HoldReason::Value, actor) == *expected,
				"held value is not what messages carry"
			);
		}
		for account in polkadot_sdk::frame_system::Account::<T>::iter_keys() {
			let actor = ActorId::new(account.into());
			ensure!(
				gas.contains_key(&actor) || held(HoldReason::Gas, &actor) == 0,
				"gas is held for nothing"
			);
			ensure!(
				values.contains_key(&actor) || held(HoldReason::Value, &actor) == 0,
				"value is held for nothing"
			);
		}
		Ok(())
	}

	/// Programs have their code, their chunks and, while they live, an account.
	fn check_programs() -> Result<(), TryRuntimeError> {
		for id in Codes::<T>::iter_keys() {
			ensure!(InstrumentedCodes::<T>::contains_key(id), "a code cannot be run");
			ensure!(OriginalCodes::<T>::contains_key(id), "a code's original is missing");
		}
		let mut chunks = 0;
		for (id, program) in Programs::<T>::iter() {
			ensure!(Codes::<T>::contains_key(program.code), "a program has no code");
			for index in program.chunks.iter() {
				let chunk = Chunks::<T>::get(id, index).ok_or("a program's chunk is missing")?;
				ensure!(chunk.len() as u32 == CHUNK_SIZE, "a chunk has a wrong size");
				chunks += 1;
			}
			let gone = matches!(program.phase, Phase::Exited { .. } | Phase::Terminated);
			let funds = T::Currency::total_balance(&account(id));
			ensure!(gone || funds >= Self::endowment(), "a program that lives has no account");
		}
		ensure!(Chunks::<T>::iter_keys().count() == chunks, "a chunk belongs to no program");
		Ok(())
	}

	/// Every task is on its block's agenda, and what stays for a time has the task that ends it.
	fn check_tasks() -> Result<(), TryRuntimeError> {
		for (block, index, _) in Tasks::<T>::iter() {
			let agenda = Agendas::<T>::get(block);
			ensure!((agenda.first..agenda.next).contains(&index), "a task is on no agenda");
		}
		let ends = Waitlist::<T>::iter_values()
			.map(|kept| kept.what.lease.end)
			.chain(Mailbox::<T>::iter_values().map(|kept| kept.what.lease.end));
		for end in ends {
			ensure!(Tasks::<T>::contains_key(end.block, end.index), "something stays for ever");
		}
		Ok(())
	}
}
