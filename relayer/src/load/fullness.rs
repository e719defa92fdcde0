//! How full blocks are.

use crate::gear::{At, Client, GearError};
use codec::Decode;

/// What a block spends, or may spend, as the runtime counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
pub struct Weight {
	/// Picoseconds of a core.
	#[codec(compact)]
	pub ref_time: u64,
	/// Bytes of the proof of validity.
	#[codec(compact)]
	pub proof_size: u64,
}

/// What was spent by each class of work.
#[derive(Debug, Decode)]
struct PerClass {
	normal: Weight,
	operational: Weight,
	mandatory: Weight,
}

/// Which part of a block is taken, of 1 each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fullness {
	/// Of the time.
	pub time: f64,
	/// Of the proof of validity.
	pub proof: f64,
}

impl PerClass {
	fn of(&self, most: Weight) -> Fullness {
		let all = [self.normal, self.operational, self.mandatory];
		let share = |part: fn(&Weight) -> u64| {
			let taken: f64 = all.iter().map(|weight| part(weight) as f64).sum();
			taken / part(&most).max(1) as f64
		};
		Fullness { time: share(|weight| weight.ref_time), proof: share(|weight| weight.proof_size) }
	}
}

/// How full a block is.
pub async fn of_block(client: &Client, at: &At) -> Result<Fullness, GearError> {
	let missing = |what: &str| GearError::Incompatible(format!("it lacks System.{what}"));
	let metadata = at.metadata_ref();
	let most = metadata
		.pallet_by_name("System")
		.and_then(|system| system.constant_by_name("BlockWeights"))
		// The base of a block stands first, then its most.
		.and_then(|constant| <(Weight, Weight)>::decode(&mut constant.value()).ok())
		.map(|(_, most)| most)
		.ok_or_else(|| missing("BlockWeights"))?;
	let spent: Option<PerClass> = client.storage(at, "System", "BlockWeight", Vec::new()).await?;
	Ok(spent.ok_or_else(|| missing("BlockWeight"))?.of(most))
}

/// The mean of a measure, and the most of it; zeros where nothing was measured.
pub fn mean_and_most(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
	let count = values.clone().count().max(1) as f64;
	let sum: f64 = values.clone().sum();
	[sum / count, values.fold(0.0, f64::max)]
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::{DecodeAll, Encode};

	#[test]
	fn a_block_is_as_full_as_all_classes_make_it() {
		let most = Weight { ref_time: 2_000, proof_size: 1_000 };
		let of = |ref_time, proof_size| Weight { ref_time, proof_size };
		let spent =
			PerClass { normal: of(500, 100), operational: of(0, 0), mandatory: of(500, 150) };
		assert_eq!(spent.of(most), Fullness { time: 0.5, proof: 0.25 });
	}

	#[test]
	fn weights_are_read_as_the_runtime_stores_them() {
		let compact = |number: u64| codec::Compact(number).encode();
		let bytes: Vec<u8> = [1, 2, 3, 4, 5, 6].into_iter().flat_map(compact).collect();
		let spent = PerClass::decode_all(&mut &bytes[..]).unwrap();
		assert_eq!(spent.operational, Weight { ref_time: 3, proof_size: 4 });
		assert_eq!(spent.mandatory, Weight { ref_time: 5, proof_size: 6 });
	}

	#[test]
	fn means_of_nothing_are_nothing() {
		assert_eq!(mean_and_most([].into_iter()), [0.0, 0.0]);
		assert_eq!(mean_and_most([0.25, 0.75].into_iter()), [0.5, 0.75]);
	}
}
