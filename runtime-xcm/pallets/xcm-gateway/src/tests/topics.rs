//! The barrier wrapper: which topic a transacted call sees.

use crate::{CurrentTopic, RecordTopic, mock::*};
use polkadot_sdk::{
	frame_support::traits::{Everything, Hooks, Nothing, ProcessMessageError},
	sp_weights::Weight,
	staging_xcm::prelude::*,
	staging_xcm_builder::{AllowUnpaidExecutionFrom, TrailingSetTopicAsId},
	staging_xcm_executor::traits::{Properties, ShouldExecute},
};

/// Shows a message to the barrier `Inner`, within the two wrappers.
fn arrive<Inner: ShouldExecute>(
	mut instructions: Vec<Instruction<()>>,
) -> Result<(), ProcessMessageError> {
	let mut properties = Properties { weight_credit: Weight::zero(), message_id: None };
	TrailingSetTopicAsId::<RecordTopic<Inner, Runtime>>::should_execute(
		&alice(),
		&mut instructions,
		Weight::zero(),
		&mut properties,
	)
}

#[test]
fn each_message_shows_its_own_topic_or_none() {
	type Open = AllowUnpaidExecutionFrom<Everything>;
	type Shut = AllowUnpaidExecutionFrom<Nothing>;
	chain(|| {
		assert_eq!(arrive::<Open>(vec![ClearOrigin, SetTopic([1; 32])]), Ok(()));
		assert_eq!(CurrentTopic::<Runtime>::get(), Some([1; 32]));

		assert_eq!(
			arrive::<Shut>(vec![ClearOrigin, SetTopic([2; 32])]),
			Err(ProcessMessageError::Unsupported)
		);
		assert_eq!(CurrentTopic::<Runtime>::get(), Some([1; 32]));

		// Not at the end, so not the message's id.
		assert_eq!(arrive::<Open>(vec![SetTopic([3; 32]), ClearOrigin]), Ok(()));
		assert_eq!(CurrentTopic::<Runtime>::get(), None);
	});
}

#[test]
fn no_topic_outlives_its_block() {
	chain(|| {
		CurrentTopic::<Runtime>::put([1; 32]);
		XcmGateway::on_finalize(1);
		assert_eq!(CurrentTopic::<Runtime>::get(), None);
	});
}
