//! Actors of the runtime: they reply at once, or later and then once.

use crate::support::*;
use gearway_engine::{
	ActorId, BuiltinError, BuiltinReply, ErrorReplyReason, Executor, Message, MessageId, PostError,
	ReplyCode, Value, gear_core_errors::SimpleExecutionError as Execution, testkit::System,
};

const ORACLE: ActorId = ActorId::new([0x0A; 32]);

const VALUE: Value = 5_000_000_000;

/// Blocks that the oracle may take if it has to think.
const THOUGHT: u32 = 5;

fn oracle(message: &Message) -> Result<BuiltinReply, BuiltinError> {
	match message.payload.as_slice() {
		b"?" => Ok(BuiltinReply::Now(b"42".to_vec())),
		b"?!" => Ok(BuiltinReply::Later { blocks: THOUGHT }),
		_ => Err(BuiltinError { payload: b"what?".to_vec() }),
	}
}

#[test]
fn they_reply_at_once() {
	on_both_backends!(|system| {
		system.add_builtin(ORACLE, 5_000_000, oracle);
		// From outside, and from a program.
		let message = system.send_message(ORACLE, ALICE, b"?", VALUE).unwrap();
		assert_eq!(gas_spent(&system.run_next_block(), message), 5_000_000);
		assert_eq!(system.reply_to(message).unwrap().payload, b"42");
		assert_eq!(system.account(ORACLE).free, VALUE);

		let message = system.send_message(ORACLE, ALICE, b"!", VALUE).unwrap();
		assert_eq!(system.run_next_block().report.failed, 1);
		let reply = system.reply_to(message).unwrap();
		assert_eq!(reply.payload, b"what?");
		let refused = ErrorReplyReason::Execution(Execution::UserspacePanic);
		assert_eq!(reply.reply.unwrap().code, ReplyCode::Error(refused));
		assert_eq!(system.account(ORACLE).free, VALUE);

		let poor = system.send_with_gas(ORACLE, ALICE, b"?", VALUE, 4_999_999).unwrap();
		system.run_next_block();
		let reply = system.reply_to(poor).unwrap().reply.unwrap();
		assert_eq!(reply.code, ReplyCode::Error(Execution::RanOutOfGas.into()));

		let asker = deploy(&mut system, &forwarder(ORACLE, 0, None), b"");
		let (_, block) = send(&mut system, asker, b"?");
		assert_eq!((block.report.processed, block.report.failed), (3, 0));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

/// A program that passes a message on to the oracle and asks for the reply, and that message as the
/// oracle has it.
fn ask<E: Executor>(system: &mut System<E>) -> (ActorId, MessageId) {
	system.add_builtin(ORACLE, 5_000_000, oracle);
	let asker = deploy(system, &forwarder(ORACLE, 0, None), b"");
	let (_, block) = send(system, asker, b"?!");
	assert_eq!((block.report.processed, block.report.failed), (2, 0));
	let question = block
		.events
		.iter()
		.find_map(|event| match event {
			gearway_engine::Event::MessageWaiting { id, program: ORACLE, until, .. } => {
				assert_eq!(*until, system.block_height() - 1 + THOUGHT);
				Some(*id)
			}
			_ => None,
		})
		.expect("the question waits");
	(asker, question)
}

#[test]
fn they_reply_later_once() {
	on_both_backends!(|system| {
		let (asker, question) = ask(&mut system);
		// Only who was asked, and only on what was asked.
		for (actor, message) in [(asker, question), (ALICE, question), (ORACLE, 7.into())] {
			let answered = system.answer_later(actor, message, Ok(b"43".to_vec()));
			assert_eq!(answered, Err(PostError::NotWaiting(message)));
		}
		assert_eq!(system.answer_later(ORACLE, question, Ok(b"42".to_vec())), Ok(()));
		let twice = system.answer_later(ORACLE, question, Ok(b"43".to_vec()));
		assert_eq!(twice, Err(PostError::NotWaiting(question)));

		// The reply, and no other when time is over.
		let block = system.run_next_block();
		assert_eq!((block.report.processed, block.report.failed), (1, 0));
		for _ in 0..=THOUGHT {
			let block = system.run_next_block();
			assert_eq!((block.report.processed, block.report.tasks), (0, 0));
		}
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn they_fail_later_with_a_reason() {
	on_both_backends!(|system| {
		system.add_builtin(ORACLE, 5_000_000, oracle);
		let message = system.send_message(ORACLE, ALICE, b"?!", 0).unwrap();
		system.run_next_block();
		assert!(system.reply_to(message).is_none());
		let failure = BuiltinError { payload: b"nobody knows".to_vec() };
		assert_eq!(system.answer_later(ORACLE, message, Err(failure)), Ok(()));
		let reply = system.reply_to(message).unwrap();
		assert_eq!(reply.payload, b"nobody knows");
		let refused = ErrorReplyReason::Execution(Execution::UserspacePanic);
		assert_eq!(reply.reply.unwrap().code, ReplyCode::Error(refused));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn their_time_is_bounded_and_a_late_reply_is_none() {
	on_both_backends!(|system| {
		let (_, question) = ask(&mut system);
		for _ in 1..THOUGHT {
			assert_eq!(system.run_next_block().report.tasks, 0);
		}
		let block = system.run_next_block();
		assert_eq!((block.report.tasks, block.report.processed), (1, 1));
		let late = system.answer_later(ORACLE, question, Ok(b"42".to_vec()));
		assert_eq!(late, Err(PostError::NotWaiting(question)));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn who_cannot_pay_for_the_time_fails() {
	let mut system = system_with(rented(), interpreter());
	system.add_builtin(ORACLE, 5_000_000, oracle);
	// The call, the task, and a unit less than five blocks.
	let gas = 5_000_000 + 1_000 + 5 * 5_000 - 1;
	let message = system.send_with_gas(ORACLE, ALICE, b"?!", 0, gas).unwrap();
	let block = system.run_next_block();
	assert_eq!((block.report.processed, block.report.failed), (1, 1));
	assert!(system.reply_to(message).unwrap().reply.unwrap().code.is_error());
	assert_at_rest(&system, 2 * FUNDS);
}
