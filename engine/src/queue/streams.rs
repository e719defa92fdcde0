//! Running a round's messages, on one thread or on several.

use super::{overlay::Overlay, plan::Round};
use crate::{
	executor::Executor,
	journal::{Journal, apply},
	process::process,
	settings::Settings,
	state::State,
};
use alloc::{boxed::Box, vec::Vec};

/// What came of a message before its turn.
#[derive(Debug)]
pub(super) enum Made {
	/// What is to be done.
	Journal(Box<Journal>),
	/// It has to be run in turn.
	InTurn,
	/// It has to wait for another round.
	Nothing,
}

/// What runs a round's messages.
pub(super) trait Workers<S> {
	type Executor: Executor;

	/// Runs the messages of all groups. Returns what came of each message of the round.
	fn run(&mut self, state: &S, round: &Round, settings: &Settings) -> Vec<Made>;

	/// For messages that are run in turn.
	fn executor(&mut self) -> &mut Self::Executor;
}

/// Runs the messages of a group, and returns what came of each.
fn run_group<S: State, E: Executor>(
	group: &[usize],
	round: &Round,
	state: &S,
	executor: &mut E,
	settings: &Settings,
) -> Vec<Made> {
	let mut made = Vec::with_capacity(group.len());
	let mut overlay = Overlay::new(state);
	let (mut spare, mut rest) = (0, group);
	while let [index, behind @ ..] = rest {
		let Some(planned) = round.messages.get(*index) else { break };
		if !planned.admit(&overlay, settings, &mut spare) {
			break;
		}
		let Some(dispatch) = overlay.queue_get(planned.position) else {
			// That it is missing is found out in its turn.
			made.push(Made::InTurn);
			break;
		};
		let journal = process(dispatch, &overlay, executor, settings);
		spare = spare.saturating_sub(journal.gas_spent.max(settings.schedule.dispatch));
		rest = behind;
		// Nothing comes behind the last message that might see what it did.
		let fits = rest.is_empty() || apply(journal.clone(), &mut overlay, settings).is_ok();
		// One that does not even fit what the program sees is dropped when its turn comes.
		made.push(Made::Journal(Box::new(journal)));
		if !fits {
			break;
		}
	}
	made.resize_with(group.len(), || Made::Nothing);
	made
}

/// What came of each message of a round, as yet nothing: those in no group are run in turn.
fn nothing_yet(round: &Round) -> Vec<Made> {
	round.messages.iter().map(|_| Made::InTurn).collect()
}

/// Sorts in what came of a group.
fn sort_in(all: &mut [Made], group: &[usize], made: Vec<Made>) {
	for (index, made) in group.iter().zip(made) {
		if let Some(slot) = all.get_mut(*index) {
			*slot = made;
		}
	}
}

/// One executor, on this thread.
pub(super) struct Single<'a, E>(pub(super) &'a mut E);

impl<S: State, E: Executor> Workers<S> for Single<'_, E> {
	type Executor = E;

	fn run(&mut self, state: &S, round: &Round, settings: &Settings) -> Vec<Made> {
		let mut all = nothing_yet(round);
		for group in &round.groups {
			let made = run_group(group, round, state, self.0, settings);
			sort_in(&mut all, group, made);
		}
		all
	}

	fn executor(&mut self) -> &mut E {
		self.0
	}
}

#[cfg(feature = "std")]
pub use threads::Streams;

#[cfg(feature = "std")]
mod threads {
	use super::*;
	use core::{
		num::NonZeroUsize,
		sync::atomic::{AtomicUsize, Ordering},
	};
	use std::{panic, thread};

	/// Executors that run side by side, each on a thread of its own.
	#[derive(Debug)]
	pub struct Streams<E> {
		/// Runs on the calling thread.
		first: E,
		others: Vec<E>,
	}

	impl<E: Executor> Streams<E> {
		/// As many streams as `count` says, one of which is `executor`.
		pub fn new(executor: E, count: NonZeroUsize) -> Self {
			let mut streams = Self { first: executor, others: Vec::new() };
			streams.set_count(count);
			streams
		}

		/// Makes more of them, or fewer.
		pub fn set_count(&mut self, count: NonZeroUsize) {
			self.others.resize_with(count.get() - 1, || self.first.fork());
		}

		/// As many others of the same kind, which share what is compiled and nothing else.
		pub fn fork(&self) -> Self {
			Self::new(self.first.fork(), self.count())
		}

		/// The executors.
		#[cfg(feature = "testkit")]
		pub(crate) fn executors(&mut self) -> impl Iterator<Item = &mut E> {
			core::iter::once(&mut self.first).chain(&mut self.others)
		}

		/// How many there are.
		pub fn count(&self) -> NonZeroUsize {
			NonZeroUsize::MIN.saturating_add(self.others.len())
		}
	}

	impl<S: State + Sync, E: Executor> Workers<S> for Streams<E> {
		type Executor = E;

		fn run(&mut self, state: &S, round: &Round, settings: &Settings) -> Vec<Made> {
			// Whoever is free takes the next group.
			let next = AtomicUsize::new(0);
			let work = |executor: &mut E| {
				let mut done = Vec::new();
				while let Some(group) = round.groups.get(next.fetch_add(1, Ordering::Relaxed)) {
					done.push((group, run_group(group, round, state, executor, settings)));
				}
				done
			};
			let others = self.others.iter_mut().take(round.groups.len().saturating_sub(1));
			let done = thread::scope(|scope| {
				let others: Vec<_> =
					others.map(|executor| scope.spawn(|| work(executor))).collect();
				let mut done = work(&mut self.first);
				for thread in others {
					match thread.join() {
						Ok(part) => done.extend(part),
						Err(payload) => panic::resume_unwind(payload),
					}
				}
				done
			});
			let mut all = nothing_yet(round);
			for (group, made) in done {
				sort_in(&mut all, group, made);
			}
			all
		}

		fn executor(&mut self) -> &mut E {
			&mut self.first
		}
	}
}
