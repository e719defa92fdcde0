//! Two truths, both signed: what a client must not decide between by itself.
//!
//! Two thirds of a sync committee vouch for what a client believes. Where the same committees
//! vouch for something else too, one of both is false, and nothing here can tell which. All that
//! is left is to stop, and to let people look.

use crate::{
	BeaconHeader, ClientState, H256, Network, PreparedCommittee, Update,
	inclusion::check_chain,
	light_client::{self, check_branches, check_signature, check_signer, check_slots},
	merkle::header_root,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What contradicts what.
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
pub enum Conflict {
	/// Two final headers, of which neither is an ancestor of the other.
	Finality {
		/// Root of the one that was known.
		known: H256,
		/// Root of the other.
		other: H256,
	},
	/// Two sync committees of one period.
	NextCommittee {
		/// Root of the one that was known.
		known: H256,
		/// Root of the other.
		other: H256,
	},
}

/// Why a conflict is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// The update itself does not hold.
	#[error(transparent)]
	Update(#[from] light_client::Error),
	/// The headers do not end at the later of both final headers.
	#[error("the header chain does not end at the later of the two final headers")]
	WrongEnd,
	/// A header is not the child of the one before.
	#[error("the header chain is broken")]
	BrokenChain,
	/// The headers do not begin where the earlier of both final headers would have to be.
	#[error("the header chain does not reach back just to the earlier of the two final headers")]
	WrongStart,
	/// One final header is the other's ancestor, or they are the same.
	#[error("the two final headers do not contradict each other")]
	NoConflict,
}

impl ClientState {
	/// What `update` says otherwise than this client has it, as far as the update alone shows it.
	/// Says nothing about whether it is true: that does [`verify`].
	pub fn contradiction(&self, update: &Update, network: &Network) -> Option<Conflict> {
		if update.finalized_header.slot == self.finalized.slot {
			let [known, other] = [&self.finalized, &update.finalized_header].map(header_root);
			if known != other {
				return Some(Conflict::Finality { known, other });
			}
		}
		let (known, next) = (self.next_committee?, update.next_committee.as_ref()?);
		// Where the finalised header is of the period, so is the state that chose the committee:
		// what was chosen is final.
		let ours = network.period_at(self.finalized.slot);
		let headers = [&update.attested_header, &update.finalized_header];
		if headers.iter().any(|header| network.period_at(header.slot) != ours) {
			return None;
		}
		let other = next.committee.root();
		(known != other).then_some(Conflict::NextCommittee { known, other })
	}
}

/// Verifies that a committee signed `update`, be it news or not.
///
/// `committee` holds the keys of the committee that [`ClientState::signer`] names.
pub fn verify(
	update: &Update,
	state: &ClientState,
	committee: &PreparedCommittee,
	network: &Network,
) -> Result<(), light_client::Error> {
	check_slots(update)?;
	check_signer(update, state, committee, network)?;
	check_branches(update, network)?;
	check_signature(update, committee, network)
}

/// Checks that neither of two final headers is an ancestor of the other: that which `update`
/// finalises, and a known one.
///
/// `headers` lead, each the child of the one before, to the later of both, from the last header
/// that is not after the earlier one. Were the earlier an ancestor, it would be that header.
pub fn divergence(
	update: &Update,
	known: H256,
	known_slot: u64,
	headers: &[BeaconHeader],
) -> Result<Conflict, Error> {
	let other = header_root(&update.finalized_header);
	let other_slot = update.finalized_header.slot;
	let (later, (earlier, earlier_slot)) = if other_slot >= known_slot {
		(other, (known, known_slot))
	} else {
		(known, (other, other_slot))
	};
	if headers.last().map(header_root) != Some(later) {
		return Err(Error::WrongEnd);
	}
	check_chain(headers).map_err(|_| Error::BrokenChain)?;
	let is_before = |header: &&BeaconHeader| header.slot <= earlier_slot;
	if headers.iter().take_while(is_before).count() != 1 {
		return Err(Error::WrongStart);
	}
	if headers.first().map(header_root) == Some(earlier) {
		return Err(Error::NoConflict);
	}
	Ok(Conflict::Finality { known, other })
}
