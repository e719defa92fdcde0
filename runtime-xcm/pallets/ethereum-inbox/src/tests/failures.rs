//! What was proven but not handled: retried, or given up.

use super::{events, received};
use crate::{
	Error, Event, Failed, Proven, ProvenKey, give_up_text,
	mock::{
		Ethereum, EthereumInbox, GATEWAY, GHOST, LEFTOVER, RuntimeOrigin, System, Test, alice,
		bring_to_life, execute, message, posted,
	},
};
use gear_core_errors::{ErrorReplyReason, ReplyCode, SimpleExecutionError, SuccessReplyReason};
use gearway_ethereum::{Gateway as GatewayId, GatewayMessage};
use gearway_primitives::{ActorId, Answer, MessageId, Outgoing, RouteMessage, Routed};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok, storage::unhashed},
	frame_system,
	sp_core::{Pair, ecdsa},
	sp_io::hashing::keccak_256,
	sp_runtime::{AccountId32, DispatchError, DispatchResult},
};

/// A key and its address, from the documentation of Foundry's anvil.
const SECRET: [u8; 32] =
	hex_literal::hex!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
const SENDER: [u8; 20] = hex_literal::hex!("f39fd6e51aad88f6f4ce6ab8827279cfffb92266");

fn lost() -> GatewayMessage {
	GatewayMessage { program: GHOST, sender: SENDER, ..message(1) }
}

fn proven(message: GatewayMessage) -> Box<Proven> {
	Box::new(Proven::Message { gateway: GATEWAY, message })
}

/// A chain on which the message has failed.
fn failed() -> Ethereum {
	let ethereum = Ethereum::with(&[lost(), message(2)]);
	events();
	let batch = vec![ethereum.proof(0, 1), ethereum.proof(1, 2)];
	assert_ok!(EthereumInbox::submit(alice(), ethereum.header_proof(), batch.try_into().unwrap()));
	ethereum
}

fn retry(message: GatewayMessage, gas_limit: u64) -> DispatchResult {
	EthereumInbox::retry(alice(), proven(message), gas_limit)
}

fn give_up(signature: Option<[u8; 65]>) -> DispatchResult {
	EthereumInbox::give_up(alice(), proven(lost()), signature)
}

fn sign(text: &[u8]) -> [u8; 65] {
	ecdsa::Pair::from_seed(&SECRET).sign_prehashed(&keccak_256(text)).0
}

#[test]
fn a_message_that_cannot_be_posted_uses_its_nonce_and_can_be_retried() {
	execute(|| {
		let ethereum = failed();
		let error = DispatchError::Unavailable;
		let failed = Event::MessageFailed { nonce: 1, topic: GATEWAY.topic(1), error };
		assert_eq!(events(), [failed, received(2, 1)]);
		assert!(EthereumInbox::is_consumed(1));
		assert!(!unhashed::exists(LEFTOVER));
		let again = vec![ethereum.proof(0, 1)].try_into().unwrap();
		assert_noop!(
			EthereumInbox::submit(alice(), ethereum.header_proof(), again),
			Error::<Test>::NonceUsed
		);

		assert_noop!(retry(lost(), 0), error);
		bring_to_life();
		assert_ok!(retry(lost(), 0));
		assert_eq!(events(), [received(1, 2)]);
		assert_eq!(posted()[1].destination, ActorId::new(GHOST));
		assert_noop!(retry(lost(), 0), Error::<Test>::NotFailed);
		assert_eq!(Failed::<Test>::iter().count(), 0);
	});
}

/// Whoever retries pays, so nobody can have the reserve pay again and again.
#[test]
fn a_retry_is_paid_by_its_caller_who_may_add_gas() {
	for (given, expected) in [(0, 5_000_000), (4_999_999, 5_000_000), (5_000_001, 5_000_001)] {
		execute(|| {
			failed();
			bring_to_life();
			assert_ok!(retry(lost(), given));
			let retried = &posted()[1];
			assert_eq!(retried.payer, AccountId32::new([1; 32]));
			assert_eq!(retried.gas_limit, expected);
			assert_eq!(posted()[0].payer, EthereumInbox::reserve());
		});
	}
}

#[test]
fn only_what_failed_is_retried_or_given_up() {
	execute(|| {
		failed();
		bring_to_life();
		assert_noop!(retry(message(2), 0), Error::<Test>::NotFailed);
		let other = GatewayMessage { gas_limit: 5_000_001, ..lost() };
		assert_noop!(retry(other, 0), Error::<Test>::OtherMessage);
		let elsewhere = Proven::Message {
			gateway: GatewayId { address: [0xdd; 20], ..GATEWAY },
			message: lost(),
		};
		let elsewhere = Box::new(elsewhere);
		assert_noop!(EthereumInbox::retry(alice(), elsewhere.clone(), 0), Error::<Test>::NotFailed);
		assert_noop!(EthereumInbox::give_up(alice(), elsewhere, None), Error::<Test>::NotFailed);
		for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
			let proven = proven(lost());
			assert_noop!(
				EthereumInbox::retry(origin.clone(), proven.clone(), 0),
				DispatchError::BadOrigin
			);
			assert_noop!(EthereumInbox::give_up(origin, proven, None), DispatchError::BadOrigin);
		}
	});
}

/// A failure of a gateway that is not the present one any more is not stuck.
#[test]
fn failures_outlive_their_gateway() {
	execute(|| {
		failed();
		assert_ok!(EthereumInbox::set_gateway(RuntimeOrigin::root(), 2, [9; 20]));
		bring_to_life();
		assert_ok!(retry(lost(), 0));
	});
}

#[test]
fn what_was_given_up_is_never_delivered() {
	execute(|| {
		let ethereum = failed();
		events();
		System::set_block_number(10);
		assert_noop!(give_up(None), Error::<Test>::TooEarlyToGiveUp);
		System::set_block_number(11);
		assert_ok!(give_up(None));
		let key = ProvenKey::Message { gateway: GATEWAY, nonce: 1 };
		let given_up = Event::GivenUp { key, topic: GATEWAY.topic(1), sender: SENDER };
		assert_eq!(events(), [given_up]);

		bring_to_life();
		assert_noop!(retry(lost(), 0), Error::<Test>::NotFailed);
		assert_noop!(give_up(None), Error::<Test>::NotFailed);
		let again = vec![ethereum.proof(0, 1)].try_into().unwrap();
		assert_noop!(
			EthereumInbox::submit(alice(), ethereum.header_proof(), again),
			Error::<Test>::NonceUsed
		);
		assert_eq!(posted().len(), 1);
	});
}

#[test]
fn the_sender_gives_up_at_once_and_nobody_else() {
	execute(|| {
		failed();
		let text = give_up_text(GATEWAY.topic(1));
		let mut damaged = sign(&text);
		damaged[7] ^= 1;
		let mut unrecoverable = sign(&text);
		unrecoverable[64] = 9;
		for wrong in [
			sign(&give_up_text(GATEWAY.topic(2))),
			sign(b"gearway: give up everything"),
			ecdsa::Pair::from_seed(&[3; 32]).sign_prehashed(&keccak_256(&text)).0,
			damaged,
			unrecoverable,
			[0; 65],
		] {
			assert_noop!(give_up(Some(wrong)), Error::<Test>::NotTheSender);
		}
		assert_ok!(give_up(Some(sign(&text))));
		assert_eq!(frame_system::Pallet::<Test>::block_number(), 1);
	});
}

/// The engine's answer to the message with this id.
fn answer(id: u8, code: ReplyCode) {
	let outgoing = Outgoing {
		id: MessageId::new([0xfe; 32]),
		source: ActorId::new(GHOST),
		destination: ActorId::zero(),
		payload: vec![],
		cause: MessageId::new([id; 32]),
		topic: None,
		answer: Some(Answer::new(MessageId::new([id; 32]), code)),
	};
	assert_eq!(EthereumInbox::route(&outgoing), Ok(Routed::Local));
}

const TRAP: ReplyCode =
	ReplyCode::Error(ErrorReplyReason::Execution(SimpleExecutionError::UserspacePanic));
const AUTO: ReplyCode = ReplyCode::Success(SuccessReplyReason::Auto);

#[test]
fn what_traps_in_its_program_has_failed_and_can_be_retried_and_trap_again() {
	execute(|| {
		bring_to_life();
		failed();
		events();
		assert!(EthereumInbox::is_awaited(MessageId::new([1; 32])));
		assert_noop!(retry(lost(), 0), Error::<Test>::NotFailed);

		let key = ProvenKey::Message { gateway: GATEWAY, nonce: 1 };
		for id in [1, 3, 4] {
			answer(id, TRAP);
			assert_eq!(events(), [Event::NotHandled { key, code: TRAP.to_bytes() }]);
			assert!(!EthereumInbox::is_awaited(MessageId::new([id; 32])));
			assert!(EthereumInbox::is_consumed(1));
			assert_ok!(retry(lost(), 0));
			events();
		}
		answer(5, AUTO);
		assert!(events().is_empty());
		assert_noop!(retry(lost(), 0), Error::<Test>::NotFailed);
		assert_noop!(give_up(None), Error::<Test>::NotFailed);
	});
}

/// What was handled cannot be given up, what was given up is not retried, whatever comes later.
#[test]
fn an_answer_counts_once() {
	execute(|| {
		bring_to_life();
		failed();
		answer(1, AUTO);
		answer(1, TRAP);
		assert_eq!(Failed::<Test>::iter().count(), 0);
		answer(2, TRAP);
		answer(2, AUTO);
		assert_eq!(Failed::<Test>::iter().count(), 1);
		// Not of a message of the inbox.
		answer(77, TRAP);
		assert_eq!(Failed::<Test>::iter().count(), 1);
	});
}

/// What a wallet shows, to the letter.
#[test]
fn the_text_to_sign_is_as_documented() {
	let text = String::from_utf8(give_up_text([0xa9; 32])).unwrap();
	let shown = format!("gearway: give up {}", "a9".repeat(32));
	assert_eq!(text, format!("\x19Ethereum Signed Message:\n{}{shown}", shown.len()));
}
