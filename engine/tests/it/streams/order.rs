//! What a round takes and in which order.

use super::{
	puppet::{Order, What},
	puppet_stage, settings,
};
use crate::support::*;
use gearway_engine::{ActorId, Event, Gas, MessageId, Settings, StateMut, Wasmi, testkit::System};
use std::num::NonZeroUsize;

fn puppets(settings: Settings, count: u8) -> (System<Wasmi>, Vec<ActorId>) {
	let (mut system, code) = puppet_stage(Wasmi::new(), settings);
	system.set_streams(NonZeroUsize::new(2).unwrap());
	let programs = (0..count)
		.map(|salt| system.create_program(code, &[salt], ALICE, b"", 0).unwrap().0)
		.collect();
	system.run_next_block();
	(system, programs)
}

fn post(system: &mut System<Wasmi>, to: ActorId, gas: Gas, orders: &[Order]) -> MessageId {
	system.send_with_gas(to, ALICE, &Order::encode(orders), 0, gas).unwrap()
}

fn dispatched(events: &[Event]) -> Vec<(MessageId, ActorId)> {
	events
		.iter()
		.filter_map(|event| match event {
			Event::Dispatched { id, destination, .. } => Some((*id, *destination)),
			_ => None,
		})
		.collect()
}

#[test]
fn a_program_that_feeds_itself_starves_nobody() {
	let (mut system, programs) = puppets(settings(), 2);
	let [greedy, modest] = programs[..] else { panic!() };
	// Eight messages to itself, each of which sends eight more.
	let leaf = || (0..8).map(|_| Order::send(greedy, vec![])).collect::<Vec<_>>();
	let tree: Vec<_> = (0..8).map(|_| Order::send(greedy, leaf())).collect();
	post(&mut system, greedy, 500_000_000, &tree);
	system.run_next_block();
	for _ in 0..4 {
		post(&mut system, greedy, 500_000_000, &tree);
	}
	let mine = post(&mut system, modest, 2_000_000, &[]);
	let all = dispatched(&system.run_next_block().events);
	assert!(all.len() > 4 * 64, "everything is processed in the end");
	let place = all.iter().position(|(id, _)| *id == mine).unwrap();
	let before = all[..place].iter().filter(|(_, to)| *to == greedy).count();
	assert_eq!(before, settings().limits.round_messages as usize, "one round's worth");
}

#[test]
fn a_gas_node_serves_one_program_a_round() {
	let (mut system, programs) = puppets(settings(), 3);
	let [parent, one, other] = programs[..] else { panic!() };
	let burn = || vec![Order { n: 100, ..Order::new(What::Burn) }];
	// All four share what is left of the parent's gas, which is not enough for all of them.
	let children = [one, other, one, other].map(|to| Order::send(to, burn()));
	let id = post(&mut system, parent, 1_700_000, &children);
	let block = system.run_next_block();
	let spent: Gas = block
		.events
		.iter()
		.filter_map(|event| match event {
			Event::Dispatched { gas_spent, .. } => Some(*gas_spent),
			_ => None,
		})
		.sum();
	assert!(spent <= 1_700_000, "{spent}");
	assert!(block.report.failed > 0, "some had no gas left");
	assert!(block.report.quarantined == 0, "none was overspent");
	let order: Vec<_> = dispatched(&block.events).into_iter().map(|(_, to)| to).collect();
	assert_eq!(order[..5], [parent, one, one, other, other], "{id}");
}

#[test]
fn what_is_not_used_serves_another_round() {
	let (mut system, programs) = puppets(settings(), 2);
	let [one, other] = programs[..] else { panic!() };
	// Each may use most of the block, none does.
	system.set_block_gas(10_000_000);
	let ids = [one, other, one, other].map(|to| post(&mut system, to, 7_000_000, &[]));
	let block = system.run_next_block();
	assert_eq!(dispatched(&block.events).into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
	assert!(block.report.rounds >= 4);
	assert!(block.report.allowance_used <= 10_000_000);
}

#[test]
fn messages_of_a_round_see_what_their_program_did() {
	let (mut system, programs) = puppets(settings(), 2);
	let [program, heir] = programs[..] else { panic!() };
	system.send_message(program, ALICE, b"", 10_000_000_000).unwrap();
	system.run_next_block();
	// The first gives most away, so that the second cannot; the third leaves, so that the fourth
	// is not taken.
	let give = [Order::send(BOB, vec![]).with_value(6_000_000_000)];
	let leave = [Order { to: heir.into_bytes(), ..Order::new(What::Exit) }];
	let bob = system.account(BOB).free;
	for orders in [&give[..], &give[..], &leave[..], &give[..]] {
		post(&mut system, program, 5_000_000, orders);
	}
	let report = system.run_next_block().report;
	assert_eq!((report.processed, report.failed), (4, 1));
	assert_eq!(system.account(BOB).free + system.account(BOB).held, bob);
	assert_eq!(system.account(program).free, 0);
	let mail: u128 = system.mailbox().map(|mail| mail.message.value).sum();
	assert_eq!(mail, 6_000_000_000);
	assert_eq!(system.account(heir).free, 4_000_000_000);
}

/// What a runtime's actor could do: takes funds away that a journal was made with.
#[test]
fn a_journal_that_does_not_fit_is_made_again_in_turn() {
	let run = |streams: usize| {
		let (mut system, programs) = puppets(settings(), 2);
		system.set_streams(NonZeroUsize::new(streams).unwrap());
		let [program, other] = programs[..] else { panic!() };
		let store = |n| [Order { n, gas: 7, ..Order::new(What::Store) }];
		let before = post(&mut system, program, 5_000_000, &store(0));
		let payload = Order::encode(&store(8));
		let robbed =
			system.send_with_gas(program, ALICE, &payload, 5_000_000_000, 5_000_000).unwrap();
		let behind = post(&mut system, program, 5_000_000, &store(16));
		let aside = post(&mut system, other, 5_000_000, &store(0));
		// The held value is gone: it can neither be delivered nor given back.
		system.deliver_value(ALICE, BOB, 5_000_000_000).unwrap();
		let block = system.run_next_block();
		let order: Vec<_> = dispatched(&block.events).into_iter().map(|(id, _)| id).collect();
		// The others are dealt with once, in their order; the robbed one is put aside in its turn.
		assert_eq!(order, [before, aside, behind]);
		assert_eq!((block.report.processed, block.report.quarantined), (4, 1));
		assert_eq!(block.report.dropped, 2);
		assert_eq!(system.quarantined()[0].0.message.id, robbed);
		let memory = system.memory(program).unwrap();
		assert_eq!([65536, 65544, 65552].map(|at| memory[at]), [7, 0, 7]);
		(system.chain().clone(), block)
	};
	let alone = run(1);
	assert_eq!(run(2), alone);
	assert_eq!(run(8), alone);
}
