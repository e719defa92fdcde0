//! Which of several relayers works, where they share a database.
//!
//! The one that holds the lease does; see [`super::outbox`]. Where the database is a file, nobody
//! else can be there, and the only relayer leads from the first moment to the last.

use super::outbox::Outbox;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long a lease lasts. After a relayer's death another takes over no later than this and
/// [`LOOK`] together.
const LEASE: Duration = Duration::from_secs(20);

/// Pause between two looks at the lease, and between two renewals.
const LOOK: Duration = Duration::from_secs(5);

/// What a relayer calls itself for the others.
pub(super) fn name() -> String {
	let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
	format!("{host}, process {}", std::process::id())
}

/// Completes when this relayer is the one to work. A server that is away is waited for.
pub(super) async fn lead(outbox: &Outbox) {
	let name = name();
	let mut waiting_for = None;
	loop {
		match outbox.take_lease(&name, LEASE).await {
			Ok(true) if outbox.is_shared() => {
				tracing::info!(name, "leading");
				return;
			}
			Ok(true) => return,
			Ok(false) => match outbox.lease_holder().await {
				Ok(holder) => {
					let holder = holder.map(|holder| holder.name);
					if waiting_for != holder {
						let name = holder.as_deref().unwrap_or("nobody");
						tracing::info!(holder = name, "standing by");
						waiting_for = holder;
					}
				}
				Err(error) => tracing::warn!(%error, "the lease cannot be looked at"),
			},
			Err(error) => tracing::warn!(%error, "the lease cannot be asked for"),
		}
		sleep(LOOK).await;
	}
}

/// Renews the lease; completes when it is lost. From then on nothing can be written.
pub(super) async fn lose(outbox: &Outbox) -> String {
	if !outbox.is_shared() {
		return std::future::pending().await;
	}
	// Counted from before the server was asked, so that it has not run out there any earlier.
	let mut until = Instant::now() + LEASE;
	let reason = loop {
		sleep(LOOK).await;
		let asked = Instant::now();
		let left = until.saturating_duration_since(asked);
		match timeout(left, outbox.renew_lease(LEASE)).await {
			Ok(Ok(true)) => until = asked + LEASE,
			Ok(Ok(false)) => break "another relayer has taken over".to_string(),
			Ok(Err(error)) if Instant::now() < until => {
				tracing::warn!(%error, "the lease cannot be renewed");
			}
			Ok(Err(error)) => break format!("it could not be renewed in time: {error}"),
			Err(_) => break "it could not be renewed in time".to_string(),
		}
	};
	outbox.stop_writing();
	reason
}
