//! A line to a node that can be cut, or go silent without a word.

use std::{
	net::SocketAddr,
	sync::{
		Arc,
		atomic::{AtomicU64, Ordering},
	},
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::watch,
	task::JoinHandle,
};

/// What happened to all connections so far; later ones are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
	None,
	Cut,
	Silenced,
}

/// The line; ends with this.
pub(crate) struct Line {
	address: SocketAddr,
	events: watch::Sender<Event>,
	opened: Arc<AtomicU64>,
	task: JoinHandle<()>,
}

impl Drop for Line {
	fn drop(&mut self) {
		self.task.abort();
		self.events.send_replace(Event::Cut);
	}
}

impl Line {
	/// A line to the node at `upstream`.
	pub(crate) async fn start(upstream: SocketAddr) -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		let (events, _) = watch::channel(Event::None);
		let opened = Arc::new(AtomicU64::new(0));
		let (sender, count) = (events.clone(), opened.clone());
		let task = tokio::spawn(async move {
			loop {
				let (near, _) = listener.accept().await.unwrap();
				count.fetch_add(1, Ordering::Relaxed);
				let events = sender.subscribe();
				tokio::spawn(async move {
					// A node that is not there is one that hangs up.
					let Ok(far) = TcpStream::connect(upstream).await else { return };
					carry(near, far, events).await;
				});
			}
		});
		Self { address, events, opened, task }
	}

	/// Its address for WebSockets.
	pub(crate) fn url(&self) -> String {
		format!("ws://{}", self.address)
	}

	/// Closes all connections.
	pub(crate) fn cut(&self) {
		self.events.send_replace(Event::Cut);
	}

	/// Lets nothing more come back through the connections there are, and leaves them open.
	pub(crate) fn silence(&self) {
		self.events.send_replace(Event::Silenced);
	}

	/// How many connections were opened so far.
	pub(crate) fn opened(&self) -> u64 {
		self.opened.load(Ordering::Relaxed)
	}
}

/// Carries bytes both ways until one side hangs up or the line is cut.
async fn carry(near: TcpStream, far: TcpStream, mut events: watch::Receiver<Event>) {
	let ((mut near_in, mut near_out), (mut far_in, mut far_out)) =
		(near.into_split(), far.into_split());
	let there = async { tokio::io::copy(&mut near_in, &mut far_out).await };
	let listening = events.clone();
	let back = async {
		let mut bytes = vec![0; 16 * 1024];
		loop {
			let count = far_in.read(&mut bytes).await?;
			let is_silent =
				listening.has_changed().unwrap_or(true) && *listening.borrow() == Event::Silenced;
			if count == 0 {
				return Ok::<_, std::io::Error>(());
			}
			if !is_silent {
				near_out.write_all(&bytes[..count]).await?;
			}
		}
	};
	let cut = async {
		// The line itself is gone: that is a cut as well.
		while events.changed().await.is_ok() {
			if *events.borrow() == Event::Cut {
				return;
			}
		}
	};
	tokio::select! {
		_ = there => {},
		_ = back => {},
		() = cut => {},
	}
}
