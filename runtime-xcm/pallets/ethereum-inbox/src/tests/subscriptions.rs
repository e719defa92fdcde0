//! Events of any contract, for programs that subscribed to them.

use super::events;
use crate::{
	ETHEREUM_ACTOR, EVENT_HORIZON, Error, EthereumRequest, Event, EventKey, EventQueue, EventsFrom,
	Failed, Proven, ProvenKey,
	mock::{
		Blocks, EthereumInbox, GATEWAY, GHOST, Test, alice, bring_to_life, end_its_life, execute,
		message, posted,
	},
};
use codec::{Decode, Encode};
use gearway_ethereum::{
	Claim, ContractEvent, EventSource, H256, Log,
	testing::{gateway_log, receipt},
};
use gearway_primitives::{ActorId, Builtin, BuiltinCall, BuiltinReply, MessageId, Origin, Value};
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	sp_runtime::{AccountId32, DispatchError, DispatchResult},
};

const PROGRAM: [u8; 32] = [0x77; 32];
const CONTRACT: [u8; 20] = [0xee; 20];
const TOPIC: H256 = H256::repeat_byte(0x55);
const SOURCE: EventSource = EventSource { contract: CONTRACT, topic: TOPIC };

fn ask(program: [u8; 32], request: EthereumRequest) -> DispatchResult {
	say(program, &request.encode(), 0)
}

/// Sends the actor a message, as the program.
fn say(program: [u8; 32], payload: &[u8], value: Value) -> DispatchResult {
	let call = BuiltinCall {
		id: MessageId::zero(),
		source: ActorId::new(program),
		actor: ActorId::new(ETHEREUM_ACTOR),
		payload,
		value,
		topic: None,
		patience: 0,
	};
	let reply = EthereumInbox::handle(call)
		.map_err(|failure| DispatchError::decode(&mut &failure.0[..]).expect("it is an error"))?;
	assert_eq!(reply, BuiltinReply::Now(Vec::new()));
	Ok(())
}

fn subscribe(program: [u8; 32], source: EventSource) -> DispatchResult {
	ask(program, EthereumRequest::Subscribe { source, gas_limit: 1_000 })
}

fn log(topic: H256, data: &[u8]) -> Log {
	Log::new_unchecked(
		CONTRACT.into(),
		vec![topic.0.into(), [0x66; 32].into()],
		data.to_vec().into(),
	)
}

fn claim(log_index: u32, program: [u8; 32]) -> Claim {
	Claim::Event { log_index, program }
}

fn key(slot: u64, tx_index: u32, log_index: u32, program: [u8; 32]) -> EventKey {
	EventKey { slot, tx_index, log_index, program }
}

/// A block with one transaction and these logs, final after the subscriptions were made.
fn with_logs(logs: Vec<Log>, subscriptions: &[([u8; 32], EventSource)]) -> Blocks {
	let mut blocks = Blocks::new([(10, vec![receipt(true, logs)])]);
	for (program, source) in subscriptions {
		assert_ok!(subscribe(*program, *source));
	}
	blocks.finalize();
	events();
	blocks
}

fn submit(blocks: &Blocks, claims: Vec<Claim>) -> DispatchResult {
	let batch = blocks.prove([(10, 0, claims)]);
	EthereumInbox::submit_batch(alice(), batch).map(drop).map_err(|error| error.error)
}

#[test]
fn a_subscribed_event_becomes_a_message_paid_by_its_program() {
	execute(|| {
		let blocks = with_logs(vec![log(TOPIC, b"data")], &[(PROGRAM, SOURCE)]);
		assert_ok!(submit(&blocks, vec![claim(0, PROGRAM)]));

		let event = ContractEvent {
			chain_id: 1_337,
			contract: CONTRACT,
			topics: vec![TOPIC, H256::repeat_byte(0x66)],
			data: b"data".to_vec(),
			slot: 10,
			tx_index: 0,
			log_index: 0,
		};
		let message = posted().remove(0);
		let mut source = *b"gw/eth-event....................";
		source[12..].fill(0xee);
		assert_eq!(message.source, ActorId::new(source));
		assert_eq!(message.destination, ActorId::new(PROGRAM));
		assert_eq!(message.payer, AccountId32::new(PROGRAM));
		assert_eq!(message.gas_limit, 1_000);
		assert_eq!(
			message.provenance.origin,
			Origin::Ethereum { chain_id: 1_337, address: CONTRACT }
		);
		assert_eq!(message.provenance.topic, Some(event.topic(&PROGRAM)));
		assert_eq!(ContractEvent::decode(&mut &message.payload[..]), Ok(event.clone()));
		assert_eq!(
			events(),
			[Event::EventReceived {
				key: key(10, 0, 0, PROGRAM),
				message_id: [1; 32],
				topic: event.topic(&PROGRAM),
			}]
		);
	});
}

/// All matching logs of a transaction, not the first; and beside messages of the gateway.
#[test]
fn every_log_of_a_transaction_is_delivered_to_everyone_who_wants_it() {
	execute(|| {
		let other = EventSource { topic: H256::repeat_byte(0x44), ..SOURCE };
		let logs = vec![
			log(TOPIC, b"first"),
			gateway_log(&GATEWAY, &message(1)),
			log(TOPIC, b"second"),
			log(other.topic, b"third"),
		];
		let neighbour = [0x78; 32];
		let subscriptions = [(PROGRAM, SOURCE), (PROGRAM, other), (neighbour, SOURCE)];
		let blocks = with_logs(logs, &subscriptions);
		let claims = vec![
			claim(0, PROGRAM),
			Claim::Message { log_index: 1, nonce: 1 },
			claim(2, PROGRAM),
			claim(3, PROGRAM),
			claim(2, neighbour),
		];
		assert_ok!(submit(&blocks, claims.clone()));
		assert_eq!(posted().len(), 5);
		assert_noop!(submit(&blocks, claims), Error::<Test>::NonceUsed);
		// What was left out can come later, beside what is done.
		assert_ok!(submit(&blocks, vec![claim(0, neighbour), claim(0, PROGRAM)]));
		assert_eq!(posted().len(), 6);
	});
}

#[test]
fn nobody_gets_what_he_did_not_ask_for() {
	execute(|| {
		let no_topic = Log::new_unchecked(CONTRACT.into(), vec![], Default::default());
		let logs = vec![log(TOPIC, b""), log(H256::zero(), b""), no_topic];
		let blocks = with_logs(logs, &[(PROGRAM, SOURCE)]);
		let skipped = |log_index, program| {
			assert_ok!(submit(&blocks, vec![claim(log_index, program)]));
			let key = key(10, 0, log_index, program);
			assert_eq!(events(), [Event::EventSkipped { key }]);
		};
		skipped(0, [0x78; 32]);
		skipped(1, PROGRAM);
		skipped(2, PROGRAM);
		assert_noop!(submit(&blocks, vec![claim(3, PROGRAM)]), Error::<Test>::LogIndexOutOfBounds);

		// Passed over is not used up.
		assert_ok!(ask(PROGRAM, EthereumRequest::Unsubscribe { source: SOURCE }));
		events();
		skipped(0, PROGRAM);
		assert!(posted().is_empty());
	});
}

/// A program hears of what happens after it subscribed, not of the past.
#[test]
fn events_from_before_the_subscription_are_not_delivered() {
	execute(|| {
		// Someone else's subscription, so that events are taken at all.
		let blocks = with_logs(vec![log(TOPIC, b"")], &[([1; 32], SOURCE)]);
		assert_ok!(subscribe(PROGRAM, SOURCE));
		events();
		assert_ok!(submit(&blocks, vec![claim(0, PROGRAM)]));
		assert_eq!(events(), [Event::EventSkipped { key: key(10, 0, 0, PROGRAM) }]);
		// Asking again does not change what is past.
		assert_ok!(ask([1; 32], EthereumRequest::Subscribe { source: SOURCE, gas_limit: 7 }));
		assert_ok!(submit(&blocks, vec![claim(0, [1; 32])]));
		assert_eq!(posted()[0].gas_limit, 7);
	});
}

#[test]
fn an_event_that_cannot_be_posted_is_used_up_and_can_be_retried() {
	execute(|| {
		bring_to_life();
		let blocks = with_logs(vec![log(TOPIC, b"data")], &[(GHOST, SOURCE)]);
		end_its_life();
		assert_ok!(submit(&blocks, vec![claim(0, GHOST)]));
		let key = key(10, 0, 0, GHOST);
		assert!(matches!(
			events()[..],
			[Event::EventFailed { key: failed, error: DispatchError::Unavailable, .. }]
				if failed == key
		));
		assert!(Failed::<Test>::contains_key(ProvenKey::Event(key)));
		assert_noop!(submit(&blocks, vec![claim(0, GHOST)]), Error::<Test>::NonceUsed);

		bring_to_life();
		let event = ContractEvent::new(1_337, 10, 0, 0, &log(TOPIC, b"data"));
		let proven = Box::new(Proven::Event { program: GHOST, gas_limit: 1_000, event });
		assert_ok!(EthereumInbox::retry(alice(), proven.clone(), 2_000));
		assert_eq!(posted()[0].gas_limit, 2_000);
		assert_eq!(posted()[0].payer, AccountId32::new([1; 32]));
		assert_noop!(EthereumInbox::retry(alice(), proven, 0), Error::<Test>::NotFailed);
	});
}

#[test]
fn subscriptions_are_counted_and_bounded() {
	execute(|| {
		let other = |byte| EventSource { contract: [byte; 20], ..SOURCE };
		assert_noop!(subscribe(PROGRAM, SOURCE), Error::<Test>::NoBeaconClient);
		with_logs(vec![], &[]);
		assert_ok!(subscribe(PROGRAM, other(1)));
		assert_ok!(subscribe(PROGRAM, other(2)));
		assert_noop!(subscribe(PROGRAM, other(3)), Error::<Test>::TooManySubscriptions);
		// One that is there already is no more.
		assert_ok!(subscribe(PROGRAM, other(2)));
		assert_ok!(subscribe([1; 32], other(3)));

		let unsubscribe = |byte| ask(PROGRAM, EthereumRequest::Unsubscribe { source: other(byte) });
		assert_noop!(unsubscribe(3), Error::<Test>::NotSubscribed);
		assert_ok!(unsubscribe(1));
		assert_noop!(unsubscribe(1), Error::<Test>::NotSubscribed);
		assert_ok!(subscribe(PROGRAM, other(3)));
		assert_ok!(unsubscribe(2));
		assert_ok!(unsubscribe(3));
		assert_noop!(
			ask(PROGRAM, EthereumRequest::Subscribe { source: SOURCE, gas_limit: 0 }),
			Error::<Test>::NoGas
		);
		assert_noop!(subscribe(GHOST, SOURCE), Error::<Test>::NotAProgram);
	});
}

#[test]
fn the_actor_knows_its_requests_only() {
	execute(|| {
		let actor = ActorId::new(ETHEREUM_ACTOR);
		assert!(EthereumInbox::is_builtin(actor));
		assert!(!EthereumInbox::is_builtin(ActorId::new(PROGRAM)));
		let mut long = EthereumRequest::Unsubscribe { source: SOURCE }.encode();
		assert_noop!(say(PROGRAM, &long, 1), Error::<Test>::ValueNotTaken);
		long.push(0);
		for payload in [&[][..], &[9], &long] {
			assert_noop!(say(PROGRAM, payload, 0), Error::<Test>::BadRequest);
		}
	});
}

/// What is too old to be proven is forgotten, and from then on refused: never delivered twice.
#[test]
fn old_deliveries_are_forgotten_and_nothing_that_old_is_taken() {
	execute(|| {
		let logs = vec![log(TOPIC, b"a"), log(TOPIC, b"b"), log(TOPIC, b"c")];
		let blocks = with_logs(logs, &[(PROGRAM, SOURCE)]);
		let claims: Vec<_> = (0..2).map(|log| claim(log, PROGRAM)).collect();
		assert_ok!(submit(&blocks, claims));
		assert_eq!(EventQueue::<Test>::iter().count(), 2);

		EthereumInbox::forget(10 + EVENT_HORIZON, 9);
		assert_eq!(EventQueue::<Test>::iter().count(), 2);
		EthereumInbox::forget(11 + EVENT_HORIZON, 1);
		assert_eq!(EventQueue::<Test>::iter().count(), 1);
		assert_eq!(EventsFrom::<Test>::get(), Some(11));
		for log_index in 0..3 {
			assert_noop!(
				submit(&blocks, vec![claim(log_index, PROGRAM)]),
				Error::<Test>::NonceUsed
			);
		}
		EthereumInbox::forget(11 + EVENT_HORIZON, 9);
		EthereumInbox::forget(u64::MAX, 9);
		assert_eq!(EventQueue::<Test>::iter().count(), 0);
		assert_eq!(EventsFrom::<Test>::get(), Some(11));
		assert_eq!(posted().len(), 2);
	});
}
