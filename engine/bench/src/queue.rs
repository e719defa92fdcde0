//! The queue: what a message costs where many others wait, among many programs.

use crate::{
	harness::{Bench, Figure, Measured, cost, lap, unit},
	programs::{ALICE, GAS, WAITER, World},
};
use gearway_engine::{ActorId, Wasmtime};
use std::error::Error;

/// Messages that are processed at a time.
const BLOCK: u32 = 200;

pub(crate) fn benches() -> [Bench; 3] {
	[
		Bench { name: "engine/queue_100k", run: queue_100k },
		Bench { name: "engine/programs_10k", run: programs_10k },
		Bench { name: "engine/waiting_10k", run: waiting_10k },
	]
}

/// A message posted and processed while 1, 1 000 and 100 000 stand in the queue.
fn queue_100k() -> Measured {
	let mut figures = Vec::new();
	for (suffix, queued) in [("_1", 1), ("_1000", 1_000), ("", 100_000)] {
		let mut world = World::new(Wasmtime::new()?)?;
		let (ping, price) = (world.ping, price_of_ping(&mut world)?);
		let block = BLOCK.min(queued);
		world.post_with_gas(ping, b"PING", queued - block, price)?;
		world.system.set_block_gas(u64::from(block) * price);
		figures.push(cost(format!("engine/queue_100k{suffix}"), || {
			let (processed, lap) = lap(block.into(), || {
				world.post_with_gas(ping, b"PING", block, price)?;
				Ok::<_, Box<dyn Error>>(world.run())
			});
			let processed = processed?;
			if processed != block {
				return Err(format!("{processed} messages were processed, not {block}").into());
			}
			Ok(lap)
		})?);
	}
	figures.extend(growth("engine/queue_100k_growth", &figures));
	Ok(figures)
}

/// A message posted and processed, the next to another program each time, where there are 10 and
/// 10 000 programs of one code.
fn programs_10k() -> Measured {
	let mut figures = Vec::new();
	for (suffix, programs) in [("_10", 10), ("", 10_000)] {
		let mut world = World::new(Wasmtime::new()?)?;
		let code = world.ping_code;
		let mut ids: Vec<ActorId> = Vec::new();
		for number in 0..programs {
			let salt = u32::to_le_bytes(number);
			let (id, _) = world.system.create_program(code, &salt, ALICE, b"", 0)?;
			ids.push(id);
		}
		world.run();
		world.expect_answers(ids.len())?;
		let mut next = ids.iter().cycle().copied();
		figures.push(cost(format!("engine/programs_10k{suffix}"), || {
			let (done, lap) = lap(BLOCK.into(), || {
				for id in next.by_ref().take(BLOCK as usize) {
					world.post(id, b"PING", 1)?;
				}
				world.run();
				Ok::<_, Box<dyn Error>>(())
			});
			done?;
			world.expect_answers(BLOCK as usize)?;
			Ok(lap)
		})?);
	}
	figures.extend(growth("engine/programs_10k_growth", &figures));
	Ok(figures)
}

/// A message that waits, is woken by another and ends, while 10 and 10 000 others wait for the same
/// program: a third of it, as there are three runs.
fn waiting_10k() -> Measured {
	let mut figures = Vec::new();
	for (suffix, waiting) in [("_10", 10), ("", 10_000)] {
		let mut world = World::new(Wasmtime::new()?)?;
		let waiter = world.deploy(WAITER.as_bytes(), b"")?;
		world.post(waiter, b"", waiting)?;
		world.run();
		figures.push(cost(format!("engine/waiting_10k{suffix}"), || {
			let (processed, lap) = lap(u64::from(BLOCK) * 3, || {
				let mut messages = Vec::new();
				for _ in 0..BLOCK {
					messages.push(world.system.send_with_gas(waiter, ALICE, b"", 0, GAS)?);
				}
				let mut processed = world.run();
				for message in messages {
					let id = message.into_bytes();
					world.system.send_with_gas(waiter, ALICE, &id, 0, GAS)?;
				}
				processed += world.run();
				Ok::<_, Box<dyn Error>>(processed)
			});
			let processed = processed?;
			if processed != BLOCK * 3 || world.system.waitlist().count() != waiting as usize {
				return Err(
					format!("{processed} messages were processed, not {}", BLOCK * 3).into()
				);
			}
			Ok(lap)
		})?);
	}
	figures.extend(growth("engine/waiting_10k_growth", &figures));
	Ok(figures)
}

/// How many times the first figure the last one is, by the processor's time.
fn growth(name: &str, figures: &[Figure]) -> Option<Figure> {
	let (first, last) = (figures.first()?, figures.last()?);
	Some(Figure::exact(name, last.by_cpu() / first.by_cpu(), unit::RATIO))
}

/// Gas that a message to ping costs, once its memory is as the first one leaves it.
fn price_of_ping(world: &mut World<Wasmtime>) -> Result<u64, Box<dyn Error>> {
	let ping = world.ping;
	world.post(ping, b"PING", 1)?;
	world.run();
	world.post(ping, b"PING", 1)?;
	Ok(world.system.run_next_block().report.gas_spent)
}
