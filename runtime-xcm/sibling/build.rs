//! Builds this runtime to Wasm, unless `SKIP_WASM_BUILD` is set.

#[cfg(feature = "std")]
fn main() {
	share_wasm_target();
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}

#[cfg(not(feature = "std"))]
fn main() {}

/// Lets the runtimes of this workspace share the crates they have in common, which is nearly all.
///
/// The builder compiles into `wbuild/RUNTIME/target`, a folder a runtime; here it becomes a link to
/// one folder for all. Cargo's own lock keeps builds that meet there apart.
#[cfg(feature = "std")]
fn share_wasm_target() {
	use std::{env, fs, os::unix::fs::symlink, path::Path};

	let out_dir = env::var("OUT_DIR").expect("set by cargo");
	let profile_dir = Path::new(&out_dir).ancestors().nth(3).expect("PROFILE/build/CRATE/out");
	let wasm_dir = profile_dir.join("wbuild");
	let target = wasm_dir.join(env!("CARGO_PKG_NAME")).join("target");
	if !target.exists() {
		fs::create_dir_all(wasm_dir.join("target")).expect("target folder is writable");
		fs::create_dir_all(target.with_file_name("src")).expect("target folder is writable");
		symlink("../target", &target).expect("target folder is writable");
	}
}
