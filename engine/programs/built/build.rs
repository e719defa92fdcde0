//! Builds every program to Wasm and lists them for `src/lib.rs`: those in Rust by one nested
//! `cargo build` of their workspace, those in C with clang and lld.
//!
//! The Rust toolchain is `WASM_BUILD_TOOLCHAIN` if set (as for `substrate-wasm-builder`), else the
//! first of the current one and those `rustup` knows that has the Wasm target.

use std::{
	env, fs,
	path::{Path, PathBuf},
	process::{Command, Stdio, exit},
};

/// The programs in Rust: each is a package of that name in the workspace one folder up, and a
/// constant in upper case.
const RUST: [&str; 12] = [
	"async-proxy",
	"capacitor",
	"factory",
	"mutex",
	"ping",
	"pipeline-front",
	"pipeline-prices",
	"pipeline-stock",
	"sails-demo",
	"timer",
	"vault",
	"xcm-caller",
];

/// The programs in C: each has one source file in the folder of that name.
const C: [(&str, &str); 1] = [("c-greeter", "greeter.c")];

/// Where Gear programs run: no operating system, no Wasm proposals past the first version.
const TARGET: &str = "wasm32v1-none";

/// The same for clang. The programs bring all they call along.
const CLANG_FLAGS: [&str; 9] = [
	"--target=wasm32",
	"-mcpu=mvp",
	"-ffreestanding",
	"-fno-builtin",
	"-nostdlib",
	"-Os",
	"-Wall",
	"-Wextra",
	"-Werror",
];

/// What `.cargo/config.toml` says to the linker of the programs in Rust.
const LINKER_FLAGS: [&str; 4] =
	["--no-entry", "--import-memory", "--stack-first", "-zstack-size=32768"];

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
	let programs = here.parent().ok_or("the programs' folder has no name")?;
	let out = PathBuf::from(var("OUT_DIR")?);
	println!("cargo::rerun-if-env-changed=WASM_BUILD_TOOLCHAIN");
	watch(programs)?;

	let toolchain = Toolchain::find()?;
	// One level above all build scripts' folders, so that `check`, `clippy` and `test`, which get
	// an `OUT_DIR` each, share what they compile: `target/<profile>/build/<package>/out`.
	let profile = out.ancestors().nth(3).ok_or("OUT_DIR is not in a target folder")?;
	let built = toolchain.build(programs, &profile.join("programs"))?;
	for name in RUST {
		let from = built.join(file_name(name));
		fs::copy(&from, out.join(file_name(name)))
			.map_err(|e| format!("cannot copy {}: {e}", from.display()))?;
	}
	let clang = Clang::find()?;
	for (name, source) in C {
		clang.build(&programs.join(name).join(source), &out.join(file_name(name)))?;
	}
	fs::write(out.join("programs.rs"), list(&out)).map_err(|e| format!("cannot list programs: {e}"))
}

/// Asks to be run again when anything changes that goes into a program.
fn watch(programs: &Path) -> Result<(), String> {
	let entries = fs::read_dir(programs).map_err(|e| format!("{}: {e}", programs.display()))?;
	for entry in entries {
		let path = entry.map_err(|e| format!("{}: {e}", programs.display()))?.path();
		// What somebody builds there goes into nothing.
		if !path.ends_with("target") {
			println!("cargo::rerun-if-changed={}", path.display());
		}
	}
	Ok(())
}

/// The Wasm file of a program: cargo has no hyphens in the names of libraries.
fn file_name(program: &str) -> String {
	format!("{}.wasm", program.replace('-', "_"))
}

/// The constants with the programs' bytes, which lie in `folder`.
fn list(folder: &Path) -> String {
	let mut names: Vec<_> = RUST.into_iter().chain(C.map(|(name, _)| name)).collect();
	names.sort_unstable();
	let (mut constants, mut all) = (String::new(), String::new());
	for name in names {
		let constant = name.replace('-', "_").to_uppercase();
		let wasm = folder.join(file_name(name));
		constants += &format!(
			"/// The program `{name}`, as Wasm.\n\
			 pub const {constant}: &[u8] = include_bytes!({wasm:?});\n"
		);
		all += &format!("({name:?}, {constant}), ");
	}
	format!("{constants}const ALL: &[(&str, &[u8])] = &[{all}];\n")
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

	/// Builds the workspace in `folder` and returns where its Wasm is.
	fn build(&self, folder: &Path, target_dir: &Path) -> Result<PathBuf, String> {
		let status = self
			.tool("cargo")
			.args(["build", "--release", "--locked", "--target", TARGET])
			.arg("--target-dir")
			.arg(target_dir)
			// There lies the `.cargo/config.toml` with the flags.
			.current_dir(folder)
			.status()
			.map_err(|e| format!("cargo cannot be started: {e}"))?;
		if !status.success() {
			return Err(format!("the programs do not build: {status}"));
		}
		Ok(target_dir.join(TARGET).join("release"))
	}
}

/// A C compiler and a linker for Wasm, whatever their versions.
struct Clang {
	compiler: String,
	linker: String,
}

impl Clang {
	fn find() -> Result<Self, String> {
		Ok(Self { compiler: newest("clang")?, linker: newest("wasm-ld")? })
	}

	/// Builds one source file to `wasm`.
	fn build(&self, source: &Path, wasm: &Path) -> Result<(), String> {
		let object = wasm.with_extension("o");
		let mut compiler = Command::new(&self.compiler);
		compiler.args(CLANG_FLAGS).arg("-c").arg(source).arg("-o").arg(&object);
		let mut linker = Command::new(&self.linker);
		linker.args(LINKER_FLAGS).arg(&object).arg("-o").arg(wasm);
		for mut step in [compiler, linker] {
			let status = step.status().map_err(|e| format!("{step:?} cannot be started: {e}"))?;
			if !status.success() {
				return Err(format!("{step:?}: {status}"));
			}
		}
		Ok(())
	}
}

/// A tool of LLVM: the one without a number, else the one with the highest.
fn newest(tool: &str) -> Result<String, String> {
	let numbered = (11..=40).rev().map(|version| format!("{tool}-{version}"));
	let works = |name: &String| {
		let mut asked = Command::new(name);
		asked.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
		asked.status().is_ok_and(|status| status.success())
	};
	[tool.to_owned()].into_iter().chain(numbered).find(works).ok_or_else(|| {
		format!(
			"`{tool}` is missing, which the programs in C need; `make setup` installs it, or \
			 `apt-get install clang lld` on Debian"
		)
	})
}
