//! The topic of the XCM in execution.

use crate::{Config, CurrentTopic};
use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::traits::ProcessMessageError,
	staging_xcm::latest::{Instruction, Location, Weight},
	staging_xcm_executor::traits::{Properties, ShouldExecute},
};

/// A barrier around `Inner` that shows the topic of a message it lets through to the calls which
/// that message transacts.
///
/// Belongs right inside `TrailingSetTopicAsId`, which finds the topic:
/// `TrailingSetTopicAsId<RecordTopic<Inner, Runtime>>`. Each message overwrites the topic of the
/// one before, with none where it has none; the end of the block removes the last.
pub struct RecordTopic<Inner, T>(PhantomData<(Inner, T)>);

impl<Inner: ShouldExecute, T: Config> ShouldExecute for RecordTopic<Inner, T> {
	fn should_execute<RuntimeCall>(
		origin: &Location,
		instructions: &mut [Instruction<RuntimeCall>],
		max_weight: Weight,
		properties: &mut Properties,
	) -> Result<(), ProcessMessageError> {
		// A refused message executes nothing, so the topic of one that it may be nested in stands.
		Inner::should_execute(origin, instructions, max_weight, properties)?;
		CurrentTopic::<T>::set(properties.message_id);
		Ok(())
	}
}
