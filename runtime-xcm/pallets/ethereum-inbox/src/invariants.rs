//! What is always true of the storage.

use crate::{Config, Failed, Pallet};
use polkadot_sdk::{frame_support::ensure, sp_runtime::TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// Checks that every message that failed has used its nonce.
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			Failed::<T>::iter_keys().all(|(gateway, nonce)| Self::is_used(&gateway, nonce)),
			"a message failed without using its nonce"
		);
		Ok(())
	}
}
