//! Which messages a round takes.

use crate::{
	ids::{ActorId, MessageId},
	message::{Gas, Queued},
	settings::Settings,
	state::{Position, State, StateMut},
};
use alloc::{
	collections::{BTreeMap, BTreeSet, btree_map::Entry},
	vec::Vec,
};

/// A message that a round takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Planned {
	pub(super) position: Position,
	pub(super) queued: Queued,
	/// Gas of the block that is set aside for it.
	pub(super) reserved: Gas,
}

/// What a round takes.
#[derive(Debug, Default)]
pub(super) struct Round {
	/// In queue order.
	pub(super) messages: Vec<Planned>,
	/// The messages that are run ahead: a group for each program, in queue order.
	pub(super) groups: Vec<Vec<usize>>,
	reserved: Gas,
	destinations: BTreeMap<ActorId, Destination>,
	/// Gas nodes that several messages share, and the one destination that each serves.
	shared: BTreeMap<MessageId, ActorId>,
}

/// What is planned for a destination.
#[derive(Debug)]
struct Destination {
	/// Its group, unless its messages are run in turn.
	group: Option<usize>,
	taken: u32,
	/// Whether a message for it was left, so that none behind may be taken.
	held_up: bool,
}

impl Round {
	pub(super) fn is_empty(&self) -> bool {
		self.messages.is_empty()
	}
}

/// Plans the rounds of a run. Reads a place of the queue once, however many rounds pass over it.
#[derive(Debug, Default)]
pub(super) struct Planner {
	/// Messages that were read and not taken, in queue order.
	left: Vec<(Position, Queued)>,
	/// Messages that were taken, but could not be dealt with, in queue order.
	back: Vec<(Position, Queued)>,
	/// How far the queue was read.
	read: Option<Position>,
	/// Programs whose messages are run in turn.
	in_turn: BTreeSet<ActorId>,
}

/// What becomes of a message when a round is planned.
enum Verdict {
	Taken,
	Left,
}

impl Planner {
	/// Messages that were read and are still in the queue.
	pub(super) fn passed_over(&self) -> u32 {
		u32::try_from(self.left.len() + self.back.len()).unwrap_or(u32::MAX)
	}

	/// A message of the last round stays in the queue. Called in queue order.
	pub(super) fn put_back(&mut self, planned: Planned) {
		self.back.push((planned.position, planned.queued));
	}

	/// From the next round on, messages for `program` are run in turn.
	pub(super) fn run_in_turn(&mut self, program: ActorId) {
		self.in_turn.insert(program);
	}

	/// Plans a round for what is `left` of the block.
	pub(super) fn next_round<S: StateMut>(
		&mut self,
		state: &mut S,
		settings: &Settings,
		left: Gas,
	) -> Round {
		let mut round = Round::default();
		let mut passed = core::mem::take(&mut self.left);
		passed.append(&mut self.back);
		passed.sort_unstable_by_key(|(position, _)| *position);
		for (position, queued) in passed {
			if let Verdict::Left =
				self.consider(position, queued, &mut round, state, settings, left)
			{
				self.left.push((position, queued));
			}
		}
		while round.messages.len() < settings.limits.round_total as usize
			&& self.left.len() < settings.limits.passed_over as usize
			&& let Some((position, queued)) = state.queue_next(self.read)
		{
			self.read = Some(position);
			if let Verdict::Left =
				self.consider(position, queued, &mut round, state, settings, left)
			{
				self.left.push((position, queued));
			}
		}
		round
	}

	fn consider<S: StateMut>(
		&self,
		position: Position,
		queued: Queued,
		round: &mut Round,
		state: &mut S,
		settings: &Settings,
		left: Gas,
	) -> Verdict {
		let Queued { destination, gas_node } = queued;
		let entry = match round.destinations.entry(destination) {
			Entry::Occupied(entry) => entry.into_mut(),
			Entry::Vacant(entry) => {
				let in_turn =
					self.in_turn.contains(&destination) || state.builtin(destination).is_some();
				let group = (!in_turn).then(|| {
					round.groups.push(Vec::new());
					round.groups.len() - 1
				});
				entry.insert(Destination { group, taken: 0, held_up: false })
			}
		};
		if entry.held_up {
			return Verdict::Left;
		}
		entry.held_up = true;
		if entry.taken >= settings.limits.round_messages
			|| round.messages.len() >= settings.limits.round_total as usize
		{
			return Verdict::Left;
		}
		let node = state.gas_node(gas_node);
		let shared = node.is_some_and(|node| node.users > 1);
		let reserved = match round.shared.get(&gas_node) {
			// Two programs could spend the same gas.
			Some(other) if *other != destination => return Verdict::Left,
			// The first message that the node pays for has all of it set aside.
			Some(_) => settings.schedule.dispatch,
			None => price(node.map_or(0, |node| node.remaining), settings),
		};
		let together = round.reserved.saturating_add(reserved);
		if together > left || !state.set_room_aside(position) {
			return Verdict::Left;
		}

		entry.held_up = false;
		entry.taken += 1;
		round.reserved = together;
		if shared {
			round.shared.insert(gas_node, destination);
		}
		if let Some(group) = entry.group.and_then(|group| round.groups.get_mut(group)) {
			group.push(round.messages.len());
		}
		round.messages.push(Planned { position, queued, reserved });
		Verdict::Taken
	}
}

/// Gas of the block that a message may take which `gas_node` pays for.
pub(super) fn needed<S: State>(state: &S, settings: &Settings, gas_node: MessageId) -> Gas {
	price(state.gas_node(gas_node).map_or(0, |node| node.remaining), settings)
}

/// No dispatch uses more than a block has, and each costs the block something even if its sender
/// has no gas left.
fn price(remaining: Gas, settings: &Settings) -> Gas {
	remaining.min(settings.limits.block_gas).max(settings.schedule.dispatch)
}
