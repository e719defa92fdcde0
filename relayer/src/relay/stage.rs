//! How far a message has come.
//!
//! ```text
//! observed ─▶ final ─▶ proven ─▶ sent ─▶ done
//!     │         │  ▲       │       │
//!  (reorg:      ▼  └───────┴───────┤
//!   forgotten)  failed ◀───────────┘
//!               │ ▲ └─▶ proven
//!               ▼ │ (an operator's retry)
//!              dead
//! ```
//!
//! From anywhere a message becomes `done` when the Gear chain is seen to have taken it, whoever
//! brought it there.

use std::{fmt, str::FromStr};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
	/// In a block that may still be replaced by another.
	Observed,
	/// In a finalised block.
	Final,
	/// Its proof is built, and verified as the Gear chain will verify it.
	Proven,
	/// Signed bytes that carry it are stored, and sent or about to be.
	Sent,
	/// The Gear chain took it, in a finalised block.
	Done,
	/// It went wrong and is tried again after a while.
	Failed,
	/// It went wrong too often: an operator has to look.
	Dead,
}

impl Stage {
	/// All stages, in the order a message goes through them.
	pub const ALL: [Self; 7] = [
		Self::Observed,
		Self::Final,
		Self::Proven,
		Self::Sent,
		Self::Done,
		Self::Failed,
		Self::Dead,
	];

	/// Whether a message at this stage may be at that stage next.
	pub fn may_become(self, next: Self) -> bool {
		use Stage::*;
		match next {
			Observed => false,
			Final => self == Observed,
			Proven => matches!(self, Final | Failed),
			Sent => self == Proven,
			Done => self != Done,
			Failed => matches!(self, Final | Proven | Sent | Failed | Dead),
			Dead => matches!(self, Final | Proven | Sent | Failed),
		}
	}

	/// The name it has in the database and in reports.
	pub fn name(self) -> &'static str {
		match self {
			Self::Observed => "observed",
			Self::Final => "final",
			Self::Proven => "proven",
			Self::Sent => "sent",
			Self::Done => "done",
			Self::Failed => "failed",
			Self::Dead => "dead",
		}
	}
}

impl fmt::Display for Stage {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(self.name())
	}
}

/// A word that names no stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no stage; a stage is one of observed, final, proven, sent, done, failed, dead")]
pub struct UnknownStage(pub String);

impl FromStr for Stage {
	type Err = UnknownStage;

	fn from_str(name: &str) -> Result<Self, UnknownStage> {
		Self::ALL
			.into_iter()
			.find(|stage| stage.name() == name)
			.ok_or_else(|| UnknownStage(name.to_string()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn names_are_read_back() {
		for stage in Stage::ALL {
			assert_eq!(stage.name().parse(), Ok(stage));
		}
		assert_eq!("lost".parse::<Stage>(), Err(UnknownStage("lost".into())));
	}

	#[test]
	fn the_way_of_a_message_that_nothing_befalls() {
		let way = [Stage::Observed, Stage::Final, Stage::Proven, Stage::Sent, Stage::Done];
		assert!(way.windows(2).all(|pair| pair[0].may_become(pair[1])));
	}

	#[test]
	fn no_stage_is_skipped_and_nothing_comes_after_done() {
		assert!(!Stage::Observed.may_become(Stage::Proven));
		assert!(!Stage::Observed.may_become(Stage::Sent));
		assert!(!Stage::Final.may_become(Stage::Sent));
		assert!(!Stage::Observed.may_become(Stage::Failed));
		assert!(Stage::ALL.iter().all(|stage| !Stage::Done.may_become(*stage)));
	}

	#[test]
	fn only_a_retry_brings_the_dead_back() {
		let next: Vec<_> =
			Stage::ALL.into_iter().filter(|next| Stage::Dead.may_become(*next)).collect();
		// Done, when somebody else delivered it after all.
		assert_eq!(next, [Stage::Done, Stage::Failed]);
	}
}
