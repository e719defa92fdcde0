//! Which message is next.

use crate::support::*;
use gearway_engine::{ActorId, Event, Executor, Gas, Limits, MessageId, State, testkit::System};

fn twins<E: Executor>(system: &mut System<E>) -> [ActorId; 2] {
	let code = system.upload_code(gearway_programs::PING).unwrap();
	let programs =
		[b"a", b"b"].map(|salt| system.create_program(code, salt, ALICE, b"", 0).unwrap().0);
	system.run_next_block();
	programs
}

fn post<E: Executor>(system: &mut System<E>, to: ActorId, gas: Gas) -> MessageId {
	system.send_with_gas(to, ALICE, b"PING", 0, gas).unwrap()
}

/// Runs a block and returns what was processed, in order.
fn processed<E: Executor>(system: &mut System<E>) -> Vec<MessageId> {
	let events = system.run_next_block().events.into_iter();
	events
		.filter_map(|event| match event {
			Event::Dispatched { id, .. } => Some(id),
			_ => None,
		})
		.collect()
}

#[test]
fn messages_keep_their_order() {
	let mut system = system(gearway_engine::Wasmi::new());
	let [a, b] = twins(&mut system);
	let posted: Vec<_> = [a, b, b, a, b].map(|to| post(&mut system, to, 1_000_000_000)).into();
	assert_eq!(processed(&mut system), posted);
}

#[test]
fn a_heavy_message_holds_up_only_its_destination() {
	let mut system = system(gearway_engine::Wasmi::new());
	let [a, b] = twins(&mut system);
	let heavy = post(&mut system, a, 1_900_000_000);
	let fits = post(&mut system, b, 1_000_000_000);
	let heavier = post(&mut system, a, 3_000_000_000);
	let behind = post(&mut system, a, 1_000_000);
	let other = post(&mut system, b, 1_000_000);

	system.set_block_gas(2_000_000_000);
	assert_eq!(processed(&mut system), [heavy, fits, other]);
	// It does not fit into an empty block either: all for its destination waits, nothing is lost.
	let report = system.run_next_block().report;
	assert_eq!((report.processed, report.passed_over), (0, 2));
	assert_eq!(system.queue().count(), 2);
	system.set_block_gas(4_000_000_000);
	assert_eq!(processed(&mut system), [heavier, behind]);
	assert_at_rest(&system, 2 * FUNDS);
}

#[test]
fn passing_over_has_an_end() {
	let mut system = system(gearway_engine::Wasmi::new());
	let [a, b] = twins(&mut system);
	system.set_block_gas(1_000_000_000);
	let most = Limits::new().passed_over;
	for _ in 0..most {
		post(&mut system, a, 1_000_000_001);
	}
	post(&mut system, b, 1_000_000);
	let report = system.run_next_block().report;
	assert_eq!((report.processed, report.passed_over), (0, most));
}

#[test]
fn no_block_uses_more_than_it_has() {
	let mut system = system(gearway_engine::Wasmi::new());
	let [a, b] = twins(&mut system);
	for index in 0..40 {
		post(&mut system, [a, b][index % 2], 500_000);
	}
	system.set_block_gas(600_000);
	let blocks = system.run_blocks(100);
	assert!(blocks.len() > 1);
	for block in &blocks {
		assert!(block.report.gas_spent <= block.report.allowance_used);
		assert!(block.report.allowance_used <= 600_000);
	}
	let processed: u32 = blocks.iter().map(|block| block.report.processed).sum();
	assert_eq!(processed, 40);
	assert!(system.queue_next(None).is_none());
	assert_at_rest(&system, 2 * FUNDS);
}
