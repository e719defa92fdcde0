//! Using a nonce, and handing the message on.

use crate::{Config, Consumed, Event, Failed, Gateway, Pallet, WeightInfo};
use codec::Encode;
use gearway_ethereum::{Gateway as GatewayId, GatewayMessage, H256, HeaderProof, ReceiptProof};
use gearway_primitives::{ActorId, Origin, PostMessage, Posting, Provenance};
use polkadot_sdk::{
	frame_support::{storage::with_storage_layer, traits::Get},
	sp_io::hashing::blake2_256,
	sp_runtime::{AccountId32, DispatchError, traits::AccountIdConversion},
	sp_weights::Weight,
	staging_xcm::latest::Assets,
};

/// Nonces in a word of the bitmap.
const WORD: u64 = u128::BITS as u64;

impl<T: Config> Pallet<T> {
	/// The account that pays for messages' gas.
	pub fn reserve() -> AccountId32 {
		T::PalletId::get().into_account_truncating()
	}

	/// Whether the message with this nonce at the present gateway has been received, be it that it
	/// failed. Not, where there is no gateway.
	pub fn is_consumed(nonce: u64) -> bool {
		Gateway::<T>::get().is_some_and(|gateway| Self::is_used(&gateway, nonce))
	}

	pub(crate) fn is_used(gateway: &GatewayId, nonce: u64) -> bool {
		Consumed::<T>::get(gateway, nonce / WORD) >> (nonce % WORD) & 1 == 1
	}

	/// Uses the nonce of a proven message and posts it; keeps its hash where that fails.
	pub(crate) fn deliver(gateway: &GatewayId, message: GatewayMessage) {
		let nonce = message.nonce;
		Consumed::<T>::mutate(gateway, nonce / WORD, |word| *word |= 1 << (nonce % WORD));
		let hash = Self::hash(&message);
		if let Err(error) = Self::post(gateway, message) {
			Failed::<T>::insert(gateway, nonce, hash);
			let topic = gateway.topic(nonce);
			Self::deposit_event(Event::MessageFailed { nonce, topic, error });
		}
	}

	/// Posts a message, paid by the reserve. An error leaves nothing behind.
	pub(crate) fn post(gateway: &GatewayId, message: GatewayMessage) -> Result<(), DispatchError> {
		let nonce = message.nonce;
		let topic = gateway.topic(nonce);
		let posting = Posting {
			source: ActorId::new(message.source()),
			payer: Self::reserve(),
			destination: ActorId::new(message.program),
			payload: message.payload,
			gas_limit: message.gas_limit,
			value: 0,
			provenance: Provenance {
				origin: Origin::Ethereum { chain_id: gateway.chain_id, address: message.sender },
				topic: Some(topic),
				assets: Assets::new(),
				reply_to: None,
			},
		};
		let id = with_storage_layer(|| T::Messages::post(posting))?;
		let message_id = id.into_bytes();
		Self::deposit_event(Event::MessageReceived { nonce, message_id, topic });
		Ok(())
	}

	pub(crate) fn hash(message: &GatewayMessage) -> H256 {
		blake2_256(&message.encode()).into()
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
