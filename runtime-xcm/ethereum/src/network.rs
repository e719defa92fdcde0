//! Which beacon chain is followed: its preset, genesis and forks.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{BoundedVec, traits::ConstU32},
};
use scale_info::TypeInfo;

/// Longest Merkle branch that any [`Layout`] may ask for.
pub const MAX_BRANCH: u32 = 16;

/// Most forks a [`Network`] may list.
pub const MAX_FORKS: u32 = 16;

/// Compile-time constants of a beacon chain. Two sets of them exist.
///
/// <https://github.com/ethereum/consensus-specs/tree/master/presets>
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	MaxEncodedLen,
)]
pub enum Preset {
	/// Ethereum and its public test networks.
	Mainnet,
	/// Development networks.
	Minimal,
}

impl Preset {
	/// Keys in a sync committee.
	pub const fn committee_size(self) -> usize {
		match self {
			Self::Mainnet => 512,
			Self::Minimal => 32,
		}
	}

	/// Slots in an epoch.
	pub const fn slots_per_epoch(self) -> u64 {
		match self {
			Self::Mainnet => 32,
			Self::Minimal => 8,
		}
	}

	/// Epochs for which a sync committee serves.
	pub const fn epochs_per_period(self) -> u64 {
		match self {
			Self::Mainnet => 256,
			Self::Minimal => 8,
		}
	}
}

/// Where things are in the Merkle trees of a beacon state and a beacon block body.
///
/// All are [generalised indices][1], so a fork that moves things is one more row of data.
///
/// [1]: https://github.com/ethereum/consensus-specs/blob/master/ssz/merkle-proofs.md
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	MaxEncodedLen,
)]
pub struct Layout {
	/// `finalized_checkpoint.root` in the state.
	pub finalized_root: u32,
	/// `current_sync_committee` in the state.
	pub current_committee: u32,
	/// `next_sync_committee` in the state.
	pub next_committee: u32,
	/// `execution_payload.receipts_root` in the block body.
	pub receipts_root: u32,
}

impl Layout {
	/// The state has up to 32 fields; the payload is field 9 of up to 16 in the body, and the
	/// receipts' root field 3 of up to 32 in the payload.
	pub const DENEB: Self =
		Self { finalized_root: 105, current_committee: 54, next_committee: 55, receipts_root: 803 };

	/// The state has more than 32 fields.
	pub const ELECTRA: Self =
		Self { finalized_root: 169, current_committee: 86, next_committee: 87, receipts_root: 803 };

	/// As Electra's.
	pub const FULU: Self = Self::ELECTRA;

	fn indices(&self) -> [u32; 4] {
		[self.finalized_root, self.current_committee, self.next_committee, self.receipts_root]
	}
}

/// One row of the fork schedule.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	TypeInfo,
	MaxEncodedLen,
)]
pub struct Fork {
	/// Version that signatures commit to.
	pub version: [u8; 4],
	/// First epoch of the fork.
	pub epoch: u64,
	/// Where things are from then on.
	pub layout: Layout,
}

/// A beacon chain.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, MaxEncodedLen,
)]
pub struct Network {
	/// Its constants.
	pub preset: Preset,
	/// Root of the validators at genesis: what sets this chain apart from any other.
	pub genesis_validators_root: H256,
	/// Start of slot 0, in seconds of Unix time.
	pub genesis_time: u64,
	/// Length of a slot, in seconds.
	pub seconds_per_slot: u64,
	/// The forks from Deneb on, by ascending epoch.
	pub forks: BoundedVec<Fork, ConstU32<MAX_FORKS>>,
}

/// Why a [`Network`] makes no sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// There is no fork to verify anything under.
	#[error("the network lists no fork")]
	NoForks,
	/// Forks must be listed by ascending epoch.
	#[error("the network's forks are not in order of their epochs")]
	ForksOutOfOrder,
	/// An index of a [`Layout`] is zero, or deeper than a [`Branch`](crate::Branch) can reach.
	#[error("a generalised index of the network is out of bounds")]
	BadIndex,
	/// A slot must take time.
	#[error("the network's slots have no length")]
	NoSlotTime,
}

impl Network {
	/// Checks what the types leave open.
	pub fn check(&self) -> Result<(), Error> {
		if self.seconds_per_slot == 0 {
			return Err(Error::NoSlotTime);
		}
		if self.forks.is_empty() {
			return Err(Error::NoForks);
		}
		if self.forks.windows(2).any(|pair| pair[0].epoch > pair[1].epoch) {
			return Err(Error::ForksOutOfOrder);
		}
		let in_reach =
			|index: u32| matches!(index.checked_ilog2(), Some(depth) if depth <= MAX_BRANCH);
		if !self.forks.iter().flat_map(|fork| fork.layout.indices()).all(in_reach) {
			return Err(Error::BadIndex);
		}
		Ok(())
	}

	/// Epoch of a slot.
	pub fn epoch_at(&self, slot: u64) -> u64 {
		slot / self.preset.slots_per_epoch()
	}

	/// Sync-committee period of a slot.
	pub fn period_at(&self, slot: u64) -> u64 {
		self.epoch_at(slot) / self.preset.epochs_per_period()
	}

	/// The fork a slot belongs to; `None` for those before the first listed. Of forks that begin
	/// in the same epoch, the last listed counts.
	pub fn fork_at(&self, slot: u64) -> Option<&Fork> {
		let epoch = self.epoch_at(slot);
		self.forks.iter().rev().find(|fork| fork.epoch <= epoch)
	}

	/// Start of a slot, in seconds of Unix time.
	pub fn time_of(&self, slot: u64) -> u64 {
		self.genesis_time.saturating_add(slot.saturating_mul(self.seconds_per_slot))
	}
}
