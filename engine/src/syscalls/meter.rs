//! The gas of one dispatch.

use super::Halt;
use crate::message::Gas;

/// Counts what a dispatch has left. While the program runs, part of it is with the program, as a
/// number of instructions.
#[derive(Debug)]
pub(crate) struct Meter {
	limit: Gas,
	left: Gas,
	/// Gas taken out for others: messages with a limit of their own, rents, reservations.
	passed_on: Gas,
	/// Price of an instruction.
	unit: Gas,
	/// Instructions handed out to the program.
	handed: i64,
}

impl Meter {
	pub(crate) fn new(limit: Gas, instruction: Gas) -> Self {
		// At no price, a program could run for ever.
		Self { limit, left: limit, passed_on: 0, unit: instruction.max(1), handed: 0 }
	}

	/// Pays `gas`; all that is left is gone if that is less.
	pub(crate) fn charge(&mut self, gas: Gas) -> Result<(), Halt> {
		match self.left.checked_sub(gas) {
			Some(left) => {
				self.left = left;
				Ok(())
			}
			None => {
				self.left = 0;
				Err(Halt::OutOfGas)
			}
		}
	}

	/// Takes `gas` out for something else than this run. Returns whether there was so much; if not, nothing changes.
	pub(crate) fn pass_on(&mut self, gas: Gas) -> bool {
		match self.left.checked_sub(gas) {
			Some(left) => {
				self.left = left;
				// Both were part of `limit`.
				self.passed_on = self.passed_on.saturating_add(gas);
				true
			}
			None => false,
		}
	}

	/// Puts back what was taken out by [`pass_on`](Self::pass_on).
	pub(crate) fn take_back(&mut self, gas: Gas) {
		self.left = self.left.saturating_add(gas);
		self.passed_on = self.passed_on.saturating_sub(gas);
	}

	/// How many instructions the program may execute with what is left.
	pub(crate) fn hand_out(&mut self) -> i64 {
		self.handed = i64::try_from(self.left / self.unit).unwrap_or(i64::MAX);
		self.handed
	}

	/// Takes back what the program has not used. Less than nothing: it wanted more than it had, so
	/// all is gone.
	pub(crate) fn settle(&mut self, fuel: i64) {
		let used = u64::try_from(self.handed.saturating_sub(fuel)).unwrap_or(0);
		self.handed = 0;
		self.left =
			if fuel < 0 { 0 } else { self.left.saturating_sub(used.saturating_mul(self.unit)) };
	}

	/// What is left, outside the program's hands.
	pub(crate) fn left(&self) -> Gas {
		self.left
	}

	/// What was paid.
	pub(crate) fn spent(&self) -> Gas {
		self.limit.saturating_sub(self.left).saturating_sub(self.passed_on)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn instructions_are_charged_exactly() {
		let mut meter = Meter::new(10_999, 1_000);
		assert_eq!(meter.hand_out(), 10);
		meter.settle(7);
		assert_eq!((meter.left(), meter.spent()), (7_999, 3_000));
		meter.charge(999).unwrap();
		assert_eq!(meter.hand_out(), 7);
		meter.settle(0);
		assert_eq!((meter.left(), meter.spent()), (0, 10_999));
	}

	#[test]
	fn wanting_more_costs_all() {
		let mut meter = Meter::new(10_999, 1_000);
		meter.hand_out();
		meter.settle(-1);
		assert_eq!(meter.spent(), 10_999);
		assert_eq!(Meter::new(5, 1).charge(6), Err(Halt::OutOfGas));
	}

	#[test]
	fn gas_passed_on_is_not_spent() {
		let mut meter = Meter::new(100, 1);
		assert!(!meter.pass_on(101));
		assert!(meter.pass_on(60));
		meter.charge(10).unwrap();
		assert_eq!((meter.left(), meter.spent()), (30, 10));
		meter.take_back(20);
		assert_eq!((meter.left(), meter.spent()), (50, 10));
	}

	#[test]
	fn a_limit_beyond_the_counter_is_no_trouble() {
		let mut meter = Meter::new(u64::MAX, 1);
		assert_eq!(meter.hand_out(), i64::MAX);
		meter.settle(i64::MAX - 5);
		assert_eq!(meter.spent(), 5);
	}
}
