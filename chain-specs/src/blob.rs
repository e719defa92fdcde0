//! Makes a runtime's Wasm as small as it can be without changing what it does.

use polkadot_sdk::sp_maybe_compressed_blob::{CODE_BLOB_BOMB_LIMIT, compress_strongly, decompress};

/// The magic number and version every Wasm module begins with.
const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";

/// The id of a custom section.
const CUSTOM: u8 = 0;

/// Why a blob is no runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
	/// The compressed blob is damaged, or too large when unpacked.
	#[error("the blob cannot be decompressed, or is larger than {CODE_BLOB_BOMB_LIMIT} bytes")]
	Decompress,
	/// It does not begin like a Wasm module.
	#[error("the blob is not a Wasm module of version 1")]
	NotWasm,
	/// A section is longer than the module, or its length is no number.
	#[error("the Wasm module ends within the section that begins at byte {at}")]
	CutShort {
		/// Where the section begins.
		at: usize,
	},
}

/// Strips names and debug sections off a runtime, compressed or not, and compresses it.
pub fn pack(blob: &[u8]) -> Result<Vec<u8>, BlobError> {
	let wasm = decompress(blob, CODE_BLOB_BOMB_LIMIT).map_err(|_| BlobError::Decompress)?;
	compress_strongly(&strip(&wasm)?, CODE_BLOB_BOMB_LIMIT).ok_or(BlobError::Decompress)
}

/// The module without the custom sections that only debuggers read.
fn strip(wasm: &[u8]) -> Result<Vec<u8>, BlobError> {
	let mut stripped =
		wasm.strip_prefix(&HEADER).map(|_| HEADER.to_vec()).ok_or(BlobError::NotWasm)?;
	let mut at = HEADER.len();
	while at < wasm.len() {
		let cut_short = BlobError::CutShort { at };
		let (length, length_bytes) = leb128(&wasm[at + 1..]).ok_or_else(|| cut_short.clone())?;
		let content = at + 1 + length_bytes;
		let end = content.checked_add(length).filter(|&end| end <= wasm.len()).ok_or(cut_short)?;
		if wasm[at] != CUSTOM || !is_for_debuggers(&wasm[content..end]) {
			stripped.extend_from_slice(&wasm[at..end]);
		}
		at = end;
	}
	Ok(stripped)
}

/// Whether a custom section is the name section or one of DWARF's.
fn is_for_debuggers(section: &[u8]) -> bool {
	let Some((length, start)) = leb128(section) else { return false };
	let name = section[start..].get(..length).unwrap_or_default();
	name == b"name" || name.starts_with(b".debug_")
}

/// An unsigned LEB128 number of 32 bits and how many bytes it took.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
	let mut value = 0u64;
	for (index, byte) in bytes.iter().take(5).enumerate() {
		value |= u64::from(byte & 0x7f) << (7 * index);
		if byte & 0x80 == 0 {
			let value = u32::try_from(value).ok()?;
			return Some((usize::try_from(value).ok()?, index + 1));
		}
	}
	None
}

#[cfg(test)]
mod tests {
	use super::*;

	fn section(id: u8, content: &[u8]) -> Vec<u8> {
		let length = u8::try_from(content.len()).unwrap();
		[&[id, length], content].concat()
	}

	fn module(sections: &[Vec<u8>]) -> Vec<u8> {
		[HEADER.to_vec(), sections.concat()].concat()
	}

	#[test]
	fn only_what_debuggers_read_is_stripped() {
		let version = section(CUSTOM, b"\x0fruntime_versionXYZ");
		let types = section(1, b"\x00");
		let full = module(&[
			section(CUSTOM, b"\x04nameabc"),
			types.clone(),
			version.clone(),
			section(CUSTOM, b"\x0b.debug_infoabc"),
		]);
		let packed = pack(&full).unwrap();
		let unpacked = decompress(&packed, CODE_BLOB_BOMB_LIMIT).unwrap();
		assert_eq!(*unpacked, module(&[types, version]));
		assert_eq!(pack(&packed).unwrap(), packed, "packing twice changes nothing");
	}

	#[test]
	fn long_sections_are_measured_right() {
		let content = vec![7; 300];
		let long = [&[1, 0xac, 0x02][..], &content].concat();
		let full = module(&[long.clone(), section(CUSTOM, b"\x04name")]);
		assert_eq!(strip(&full).unwrap(), module(&[long]));
	}

	#[test]
	fn what_is_no_module_is_refused() {
		assert_eq!(pack(b""), Err(BlobError::NotWasm));
		assert_eq!(pack(b"#!/bin/sh"), Err(BlobError::NotWasm));
		let cut = module(&[vec![1, 9, 0]]);
		assert_eq!(pack(&cut), Err(BlobError::CutShort { at: 8 }));
		let no_length = module(&[vec![1]]);
		assert_eq!(pack(&no_length), Err(BlobError::CutShort { at: 8 }));
		let endless_length = module(&[vec![1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]);
		assert_eq!(pack(&endless_length), Err(BlobError::CutShort { at: 8 }));
	}
}
