//! Using a proven thing up, handing it on, and what can be done where that failed.

use crate::{
	Config, Consumed, Error, Event, EventKey, Failed, Failure, InFlight, Pallet, Proven, ProvenKey,
	WeightInfo,
};
use gearway_ethereum::{Gateway as GatewayId, HeaderProof, ReceiptProof};
use gearway_primitives::{Gas, MessageId, PostMessage};
use polkadot_sdk::{
	frame_support::{ensure, storage::with_storage_layer, traits::Get},
	frame_system,
	sp_io::{crypto::secp256k1_ecdsa_recover, hashing::keccak_256},
	sp_runtime::{AccountId32, DispatchError, traits::AccountIdConversion},
	sp_weights::Weight,
};

/// Nonces in a word of the bitmap.
const WORD: u64 = u128::BITS as u64;

/// What goes before the topic in what a sender signs to give its message up.
const GIVE_UP: &[u8] = b"gearway: give up ";

impl<T: Config> Pallet<T> {
	/// The account that pays for gateway messages' gas.
	pub fn reserve() -> AccountId32 {
		T::PalletId::get().into_account_truncating()
	}

	/// Whether the message with this nonce at the present gateway has been received, be it that it
	/// failed. Not, where there is no gateway.
	pub fn is_consumed(nonce: u64) -> bool {
		crate::Gateway::<T>::get().is_some_and(|gateway| Self::is_used(&gateway, nonce))
	}

	pub(crate) fn is_used(gateway: &GatewayId, nonce: u64) -> bool {
		Consumed::<T>::get(gateway, nonce / WORD) >> (nonce % WORD) & 1 == 1
	}

	/// Uses up something proven and posts it; keeps its hash where that fails.
	pub(crate) fn deliver(proven: Proven) {
		let key = proven.key();
		let payer = match key {
			ProvenKey::Message { gateway, nonce } => {
				Consumed::<T>::mutate(gateway, nonce / WORD, |word| *word |= 1 << (nonce % WORD));
				Self::reserve()
			}
			ProvenKey::Event(event) => {
				Self::remember(event);
				AccountId32::new(event.program)
			}
		};
		let (hash, topic, gas_limit) = (proven.hash(), proven.topic(), proven.gas_limit());
		if let Err(error) = Self::post(proven, payer, gas_limit) {
			Self::fail(key, hash);
			Self::deposit_event(match key {
				ProvenKey::Message { nonce, .. } => Event::MessageFailed { nonce, topic, error },
				ProvenKey::Event(key) => Event::EventFailed { key, topic, error },
			});
		}
	}

	/// Writes down that something proven has not been handled.
	pub(crate) fn fail(key: ProvenKey, hash: gearway_ethereum::H256) {
		let since = frame_system::Pallet::<T>::block_number();
		Failed::<T>::insert(key, Failure { hash, since });
	}

	/// Posts a message. An error leaves nothing behind.
	pub(crate) fn post(
		proven: Proven,
		payer: AccountId32,
		gas_limit: Gas,
	) -> Result<MessageId, DispatchError> {
		let (key, hash, topic) = (proven.key(), proven.hash(), proven.topic());
		let posting = proven.posting(payer, gas_limit);
		let id = with_storage_layer(|| T::Messages::post(posting))?;
		let message_id = id.into_bytes();
		InFlight::<T>::insert(message_id, (key, hash));
		Self::deposit_event(match key {
			ProvenKey::Message { nonce, .. } => Event::MessageReceived { nonce, message_id, topic },
			ProvenKey::Event(key) => Event::EventReceived { key, message_id, topic },
		});
		Ok(id)
	}

	/// The failure of `proven`, which has to be what failed.
	pub(crate) fn failure_of(proven: &Proven) -> Result<Failure<crate::BlockNumber<T>>, Error<T>> {
		let failure = Failed::<T>::get(proven.key()).ok_or(Error::<T>::NotFailed)?;
		ensure!(proven.hash() == failure.hash, Error::<T>::OtherMessage);
		Ok(failure)
	}

	/// Whether `signature` is that of `proven`'s sender, saying that it gives it up.
	pub(crate) fn is_given_up_by_sender(proven: &Proven, signature: &[u8; 65]) -> bool {
		let digest = keccak_256(&give_up_text(proven.topic()));
		secp256k1_ecdsa_recover(signature, &digest)
			.is_ok_and(|key| keccak_256(&key)[12..] == proven.sender())
	}

	/// Weight of verifying these proofs and delivering their messages.
	pub(crate) fn weight_of<'a>(
		header_proof: &HeaderProof,
		receipts: impl Iterator<Item = &'a ReceiptProof>,
	) -> Weight {
		let headers = header_proof.descendants.len() as u32;
		receipts.fold(T::WeightInfo::submit(headers), |weight, proof| {
			weight.saturating_add(T::WeightInfo::event(proof.nodes.len() as u32, proof.len()))
		})
	}
}

/// What the sender of a message with this topic signs to give it up, as wallets sign text
/// ([EIP-191](https://eips.ethereum.org/EIPS/eip-191)): `gearway: give up ` and the topic, 64
/// lower-case hexadecimal digits.
pub fn give_up_text(topic: [u8; 32]) -> alloc::vec::Vec<u8> {
	let mut text = b"\x19Ethereum Signed Message:\n81".to_vec();
	text.extend_from_slice(GIVE_UP);
	for byte in topic {
		for digit in [byte >> 4, byte & 0xf] {
			text.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
		}
	}
	text
}

impl<T: Config> Pallet<T> {
	/// Whether an event has been delivered to a program, or is too old to be.
	pub(crate) fn is_delivered(key: &EventKey) -> bool {
		crate::EventsFrom::<T>::get().is_none_or(|from| key.slot < from)
			|| crate::Delivered::<T>::contains_key(key)
	}
}
