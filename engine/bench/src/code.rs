//! Code: checking it at upload, making it ready, giving it a memory.

use crate::{
	harness::{Bench, Lap, Measured, cost, lap},
	programs::{ALICE, GAS, World},
};
use gearway_engine::{Executor, Limits, LoadError, Wasmi, Wasmtime, check_code, run_queue};
use gearway_programs::CAPACITOR;
use std::{error::Error, fmt::Write};

pub(crate) fn benches() -> [Bench; 2] {
	[
		Bench { name: "engine/instantiate_28k", run: instantiate_28k },
		Bench { name: "engine/upload_512k", run: upload_512k },
	]
}

/// A message to the capacitor, a module of some 28 KiB, which hardly computes: with the module
/// compiled before, and not.
fn instantiate_28k() -> Measured {
	let name = "engine/instantiate_28k";
	Ok(Vec::from([
		cost(name, warm(Wasmtime::new()?)?)?,
		cost(format!("{name}_cold"), cold(Wasmtime::new()?, Wasmtime::new)?)?,
		cost(format!("{name}_interpreted"), warm(Wasmi::new())?)?,
		cost(format!("{name}_interpreted_cold"), cold(Wasmi::new(), || Ok(Wasmi::new()))?)?,
	]))
}

/// One message after the other, with the same executor.
fn warm<E: Executor>(
	executor: E,
) -> Result<impl FnMut() -> Result<Lap, Box<dyn Error>>, Box<dyn Error>> {
	let mut world = World::new(executor)?;
	let capacitor = world.deploy(CAPACITOR, b"4000000000")?;
	Ok(move || {
		let (posted, lap) = lap(1, || {
			let posted = world.post(capacitor, b"1", 1);
			world.run();
			posted
		});
		posted?;
		world.expect_answers(1)?;
		Ok(lap)
	})
}

/// A new executor for each message.
fn cold<E: Executor>(
	executor: E,
	mut another: impl FnMut() -> Result<E, LoadError>,
) -> Result<impl FnMut() -> Result<Lap, Box<dyn Error>>, Box<dyn Error>> {
	let mut world = World::new(executor)?;
	let capacitor = world.deploy(CAPACITOR, b"4000000000")?;
	Ok(move || {
		let mut executor = another()?;
		let settings = world.settings;
		world.system.send_with_gas(capacitor, ALICE, b"1", 0, GAS)?;
		let (report, lap) =
			lap(1, || run_queue(&mut *world.system, &mut executor, &settings, u64::MAX));
		if (report.processed, report.failed) != (1, 0) {
			return Err("the message was not processed well".into());
		}
		world.expect_answers(1)?;
		Ok(lap)
	})
}

/// Checking and metering a code that is as long as is allowed.
fn upload_512k() -> Measured {
	let limits = Limits { metered_len: u32::MAX, ..Limits::new() };
	let code = long_code(limits.code_len as usize)?;
	let figure = cost("engine/upload_512k", || {
		let (checked, lap) = lap(1, || check_code(&code, &limits));
		checked?;
		Ok(lap)
	})?;
	Ok(Vec::from([figure]))
}

/// A code of at most `len` bytes, and hardly less: functions with a loop, a branch and a call.
fn long_code(len: usize) -> Result<Vec<u8>, Box<dyn Error>> {
	// Bytes of one such function, and of all that is not one.
	const FUNCTION: usize = 65;
	const REST: usize = 128;
	let functions = (len - REST) / FUNCTION;
	let mut text = String::from(
		"(module (import \"env\" \"memory\" (memory 1)) (func (export \"init\"))
		(func (export \"handle\"))",
	);
	for index in 0..functions {
		write!(
			text,
			"(func (param i32 i32) (result i32) (local i32 i64)
				(loop $again
					(local.set 2 (i32.add (local.get 2) (i32.mul (local.get 0) (i32.const 31))))
					(i32.store offset=16 (i32.and (local.get 2) (i32.const 4095)) (local.get 1))
					(br_if $again (i32.lt_u (local.get 2) (local.get 1))))
				(if (result i32) (local.get 2) (then (local.get 1)) (else (call {index}
					(local.get 1) (i32.const 7)))))",
			// Those before it, the two entries first.
			index = index.max(1) + 1,
		)?;
	}
	text.push(')');
	let code = wat::parse_str(&text)?;
	if code.len() > len || code.len() < len * 9 / 10 {
		return Err(format!("the code has {} bytes, not {len}", code.len()).into());
	}
	Ok(code)
}
