//! Causes, as the chain's metadata names them.

use crate::{Config, Error};
use gearway_ethereum::{gateway, inclusion, receipts};

impl<T: Config> From<inclusion::Error> for Error<T> {
	fn from(error: inclusion::Error) -> Self {
		match error {
			inclusion::Error::UnknownFork => Self::UnknownFork,
			inclusion::Error::NotFinalized => Self::HeaderNotFinalized,
			inclusion::Error::BrokenChain => Self::BrokenHeaderChain,
			inclusion::Error::BadExecutionBranch => Self::BadExecutionBranch,
		}
	}
}

impl<T: Config> From<receipts::Error> for Error<T> {
	fn from(error: receipts::Error) -> Self {
		match error {
			receipts::Error::BadProof => Self::BadReceiptProof,
			receipts::Error::BadReceipt => Self::BadReceipt,
			receipts::Error::UnknownReceiptType => Self::UnknownReceiptType,
			receipts::Error::Reverted => Self::TransactionReverted,
			receipts::Error::LogIndexOutOfBounds => Self::LogIndexOutOfBounds,
			receipts::Error::Gateway(gateway::Error::WrongGateway) => Self::WrongGateway,
			receipts::Error::Gateway(gateway::Error::WrongEvent) => Self::WrongEvent,
			receipts::Error::WrongNonce => Self::WrongNonce,
		}
	}
}
