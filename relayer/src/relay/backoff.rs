//! How long to wait before trying again.

use super::config::RelayConfig;
use std::time::Duration;

/// Doubling pauses with a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
	initial: Duration,
	max: Duration,
}

impl Backoff {
	/// The operator's choice.
	pub fn new(config: &RelayConfig) -> Self {
		Self {
			initial: Duration::from_millis(config.backoff_initial_ms),
			max: Duration::from_millis(config.backoff_max_ms),
		}
	}

	/// The pause after that many failures in a row, the first being 1.
	pub fn after(&self, failures: u32) -> Duration {
		let doublings = failures.saturating_sub(1).min(31);
		self.initial.saturating_mul(1 << doublings).min(self.max)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn backoff() -> Backoff {
		let config =
			RelayConfig { backoff_initial_ms: 100, backoff_max_ms: 1_000, ..Default::default() };
		Backoff::new(&config)
	}

	#[test]
	fn pauses_double_up_to_the_ceiling() {
		let pauses: Vec<u128> =
			(1..=6).map(|failures| backoff().after(failures).as_millis()).collect();
		assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000]);
	}

	#[test]
	fn no_number_of_failures_overflows() {
		for failures in [0, 32, 64, u32::MAX] {
			let pause = backoff().after(failures).as_millis();
			assert!((100..=1_000).contains(&pause), "{failures}: {pause}");
		}
	}
}
