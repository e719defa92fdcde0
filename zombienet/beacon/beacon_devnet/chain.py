"""The beacon chain: one block a slot, signed by everyone, so that it finalises as fast as the protocol allows."""

from .consensus import payload_block_hash, spec
from .engine import Engine
from .events import Events
from .genesis import REWARD_ADDRESS
from .history import BlockRecord, History
from .light_client import LightClientData
from .validators import sign, sign_together

GRAFFITI = b"gearway devnet".ljust(32, b"\0")


class Chain:
    """Makes blocks. Every rule is the spec's: a block goes through its full state transition, signatures included."""

    def __init__(
        self,
        engine: Engine,
        genesis_state: spec.BeaconState,
        genesis_block: spec.SignedBeaconBlock,
        history: History,
        light_client: LightClientData,
        events: Events,
    ):
        # Where the spec's block processing takes its execution engine from.
        spec.EXECUTION_ENGINE = engine
        self._engine = engine
        self._history = history
        self._light_client = light_client
        self._events = events
        self._state = genesis_state
        self._block = genesis_block
        self._index_of = {bytes(each.pubkey): index for index, each in enumerate(genesis_state.validators)}
        # Blocks and their states from the latest final one on; what is older is in the history alone. States share
        # all that did not change, so a few dozen cost little more than one.
        self._recent = {history.genesis.root: (genesis_block, genesis_state)}
        light_client.on_finalized(genesis_state, genesis_block)

    @property
    def slot(self) -> int:
        """The slot of the head."""
        return int(self._block.message.slot)

    def advance(self) -> None:
        """Makes the block of the next slot, has the execution node execute it and take it for its head."""
        parent_state, parent = self._state, self._block
        state = parent_state.copy()
        spec.process_slots(state, spec.Slot(parent_state.slot + 1))
        block = self._propose(state, parent_state)

        self._state, self._block = state, block
        before = self._history.head.checkpoints
        record = BlockRecord.of(block, state, before)
        self._recent[record.root] = (block, state)
        self._set_execution_head(None)
        # The block before its light-client data: whoever learns of a header there finds its block here.
        self._history.append(record)
        self._light_client.on_block(state, block, parent_state, parent, self._final_block(parent_state))
        self._announce(record, block)
        if record.checkpoints.current_justified != before.current_justified:
            self._events.emit("justified", **self._checkpoint(record.checkpoints.current_justified))
        if record.checkpoints.finalized != before.finalized:
            self._on_finalized(record.checkpoints.finalized)

    def _propose(self, state: spec.BeaconState, parent_state: spec.BeaconState) -> spec.SignedBeaconBlock:
        """The next block. Takes `state` from the beginning of its slot to after the block."""
        response = self._engine.get_payload(self._begin_payload(state))
        proposer = spec.get_beacon_proposer_index(state)
        epoch = spec.get_current_epoch(state)
        block = spec.BeaconBlock(
            slot=state.slot,
            proposer_index=proposer,
            parent_root=spec.hash_tree_root(state.latest_block_header),
            body=spec.BeaconBlockBody(
                randao_reveal=_signed(state, proposer, epoch, spec.DOMAIN_RANDAO),
                eth1_data=state.eth1_data,
                graffiti=GRAFFITI,
                attestations=[attest(parent_state)],
                sync_aggregate=self._sync_aggregate(state),
                execution_payload=response.execution_payload,
                blob_kzg_commitments=response.blobs_bundle.commitments,
                execution_requests=spec.get_execution_requests(response.execution_requests),
            ),
        )
        spec.process_block(state, block)
        block.state_root = spec.hash_tree_root(state)
        signature = _signed(state, proposer, block, spec.DOMAIN_BEACON_PROPOSER)
        return spec.SignedBeaconBlock(message=block, signature=signature)

    def _begin_payload(self, state: spec.BeaconState) -> spec.PayloadId:
        safe, final = self._execution_checkpoints()
        address = spec.ExecutionAddress(bytes.fromhex(REWARD_ADDRESS[2:]))
        payload_id = spec.prepare_execution_payload(state, safe, final, address, self._engine)
        if payload_id is None:
            raise RuntimeError("the execution node began no block although it was given attributes")
        return payload_id

    def _set_execution_head(self, attributes: spec.PayloadAttributes | None) -> None:
        safe, final = self._execution_checkpoints()
        self._engine.notify_forkchoice_updated(payload_block_hash(self._block.message), safe, final, attributes)

    def _execution_checkpoints(self) -> tuple[spec.Hash32, spec.Hash32]:
        """Hashes of the justified and the final execution block; zero where there is none yet."""

        def block_hash(checkpoint: spec.Checkpoint) -> spec.Hash32:
            known = self._recent.get(bytes(checkpoint.root))
            return spec.Hash32() if known is None else payload_block_hash(known[0].message)

        return block_hash(self._state.current_justified_checkpoint), block_hash(self._state.finalized_checkpoint)

    def _sync_aggregate(self, state: spec.BeaconState) -> spec.SyncAggregate:
        """The whole committee's signature under the block before the slot of `state`."""
        slot = spec.Slot(state.slot - 1)
        domain = spec.get_domain(state, spec.DOMAIN_SYNC_COMMITTEE, spec.compute_epoch_at_slot(slot))
        root = spec.compute_signing_root(spec.get_block_root_at_slot(state, slot), domain)
        members = [self._index_of[bytes(key)] for key in state.current_sync_committee.pubkeys]
        return spec.SyncAggregate(
            sync_committee_bits=[True] * len(members),
            sync_committee_signature=sign_together(members, root),
        )

    def _final_block(self, state: spec.BeaconState) -> spec.SignedBeaconBlock | None:
        known = self._recent.get(bytes(state.finalized_checkpoint.root))
        return None if known is None else known[0]

    def _on_finalized(self, checkpoint: spec.Checkpoint) -> None:
        block, state = self._recent[bytes(checkpoint.root)]
        self._light_client.on_finalized(state, block)
        # One block more than needed is kept: the head's parent may still hold the checkpoint before for final.
        self._recent = {
            root: known
            for root, known in self._recent.items()
            if known[0].message.slot + spec.SLOTS_PER_EPOCH >= block.message.slot
        }
        payload = block.message.body.execution_payload
        self._events.emit(
            "finalized",
            **self._checkpoint(checkpoint),
            execution_block_number=payload.block_number,
            execution_block_hash=payload.block_hash,
        )

    def _checkpoint(self, checkpoint: spec.Checkpoint) -> dict:
        record = self._history.by_root(bytes(checkpoint.root)) or self._history.genesis
        return {"epoch": checkpoint.epoch, "slot": record.slot, "root": record.root}

    def _announce(self, record: BlockRecord, block: spec.SignedBeaconBlock) -> None:
        payload = block.message.body.execution_payload
        self._events.emit(
            "slot",
            slot=record.slot,
            root=record.root,
            execution_block_number=payload.block_number,
            execution_block_hash=payload.block_hash,
            transactions=len(payload.transactions),
        )


def attest(state: spec.BeaconState) -> spec.Attestation:
    """The votes of all committees of the slot of `state` for the block that led to it, as one aggregate."""
    slot, epoch = state.slot, spec.get_current_epoch(state)
    header = state.latest_block_header.copy()
    header.state_root = spec.hash_tree_root(state)
    head = spec.hash_tree_root(header)
    at_epoch_start = slot == spec.compute_start_slot_at_epoch(epoch)
    data = spec.AttestationData(
        slot=slot,
        index=0,
        beacon_block_root=head,
        source=state.current_justified_checkpoint,
        target=spec.Checkpoint(epoch=epoch, root=head if at_epoch_start else spec.get_block_root(state, epoch)),
    )
    committees = range(spec.get_committee_count_per_slot(state, epoch))
    voters = [
        voter
        for committee in committees
        for voter in spec.get_beacon_committee(state, slot, spec.CommitteeIndex(committee))
    ]
    domain = spec.get_domain(state, spec.DOMAIN_BEACON_ATTESTER, epoch)
    committee_bits = spec.Attestation.fields()["committee_bits"]()
    for committee in committees:
        committee_bits[committee] = True
    return spec.Attestation(
        aggregation_bits=[True] * len(voters),
        data=data,
        signature=sign_together(voters, spec.compute_signing_root(data, domain)),
        committee_bits=committee_bits,
    )


def _signed(
    state: spec.BeaconState, validator: int, message: object, domain_type: spec.DomainType
) -> spec.BLSSignature:
    """One validator's signature in the epoch of `state`."""
    domain = spec.get_domain(state, domain_type)
    return sign(validator, spec.compute_signing_root(message, domain))
