//! Learns from the beacon node which execution blocks are final.

use super::{
	Error,
	context::Context,
	runner::{Progress, Stage},
};
use crate::ethereum::beacon::BlockName;
use gearway_ethereum::{H256, merkle::header_root};
use std::sync::Arc;

/// The second stage.
pub(super) struct Finality {
	pub(super) context: Arc<Context>,
	/// The latest finalised beacon block and the execution block it carries.
	pub(super) latest: Option<Finalized>,
}

/// A finalised beacon block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finalized {
	root: H256,
	execution_number: u64,
	execution_hash: H256,
}

impl Stage for Finality {
	const NAME: &'static str = "finality";

	async fn step(&mut self) -> Result<Progress, Error> {
		let Context { beacon, outbox, bells, network, .. } = &*self.context;
		let beacon = beacon.now();
		let Some(update) = beacon.finality_update().await? else {
			tracing::debug!("the beacon node knows of nothing final yet");
			return Ok(Progress::Idle);
		};
		let root = header_root(&update.finalized_header);
		let finalized = match self.latest {
			Some(latest) if latest.root == root => latest,
			_ => {
				let block = beacon.block(BlockName::Root(root), network.preset).await?;
				bells.upkeep.notify_one();
				*self.latest.insert(Finalized {
					root,
					execution_number: block.execution_number,
					execution_hash: block.execution_hash,
				})
			}
		};
		// Looking through blocks may be behind; this is asked again until it has caught up.
		let hash = finalized.execution_hash.0.into();
		for nonce in outbox.finalize(finalized.execution_number, hash).await? {
			let topic = self.context.topic(nonce);
			let slot = update.finalized_header.slot;
			tracing::info!(nonce, topic, block = finalized.execution_number, slot, "final");
			bells.upkeep.notify_one();
			bells.prove.notify_one();
		}
		Ok(Progress::Idle)
	}
}
