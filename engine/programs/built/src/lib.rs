//! The example programs, built to Wasm by this crate's build script.
//!
//! A test or a tool takes the bytes from here, so that what it runs is what the folders beside this
//! one say.

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// Every program's name and Wasm, by name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [u8])> {
	ALL.iter().copied()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_program_is_a_wasm_module() {
		for (name, code) in all() {
			assert!(code.starts_with(b"\0asm\x01\0\0\0"), "{name} is not Wasm");
		}
		assert_eq!(all().count(), 13);
	}

	#[test]
	fn programs_differ() {
		assert_ne!(CAPACITOR, PING);
	}
}
