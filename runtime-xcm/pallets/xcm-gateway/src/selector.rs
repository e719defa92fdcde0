//! Selectors: what a deposit to a program is for, told by a key behind the program's account.

use core::marker::PhantomData;
use polkadot_sdk::{
	staging_xcm::latest::{
		Junction::{AccountId32, GeneralKey},
		Location,
	},
	staging_xcm_executor::traits::ConvertLocation,
};

/// Bytes of a selector.
const LEN: u8 = 32;

/// The selector in `AccountId32/GeneralKey` of this chain, if the key has 32 bytes.
pub(crate) fn selector(location: &Location) -> Option<[u8; 32]> {
	match location.unpack() {
		(0, [AccountId32 { .. }, GeneralKey { length: LEN, data }]) => Some(*data),
		_ => None,
	}
}

/// The account of `AccountId32/GeneralKey` of this chain: `Inner`'s of the first part alone.
///
/// Whoever speaks for such a location has been let by the account in it, so that nobody gains by
/// this.
pub struct Selected<Inner>(PhantomData<Inner>);

impl<A, Inner: ConvertLocation<A>> ConvertLocation<A> for Selected<Inner> {
	fn convert_location(location: &Location) -> Option<A> {
		selector(location)?;
		Inner::convert_location(&Location::new(0, [*location.first_interior()?]))
	}
}
