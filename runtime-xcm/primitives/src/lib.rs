//! What the pallets of a Gear parachain say to one another.
//!
//! Three parties meet here and none of them knows another: those that bring messages in (the XCM
//! gateway, the Ethereum inbox), the one that runs programs (`pallet-gear`), and those that carry
//! a program's messages out (the XCM gateway). The first hold a [`PostMessage`], the second holds
//! a [`RouteMessage`] and a [`Builtin`]; the runtime ties them together.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod builtin;
mod remote;

pub use builtin::{AnswerLater, Builtin, BuiltinCall, BuiltinFailure, BuiltinReply};
pub use gprimitives::{ActorId, CodeId, MessageId};
pub use remote::{
	Answer, CallTemplate, MAX_TEMPLATE_LEN, Outgoing, ProgramMessage, ReplyTo, RouteMessage, Routed,
};

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use polkadot_sdk::{
	sp_runtime::{AccountId32, DispatchError},
	staging_xcm::latest::{Assets, Location},
};
use scale_info::TypeInfo;

/// Gas, the unit in which execution is bought. Converted to weight by the runtime.
pub type Gas = u64;

/// An amount of the chain's native asset, in its smallest unit.
pub type Value = u128;

/// Identifies one journey across chains: XCM's `SetTopic`, or the hash that stands for it.
pub type Topic = [u8; 32];

/// An Ethereum account's 20 bytes.
pub type EthereumAddress = [u8; 20];

/// Who a message is from, in full. The [`ActorId`] a program sees is derived from it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Origin {
	/// An account of this chain, by a signed extrinsic.
	Account(AccountId32),
	/// A location of the consensus universe, by XCM, as seen from this chain.
	Location(Location),
	/// An account of an Ethereum chain, by a proven event.
	Ethereum {
		/// EIP-155 chain id.
		chain_id: u64,
		/// The account that called the gateway.
		address: EthereumAddress,
	},
}

/// Where a message comes from and what came along with it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Provenance {
	/// The sender in full.
	pub origin: Origin,
	/// The journey this message is a step of.
	pub topic: Option<Topic>,
	/// Assets credited to the program together with this message.
	pub assets: Assets,
	/// How the sender wants to be answered; `None` leaves answers in its mailbox here.
	pub reply_to: Option<ReplyTo>,
}

/// A message for a program, from outside the engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Posting {
	/// The sender as the program sees it.
	pub source: ActorId,
	/// Pays gas and value, gets back what is left.
	pub payer: AccountId32,
	/// The program.
	pub destination: ActorId,
	/// Bytes for the program.
	pub payload: Vec<u8>,
	/// Gas bought for this message.
	pub gas_limit: Gas,
	/// Native asset that goes with the message.
	pub value: Value,
	/// Where it comes from.
	pub provenance: Provenance,
}

/// Puts messages into the global queue. Never executes them.
pub trait PostMessage {
	/// Reserves gas and value from the payer and enqueues.
	///
	/// Errors leave nothing behind: no program of that id, a gas limit over the block's, a payload
	/// too long, or a payer who cannot pay.
	fn post(posting: Posting) -> Result<MessageId, DispatchError>;

	/// Whether a program of that id exists and can receive.
	fn is_program(id: ActorId) -> bool;

	/// What `gas` costs, in the native asset.
	fn gas_price(gas: Gas) -> Value;
}

/// Makes programs, as [`PostMessage`] posts messages.
pub trait CreateProgram {
	/// Makes a program of an uploaded code and enqueues its first message, `posting`, whose
	/// destination is not looked at. The payer endows the program's account too, and has that and
	/// the value back if `init` fails.
	///
	/// Errors leave nothing behind: no such code, a program of that code and salt, and those of
	/// [`PostMessage::post`].
	fn create(
		code: CodeId,
		salt: &[u8],
		posting: Posting,
	) -> Result<(ActorId, MessageId), DispatchError>;
}
