//! What messages weigh here: a deposit or a response may wake a program, which costs posting a
//! message.

use crate::{Gear, Runtime, RuntimeCall};
use core::marker::PhantomData;
use gearway_primitives::AnswerLater;
use pallet_xcm_gateway::WeightInfo;
use polkadot_sdk::{
	frame_support::weights::Weight, staging_xcm::latest::prelude::*,
	staging_xcm_executor::traits::WeightBounds,
};

/// `Inner`'s weights, and for each deposit and response the weight of the message that tells a
/// program of it.
pub struct WithNotices<Inner>(PhantomData<Inner>);

impl<Inner> WithNotices<Inner> {
	/// Weight of all messages, to programs and to the relay chain, that an instruction can cause.
	fn notices(instruction: &Instruction<RuntimeCall>) -> Weight {
		match instruction {
			DepositAsset { .. } | TransferAsset { .. } => {
				pallet_xcm_gateway::weights::SubstrateWeight::<Runtime>::deposit()
			}
			QueryResponse { .. } => <Gear as AnswerLater>::weight()
				.saturating_add(pallet_xcm_gateway::weights::SubstrateWeight::<Runtime>::answer()),
			HrmpNewChannelOpenRequest { .. }
			| HrmpChannelAccepted { .. }
			| HrmpChannelClosing { .. } => {
				pallet_xcm_gateway::weights::SubstrateWeight::<Runtime>::channel()
			}
			SetErrorHandler(xcm) | SetAppendix(xcm) | ExecuteWithOrigin { xcm, .. } => {
				Self::notices_of(xcm)
			}
			_ => Weight::zero(),
		}
	}

	fn notices_of(message: &Xcm<RuntimeCall>) -> Weight {
		let each = message.inner().iter().map(Self::notices);
		each.fold(Weight::zero(), |sum, weight| sum.saturating_add(weight))
	}
}

impl<Inner: WeightBounds<RuntimeCall>> WeightBounds<RuntimeCall> for WithNotices<Inner> {
	fn weight(
		message: &mut Xcm<RuntimeCall>,
		weight_limit: Weight,
	) -> Result<Weight, InstructionError> {
		// Bounded by `Inner` first: depth and number of instructions.
		let weight = Inner::weight(message, weight_limit)?;
		let weight = weight.saturating_add(Self::notices_of(message));
		if weight.any_gt(weight_limit) {
			return Err(InstructionError { index: 0, error: XcmError::WeightLimitReached(weight) });
		}
		Ok(weight)
	}

	fn instr_weight(instruction: &mut Instruction<RuntimeCall>) -> Result<Weight, XcmError> {
		let weight = Inner::instr_weight(instruction)?;
		Ok(weight.saturating_add(Self::notices(instruction)))
	}
}
