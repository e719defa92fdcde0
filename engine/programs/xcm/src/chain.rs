//! Chains, as seen from the Gear chain.

use gstd::codec::{Compact, Encode, Output};

/// A chain that XCM can be sent to.
///
/// Encodes as the `VersionedLocation` of that chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chain {
	/// The relay chain.
	Relay,
	/// The parachain of that id.
	Parachain(u32),
}

/// Index of XCM's version 5 among the versioned types.
pub(crate) const V5: u8 = 5;
/// Index of the empty list of junctions, and of that of one.
pub(crate) const HERE: u8 = 0;
const X1: u8 = 1;
/// Index of a parachain among junctions.
const PARACHAIN: u8 = 0;

impl Encode for Chain {
	fn encode_to<T: Output + ?Sized>(&self, to: &mut T) {
		// One up: the relay chain.
		to.write(&[V5, 1]);
		match self {
			Self::Relay => to.push_byte(HERE),
			Self::Parachain(id) => {
				to.write(&[X1, PARACHAIN]);
				Compact(*id).encode_to(to);
			}
		}
	}
}
