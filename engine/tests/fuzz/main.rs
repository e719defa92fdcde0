//! Random input for the engine, for whole chains: what must never happen is a panic, and what must
//! always hold is that both backends leave the same chain behind.
//!
//! An ordinary test run takes a few cases of each target, always the same. `make fuzz SECONDS=60`
//! takes as many as there is time for, with a seed of its own that it names. A case that fails is
//! kept in `found/`; from then on every test run begins with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreement;
mod driver;
mod modules;
mod mutants;
mod queue;
mod syscalls;

use driver::{Outcome, Target};

/// All targets.
const TARGETS: [Target; 4] = [modules::TARGET, syscalls::TARGET, queue::TARGET, mutants::TARGET];

#[test]
fn random_modules_do_the_same_on_both_backends() {
	modules::TARGET.bounded_run();
}

#[test]
fn random_syscalls_do_the_same_on_both_backends() {
	syscalls::TARGET.bounded_run();
}

#[test]
fn random_traffic_keeps_to_the_model() {
	queue::TARGET.bounded_run();
}

#[test]
fn damaged_programs_are_refused_or_do_the_same_on_both_backends() {
	mutants::TARGET.bounded_run();
}

#[test]
fn what_was_found_is_mended() {
	driver::replay(&TARGETS);
}

/// `make fuzz` runs this.
#[test]
#[ignore = "takes as long as it is told to"]
fn campaign() {
	driver::campaign(&TARGETS);
}
