//! Traffic among programs that relay what they get, against a model of the queue and of gas that
//! knows no more than their rules: order between any two actors, nothing lost, nothing doubled,
//! sums that balance.

use crate::{
	Outcome, Target,
	agreement::{ALICE, BOB, Scenario, agree},
};
use arbitrary::Unstructured;
use gearway_engine::{
	ActorId, Event, Executor, MessageId, Settings, Value,
	testkit::{BlockRunResult, System},
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(crate) const TARGET: Target =
	Target { name: "queue", len: 1_024, bounded_cases: 24, bounded_ran: 24, run };

const PROGRAMS: usize = 4;

/// The longest way of a message.
const HOPS: u64 = 6;

/// Obeys the first 41 bytes of its input, 32 of an actor, 8 of gas and one of orders, and passes
/// the rest on to that actor.
const RELAY: &str = r#"(module
	(import "env" "memory" (memory 1))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
	(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
	(import "env" "gr_send_wgas" (func $send_wgas (param i32 i32 i32 i64 i32 i32)))
	(import "env" "gr_size" (func $size (param i32)))
	(func $ordered (param i32) (result i32)
		(i32.and (i32.load8_u (i32.const 1064)) (local.get 0)))
	(func $rest (result i32) (i32.sub (i32.load (i32.const 0)) (i32.const 41)))
	(func $address_for_gas (result i64) (local i64)
		(local.set 0 (i64.load (i32.const 1056)))
		(i64.store (i32.const 512) (i64.load (i32.const 1024)))
		(i64.store (i32.const 520) (i64.load (i32.const 1032)))
		(i64.store (i32.const 528) (i64.load (i32.const 1040)))
		(i64.store (i32.const 536) (i64.load (i32.const 1048)))
		(local.get 0))
	(func (export "init"))
	(func (export "handle_reply"))
	(func (export "handle") (local i32) (local i64)
		(call $size (i32.const 0))
		(if (i32.lt_u (i32.load (i32.const 0)) (i32.const 41)) (then return))
		(call $read (i32.const 0) (i32.load (i32.const 0)) (i32.const 1024) (i32.const 8))
		(local.set 1 (call $address_for_gas))
		(if (call $ordered (i32.const 1)) (then
			(call $send (i32.const 512) (i32.const 1065) (call $rest) (i32.const 0) (i32.const 8))))
		(if (call $ordered (i32.const 2)) (then
			(call $send_wgas (i32.const 512) (i32.const 1065) (call $rest) (local.get 1)
				(i32.const 0) (i32.const 8))))
		(if (call $ordered (i32.const 4)) (then
			(call $reply (i32.const 1024) (i32.const 4) (i32.const -1) (i32.const 8))))
		(if (call $ordered (i32.const 8)) (then
			(local.set 0 (i32.const 200))
			(loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
		(if (call $ordered (i32.const 16)) (then unreachable))))"#;

struct Traffic {
	posts: Vec<Post>,
}

struct Post {
	from_bob: bool,
	program: usize,
	/// Where it goes from there: an actor, gas, orders.
	hops: Vec<(usize, u64, u8)>,
	gas: u64,
	/// Gas of the block that is run then, if one is.
	block: Option<u64>,
}

fn run(u: &mut Unstructured<'_>) -> arbitrary::Result<Outcome> {
	let mut posts = Vec::new();
	for _ in 0..u.int_in_range(1..=24)? {
		let hops = (0..u.int_in_range(0..=HOPS)?)
			.map(|_| {
				// To fail is rarer than not to.
				let orders = u.int_in_range(0..=15)? | if u.ratio(1, 8)? { 16 } else { 0 };
				Ok((u.int_in_range(0..=PROGRAMS + 1)?, u.int_in_range(0..=800_000)?, orders))
			})
			.collect::<arbitrary::Result<_>>()?;
		posts.push(Post {
			from_bob: u.arbitrary()?,
			program: u.int_in_range(0..=PROGRAMS - 1)?,
			hops,
			gas: u.int_in_range(0..=3_000_000)?,
			block: if u.ratio(1, 3)? { Some(u.int_in_range(0..=8_000_000)?) } else { None },
		});
	}
	let (chain, blocks) = agree(Settings::white_paper(), &Traffic { posts });

	let mut model = Model::default();
	blocks.iter().for_each(|block| model.follow(block));
	assert_eq!(model.waiting, BTreeMap::new(), "lost");
	assert_eq!(chain.queue().count(), 0, "the queue is empty");
	// Users have not answered their mail.
	assert_eq!(chain.open_gas().count(), chain.mailbox().count(), "a gas node outlived its users");
	let open: Value = chain.open_gas().map(|node| Value::from(node.remaining + node.locked)).sum();
	assert_eq!(chain.account(chain.author()).total(), model.spent, "the author has what was spent");
	let accounts = [ALICE, BOB].map(|user| chain.account(user));
	assert_eq!(accounts.iter().map(|account| account.reserved).sum::<Value>(), open);
	assert!(accounts.iter().all(|account| account.held == 0), "no value is on its way");
	Ok(Outcome::Ran)
}

impl Scenario for Traffic {
	fn play<E: Executor>(&self, system: &mut System<E>) -> Vec<BlockRunResult> {
		let code = system.upload_code(&wat::parse_str(RELAY).unwrap()).unwrap();
		let mut actors: Vec<ActorId> = (0..PROGRAMS)
			.map(|salt| system.create_program(code, &[salt as u8], ALICE, b"", 0).unwrap().0)
			.collect();
		let programs = actors.clone();
		actors.extend([BOB, ActorId::new([0xCC; 32])]);

		let mut blocks = Vec::from([system.run_next_block()]);
		for post in &self.posts {
			let mut payload = Vec::new();
			for (to, gas, orders) in &post.hops {
				payload.extend_from_slice(actors[*to].as_ref());
				payload.extend_from_slice(&gas.to_le_bytes());
				payload.push(*orders);
			}
			let source = if post.from_bob { BOB } else { ALICE };
			let program = programs[post.program];
			system.send_with_gas(program, source, &payload, 0, post.gas).unwrap();
			if let Some(gas) = post.block {
				system.set_block_gas(gas);
				blocks.push(system.run_next_block());
				assert!(blocks.last().unwrap().report.allowance_used <= gas, "blocks have an end");
			}
		}
		system.set_block_gas(u64::MAX);
		blocks.extend(system.run_blocks(1_000));
		blocks
	}
}

/// What must be true of a queue, and nothing of how it works.
#[derive(Default)]
struct Model {
	/// Between any two actors, what was queued and is not dealt with, in order.
	waiting: BTreeMap<(ActorId, ActorId), VecDeque<MessageId>>,
	sources: BTreeMap<MessageId, ActorId>,
	seen: BTreeSet<MessageId>,
	spent: Value,
}

impl Model {
	fn follow(&mut self, block: &BlockRunResult) {
		let (mut processed, mut failed, mut spent) = (0, 0, 0);
		for event in &block.events {
			match event {
				Event::MessageQueued { id, source, destination, .. } => {
					assert!(self.seen.insert(*id), "an id twice");
					self.sources.insert(*id, *source);
					self.waiting.entry((*source, *destination)).or_default().push_back(*id);
				}
				Event::Dispatched { id, destination, gas_spent, failure, .. } => {
					let source = self.sources.remove(id).expect("a message out of nowhere");
					let pair = (source, *destination);
					let waiting = self.waiting.get_mut(&pair).expect("a message out of nowhere");
					assert_eq!(waiting.pop_front(), Some(*id), "a message overtook another");
					if waiting.is_empty() {
						self.waiting.remove(&pair);
					}
					processed += 1;
					failed += u32::from(failure.is_some());
					spent += gas_spent;
				}
				_ => {}
			}
		}
		let report = &block.report;
		assert_eq!((report.processed, report.failed), (processed, failed), "the report");
		assert_eq!(report.gas_spent, spent, "the report");
		self.spent += Value::from(spent);
	}
}
