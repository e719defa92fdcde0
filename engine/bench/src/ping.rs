//! Ping: a message posted, queued, run and answered.

use crate::{
	harness::{Figure, Lap, Measured, lap, rate, unit},
	programs::{ALICE, GAS, World},
};
use gearway_engine::{Executor, Wasmi, Wasmtime, run_queue};
use std::error::Error;

/// Messages posted before a block is run, here as in gtest.
pub(crate) const BATCH: u32 = 256;

/// Batches after which the chain is begun anew: the test kit keeps what was sent to users, and
/// memory shall not grow with the samples.
const BATCHES: u32 = 64;

pub(crate) fn native() -> Measured {
	Ok(Vec::from([warm("engine/ping_native", || Ok(Wasmtime::new()?))?]))
}

pub(crate) fn interpreted() -> Measured {
	let warm = warm("engine/ping_interpreted_warm", || Ok(Wasmi::new()))?;
	let mut world = World::new(Wasmi::new())?;
	let cold = rate("engine/ping_interpreted_cold", || one_cold(&mut world, Wasmi::new()))?;
	let plain = Figure { name: "engine/ping_interpreted".into(), ..warm.clone() };
	Ok(Vec::from([plain, warm, cold]))
}

/// Posts a batch and runs a block, again and again with the same executor.
fn warm<E: Executor>(
	name: &str,
	executor: impl Fn() -> Result<E, Box<dyn Error>>,
) -> Result<Figure, Box<dyn Error>> {
	let mut world = World::new(executor()?)?;
	let mut batches = 0;
	rate(name, || {
		batches += 1;
		if batches % BATCHES == 0 {
			world = World::new(executor()?)?;
		}
		let ping = world.ping;
		let (posted, lap) = lap(BATCH.into(), || {
			let posted = world.post(ping, b"PING", BATCH);
			world.run();
			posted
		});
		posted?;
		world.expect_answers(BATCH as usize)?;
		Ok(lap)
	})
}

/// One message, for which the code has to be made ready.
fn one_cold<E: Executor>(world: &mut World<E>, mut executor: E) -> Result<Lap, Box<dyn Error>> {
	let ping = world.ping;
	let settings = world.settings;
	let (report, lap) = lap(1, || {
		world.system.send_with_gas(ping, ALICE, b"PING", 0, GAS)?;
		Ok::<_, Box<dyn Error>>(run_queue(&mut *world.system, &mut executor, &settings, u64::MAX))
	});
	if report?.processed != 1 {
		return Err("the message was not processed".into());
	}
	world.expect_answers(1)?;
	Ok(lap)
}

/// How many times the rival's figure ours is, if both are there. Both work on one thread; by its
/// time, neighbours on the machine favour neither.
pub(crate) fn against_rival(figures: &[Figure]) -> Option<Figure> {
	let value = |name| figures.iter().find(|figure| figure.name == name).map(Figure::by_cpu);
	let (ours, theirs) = (value("engine/ping_native")?, value("gtest/ping")?);
	Some(Figure::exact("engine/ping_native_vs_gtest", ours / theirs, unit::RATIO))
}
