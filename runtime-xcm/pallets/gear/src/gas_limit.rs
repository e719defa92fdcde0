//! # GearGas: how much gas a message may have, where Gear's clients look for it
//!
//! Front ends and `@gear-js/api` check a gas limit against the constant `BlockGasLimit` of a pallet
//! named `GearGas` before they send anything. This pallet is that constant and nothing else; a
//! runtime names it `GearGas`.

pub use pallet::*;

/// The pallet.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use gearway_engine::Gas;
	use polkadot_sdk::frame_support::traits::Get;

	/// What the pallet asks of the runtime: nothing that [`crate::Config`] has not.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config + crate::Config {}

	/// The pallet, for the runtime.
	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// The most gas a message may have: [`Config::MaxGasLimit`](crate::Config::MaxGasLimit).
		#[pallet::constant_name(BlockGasLimit)]
		fn block_gas_limit() -> Gas {
			T::MaxGasLimit::get()
		}
	}
}
