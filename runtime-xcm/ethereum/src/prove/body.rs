//! SSZ roots of a beacon block body, from the JSON of the beacon API.
//!
//! Containers are those of the [consensus specification][1] for Deneb, Electra and Fulu; bounds of
//! lists decide the heights of their trees, so they stand here as the specification has them.
//!
//! [1]: https://github.com/ethereum/consensus-specs/tree/master/specs

use super::Error;
use crate::{
	BeaconHeader, H256, Preset,
	beacon_api::{Hex, Quoted, wire},
	merkle::{byte_vector, header_root, merkleize, mix_in_length, pack, uint64},
};
use serde::Deserialize;

/// Height of the tree over the fields of an execution payload, of which there are 17.
pub(super) const PAYLOAD_DEPTH: u32 = 5;

/// Position of the receipts' root among those fields.
pub(super) const RECEIPTS_ROOT_FIELD: usize = 3;

const MAX_PROPOSER_SLASHINGS: usize = 16;
const MAX_DEPOSITS: usize = 16;
const MAX_VOLUNTARY_EXITS: usize = 16;
const MAX_BLS_TO_EXECUTION_CHANGES: usize = 16;
const MAX_BLOB_COMMITMENTS: usize = 4096;
const MAX_VALIDATORS_PER_COMMITTEE: usize = 2048;
const MAX_EXTRA_DATA_BYTES: usize = 32;
const MAX_TRANSACTIONS: usize = 1 << 20;
const MAX_BYTES_PER_TRANSACTION: usize = 1 << 30;
const MAX_DEPOSIT_REQUESTS: usize = 8192;
const MAX_WITHDRAWAL_REQUESTS: usize = 16;
const MAX_CONSOLIDATION_REQUESTS: usize = 2;

/// Bounds that differ between forks.
struct Bounds {
	attestations: usize,
	attester_slashings: usize,
	/// Validators one attestation can speak for.
	attesters: usize,
}

impl Bounds {
	const DENEB: Self =
		Self { attestations: 128, attester_slashings: 2, attesters: MAX_VALIDATORS_PER_COMMITTEE };

	fn electra(preset: Preset) -> Self {
		Self {
			attestations: 8,
			attester_slashings: 1,
			attesters: MAX_VALIDATORS_PER_COMMITTEE * max_committees_per_slot(preset),
		}
	}
}

fn max_committees_per_slot(preset: Preset) -> usize {
	match preset {
		Preset::Mainnet => 64,
		Preset::Minimal => 4,
	}
}

fn max_withdrawals(preset: Preset) -> usize {
	match preset {
		Preset::Mainnet => 16,
		Preset::Minimal => 4,
	}
}

/// Height of a tree with room for `leaves`.
fn depth(leaves: usize) -> u32 {
	leaves.next_power_of_two().trailing_zeros()
}

fn container(fields: &[H256]) -> H256 {
	merkleize(fields, 0)
}

fn list<T>(elements: &[T], bound: usize, root: impl FnMut(&T) -> H256) -> H256 {
	let roots: Vec<_> = elements.iter().map(root).collect();
	mix_in_length(merkleize(&roots, depth(bound)), elements.len())
}

fn byte_list(bytes: &[u8], bound: usize) -> H256 {
	mix_in_length(merkleize(&pack(bytes), depth(bound.div_ceil(32))), bytes.len())
}

fn uint64_list(numbers: &[Quoted<u64>], bound: usize) -> H256 {
	let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.0.to_le_bytes()).collect();
	mix_in_length(merkleize(&pack(&bytes), depth((bound * 8).div_ceil(32))), numbers.len())
}

/// The highest bit set in the encoding marks the end and is no part of the list.
fn bitlist(encoding: &[u8], bound: usize) -> H256 {
	let mut bits = encoding.to_vec();
	let mut length = 0;
	if let Some(last) = bits.last_mut().filter(|last| **last != 0) {
		let delimiter = last.ilog2();
		*last &= !(1 << delimiter);
		length = (encoding.len() - 1) * 8 + delimiter as usize;
	}
	bits.truncate(length.div_ceil(8));
	mix_in_length(merkleize(&pack(&bits), depth(bound.div_ceil(256))), length)
}

#[derive(Deserialize)]
pub(super) struct Body {
	randao_reveal: Hex<[u8; 96]>,
	eth1_data: Eth1Data,
	graffiti: H256,
	proposer_slashings: Vec<ProposerSlashing>,
	attester_slashings: Vec<AttesterSlashing>,
	attestations: Vec<Attestation>,
	deposits: Vec<Deposit>,
	voluntary_exits: Vec<SignedVoluntaryExit>,
	sync_aggregate: SyncAggregate,
	pub(super) execution_payload: ExecutionPayload,
	bls_to_execution_changes: Vec<SignedBlsToExecutionChange>,
	blob_kzg_commitments: Vec<Hex<[u8; 48]>>,
	#[serde(default)]
	execution_requests: Option<ExecutionRequests>,
}

impl Body {
	/// Roots of the fields, for the fork the beacon API calls `version`.
	pub(super) fn field_roots(&self, version: &str, preset: Preset) -> Result<Vec<H256>, Error> {
		let (bounds, requests) = match (version, &self.execution_requests) {
			("deneb", None) => (Bounds::DENEB, None),
			("electra" | "fulu", Some(requests)) => (Bounds::electra(preset), Some(requests)),
			_ => return Err(Error::UnknownFork(version.into())),
		};
		let mut roots = vec![
			byte_vector(&self.randao_reveal.0),
			self.eth1_data.root(),
			self.graffiti,
			list(&self.proposer_slashings, MAX_PROPOSER_SLASHINGS, ProposerSlashing::root),
			list(&self.attester_slashings, bounds.attester_slashings, |slashing| {
				slashing.root(&bounds)
			}),
			list(&self.attestations, bounds.attestations, |attestation| attestation.root(&bounds)),
			list(&self.deposits, MAX_DEPOSITS, Deposit::root),
			list(&self.voluntary_exits, MAX_VOLUNTARY_EXITS, SignedVoluntaryExit::root),
			self.sync_aggregate.root(),
			container(&self.execution_payload.field_roots(preset)),
			list(
				&self.bls_to_execution_changes,
				MAX_BLS_TO_EXECUTION_CHANGES,
				SignedBlsToExecutionChange::root,
			),
			list(&self.blob_kzg_commitments, MAX_BLOB_COMMITMENTS, |bytes| byte_vector(&bytes.0)),
		];
		roots.extend(requests.map(ExecutionRequests::root));
		Ok(roots)
	}
}

#[derive(Deserialize)]
struct Eth1Data {
	deposit_root: H256,
	deposit_count: Quoted<u64>,
	block_hash: H256,
}

impl Eth1Data {
	fn root(&self) -> H256 {
		container(&[self.deposit_root, uint64(self.deposit_count.0), self.block_hash])
	}
}

#[derive(Deserialize)]
struct SignedHeader {
	message: wire::Header,
	signature: Hex<[u8; 96]>,
}

impl SignedHeader {
	fn root(&self) -> H256 {
		let header = BeaconHeader::from(&self.message);
		container(&[header_root(&header), byte_vector(&self.signature.0)])
	}
}

#[derive(Deserialize)]
struct ProposerSlashing {
	signed_header_1: SignedHeader,
	signed_header_2: SignedHeader,
}

impl ProposerSlashing {
	fn root(&self) -> H256 {
		container(&[self.signed_header_1.root(), self.signed_header_2.root()])
	}
}

#[derive(Deserialize)]
struct Checkpoint {
	epoch: Quoted<u64>,
	root: H256,
}

impl Checkpoint {
	fn root(&self) -> H256 {
		container(&[uint64(self.epoch.0), self.root])
	}
}

#[derive(Deserialize)]
struct AttestationData {
	slot: Quoted<u64>,
	index: Quoted<u64>,
	beacon_block_root: H256,
	source: Checkpoint,
	target: Checkpoint,
}

impl AttestationData {
	fn root(&self) -> H256 {
		container(&[
			uint64(self.slot.0),
			uint64(self.index.0),
			self.beacon_block_root,
			self.source.root(),
			self.target.root(),
		])
	}
}

#[derive(Deserialize)]
struct IndexedAttestation {
	attesting_indices: Vec<Quoted<u64>>,
	data: AttestationData,
	signature: Hex<[u8; 96]>,
}

impl IndexedAttestation {
	fn root(&self, bounds: &Bounds) -> H256 {
		container(&[
			uint64_list(&self.attesting_indices, bounds.attesters),
			self.data.root(),
			byte_vector(&self.signature.0),
		])
	}
}

#[derive(Deserialize)]
struct AttesterSlashing {
	attestation_1: IndexedAttestation,
	attestation_2: IndexedAttestation,
}

impl AttesterSlashing {
	fn root(&self, bounds: &Bounds) -> H256 {
		container(&[self.attestation_1.root(bounds), self.attestation_2.root(bounds)])
	}
}

#[derive(Deserialize)]
struct Attestation {
	aggregation_bits: Hex<Vec<u8>>,
	data: AttestationData,
	signature: Hex<[u8; 96]>,
	/// A bit a committee; from Electra on.
	#[serde(default)]
	committee_bits: Option<Hex<Vec<u8>>>,
}

impl Attestation {
	fn root(&self, bounds: &Bounds) -> H256 {
		let mut fields = vec![
			bitlist(&self.aggregation_bits.0, bounds.attesters),
			self.data.root(),
			byte_vector(&self.signature.0),
		];
		fields.extend(self.committee_bits.as_ref().map(|bits| byte_vector(&bits.0)));
		container(&fields)
	}
}

#[derive(Deserialize)]
struct DepositData {
	pubkey: Hex<[u8; 48]>,
	withdrawal_credentials: H256,
	amount: Quoted<u64>,
	signature: Hex<[u8; 96]>,
}

#[derive(Deserialize)]
struct Deposit {
	proof: Vec<H256>,
	data: DepositData,
}

impl Deposit {
	fn root(&self) -> H256 {
		let DepositData { pubkey, withdrawal_credentials, amount, signature } = &self.data;
		let data = container(&[
			byte_vector(&pubkey.0),
			*withdrawal_credentials,
			uint64(amount.0),
			byte_vector(&signature.0),
		]);
		container(&[merkleize(&self.proof, 0), data])
	}
}

#[derive(Deserialize)]
struct VoluntaryExit {
	epoch: Quoted<u64>,
	validator_index: Quoted<u64>,
}

#[derive(Deserialize)]
struct SignedVoluntaryExit {
	message: VoluntaryExit,
	signature: Hex<[u8; 96]>,
}

impl SignedVoluntaryExit {
	fn root(&self) -> H256 {
		let VoluntaryExit { epoch, validator_index } = &self.message;
		let message = container(&[uint64(epoch.0), uint64(validator_index.0)]);
		container(&[message, byte_vector(&self.signature.0)])
	}
}

#[derive(Deserialize)]
struct SyncAggregate {
	sync_committee_bits: Hex<Vec<u8>>,
	sync_committee_signature: Hex<[u8; 96]>,
}

impl SyncAggregate {
	fn root(&self) -> H256 {
		let Self { sync_committee_bits, sync_committee_signature } = self;
		container(&[byte_vector(&sync_committee_bits.0), byte_vector(&sync_committee_signature.0)])
	}
}

#[derive(Deserialize)]
struct BlsToExecutionChange {
	validator_index: Quoted<u64>,
	from_bls_pubkey: Hex<[u8; 48]>,
	to_execution_address: Hex<[u8; 20]>,
}

#[derive(Deserialize)]
struct SignedBlsToExecutionChange {
	message: BlsToExecutionChange,
	signature: Hex<[u8; 96]>,
}

impl SignedBlsToExecutionChange {
	fn root(&self) -> H256 {
		let BlsToExecutionChange { validator_index, from_bls_pubkey, to_execution_address } =
			&self.message;
		let message = container(&[
			uint64(validator_index.0),
			byte_vector(&from_bls_pubkey.0),
			byte_vector(&to_execution_address.0),
		]);
		container(&[message, byte_vector(&self.signature.0)])
	}
}

#[derive(Deserialize)]
struct Withdrawal {
	index: Quoted<u64>,
	validator_index: Quoted<u64>,
	address: Hex<[u8; 20]>,
	amount: Quoted<u64>,
}

impl Withdrawal {
	fn root(&self) -> H256 {
		container(&[
			uint64(self.index.0),
			uint64(self.validator_index.0),
			byte_vector(&self.address.0),
			uint64(self.amount.0),
		])
	}
}

#[derive(Deserialize)]
pub(super) struct ExecutionPayload {
	parent_hash: H256,
	fee_recipient: Hex<[u8; 20]>,
	state_root: H256,
	pub(super) receipts_root: H256,
	logs_bloom: Hex<[u8; 256]>,
	prev_randao: H256,
	pub(super) block_number: Quoted<u64>,
	gas_limit: Quoted<u64>,
	gas_used: Quoted<u64>,
	timestamp: Quoted<u64>,
	extra_data: Hex<Vec<u8>>,
	base_fee_per_gas: Quoted<alloy_primitives::U256>,
	pub(super) block_hash: H256,
	transactions: Vec<Hex<Vec<u8>>>,
	withdrawals: Vec<Withdrawal>,
	blob_gas_used: Quoted<u64>,
	excess_blob_gas: Quoted<u64>,
}

impl ExecutionPayload {
	pub(super) fn field_roots(&self, preset: Preset) -> Vec<H256> {
		vec![
			self.parent_hash,
			byte_vector(&self.fee_recipient.0),
			self.state_root,
			self.receipts_root,
			byte_vector(&self.logs_bloom.0),
			self.prev_randao,
			uint64(self.block_number.0),
			uint64(self.gas_limit.0),
			uint64(self.gas_used.0),
			uint64(self.timestamp.0),
			byte_list(&self.extra_data.0, MAX_EXTRA_DATA_BYTES),
			H256(self.base_fee_per_gas.0.to_le_bytes()),
			self.block_hash,
			list(&self.transactions, MAX_TRANSACTIONS, |bytes| {
				byte_list(&bytes.0, MAX_BYTES_PER_TRANSACTION)
			}),
			list(&self.withdrawals, max_withdrawals(preset), Withdrawal::root),
			uint64(self.blob_gas_used.0),
			uint64(self.excess_blob_gas.0),
		]
	}
}

#[derive(Deserialize)]
struct DepositRequest {
	pubkey: Hex<[u8; 48]>,
	withdrawal_credentials: H256,
	amount: Quoted<u64>,
	signature: Hex<[u8; 96]>,
	index: Quoted<u64>,
}

impl DepositRequest {
	fn root(&self) -> H256 {
		container(&[
			byte_vector(&self.pubkey.0),
			self.withdrawal_credentials,
			uint64(self.amount.0),
			byte_vector(&self.signature.0),
			uint64(self.index.0),
		])
	}
}

#[derive(Deserialize)]
struct WithdrawalRequest {
	source_address: Hex<[u8; 20]>,
	validator_pubkey: Hex<[u8; 48]>,
	amount: Quoted<u64>,
}

impl WithdrawalRequest {
	fn root(&self) -> H256 {
		container(&[
			byte_vector(&self.source_address.0),
			byte_vector(&self.validator_pubkey.0),
			uint64(self.amount.0),
		])
	}
}

#[derive(Deserialize)]
struct ConsolidationRequest {
	source_address: Hex<[u8; 20]>,
	source_pubkey: Hex<[u8; 48]>,
	target_pubkey: Hex<[u8; 48]>,
}

impl ConsolidationRequest {
	fn root(&self) -> H256 {
		container(&[
			byte_vector(&self.source_address.0),
			byte_vector(&self.source_pubkey.0),
			byte_vector(&self.target_pubkey.0),
		])
	}
}

#[derive(Deserialize)]
struct ExecutionRequests {
	deposits: Vec<DepositRequest>,
	withdrawals: Vec<WithdrawalRequest>,
	consolidations: Vec<ConsolidationRequest>,
}

impl ExecutionRequests {
	fn root(&self) -> H256 {
		container(&[
			list(&self.deposits, MAX_DEPOSIT_REQUESTS, DepositRequest::root),
			list(&self.withdrawals, MAX_WITHDRAWAL_REQUESTS, WithdrawalRequest::root),
			list(&self.consolidations, MAX_CONSOLIDATION_REQUESTS, ConsolidationRequest::root),
		])
	}
}
