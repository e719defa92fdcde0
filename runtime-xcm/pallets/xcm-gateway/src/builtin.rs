//! The builtin actor that sends XCM for programs.

use crate::{Config, Error, Event, Pallet, WeightInfo};
use alloc::vec::Vec;
use codec::{Decode, DecodeLimit, Encode};
use gearway_primitives::{ActorId, Builtin};
use polkadot_sdk::{
	frame_support::storage::with_storage_layer,
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	sp_weights::Weight,
	staging_xcm::{MAX_XCM_DECODE_DEPTH, VersionedLocation, VersionedXcm, prelude::*},
};
use scale_info::TypeInfo;

/// The actor that sends XCM, and from which [`DepositNotice`](crate::DepositNotice)s come.
///
/// The BLAKE2b-256 hash of the ASCII bytes `gearway/actor/xcm`.
pub const XCM_ACTOR: [u8; 32] = [
	0x86, 0xa7, 0x14, 0x7d, 0x7f, 0x08, 0x34, 0x7f, 0x9d, 0xf8, 0xcd, 0xcb, 0x3f, 0x4a, 0x23, 0x1b,
	0xcc, 0x07, 0x3e, 0xd8, 0x1a, 0x64, 0x82, 0x58, 0x46, 0x5e, 0x93, 0xbd, 0x2d, 0xc9, 0x16, 0x54,
];

/// What a program asks of [`XCM_ACTOR`], SCALE-encoded.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum XcmRequest {
	/// Sends `message` to `dest`, a chain.
	///
	/// There it comes from the program's location: `DescendOrigin` of its account is put in front.
	/// A trailing `SetTopic` stays, else one is added. The reply is the 32 bytes of the topic.
	Send {
		/// The chain, as seen from this one.
		dest: VersionedLocation,
		/// What it is to execute.
		message: VersionedXcm<()>,
	},
}

impl<T: Config> Pallet<T> {
	/// Sends a program's own XCM; returns where to, and the topic.
	fn send_own(
		program: &AccountId32,
		request: XcmRequest,
	) -> Result<(Location, XcmHash), DispatchError> {
		let XcmRequest::Send { dest, message } = request;
		let dest = Location::try_from(dest).map_err(|()| Error::<T>::UnknownVersion)?;
		let mut message = Xcm::<()>::try_from(message).map_err(|()| Error::<T>::UnknownVersion)?;
		if dest.chain_location().is_here() {
			return Err(Error::<T>::DestinationIsLocal.into());
		}
		message.0.insert(0, DescendOrigin(Self::junction_of(program).into()));
		let topic = Self::send_for(program, dest.clone(), message)?;
		Ok((dest, topic))
	}
}

impl<T: Config> Builtin for Pallet<T> {
	fn is_builtin(actor: ActorId) -> bool {
		actor.into_bytes() == XCM_ACTOR
	}

	fn handle(source: ActorId, _: ActorId, payload: &[u8]) -> Result<Vec<u8>, DispatchError> {
		let request =
			XcmRequest::decode_all_with_depth_limit(MAX_XCM_DECODE_DEPTH, &mut &payload[..])
				.map_err(|_| Error::<T>::BadRequest)?;
		let program = AccountId32::new(source.into_bytes());
		let (destination, topic) = with_storage_layer(|| Self::send_own(&program, request))?;
		Self::deposit_event(Event::XcmSent {
			source: H256(source.into_bytes()),
			destination,
			topic,
		});
		Ok(topic.to_vec())
	}

	fn weight() -> Weight {
		T::WeightInfo::send_xcm()
	}
}
