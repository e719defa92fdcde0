//! Stands between the relayer and an honest node, and does what nodes and lines do on bad days.

use serde_json::{Value, json};
use std::{
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
	time::Duration,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::watch,
	task::JoinHandle,
};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "included by several tests, not all of which need everything")]
pub(crate) enum Fault {
	/// Nothing.
	None,
	/// A block has no receipts.
	NoReceipts,
	/// Receipts have no logs.
	NoLogs,
	/// The node has not got the block's receipts yet.
	NotYet,
	/// Headers have no bloom filter.
	NoBloom,
	/// The chain is that many blocks shorter.
	Behind(u64),
	/// Receipts come after a while.
	SlowReceipts(Duration),
	/// Receipts are answered with a JSON-RPC error.
	ReceiptsFail,
	/// Everything is answered with an HTTP status: 429, 503.
	Status(u16),
	/// Connections are closed without an answer.
	Dropped,
	/// Answers end in the middle.
	CutShort,
	/// The beacon chain knows of nothing final.
	NothingFinal,
	/// Too few of the sync committee have signed.
	FewSigners,
	/// The beacon chain's finalised header is another than was signed.
	ForgedFinality,
	/// Beacon blocks carry another execution block.
	ForgedBlocks,
}

/// The proxy; ends with this.
pub(crate) struct FaultyProxy {
	url: String,
	fault: watch::Sender<Fault>,
	counts: Arc<Counts>,
	task: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
	requests: AtomicU64,
	bent: AtomicU64,
}

impl Drop for FaultyProxy {
	fn drop(&mut self) {
		self.task.abort();
	}
}

#[allow(dead_code, reason = "included by several tests, not all of which need everything")]
impl FaultyProxy {
	/// A proxy for the node at `upstream`, an HTTP address.
	pub(crate) async fn start(upstream: &str) -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		let (fault, told) = watch::channel(Fault::None);
		let counts = Arc::new(Counts::default());
		let server = Server {
			http: reqwest::Client::new(),
			upstream: upstream.trim_end_matches('/').to_string(),
			told,
			counts: counts.clone(),
		};
		let server = Arc::new(server);
		let task = tokio::spawn(async move {
			loop {
				let (stream, _) = listener.accept().await.unwrap();
				let server = server.clone();
				tokio::spawn(async move { server.serve(stream).await });
			}
		});
		Self { url, fault, counts, task }
	}

	pub(crate) fn url(&self) -> &str {
		&self.url
	}

	/// From now on this is wrong.
	pub(crate) fn inject(&self, fault: Fault) {
		self.fault.send_replace(fault);
	}

	/// How many requests came.
	pub(crate) fn requests(&self) -> u64 {
		self.counts.requests.load(Ordering::Relaxed)
	}

	/// How many answers were not what they should have been.
	pub(crate) fn bent(&self) -> u64 {
		self.counts.bent.load(Ordering::Relaxed)
	}

	/// Waits until so many more answers were not what they should have been.
	pub(crate) async fn until_bent(&self, more: u64) {
		let target = self.bent() + more;
		let bent = async {
			while self.bent() < target {
				tokio::time::sleep(Duration::from_millis(50)).await;
			}
		};
		let waited = tokio::time::timeout(Duration::from_secs(240), bent).await;
		assert!(waited.is_ok(), "{:?}: the relayer never met it", *self.fault.borrow());
	}
}

struct Server {
	http: reqwest::Client,
	upstream: String,
	told: watch::Receiver<Fault>,
	counts: Arc<Counts>,
}

struct Request {
	method: String,
	path: String,
	body: String,
}

impl Server {
	/// Answers one request and closes the connection. A relayer that has gone is no fault.
	async fn serve(&self, mut stream: TcpStream) {
		let Some(request) = read(&mut stream).await else { return };
		self.counts.requests.fetch_add(1, Ordering::Relaxed);
		let fault = *self.told.borrow();
		if fault == Fault::Dropped {
			self.counts.bent.fetch_add(1, Ordering::Relaxed);
			return;
		}
		let (status, body, is_bent) = match fault {
			Fault::Status(status) => (status, "slow down".to_string(), true),
			_ => self.answer(&request, fault).await,
		};
		let is_bent = is_bent || fault == Fault::CutShort;
		self.counts.bent.fetch_add(is_bent.into(), Ordering::Relaxed);
		let head = format!(
			"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
			 connection: close\r\n\r\n",
			body.len()
		);
		let body = if fault == Fault::CutShort { &body[..body.len() / 2] } else { &body };
		if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
			tracing::debug!("nobody waits for the answer any more");
		}
	}

	async fn answer(&self, request: &Request, fault: Fault) -> (u16, String, bool) {
		let url = format!("{}{}", self.upstream, request.path);
		let honest = if request.method == "POST" {
			let kind = (reqwest::header::CONTENT_TYPE, "application/json");
			self.http.post(url).header(kind.0, kind.1).body(request.body.clone())
		} else {
			self.http.get(url).header(reqwest::header::ACCEPT, "application/json")
		};
		let honest = honest.send().await.unwrap();
		let mut status = honest.status().as_u16();
		let text = honest.text().await.unwrap();
		let Ok(mut answer) = serde_json::from_str::<Value>(&text) else {
			return (status, text, false);
		};
		let before = answer.clone();
		if request.method == "POST" {
			let method: Value = serde_json::from_str(&request.body).unwrap();
			let method = method["method"].as_str().unwrap();
			if let (Fault::SlowReceipts(pause), "eth_getBlockReceipts") = (fault, method) {
				self.counts.bent.fetch_add(1, Ordering::Relaxed);
				tokio::time::sleep(pause).await;
			}
			bend_rpc(fault, method, &mut answer);
		} else {
			bend_beacon(fault, &request.path, &mut status, &mut answer);
		}
		let is_bent = answer != before;
		(status, answer.to_string(), is_bent)
	}
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
	let mut bytes = Vec::new();
	loop {
		if stream.read_buf(&mut bytes).await.ok()? == 0 {
			return None;
		}
		let text = String::from_utf8_lossy(&bytes);
		let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
		let length = head.lines().find_map(|line| {
			line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
		});
		if body.len() < length.unwrap_or(0) {
			continue;
		}
		let mut words = head.split(' ');
		let (method, path) = (words.next()?.to_string(), words.next()?.to_string());
		// The path that JSON-RPC has is that of the address itself.
		let path = if path == "/" { String::new() } else { path };
		return Some(Request { method, path, body: body.to_string() });
	}
}

fn bend_rpc(fault: Fault, method: &str, answer: &mut Value) {
	let result = &mut answer["result"];
	match (fault, method) {
		(Fault::NoReceipts, "eth_getBlockReceipts") => *result = json!([]),
		(Fault::NotYet, "eth_getBlockReceipts") => *result = Value::Null,
		(Fault::NoLogs, "eth_getBlockReceipts") => {
			for receipt in result.as_array_mut().into_iter().flatten() {
				receipt["logs"] = json!([]);
			}
		}
		(Fault::ReceiptsFail, "eth_getBlockReceipts") => {
			let error = json!({ "code": -32_000, "message": "header not found" });
			*answer = json!({ "jsonrpc": "2.0", "id": answer["id"], "error": error });
		}
		(Fault::NoBloom, "eth_getBlockByNumber") if result.is_object() => {
			result["logsBloom"] = json!(format!("0x{}", "00".repeat(256)));
		}
		(Fault::Behind(blocks), "eth_blockNumber") => {
			let head = u64::from_str_radix(&result.as_str().unwrap()[2..], 16).unwrap();
			*result = json!(format!("{:#x}", head - blocks));
		}
		_ => {}
	}
}

fn bend_beacon(fault: Fault, path: &str, status: &mut u16, answer: &mut Value) {
	let is_update = path.contains("/light_client/finality_update");
	let updates = path.contains("/light_client/updates");
	match fault {
		Fault::NothingFinal if is_update => {
			*status = 404;
			*answer = json!({ "code": 404, "message": "no finality update" });
		}
		Fault::FewSigners | Fault::ForgedFinality if is_update => {
			bend_update(fault, &mut answer["data"]);
		}
		Fault::FewSigners | Fault::ForgedFinality if updates => {
			for update in answer.as_array_mut().into_iter().flatten() {
				bend_update(fault, &mut update["data"]);
			}
		}
		Fault::ForgedBlocks if path.contains("/beacon/blocks/") => {
			let payload = &mut answer["data"]["message"]["body"]["execution_payload"];
			payload["block_hash"] = json!(format!("0x{}", "ee".repeat(32)));
		}
		_ => {}
	}
}

fn bend_update(fault: Fault, update: &mut Value) {
	if fault == Fault::FewSigners {
		let bits = &mut update["sync_aggregate"]["sync_committee_bits"];
		let bytes = bits.as_str().unwrap().len() / 2 - 1;
		*bits = json!(format!("0x01{}", "00".repeat(bytes - 1)));
	} else {
		let header = &mut update["finalized_header"]["beacon"];
		header["state_root"] = json!(format!("0x{}", "ee".repeat(32)));
	}
}
