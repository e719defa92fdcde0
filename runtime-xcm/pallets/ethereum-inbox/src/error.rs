//! Causes, as the chain's metadata names them.

use crate::{Config, Error};
use gearway_ethereum::{batch, gateway, inclusion, receipts};

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
			receipts::Error::Gateway(error) => error.into(),
			receipts::Error::WrongNonce => Self::WrongNonce,
		}
	}
}

impl<T: Config> From<gateway::Error> for Error<T> {
	fn from(error: gateway::Error) -> Self {
		match error {
			gateway::Error::WrongGateway => Self::WrongGateway,
			gateway::Error::WrongEvent => Self::WrongEvent,
		}
	}
}

impl<T: Config> From<batch::Error> for Error<T> {
	fn from(error: batch::Error) -> Self {
		match error {
			batch::Error::Inclusion(error) => error.into(),
			batch::Error::Receipt(error) => error.into(),
			batch::Error::NoHeaders => Self::NoHeaders,
			batch::Error::HeaderOutOfBounds => Self::HeaderOutOfBounds,
			batch::Error::NodeOutOfBounds => Self::NodeOutOfBounds,
			batch::Error::OutOfOrder => Self::OutOfOrder,
		}
	}
}
