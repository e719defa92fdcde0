//! The global queue: which message is next.

use crate::{
	executor::Executor,
	ids::ActorId,
	journal::{Journal, apply},
	message::Gas,
	process::process,
	schedule::run_tasks,
	settings::Settings,
	state::{Event, StateMut},
};
use alloc::{collections::BTreeSet, vec::Vec};
use gear_core_errors::{ErrorReplyReason, SimpleExecutionError};

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
	/// Gas that senders paid.
	pub gas_spent: Gas,
	/// Gas of the allowance that was used; never less than `gas_spent`.
	pub allowance_used: Gas,
}

/// Runs the tasks that are due, then processes messages until the queue is empty or nothing in reach fits.
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
	let mut report = QueueReport::default();
	// Tasks leave half of the block to the queue, whatever has become due at once.
	run_tasks(state, settings, allowance / 2, &mut report);
	let mut blocked = BTreeSet::<ActorId>::new();
	let mut behind = None;

	while let Some((position, queued)) = state.queue_next(behind) {
		let left = allowance.saturating_sub(report.allowance_used);
		let limit = state.gas_node(queued.gas_node).map_or(0, |node| node.remaining);
		// Taking a message costs the block something even if its sender has no gas left.
		let needed = limit.max(settings.schedule.dispatch);
		let fits =
			needed <= left && !blocked.contains(&queued.destination) && state.has_room(position);
		if !fits {
			blocked.insert(queued.destination);
			report.passed_over += 1;
			if report.passed_over >= settings.limits.passed_over {
				break;
			}
			behind = Some(position);
			continue;
		}
		let Some(dispatch) = state.queue_take(position) else {
			// The queue contradicts itself. There is no message to put aside, and to go on might
			// be to go round in circles.
			state.emit(Event::QueueBroken { position });
			break;
		};
		let journal = process(dispatch, state, executor, settings);
		let spent = commit(journal, state, settings, &mut report);
		report.processed += 1;
		report.gas_spent = report.gas_spent.saturating_add(spent);
		report.allowance_used =
			report.allowance_used.saturating_add(spent.max(settings.schedule.dispatch));
	}
	report
}

/// Applies a journal as a whole. If the state refuses it, the dispatch has failed instead; if even
/// that is refused, the message is put aside. Returns the gas that was paid.
fn commit<S: StateMut>(
	journal: Journal,
	state: &mut S,
	settings: &Settings,
	report: &mut QueueReport,
) -> Gas {
	let (dispatch, spent) = (journal.dispatch.clone(), journal.gas_spent);
	let set_aside = journal.is_quarantine();
	let first = match state.transact(|state| apply(journal, state, settings)) {
		Ok(failure) => {
			report.failed += u32::from(failure.is_some());
			report.quarantined += u32::from(set_aside);
			return spent;
		}
		Err(error) => error,
	};
	let reason = ErrorReplyReason::Execution(SimpleExecutionError::BackendError);
	let fallback = Journal::failed(dispatch.clone(), spent, reason, Vec::new());
	if state.transact(|state| apply(fallback, state, settings)).is_ok() {
		report.failed += 1;
		return spent;
	}
	report.quarantined += 1;
	// The error that began the trouble says more than the one that followed.
	state.quarantine(dispatch, first);
	0
}
