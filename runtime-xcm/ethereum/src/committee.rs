//! Sync committees and what they sign.

use crate::{merkle, network::Preset};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{
	sp_core::H256,
	sp_runtime::{BoundedVec, traits::ConstU32},
};
use scale_info::TypeInfo;
use snowbridge_beacon_primitives::{
	PublicKey, Signature,
	bls::{BlsError, PublicKeyPrepared, fast_aggregate_verify, prepare_milagro_pubkey},
};

/// Most keys in a sync committee.
pub const MAX_COMMITTEE: u32 = 512;

/// A key as a point in affine coordinates: twice as long as compressed, and hundreds of times
/// cheaper to load.
type Point = [u8; 96];

/// A sync committee as the beacon API gives it.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SyncCommittee {
	/// Its members' keys; a validator may hold several seats.
	pub pubkeys: BoundedVec<PublicKey, ConstU32<MAX_COMMITTEE>>,
	/// Their sum.
	pub aggregate_pubkey: PublicKey,
}

/// Who signed, and the signature.
#[derive(Clone, PartialEq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SyncAggregate {
	/// A bit a seat, the lowest of the first byte first.
	pub bits: BoundedVec<u8, ConstU32<{ MAX_COMMITTEE / 8 }>>,
	/// Sum of the signatures.
	pub signature: Signature,
}

/// A sync committee as a client keeps it: checked, and cheap to verify signatures with.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo, MaxEncodedLen)]
pub struct PreparedCommittee {
	/// SSZ root of the committee.
	pub root: H256,
	aggregate: Point,
	pubkeys: BoundedVec<Point, ConstU32<MAX_COMMITTEE>>,
}

/// Why a committee or its signature is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// Not as many keys, or bits, as the preset says.
	#[error("the sync committee has the wrong size")]
	WrongSize,
	/// A key is no point of the curve.
	#[error("a key of the sync committee is malformed")]
	BadKey,
	/// Fewer than two thirds signed.
	#[error("fewer than two thirds of the sync committee signed")]
	NotEnoughParticipation,
	/// The signature is malformed, or not by those who are said to have signed.
	#[error("the sync committee's signature is wrong")]
	BadSignature,
}

impl SyncCommittee {
	/// SSZ root.
	pub fn root(&self) -> H256 {
		let keys = self.pubkeys.iter().map(|key| merkle::byte_vector(&key.0));
		let keys = merkle::merkleize(&keys.collect::<alloc::vec::Vec<_>>(), 0);
		merkle::hash_pair(keys, merkle::byte_vector(&self.aggregate_pubkey.0))
	}

	/// Checks the size and decompresses every key: one square root a key, the most expensive step
	/// in a client's life.
	///
	/// Keys are not checked to be in the right subgroup: the beacon chain has done so when it let
	/// the validators in, and a committee is accepted only with proof that it comes from there.
	pub fn prepare(&self, preset: Preset) -> Result<PreparedCommittee, Error> {
		if self.pubkeys.len() != preset.committee_size() {
			return Err(Error::WrongSize);
		}
		let prepare = |key: &PublicKey| -> Result<Point, Error> {
			let key = prepare_milagro_pubkey(key).map_err(|_| Error::BadKey)?;
			Ok(key.as_uncompressed_bytes())
		};
		let pubkeys =
			self.pubkeys.iter().map(prepare).collect::<Result<alloc::vec::Vec<_>, _>>()?;
		Ok(PreparedCommittee {
			root: self.root(),
			aggregate: prepare(&self.aggregate_pubkey)?,
			// As many as came in, which was a bounded vector of the same bound.
			pubkeys: BoundedVec::truncate_from(pubkeys),
		})
	}
}

impl PreparedCommittee {
	/// Checks that at least two thirds of this committee signed `message`.
	pub fn verify(&self, message: H256, aggregate: &SyncAggregate) -> Result<(), Error> {
		if aggregate.bits.len() * 8 != self.pubkeys.len() {
			return Err(Error::WrongSize);
		}
		let seats = self.pubkeys.len();
		let signed = aggregate.participation();
		if signed * 3 < seats * 2 {
			return Err(Error::NotEnoughParticipation);
		}
		// Fewer are absent than present: take their keys off the sum of all.
		let absent = self
			.pubkeys
			.iter()
			.enumerate()
			.filter(|(seat, _)| !aggregate.has_signed(*seat))
			.map(|(_, key)| load(key))
			.collect::<Result<alloc::vec::Vec<_>, _>>()?;
		fast_aggregate_verify(&load(&self.aggregate)?, &absent, message, &aggregate.signature)
			.map_err(|error| match error {
				BlsError::InvalidPublicKey | BlsError::InvalidAggregatePublicKeys => Error::BadKey,
				BlsError::InvalidSignature | BlsError::SignatureVerificationFailed => {
					Error::BadSignature
				}
			})
	}
}

impl SyncAggregate {
	/// How many seats signed.
	pub fn participation(&self) -> usize {
		self.bits.iter().map(|byte| byte.count_ones() as usize).sum()
	}

	fn has_signed(&self, seat: usize) -> bool {
		self.bits.get(seat / 8).is_some_and(|byte| byte >> (seat % 8) & 1 == 1)
	}
}

fn load(point: &Point) -> Result<PublicKeyPrepared, Error> {
	PublicKeyPrepared::from_uncompressed_bytes(point).map_err(|_| Error::BadKey)
}
