//! What the relayer uses of the Gear chain's runtime, by name.

use super::proof::Anchor;
use crate::gear::{At, Call, Client, GearError, Item, ItemKind, dispatch_error};
use gearway_ethereum::{
	ClientState, Gateway, HeaderProof, LightClient, Network, PreparedCommittee, ReceiptProof,
	Update,
};
use std::{collections::BTreeMap, ops::Deref};
use subxt::{
	dynamic::At as _,
	ext::{scale_decode::DecodeAsType, scale_value::Value},
};

const BEACON_CLIENT: &str = "BeaconClient";
const INBOX: &str = "EthereumInbox";

/// Everything below, for the check at the start.
const NEEDED: &[Item] = &[
	Item { kind: ItemKind::Call, pallet: BEACON_CLIENT, name: "submit" },
	Item { kind: ItemKind::Storage, pallet: BEACON_CLIENT, name: "Network" },
	Item { kind: ItemKind::Storage, pallet: BEACON_CLIENT, name: "State" },
	Item { kind: ItemKind::Storage, pallet: BEACON_CLIENT, name: "CurrentCommittee" },
	Item { kind: ItemKind::Storage, pallet: BEACON_CLIENT, name: "NextCommittee" },
	Item { kind: ItemKind::Storage, pallet: BEACON_CLIENT, name: "FinalizedHeaders" },
	Item { kind: ItemKind::Call, pallet: INBOX, name: "submit" },
	Item { kind: ItemKind::Storage, pallet: INBOX, name: "Gateway" },
	Item { kind: ItemKind::Storage, pallet: INBOX, name: "Consumed" },
	Item { kind: ItemKind::Constant, pallet: INBOX, name: "MaxEvents" },
	Item { kind: ItemKind::Event, pallet: INBOX, name: "MessageReceived" },
	Item { kind: ItemKind::Event, pallet: INBOX, name: "MessageFailed" },
];

/// Nonces in a word of the inbox's bitmap.
const NONCES_A_WORD: u64 = u128::BITS as u64;

/// A Gear chain with a light client of Ethereum and an inbox for its messages.
#[derive(Debug)]
pub(super) struct GearRuntime(pub(super) Client);

impl Deref for GearRuntime {
	type Target = Client;

	fn deref(&self) -> &Client {
		&self.0
	}
}

impl GearRuntime {
	/// Checks that the runtime has all that is used of it.
	pub(super) async fn check(&self) -> Result<(), GearError> {
		self.ensure_runtime_has(NEEDED).await
	}

	/// The headers and roots of the chain's light client; `None` before it was bootstrapped.
	pub(super) async fn client_state(&self, at: &At) -> Result<Option<ClientState>, GearError> {
		self.storage(at, BEACON_CLIENT, "State", Vec::new()).await
	}

	/// The beacon chain that the chain's light client follows; `None` before it was bootstrapped.
	pub(super) async fn network(&self, at: &At) -> Result<Option<Network>, GearError> {
		self.storage(at, BEACON_CLIENT, "Network", Vec::new()).await
	}

	/// The chain's whole light client; `None` before it was bootstrapped.
	pub(super) async fn light_client(&self, at: &At) -> Result<Option<LightClient>, GearError> {
		let Some(state) = self.client_state(at).await? else { return Ok(None) };
		let network = self.network(at).await?;
		let current: Option<PreparedCommittee> =
			self.storage(at, BEACON_CLIENT, "CurrentCommittee", vec![]).await?;
		let next = self.storage(at, BEACON_CLIENT, "NextCommittee", vec![]).await?;
		match (network, current) {
			(Some(network), Some(current)) => {
				Ok(Some(LightClient { network, state, current, next }))
			}
			_ => Err(GearError::Incompatible(
				"its light client has a state, but no network or no committee".to_string(),
			)),
		}
	}

	/// Whether the chain still knows a finalised beacon header.
	pub(super) async fn knows(
		&self,
		at: &At,
		root: gearway_ethereum::H256,
	) -> Result<bool, GearError> {
		let key = vec![Value::from_bytes(root.0)];
		let slot: Option<u64> = self.storage(at, BEACON_CLIENT, "FinalizedHeaders", key).await?;
		Ok(slot.is_some())
	}

	/// All finalised beacon headers that the chain knows, in order of their slots.
	pub(super) async fn anchors(&self, at: &At) -> Result<Vec<Anchor>, GearError> {
		let entries: Vec<([u8; 32], u64)> =
			self.storage_map(at, BEACON_CLIENT, "FinalizedHeaders").await?;
		let mut anchors: Vec<_> = entries
			.into_iter()
			.map(|(root, slot)| Anchor { root: gearway_ethereum::H256(root), slot })
			.collect();
		anchors.sort_unstable_by_key(|anchor| anchor.slot);
		Ok(anchors)
	}

	/// The call that moves the light client on.
	pub(super) fn submit_update(update: &Update) -> Call {
		Call::new(BEACON_CLIENT, "submit", (update,))
	}

	/// The call that delivers messages of one block.
	pub(super) fn submit_messages(header_proof: &HeaderProof, receipts: &[ReceiptProof]) -> Call {
		Call::new(INBOX, "submit", (header_proof, receipts))
	}

	/// The gateway whose messages the chain takes; `None` where none was set.
	pub(super) async fn gateway(&self, at: &At) -> Result<Option<Gateway>, GearError> {
		self.storage(at, INBOX, "Gateway", Vec::new()).await
	}

	/// Most messages one call may deliver.
	pub(super) fn max_events(at: &At) -> Result<u32, GearError> {
		let address = subxt::dynamic::constant::<u32>(INBOX, "MaxEvents");
		at.constants().entry(address).map_err(|error| GearError::Incompatible(error.to_string()))
	}

	/// The least that an account must keep; nothing where the chain has no currency.
	pub(super) fn existential_deposit(at: &At) -> u128 {
		let address = subxt::dynamic::constant::<u128>("Balances", "ExistentialDeposit");
		at.constants().entry(address).unwrap_or_default()
	}

	/// Which of these nonces the chain has used.
	pub(super) async fn consumed(
		&self,
		at: &At,
		gateway: &Gateway,
		nonces: &[u64],
	) -> Result<Vec<u64>, GearError> {
		let mut words: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
		for nonce in nonces {
			words.entry(nonce / NONCES_A_WORD).or_default().push(*nonce);
		}
		let mut consumed = Vec::new();
		for (index, nonces) in words {
			let key = vec![gateway_key(gateway), Value::u128(index.into())];
			let word: u128 = self.storage(at, INBOX, "Consumed", key).await?.unwrap_or_default();
			consumed.extend(nonces.into_iter().filter(|nonce| is_used(word, *nonce)));
		}
		Ok(consumed)
	}

	/// What a block's events say about messages from Ethereum, and whether any extrinsic failed.
	pub(super) async fn arrivals(&self, at: &At) -> Result<Arrivals, GearError> {
		let mut arrivals = Arrivals::default();
		let events = self.events(at).await?;
		for event in events.iter() {
			let event = event?;
			let name = (event.pallet_name(), event.event_name());
			match name {
				(INBOX, "MessageReceived") => {
					let Received { nonce, message_id } = event.decode_fields_unchecked_as()?;
					arrivals.messages.push(Arrival { nonce, outcome: Ok(message_id) });
				}
				(INBOX, "MessageFailed") => {
					let Failed { nonce, error } = event.decode_fields_unchecked_as()?;
					let outcome = Err(reason(&error, at));
					arrivals.messages.push(Arrival { nonce, outcome });
				}
				("System", "ExtrinsicFailed") => {
					if let subxt::events::Phase::ApplyExtrinsic(index) = event.phase() {
						let reason = dispatch_error(event.field_bytes(), at);
						arrivals.failed_extrinsics.push((index, reason));
					}
				}
				_ => {}
			}
		}
		Ok(arrivals)
	}
}

/// What happened in a block.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Arrivals {
	pub(super) messages: Vec<Arrival>,
	/// Extrinsics that failed, by their position in the block, with the runtime's reason.
	pub(super) failed_extrinsics: Vec<(u32, String)>,
}

/// A message from Ethereum whose nonce was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrival {
	pub(super) nonce: u64,
	/// The id it has on the Gear chain, or why it could not be posted there.
	pub(super) outcome: Result<[u8; 32], String>,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Received {
	nonce: u64,
	message_id: [u8; 32],
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Failed {
	nonce: u64,
	error: Value,
}

/// The name that the runtime has for an error of one of its pallets; any other as it stands.
fn reason(error: &Value, at: &At) -> String {
	let name = || {
		let module = error.at(0)?;
		let number = |value: &Value| u8::try_from(value.as_u128()?).ok();
		let pallet = at.metadata_ref().pallet_by_error_index(number(module.at("index")?)?)?;
		let variant = pallet.error_variant_by_index(number(module.at("error")?.at(0)?)?)?;
		let docs = variant.docs.join(" ");
		Some(format!("{}.{}: {}", pallet.name(), variant.name, docs.trim()))
	};
	name().unwrap_or_else(|| error.to_string())
}

fn gateway_key(gateway: &Gateway) -> Value {
	Value::named_composite([
		("chain_id", Value::u128(gateway.chain_id.into())),
		("address", Value::from_bytes(gateway.address)),
	])
}

fn is_used(word: u128, nonce: u64) -> bool {
	word >> (nonce % NONCES_A_WORD) & 1 == 1
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn nonces_are_bits_from_the_lowest_on() {
		let word = 1 | 1 << 5 | 1 << 127;
		let used: Vec<u64> = (128..256).filter(|nonce| is_used(word, *nonce)).collect();
		assert_eq!(used, [128, 133, 255]);
	}
}
