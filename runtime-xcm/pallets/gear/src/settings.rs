//! The engine's settings for a chain: its prices, with the chain's own costs added.

use crate::{Config, Pallet, weights};
use core::marker::PhantomData;
use gearway_engine::Settings;
use gearway_primitives::RouteMessage;
use polkadot_sdk::frame_support::traits::Get;

/// 64 KiB pages of a program's memory, so that a message that touches all of it fits in the proof
/// of a block.
pub const MAX_PAGES: u32 = 64;

/// Bytes of a code in the form in which it runs, metadata included. Metering makes most codes half
/// as long again, but can make one of calls alone thirteen times as long.
pub const MAX_METERED_LEN: u32 = 2 * 1024 * 1024;

/// Messages that a block may pass over, so that looking through the queue takes a small part of a
/// busy block's proof.
pub const MAX_PASSED_OVER: u32 = 32;

/// The production settings for a runtime: the engine's own prices cover running Wasm; to them come
/// the database operations of this pallet for each message, and those of the runtime's router for
/// each message that leaves, at the runtime's own prices.
pub struct ChainSettings<T>(PhantomData<T>);

impl<T: Config> Get<Settings> for ChainSettings<T> {
	fn get() -> Settings {
		let mut settings = Settings::production();
		settings.limits.pages = MAX_PAGES;
		settings.limits.passed_over = MAX_PASSED_OVER;
		settings.limits.block_gas = T::MaxGasLimit::get();
		let payload_len = settings.limits.payload_len.max(1);

		let db = T::DbWeight::get();
		let take = weights::take_message(db).ref_time();
		let queue = weights::queue_message(db).ref_time();
		let route = T::Router::weight(0).ref_time();
		let route_bytes = T::Router::weight(payload_len).ref_time().saturating_sub(route);

		let schedule = &mut settings.schedule;
		let gas = Pallet::<T>::gas_for;
		schedule.dispatch = schedule.dispatch.saturating_add(gas(take));
		schedule.task = schedule.task.saturating_add(gas(weights::run_task(db).ref_time()));
		schedule.send = schedule.send.saturating_add(gas(queue.max(route)));
		schedule.syscall_byte =
			schedule.syscall_byte.saturating_add(gas(route_bytes.div_ceil(u64::from(payload_len))));
		schedule.chunk_read = schedule.chunk_read.max(gas(db.reads(1).ref_time()));
		schedule.chunk_write = schedule.chunk_write.max(gas(db.writes(1).ref_time()));
		settings
	}
}
