//! From finalised headers to receipts, over a chain made here.

use gearway_ethereum::{H256, HeaderProof, Layout, Network, inclusion::Error, testing::World};

const RECEIPTS: H256 = H256::repeat_byte(0x77);

/// Blocks at slots 8 to 12; the second has the receipts.
fn world() -> World {
	let mut world = World::electra();
	for slot in 8..=12 {
		world.block(slot, if slot == 9 { RECEIPTS } else { H256::zero() });
	}
	world
}

fn verify(world: &World, proof: &HeaderProof) -> Result<H256, Error> {
	proof.verify(&world.network, |root| root == world.root(12))
}

#[test]
fn a_chain_of_parents_leads_to_the_receipts() {
	let world = world();
	assert_eq!(verify(&world, &world.header_proof(9, 12)), Ok(RECEIPTS));
	// Final itself.
	assert_eq!(verify(&world, &world.header_proof(12, 12)), Ok(H256::zero()));
}

#[test]
fn only_a_finalised_end_counts() {
	let world = world();
	assert_eq!(verify(&world, &world.header_proof(9, 11)), Err(Error::NotFinalized));
	assert_eq!(verify(&world, &world.header_proof(9, 9)), Err(Error::NotFinalized));
}

#[test]
fn a_broken_chain_is_refused() {
	let world = world();
	let honest = world.header_proof(9, 12);

	let mut proof = honest.clone();
	proof.descendants.remove(1);
	assert_eq!(verify(&world, &proof), Err(Error::BrokenChain));

	let mut proof = honest.clone();
	proof.descendants.remove(0);
	assert_eq!(verify(&world, &proof), Err(Error::BrokenChain));

	let mut proof = honest.clone();
	proof.header.slot += 1;
	assert_eq!(verify(&world, &proof), Err(Error::BrokenChain));

	let mut proof = honest;
	proof.descendants[0].state_root = H256::zero();
	assert_eq!(verify(&world, &proof), Err(Error::BrokenChain));
}

#[test]
fn a_damaged_execution_branch_is_refused() {
	let world = world();
	let honest = world.header_proof(9, 12);
	for node in 0..honest.receipts_branch.len() {
		let mut proof = honest.clone();
		proof.receipts_branch[node].0[31] ^= 1;
		assert_eq!(verify(&world, &proof), Err(Error::BadExecutionBranch));
	}
	let mut proof = honest.clone();
	proof.receipts_root = H256::zero();
	assert_eq!(verify(&world, &proof), Err(Error::BadExecutionBranch));
	let mut proof = honest.clone();
	proof.receipts_branch.pop();
	assert_eq!(verify(&world, &proof), Err(Error::BadExecutionBranch));

	// The right branch by another index: some other field of the payload.
	let mut network = world.network.clone();
	network.forks[0].layout = Layout { receipts_root: 802, ..Layout::ELECTRA };
	let verdict = honest.verify(&network, |_| true);
	assert_eq!(verdict, Err(Error::BadExecutionBranch));
}

#[test]
fn a_block_before_the_first_fork_is_refused() {
	let world = world();
	let network = Network { forks: Default::default(), ..world.network.clone() };
	let verdict = world.header_proof(9, 12).verify(&network, |_| true);
	assert_eq!(verdict, Err(Error::UnknownFork));
}
