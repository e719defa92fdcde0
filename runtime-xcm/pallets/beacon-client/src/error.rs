//! Causes, as the chain's metadata names them.

use crate::{Config, Error};
use gearway_ethereum::{committee, conflict, light_client};

impl<T: Config> From<light_client::Error> for Error<T> {
	fn from(error: light_client::Error) -> Self {
		match error {
			light_client::Error::Network(_) => Self::BadNetwork,
			light_client::Error::UntrustedHeader => Self::UntrustedHeader,
			light_client::Error::UnknownFork => Self::UnknownFork,
			light_client::Error::SlotsOutOfOrder => Self::SlotsOutOfOrder,
			light_client::Error::NothingFinal => Self::NothingFinal,
			light_client::Error::NothingNew => Self::NothingNew,
			light_client::Error::PastPeriod => Self::PastPeriod,
			light_client::Error::SkippedPeriod => Self::SkippedPeriod,
			light_client::Error::NextCommitteeMissing => Self::NextCommitteeMissing,
			light_client::Error::WrongCommittee => Self::WrongCommittee,
			light_client::Error::BadCurrentCommitteeBranch => Self::BadCurrentCommitteeBranch,
			light_client::Error::BadNextCommitteeBranch => Self::BadNextCommitteeBranch,
			light_client::Error::ConflictingNextCommittee => Self::ConflictingNextCommittee,
			light_client::Error::BadFinalityBranch => Self::BadFinalityBranch,
			light_client::Error::Committee(error) => match error {
				committee::Error::WrongSize => Self::WrongCommitteeSize,
				committee::Error::BadKey => Self::BadCommitteeKey,
				committee::Error::NotEnoughParticipation => Self::NotEnoughParticipation,
				committee::Error::BadSignature => Self::BadSignature,
			},
		}
	}
}

impl<T: Config> From<conflict::Error> for Error<T> {
	fn from(error: conflict::Error) -> Self {
		match error {
			conflict::Error::Update(error) => error.into(),
			conflict::Error::WrongEnd => Self::WrongChainEnd,
			conflict::Error::BrokenChain => Self::BrokenHeaderChain,
			conflict::Error::WrongStart => Self::WrongChainStart,
			conflict::Error::NoConflict => Self::NoConflict,
		}
	}
}
