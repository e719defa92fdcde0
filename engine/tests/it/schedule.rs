//! What is done in a later block, and what of it a block has room for.

use crate::support::*;
use gearway_engine::{
	ActorId, ApplyError, Event, Executor, MessageId, State, StateMut, Task, testkit::System,
};

/// A program whose messages wait for two blocks.
const WAITER: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_block_height" (func $height (param i32)))
	(import "env" "gr_wait_for" (func $wait_for (param i32)))
	(func (export "init"))
	(func (export "handle")
		(call $height (i32.const 0))
		(if (i32.lt_u (i32.load (i32.const 0)) (i32.const 4)) (then (call $wait_for (i32.const 2))))))"#;

/// So many messages that wait until block 4, which is the next but one.
fn waiting<E: Executor>(system: &mut System<E>, count: usize) -> (ActorId, Vec<MessageId>) {
	let program = deploy(system, &wat(WAITER), b"");
	let messages = (0..count)
		.map(|_| system.send_with_gas(program, ALICE, b"", 0, 1_000_000).unwrap())
		.collect();
	system.run_next_block();
	assert_eq!(system.waitlist().count(), count);
	system.run_next_block();
	(program, messages)
}

#[test]
fn tasks_that_do_not_fit_stay_due_and_leave_half_of_the_block_to_the_queue() {
	on_both_backends!(rented(), |system| {
		let (_, messages) = waiting(&mut system, 5);
		// A task costs 1 000, and a woken message all that it has left.
		system.set_block_gas(4_999);
		let before = system.account(system.author()).free;
		let tasks: Vec<_> = (0..4).map(|_| system.run_next_block().report.tasks).collect();
		assert_eq!(tasks, [2, 2, 1, 0]);
		// Who stays longer for want of room pays no more than was agreed: two blocks at 5 000.
		assert_eq!(system.account(system.author()).free - before, 5 * 2 * 5_000);
		system.set_block_gas(10_000_000);
		let block = system.run_next_block();
		// In the order in which they began to wait.
		let done: Vec<_> = block
			.events
			.iter()
			.filter_map(|event| match event {
				Event::Dispatched { id, .. } => Some(*id),
				_ => None,
			})
			.collect();
		assert_eq!(done, messages);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_task_that_cannot_be_done_is_told_of_and_the_block_goes_on() {
	on_both_backends!(rented(), |system| {
		let (program, messages) = waiting(&mut system, 2);
		let node = system.gas_node(messages[0]);
		system.set_gas_node(messages[0], None);
		let block = system.run_next_block();
		let task = Task::EndWait { program, message: messages[0] };
		let error = ApplyError::NoGasNode(messages[0]);
		assert!(block.events.contains(&Event::TaskFailed { task, error }));
		// Nothing of it has been done, and it is not tried again.
		assert!(system.waiting(program, messages[0]).is_some());
		assert!(system.reply_to(messages[1]).is_some());
		assert_eq!((block.report.tasks, system.tasks().count()), (2, 0));
		// Put back, it is still there for whoever repairs it.
		system.set_gas_node(messages[0], node);
		assert_eq!(system.open_gas().count(), 1);
	});
}

#[test]
fn what_ends_early_leaves_no_task() {
	on_both_backends!(rented(), |system| {
		let (program, messages) = waiting(&mut system, 1);
		let waiting = system.waiting(program, messages[0]).unwrap();
		assert_eq!(
			system.tasks().collect::<Vec<_>>(),
			[(waiting.lease.end, Task::EndWait { program, message: messages[0] })]
		);
		system.run_next_block();
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
