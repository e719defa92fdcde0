//! What can be looked at while the relayer runs: a page, its data, metrics and health checks.
//!
//! Everything can be read and nothing can be changed. It reads the database by a connection of its
//! own, so that many questions do not hold up the stages.

use super::{
	Error,
	context::Context,
	journey::{Journey, Name, Summary, find},
	metrics::Metrics,
	outbox::{Backlog, Millis, Outbox, now},
	preflight::HTTP_LISTEN,
	stage::Stage,
};
use crate::ethereum::{Node, Nodes};
use axum::{
	Router,
	extract::{Path, Query, State},
	http::{HeaderName, HeaderValue, StatusCode, header},
	response::{IntoResponse, Response},
	routing::get,
};
use gearway_ethereum::Gateway;
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;

/// How long a stage may be in trouble before the relayer counts as not ready.
const PATIENCE: Millis = 30_000;

/// Most messages in one answer.
const MOST: u32 = 500;

/// The page and its parts, built into the program.
const PARTS: [(&str, &str, &str); 3] = [
	("/", "text/html; charset=utf-8", include_str!("page.html")),
	("/page.css", "text/css; charset=utf-8", include_str!("page.css")),
	("/page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
];

/// What the page may load: its own parts and no others.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
	 base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is served.
pub(super) struct Web {
	listener: TcpListener,
	shown: Arc<Shown>,
}

/// What answers are made of.
struct Shown {
	outbox: Outbox,
	metrics: Metrics,
	gateway: Gateway,
	lane: Lane,
}

/// The way that this relayer carries messages along.
#[derive(Debug, Clone, Serialize)]
struct Lane {
	/// EIP-155 id of the chain that messages come from.
	chain_id: u64,
	gateway: String,
	execution: String,
	beacon: String,
	/// Genesis of the chain that messages go to.
	genesis: String,
	gear: String,
	account: String,
	/// What this relayer calls itself.
	instance: String,
	version: &'static str,
}

/// The lane as it is now.
#[derive(Debug, Serialize)]
struct Overview<'a> {
	now: Millis,
	lane: &'a Lane,
	backlog: Backlog,
}

impl Web {
	/// Takes the address. `None` where nothing is to be served.
	pub(super) async fn bind(context: &Context) -> Result<Option<Self>, Error> {
		let config = &context.config;
		if !config.http.enabled {
			return Ok(None);
		}
		let listen = config.http.listen;
		let listener = TcpListener::bind(listen).await.map_err(|error| Error::Mismatch {
			key: HTTP_LISTEN,
			message: format!("{listen} cannot be listened at: {error}; name another address"),
		})?;
		let lane = Lane {
			chain_id: context.gateway.chain_id,
			gateway: context.gateway_address().to_string(),
			execution: addresses(&context.execution),
			beacon: addresses(&context.beacon),
			genesis: format!("{:?}", context.gear.genesis()),
			gear: context.gear.endpoint().to_string(),
			account: context.submitter.account().to_string(),
			instance: super::lead::name(),
			version: env!("CARGO_PKG_VERSION"),
		};
		let shown = Shown {
			outbox: Outbox::open_to_read(config.database.location.clone()).await?,
			metrics: context.metrics.clone(),
			gateway: context.gateway,
			lane,
		};
		Ok(Some(Self { listener, shown: Arc::new(shown) }))
	}

	/// Where it is served.
	pub(super) fn address(&self) -> Option<SocketAddr> {
		self.listener.local_addr().ok()
	}

	/// Serves until `stop` completes.
	pub(super) async fn serve(
		self,
		stop: impl Future<Output = ()> + Send + 'static,
	) -> Result<(), Error> {
		let served = axum::serve(self.listener, routes(self.shown)).with_graceful_shutdown(stop);
		served.await.map_err(|error| Error::Mismatch {
			key: HTTP_LISTEN,
			message: format!("it cannot be served any more: {error}"),
		})
	}
}

fn addresses(nodes: &Nodes<impl Node>) -> String {
	nodes.all().map(|node| node.endpoint().to_string()).collect::<Vec<_>>().join(", ")
}

fn routes(shown: Arc<Shown>) -> Router {
	let mut router = Router::new()
		.route("/api/overview", get(overview))
		.route("/api/messages", get(messages))
		.route("/api/messages/{name}", get(message))
		.route("/metrics", get(metrics))
		.route("/healthz", get(async || "ok\n"))
		.route("/readyz", get(ready));
	for (path, kind, text) in PARTS {
		let page = async move || {
			let policy = (header::CONTENT_SECURITY_POLICY, POLICY);
			let fresh = (header::CACHE_CONTROL, "no-cache");
			([(header::CONTENT_TYPE, kind), policy, fresh, NO_SNIFF], text)
		};
		router = router.route(path, get(page));
	}
	router.with_state(shown)
}

const NO_SNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");

/// Something that could not be answered. What is inside is logged, and told in full: who may look
/// here is who runs the relayer.
struct Trouble(StatusCode, String);

impl From<Error> for Trouble {
	fn from(error: Error) -> Self {
		tracing::warn!(%error, "a question cannot be answered");
		Self(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
	}
}

impl IntoResponse for Trouble {
	fn into_response(self) -> Response {
		json(self.0, &serde_json::json!({ "error": self.1 }))
	}
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
	match serde_json::to_vec(value) {
		Ok(body) => {
			let kind = HeaderValue::from_static("application/json");
			let fresh = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
			(status, [(header::CONTENT_TYPE, kind), fresh], body).into_response()
		}
		Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
	}
}

async fn overview(State(shown): State<Arc<Shown>>) -> Result<Response, Trouble> {
	let backlog = shown.outbox.backlog().await?;
	Ok(json(StatusCode::OK, &Overview { now: now(), lane: &shown.lane, backlog }))
}

/// Which messages are asked for.
#[derive(Debug, Deserialize)]
struct Which {
	stage: Option<String>,
	below: Option<u64>,
	limit: Option<u32>,
}

async fn messages(
	State(shown): State<Arc<Shown>>,
	Query(which): Query<Which>,
) -> Result<Response, Trouble> {
	let stage = which.stage.as_deref().filter(|stage| !stage.is_empty());
	let stage: Option<Stage> =
		stage.map(str::parse).transpose().map_err(|error: super::stage::UnknownStage| {
			Trouble(StatusCode::BAD_REQUEST, error.to_string())
		})?;
	let limit = which.limit.unwrap_or(50).min(MOST);
	let troubles = shown.outbox.troubles().await?;
	let messages = shown.outbox.messages(stage, which.below, limit).await?;
	let summaries: Vec<_> =
		messages.iter().map(|message| Summary::new(message, &shown.gateway, &troubles)).collect();
	Ok(json(StatusCode::OK, &summaries))
}

async fn message(
	State(shown): State<Arc<Shown>>,
	Path(name): Path<String>,
) -> Result<Response, Trouble> {
	let name: Name = name.parse().map_err(|error| Trouble(StatusCode::BAD_REQUEST, error))?;
	let mut journeys = Vec::new();
	for nonce in find(&shown.outbox, &shown.gateway, name).await? {
		journeys.extend(Journey::of(&shown.outbox, &shown.gateway, nonce).await?);
	}
	if journeys.is_empty() {
		return Err(Trouble(StatusCode::NOT_FOUND, "no message of that name".to_string()));
	}
	Ok(json(StatusCode::OK, &journeys))
}

async fn metrics(State(shown): State<Arc<Shown>>) -> Result<Response, Trouble> {
	let text = shown.metrics.text(&shown.outbox.backlog().await?)?;
	let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
	Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Ready is a relayer that can read its database and whose stages are not in lasting trouble, as
/// well as one that stands by while another works.
async fn ready(State(shown): State<Arc<Shown>>) -> Result<Response, Trouble> {
	let mut troubles = shown.outbox.troubles().await?;
	let leader = shown.outbox.lease_holder().await?;
	troubles.retain(|trouble| now().saturating_sub(trouble.since) > PATIENCE);
	let leading = leader.as_ref().is_none_or(|leader| leader.name == shown.lane.instance);
	let status = if troubles.is_empty() || !leading {
		StatusCode::OK
	} else {
		StatusCode::SERVICE_UNAVAILABLE
	};
	let ready = status == StatusCode::OK;
	let answer = serde_json::json!({ "ready": ready, "leading": leading, "troubles": troubles });
	Ok(json(status, &answer))
}

#[cfg(test)]
mod tests;
