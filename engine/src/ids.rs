//! How identifiers are made: the formulas of Gear, so that tools which predict an id agree.

use blake2::{Blake2b, Digest, digest::consts::U32};
pub use gprimitives::{ActorId, CodeId, MessageId, ReservationId};

/// Who signals come from: the engine itself, under the name that it has with Gear.
pub const SYSTEM: ActorId = ActorId::new(*b"geargeargeargeargeargeargeargear");

fn hash(parts: &[&[u8]]) -> [u8; 32] {
	let mut hasher = Blake2b::<U32>::new();
	for part in parts {
		hasher.update(part);
	}
	hasher.finalize().into()
}

/// Id of a code: the BLAKE2b-256 hash of the bytes as they were uploaded.
pub fn code_id(code: &[u8]) -> CodeId {
	hash(&[code]).into()
}

/// Id of a program made by an account out of `code` and a `salt` of the account's choice.
pub fn program_id(code: CodeId, salt: &[u8]) -> ActorId {
	hash(&[b"program_from_user", code.as_ref(), salt]).into()
}

/// Id of a program that the program `creator` makes out of `code` and a `salt` of its choice.
///
/// Unlike Gear's, it has the creator in it, so that no other can take the id first.
pub fn created_program_id(creator: ActorId, code: CodeId, salt: &[u8]) -> ActorId {
	hash(&[b"program_from_actor", creator.as_ref(), code.as_ref(), salt]).into()
}

/// Id of the `nonce`-th message that came from outside, posted for `source` in block `height`.
pub fn posted_message_id(height: u32, source: ActorId, nonce: u128) -> MessageId {
	hash(&[b"external", &height.to_le_bytes(), source.as_ref(), &nonce.to_le_bytes()]).into()
}

/// Id of the `nonce`-th message a program sent while it handled `origin`.
pub fn sent_message_id(origin: MessageId, nonce: u32) -> MessageId {
	hash(&[b"outgoing", origin.as_ref(), &nonce.to_le_bytes()]).into()
}

/// Id of the only reply `origin` can get.
pub fn reply_message_id(origin: MessageId) -> MessageId {
	hash(&[b"reply", origin.as_ref()]).into()
}

/// Id of the only signal that can come of `origin`.
pub fn signal_message_id(origin: MessageId) -> MessageId {
	hash(&[b"signal", origin.as_ref()]).into()
}

/// Id of the `nonce`-th gas reservation that a program made while it handled `origin`.
pub fn reservation_id(origin: MessageId, nonce: u64) -> ReservationId {
	hash(&[b"reservation", origin.as_ref(), &nonce.to_le_bytes()]).into()
}

/// Where the gas of a reservation is: gas nodes of messages and reservations share one name space.
pub fn reservation_node(reservation: ReservationId) -> MessageId {
	reservation.into_bytes().into()
}

/// A random number about `subject`, made of what the chain calls random.
pub(crate) fn random(subject: [u8; 32], seed: [u8; 32]) -> [u8; 32] {
	hash(&[&subject, &seed])
}
