//! Waiting and waking. The first block of a message is the second: `init` has the first.

use super::*;
use gearway_engine::{
	ErrorReplyReason, Event, MessageId, Phase, State,
	gear_core_errors::{
		ExecutionError, MessageError, SimpleExecutionError as Execution,
		SimpleUnavailableActorError as Unavailable,
	},
	testkit::DEFAULT_GAS,
};

/// Obeys a message of 33 bytes: wakes the message of that id after so many blocks, and replies
/// with the error code. Any other message waits as `wait` says, and then replies with the block.
fn waiter(wait: &str) -> Vec<u8> {
	module(
		&format!(
			"(call $gr_size (i32.const 0)) \
			(if (i32.eq (i32.load (i32.const 0)) (i32.const 33)) (then \
				(call $gr_read (i32.const 0) (i32.const 33) (i32.const 2100) (i32.const 0)) \
				(call $gr_wake (i32.const 2100) (i32.load8_u (i32.const 2132)) (i32.const 0)) \
				(call $answer (i32.const 4)) (return))) \
			(if (call $first) (then {wait})) \
			(call $gr_block_height (i32.const 0)) (call $answer (i32.const 4))"
		),
		"",
	)
}

fn order(message: MessageId, delay: u8) -> Vec<u8> {
	[message.as_ref(), &[delay]].concat()
}

/// The block in which a waiter answered.
fn woken_in<E: Executor>(system: &System<E>, message: MessageId) -> Option<u32> {
	let reply = system.reply_to(message)?;
	assert!(reply.reply.unwrap().code.is_success());
	Some(u32::from_le_bytes(reply.payload.clone().try_into().unwrap()))
}

fn reply_code<E: Executor>(system: &System<E>, message: MessageId) -> ReplyCode {
	system.reply_to(message).expect("there is a reply").reply.unwrap().code
}

#[test]
fn gr_wait_for_wakes_at_its_block() {
	on_both_backends!(|system| {
		let program = deploy(&mut system, &waiter("(call $gr_wait_for (i32.const 3))"), b"");
		let message = system.send_message(program, ALICE, b"", VALUE).unwrap();
		let block = system.run_next_block();
		let waits = |event: &Event| matches!(event, Event::MessageWaiting { id, until: 5, .. } if *id == message);
		assert!(block.events.iter().any(waits));
		assert_eq!(system.waiting(program, message).unwrap().dispatch.message.value, VALUE);
		// Its value has arrived, and arrives once.
		assert_eq!(system.account(program).free, VALUE);
		run(&mut system, 2);
		assert_eq!(woken_in(&system, message), None);
		let block = system.run_next_block();
		assert_eq!((block.report.tasks, block.report.processed), (1, 1));
		assert_eq!(woken_in(&system, message), Some(5));
		assert_eq!(system.account(program).free, VALUE);
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wait_for_needs_gas_for_all_of_it() {
	let last = |wait: &str, gas| {
		on_both_backends!(rented(), |system| {
			let program = deploy(&mut system, &waiter(wait), b"");
			let message = system.send_with_gas(program, ALICE, b"", 0, gas).unwrap();
			run(&mut system, 51);
			assert_at_rest(&system, 2 * FUNDS);
			(reply_code(&system, message), system.account(system.author()).free)
		})
	};
	let out = ReplyCode::error(Execution::RanOutOfGas);
	assert!(last("(call $gr_wait_for (i32.const 50))", DEFAULT_GAS).0.is_success());
	assert_eq!(last("(call $gr_wait_for (i32.const 51))", DEFAULT_GAS).0, out);
	assert_eq!(
		last("(call $gr_wait_for (i32.const 0))", DEFAULT_GAS).0,
		ReplyCode::error(Execution::BackendError)
	);
	// 10 blocks at 5 000 are more than there is. A page, 21 instructions and the task are spent.
	assert_eq!(last("(call $gr_wait_for (i32.const 10))", 60_000), (out, 64_000 + 23_000));
}

#[test]
fn gr_wait_for_pays_rent_for_the_blocks_that_passed() {
	let spent = |wake_in: u32| {
		on_both_backends!(rented(), |system| {
			let wait = "(call $gr_wait_for (i32.const 9))";
			let program = deploy(&mut system, &waiter(wait), b"");
			let before = system.account(ALICE).free;
			let message = system.send_message(program, ALICE, b"", 0).unwrap();
			system.run_next_block();
			let node = system.gas_node(message).unwrap();
			assert_eq!(node.locked, 9 * 5_000);
			run(&mut system, wake_in - 1);
			let alice = before - system.account(ALICE).free;
			// Bob wakes it at his own expense.
			system.send_message(program, BOB, &order(message, 0), 0).unwrap();
			run(&mut system, 1);
			assert_eq!(woken_in(&system, message), Some(2 + wake_in));
			assert_at_rest(&system, 2 * FUNDS);
			assert!(before - system.account(ALICE).free < alice);
			before - system.account(ALICE).free
		})
	};
	// Whatever else it costs, each further block costs the same.
	let [one, two, nine] = [1, 2, 9].map(spent);
	assert_eq!((two - one, nine - one), (5_000, 8 * 5_000));
}

#[test]
fn gr_wait_up_to_wakes_if_all_of_it_was_bought() {
	on_both_backends!(rented(), |system| {
		let program = deploy(&mut system, &waiter("(call $gr_wait_up_to (i32.const 4))"), b"");
		let message = system.send_message(program, ALICE, b"", 0).unwrap();
		run(&mut system, 5);
		assert_eq!(woken_in(&system, message), Some(6));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wait_up_to_takes_what_its_gas_buys_and_then_fails() {
	on_both_backends!(rented(), |system| {
		let program = deploy(&mut system, &waiter("(call $gr_wait_up_to (i32.const 40))"), b"");
		let message = system.send_with_gas(program, ALICE, b"", 0, 100_000).unwrap();
		let block = system.run_next_block();
		let Some(Event::MessageWaiting { gas_spent, until, .. }) =
			block.events.iter().find(|event| matches!(event, Event::MessageWaiting { .. }))
		else {
			panic!("it does not wait: {:?}", block.events)
		};
		// Half of what is left buys blocks at 5 000.
		assert_eq!(u64::from(*until - 2), (100_000 - gas_spent) / 2 / 5_000);
		run(&mut system, until - 2);
		assert_eq!(reply_code(&system, message), ErrorReplyReason::RemovedFromWaitlist.into());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wait_ends_in_an_error_if_nobody_wakes_it() {
	on_both_backends!(rented(), |system| {
		let program = deploy(&mut system, &waiter("(call $gr_wait)"), b"");
		let message = system.send_message(program, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		assert_eq!(system.waiting(program, message).unwrap().lease.end.block, 2 + 50);
		run(&mut system, 49);
		assert!(system.reply_to(message).is_none());
		let block = system.run_next_block();
		assert_eq!((block.report.tasks, block.report.processed), (1, 0));
		assert_eq!(reply_code(&system, message), ErrorReplyReason::RemovedFromWaitlist.into());
		// The program had the value before it waited.
		assert_eq!(system.account(program).free, VALUE);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wait_leaves_half_of_the_gas_to_who_shares_it() {
	on_both_backends!(rented(), |system| {
		let ping = deploy(&mut system, gearway_programs::PING, b"");
		// Asks another program at its own expense, and waits for the answer.
		let asks = module(
			"(if (call $first) (then \
				(call $gr_send_input (i32.const 512) (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 2048)) \
				(call $gr_message_id (i32.const 2200)) (call $gr_wait))) \
			(call $gr_reply (i32.const 2100) (i32.const 4) (i32.const -1) (i32.const 0))",
			&format!(
				r#"{}
				(func (export "handle_reply")
					(call $gr_read (i32.const 0) (i32.const 4) (i32.const 2100) (i32.const 0))
					(call $gr_wake (i32.const 2200) (i32.const 0) (i32.const 0)))"#,
				addressed(512, ping, 0)
			),
		);
		let asker = deploy(&mut system, &asks, b"");
		let (message, block) = send(&mut system, asker, b"PING");
		assert_eq!((block.report.processed, block.report.failed), (4, 0));
		assert_eq!(system.reply_to(message).unwrap().payload, b"PONG");
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wake_resumes_at_the_end_of_the_queue() {
	on_both_backends!(|system| {
		let program = deploy(&mut system, &waiter("(call $gr_wait)"), b"");
		let (message, _) = send(&mut system, program, b"");
		let wake = system.send_message(program, BOB, &order(message, 0), 0).unwrap();
		let other = system.send_message(program, BOB, b"", 0).unwrap();
		let block = system.run_next_block();
		let done: Vec<_> = block
			.events
			.iter()
			.filter_map(|event| match event {
				Event::Dispatched { id, .. } => Some(*id),
				_ => None,
			})
			.collect();
		assert_eq!(done, [wake, other, message]);
		assert_eq!(woken_in(&system, message), Some(3));
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wake_with_delay_resumes_at_its_block() {
	on_both_backends!(|system| {
		let program = deploy(&mut system, &waiter("(call $gr_wait)"), b"");
		let (message, _) = send(&mut system, program, b"");
		let wake = system.send_message(program, BOB, &order(message, 4), 0).unwrap();
		run(&mut system, 4);
		assert_eq!(system.reply_to(wake).unwrap().payload, [0; 4]);
		assert_eq!(woken_in(&system, message), None);
		run(&mut system, 1);
		assert_eq!(woken_in(&system, message), Some(3 + 4));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn gr_wake_wakes_nothing_but_ones_own() {
	on_both_backends!(|system| {
		let waits = waiter("(call $gr_wait)");
		let program = deploy(&mut system, &waits, b"");
		let (message, _) = send(&mut system, program, b"");
		let code = system.upload_code(&waits).unwrap();
		let (other, _) = system.create_program(code, b"other", ALICE, b"", 0).unwrap();
		for stranger in [message, MessageId::zero()] {
			let wake = system.send_message(other, BOB, &order(stranger, 0), 0).unwrap();
			system.run_next_block();
			assert_eq!(system.reply_to(wake).unwrap().payload, [0; 4]);
		}
		assert!(system.waiting(program, message).is_some());
	});
}

#[test]
fn gr_wake_is_refused_with_a_code() {
	let wake =
		|delay: u32| format!("(call $gr_wake (i32.const 256) (i32.const {delay}) (i32.const 0))");
	assert_eq!(error(&wake(0)), 0);
	assert_eq!(error(&format!("{} {}", wake(0), wake(1))), code(MessageError::DuplicateWaking));
	assert_eq!(error(&wake(432_001)), code(ExecutionError::NotEnoughGas));
}

#[test]
fn ids_do_not_repeat_and_replies_do_not_either() {
	on_both_backends!(|system| {
		// Sends to Bob and replies, before and after it has waited.
		let both = "(call $gr_send (i32.const 256) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0)) \
			(call $gr_reply (i32.const 448) (i32.const 4) (i32.const -1) (i32.const 2100))";
		let handle = format!("{both} (if (call $first) (then (call $gr_wait_for (i32.const 1))))");
		let program = deploy(&mut system, &module(&handle, ""), b"");
		let (message, _) = send(&mut system, program, b"");
		run(&mut system, 1);
		let sent: Vec<_> = inbox(&system, BOB).iter().map(|message| message.id).collect();
		assert_eq!(sent, [0, 1].map(|nonce| ids::sent_message_id(message, nonce)));
		let memory = system.memory(program).unwrap();
		let refused = u32::from_le_bytes(memory[2100..2104].try_into().unwrap());
		assert_eq!(refused, code(MessageError::DuplicateReply));
		let replies = system
			.outbox()
			.iter()
			.filter(|sent| sent.reply.is_some_and(|reply| reply.to == message));
		assert_eq!(replies.count(), 1);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_failure_after_waiting_returns_no_value() {
	on_both_backends!(|system| {
		let handle = "(if (call $first) (then (call $gr_wait_for (i32.const 1)))) unreachable";
		let program = deploy(&mut system, &module(handle, ""), b"");
		let message = system.send_message(program, ALICE, b"", VALUE).unwrap();
		run(&mut system, 2);
		assert!(reply_code(&system, message).is_error());
		// It was delivered by the run before, whose memory stays as well.
		assert_eq!(system.account(program).free, VALUE);
		assert_eq!(system.memory(program).unwrap()[2000], 1);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

/// A module whose `init` waits once, and then does as it is told.
fn slow_init(wait: &str, then: &str) -> Vec<u8> {
	let text = r#"(module
		(import "env" "memory" (memory 1))
		(import "env" "gr_wait_for" (func $gr_wait_for (param i32)))
		(import "env" "gr_wait" (func $gr_wait))
		(func (export "init")
			(if (i32.eqz (i32.load (i32.const 0)))
				(then (i32.store (i32.const 0) (i32.const 1)) WAIT))
			THEN)
		(func (export "handle")))"#;
	wat(&text.replace("WAIT", wait).replace("THEN", then))
}

#[test]
fn init_may_wait_and_nothing_else_is_handled_meanwhile() {
	on_both_backends!(|system| {
		let wait = slow_init("(call $gr_wait_for (i32.const 2))", "");
		let code = system.upload_code(&wait).unwrap();
		let (program, init) = system.create_program(code, b"", ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		assert_eq!(system.program(program).unwrap().phase, Phase::Initialising { init });
		let (early, _) = send(&mut system, program, b"");
		assert_eq!(reply_code(&system, early), ReplyCode::error(Unavailable::Uninitialized));
		system.run_next_block();
		assert_eq!(system.program(program).unwrap().phase, Phase::Active);
		assert!(reply_code(&system, init).is_success());
		let (late, _) = send(&mut system, program, b"");
		assert!(reply_code(&system, late).is_success());
		assert_eq!(system.account(program).free, VALUE);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn init_that_fails_after_waiting_gives_the_value_back() {
	let failing = [
		slow_init("(call $gr_wait_for (i32.const 2))", "unreachable"),
		slow_init("(call $gr_wait)", ""),
	];
	for init in failing {
		on_both_backends!(rented(), |system| {
			let code = system.upload_code(&init).unwrap();
			let (program, init) = system.create_program(code, b"", ALICE, b"", VALUE).unwrap();
			system.run_next_block();
			assert_eq!(system.account(program).free, VALUE);
			run(&mut system, 50);
			assert_eq!(system.program(program).unwrap().phase, Phase::Terminated);
			assert!(reply_code(&system, init).is_error());
			let spent = system.account(system.author()).free;
			assert_eq!(system.account(ALICE).free, FUNDS - spent);
			assert_at_rest(&system, 2 * FUNDS);
		});
	}
}

#[test]
fn what_waits_for_a_program_that_exits_gets_an_error() {
	on_both_backends!(|system| {
		let handle = "(call $gr_size (i32.const 0)) \
			(if (i32.load (i32.const 0)) (then (call $gr_exit (i32.const 256)))) \
			(call $gr_wait)";
		let program = deploy(&mut system, &module(handle, ""), b"");
		let waiting: Vec<_> = (0..70)
			.map(|_| system.send_with_gas(program, ALICE, b"", 0, 1_000_000).unwrap())
			.collect();
		system.run_next_block();
		assert_eq!(system.waitlist().count(), 70);
		send(&mut system, program, b"exit");
		// They are woken 64 a block.
		system.run_next_block();
		assert_eq!(system.waitlist().count(), 6);
		system.run_next_block();
		for message in waiting {
			let reply = system.reply_to(message).unwrap();
			assert_eq!(reply.reply.unwrap().code, ReplyCode::error(Unavailable::ProgramExited));
			assert_eq!(reply.payload, BOB.as_ref());
		}
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
