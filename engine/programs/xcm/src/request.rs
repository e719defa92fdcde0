//! What goes between a program and the chain's XCM actor, SCALE-encoded.

use crate::{Amount, Chain};
use alloc::vec::Vec;
use gstd::codec::{Compact, Decode, Encode};

/// The chain's XCM actor: the BLAKE2b-256 hash of the ASCII bytes `gearway/actor/xcm`.
pub const ACTOR: [u8; 32] = [
	0x86, 0xa7, 0x14, 0x7d, 0x7f, 0x08, 0x34, 0x7f, 0x9d, 0xf8, 0xcd, 0xcb, 0x3f, 0x4a, 0x23, 0x1b,
	0xcc, 0x07, 0x3e, 0xd8, 0x1a, 0x64, 0x82, 0x58, 0x46, 0x5e, 0x93, 0xbd, 0x2d, 0xc9, 0x16, 0x54,
];

/// What a program asks of [`ACTOR`], and waits for. One of the chain's `XcmRequest`s.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
#[codec(crate = gstd::codec)]
pub enum Request {
	/// Makes a call of another chain. The reply is empty, or an error reply with a [`Failure`].
	#[codec(index = 1)]
	Call(CallRequest),
}

/// A call of another chain.
#[derive(Clone, PartialEq, Eq, Debug, Encode)]
#[codec(crate = gstd::codec)]
pub struct CallRequest {
	/// The chain.
	pub dest: Chain,
	/// As what the program makes the call.
	pub origin_kind: OriginKind,
	/// The call, as the other chain encodes it.
	pub call: Vec<u8>,
	/// The most weight that the call may take, in picoseconds and bytes of proof. Chains that speak
	/// XCM 5 know it themselves; those of before have to be told.
	pub max_weight: Option<(Compact<u64>, Compact<u64>)>,
	/// The most that execution there may cost, answer included, as that chain sees the token. Out
	/// of the program's account there, to which the rest goes back.
	pub fee: Amount,
	/// Blocks in which an answer is waited for.
	pub timeout: u32,
}

/// As what a program makes a call of another chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode)]
#[codec(crate = gstd::codec)]
pub enum OriginKind {
	/// As the account that the other chain derives for it: for calls that accounts sign.
	#[codec(index = 1)]
	Account,
	/// As its location: for calls made for XCM.
	#[codec(index = 3)]
	Location,
}

/// Why a [`Request`] came to nothing, for sure. Where time is over, nobody knows.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[codec(crate = gstd::codec)]
pub enum Failure {
	/// Nothing has left this chain. Its `DispatchError`, encoded.
	Refused(Vec<u8>),
	/// The call was made and failed. The other chain's `DispatchError`, encoded; its first 128
	/// bytes.
	Call(Vec<u8>),
	/// The other chain could not carry the message out.
	Execution {
		/// Which of its instructions failed.
		instruction: u32,
		/// The error of XCM 5, encoded.
		error: Vec<u8>,
	},
	/// The other chain's answer is none to what was asked.
	Nonsense,
}
