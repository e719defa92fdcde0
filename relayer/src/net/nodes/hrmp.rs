//! Channels between the parachains, opened by the relay chain's root.

use super::{
	genesis::{CHANNEL_BYTES, CHANNEL_CAPACITY},
	plan::{GEAR, SIBLING},
};
use crate::{
	gear::{BlockId, Call, GearError},
	net::{
		chains::{Chain, ChainError},
		steps::StepFailure,
	},
};
use codec::{Decode, DecodeAll};
use subxt_signer::sr25519::dev;

/// From whom to whom.
const CHANNELS: [(u32, u32); 2] = [(GEAR, SIBLING), (SIBLING, GEAR)];

/// Blocks of the longest session that is worth waiting for. Those of Westend itself have 600.
const LONGEST_SESSION: u64 = 50;

/// A channel, as the relay chain keeps it.
#[derive(Debug, Decode)]
struct Channel {
	max_capacity: u32,
	_max_total_size: u32,
	max_message_size: u32,
	_msg_count: u32,
	_total_size: u32,
	_mqc_head: Option<[u8; 32]>,
	_sender_deposit: u128,
	_recipient_deposit: u128,
}

/// Refuses a relay chain whose sessions last so long that parachains would not begin within an
/// hour.
pub(super) async fn ensure_sessions_are_short(relay: &Chain) -> Result<(), StepFailure> {
	let at = relay.client().at_finalized().await.map_err(|error| relay.failed(error))?;
	let constant = at
		.metadata_ref()
		.pallet_by_name("Babe")
		.and_then(|babe| babe.constant_by_name("EpochDuration"))
		.and_then(|constant| u64::decode_all(&mut constant.value()).ok());
	match constant {
		Some(blocks) if blocks > LONGEST_SESSION => Err(StepFailure::Otherwise(format!(
			"sessions of the relay chain have {blocks} blocks, and parachains begin in the second\n  \
			 cure: take westend-runtime's Wasm built with the feature `fast-runtime`"
		))),
		_ => Ok(()),
	}
}

/// Asks for the channels, with root's powers; returns the block in which that is final.
pub(super) async fn ask_for_channels(relay: &Chain) -> Result<BlockId, ChainError> {
	let failed = |error: GearError| relay.failed(error);
	let at = relay.client().at_finalized().await.map_err(failed)?;
	let calls = CHANNELS.map(|(sender, recipient)| {
		let args = (sender, recipient, CHANNEL_CAPACITY, CHANNEL_BYTES);
		Call::new("Hrmp", "force_open_hrmp_channel", args)
	});
	let both = Call::all(&calls, &at).map_err(failed)?;
	Ok(relay.execute_as_root(&both, &dev::alice()).await?.block)
}

/// Waits until both channels are there, in finalised state; returns the block that has them.
pub(super) async fn opened(relay: &Chain) -> Result<BlockId, ChainError> {
	let client = relay.client();
	loop {
		let block = client.finalized().await.map_err(|error| relay.failed(error))?;
		let at = client.at(block).await.map_err(|error| relay.failed(error))?;
		let open: Vec<([u8; 8], Channel)> = client
			.storage_map(&at, "Hrmp", "HrmpChannels")
			.await
			.map_err(|error| relay.failed(error))?;
		let is_open = |(sender, recipient): (u32, u32)| {
			let key = [sender.to_le_bytes(), recipient.to_le_bytes()].concat();
			open.iter().any(|(ends, channel)| {
				ends[..] == key[..]
					&& channel.max_capacity == CHANNEL_CAPACITY
					&& channel.max_message_size == CHANNEL_BYTES
			})
		};
		if CHANNELS.into_iter().all(is_open) {
			return Ok(block);
		}
		relay.until_final(block.number + 1).await?;
	}
}
