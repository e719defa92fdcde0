//! The whole on real nodes: validators, collators, channels, an Ethereum pair, the relayer.
//!
//! One network serves all checks, which run one after another; each says in its file what it
//! asserts, in finalised state, and what must not change. They need the programs of polkadot-sdk
//! (docs/networks.md says where to get them) and take about a quarter of an hour; where something
//! is missing they are passed over, loudly, unless GEARWAY_REQUIRE_NODES is set.

#![allow(clippy::unwrap_used, reason = "what is missing here fails the test, as it should")]

mod collator;
mod environment;
mod full_block;
mod load;
mod main_job;
mod relaying;
mod upgrade;
mod validator;

use environment::{Environment, Ground};
use gearway::net::report::Console;

#[tokio::test(flavor = "multi_thread")]
async fn messages_arrive_once_and_in_order_whatever_ends_meanwhile() {
	let Some(ground) = Ground::take().await else { return };
	let console = Console::new();
	{
		let environment = Environment::start(&ground, &console).await;
		main_job::check(&environment).await;
		load::check(&environment).await;
		full_block::check(&environment).await;
		collator::check(&environment).await;
		relaying::check(&environment).await;
		validator::check(&environment).await;
		upgrade::check(&environment).await;
		environment.nothing_happened_twice().await;
	}
	ground.end().await;
}
