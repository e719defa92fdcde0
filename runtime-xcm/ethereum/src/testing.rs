//! A beacon chain made up for tests: real keys, real signatures, real trees, no validators.
//!
//! It has what a light client can see of one: headers, committees, finality, receipts. What it
//! leaves out of the trees is zero.

use crate::{
	Batch, BeaconHeader, BlockProof, Bootstrap, Branch, Fork, Gateway, GatewayMessage, H256,
	HeaderProof, Layout, Network, Preset, PublicKey, Signature, SyncAggregate, SyncCommittee,
	Update,
	light_client::{NextCommittee, signing_root},
	merkle::{hash_pair, header_root},
	prove::{BlockReceipts, ProvenReceipts},
};
use alloy::{
	consensus::{Eip658Value, Receipt, ReceiptEnvelope},
	eips::eip2718::Encodable2718,
	primitives::{Bytes, FixedBytes, Log},
};
use alloy_sol_types::SolEvent;
use milagro_bls::{AggregateSignature, SecretKey};
use polkadot_sdk::sp_runtime::BoundedVec;
use std::collections::BTreeMap;

/// A tree of which only some nodes are known, by generalised index; the others are zero.
#[derive(Clone, Default)]
struct SparseTree(BTreeMap<u32, H256>);

impl SparseTree {
	fn node(&self, index: u32) -> H256 {
		if let Some(node) = self.0.get(&index) {
			return *node;
		}
		let is_above = |other: u32| other.ilog2() > index.ilog2() && ancestor(other, index);
		if self.0.keys().any(|known| is_above(*known)) {
			hash_pair(self.node(index * 2), self.node(index * 2 + 1))
		} else {
			H256::zero()
		}
	}

	fn branch(&self, mut index: u32) -> Branch {
		let mut branch = Vec::new();
		while index > 1 {
			branch.push(self.node(index ^ 1));
			index /= 2;
		}
		BoundedVec::truncate_from(branch)
	}
}

fn ancestor(node: u32, of: u32) -> bool {
	node >> (node.ilog2() - of.ilog2()) == of
}

/// A sync committee and its secret keys.
struct Keys {
	secrets: Vec<SecretKey>,
	committee: SyncCommittee,
}

impl Keys {
	/// Keys that depend on nothing but the arguments.
	fn new(size: usize, period: u64) -> Self {
		let secrets: Vec<_> = (0..size as u64)
			.map(|seat| {
				let mut seed = [7; 32];
				seed[..8].copy_from_slice(&period.to_le_bytes());
				seed[8..16].copy_from_slice(&seat.to_le_bytes());
				SecretKey::key_generate(&seed, &[]).expect("the seed is long enough")
			})
			.collect();
		let publics: Vec<_> = secrets.iter().map(milagro_bls::PublicKey::from_secret_key).collect();
		let sum = milagro_bls::AggregatePublicKey::into_aggregate(&publics)
			.expect("there are keys to add");
		let sum = milagro_bls::PublicKey { point: sum.point };
		let pubkeys: Vec<_> = publics.iter().map(|key| PublicKey(key.as_bytes())).collect();
		let committee = SyncCommittee {
			pubkeys: BoundedVec::truncate_from(pubkeys),
			aggregate_pubkey: PublicKey(sum.as_bytes()),
		};
		Self { secrets, committee }
	}

	/// Signature of the first `participants` seats.
	fn sign(&self, message: H256, participants: usize) -> SyncAggregate {
		let mut bits = vec![0u8; self.secrets.len() / 8];
		let mut signature = AggregateSignature::new();
		for (seat, secret) in self.secrets.iter().enumerate().take(participants) {
			bits[seat / 8] |= 1 << (seat % 8);
			signature.add(&milagro_bls::Signature::new(message.as_bytes(), secret));
		}
		SyncAggregate {
			bits: BoundedVec::truncate_from(bits),
			signature: Signature(signature.as_bytes()),
		}
	}
}

struct Block {
	header: BeaconHeader,
	state: SparseTree,
	body: SparseTree,
	receipts_root: H256,
	/// The header this block's state says is final.
	finalized: Option<BeaconHeader>,
}

/// The chain.
pub struct World {
	/// Which it is.
	pub network: Network,
	keys: BTreeMap<u64, Keys>,
	blocks: BTreeMap<u64, Block>,
	finalized: Option<u64>,
}

impl World {
	/// A chain of the minimal preset that has been in Electra from the start.
	pub fn electra() -> Self {
		Self::new(vec![Fork { version: [5, 0, 0, 1], epoch: 0, layout: Layout::ELECTRA }])
	}

	/// A chain of the minimal preset with these forks.
	pub fn new(forks: Vec<Fork>) -> Self {
		let network = Network {
			preset: Preset::Minimal,
			genesis_validators_root: H256::repeat_byte(0x42),
			genesis_time: 1_700_000_000,
			seconds_per_slot: 6,
			forks: BoundedVec::truncate_from(forks),
		};
		Self { network, keys: BTreeMap::new(), blocks: BTreeMap::new(), finalized: None }
	}

	/// Adds a block after all others, with these receipts, and returns its root.
	pub fn block(&mut self, slot: u64, receipts_root: H256) -> H256 {
		let layout = self.layout(slot);
		let finalized = self.finalized.map(|slot| self.blocks[&slot].header);
		let mut state = SparseTree::default();
		let period = self.network.period_at(slot);
		state.0.insert(layout.current_committee, self.committee(period).root());
		state.0.insert(layout.next_committee, self.committee(period + 1).root());
		if let Some(header) = &finalized {
			state.0.insert(layout.finalized_root, header_root(header));
		}
		let mut body = SparseTree::default();
		body.0.insert(layout.receipts_root, receipts_root);
		let parent = self.blocks.values().next_back().map(|block| header_root(&block.header));
		let header = BeaconHeader {
			slot,
			proposer_index: 1,
			parent_root: parent.unwrap_or_default(),
			state_root: state.node(1),
			body_root: body.node(1),
		};
		self.blocks.insert(slot, Block { header, state, body, receipts_root, finalized });
		header_root(&header)
	}

	/// From the next block on, states say that the block at `slot` is final.
	pub fn finalize(&mut self, slot: u64) {
		self.finalized = Some(slot);
	}

	/// Another committee for `period`, in the states of the blocks from the next one on.
	pub fn replace_committee(&mut self, period: u64) {
		let size = self.network.preset.committee_size();
		self.keys.insert(period, Keys::new(size, !period));
	}

	/// Header of the block at `slot`.
	pub fn header(&self, slot: u64) -> BeaconHeader {
		self.blocks[&slot].header
	}

	/// Root of the block at `slot`.
	pub fn root(&self, slot: u64) -> H256 {
		header_root(&self.header(slot))
	}

	/// Starts a client at the block at `slot`.
	pub fn bootstrap(&mut self, slot: u64) -> Bootstrap {
		let current_committee = self.committee(self.network.period_at(slot));
		let layout = self.layout(slot);
		let block = &self.blocks[&slot];
		Bootstrap {
			header: block.header,
			current_committee,
			current_committee_branch: block.state.branch(layout.current_committee),
		}
	}

	/// What all but one member of the committee sign about the block at `slot`, in the slot after.
	pub fn finality_update(&mut self, slot: u64) -> Update {
		let seats = self.network.preset.committee_size();
		self.signed_update(slot, slot + 1, seats - 1)
	}

	/// The same, with the next committee.
	pub fn committee_update(&mut self, slot: u64) -> Update {
		let mut update = self.finality_update(slot);
		update.next_committee = Some(self.next_committee(slot));
		update
	}

	/// The committee after the one of `slot`'s period, proven by the block there.
	pub fn next_committee(&mut self, slot: u64) -> NextCommittee {
		let committee = self.committee(self.network.period_at(slot) + 1);
		let index = self.layout(slot).next_committee;
		NextCommittee { committee, branch: self.blocks[&slot].state.branch(index) }
	}

	/// What `participants` members sign about the block at `slot`, in `signature_slot`.
	pub fn signed_update(&mut self, slot: u64, signature_slot: u64, participants: usize) -> Update {
		let layout = self.layout(slot);
		let block = &self.blocks[&slot];
		let mut update = Update {
			attested_header: block.header,
			next_committee: None,
			finalized_header: block.finalized.unwrap_or_default(),
			finality_branch: block.state.branch(layout.finalized_root),
			sync_aggregate: SyncAggregate {
				bits: BoundedVec::new(),
				signature: Signature([0; 96]),
			},
			signature_slot,
		};
		self.sign(&mut update, participants);
		update
	}

	/// Signs whatever is in the update, as a committee with bad intentions would.
	pub fn sign(&mut self, update: &mut Update, participants: usize) {
		let slot = update.signature_slot;
		let version = self.network.fork_at(slot.max(1) - 1).expect("a fork is listed").version;
		let root = header_root(&update.attested_header);
		let message = signing_root(root, version, self.network.genesis_validators_root);
		let period = self.network.period_at(slot);
		update.sync_aggregate = self.keys(period).sign(message, participants);
	}

	/// Proves the receipts of the block at `slot` by the finalised block at `anchor`.
	pub fn header_proof(&self, slot: u64, anchor: u64) -> HeaderProof {
		let block = &self.blocks[&slot];
		let index = self.layout(slot).receipts_root;
		let descendants: Vec<_> =
			self.blocks.range(slot..=anchor).skip(1).map(|(_, block)| block.header).collect();
		HeaderProof {
			header: block.header,
			receipts_root: block.receipts_root,
			receipts_branch: block.body.branch(index),
			descendants: BoundedVec::truncate_from(descendants),
		}
	}

	/// What a batch whose first header is that of the block at `first` shows of the one at `slot`.
	pub fn block_proof(&self, slot: u64, first: u64, proven: ProvenReceipts) -> BlockProof {
		let (nodes, receipts) = proven;
		let block = &self.blocks[&slot];
		BlockProof {
			header: self.blocks.range(first..slot).count() as u32,
			receipts_root: block.receipts_root,
			receipts_branch: block.body.branch(self.layout(slot).receipts_root),
			nodes,
			receipts,
		}
	}

	/// Proves `blocks` under the headers from the block at `first` to that at `anchor`.
	pub fn batch(&self, first: u64, anchor: u64, blocks: Vec<BlockProof>) -> Batch {
		let headers = self.blocks.range(first..=anchor).map(|(_, block)| block.header).collect();
		Batch {
			headers: BoundedVec::truncate_from(headers),
			blocks: BoundedVec::truncate_from(blocks),
		}
	}

	fn layout(&self, slot: u64) -> Layout {
		self.network.fork_at(slot).expect("a fork is listed").layout
	}

	fn committee(&mut self, period: u64) -> SyncCommittee {
		self.keys(period).committee.clone()
	}

	fn keys(&mut self, period: u64) -> &Keys {
		let size = self.network.preset.committee_size();
		self.keys.entry(period).or_insert_with(|| Keys::new(size, period))
	}
}

/// The log a gateway writes for a message.
pub fn gateway_log(gateway: &Gateway, message: &GatewayMessage) -> Log {
	let event = crate::gateway::abi::IGateway::MessageQueued {
		nonce: message.nonce,
		sender: message.sender.into(),
		program: FixedBytes(message.program),
		gasLimit: message.gas_limit,
		payload: Bytes::from(message.payload.clone()),
	};
	Log { address: gateway.address.into(), data: event.encode_log_data() }
}

/// A receipt of a dynamic-fee transaction, encoded.
pub fn receipt(success: bool, logs: Vec<Log>) -> Vec<u8> {
	let receipt =
		Receipt { status: Eip658Value::Eip658(success), cumulative_gas_used: 21_000, logs };
	ReceiptEnvelope::Eip1559(receipt.with_bloom()).encoded_2718()
}

/// The receipts of a block, whatever they are.
pub fn block_receipts(encoded: Vec<Vec<u8>>) -> BlockReceipts {
	let root = H256(alloy_trie::root::ordered_trie_root_encoded(&encoded).0);
	BlockReceipts::from_encoded(encoded, root).expect("the root was taken from these receipts")
}
