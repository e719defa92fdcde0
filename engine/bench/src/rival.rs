//! The same work with gtest 2.0, Gear's own test kit.

use crate::{
	harness::{Measured, lap, rate},
	ping::BATCH,
};
use gtest::{Program, System, constants::DEFAULT_USER_ALICE};

/// Gas limit of a message: all of a batch fit in a block.
const GAS: u64 = 10_000_000_000;

/// As `engine/ping_native`: the same program, the same messages, as many before each block.
pub(crate) fn ping() -> Measured {
	let system = System::new();
	let program = Program::from_binary_with_id(&system, 1_000, gearway_programs::PING);
	program.send_bytes(DEFAULT_USER_ALICE, b"");
	system.run_next_block();
	let figure = rate("gtest/ping", || {
		let (answered, lap) = lap(BATCH.into(), || {
			for _ in 0..BATCH {
				program.send_bytes_with_gas(DEFAULT_USER_ALICE, b"PING", GAS, 0);
			}
			let mut answered = 0;
			while system.queue_len() > 0 {
				let block = system.run_next_block();
				answered += block.log().iter().filter(|log| log.payload() == b"PONG").count();
			}
			answered
		});
		if answered != BATCH as usize {
			return Err(format!("{answered} answers to {BATCH} messages").into());
		}
		Ok(lap)
	})?;
	Ok(Vec::from([figure]))
}
