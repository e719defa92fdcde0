//! What `Transact` calls here and is refused.

use crate::{Config, CurrentTopic, Event, Pallet};
use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::traits::EnsureOrigin,
	sp_runtime::{DispatchErrorWithPostInfo, traits::Dispatchable},
	staging_xcm_executor::traits::CallDispatcher,
};

/// Makes the calls of XCMs, and an event of each that is refused.
///
/// A refused call leaves nothing behind, no event either, and an XCM goes on after it: without this
/// only who asked for the status of its `Transact` would know.
pub struct TellRefusals<T>(PhantomData<T>);

impl<T: Config> CallDispatcher<T::RuntimeCall> for TellRefusals<T> {
	fn dispatch(
		call: T::RuntimeCall,
		origin: T::RuntimeOrigin,
	) -> Result<
		<T::RuntimeCall as Dispatchable>::PostInfo,
		DispatchErrorWithPostInfo<<T::RuntimeCall as Dispatchable>::PostInfo>,
	> {
		let speaker = origin.clone();
		call.dispatch(origin).inspect_err(|refusal| {
			Pallet::<T>::deposit_event(Event::CallRefused {
				origin: T::XcmOrigin::try_origin(speaker).ok(),
				error: refusal.error,
				topic: CurrentTopic::<T>::get(),
			});
		})
	}
}
