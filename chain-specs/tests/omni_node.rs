//! A stock node makes blocks from the plain specs, and the state that it builds with the runtimes'
//! Wasm is the one that the raw specs hold.
//!
//! The node is `polkadot-omni-node` of the runtimes' own polkadot-sdk release, looked for in the
//! folder named by GEARWAY_NODE_BIN, then in ~/.cache/gearway/node-bin, then on the PATH.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

use gearway_chain_specs::{Chain, Format, Preset, Spec, SpecError, state};
use polkadot_sdk::{sp_core::H256, sp_state_machine::BasicExternalities, sp_storage::StateVersion};
use serde_json::{Value, json};
use std::{
	env, fs,
	io::{BufRead, BufReader, Read, Write},
	net::{SocketAddr, TcpStream},
	path::{Path, PathBuf},
	process::{Child, Command, Stdio},
	sync::mpsc,
	thread,
	time::{Duration, Instant},
};

const NODE: &str = "polkadot-omni-node";

/// Compiling a runtime takes a node seconds, or minutes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn a_stock_node_makes_blocks_of_gear() {
	makes_blocks(Chain::Gear);
}

#[test]
fn a_stock_node_makes_blocks_of_the_sibling() {
	makes_blocks(Chain::Sibling);
}

fn makes_blocks(chain: Chain) {
	let Some(program) = find_node() else {
		println!(
			"SKIPPED: no {NODE}; put one in ~/.cache/gearway/node-bin or set GEARWAY_NODE_BIN"
		);
		return;
	};
	let spec = Spec::new(chain, Preset::Dev);
	let json = match spec.json(Format::Plain) {
		Err(SpecError::NoWasm { runtime }) => {
			println!("SKIPPED: {runtime} was built with SKIP_WASM_BUILD");
			return;
		}
		json => json.unwrap(),
	};
	let folder = tempfile::tempdir().unwrap();
	let file = folder.path().join("spec.json");
	fs::write(&file, json.to_string()).unwrap();
	let node = Node::start(&program, &file, folder.path());

	let genesis = node.ask("chain_getBlockHash", json!([0]));
	let header = node.ask("chain_getHeader", json!([genesis]));
	let root: H256 = serde_json::from_value(header["stateRoot"].clone()).unwrap();
	assert_eq!(root, state_root(&spec), "raw and plain begin differently");
	node.wait_for_final_block(3);
}

fn find_node() -> Option<PathBuf> {
	let named = env::var_os("GEARWAY_NODE_BIN").map(PathBuf::from);
	let cached = env::var_os("HOME").map(|home| Path::new(&home).join(".cache/gearway/node-bin"));
	let path = env::var_os("PATH").unwrap_or_default();
	let folders = named.into_iter().chain(cached).chain(env::split_paths(&path));
	folders.map(|folder| folder.join(NODE)).find(|node| node.is_file())
}

/// The root of the state in a raw spec.
fn state_root(spec: &Spec) -> H256 {
	use polkadot_sdk::sp_externalities::Externalities;
	let mut state = BasicExternalities::new(state(spec).unwrap());
	H256::from_slice(&state.storage_root(StateVersion::V1))
}

/// A running node. Ends with this.
struct Node {
	process: Child,
	rpc: SocketAddr,
}

impl Drop for Node {
	fn drop(&mut self) {
		// It has nothing to save, and SIGTERM leaves it up to a minute.
		self.process.kill().expect("ours to kill");
		self.process.wait().expect("killed");
	}
}

impl Node {
	fn start(program: &Path, spec: &Path, folder: &Path) -> Self {
		let mut process = Command::new(program)
			.args(["--dev", "--dev-block-time", "1000", "--rpc-port", "0", "--port", "0"])
			.args(["--no-prometheus", "--no-telemetry", "--no-hardware-benchmarks", "--no-mdns"])
			.arg("--chain")
			.arg(spec)
			.arg("--base-path")
			.arg(folder.join("data"))
			.stdout(Stdio::null())
			.stderr(Stdio::piped())
			.spawn()
			.unwrap();
		let (found, addresses) = mpsc::channel();
		let log = BufReader::new(process.stderr.take().unwrap());
		let told = thread::spawn(move || {
			let mut told = String::new();
			for line in log.lines().map_while(Result::ok) {
				if let Some(address) = rpc_address(&line) {
					// Nobody listens any more after the first.
					found.send(address).unwrap_or_default();
				}
				told.push_str(&line);
				told.push('\n');
			}
			told
		});
		match addresses.recv_timeout(PATIENCE) {
			Ok(rpc) => Self { process, rpc },
			Err(_) => {
				process.kill().unwrap();
				process.wait().unwrap();
				panic!("the node does not listen:\n{}", told.join().unwrap());
			}
		}
	}

	/// The result of a JSON-RPC call.
	fn ask(&self, method: &str, params: Value) -> Value {
		let body =
			json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
		let mut stream = TcpStream::connect(self.rpc).unwrap();
		write!(
			stream,
			"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
			 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
			body.len(),
		)
		.unwrap();
		let mut answer = String::new();
		stream.read_to_string(&mut answer).unwrap();
		let (_, body) = answer.split_once("\r\n\r\n").unwrap();
		let answer: Value = serde_json::from_str(body).unwrap();
		assert!(answer.get("error").is_none(), "{method}: {answer}");
		answer["result"].clone()
	}

	fn wait_for_final_block(&self, number: u64) {
		let until = Instant::now() + PATIENCE;
		loop {
			let head = self.ask("chain_getFinalizedHead", json!([]));
			let header = self.ask("chain_getHeader", json!([head]));
			let hex = header["number"].as_str().unwrap().trim_start_matches("0x");
			let reached = u64::from_str_radix(hex, 16).unwrap();
			if reached >= number {
				return;
			}
			assert!(Instant::now() < until, "still at block {reached}");
			thread::sleep(Duration::from_millis(200));
		}
	}
}

/// The address in the line that says where the RPC server listens.
fn rpc_address(line: &str) -> Option<SocketAddr> {
	let (_, addresses) = line.split_once("Running JSON-RPC server: addr=")?;
	addresses.split([',', ' ']).next()?.trim().parse().ok()
}
