//! Stands between the relayer and an honest execution node, and does not tell the truth.

use alloy::primitives::hex;
use serde_json::{Value, json};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::watch,
	task::JoinHandle,
};

/// What is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
	/// The whole truth.
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
}

/// The proxy; ends with this.
pub(crate) struct LyingProxy {
	url: String,
	lie: watch::Sender<Lie>,
	task: JoinHandle<()>,
}

impl Drop for LyingProxy {
	fn drop(&mut self) {
		self.task.abort();
	}
}

impl LyingProxy {
	pub(crate) async fn start(upstream: &str) -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		let (lie, told) = watch::channel(Lie::None);
		let upstream = upstream.to_string();
		let task = tokio::spawn(async move {
			let http = reqwest::Client::new();
			loop {
				let (stream, _) = listener.accept().await.unwrap();
				let (http, upstream, told) = (http.clone(), upstream.clone(), told.clone());
				tokio::spawn(async move { serve(stream, &http, &upstream, &told).await });
			}
		});
		Self { url, lie, task }
	}

	pub(crate) fn url(&self) -> &str {
		&self.url
	}

	pub(crate) fn tell(&self, lie: Lie) {
		self.lie.send_replace(lie);
	}
}

/// Answers one request and closes the connection.
async fn serve(
	mut stream: TcpStream,
	http: &reqwest::Client,
	upstream: &str,
	told: &watch::Receiver<Lie>,
) {
	let mut request = Vec::new();
	let body = loop {
		if stream.read_buf(&mut request).await.unwrap() == 0 {
			return;
		}
		let text = String::from_utf8_lossy(&request);
		let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
		let length: usize = head
			.lines()
			.find_map(|line| {
				line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
			})
			.unwrap();
		if body.len() >= length {
			break serde_json::from_str::<Value>(body).unwrap();
		}
	};
	let honest = http.post(upstream).json(&body).send().await.unwrap();
	let mut answer: Value = honest.json().await.unwrap();
	let lie = *told.borrow();
	bend(lie, body["method"].as_str().unwrap(), &mut answer["result"]);
	let answer = answer.to_string();
	let response = format!(
		"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
		 connection: close\r\n\r\n{answer}",
		answer.len()
	);
	stream.write_all(response.as_bytes()).await.unwrap();
}

fn bend(lie: Lie, method: &str, result: &mut Value) {
	match (lie, method) {
		(Lie::NoReceipts, "eth_getBlockReceipts") => *result = json!([]),
		(Lie::NotYet, "eth_getBlockReceipts") => *result = Value::Null,
		(Lie::NoLogs, "eth_getBlockReceipts") => {
			for receipt in result.as_array_mut().unwrap() {
				receipt["logs"] = json!([]);
			}
		}
		(Lie::NoBloom, "eth_getBlockByNumber") if result.is_object() => {
			result["logsBloom"] = json!(hex::encode_prefixed([0; 256]));
		}
		(Lie::Behind(blocks), "eth_blockNumber") => {
			let head = u64::from_str_radix(&result.as_str().unwrap()[2..], 16).unwrap();
			*result = json!(format!("{:#x}", head - blocks));
		}
		_ => {}
	}
}
