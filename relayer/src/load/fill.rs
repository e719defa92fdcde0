//! Fills blocks: puts more messages into the queue at once than a block can deal with.

use super::{
	BACKLOG, ERA, PAYLOAD, TICK, Target,
	error::LoadError,
	fullness::Fullness,
	tally::{Fact, Way},
	watch::{self, Told},
};
use crate::{
	gear::{Call, Signed, account_of},
	net::report::Console,
};
use std::time::Duration;
use subxt_signer::sr25519::dev;
use tokio::{
	sync::mpsc,
	time::{Instant, interval},
};

/// Gas bought for a message. The less it is over what the message needs, the fuller blocks get.
const GAS: u64 = 2_000_000_000;

/// Messages that an extrinsic puts into the queue.
const BATCH: u32 = 50;

/// How long it may take until all are dealt with.
const PATIENCE: Duration = Duration::from_secs(600);

/// A block that has dealt with messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filled {
	/// How many.
	pub messages: usize,
	/// How full it is.
	pub fullness: Fullness,
}

/// Sends that many batches of messages, and reads blocks until all have been dealt with.
pub async fn fill(
	target: &Target,
	batches: u32,
	console: &Console,
) -> Result<Vec<Filled>, LoadError> {
	let gear = &target.gear;
	let failed = |source| LoadError::Chain { chain: gear.name, source };
	let (told, mut blocks) = mpsc::channel(BACKLOG);
	let last = gear.finalized().await?;
	let mut watching = std::pin::pin!(watch::follow(gear, last, told));
	send(target, batches).await.map_err(failed)?;

	let wanted = u64::from(batches) * u64::from(BATCH);
	let (mut done, mut filled) = (0, Vec::new());
	let mut ticks = interval(TICK);
	let deadline = Instant::now() + PATIENCE;
	while done < wanted {
		tokio::select! {
			outcome = &mut watching => {
				outcome?;
				break;
			}
			Some(Told { facts, fullness }) = blocks.recv() => {
				let messages = facts.iter().filter(|fact| matches!(fact, Fact::Dispatched { .. })).count();
				if messages > 0 {
					filled.push(Filled { messages, fullness });
				}
				done += messages as u64;
			}
			now = ticks.tick() => {
				console.progress(&format!("blocks filled: {done} of {wanted} messages are done"));
				if now > deadline {
					return Err(LoadError::Late { open: wanted - done, within: PATIENCE });
				}
			}
		}
	}
	console.wait_is_over();
	Ok(filled)
}

async fn send(target: &Target, batches: u32) -> Result<(), crate::gear::GearError> {
	let (client, signer) = (&target.chain(Way::Direct).client, dev::dave());
	let at = client.at_finalized().await?;
	let call =
		Call::new("Gear", "send_message", (target.program, PAYLOAD.to_vec(), GAS, 0u128, true));
	let batch = Call::all(&vec![call; BATCH as usize], &at)?;
	let first = client.next_nonce(&account_of(&signer)).await?;
	for nonce in (first..).take(batches as usize) {
		let signed = Signed::new(&at, &batch, &signer, nonce, ERA)?;
		client.submit(&signed.bytes).await?;
	}
	Ok(())
}
