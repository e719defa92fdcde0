//! What is done once on the fresh chains: the contract, the light client, the programs.

use super::{
	chains::Chain,
	ethereum::{CHAIN_ID, Included, Pair},
	events::{Seen, Sight},
	report::short,
	steps::{StepError, StepFailure, Steps},
};
use crate::gear::{BlockId, Call};
use alloy::primitives::Address;
use std::{path::Path, time::Duration};
use subxt_signer::sr25519::dev;

/// Deadline for a transaction to be final on a parachain here. Validators take half a minute for it,
/// or more on a busy machine.
pub const PARACHAIN: Duration = Duration::from_secs(600);

/// Deadline for the beacon chain to finalise a block.
pub const FINALITY: Duration = Duration::from_secs(600);

/// Deadline for a transaction to be in an Ethereum block.
const INCLUSION: Duration = Duration::from_secs(180);

/// The charge at which the capacitor discharges.
pub const LIMIT: u32 = 100;

/// Gas bought for a program's init.
const INIT_GAS: u64 = 50_000_000_000;

/// What the capacitor gets on its account, to pay for the messages it sends to other chains: ten
/// of Gear's tokens.
const CAPACITOR_VALUE: u128 = 10_000_000_000_000;

/// The gateway contract.
#[derive(Debug, Clone, Copy)]
pub struct Gateway {
	/// Its address.
	pub address: Address,
	/// Where it was deployed.
	pub deployed: Included,
}

/// The programs' ids.
#[derive(Debug, Clone, Copy)]
pub struct Programs {
	/// Takes charges and gives them back.
	pub capacitor: [u8; 32],
	/// Answers `PONG`.
	pub ping: [u8; 32],
}

/// Deploys the gateway and tells Gear of it, once its block is final.
pub async fn gateway(
	steps: Steps<'_>,
	pair: &Pair,
	gear: &Chain,
	artefact: &Path,
) -> Result<Gateway, StepError> {
	let (address, deployed) = steps
		.within(INCLUSION, "the gateway contract to be deployed", pair.deploy(artefact))
		.await?;
	let Included { block, .. } = deployed;
	let place = format!("block {} {}", block.number, short(&block.hash.to_string()));
	steps.console().say("Ethereum", &format!("{place}: gateway contract at {address}"));

	let bootstrap = steps
		.within(FINALITY, "the beacon chain's first finalised block", pair.bootstrap())
		.await?;
	let network =
		steps.within(INCLUSION, "the beacon chain's configuration", pair.network()).await?;
	let slot = bootstrap.header.slot;
	steps.console().say("Ethereum", &format!("slot {slot}: finalised, light client starts here"));

	let call = Call::new("BeaconClient", "bootstrap", (network, bootstrap));
	as_root(steps, gear, &call, "light client of the beacon chain set up").await?;
	let set_gateway = Call::new("EthereumInbox", "set_gateway", (CHAIN_ID, address.into_array()));
	as_root(steps, gear, &set_gateway, "gateway contract made known").await?;
	Ok(Gateway { address, deployed })
}

/// Uploads both programs and waits until they are ready for messages.
pub async fn programs(steps: Steps<'_>, gear: &Chain) -> Result<Programs, StepError> {
	let limit = LIMIT.to_string();
	Ok(Programs {
		capacitor: upload(
			steps,
			gear,
			"capacitor",
			gearway_programs::CAPACITOR,
			limit.as_bytes(),
			CAPACITOR_VALUE,
		)
		.await?,
		ping: upload(steps, gear, "ping", gearway_programs::PING, b"", 0).await?,
	})
}

async fn as_root(steps: Steps<'_>, gear: &Chain, call: &Call, done: &str) -> Result<(), StepError> {
	let waiting = format!("{call:?} to be final on {}", gear.name());
	let executed = steps
		.within(PARACHAIN, waiting.as_str(), gear.execute_as_root(call, &dev::alice()))
		.await?;
	steps.console().say(gear.name(), &format!("{}: {done}", in_block(executed.block)));
	Ok(())
}

/// Uploads a program and waits until it is ready for messages; returns its id.
pub async fn upload(
	steps: Steps<'_>,
	gear: &Chain,
	name: &'static str,
	code: &[u8],
	init_payload: &[u8],
	value: u128,
) -> Result<[u8; 32], StepError> {
	let salt: &[u8] = b"gearway net up";
	let call =
		Call::new("Gear", "upload_program", (code, salt, init_payload, INIT_GAS, value, true));
	let waiting = format!("{name} to be uploaded");
	let executed =
		steps.within(PARACHAIN, waiting.as_str(), gear.execute(&call, &dev::alice())).await?;
	let mut queued = None;
	for event in executed.events.iter().flatten().filter(|event| executed.is_own(event)) {
		if (event.pallet_name(), event.event_name()) == ("Gear", "MessageQueued") {
			queued = Seen::read(Sight::now(executed.block), &event).ok();
		}
	}
	let ids = queued.and_then(|seen| Some((seen.id("id")?, seen.id("destination")?)));
	let (message, program) = ids.ok_or_else(|| StepError {
		step: waiting,
		source: StepFailure::Otherwise("no event names the program".into()),
	})?;
	let sight = dispatched(steps, gear, message, &format!("{name}'s init")).await?;
	let id = short(&format!("0x{}", hex::encode(program)));
	steps
		.console()
		.say(gear.name(), &format!("{}: {name} is ready, program {id}", in_block(sight.block)));
	Ok(program)
}

/// Waits until a program has handled a message, and fails if it did not handle it well.
pub async fn dispatched(
	steps: Steps<'_>,
	gear: &Chain,
	message: [u8; 32],
	what: &str,
) -> Result<Sight, StepError> {
	let step = format!("{what} to be processed");
	let (sight, outcome) =
		steps.within(PARACHAIN, step.as_str(), gear.first(|seen| outcome(seen, message))).await?;
	match outcome {
		Ok(()) => Ok(sight),
		Err(reason) => Err(StepError { step, source: StepFailure::Otherwise(reason) }),
	}
}

/// What became of a message, if that event tells.
fn outcome(seen: &Seen, message: [u8; 32]) -> Option<Result<(), String>> {
	// Comes before the other in the same block, and says more.
	if seen.is("Gear", "MessageFailed") && seen.id("id") == Some(message) {
		let code = hex::encode(seen.bytes("code").unwrap_or_default());
		return Some(Err(format!("the program failed with reply code 0x{code}")));
	}
	if !seen.is("Gear", "MessagesDispatched") {
		return None;
	}
	let statuses = seen.entries("statuses");
	let (_, status) = statuses.into_iter().find(|(id, _)| *id == message)?;
	Some(if status == "Success" { Ok(()) } else { Err(format!("the message's fate: {status}")) })
}

/// A block's number and hash, for a line.
pub fn in_block(block: BlockId) -> String {
	format!("#{} {}", block.number, short(&format!("{:?}", block.hash)))
}
