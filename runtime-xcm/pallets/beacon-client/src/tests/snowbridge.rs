//! A second opinion: Snowbridge's client beside ours, both fed with Snowbridge's own data, and with
//! that data damaged in every way. They have to take and to refuse the same.
//!
//! What is left out is what they differ in by design: theirs caches the state's block roots, wants
//! final headers less than a period apart, and takes an update that is no news.

use crate::{self as pallet_beacon_client, State, weights::SubstrateWeight};
use gearway_ethereum::{
	Bootstrap, Fork as OurFork, H256, Layout, Network, Preset, SyncAggregate, SyncCommittee,
	Update, light_client::NextCommittee,
};
use polkadot_sdk::{
	frame_support::{
		construct_runtime, derive_impl, hypothetically, parameter_types, traits::ConstU32,
	},
	frame_system::{self, mocking::MockBlock},
	sp_io::TestExternalities,
	sp_runtime::{BoundedVec, BuildStorage},
};
use snowbridge_beacon_primitives::{Fork, ForkVersions};
use snowbridge_pallet_ethereum_client as theirs;
use snowbridge_pallet_ethereum_client_fixtures::{
	make_checkpoint, make_finalized_header_update, make_sync_committee_update,
};

type TheirUpdate = snowbridge_beacon_primitives::Update<512, 64>;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Ours: pallet_beacon_client,
		Theirs: theirs,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

const fn fork(version: u8) -> Fork {
	Fork { version: [version, 0, 0, 0], epoch: 0 }
}

parameter_types! {
	pub const Forks: ForkVersions = ForkVersions {
		genesis: fork(0),
		altair: fork(1),
		bellatrix: fork(2),
		capella: fork(3),
		deneb: fork(4),
		electra: fork(5),
		fulu: Fork { version: [6, 0, 0, 0], epoch: 50_000_000 },
	};
}

impl theirs::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ForkVersions = Forks;
	type FreeHeadersInterval = ConstU32<96>;
	type WeightInfo = ();
}

impl pallet_beacon_client::Config for Test {
	type MaxFinalizedHeaders = ConstU32<8>;
	type WeightInfo = SubstrateWeight<Test>;
}

fn network() -> Network {
	let forks = vec![OurFork { version: [5, 0, 0, 0], epoch: 0, layout: Layout::ELECTRA }];
	Network {
		preset: Preset::Mainnet,
		genesis_validators_root: make_checkpoint().validators_root,
		genesis_time: 0,
		seconds_per_slot: 12,
		forks: forks.try_into().unwrap(),
	}
}

fn committee(theirs: &snowbridge_beacon_primitives::SyncCommittee<512>) -> SyncCommittee {
	SyncCommittee {
		pubkeys: theirs.pubkeys.to_vec().try_into().unwrap(),
		aggregate_pubkey: theirs.aggregate_pubkey,
	}
}

fn branch(theirs: &[H256]) -> gearway_ethereum::Branch {
	theirs.to_vec().try_into().unwrap()
}

fn ours(theirs: &TheirUpdate) -> Update {
	let next = theirs.next_sync_committee_update.as_ref();
	Update {
		attested_header: theirs.attested_header,
		next_committee: next.map(|next| NextCommittee {
			committee: committee(&next.next_sync_committee),
			branch: branch(&next.next_sync_committee_branch),
		}),
		finalized_header: theirs.finalized_header,
		finality_branch: branch(&theirs.finality_branch),
		sync_aggregate: SyncAggregate {
			bits: BoundedVec::truncate_from(theirs.sync_aggregate.sync_committee_bits.to_vec()),
			signature: theirs.sync_aggregate.sync_committee_signature,
		},
		signature_slot: theirs.signature_slot,
	}
}

/// Runs a test on a chain where both clients start at the same checkpoint.
fn execute(test: impl FnOnce()) {
	let storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		let checkpoint = make_checkpoint();
		let bootstrap = Bootstrap {
			header: checkpoint.header,
			current_committee: committee(&checkpoint.current_sync_committee),
			current_committee_branch: branch(&checkpoint.current_sync_committee_branch),
		};
		Ours::bootstrap(RuntimeOrigin::root(), network(), Box::new(bootstrap)).unwrap();
		Theirs::force_checkpoint(RuntimeOrigin::root(), checkpoint).unwrap();
		test();
	});
}

/// Whether both take the update; panics where one does and the other does not.
fn both_take(name: &str, update: &TheirUpdate) -> bool {
	let our_answer = Ours::submit(RuntimeOrigin::signed(1), Box::new(ours(update)));
	let their_answer = Theirs::submit(RuntimeOrigin::signed(1), Box::new(update.clone()));
	assert_eq!(
		our_answer.is_ok(),
		their_answer.is_ok(),
		"{name}: ours {our_answer:?}, theirs {their_answer:?}"
	);
	our_answer.is_ok()
}

/// A damage, by name.
type Damage = (String, Box<dyn Fn(&mut TheirUpdate)>);

fn damage(name: impl Into<String>, damage: impl Fn(&mut TheirUpdate) + 'static) -> Damage {
	(name.into(), Box::new(damage))
}

/// Every way in which an update is damaged here.
fn damages(update: &TheirUpdate) -> Vec<Damage> {
	let mut all = vec![
		damage("attested slot", |update| update.attested_header.slot += 1),
		damage("attested proposer", |update| update.attested_header.proposer_index += 1),
		damage("attested parent", |update| update.attested_header.parent_root.0[0] ^= 1),
		damage("attested state", |update| update.attested_header.state_root.0[31] ^= 1),
		damage("attested body", |update| update.attested_header.body_root.0[7] ^= 128),
		damage("finalised slot", |update| update.finalized_header.slot += 1),
		damage("finalised after attested", |update| {
			update.finalized_header.slot = update.attested_header.slot + 1;
		}),
		damage("finalised proposer", |update| update.finalized_header.proposer_index ^= 1),
		damage("finalised body", |update| update.finalized_header.body_root.0[0] ^= 1),
		damage("finalised is attested", |update| update.finalized_header = update.attested_header),
		damage("signature", |update| update.sync_aggregate.sync_committee_signature.0[20] ^= 1),
		damage("signature of zeros", |update| {
			update.sync_aggregate.sync_committee_signature.0 = [0; 96];
		}),
		damage("one bit less", |update| update.sync_aggregate.sync_committee_bits[0] ^= 1),
		damage("nobody signed", |update| update.sync_aggregate.sync_committee_bits = [0; 64]),
		// 342 of 512 are two thirds, 341 are not.
		damage("341 signed", |update| signed_by(update, 341)),
		damage("342 signed", |update| signed_by(update, 342)),
		damage("signed in the attested slot", |update| {
			update.signature_slot = update.attested_header.slot;
		}),
		damage("signed in slot 0", |update| update.signature_slot = 0),
		damage("signed a slot later", |update| update.signature_slot += 1),
		damage("signed in the next period", |update| update.signature_slot = 8_192),
		damage("signed two periods later", |update| update.signature_slot = 2 * 8_192),
		damage("signed at the end of time", |update| update.signature_slot = u64::MAX),
		damage("finality branch too short", |update| {
			update.finality_branch.pop();
		}),
		damage("finality branch too long", |update| update.finality_branch.push(H256::zero())),
		damage("no finality branch", |update| update.finality_branch.clear()),
	];
	for node in 0..update.finality_branch.len() {
		all.push(damage(format!("finality branch {node}"), move |update| {
			update.finality_branch[node].0[node] ^= 1;
		}));
	}
	if let Some(next) = &update.next_sync_committee_update {
		for node in 0..next.next_sync_committee_branch.len() {
			all.push(damage(format!("committee branch {node}"), move |update| {
				let next = update.next_sync_committee_update.as_mut().unwrap();
				next.next_sync_committee_branch[node].0[node] ^= 1;
			}));
		}
		for (name, key) in [("first", 0), ("last", 511)] {
			all.push(damage(format!("{name} key"), move |update| {
				let next = update.next_sync_committee_update.as_mut().unwrap();
				next.next_sync_committee.pubkeys[key].0[9] ^= 1;
			}));
		}
		all.push(damage("aggregate key", |update| {
			let next = update.next_sync_committee_update.as_mut().unwrap();
			next.next_sync_committee.aggregate_pubkey.0[0] ^= 1;
		}));
		all.push(damage("two keys in each other's place", |update| {
			let next = update.next_sync_committee_update.as_mut().unwrap();
			let keys = &mut next.next_sync_committee.pubkeys;
			let other = (1..512).find(|other| keys[0] != keys[*other]).unwrap();
			keys.swap(0, other);
		}));
	}
	all
}

fn signed_by(update: &mut TheirUpdate, seats: usize) {
	for (seat, byte) in (0..64).map(|byte| (byte * 8, byte)) {
		let signed = seats.saturating_sub(seat).min(8) as u32;
		update.sync_aggregate.sync_committee_bits[byte] = ((1_u16 << signed) - 1) as u8;
	}
}

#[test]
fn both_take_what_is_true_and_refuse_what_is_damaged() {
	execute(|| {
		for (update, harmless) in [
			// A slot later it is the same committee and the same fork that signed.
			(make_sync_committee_update(), &["signed a slot later"][..]),
			// And the first two committees of a chain are the same, once the second is known.
			(make_finalized_header_update(), &["signed a slot later", "signed in the next period"]),
		] {
			let mut taken = Vec::new();
			for (name, damage) in damages(&update) {
				let mut damaged = (*update).clone();
				damage(&mut damaged);
				if hypothetically!(both_take(&name, &damaged)) {
					taken.push(name);
				}
			}
			assert_eq!(taken, harmless);
			assert!(both_take("true", &update));
			let [our_root, their_root] = [
				gearway_ethereum::merkle::header_root(&State::<Test>::get().unwrap().finalized),
				theirs::LatestFinalizedBlockRoot::<Test>::get(),
			];
			assert_eq!(our_root, their_root);
		}
	});
}

#[test]
fn both_refuse_a_committee_in_other_hands() {
	execute(|| {
		let mut checkpoint = make_checkpoint();
		checkpoint.current_sync_committee.pubkeys.swap(0, 1);
		let bootstrap = Bootstrap {
			header: checkpoint.header,
			current_committee: committee(&checkpoint.current_sync_committee),
			current_committee_branch: branch(&checkpoint.current_sync_committee_branch),
		};
		assert!(Ours::bootstrap(RuntimeOrigin::root(), network(), Box::new(bootstrap)).is_err());
		assert!(Theirs::force_checkpoint(RuntimeOrigin::root(), checkpoint).is_err());
	});
}
