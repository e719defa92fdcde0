//! The end of a block: messages are processed in what weight is left.

use crate::{Config, Event, Pallet, QueueState, state::ChainState, weights::WeightInfo};
use gearway_engine::{Gas, Wasmi, run_queue};
use polkadot_sdk::{
	frame_support::traits::Get, frame_system::pallet_prelude::BlockNumberFor,
	sp_runtime::traits::UniqueSaturatedInto, sp_weights::Weight,
};

impl<T: Config> Pallet<T> {
	/// Gas that `ref_time` is enough for, rounded up.
	pub(crate) fn gas_for(ref_time: u64) -> Gas {
		ref_time.div_ceil(T::RefTimePerGas::get().max(1))
	}

	/// Does what is scheduled and runs the queue. Returns the weight used, never more than `limit`.
	pub(crate) fn run(now: BlockNumberFor<T>, limit: Weight) -> Weight {
		let mut used = T::WeightInfo::on_idle();
		if !used.all_lte(limit) {
			return Weight::zero();
		}
		let now = now.unique_saturated_into();
		used.saturating_accrue(Self::run_messages(now, limit.saturating_sub(used)));
		Self::close_agendas(now);
		used
	}

	fn run_messages(now: u32, limit: Weight) -> Weight {
		if QueueState::<T>::get().ends.is_none() && Self::next_task(now).is_none() {
			return Weight::zero();
		}
		let settings = T::Settings::get();
		let passing = T::WeightInfo::pass_over();
		let reserve = passing.saturating_mul(settings.limits.passed_over.into());
		let Some(room) = limit.checked_sub(&reserve) else { return Weight::zero() };

		let ref_time_per_gas = T::RefTimePerGas::get().max(1);
		let mut state = ChainState::<T>::processing(room.proof_size());
		let mut executor = Wasmi::default();
		let allowance = room.ref_time() / ref_time_per_gas;
		let report = run_queue(&mut state, &mut executor, &settings, allowance);

		let proof = state.proof.used().min(room.proof_size());
		if report.processed > 0 {
			let statuses = state.into_statuses();
			Self::deposit_event(Event::MessagesDispatched { total: report.processed, statuses });
		}
		passing.saturating_mul(report.passed_over.into()).saturating_add(Weight::from_parts(
			report.allowance_used.saturating_mul(ref_time_per_gas),
			proof,
		))
	}
}
