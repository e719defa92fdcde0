//! Tokens and amounts.

use crate::chain::{HERE, V5};
use gstd::codec::{Compact, Encode, Output};

/// A fungible token, as the chain sees it that is to handle it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token {
	/// That chain's own.
	Native,
	/// The relay chain's, on a parachain.
	Relay,
}

/// So much of a token.
///
/// Encodes as the `VersionedAsset`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount {
	/// Which.
	pub token: Token,
	/// How much, in its smallest unit.
	pub value: u128,
}

/// Index of fungible amounts.
const FUNGIBLE: u8 = 0;

impl Amount {
	/// So much of the native token of the chain that is to handle it.
	pub const fn native(value: u128) -> Self {
		Self { token: Token::Native, value }
	}
}

impl Encode for Amount {
	fn encode_to<T: Output + ?Sized>(&self, to: &mut T) {
		let parents = match self.token {
			Token::Native => 0,
			Token::Relay => 1,
		};
		to.write(&[V5, parents, HERE, FUNGIBLE]);
		Compact(self.value).encode_to(to);
	}
}
