//! Streams: many programs at once, on 1 … all cores.

use crate::{
	harness::{Bench, Figure, Measured, lap, rate, unit},
	programs::{ALICE, World},
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
	let programs = world.deploy_many(crate::programs::WORKER, PROGRAMS)?;
	let cores = thread::available_parallelism()?.get();
	let mut counts =
		Vec::from_iter((0..).map(|power| 1 << power).take_while(|count| *count < cores));
	counts.push(cores);

	let mut figures = Vec::<Figure>::new();
	let mut efficiencies = Vec::new();
	for count in counts {
		world.system.set_streams(NonZeroUsize::new(count).ok_or("no streams")?);
		let figure = rate(format!("engine/streams_{count}"), || round(&mut world, &programs))?;
		if let Some(one) = figures.first() {
			let efficiency = figure.value / one.value / count as f64;
			let name = format!("engine/streams_efficiency_{count}");
			efficiencies.push(Figure::exact(name, efficiency, unit::RATIO));
		}
		figures.push(figure);
	}
	let most = figures.last().ok_or("nothing was measured")?;
	let plain = Figure { name: "engine/streams".into(), ..most.clone() };
	figures.insert(0, plain);
	figures.extend(efficiencies);
	Ok(figures)
}

/// Posts all messages, then runs the block.
fn round(
	world: &mut World<Wasmtime>,
	programs: &[ActorId],
) -> Result<crate::harness::Lap, Box<dyn Error>> {
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
