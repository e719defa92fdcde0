//! The global queue: which messages are next, and on how many cores they are dealt with.
//!
//! The queue is processed in *rounds*. A round
//!
//! 1. takes messages in queue order, each while all the gas it may use fits in what is left of the
//!    block (`plan.rs`);
//! 2. runs them, program by program: several of one program in their order, each seeing what those
//!    before it did; of other programs a message sees what was when the round began (`overlay.rs`);
//!    the programs are dealt to as many streams as there are executors (`streams.rs`);
//! 3. carries out, in queue order, what came of each.
//!
//! What was sent meanwhile stands at the end of the queue, for the rounds to come. As no stream can
//! see what another does, and everything takes effect in queue order, how many streams there are
//! makes no difference to anything but time.
//!
//! # Order
//!
//! A message that is not taken holds up everything behind it for the same destination, so no
//! message overtakes another between the same two actors.
//!
//! # What a round cannot foresee
//!
//! Actors of the runtime, and the way of a message out of here, may touch what programs own, so
//! that a journal made ahead may not fit the state when its turn comes. Then it is dropped: the
//! message and all behind it for the same program stay in the queue, and until the end of the block
//! that program's messages are run *in turn*: at their place in the queue, on the state itself.
//! Messages to actors of the runtime are always dealt with in turn.

mod overlay;
mod plan;
mod streams;

#[cfg(feature = "std")]
pub use streams::Streams;

use crate::{
	executor::Executor,
	ids::ActorId,
	journal::{Journal, apply},
	message::Gas,
	process::process,
	schedule::run_tasks,
	settings::Settings,
	state::{ApplyError, Event, Position, State, StateMut},
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use gear_core_errors::{ErrorReplyReason, SimpleExecutionError};
use plan::{Planned, Planner, Round};
use streams::{Made, Single, Workers};

/// What one run of the queue did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QueueReport {
	/// Tasks run that were due.
	pub tasks: u32,
	/// Messages taken out of the queue.
	pub processed: u32,
	/// Of these, how many failed.
	pub failed: u32,
	/// Of these, how many were put aside.
	pub quarantined: u32,
	/// Messages left where they are, themselves or one before them for the same destination not
	/// fitting into what was left.
	pub passed_over: u32,
	/// Runs of messages that were for nothing, as what came of them did not fit when their turn
	/// came. They used the block's gas and cost nobody anything.
	pub dropped: u32,
	/// Rounds it took.
	pub rounds: u32,
	/// Gas that senders paid.
	pub gas_spent: Gas,
	/// Gas of the allowance that was used; never less than `gas_spent`, never more than the
	/// allowance.
	pub allowance_used: Gas,
}

/// Runs the tasks that are due, then processes messages until the queue is empty or nothing in
/// reach fits, on this thread.
///
/// Messages are taken in queue order, each while all the gas it may use fits in what is left of
/// `allowance`. One that does not fit stays for another run, and so does everything behind it for
/// the same destination, so that no message overtakes another between the same two actors.
pub fn run_queue<S: StateMut, E: Executor>(
	state: &mut S,
	executor: &mut E,
	settings: &Settings,
	allowance: Gas,
) -> QueueReport {
	Run::new(settings, allowance).finish(state, &mut Single(executor))
}

/// [`run_queue`] on several threads. The result is the same to the last byte, however many.
#[cfg(feature = "std")]
pub fn run_queue_in_streams<S: StateMut + Sync, E: Executor>(
	state: &mut S,
	streams: &mut Streams<E>,
	settings: &Settings,
	allowance: Gas,
) -> QueueReport {
	Run::new(settings, allowance).finish(state, streams)
}

/// A run of the queue.
struct Run<'a> {
	settings: &'a Settings,
	allowance: Gas,
	planner: Planner,
	report: QueueReport,
}

/// The queue contradicts itself: there is no message where one was found.
struct Broken(Position);

impl<'a> Run<'a> {
	fn new(settings: &'a Settings, allowance: Gas) -> Self {
		let (planner, report) = (Planner::default(), QueueReport::default());
		Self { settings, allowance, planner, report }
	}

	fn finish<S: StateMut, W: Workers<S>>(mut self, state: &mut S, workers: &mut W) -> QueueReport {
		// Tasks leave half of the block to the queue, whatever has become due at once.
		run_tasks(state, self.settings, self.allowance / 2, &mut self.report);
		loop {
			let left = self.allowance.saturating_sub(self.report.allowance_used);
			let round = self.planner.next_round(state, self.settings, left);
			if round.is_empty() {
				break;
			}
			self.report.rounds += 1;
			let made = workers.run(&*state, &round, self.settings);
			if let Err(Broken(position)) = self.conclude(round, made, state, workers.executor()) {
				// There is no message to put aside, and to go on might be to go round in circles.
				state.emit(Event::QueueBroken { position });
				break;
			}
		}
		self.report.passed_over = self.planner.passed_over();
		self.report
	}

	/// Carries out what came of a round's messages, in queue order.
	fn conclude<S: StateMut, E: Executor>(
		&mut self,
		round: Round,
		made: Vec<Made>,
		state: &mut S,
		executor: &mut E,
	) -> Result<(), Broken> {
		// Programs of which nothing more is done in this round.
		let mut stopped = BTreeSet::<ActorId>::new();
		let mut spare = BTreeMap::<ActorId, Gas>::new();
		for (planned, made) in round.messages.into_iter().zip(made) {
			let destination = planned.queued.destination;
			if stopped.contains(&destination) {
				if let Made::Journal(journal) = &made {
					self.count_time(journal.gas_spent);
					self.report.dropped += 1;
				}
				self.planner.put_back(planned);
				continue;
			}
			let done = match made {
				Made::Journal(journal) => self.carry_out(&planned, *journal, state)?,
				Made::InTurn => {
					let spare = spare.entry(destination).or_default();
					self.run_in_turn(&planned, spare, state, executor)?
				}
				Made::Nothing => false,
			};
			if !done {
				stopped.insert(destination);
				self.planner.put_back(planned);
			}
		}
		Ok(())
	}

	/// Makes a journal take effect that was made ahead. Whether it did.
	fn carry_out<S: StateMut>(
		&mut self,
		planned: &Planned,
		journal: Journal,
		state: &mut S,
	) -> Result<bool, Broken> {
		let (spent, set_aside) = (journal.gas_spent, journal.is_quarantine());
		self.count_time(spent);
		match settle(planned.position, journal, state, self.settings) {
			Ok(failure) => {
				self.count(spent, failure.is_some(), set_aside);
				Ok(true)
			}
			Err(ApplyError::NoMessage(position)) => Err(Broken(position)),
			Err(_) => {
				self.planner.run_in_turn(planned.queued.destination);
				self.report.dropped += 1;
				Ok(false)
			}
		}
	}

	/// Runs a message on the state itself. Whether it was dealt with; if not, it may cost more by
	/// now than was set aside for it.
	///
	/// If the state refuses the journal, the dispatch has failed instead; if even that is refused,
	/// the message is put aside.
	fn run_in_turn<S: StateMut, E: Executor>(
		&mut self,
		planned: &Planned,
		spare: &mut Gas,
		state: &mut S,
		executor: &mut E,
	) -> Result<bool, Broken> {
		let position = planned.position;
		if !planned.admit(state, self.settings, spare) {
			return Ok(false);
		}
		let dispatch = state.queue_get(position).ok_or(Broken(position))?;
		let journal = process(dispatch, state, executor, self.settings);
		let (dispatch, spent) = (journal.dispatch.clone(), journal.gas_spent);
		let set_aside = journal.is_quarantine();
		*spare = spare.saturating_sub(self.count_time(spent));

		let error = match settle(position, journal, state, self.settings) {
			Ok(failure) => {
				self.count(spent, failure.is_some(), set_aside);
				return Ok(true);
			}
			Err(ApplyError::NoMessage(position)) => return Err(Broken(position)),
			Err(error) => error,
		};
		let reason = ErrorReplyReason::Execution(SimpleExecutionError::BackendError);
		let failed = Journal::failed(dispatch.clone(), spent, reason, Vec::new());
		if settle(position, failed, state, self.settings).is_ok() {
			self.count(spent, true, false);
			return Ok(true);
		}
		if !state.queue_remove(position) {
			return Err(Broken(position));
		}
		state.begin(dispatch.message.id);
		// The error that began the trouble says more than the one that followed.
		state.quarantine(dispatch, error);
		self.count(0, false, true);
		Ok(true)
	}

	/// Counts what a run took of the block, and returns it. Dealing with a message costs the block
	/// something even if its sender has no gas left.
	fn count_time(&mut self, spent: Gas) -> Gas {
		let used = spent.max(self.settings.schedule.dispatch);
		self.report.allowance_used = self.report.allowance_used.saturating_add(used);
		used
	}

	/// Counts a message that was dealt with.
	fn count(&mut self, spent: Gas, failed: bool, quarantined: bool) {
		self.report.processed += 1;
		self.report.failed += u32::from(failed);
		self.report.quarantined += u32::from(quarantined);
		self.report.gas_spent = self.report.gas_spent.saturating_add(spent);
	}
}

/// Takes a message out of the queue and makes its journal take effect; or, if the state refuses,
/// neither. Returns why the dispatch failed, if it did.
fn settle<S: StateMut>(
	position: Position,
	journal: Journal,
	state: &mut S,
	settings: &Settings,
) -> Result<Option<ErrorReplyReason>, ApplyError> {
	state.transact(|state| {
		if !state.queue_remove(position) {
			return Err(ApplyError::NoMessage(position));
		}
		apply(journal, state, settings)
	})
}

impl Planned {
	/// Whether the message costs no more than was set aside for it and, in `spare`, for those
	/// before it for the same destination. What is set aside for it is in `spare` then.
	///
	/// It may not if a message before it set gas free that was locked.
	fn admit<S: State>(&self, state: &S, settings: &Settings, spare: &mut Gas) -> bool {
		let available = spare.saturating_add(self.reserved);
		if plan::needed(state, settings, self.queued.gas_node) > available {
			return false;
		}
		*spare = available;
		true
	}
}
