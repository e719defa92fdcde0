//! What the inbox delivers, and how it is told apart.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use gearway_ethereum::{ContractEvent, Gateway, GatewayMessage, H256};
use gearway_primitives::{ActorId, Origin, Posting, Provenance, Topic};
use polkadot_sdk::{
	sp_io::hashing::blake2_256, sp_runtime::AccountId32, staging_xcm::latest::Assets,
};
use scale_info::TypeInfo;

/// Something that was proven and is for a program.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Proven {
	/// A message sent through a gateway.
	Message {
		/// The gateway.
		gateway: Gateway,
		/// The message.
		message: GatewayMessage,
	},
	/// An event that a program subscribed to.
	Event {
		/// The program.
		program: [u8; 32],
		/// Gas it may use.
		gas_limit: u64,
		/// The event.
		event: ContractEvent,
	},
}

/// Names a [`Proven`]; each is delivered once.
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
pub enum ProvenKey {
	/// A message sent through a gateway.
	Message {
		/// The gateway.
		gateway: Gateway,
		/// The message's number there.
		nonce: u64,
	},
	/// An event that a program subscribed to.
	Event(EventKey),
}

/// Names the delivery of one event to one program. Only one block of a slot is ever final.
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
pub struct EventKey {
	/// Slot of the beacon block.
	pub slot: u64,
	/// The transaction's position in the block.
	pub tx_index: u32,
	/// The log's position in the transaction's receipt.
	pub log_index: u32,
	/// The program.
	pub program: [u8; 32],
}

/// A [`Proven`] that no program has handled, though it is used up.
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
pub struct Failure<BlockNumber> {
	/// BLAKE2-256 of the SCALE-encoded [`Proven`].
	pub hash: H256,
	/// Block in which it failed.
	pub since: BlockNumber,
}

impl Proven {
	/// Its name.
	pub fn key(&self) -> ProvenKey {
		match self {
			Self::Message { gateway, message } => {
				ProvenKey::Message { gateway: *gateway, nonce: message.nonce }
			}
			Self::Event { program, event, .. } => ProvenKey::Event(EventKey {
				slot: event.slot,
				tx_index: event.tx_index,
				log_index: event.log_index,
				program: *program,
			}),
		}
	}

	/// The journey it is on.
	pub fn topic(&self) -> Topic {
		match self {
			Self::Message { gateway, message } => gateway.topic(message.nonce),
			Self::Event { program, event, .. } => event.topic(program),
		}
	}

	/// The Ethereum account it is from: who called the gateway, or whose event it is.
	pub fn sender(&self) -> [u8; 20] {
		match self {
			Self::Message { message, .. } => message.sender,
			Self::Event { event, .. } => event.contract,
		}
	}

	/// Gas the program may use.
	pub fn gas_limit(&self) -> u64 {
		match self {
			Self::Message { message, .. } => message.gas_limit,
			Self::Event { gas_limit, .. } => *gas_limit,
		}
	}

	/// Bytes in it that are not of fixed length.
	pub(crate) fn len(&self) -> u32 {
		let len = match self {
			Self::Message { message, .. } => message.payload.len(),
			Self::Event { event, .. } => event.data.len() + 32 * event.topics.len(),
		};
		u32::try_from(len).unwrap_or(u32::MAX)
	}

	/// What stands for it where it failed.
	pub(crate) fn hash(&self) -> H256 {
		blake2_256(&self.encode()).into()
	}

	/// The message it becomes, with gas that `payer` pays for.
	pub(crate) fn posting(self, payer: AccountId32, gas_limit: u64) -> Posting {
		let topic = self.topic();
		let address = self.sender();
		let (source, program, payload, chain_id) = match self {
			Self::Message { gateway, message } => {
				(message.source(), message.program, message.payload, gateway.chain_id)
			}
			Self::Event { program, event, .. } => {
				(event.source(), program, event.encode(), event.chain_id)
			}
		};
		Posting {
			source: ActorId::new(source),
			payer,
			destination: ActorId::new(program),
			payload,
			gas_limit,
			value: 0,
			provenance: Provenance {
				origin: Origin::Ethereum { chain_id, address },
				topic: Some(topic),
				assets: Assets::new(),
				reply_to: None,
			},
		}
	}
}
