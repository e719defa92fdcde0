//! Programs: immutable code and private memory.

use crate::{
	ids::{ActorId, CodeId, MessageId, ReservationId},
	pages::RunSet,
	reservation::Reservation,
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
