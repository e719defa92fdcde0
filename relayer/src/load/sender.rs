//! Sends messages at a rate.

use super::{
	ERA, PAYLOAD, Target,
	error::LoadError,
	tally::{Fact, Way},
};
use crate::gear::{At, Call, Client, GearError, Keypair, Signed, account_of};
use std::time::Duration;
use subxt_signer::sr25519::dev;
use tokio::{
	sync::mpsc::Sender,
	time::{Instant, MissedTickBehavior, interval},
};

/// Gas bought for a message; what is left comes back.
const GAS: u64 = 20_000_000_000;

/// What the sender on the sibling gives, in Gear's smallest unit, to buy the execution of its XCM
/// there; what is left comes back to it.
const XCM_FEE: u128 = 1_000_000_000_000;

/// How long a block can be the one that extrinsics refer to: a fraction of [`ERA`].
const FRESH: Duration = Duration::from_secs(60);

/// Messages of one way, at one rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
	pub(super) way: Way,
	/// Messages a second, over zero.
	pub(super) rate: f64,
	/// For how long.
	pub(super) time: Duration,
}

impl Stream {
	/// How many messages that makes, one at least.
	pub(super) fn count(&self) -> u64 {
		// Rates and times have bounds far below what the cast would cut.
		((self.rate * self.time.as_secs_f64()).round() as u64).max(1)
	}

	fn call(&self, target: &Target) -> Call {
		let (program, payload) = (target.program, PAYLOAD.to_vec());
		match self.way {
			Way::Direct => Call::new("Gear", "send_message", (program, payload, GAS, 0u128, true)),
			Way::Xcm => {
				Call::new("ProgramClient", "send_message", (program, payload, GAS, 0u128, XCM_FEE))
			}
		}
	}

	/// Who signs: of the sibling's accounts Alice's has one on Gear that can pay.
	fn signer(&self) -> Keypair {
		match self.way {
			Way::Direct => dev::dave(),
			Way::Xcm => dev::alice(),
		}
	}

	/// Sends them all; each is told of when the node has taken or refused it. What the pool would
	/// not take is not sent again.
	pub(super) async fn send(self, target: &Target, facts: Sender<Fact>) -> Result<(), LoadError> {
		let node = target.chain(self.way);
		let failed = |source| LoadError::Chain { chain: node.name, source };
		let (client, signer, call) = (&node.client, self.signer(), self.call(target));
		let mut at = Fresh::take(client).await.map_err(failed)?;
		let mut nonce = client.next_nonce(&account_of(&signer)).await.map_err(failed)?;
		let mut ticks = interval(Duration::from_secs_f64(1.0 / self.rate));
		// A node that answers late is sent more at once afterwards.
		ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
		for _ in 0..self.count() {
			ticks.tick().await;
			let at = at.get(client).await.map_err(failed)?;
			let signed = Signed::new(at, &call, &signer, nonce, ERA).map_err(failed)?;
			let began = std::time::Instant::now();
			let fact = match client.submit(&signed.bytes).await {
				Ok(extrinsic) => {
					nonce += 1;
					Fact::Sent { extrinsic, way: self.way, at: began }
				}
				Err(GearError::Refused(refusal)) => {
					tracing::debug!(chain = node.name, %refusal, "refused");
					Fact::Refused(self.way)
				}
				Err(error) => return Err(failed(error)),
			};
			if facts.send(fact).await.is_err() {
				// Nobody wants to know any more.
				return Ok(());
			}
		}
		Ok(())
	}
}

/// A recent block, as extrinsics refer to one.
struct Fresh {
	at: At,
	since: Instant,
}

impl Fresh {
	async fn take(client: &Client) -> Result<Self, GearError> {
		Ok(Self { at: client.at_finalized().await?, since: Instant::now() })
	}

	async fn get(&mut self, client: &Client) -> Result<&At, GearError> {
		if self.since.elapsed() > FRESH {
			*self = Self::take(client).await?;
		}
		Ok(&self.at)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_rate_and_a_time_make_a_number_of_messages() {
		let count = |rate, seconds| {
			Stream { way: Way::Direct, rate, time: Duration::from_secs(seconds) }.count()
		};
		assert_eq!(count(5.0, 60), 300);
		assert_eq!(count(0.5, 10), 5);
		assert_eq!(count(0.01, 10), 1);
	}
}
