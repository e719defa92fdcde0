//! Memory and sending: what a message costs that touches, allocates or sends.

use crate::{
	harness::{Bench, Figure, Measured, cost, lap},
	programs::{self, World},
};
use gearway_engine::Wasmtime;

pub(crate) fn benches() -> [Bench; 3] {
	[
		Bench { name: "engine/touch_2_of_128_pages", run: touch_2_of_128_pages },
		Bench { name: "engine/alloc_page", run: alloc_page },
		Bench { name: "engine/send_1k", run: send_1k },
	]
}

/// A message to a program with 8 MiB of live memory, of which it changes two chunks.
fn touch_2_of_128_pages() -> Measured {
	per_message("engine/touch_2_of_128_pages", programs::OWNER_OF_128_PAGES, 1, 1)
}

/// A page that is allocated and freed, a 64th of a message which does that to 64.
fn alloc_page() -> Measured {
	per_message("engine/alloc_page", programs::ALLOCATOR, 64, 1)
}

/// A message of 1 KiB that is sent to a user, a 100th of a message which makes a program do that
/// 100 times.
fn send_1k() -> Measured {
	per_message("engine/send_1k", programs::SENDER, 100, 101)
}

/// What one of `things` costs that `program` does in a message, to which there are `answers`.
fn per_message(name: &str, program: &str, things: u64, answers: usize) -> Measured {
	let fresh = || -> Result<_, Box<dyn std::error::Error>> {
		let mut world = World::new(Wasmtime::new()?)?;
		let program = world.deploy(program.as_bytes(), b"")?;
		Ok((world, program))
	};
	let (mut world, mut id) = fresh()?;
	let mut laps = 0;
	let figure: Figure = cost(name, || {
		laps += 1;
		// The test kit keeps what was sent; memory shall not grow with the samples.
		if laps % 1_000 == 0 {
			(world, id) = fresh()?;
		}
		let (posted, lap) = lap(things, || {
			let posted = world.post(id, b"", 1);
			world.run();
			posted
		});
		posted?;
		world.expect_answers(answers)?;
		Ok(lap)
	})?;
	Ok(Vec::from([figure]))
}
