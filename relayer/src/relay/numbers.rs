//! Keeps the numbers about the Gear chain up to date: what the account has, and how far the light
//! client is behind. Moves no messages.

use super::{
	Error,
	context::Context,
	runner::{Progress, Stage},
};
use std::sync::Arc;

/// Beside the stages.
pub(super) struct Numbers {
	pub(super) context: Arc<Context>,
	/// Places after the point of the currency's main unit, once they are known.
	pub(super) decimals: Option<u32>,
}

impl Stage for Numbers {
	const NAME: &'static str = "numbers";

	async fn step(&mut self) -> Result<Progress, Error> {
		let Context { gear, beacon, network, submitter, metrics, .. } = &*self.context;
		let at = gear.at_finalized().await?;
		let decimals = match self.decimals {
			Some(decimals) => decimals,
			None => *self.decimals.insert(gear.currency().await?.1),
		};
		let account = submitter.account();
		if let Some(balance) = gear.balance_at(&at, &account).await? {
			let unit = 10f64.powf(decimals.into());
			metrics.balance(account.to_string(), balance as f64 / unit);
		}
		let finality = beacon.now().finality_update().await?;
		if let (Some(state), Some(finality)) = (gear.client_state(&at).await?, finality) {
			let slots = finality.finalized_header.slot.saturating_sub(state.finalized.slot);
			metrics.light_client_lag(slots * network.seconds_per_slot);
		}
		Ok(Progress::Idle)
	}
}
