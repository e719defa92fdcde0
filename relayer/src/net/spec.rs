//! Chain specs, as chopsticks needs them.

use polkadot_sdk::sp_maybe_compressed_blob::{CODE_BLOB_BOMB_LIMIT, decompress};
use std::{
	fs, io,
	path::{Path, PathBuf},
	time::SystemTime,
};

/// Where a chain keeps its clock: `Timestamp.Now`, milliseconds since 1970 as a `u64`.
const CLOCK_KEY: &str = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb";

/// Where a chain keeps its code: `:code`.
const CODE_KEY: &str = "0x3a636f6465";

/// A chain spec that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
	/// It cannot be read, or its copy cannot be written.
	#[error("chain spec {path}: {source}", path = .path.display())]
	Io {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// It has no raw genesis state.
	#[error("chain spec {}: a raw spec is expected, with genesis.raw.top\n  cure: run `make build`", .0.display())]
	NotRaw(PathBuf),
	/// There is no runtime in it, or a damaged one.
	#[error("chain spec {}: there is no intact code in it\n  cure: run `make build`", .0.display())]
	NoCode(PathBuf),
}

/// Copies a raw chain spec for chopsticks: sets the chain's clock to `now`, and unpacks its code.
///
/// Without a clock in the genesis state chopsticks reads the machine's, several times for the same
/// block, and the first block fails when a slot ends in between. Packed code it unpacks anew for
/// every call of the runtime, which are five a block.
///
/// Returns the spec's id, which is the name that the chain goes by.
pub fn copy(from: &Path, to: &Path, now: SystemTime) -> Result<String, SpecError> {
	let io = |path: &Path| {
		let path = path.to_path_buf();
		move |source| SpecError::Io { path, source }
	};
	let json = fs::read(from).map_err(io(from))?;
	let mut spec: serde_json::Value =
		serde_json::from_slice(&json).map_err(|_| SpecError::NotRaw(from.into()))?;
	let top = spec.pointer_mut("/genesis/raw/top").and_then(serde_json::Value::as_object_mut);
	let top = top.ok_or_else(|| SpecError::NotRaw(from.into()))?;

	let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
	let clock = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
	top.insert(CLOCK_KEY.into(), format!("0x{}", hex::encode(clock.to_le_bytes())).into());

	let code = top.get_mut(CODE_KEY).ok_or_else(|| SpecError::NoCode(from.into()))?;
	let packed = code.as_str().and_then(|code| hex::decode(code.strip_prefix("0x")?).ok());
	let unpacked = packed.as_deref().and_then(|code| decompress(code, CODE_BLOB_BOMB_LIMIT).ok());
	let unpacked = unpacked.ok_or_else(|| SpecError::NoCode(from.into()))?;
	*code = format!("0x{}", hex::encode(unpacked)).into();

	let copy = serde_json::to_vec(&spec).map_err(|error| io(to)(error.into()))?;
	fs::write(to, copy).map_err(io(to))?;
	let id = spec.get("id").and_then(serde_json::Value::as_str).unwrap_or_default();
	Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
	use super::*;
	use polkadot_sdk::sp_maybe_compressed_blob::compress_strongly;
	use std::time::Duration;

	/// Copies a spec that holds `code`, or nothing.
	fn copied(code: Option<&[u8]>) -> Result<serde_json::Value, SpecError> {
		let folder = tempfile::tempdir().unwrap();
		let [from, to] = ["from.json", "to.json"].map(|name| folder.path().join(name));
		let mut top = serde_json::json!({ "0x42": "0x01" });
		if let Some(code) = code {
			top[CODE_KEY] = format!("0x{}", hex::encode(code)).into();
		}
		let spec = serde_json::json!({ "id": "x", "genesis": { "raw": { "top": top } } });
		fs::write(&from, spec.to_string()).unwrap();
		super::copy(&from, &to, SystemTime::UNIX_EPOCH + Duration::from_millis(0x0102))?;
		Ok(serde_json::from_slice(&fs::read(&to).unwrap()).unwrap())
	}

	#[test]
	fn a_copied_spec_has_a_clock_unpacked_code_and_everything_else() {
		let code = b"\0asm and so on";
		let packed = compress_strongly(code, CODE_BLOB_BOMB_LIMIT).unwrap();
		for code_in_spec in [&packed[..], code] {
			let copy = copied(Some(code_in_spec)).unwrap();
			let top = &copy["genesis"]["raw"]["top"];
			assert_eq!(top[CLOCK_KEY], "0x0201000000000000");
			assert_eq!(top[CODE_KEY], format!("0x{}", hex::encode(code)));
			assert_eq!(top["0x42"], "0x01");
			assert_eq!(copy["id"], "x");
		}
	}

	#[test]
	fn a_spec_without_intact_code_is_refused() {
		let mut damaged = compress_strongly(b"\0asm", CODE_BLOB_BOMB_LIMIT).unwrap();
		damaged.truncate(damaged.len() - 3);
		for code in [None, Some(&damaged[..])] {
			assert!(matches!(copied(code), Err(SpecError::NoCode(_))));
		}
	}

	#[test]
	fn a_spec_that_is_not_raw_is_refused() {
		let folder = tempfile::tempdir().unwrap();
		let [from, to] = ["from.json", "to.json"].map(|name| folder.path().join(name));
		for text in ["", "[]", r#"{"genesis":{"runtimeGenesis":{}}}"#] {
			fs::write(&from, text).unwrap();
			let error = super::copy(&from, &to, SystemTime::UNIX_EPOCH).unwrap_err();
			assert!(error.to_string().contains("make build"), "{error}");
		}
		let error = super::copy(Path::new("/no/spec"), &to, SystemTime::UNIX_EPOCH).unwrap_err();
		assert!(error.to_string().contains("/no/spec"), "{error}");
	}
}
