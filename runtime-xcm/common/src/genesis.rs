//! Whole genesis configurations out of presets, for tools and tests.

use serde_json::Value;

/// Lays a preset's `patch` over the configuration `base`, as a node does: objects are merged key
/// by key, anything else in the patch replaces what is there.
pub fn merge(base: &mut Value, patch: Value) {
	match (base, patch) {
		(Value::Object(base), Value::Object(patch)) => {
			for (key, value) in patch {
				merge(base.entry(key).or_insert(Value::Null), value);
			}
		}
		(base, patch) => *base = patch,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn objects_merge_and_all_else_is_replaced() {
		let mut base = json!({ "a": { "x": 1, "y": [1, 2] }, "b": 1 });
		merge(&mut base, json!({ "a": { "y": [3], "z": { "new": true } } }));
		assert_eq!(base, json!({ "a": { "x": 1, "y": [3], "z": { "new": true } }, "b": 1 }));
	}
}
