//! Following the beacon chain by what its sync committees sign.
//!
//! The rules are those of the [sync protocol][1], narrowed: a client here knows finalised headers
//! only, wants two thirds of a committee every time, and never enters a period without learning
//! the committee after it. So it can always go on from the standard `light_client/updates` of any
//! beacon node, however long it was away.
//!
//! There is no clock: a header that two thirds of a committee signed as finalised is believed,
//! however old.
//!
//! [1]: https://github.com/ethereum/consensus-specs/blob/master/specs/altair/light-client/sync-protocol.md

use crate::{
	Branch,
	committee::{self, PreparedCommittee, SyncAggregate, SyncCommittee},
	merkle::{hash_pair, header_root, is_valid_branch},
	network::{self, Fork, Network},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::sp_core::H256;
use scale_info::TypeInfo;
use snowbridge_beacon_primitives::BeaconHeader;

/// `DOMAIN_SYNC_COMMITTEE`.
const DOMAIN_SYNC_COMMITTEE: [u8; 4] = [7, 0, 0, 0];

/// Where a client starts: a header that is trusted by its root, and the committee of its period.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Bootstrap {
	/// The trusted header.
	pub header: BeaconHeader,
	/// The committee that serves at that header's slot.
	pub current_committee: SyncCommittee,
	/// Leads from the committee to the header's state root.
	pub current_committee_branch: Branch,
}

/// The committee after the one that serves at the attested header, and the proof.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct NextCommittee {
	/// The committee.
	pub committee: SyncCommittee,
	/// Leads from the committee to the attested header's state root.
	pub branch: Branch,
}

/// One step forward: `light_client/updates` with a committee, `light_client/finality_update`
/// without.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Update {
	/// The header that was signed.
	pub attested_header: BeaconHeader,
	/// The next committee, where the update has one.
	pub next_committee: Option<NextCommittee>,
	/// The header that is final in the attested header's state.
	pub finalized_header: BeaconHeader,
	/// Leads from the finalised header's root to the attested header's state root.
	pub finality_branch: Branch,
	/// The signature over the attested header.
	pub sync_aggregate: SyncAggregate,
	/// Slot of the block that carries the signature.
	pub signature_slot: u64,
}

/// What a client must remember, without the keys themselves.
#[derive(
	Clone, Copy, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo, MaxEncodedLen,
)]
pub struct ClientState {
	/// The latest finalised header.
	pub finalized: BeaconHeader,
	/// Root of the committee of that header's period.
	pub current_committee: H256,
	/// Root of the next period's committee; unknown only between bootstrap and the first update
	/// that has one.
	pub next_committee: Option<H256>,
}

/// Which of the known committees has to sign an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signer {
	/// That of the finalised header's period.
	Current,
	/// That of the period after.
	Next,
}

/// What a valid update changes.
#[derive(Clone, PartialEq, Debug)]
pub struct StateChange {
	/// The state from now on.
	pub state: ClientState,
	/// Whether the next committee has become the current one.
	pub rotated: bool,
	/// The next committee, where it was not known before. Set after rotating.
	pub next_committee: Option<PreparedCommittee>,
	/// Root of [`ClientState::finalized`], where that is new.
	pub finalized_root: Option<H256>,
}

/// Why a bootstrap or an update is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// The network is ill-defined.
	#[error(transparent)]
	Network(#[from] network::Error),
	/// The bootstrap's header is not the trusted one.
	#[error("the bootstrap's header is not the trusted one")]
	UntrustedHeader,
	/// A slot before the first fork that is listed.
	#[error("a slot of the update is before the first known fork")]
	UnknownFork,
	/// Slots must go: finalised, attested, signature, and only the first two may be equal.
	#[error("the update's slots are out of order")]
	SlotsOutOfOrder,
	/// Nothing but genesis is final yet.
	#[error("nothing is final yet")]
	NothingFinal,
	/// Nothing in the update is new.
	#[error("the update holds nothing new")]
	NothingNew,
	/// Signed by a committee of the past.
	#[error("the update was signed in a period before the client's")]
	PastPeriod,
	/// Signed by a committee that is not known yet: updates of the periods between are missing.
	#[error("the update skips a sync committee period")]
	SkippedPeriod,
	/// The first update with a finalised header in a new period must bring the committee of the
	/// one after.
	#[error("the first update of a period must bring the next sync committee")]
	NextCommitteeMissing,
	/// Given keys of a committee other than the one that has to sign.
	#[error("these are not the keys of the sync committee that has to sign")]
	WrongCommittee,
	/// The current committee is not in the bootstrap's state.
	#[error("the branch of the current sync committee is wrong")]
	BadCurrentCommitteeBranch,
	/// The next committee is not in the attested state.
	#[error("the branch of the next sync committee is wrong")]
	BadNextCommitteeBranch,
	/// Not the next committee that is known already.
	#[error("the next sync committee is another than the one known")]
	ConflictingNextCommittee,
	/// The finalised header is not in the attested state.
	#[error("the finality branch is wrong")]
	BadFinalityBranch,
	/// The committee's size, keys or signature.
	#[error(transparent)]
	Committee(#[from] committee::Error),
}

/// Starts a client at a header whose root is trusted.
pub fn bootstrap(
	network: &Network,
	trusted_root: H256,
	bootstrap: &Bootstrap,
) -> Result<(ClientState, PreparedCommittee), Error> {
	network.check()?;
	let Bootstrap { header, current_committee, current_committee_branch } = bootstrap;
	if header_root(header) != trusted_root {
		return Err(Error::UntrustedHeader);
	}
	let index = fork_at(network, header.slot)?.layout.current_committee;
	let root = current_committee.root();
	if !is_valid_branch(root, current_committee_branch, index, header.state_root) {
		return Err(Error::BadCurrentCommitteeBranch);
	}
	let committee = current_committee.prepare(network.preset)?;
	let state = ClientState { finalized: *header, current_committee: root, next_committee: None };
	Ok((state, committee))
}

impl ClientState {
	/// Which committee has to sign `update`: its keys are what [`verify`] wants.
	pub fn signer(&self, update: &Update, network: &Network) -> Result<Signer, Error> {
		let ours = network.period_at(self.finalized.slot);
		let theirs = network.period_at(update.signature_slot);
		match theirs.checked_sub(ours) {
			None => Err(Error::PastPeriod),
			Some(0) => Ok(Signer::Current),
			Some(1) if self.next_committee.is_some() => Ok(Signer::Next),
			Some(_) => Err(Error::SkippedPeriod),
		}
	}

	/// Whether `update` finalises something later, or tells the next committee where that is not
	/// known. Says nothing about whether it is true.
	pub fn is_news(&self, update: &Update, network: &Network) -> bool {
		update.finalized_header.slot > self.finalized.slot
			|| (self.next_committee.is_none() && self.new_committee(update, network).is_some())
	}

	/// The committee this client would learn from `update`.
	///
	/// Only one that is final counts: attested and finalised header are of the same period, which
	/// is the one the client is in after the update.
	fn new_committee<'a>(
		&self,
		update: &'a Update,
		network: &Network,
	) -> Option<&'a NextCommittee> {
		let ours = network.period_at(self.finalized.slot);
		let attested = network.period_at(update.attested_header.slot);
		let finalized = network.period_at(update.finalized_header.slot);
		let learns = attested == finalized
			&& match self.next_committee {
				None => attested == ours,
				Some(_) => attested == ours + 1,
			};
		update.next_committee.as_ref().filter(|_| learns)
	}
}

/// Verifies an update against what is known, cheapest checks first.
///
/// `committee` holds the keys of the committee that [`ClientState::signer`] names.
pub fn verify(
	update: &Update,
	state: &ClientState,
	committee: &PreparedCommittee,
	network: &Network,
) -> Result<StateChange, Error> {
	let Update { attested_header: attested, finalized_header: finalized, .. } = update;
	check_slots(update)?;
	check_signer(update, state, committee, network)?;
	if !state.is_news(update, network) {
		return Err(Error::NothingNew);
	}
	let ours = network.period_at(state.finalized.slot);
	let rotates = network.period_at(finalized.slot) > ours;
	let learned = state.new_committee(update, network);
	if rotates && learned.is_none() {
		return Err(Error::NextCommitteeMissing);
	}

	let (finalized_root, next_root) = check_branches(update, network)?;
	if let Some(root) = next_root {
		let known = state.next_committee.filter(|_| network.period_at(attested.slot) == ours);
		if known.is_some_and(|known| known != root) {
			return Err(Error::ConflictingNextCommittee);
		}
	}
	check_signature(update, committee, network)?;

	let advances = finalized.slot > state.finalized.slot;
	let next_committee = learned.map(|next| next.committee.prepare(network.preset)).transpose()?;
	let state = ClientState {
		finalized: if advances { *finalized } else { state.finalized },
		current_committee: state
			.next_committee
			.filter(|_| rotates)
			.unwrap_or(state.current_committee),
		next_committee: if learned.is_some() { next_root } else { state.next_committee },
	};
	let finalized_root = advances.then_some(finalized_root);
	Ok(StateChange { state, rotated: rotates, next_committee, finalized_root })
}

/// Checks the order of an update's slots.
pub(crate) fn check_slots(update: &Update) -> Result<(), Error> {
	let Update { attested_header: attested, finalized_header: finalized, .. } = update;
	if finalized.slot > attested.slot || attested.slot >= update.signature_slot {
		return Err(Error::SlotsOutOfOrder);
	}
	if finalized.slot == 0 {
		return Err(Error::NothingFinal);
	}
	Ok(())
}

/// Checks that `committee` is the one that has to sign.
pub(crate) fn check_signer(
	update: &Update,
	state: &ClientState,
	committee: &PreparedCommittee,
	network: &Network,
) -> Result<(), Error> {
	let expected = match state.signer(update, network)? {
		Signer::Current => Some(state.current_committee),
		Signer::Next => state.next_committee,
	};
	if Some(committee.root) != expected {
		return Err(Error::WrongCommittee);
	}
	Ok(())
}

/// Checks that the attested state has the finalised header and the next committee; returns the
/// roots of both.
pub(crate) fn check_branches(
	update: &Update,
	network: &Network,
) -> Result<(H256, Option<H256>), Error> {
	let attested = &update.attested_header;
	let layout = fork_at(network, attested.slot)?.layout;
	let finalized_root = header_root(&update.finalized_header);
	let branch = &update.finality_branch;
	if !is_valid_branch(finalized_root, branch, layout.finalized_root, attested.state_root) {
		return Err(Error::BadFinalityBranch);
	}
	let Some(NextCommittee { committee, branch }) = &update.next_committee else {
		return Ok((finalized_root, None));
	};
	let root = committee.root();
	if !is_valid_branch(root, branch, layout.next_committee, attested.state_root) {
		return Err(Error::BadNextCommitteeBranch);
	}
	Ok((finalized_root, Some(root)))
}

/// Checks that `committee` signed the attested header.
pub(crate) fn check_signature(
	update: &Update,
	committee: &PreparedCommittee,
	network: &Network,
) -> Result<(), Error> {
	let version = fork_at(network, update.signature_slot.max(1) - 1)?.version;
	let root = header_root(&update.attested_header);
	let message = signing_root(root, version, network.genesis_validators_root);
	Ok(committee.verify(message, &update.sync_aggregate)?)
}

/// What a sync committee signs for a block root.
///
/// <https://github.com/ethereum/consensus-specs/blob/master/specs/phase0/beacon-chain.md#compute_signing_root>
pub fn signing_root(
	block_root: H256,
	fork_version: [u8; 4],
	genesis_validators_root: H256,
) -> H256 {
	let mut version = H256::zero();
	version.0[..4].copy_from_slice(&fork_version);
	let fork_data = hash_pair(version, genesis_validators_root);
	let mut domain = H256::zero();
	domain.0[..4].copy_from_slice(&DOMAIN_SYNC_COMMITTEE);
	domain.0[4..].copy_from_slice(&fork_data.0[..28]);
	hash_pair(block_root, domain)
}

fn fork_at(network: &Network, slot: u64) -> Result<&Fork, Error> {
	network.fork_at(slot).ok_or(Error::UnknownFork)
}

/// A whole client in memory: what a relayer holds, and what a chain holds in parts.
#[derive(Clone, PartialEq, Debug)]
pub struct LightClient {
	/// The chain that is followed.
	pub network: Network,
	/// Headers and roots.
	pub state: ClientState,
	/// Keys of [`ClientState::current_committee`].
	pub current: PreparedCommittee,
	/// Keys of [`ClientState::next_committee`].
	pub next: Option<PreparedCommittee>,
}

impl LightClient {
	/// Starts at a header whose root is trusted.
	pub fn bootstrap(
		network: Network,
		trusted_root: H256,
		from: &Bootstrap,
	) -> Result<Self, Error> {
		let (state, current) = bootstrap(&network, trusted_root, from)?;
		Ok(Self { network, state, current, next: None })
	}

	/// Verifies an update and leaves the client as it is.
	pub fn verify(&self, update: &Update) -> Result<StateChange, Error> {
		let committee = match self.state.signer(update, &self.network)? {
			Signer::Current => &self.current,
			Signer::Next => self.next.as_ref().ok_or(Error::SkippedPeriod)?,
		};
		verify(update, &self.state, committee, &self.network)
	}

	/// Verifies an update and moves on.
	pub fn apply(&mut self, update: &Update) -> Result<(), Error> {
		let StateChange { state, rotated, next_committee, .. } = self.verify(update)?;
		self.state = state;
		if rotated && let Some(next) = self.next.take() {
			self.current = next;
		}
		if next_committee.is_some() {
			self.next = next_committee;
		}
		Ok(())
	}
}
