//! Builds every program to Wasm by a nested `cargo build` and lists them for `src/lib.rs`.
//!
//! The toolchain is `WASM_BUILD_TOOLCHAIN` if set (as for `substrate-wasm-builder`), else the
//! first of the current one and those `rustup` knows that has the Wasm target.

use std::{
	env, fs,
	path::{Path, PathBuf},
	process::{Command, exit},
};

/// The programs: each is a folder here, a package of that name, and a constant in upper case.
const PROGRAMS: [&str; 2] = ["capacitor", "ping"];

/// Where Gear programs run: no operating system, no Wasm proposals past the first version.
const TARGET: &str = "wasm32v1-none";

/// Gear's contract with a program: its memory and its syscalls come from outside. The stack is
/// cut from 1 MiB to 32 KiB so that it shares the first page with the data.
const RUSTFLAGS: &str = "-C link-arg=--import-memory -C link-arg=--allow-undefined \
	-C link-arg=-zstack-size=32768 -C target-cpu=mvp -C target-feature=+sign-ext";

/// What an outer build says to its own compiler and must not reach the nested one.
const FOREIGN_ENV: [&str; 9] = [
	"CARGO_BUILD_TARGET",
	"CARGO_ENCODED_RUSTFLAGS",
	"CARGO_INCREMENTAL",
	"CARGO_TARGET_DIR",
	"RUSTC",
	"RUSTC_WORKSPACE_WRAPPER",
	"RUSTC_WRAPPER",
	"RUSTDOC",
	"RUSTFLAGS",
];

fn main() {
	if let Err(error) = build() {
		eprintln!("error: {error}");
		exit(1);
	}
}

fn build() -> Result<(), String> {
	let here = PathBuf::from(var("CARGO_MANIFEST_DIR")?);
	let out = PathBuf::from(var("OUT_DIR")?);
	println!("cargo::rerun-if-env-changed=WASM_BUILD_TOOLCHAIN");
	let toolchain = Toolchain::find()?;
	// One level above all build scripts' folders, so that `check`, `clippy` and `test`, which get
	// an `OUT_DIR` each, share what they compile: `target/<profile>/build/<package>/out`.
	let profile = out.ancestors().nth(3).ok_or("OUT_DIR is not in a target folder")?;
	let target_dir = profile.join("programs");

	let mut list = String::new();
	for name in PROGRAMS {
		let folder = here.join(name);
		for part in ["Cargo.toml", "Cargo.lock", "src"] {
			println!("cargo::rerun-if-changed={}", folder.join(part).display());
		}
		let wasm = out.join(format!("{name}.wasm"));
		let built = toolchain.build(&folder, name, &target_dir)?;
		fs::copy(&built, &wasm).map_err(|e| format!("cannot copy {}: {e}", built.display()))?;

		let upper = name.to_uppercase();
		list += &format!(
			"/// The program in the folder `{name}`, as Wasm.\n\
			 pub const {upper}: &[u8] = include_bytes!({wasm:?});\n"
		);
	}
	list += "const ALL: &[(&str, &[u8])] = &[";
	for name in PROGRAMS {
		list += &format!("({name:?}, {}), ", name.to_uppercase());
	}
	list += "];\n";
	fs::write(out.join("programs.rs"), list).map_err(|e| format!("cannot list programs: {e}"))
}

fn var(name: &str) -> Result<String, String> {
	env::var(name).map_err(|e| format!("{name}: {e}"))
}

/// A `cargo` that can build for [`TARGET`]: the name `rustup` knows it by, or the current one.
struct Toolchain(Option<String>);

impl Toolchain {
	fn find() -> Result<Self, String> {
		if let Ok(name) = env::var("WASM_BUILD_TOOLCHAIN") {
			let chosen = Self(Some(name.clone()));
			return if chosen.has_target() {
				Ok(chosen)
			} else {
				Err(format!(
					"the toolchain `{name}` of WASM_BUILD_TOOLCHAIN lacks the target {TARGET}; \
					 `make setup` installs it"
				))
			};
		}
		let installed = Command::new("rustup").args(["toolchain", "list", "--quiet"]).output();
		let installed = installed.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
		let installed = installed.unwrap_or_default();
		let named = installed.lines().map(|name| Self(Some(name.trim().to_owned())));
		[Self(None)].into_iter().chain(named).find(Self::has_target).ok_or_else(|| {
			format!("no Rust toolchain here has the target {TARGET}; `make setup` installs it")
		})
	}

	/// A tool of this toolchain, in an environment cleared of the outer build's wishes.
	fn tool(&self, tool: &str) -> Command {
		let mut command = match (&self.0, tool) {
			(Some(name), _) => {
				let mut command = Command::new("rustup");
				command.args(["run", name, tool]);
				command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
				command
			}
			(None, "cargo") => Command::new(env::var_os("CARGO").unwrap_or("cargo".into())),
			(None, _) => Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())),
		};
		for name in FOREIGN_ENV {
			command.env_remove(name);
		}
		command
	}

	/// Whether the target's libraries are there: `rustc` names their folder even when not.
	fn has_target(&self) -> bool {
		let asked =
			self.tool("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
		asked.is_ok_and(|output| {
			let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
			output.status.success()
				&& fs::read_dir(folder).is_ok_and(|entries| {
					entries
						.flatten()
						.any(|e| e.file_name().to_string_lossy().starts_with("libcore"))
				})
		})
	}

	/// Builds the package in `folder` and returns the path of its Wasm.
	fn build(&self, folder: &Path, name: &str, target_dir: &Path) -> Result<PathBuf, String> {
		let status = self
			.tool("cargo")
			.args(["build", "--release", "--locked", "--target", TARGET])
			.arg("--manifest-path")
			.arg(folder.join("Cargo.toml"))
			.arg("--target-dir")
			.arg(target_dir)
			// Not the caller's folder: another `.cargo/config.toml` might reign there.
			.current_dir(folder)
			.env("RUSTFLAGS", RUSTFLAGS)
			.status()
			.map_err(|e| format!("cargo cannot be started: {e}"))?;
		if !status.success() {
			return Err(format!("the program `{name}` does not build: {status}"));
		}
		Ok(target_dir.join(TARGET).join("release").join(format!("{name}.wasm")))
	}
}
