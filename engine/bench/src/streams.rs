//! Streams: many programs at once, on 1 … all cores.

use crate::{
	harness::{Bench, Figure, Lap, Measured, lap, median, rate_of, sample_in_turn, unit},
	programs::{ALICE, WORKER, World},
};
use gearway_engine::{ActorId, Wasmtime};
use std::{error::Error, num::NonZeroUsize, thread};

/// Programs, all of one code.
const PROGRAMS: u32 = 1_000;

/// Messages to each of them.
const MESSAGES: u32 = 10;

pub(crate) const STREAMS: Bench = Bench { name: "engine/streams", run: streams };

/// 10 messages to each of 1 000 programs, which work for some 50 µs on each: dispatches a second
/// by the number of streams, and how much of a core's work each stream does.
///
/// Only processing is timed; posting has no streams.
fn streams() -> Measured {
	let mut world = World::new(Wasmtime::new()?)?;
	let programs = world.deploy_many(WORKER, PROGRAMS)?;
	let cores = thread::available_parallelism()?.get();
	let mut counts =
		Vec::from_iter((0..).map(|power| 1 << power).take_while(|count| *count < cores));
	counts.push(cores);

	let laps = sample_in_turn(counts.len(), |number| {
		let streams = counts.get(number).and_then(|count| NonZeroUsize::new(*count));
		world.system.set_streams(streams.ok_or("no streams")?);
		round(&mut world, &programs)
	})?;

	let mut figures = Vec::new();
	for (count, with_many) in counts.iter().zip(&laps) {
		figures.push(rate_of(format!("engine/streams_{count}"), with_many));
	}
	let most = figures.last().ok_or("nothing was measured")?;
	let plain = Figure { name: "engine/streams".into(), ..most.clone() };
	figures.insert(0, plain);
	let one = laps.first().ok_or("nothing was measured")?;
	for (count, with_many) in counts.iter().zip(&laps).skip(1) {
		// Of laps taken right after one another.
		let pairs = one.iter().zip(with_many);
		let shares = pairs.map(|(one, many)| one.time.div_duration_f64(many.time) / *count as f64);
		let name = format!("engine/streams_efficiency_{count}");
		figures.push(Figure::exact(name, median(shares.collect()), unit::RATIO));
	}
	Ok(figures)
}

/// Posts all messages, then runs the block.
fn round(world: &mut World<Wasmtime>, programs: &[ActorId]) -> Result<Lap, Box<dyn Error>> {
	for _ in 0..MESSAGES {
		for program in programs {
			world.system.send_with_gas(*program, ALICE, b"", 0, GAS)?;
		}
	}
	let all = PROGRAMS * MESSAGES;
	let (processed, lap) = lap(all.into(), || world.run());
	if processed != all {
		return Err(format!("{processed} of {all} messages were processed").into());
	}
	world.expect_answers(all as usize)?;
	Ok(lap)
}

/// Gas limit of a message.
const GAS: u64 = 100_000_000_000;
