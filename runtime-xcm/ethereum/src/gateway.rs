//! The gateway contract, as seen from here.

use alloc::vec::Vec;
use alloy_primitives::Log;
use alloy_sol_types::SolEvent;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use polkadot_sdk::{sp_core::H256, sp_io::hashing::keccak_256};
use scale_info::TypeInfo;

/// The contract's ABI, read from the very file the contract is compiled with.
pub mod abi {
	// What the macro writes is documented in the Solidity file.
	#![allow(missing_docs)]
	alloy_sol_types::sol!("../../bridge-contracts/src/IGateway.sol");
}

/// A gateway contract.
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
pub struct Gateway {
	/// EIP-155 id of the chain it lives on.
	pub chain_id: u64,
	/// Its address.
	pub address: [u8; 20],
}

/// A message that was sent through the gateway: its `MessageQueued` event.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct GatewayMessage {
	/// Its number at this gateway; the first is 1.
	pub nonce: u64,
	/// The Ethereum account that sent it.
	pub sender: [u8; 20],
	/// The program it is for.
	pub program: [u8; 32],
	/// Gas it may use.
	pub gas_limit: u64,
	/// Bytes for the program.
	pub payload: Vec<u8>,
}

/// Why a log is not a message of the gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
	/// Another contract wrote the log.
	#[error("the log is of another contract than the gateway")]
	WrongGateway,
	/// Another event, or malformed data.
	#[error("the log is not the gateway's message event")]
	WrongEvent,
}

impl Gateway {
	/// Identifies the journey of the message with this nonce, on every chain it passes:
	/// `keccak256("gearway/ethereum" ++ chain id ++ address ++ nonce)`, numbers as eight
	/// big-endian bytes.
	pub fn topic(&self, nonce: u64) -> [u8; 32] {
		let mut bytes = Vec::with_capacity(52);
		bytes.extend_from_slice(b"gearway/ethereum");
		bytes.extend_from_slice(&self.chain_id.to_be_bytes());
		bytes.extend_from_slice(&self.address);
		bytes.extend_from_slice(&nonce.to_be_bytes());
		keccak_256(&bytes)
	}

	/// Reads a log as this gateway's message.
	pub fn message(&self, log: &Log) -> Result<GatewayMessage, Error> {
		if log.address != self.address {
			return Err(Error::WrongGateway);
		}
		let event = abi::IGateway::MessageQueued::decode_log_data(&log.data)
			.map_err(|_| Error::WrongEvent)?;
		// Decoding is lenient (with bits beyond an integer's width, say); the contract is not.
		if event.encode_log_data() != log.data {
			return Err(Error::WrongEvent);
		}
		Ok(GatewayMessage {
			nonce: event.nonce,
			sender: event.sender.into(),
			program: event.program.0,
			gas_limit: event.gasLimit,
			payload: event.payload.to_vec(),
		})
	}
}

impl GatewayMessage {
	/// Topic 0 of the event.
	pub const EVENT: H256 = H256(abi::IGateway::MessageQueued::SIGNATURE_HASH.0);

	/// The sender as the program sees it: twelve zero bytes and the address.
	pub fn source(&self) -> [u8; 32] {
		let mut source = [0; 32];
		source[12..].copy_from_slice(&self.sender);
		source
	}
}
