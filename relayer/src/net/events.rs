//! Events in final blocks, read by the names that the runtime's metadata gives them.

use crate::gear::{BlockId, GearError};
use std::time::Instant;
use subxt::{
	PolkadotConfig,
	events::Event,
	ext::scale_value::{Composite, Value, ValueDef},
};

/// A final block, and when it was seen to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
	/// The block.
	pub block: BlockId,
	/// When.
	pub at: Instant,
}

impl Sight {
	/// A block that was just seen to be final.
	pub fn now(block: BlockId) -> Self {
		Self { block, at: Instant::now() }
	}
}

/// An event in a final block.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
	/// The block it is in.
	pub sight: Sight,
	/// The pallet's name.
	pub pallet: String,
	/// The event's.
	pub name: String,
	/// What it says.
	pub fields: Composite<()>,
}

impl Seen {
	/// Reads an event of a block.
	pub fn read(sight: Sight, event: &Event<'_, PolkadotConfig>) -> Result<Self, GearError> {
		Ok(Self {
			sight,
			pallet: event.pallet_name().into(),
			name: event.event_name().into(),
			fields: event.decode_fields_unchecked_as()?,
		})
	}

	/// Whether it is that event.
	pub fn is(&self, pallet: &str, name: &str) -> bool {
		self.pallet == pallet && self.name == name
	}

	/// A field by name.
	pub fn field(&self, name: &str) -> Option<&Value> {
		match &self.fields {
			Composite::Named(fields) => {
				fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
			}
			Composite::Unnamed(_) => None,
		}
	}

	/// A field that is bytes in any wrapping: an id, a topic, a payload.
	pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
		self.field(name).and_then(bytes)
	}

	/// A field that is a 32-byte id, or perhaps one: what is absent is as good as not there.
	pub fn id(&self, name: &str) -> Option<[u8; 32]> {
		self.bytes(name)?.try_into().ok()
	}

	/// A field that maps 32-byte ids to the names of an enum's variants.
	pub fn entries(&self, name: &str) -> Vec<([u8; 32], String)> {
		let Some(ValueDef::Composite(wrapped)) = self.field(name).map(|field| &field.value) else {
			return Vec::new();
		};
		// A map is a list of pairs in a wrapping.
		let lists = wrapped.values().filter_map(|list| match &list.value {
			ValueDef::Composite(list) => Some(list),
			_ => None,
		});
		lists.flat_map(Composite::values).filter_map(entry).collect()
	}

	/// A field that is a number.
	pub fn number(&self, name: &str) -> Option<u128> {
		self.field(name).and_then(Value::as_u128)
	}
}

/// The bytes that a value consists of, whatever they are wrapped in; `None` if it has other parts.
pub fn bytes(value: &Value) -> Option<Vec<u8>> {
	fn collect(value: &Value, into: &mut Vec<u8>) -> Option<()> {
		match &value.value {
			ValueDef::Primitive(_) => into.push(u8::try_from(value.as_u128()?).ok()?),
			ValueDef::Composite(parts) => {
				for part in parts.values() {
					collect(part, into)?;
				}
			}
			ValueDef::Variant(option) if option.name == "Some" => {
				for part in option.values.values() {
					collect(part, into)?;
				}
			}
			ValueDef::Variant(_) | ValueDef::BitSequence(_) => return None,
		}
		Some(())
	}
	let mut all = Vec::new();
	collect(value, &mut all)?;
	Some(all)
}

fn entry(pair: &Value) -> Option<([u8; 32], String)> {
	let ValueDef::Composite(pair) = &pair.value else { return None };
	let mut parts = pair.values();
	let id = bytes(parts.next()?)?.try_into().ok()?;
	match &parts.next()?.value {
		ValueDef::Variant(variant) => Some((id, variant.name.clone())),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn event() -> Seen {
		let id = Value::unnamed_composite([Value::from_bytes([7; 32])]);
		let block = BlockId { number: 3, hash: [1; 32].into() };
		let fields = Composite::named([("id", id), ("nonce", Value::u128(9))]);
		let sight = Sight::now(block);
		Seen { sight, pallet: "Gear".into(), name: "MessageQueued".into(), fields }
	}

	#[test]
	fn fields_are_read_through_their_wrappings() {
		let event = event();
		assert!(event.is("Gear", "MessageQueued"));
		assert!(!event.is("Gear", "UserMessageSent"));
		assert_eq!(event.bytes("id"), Some(vec![7; 32]));
		assert_eq!(event.number("nonce"), Some(9));
		assert_eq!(event.bytes("absent"), None);
		assert_eq!(event.number("id"), None);
	}

	#[test]
	fn an_optional_id_is_read_where_it_is() {
		let mut event = event();
		let topic = Value::unnamed_variant("Some", [Value::from_bytes([5; 32])]);
		let none = Value::unnamed_variant("None", []);
		event.fields = Composite::named([("topic", topic), ("other", none)]);
		assert_eq!(event.id("topic"), Some([5; 32]));
		assert_eq!(event.id("other"), None);
	}

	#[test]
	fn maps_from_ids_to_outcomes_are_read() {
		let pair = Value::unnamed_composite([
			Value::from_bytes([4; 32]),
			Value::unnamed_variant("Failed", []),
		]);
		let map = Value::unnamed_composite([Value::unnamed_composite([pair])]);
		let mut event = event();
		event.fields = Composite::named([("statuses", map)]);
		assert_eq!(event.entries("statuses"), [([4; 32], "Failed".to_owned())]);
		assert_eq!(event.entries("absent"), []);
	}

	#[test]
	fn what_is_not_bytes_is_not_read_as_bytes() {
		assert_eq!(bytes(&Value::u128(256)), None);
		assert_eq!(bytes(&Value::unnamed_variant("Ok", [Value::u128(1)])), None);
		assert_eq!(bytes(&Value::string("text")), None);
	}
}
