//! Programs: immutable code and private memory.

use crate::{
	ids::{ActorId, CodeId, MessageId, ReservationId},
	pages::RunSet,
	reservation::{self, Reservation},
	schedule::Task,
	settings::Settings,
	state::{ApplyError, Event, StateMut},
};
use alloc::collections::BTreeMap;
use codec::{Decode, DecodeWithMemTracking, Encode};
use gear_core_errors::SimpleUnavailableActorError;
use scale_info::TypeInfo;

/// Where a program is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Phase {
	/// Its `init` message waits in the queue.
	Uploaded {
		/// That message.
		init: MessageId,
	},
	/// `init` has begun and waits for an answer.
	Initialising {
		/// The message that began it.
		init: MessageId,
	},
	/// It takes messages.
	Active,
	/// It left by its own will.
	Exited {
		/// Who got its funds.
		inheritor: ActorId,
	},
	/// Its `init` failed.
	Terminated,
}

// The derive asks it of the foreign types inside; those are of fixed size.
impl DecodeWithMemTracking for Phase {}

impl Phase {
	/// Whether the program takes no message ever again.
	pub const fn is_gone(&self) -> bool {
		matches!(self, Self::Exited { .. } | Self::Terminated)
	}

	/// Why a message other than the `init` message cannot be taken, if it cannot.
	pub fn unavailable(&self) -> Option<SimpleUnavailableActorError> {
		match self {
			Self::Uploaded { .. } | Self::Initialising { .. } => {
				Some(SimpleUnavailableActorError::Uninitialized)
			}
			Self::Active => None,
			Self::Exited { .. } => Some(SimpleUnavailableActorError::ProgramExited),
			Self::Terminated => Some(SimpleUnavailableActorError::InitializationFailure),
		}
	}
}

/// What is known of a program, without its memory's content.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Program {
	/// The code it runs.
	pub code: CodeId,
	/// Where it is in its life.
	pub phase: Phase,
	/// 64 KiB pages it allocated, beyond its code's static ones.
	pub pages: RunSet,
	/// Chunks of its memory that are stored. All others are as the code's data segments have them.
	pub chunks: RunSet,
	/// Gas it has set aside, at most [`Limits::reservations`](crate::Limits::reservations) times.
	pub reservations: BTreeMap<ReservationId, Reservation>,
}

impl Program {
	/// A program of `code` whose `init` message has been queued.
	pub fn new(code: CodeId, init: MessageId) -> Self {
		Self {
			code,
			phase: Phase::Uploaded { init },
			pages: RunSet::default(),
			chunks: RunSet::default(),
			reservations: BTreeMap::new(),
		}
	}
}

/// Makes a program of `code`, whose `init` message is `init`.
pub(crate) fn create<S: StateMut>(state: &mut S, id: ActorId, code: CodeId, init: MessageId) {
	let program = Program::new(code, init);
	let phase = program.phase;
	state.set_program(id, program);
	state.emit(Event::ProgramChanged { id, phase });
}

/// Changes a program's phase. A program that is gone for good loses its memory and the gas it had
/// set aside, and what waits for it will find out.
pub(crate) fn set_phase<S: StateMut>(
	state: &mut S,
	id: ActorId,
	phase: Phase,
) -> Result<(), ApplyError> {
	let mut program = state.program(id).ok_or(ApplyError::NoProgram(id))?;
	program.phase = phase;
	if phase.is_gone() {
		let stored = core::mem::take(&mut program.chunks);
		program.pages = RunSet::default();
		for index in stored.iter() {
			state.set_chunk(id, index, None);
		}
		for (id, reservation) in core::mem::take(&mut program.reservations) {
			reservation::close(state, id, reservation)?;
		}
		if state.first_waiting(id).is_some() {
			let next = state.block().height.saturating_add(1);
			state.schedule(next, Task::WakeAll { program: id });
		}
	}
	state.set_program(id, program);
	state.emit(Event::ProgramChanged { id, phase });
	Ok(())
}

/// Who gets what belongs to `actor`: itself or, if it is a program that has exited, its inheritor,
/// and so on. After [`Limits::inheritors`](crate::Limits::inheritors) steps it is whoever has been
/// reached, so that programs which inherit from one another in a circle do no harm but to
/// themselves.
pub(crate) fn heir<S: StateMut>(state: &S, settings: &Settings, actor: ActorId) -> ActorId {
	let mut heir = actor;
	for _ in 0..settings.limits.inheritors {
		match state.program(heir).map(|program| program.phase) {
			Some(Phase::Exited { inheritor }) => heir = inheritor,
			_ => break,
		}
	}
	heir
}
