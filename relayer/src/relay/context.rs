//! What the stages share.

use super::{
	Error,
	backoff::Backoff,
	config::Config,
	metrics::Metrics,
	outbox::{Outbox, Patience},
	runtime::GearRuntime,
	submit::Submitter,
};
use crate::ethereum::{BeaconClient, ExecutionClient, Nodes};
use alloy::primitives::Address;
use gearway_ethereum::{Gateway, Network};
use std::{fs::File, sync::Arc};
use tokio::sync::Notify;

/// Everything that is decided before the first stage starts.
#[derive(Debug)]
pub(super) struct Context {
	pub(super) config: Config,
	pub(super) execution: Nodes<ExecutionClient>,
	pub(super) beacon: Nodes<BeaconClient>,
	pub(super) gear: GearRuntime,
	pub(super) outbox: Outbox,
	pub(super) submitter: Submitter,
	/// The gateway that is relayed from.
	pub(super) gateway: Gateway,
	/// The beacon chain, as its node describes it.
	pub(super) network: Network,
	pub(super) patience: Patience,
	pub(super) backoff: Backoff,
	pub(super) bells: Bells,
	pub(super) metrics: Metrics,
	/// Keeps other relayers off the database, where it is a file.
	pub(super) _lock: Option<File>,
}

/// One bell a stage, rung by the stage before it.
#[derive(Debug, Default)]
pub(super) struct Bells {
	pub(super) observe: Arc<Notify>,
	pub(super) finality: Arc<Notify>,
	pub(super) upkeep: Arc<Notify>,
	pub(super) prove: Arc<Notify>,
	pub(super) send: Arc<Notify>,
	pub(super) confirm: Arc<Notify>,
}

impl Context {
	/// The gateway's address, in alloy's type.
	pub(super) fn gateway_address(&self) -> Address {
		Address::from(self.gateway.address)
	}

	/// Slot of the beacon block that carries an execution block with that timestamp.
	pub(super) fn slot_of(&self, time: u64) -> u64 {
		slot_of(&self.network, time)
	}

	/// After a node's failure, another one is asked, where there is one.
	pub(super) fn turn_from(&self, error: &Error) {
		if let Error::Ethereum(error) = error {
			self.execution.turn_from(error);
			self.beacon.turn_from(error);
		}
	}

	/// Identifies a message's journey on every chain it passes, for logs.
	pub(super) fn topic(&self, nonce: u64) -> String {
		topic(&self.gateway, nonce)
	}
}

/// Slot of the beacon block that carries an execution block with that timestamp.
pub(super) fn slot_of(network: &Network, time: u64) -> u64 {
	time.saturating_sub(network.genesis_time) / network.seconds_per_slot.max(1)
}

/// Identifies a message's journey on every chain it passes, for logs.
pub(super) fn topic(gateway: &Gateway, nonce: u64) -> String {
	format!("0x{}", hex::encode(gateway.topic(nonce)))
}
