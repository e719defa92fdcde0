//! What the tests on a whole network stand on.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

use gearway::net::{
	chains, ethereum,
	layout::{DataDir, Repository},
	ports::Ports,
	preflight::{self, Parts},
	process::Processes,
	spec,
};
use std::{path::Path, time::SystemTime};
use tempfile::TempDir;

/// Set where a missing part of the network must fail a test instead of passing it over.
const REQUIRED: &str = "GEARWAY_REQUIRE_NETWORK";

/// Ports, folders and processes of one test; they end with it.
pub(crate) struct Ground {
	pub(crate) parts: Parts,
	pub(crate) ports: Ports,
	pub(crate) data: DataDir,
	pub(crate) processes: Processes,
	_folder: TempDir,
}

impl Ground {
	/// Everything that a network is started from. `None`, and loudly, where a part is missing.
	pub(crate) async fn take() -> Option<Self> {
		gearway::tls::install();
		let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
		let repository = Repository::find(Some(root.into())).unwrap();
		let specs = std::env::var_os("GEARWAY_CHAIN_SPECS")
			.map_or_else(|| repository.path("target/chain-specs"), Into::into);
		let parts = match preflight::check(&repository, &specs) {
			Ok(parts) => parts,
			Err(missing) => {
				assert!(std::env::var_os(REQUIRED).is_none(), "{missing}");
				eprintln!("NOT TESTED: {missing}");
				return None;
			}
		};
		let folder = tempfile::tempdir().unwrap();
		let data = DataDir::take(folder.path()).unwrap();
		let processes = Processes::new(data.logs());
		Some(Self { parts, ports: Ports::any().unwrap(), data, processes, _folder: folder })
	}

	/// Starts the beacon node and the execution node that it drives.
	pub(crate) fn start_ethereum(&self) {
		let program =
			ethereum::program(&self.parts.ethereum, &self.ports, &self.data.path("ethereum"));
		self.processes.start(program).unwrap();
	}

	/// Starts both parachains; returns the ids of Gear's spec and of the sibling's.
	#[allow(dead_code, reason = "not every test needs them")]
	pub(crate) fn start_parachains(&self) -> [String; 2] {
		let specs = ["gear-spec.json", "sibling-spec.json"].map(|name| self.data.path(name));
		let copy = |from, to| spec::copy(from, to, SystemTime::now()).unwrap();
		let ids =
			[copy(&self.parts.gear_spec, &specs[0]), copy(&self.parts.sibling_spec, &specs[1])];
		let program = chains::program(&self.parts, specs, &self.ports, self.data.path("."));
		self.processes.start(program).unwrap();
		ids
	}

	/// Ends all processes.
	pub(crate) async fn end(self) {
		self.processes.stop().await;
	}
}
