//! The vault: value goes in and out, a gift is paid by its giver, a failure after a wait is put
//! right by the signal.

use super::{at_real_prices, made};
use crate::support::*;
use codec::Encode;
use gearway_engine::{
	ActorId, ErrorReplyReason, Executor, MessageId, State, Value,
	testkit::{Log, Program, System},
};
use gearway_programs::VAULT;

/// As the program decodes it.
#[derive(Encode)]
enum Command {
	Deposit,
	Balance,
	Withdraw { amount: Value },
	Give { to: ActorId, amount: Value, blocks: u32 },
	Claim,
}

const DEPOSIT: Value = 100_000_000_000;
const PART: Value = 40_000_000_000;

/// A vault in which Alice has deposited something.
fn vault<E: Executor>(system: &mut System<E>) -> Program {
	let vault = made(system, VAULT, ());
	let message = vault.send_with_value(system, ALICE, Command::Deposit, DEPOSIT).unwrap();
	system.run_next_block().assert_succeed(message);
	assert_eq!(system.decoded_reply_to(message), Some(DEPOSIT));
	vault
}

fn balance<E: Executor>(system: &mut System<E>, vault: Program, owner: ActorId) -> Value {
	vault.ask(system, owner, Command::Balance).expect("the vault tells balances")
}

/// Begins a withdrawal. The question is in Alice's mailbox then.
fn withdraw<E: Executor>(system: &mut System<E>, vault: Program) -> (MessageId, Log) {
	let message = vault.send(system, ALICE, Command::Withdraw { amount: PART }).unwrap();
	system.run_next_block();
	assert_eq!(system.reply_to(message), None);
	let question = Log::from((vault, ALICE, format!("Withdraw {PART}?")));
	assert!(system.get_mailbox(ALICE).contains(&question));
	(message, question)
}

#[test]
fn what_is_confirmed_is_paid() {
	at_real_prices!(|system| {
		let vault = vault(&mut system);
		let (message, question) = withdraw(&mut system, vault);
		// It is set aside as long as the question is open.
		assert_eq!(balance(&mut system, vault, ALICE), DEPOSIT - PART);
		system.get_mailbox(ALICE).reply_bytes(&question, "yes", 0).unwrap();
		system.run_next_block().assert_succeed(message);
		let reply = system.reply_to(message).unwrap();
		assert_eq!((reply.value, &reply.payload), (PART, &(DEPOSIT - PART).encode()));
		assert_eq!(vault.balance(&system), DEPOSIT - PART + system.existential_deposit());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn what_is_refused_is_put_back_by_the_signal() {
	at_real_prices!(|system| {
		let vault = vault(&mut system);
		let (message, question) = withdraw(&mut system, vault);
		system.get_mailbox(ALICE).reply_bytes(&question, "no", 0).unwrap();
		let block = system.run_next_block();
		block.assert_panicked_with(message, "the owner refuses");
		assert_eq!(balance(&mut system, vault, ALICE), DEPOSIT);
		assert_eq!(vault.balance(&system), DEPOSIT + system.existential_deposit());
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn who_says_nothing_is_taken_to_refuse() {
	at_real_prices!(|system| {
		let vault = vault(&mut system);
		let (message, question) = withdraw(&mut system, vault);
		let asked = system.block_height() - 1;
		system.run_to_block(asked + 20);
		assert_eq!(system.reply_to(message), None);
		system.run_next_block().assert_panicked_with(message, "the owner does not answer");
		assert_eq!(balance(&mut system, vault, ALICE), DEPOSIT);
		// A word that comes too late changes nothing.
		system.get_mailbox(ALICE).reply_bytes(&question, "yes", 0).unwrap();
		system.run_next_block();
		assert_eq!(balance(&mut system, vault, ALICE), DEPOSIT);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn nobody_withdraws_what_is_not_theirs() {
	at_real_prices!(|system| {
		let vault = vault(&mut system);
		let message = vault.send(&mut system, BOB, Command::Withdraw { amount: PART }).unwrap();
		let block = system.run_next_block();
		block.assert_panicked_with(message, "the balance does not suffice");
		assert!(block.contains(&Log::error_builder(ErrorReplyReason::Execution(
			gearway_engine::gear_core_errors::SimpleExecutionError::UserspacePanic
		))));
		assert_eq!(system.mailbox().count(), 0);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_gift_is_paid_out_of_the_givers_gas() {
	at_real_prices!(|system| {
		let vault = vault(&mut system);
		let give = Command::Give { to: BOB, amount: PART, blocks: 50 };
		let message = vault.send(&mut system, ALICE, give).unwrap();
		system.run_next_block().assert_succeed(message);
		assert_eq!(system.decoded_reply_to(message), Some(DEPOSIT - PART));
		assert_eq!(system.open_gas().count(), 1, "the gas that Alice set aside");

		let claim = vault.send(&mut system, BOB, Command::Claim).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(claim);
		let gift = Log::from((vault, BOB, "A gift"));
		assert!(block.contains(&gift));
		// It stays in the mailbox on Alice's gas until Bob takes it.
		assert!(system.open_gas().all(|node| node.payer == ALICE));
		let before = system.balance_of(BOB);
		assert_eq!(system.get_mailbox(BOB).claim_value(&gift), Ok(PART));
		system.run_next_block();
		assert_eq!(system.balance_of(BOB), before + PART);
		assert_at_rest(&system, 2 * FUNDS);
	});
}

#[test]
fn a_gift_outlives_the_gas_set_aside_for_it() {
	at_real_prices!(|system| {
		let vault = vault(&mut system);
		let give = Command::Give { to: BOB, amount: PART, blocks: 3 };
		let message = vault.send(&mut system, ALICE, give).unwrap();
		system.run_next_block().assert_succeed(message);
		let late = system.block_height() + 3;
		system.run_to_block(late);
		assert_at_rest(&system, 2 * FUNDS);

		let claim = vault.send(&mut system, BOB, Command::Claim).unwrap();
		let block = system.run_next_block();
		block.assert_succeed(claim);
		assert!(block.contains(&(vault, BOB, "A gift")));
		claim_all(&mut system);
		system.run_next_block();
		assert_eq!(vault.balance(&system), DEPOSIT - PART + system.existential_deposit());
		assert_at_rest(&system, 2 * FUNDS);
	});
}
