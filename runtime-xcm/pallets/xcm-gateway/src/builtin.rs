//! The builtin actor: what programs ask of other chains.

use crate::{Config, Error, Event, Pallet, WeightInfo};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, DecodeLimit, Encode};
use gearway_primitives::{ActorId, Builtin, BuiltinCall, BuiltinFailure, BuiltinReply};
use polkadot_sdk::{
	frame_support::{ensure, storage::with_storage_layer},
	sp_core::H256,
	sp_runtime::{AccountId32, DispatchError},
	sp_weights::Weight,
	staging_xcm::{
		MAX_XCM_DECODE_DEPTH, VersionedAsset, VersionedLocation, VersionedXcm, prelude::*,
	},
};
use scale_info::TypeInfo;

/// The actor that sends XCM, and from which [`DepositNotice`](crate::DepositNotice)s come.
///
/// The BLAKE2b-256 hash of the ASCII bytes `gearway/actor/xcm`.
pub const XCM_ACTOR: [u8; 32] = [
	0x86, 0xa7, 0x14, 0x7d, 0x7f, 0x08, 0x34, 0x7f, 0x9d, 0xf8, 0xcd, 0xcb, 0x3f, 0x4a, 0x23, 0x1b,
	0xcc, 0x07, 0x3e, 0xd8, 0x1a, 0x64, 0x82, 0x58, 0x46, 0x5e, 0x93, 0xbd, 0x2d, 0xc9, 0x16, 0x54,
];

/// What a program asks of [`XCM_ACTOR`], SCALE-encoded. The crate `gearway-xcm` asks for programs
/// in Rust.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum XcmRequest {
	/// Sends `message` to `dest`, a chain.
	///
	/// There it comes from the program's location: `DescendOrigin` of its account is put in front.
	/// A trailing `SetTopic` stays, else one is added. The reply is the 32 bytes of the topic; an
	/// error reply has the `DispatchError`, SCALE-encoded.
	Send {
		/// The chain, as seen from this one.
		dest: VersionedLocation,
		/// What it is to execute.
		message: VersionedXcm<()>,
	},
	/// Makes a call of another chain. The reply comes when that chain says how it went: it is
	/// empty, or an error reply with a [`CallFailure`]; or when time is over, and is an error reply
	/// then with the code of a message that has waited for too long.
	Call(RemoteCall),
}

/// A call of another chain.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct RemoteCall {
	/// The chain, as seen from this one.
	pub dest: VersionedLocation,
	/// With what authority the program makes it there.
	pub origin_kind: OriginKind,
	/// The call, as that chain encodes it.
	pub call: Vec<u8>,
	/// The most it may weigh. To be told to chains of XCM before version 5.
	pub max_weight: Option<Weight>,
	/// The most its execution and the answer may cost, as that chain sees the asset, out of the
	/// program's account there.
	pub fee: Box<VersionedAsset>,
	/// Blocks in which an answer is waited for.
	pub timeout: u32,
}

/// Why a program's call came to nothing, for sure; SCALE-encoded in the error reply.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum CallFailure {
	/// Nothing has left this chain. Its `DispatchError`, encoded.
	Refused(Vec<u8>),
	/// The call was made and failed. The other chain's `DispatchError`, encoded; its first 128
	/// bytes.
	Call(Vec<u8>),
	/// The other chain could not carry the message out.
	Execution {
		/// Which of its instructions failed.
		instruction: u32,
		/// The XCM error, encoded.
		error: Vec<u8>,
	},
	/// The other chain's answer is none to what was asked.
	Nonsense,
}

impl<T: Config> Pallet<T> {
	/// The chain that a program names.
	pub(crate) fn chain(dest: VersionedLocation) -> Result<Location, Error<T>> {
		let dest = Location::try_from(dest).map_err(|()| Error::UnknownVersion)?;
		ensure!(!dest.chain_location().is_here(), Error::DestinationIsLocal);
		Ok(dest)
	}

	/// Sends a program's own XCM; returns the topic.
	fn send_own(
		program: &AccountId32,
		dest: VersionedLocation,
		message: VersionedXcm<()>,
	) -> Result<XcmHash, DispatchError> {
		let dest = Self::chain(dest)?;
		let mut message = Xcm::<()>::try_from(message).map_err(|()| Error::<T>::UnknownVersion)?;
		message.0.insert(0, DescendOrigin(Self::junction_of(program).into()));
		let topic = Self::send_for(program, dest.clone(), message)?;
		let source = H256(program.clone().into());
		Self::deposit_event(Event::XcmSent { source, destination: dest, topic });
		Ok(topic)
	}
}

impl<T: Config> Builtin for Pallet<T> {
	fn is_builtin(actor: ActorId) -> bool {
		actor.into_bytes() == XCM_ACTOR
	}

	fn handle(call: BuiltinCall<'_>) -> Result<BuiltinReply, BuiltinFailure> {
		let refused = |error: Error<T>| BuiltinFailure::from(DispatchError::from(error));
		let request =
			XcmRequest::decode_all_with_depth_limit(MAX_XCM_DECODE_DEPTH, &mut &call.payload[..])
				.map_err(|_| refused(Error::BadRequest))?;
		let program = AccountId32::new(call.source.into_bytes());
		match request {
			XcmRequest::Send { dest, message } => {
				ensure!(call.value == 0, refused(Error::ValueNotTaken));
				let topic = with_storage_layer(|| Self::send_own(&program, dest, message))?;
				Ok(BuiltinReply::Now(topic.to_vec()))
			}
			XcmRequest::Call(request) => {
				let blocks = request.timeout;
				with_storage_layer(|| Self::make_call(&call, &program, request)).map_err(
					|error| BuiltinFailure(CallFailure::Refused(error.encode()).encode()),
				)?;
				Ok(BuiltinReply::Later { blocks })
			}
		}
	}

	fn weight() -> Weight {
		T::WeightInfo::send_xcm()
	}
}
