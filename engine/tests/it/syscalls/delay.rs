//! Sending in a later block, and what the mailbox keeps.

use super::*;
use gearway_engine::{Event, MailEnd, MessageId, PostError, State, gear_core_errors::MessageError};

/// A program that counts its messages at 2000 and adds up the values at 2008.
fn counter() -> Vec<u8> {
	module(
		"(drop (call $first)) (call $gr_value (i32.const 2100)) \
		(i64.store (i32.const 2008) (i64.add (i64.load (i32.const 2008)) (i64.load (i32.const 2100))))",
		"",
	)
}

/// How many messages a counter has had, and their values.
fn counted<E: Executor>(system: &System<E>, counter: ActorId) -> (u32, u64) {
	let memory = system.memory(counter).unwrap();
	let count = u32::from_le_bytes(memory[2000..2004].try_into().unwrap());
	(count, u64::from_le_bytes(memory[2008..2016].try_into().unwrap()))
}

/// Asserts that `call` sends a message with 2 000 000 000 to the actor whose id is at 512, three
/// blocks later.
fn arrives_three_blocks_later(call: &str) {
	for to_user in [false, true] {
		on_both_backends!(rented(), |system| {
			let counter = deploy(&mut system, &counter(), b"");
			let to = if to_user { BOB } else { counter };
			let data = addressed(512, to, 2_000_000_000);
			let handle = format!("{call} (call $well (i32.const 0))");
			let sender = deploy(&mut system, &module(&handle, &data), b"");
			let message = system.send_message(sender, ALICE, b"hello", VALUE).unwrap();
			let block = system.run_next_block();
			assert_eq!(block.report.failed, 0, "{call}");
			let until = |event: &Event| match event {
				Event::MessageDelayed { until, .. } => Some(*until),
				_ => None,
			};
			assert_eq!(block.events.iter().find_map(until), Some(block.height + 3));
			// The value has left the sender.
			let account = system.account(sender);
			assert_eq!((account.free, account.held), (VALUE - 2_000_000_000, 2_000_000_000));
			assert!(system.reply_to(message).is_some());
			run(&mut system, 2);
			assert_eq!((counted(&system, counter).0, inbox(&system, BOB).len()), (0, 0));
			run(&mut system, 1);
			if to_user {
				assert_eq!(inbox(&system, BOB).len(), 1);
				claim_all(&mut system);
				assert_eq!(system.account(BOB).free, FUNDS + 2_000_000_000);
			} else {
				assert_eq!(counted(&system, counter), (1, 2_000_000_000));
			}
			run(&mut system, 1);
			assert_eq!(system.tasks().count(), 0);
			assert_at_rest(&system, 2 * FUNDS);
		});
	}
}

#[test]
fn gr_send_with_delay_arrives_at_its_block() {
	arrives_three_blocks_later(
		"(call $gr_send (i32.const 512) (i32.const 448) (i32.const 4) (i32.const 3) (i32.const 0))",
	);
}

#[test]
fn gr_send_wgas_with_delay_arrives_at_its_block() {
	arrives_three_blocks_later(
		"(call $gr_send_wgas (i32.const 512) (i32.const 448) (i32.const 4) (i64.const 900000) (i32.const 3) (i32.const 0))",
	);
}

#[test]
fn gr_send_input_with_delay_arrives_at_its_block() {
	arrives_three_blocks_later(
		"(call $gr_send_input (i32.const 512) (i32.const 0) (i32.const 4) (i32.const 3) (i32.const 0))",
	);
}

#[test]
fn gr_send_input_wgas_with_delay_arrives_at_its_block() {
	arrives_three_blocks_later(
		"(call $gr_send_input_wgas (i32.const 512) (i32.const 0) (i32.const 4) (i64.const 900000) (i32.const 3) (i32.const 0))",
	);
}

#[test]
fn gr_send_commit_with_delay_arrives_at_its_block() {
	arrives_three_blocks_later(
		"(call $gr_send_init (i32.const 0)) \
		(call $gr_send_commit (i32.const 0) (i32.const 512) (i32.const 3) (i32.const 0))",
	);
}

#[test]
fn gr_send_commit_wgas_with_delay_arrives_at_its_block() {
	arrives_three_blocks_later(
		"(call $gr_send_init (i32.const 0)) \
		(call $gr_send_commit_wgas (i32.const 0) (i32.const 512) (i64.const 900000) (i32.const 3) (i32.const 0))",
	);
}

#[test]
fn gr_send_with_delay_pays_rent_and_no_more() {
	// What the message costs beyond an immediate one: the task, and each block.
	let spent = |delay: u32| {
		on_both_backends!(rented(), |system| {
			let counter = deploy(&mut system, &counter(), b"");
			let handle = format!(
				"(call $gr_send (i32.const 512) (i32.const 448) (i32.const 4) (i32.const {delay}) (i32.const 0))"
			);
			let sender = deploy(&mut system, &module(&handle, &addressed(512, counter, 0)), b"");
			let before = system.account(system.author()).free;
			send(&mut system, sender, b"");
			run(&mut system, delay);
			assert_eq!(counted(&system, counter).0, 1);
			assert_at_rest(&system, 2 * FUNDS);
			system.account(system.author()).free - before
		})
	};
	let at_once = spent(0);
	assert_eq!(spent(1) - at_once, 1_000 + 2_000);
	assert_eq!(spent(7) - at_once, 1_000 + 7 * 2_000);
}

#[test]
fn gr_send_with_delay_is_refused_with_a_code() {
	let refused = code(MessageError::InsufficientGasForDelayedSending);
	let send = |delay: u32| {
		format!(
			"(call $gr_send (i32.const 256) (i32.const 448) (i32.const 4) (i32.const {delay}) (i32.const 0))"
		)
	};
	assert_eq!(error(&send(432_001)), refused);
	// There is gas for the message, and not for its rent.
	let reply = on_both_backends!(rented(), |system| {
		let handle = "(call $gr_send_wgas (i32.const 256) (i32.const 448) (i32.const 4) \
			(i64.const 60000) (i32.const 50) (i32.const 0)) (call $answer (i32.const 4))";
		let program = deploy(&mut system, &module(handle, ""), b"");
		let message = system.send_with_gas(program, ALICE, b"", 0, 100_000).unwrap();
		system.run_next_block();
		assert_at_rest(&system, 2 * FUNDS);
		system.reply_to(message).unwrap().payload.clone()
	});
	assert_eq!(reply, refused.to_le_bytes());
}

/// Sends 2 000 000 000 to Bob with `gas`; notes at 2000 what its reply says and from whom.
fn correspondent(gas: Option<u64>) -> Vec<u8> {
	let call = match gas {
		Some(gas) => format!(
			"(call $gr_send_wgas (i32.const 320) (i32.const 448) (i32.const 4) (i64.const {gas}) (i32.const 0) (i32.const 0))"
		),
		None => "(call $gr_send (i32.const 320) (i32.const 448) (i32.const 4) (i32.const 0) (i32.const 0))".into(),
	};
	module(
		&format!("{call} (call $well (i32.const 0))"),
		r#"(func (export "handle_reply")
			(call $gr_reply_code (i32.const 2000))
			(call $gr_source (i32.const 2008))
			(call $gr_size (i32.const 2040))
			(call $gr_value (i32.const 2048)))"#,
	)
}

/// The code, the length and the value of the reply that a correspondent got from Bob.
fn heard<E: Executor>(system: &System<E>, program: ActorId) -> Option<([u8; 4], u8, Value)> {
	let memory = system.memory(program).unwrap();
	(memory[2008..2040] == *BOB.as_ref()).then(|| {
		let value = Value::from_le_bytes(memory[2048..2064].try_into().unwrap());
		(memory[2004..2008].try_into().unwrap(), memory[2040], value)
	})
}

const AUTO: [u8; 4] = [0, 0, 0, 0];
const MANUAL: [u8; 4] = [0, 1, 0, 0];

/// A correspondent whose message is in Bob's mailbox.
fn with_mail<E: Executor>(system: &mut System<E>, gas: Option<u64>) -> (ActorId, MessageId) {
	let program = deploy(system, &correspondent(gas), b"");
	let message = system.send_message(program, ALICE, b"", VALUE).unwrap();
	let block = system.run_next_block();
	assert_eq!(block.report.failed, 0);
	(program, ids::sent_message_id(message, 0))
}

#[test]
fn mail_with_gas_is_kept_until_it_expires() {
	on_both_backends!(rented(), |system| {
		let (program, mail) = with_mail(&mut system, Some(60_000));
		// Half of it buys blocks at 3 000.
		assert_eq!(system.mail(BOB, mail).unwrap().lease.end.block, 2 + 10);
		assert_eq!(system.gas_node(mail).unwrap().locked, 30_000);
		assert_eq!(system.account(BOB).free, FUNDS);
		assert_eq!(heard(&system, program), None);
		run(&mut system, 9);
		assert!(system.mail(BOB, mail).is_some());
		let block = system.run_next_block();
		let ended = Event::MailEnded { id: mail, user: BOB, reason: MailEnd::Expired };
		assert!(block.events.contains(&ended));
		// The value is Bob's all the same, and the program is told.
		assert_eq!(system.account(BOB).free, FUNDS + 2_000_000_000);
		assert_eq!(heard(&system, program), Some((AUTO, 0, 0)));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn mail_can_be_claimed() {
	on_both_backends!(rented(), |system| {
		let (program, mail) = with_mail(&mut system, Some(60_000));
		assert_eq!(system.claim_value(ALICE, mail), Err(PostError::NoMail(mail)));
		assert_eq!(system.claim_value(BOB, mail), Ok(2_000_000_000));
		assert_eq!(system.claim_value(BOB, mail), Err(PostError::NoMail(mail)));
		assert_eq!(system.account(BOB).free, FUNDS + 2_000_000_000);
		run(&mut system, 1);
		assert_eq!(heard(&system, program), Some((AUTO, 0, 0)));
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn mail_can_be_replied_to() {
	on_both_backends!(rented(), |system| {
		let (program, mail) = with_mail(&mut system, Some(60_000));
		assert_eq!(system.send_reply(mail, ALICE, b"", 0), Err(PostError::NoMail(mail)));
		let reply = system.send_reply(mail, BOB, b"thanks", VALUE).unwrap();
		assert_eq!(reply, ids::reply_message_id(mail));
		assert_eq!(system.account(BOB).held, VALUE);
		let block = system.run_next_block();
		assert_eq!(block.report.failed, 0);
		assert_eq!(heard(&system, program), Some((MANUAL, 6, VALUE)));
		// Bob has paid for his reply, and his mail's gas is Alice's again.
		let spent = Value::from(gas_spent(&block, reply));
		assert_eq!(system.account(BOB).free, FUNDS + 2_000_000_000 - VALUE - spent);
		assert_eq!(system.tasks().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn mail_that_nobody_gave_gas_takes_the_threshold_if_there_is_so_much() {
	on_both_backends!(rented(), |system| {
		let (_, mail) = with_mail(&mut system, None);
		let node = system.gas_node(mail).unwrap();
		assert_eq!((node.remaining, node.locked), (20_000 - 9_000, 9_000));
		claim_all(&mut system);
		run(&mut system, 1);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn messages_without_gas_are_delivered_at_once_and_acknowledged() {
	// At the white paper's prices the threshold is 0: who gives none wants none.
	on_both_backends!(|system| {
		let (program, _) = with_mail(&mut system, None);
		assert_eq!(system.mailbox().count(), 0);
		assert_eq!(system.account(BOB).free, FUNDS + 2_000_000_000);
		assert_eq!(heard(&system, program), Some((AUTO, 0, 0)));
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn mail_of_a_program_that_exited_can_be_claimed_and_not_replied_to() {
	on_both_backends!(rented(), |system| {
		let exits = module(
			"(if (call $first) (then \
				(call $gr_send_wgas (i32.const 320) (i32.const 448) (i32.const 4) (i64.const 60000) (i32.const 0) (i32.const 0)) \
				(return))) \
			(call $gr_exit (i32.const 512))",
			&addressed(512, ALICE, 0),
		);
		let program = deploy(&mut system, &exits, b"");
		system.send_message(program, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		send(&mut system, program, b"");
		// What is on its way to Bob is not inherited.
		assert_eq!(system.account(program).total(), 2_000_000_000);
		let mail = system.mailbox().next().unwrap().message.id;
		assert_eq!(system.send_reply(mail, BOB, b"", 0), Err(PostError::ProgramGone(program)));
		assert_eq!(system.claim_value(BOB, mail), Ok(2_000_000_000));
		run(&mut system, 1);
		assert_eq!(system.account(BOB).free, FUNDS + 2_000_000_000);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn replies_are_never_kept() {
	on_both_backends!(rented(), |system| {
		let handle = "(call $gr_reply_wgas (i32.const 448) (i32.const 4) (i64.const 60000) (i32.const 352) (i32.const 0))";
		let program = deploy(&mut system, &module(handle, ""), b"");
		let message = system.send_message(program, ALICE, b"", VALUE).unwrap();
		system.run_next_block();
		assert_eq!(system.reply_to(message).unwrap().value, 2_000_000_000);
		assert_eq!(system.account(program).free, VALUE - 2_000_000_000);
		assert_at_rest(&system, 2 * FUNDS);
	});
}
