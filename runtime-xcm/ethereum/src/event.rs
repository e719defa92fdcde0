//! Any contract's events, as programs that subscribe to them see them.

use alloc::vec::Vec;
use alloy_primitives::Log;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::H256, sp_io::hashing::keccak_256};
use scale_info::TypeInfo;

/// First twelve bytes of the actor that a contract's events come from; its address follows.
///
/// Other than the source of the messages that the contract itself sends through the gateway, so
/// that a contract that passes on what others tell it is not taken at its word.
pub const EVENT_SOURCE: [u8; 12] = *b"gw/eth-event";

/// What a program can subscribe to: all events of a contract with a certain first topic.
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
pub struct EventSource {
	/// The contract's address.
	pub contract: [u8; 20],
	/// Topic 0: Keccak-256 of the event's signature.
	pub topic: H256,
}

/// How a program wants the events it has subscribed to.
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
pub struct Subscription {
	/// Gas for each, which the program pays.
	pub gas_limit: u64,
	/// First slot whose events it gets.
	pub since: u64,
}

/// An event of a contract: what a program that subscribed to it receives, SCALE-encoded.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ContractEvent {
	/// EIP-155 id of the chain.
	pub chain_id: u64,
	/// The contract.
	pub contract: [u8; 20],
	/// Topics, the first of which is Keccak-256 of the event's signature.
	pub topics: Vec<H256>,
	/// ABI-encoded values that are not topics.
	pub data: Vec<u8>,
	/// Slot of the beacon block.
	pub slot: u64,
	/// The transaction's position in the block.
	pub tx_index: u32,
	/// The log's position in the transaction's receipt (not in the block).
	pub log_index: u32,
}

impl EventSource {
	/// What one has to be subscribed to so as to get `log`; `None` where it has no topic.
	pub fn of(log: &Log) -> Option<Self> {
		let topic = log.topics().first()?;
		Some(Self { contract: log.address.into(), topic: H256(topic.0) })
	}
}

impl ContractEvent {
	/// The event that `log` is.
	pub fn new(chain_id: u64, slot: u64, tx_index: u32, log_index: u32, log: &Log) -> Self {
		Self {
			chain_id,
			contract: log.address.into(),
			topics: log.topics().iter().map(|topic| H256(topic.0)).collect(),
			data: log.data.data.to_vec(),
			slot,
			tx_index,
			log_index,
		}
	}

	/// The actor that the event comes from: [`EVENT_SOURCE`] and the contract's address.
	pub fn source(&self) -> [u8; 32] {
		let mut source = [0; 32];
		source[..12].copy_from_slice(&EVENT_SOURCE);
		source[12..].copy_from_slice(&self.contract);
		source
	}

	/// Identifies the journey of this event to `program`: `keccak256("gearway/ethereum-event" ++
	/// chain id ++ slot ++ transaction ++ log ++ program)`, numbers big-endian.
	pub fn topic(&self, program: &[u8; 32]) -> [u8; 32] {
		let mut bytes = Vec::with_capacity(86);
		bytes.extend_from_slice(b"gearway/ethereum-event");
		bytes.extend_from_slice(&self.chain_id.to_be_bytes());
		bytes.extend_from_slice(&self.slot.to_be_bytes());
		bytes.extend_from_slice(&self.tx_index.to_be_bytes());
		bytes.extend_from_slice(&self.log_index.to_be_bytes());
		bytes.extend_from_slice(program);
		keccak_256(&bytes)
	}
}
