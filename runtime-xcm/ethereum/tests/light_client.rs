//! The sync protocol's rules, each broken once.

use gearway_ethereum::{
	Fork, H256, Layout, LightClient, Network, Preset, committee,
	light_client::{Error, Signer, Update},
	merkle::header_root,
	network,
	testing::World,
};

/// Slots in a period of the minimal preset.
const PERIOD: u64 = 64;

/// A chain with a block every eight slots for three periods, each final from the one after next
/// on; and a client that starts at the first.
fn world() -> (World, LightClient) {
	let mut world = World::electra();
	grow(&mut world);
	let client = client(&mut world, 8);
	(world, client)
}

fn grow(world: &mut World) {
	for epoch in 1..=24 {
		if epoch > 2 {
			world.finalize((epoch - 2) * 8);
		}
		world.block(epoch * 8, H256::zero());
	}
}

fn client(world: &mut World, slot: u64) -> LightClient {
	let root = world.root(slot);
	let bootstrap = world.bootstrap(slot);
	LightClient::bootstrap(world.network.clone(), root, &bootstrap).expect("the world is honest")
}

/// The update, damaged, and signed again by the whole committee.
fn forged(world: &mut World, mut update: Update, damage: impl FnOnce(&mut Update)) -> Update {
	damage(&mut update);
	world.sign(&mut update, 32);
	update
}

#[test]
fn follows_finality_through_periods() {
	let (mut world, mut client) = world();
	client.apply(&world.committee_update(32)).unwrap();
	assert_eq!(client.state.finalized, world.header(16));
	assert_eq!(client.next.as_ref().map(|next| next.root), client.state.next_committee);

	// Signed in the second period, final in the first.
	client.apply(&world.finality_update(PERIOD + 8)).unwrap();
	assert_eq!(client.state.finalized, world.header(PERIOD - 8));
	let first = client.current.clone();

	let change = client.verify(&world.committee_update(PERIOD + 16)).unwrap();
	assert!(change.rotated && change.next_committee.is_some());
	client.apply(&world.committee_update(PERIOD + 16)).unwrap();
	assert_eq!(client.state.finalized, world.header(PERIOD));
	assert_ne!(client.current, first);
	assert_eq!(client.current.root, client.state.current_committee);

	client.apply(&world.committee_update(2 * PERIOD + 24)).unwrap();
	assert_eq!(client.state.finalized, world.header(2 * PERIOD + 8));
}

#[test]
fn learns_the_next_committee_without_new_finality() {
	let (mut world, _) = world();
	let mut client = client(&mut world, 16);
	let update = world.committee_update(32);
	assert_eq!(update.finalized_header, client.state.finalized);
	let change = client.verify(&update).unwrap();
	assert_eq!(change.finalized_root, None);
	client.apply(&update).unwrap();
	assert!(client.next.is_some());
	assert_eq!(client.verify(&update), Err(Error::NothingNew));
}

#[test]
fn refuses_a_bootstrap_that_is_not_trusted() {
	let (mut world, _) = world();
	let bootstrap = world.bootstrap(8);
	let start = |root, bootstrap| LightClient::bootstrap(world.network.clone(), root, bootstrap);
	assert_eq!(start(H256::zero(), &bootstrap), Err(Error::UntrustedHeader));

	let root = header_root(&bootstrap.header);
	let mut other = bootstrap.clone();
	other.current_committee_branch[0] = H256::repeat_byte(1);
	assert_eq!(start(root, &other), Err(Error::BadCurrentCommitteeBranch));

	let mut other = bootstrap.clone();
	other.current_committee.pubkeys.as_mut().swap(0, 1);
	assert_eq!(start(root, &other), Err(Error::BadCurrentCommitteeBranch));

	// The right committee by the wrong index.
	let mut network = world.network.clone();
	network.forks[0].layout = Layout::DENEB;
	let result = LightClient::bootstrap(network, root, &bootstrap);
	assert_eq!(result, Err(Error::BadCurrentCommitteeBranch));

	// A true committee, of another preset's size.
	let mut network = world.network.clone();
	network.preset = Preset::Mainnet;
	let result = LightClient::bootstrap(network, root, &bootstrap);
	assert_eq!(result, Err(Error::Committee(committee::Error::WrongSize)));
}

#[test]
fn refuses_a_network_that_makes_no_sense() {
	let (mut world, _) = world();
	let bootstrap = world.bootstrap(8);
	let root = header_root(&bootstrap.header);
	let start = |change: &dyn Fn(&mut Network)| {
		let mut network = world.network.clone();
		change(&mut network);
		LightClient::bootstrap(network, root, &bootstrap).map(drop)
	};
	let row = world.network.forks[0];
	let refused = |error| Err(Error::Network(error));
	assert_eq!(start(&|network| network.forks.clear()), refused(network::Error::NoForks));
	assert_eq!(start(&|network| network.seconds_per_slot = 0), refused(network::Error::NoSlotTime));
	assert_eq!(
		start(&|network| network.forks.try_insert(0, Fork { epoch: 1, ..row }).unwrap()),
		refused(network::Error::ForksOutOfOrder)
	);
	for index in [0, 1 << 17] {
		assert_eq!(
			start(&|network| network.forks[0].layout.finalized_root = index),
			refused(network::Error::BadIndex)
		);
	}
	assert_eq!(start(&|network| network.forks[0].epoch = 2), Err(Error::UnknownFork));
}

#[test]
fn refuses_a_damaged_signature() {
	let (mut world, client) = world();
	let update = world.finality_update(32);
	let wrong = Err(Error::Committee(committee::Error::BadSignature));

	// No point of the curve.
	let mut damaged = update.clone();
	damaged.sync_aggregate.signature.0[95] ^= 1;
	assert_eq!(client.verify(&damaged), wrong);

	// Every flag of the encoding.
	for bit in 0..8 {
		let mut damaged = update.clone();
		damaged.sync_aggregate.signature.0[0] ^= 1 << bit;
		assert_eq!(client.verify(&damaged), wrong);
	}

	// Another message's signature.
	let mut damaged = update.clone();
	damaged.sync_aggregate.signature = world.finality_update(40).sync_aggregate.signature;
	assert_eq!(client.verify(&damaged), wrong);

	// A seat that did not sign is said to have signed, and the other way round.
	for seat in [0, 31] {
		let mut damaged = update.clone();
		damaged.sync_aggregate.bits[seat / 8] ^= 1 << (seat % 8);
		assert_eq!(client.verify(&damaged), wrong);
	}

	// The point at infinity, with everyone said to have signed.
	let mut damaged = update.clone();
	damaged.sync_aggregate.signature.0 = [0; 96];
	damaged.sync_aggregate.signature.0[0] = 0xc0;
	assert_eq!(client.verify(&damaged), wrong);

	// Of another chain.
	let mut other = client.clone();
	other.network.genesis_validators_root = H256::zero();
	assert_eq!(other.verify(&update), wrong);
}

#[test]
fn wants_two_thirds() {
	let (mut world, client) = world();
	let error = Error::Committee(committee::Error::NotEnoughParticipation);
	assert_eq!(client.verify(&world.signed_update(32, 33, 21)), Err(error));
	assert_eq!(client.verify(&world.signed_update(32, 33, 0)), Err(error));
	assert!(client.verify(&world.signed_update(32, 33, 22)).is_ok());
	assert!(client.verify(&world.signed_update(32, 33, 32)).is_ok());

	let mut short = world.signed_update(32, 33, 32);
	short.sync_aggregate.bits.pop();
	assert_eq!(client.verify(&short), Err(Error::Committee(committee::Error::WrongSize)));
}

#[test]
fn refuses_damaged_branches_even_when_signed() {
	let (mut world, client) = world();
	let update = world.committee_update(32);
	type Damage = fn(&mut Update);
	let cases: [(Damage, Error); 6] = [
		(|update| update.finality_branch[3] = H256::repeat_byte(1), Error::BadFinalityBranch),
		(|update| update.finality_branch.truncate(6), Error::BadFinalityBranch),
		(|update| update.finality_branch.clear(), Error::BadFinalityBranch),
		(|update| update.finalized_header.proposer_index += 1, Error::BadFinalityBranch),
		(
			|update| update.next_committee.as_mut().unwrap().branch[0] = H256::zero(),
			Error::BadNextCommitteeBranch,
		),
		(
			|update| update.next_committee.as_mut().unwrap().committee.pubkeys.as_mut().swap(0, 1),
			Error::BadNextCommitteeBranch,
		),
	];
	for (damage, error) in cases {
		let update = forged(&mut world, update.clone(), damage);
		assert_eq!(client.verify(&update), Err(error));
	}
}

#[test]
fn refuses_slots_out_of_order() {
	let (mut world, client) = world();
	let update = world.finality_update(32);
	let cases: [fn(&mut Update); 3] = [
		|update| update.signature_slot = 32,
		|update| update.signature_slot = 0,
		|update| update.finalized_header.slot = 33,
	];
	for damage in cases {
		let update = forged(&mut world, update.clone(), damage);
		assert_eq!(client.verify(&update), Err(Error::SlotsOutOfOrder));
	}
	// Genesis is final from the start, which proves nothing.
	assert_eq!(client.verify(&world.finality_update(8)), Err(Error::NothingFinal));
}

#[test]
fn refuses_what_is_not_news() {
	let (mut world, mut client) = world();
	client.apply(&world.committee_update(40)).unwrap();
	assert_eq!(client.verify(&world.committee_update(40)), Err(Error::NothingNew));
	assert_eq!(client.verify(&world.finality_update(32)), Err(Error::NothingNew));
}

#[test]
fn a_skipped_period_is_named() {
	let (mut world, mut client) = world();
	// The next committee is not known yet: its signature cannot be verified.
	let update = world.finality_update(PERIOD + 16);
	assert_eq!(client.state.signer(&update, &client.network), Err(Error::SkippedPeriod));
	assert_eq!(client.verify(&update), Err(Error::SkippedPeriod));
	client.apply(&world.committee_update(32)).unwrap();
	assert_eq!(client.state.signer(&update, &client.network), Ok(Signer::Next));
	assert_eq!(client.verify(&world.finality_update(2 * PERIOD)), Err(Error::SkippedPeriod));
}

#[test]
fn a_past_period_is_named() {
	let (mut world, _) = world();
	let client = client(&mut world, PERIOD);
	assert_eq!(client.verify(&world.finality_update(PERIOD - 8)), Err(Error::PastPeriod));
}

#[test]
fn a_new_period_is_entered_only_with_the_committee_after_it() {
	let (mut world, mut client) = world();
	client.apply(&world.committee_update(32)).unwrap();
	let update = world.finality_update(PERIOD + 16);
	assert_eq!(client.verify(&update), Err(Error::NextCommitteeMissing));
	// Nothing is lost: the same with the committee goes through, and so do those after it.
	client.apply(&world.committee_update(PERIOD + 16)).unwrap();
	client.apply(&world.finality_update(PERIOD + 24)).unwrap();
	client.apply(&world.committee_update(2 * PERIOD + 16)).unwrap();
}

#[test]
fn a_committee_that_is_not_final_is_not_learned() {
	let (mut world, mut client) = world();
	client.apply(&world.committee_update(32)).unwrap();
	let known = client.state.next_committee;
	// Attested in the second period, final in the first: the third's committee may yet change.
	client.apply(&world.committee_update(PERIOD + 8)).unwrap();
	assert_eq!(client.state.next_committee, known);
}

#[test]
fn a_conflicting_next_committee_is_refused() {
	let (mut world, mut client) = world();
	client.apply(&world.committee_update(32)).unwrap();
	client.state.next_committee = Some(H256::zero());
	assert_eq!(client.verify(&world.committee_update(40)), Err(Error::ConflictingNextCommittee));
}

#[test]
fn keys_of_another_committee_are_refused() {
	let (mut world, mut client) = world();
	client.apply(&world.committee_update(32)).unwrap();
	client.current = client.next.clone().unwrap();
	assert_eq!(client.verify(&world.finality_update(40)), Err(Error::WrongCommittee));
}

#[test]
fn forks_change_version_and_indices_at_their_edge() {
	let deneb = Fork { version: [4, 0, 0, 1], epoch: 0, layout: Layout::DENEB };
	let electra = Fork { version: [5, 0, 0, 1], epoch: 5, layout: Layout::ELECTRA };
	let mut world = World::new(vec![deneb, electra]);
	grow(&mut world);
	let mut client = client(&mut world, 8);
	// The block of slot 32 is the last of Deneb. Signed in slot 40, the first of Electra, it is
	// still signed under Deneb's version: that of the slot before.
	let edge = world.signed_update(32, 40, 32);
	assert!(client.verify(&edge).is_ok());
	let version = client.network.forks[1].version;
	client.network.forks[1].version = [9; 4];
	assert!(client.verify(&edge).is_ok());
	client.network.forks[1].version = version;

	// One slot later it is Electra's version, and Deneb's tree.
	assert!(client.verify(&world.signed_update(32, 41, 32)).is_ok());
	client.apply(&world.committee_update(32)).unwrap();
	client.apply(&world.finality_update(48)).unwrap();
	assert_eq!(client.state.finalized, world.header(32));
}
