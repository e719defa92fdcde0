//! Against the real server and a real database.

use super::*;
use crate::relay::outbox::tests::{Temporary, block, found};
use serde_json::Value;
use tokio::sync::oneshot;

struct Served {
	temporary: Temporary,
	url: String,
	_stop: oneshot::Sender<()>,
}

impl Served {
	async fn new() -> Self {
		crate::tls::install();
		let temporary = Temporary::new().await;
		let path = temporary.folder.path().join("relay.db");
		let lane = Lane {
			chain_id: 1,
			gateway: "0x42".into(),
			execution: "http://127.0.0.1:8545".into(),
			beacon: "http://127.0.0.1:5052".into(),
			genesis: "0x01".into(),
			gear: "ws://127.0.0.1:9944".into(),
			account: "5F".into(),
			instance: "here".into(),
			version: "0",
		};
		let shown = Shown {
			outbox: Outbox::open_to_read(path.as_path()).await.unwrap(),
			metrics: Metrics::default(),
			gateway: Gateway { chain_id: 1, address: [7; 20] },
			lane,
		};
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		let (stop, stopped) = oneshot::channel::<()>();
		let web = Web { listener, shown: Arc::new(shown) };
		tokio::spawn(web.serve(async move { drop(stopped.await) }));
		Self { temporary, url, _stop: stop }
	}

	async fn get(&self, path: &str) -> (u16, String) {
		let response = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
		(response.status().as_u16(), response.text().await.unwrap())
	}

	async fn json(&self, path: &str) -> Value {
		let (status, text) = self.get(path).await;
		assert_eq!(status, 200, "{text}");
		serde_json::from_str(&text).unwrap()
	}
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
	let served = Served::new().await;
	for (path, kind, text) in PARTS {
		let response = reqwest::get(format!("{}{path}", served.url)).await.unwrap();
		assert_eq!(response.headers()["content-type"], kind);
		assert!(response.headers()["content-security-policy"].to_str().unwrap().contains("'none'"));
		assert_eq!(response.text().await.unwrap(), text);
		assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
	}
	assert_eq!(served.get("/etc/passwd").await.0, 404);
}

#[tokio::test]
async fn what_is_in_the_database_is_told() {
	let served = Served::new().await;
	let outbox = &served.temporary.outbox;
	outbox.append(block(5, 0), 60, &[found(1), found(2)]).await.unwrap();
	outbox.finalize(5, block(5, 0).hash).await.unwrap();
	outbox.append(block(6, 0), 72, &[found(3)]).await.unwrap();

	let overview = served.json("/api/overview").await;
	assert_eq!(overview["lane"]["chain_id"], 1);
	assert_eq!(overview["backlog"]["observed_block"], 6);
	let nonces = async |path: &str| -> Vec<u64> {
		let json = served.json(path).await;
		json.as_array().unwrap().iter().map(|row| row["nonce"].as_u64().unwrap()).collect()
	};
	assert_eq!(nonces("/api/messages").await, [3, 2, 1]);
	assert_eq!(nonces("/api/messages?stage=final&limit=1").await, [2]);
	assert_eq!(nonces("/api/messages?stage=&below=2").await, [1]);
	let journey = served.json("/api/messages/1").await;
	assert_eq!(journey[0]["steps"].as_array().unwrap().len(), 2);

	for (path, status) in [
		("/api/messages?stage=lost", 400),
		("/api/messages?below=-1", 400),
		("/api/messages/latest", 400),
		("/api/messages/99", 404),
	] {
		assert_eq!(served.get(path).await.0, status, "{path}");
	}
	let (_, text) = served.get("/metrics").await;
	assert!(text.contains("backlog_size{stage=\"final\"} 2"), "{text}");
	assert!(text.contains("backlog_oldest_sequence{stage=\"observed\"} 3"), "{text}");
}

#[tokio::test]
async fn lasting_trouble_makes_it_unready_and_not_unhealthy() {
	let served = Served::new().await;
	let outbox = &served.temporary.outbox;
	assert_eq!(served.get("/readyz").await.0, 200);
	outbox.in_trouble("prove", 1, "the beacon node is away").await.unwrap();
	assert_eq!(served.get("/readyz").await.0, 200);
	outbox.has_been_in_trouble("prove", PATIENCE + 1_000).await;
	let (status, text) = served.get("/readyz").await;
	assert_eq!(status, 503);
	assert!(text.contains("the beacon node is away"), "{text}");
	assert_eq!(served.get("/healthz").await, (200, "ok\n".to_string()));
	assert!(served.get("/metrics").await.1.contains("stage_failures{stage=\"prove\"} 1"));
	outbox.out_of_trouble(Some("prove")).await.unwrap();
	assert_eq!(served.get("/readyz").await.0, 200);
}
