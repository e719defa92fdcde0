"""The blocks there have been, as the API hands them out. Written by one thread, read by many."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from .consensus import spec


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """What the state after a block holds of finality."""

    previous_justified: spec.Checkpoint
    current_justified: spec.Checkpoint
    finalized: spec.Checkpoint

    @classmethod
    def of(cls, state: spec.BeaconState) -> "Checkpoints":
        """Those of a state, detached from it."""
        return cls(
            state.previous_justified_checkpoint.copy(),
            state.current_justified_checkpoint.copy(),
            state.finalized_checkpoint.copy(),
        )


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """A block with what is asked about it most. Kept serialised: as objects, it would be ten times the size."""

    slot: int
    root: bytes
    parent_root: bytes
    state_root: bytes
    header_ssz: bytes
    block_ssz: bytes
    checkpoints: Checkpoints

    @classmethod
    def of(
        cls, block: spec.SignedBeaconBlock, state: spec.BeaconState, before: Checkpoints | None = None
    ) -> "BlockRecord":
        """The record of a block and the state it led to. It shares `before`, the checkpoints of its parent, where
        they are still the same."""
        checkpoints = Checkpoints.of(state)
        return cls(
            slot=int(block.message.slot),
            root=bytes(spec.hash_tree_root(block.message)),
            parent_root=bytes(block.message.parent_root),
            state_root=bytes(block.message.state_root),
            header_ssz=spec.compute_signed_block_header(block).encode_bytes(),
            block_ssz=block.encode_bytes(),
            checkpoints=before if checkpoints == before else checkpoints,
        )

    def header(self) -> spec.SignedBeaconBlockHeader:
        """The block's header."""
        return spec.SignedBeaconBlockHeader.decode_bytes(self.header_ssz)

    def block(self) -> spec.SignedBeaconBlock:
        """The block in full."""
        return spec.SignedBeaconBlock.decode_bytes(self.block_ssz)


class History:
    """The latest `limit` blocks and the first one. There are no forks: all are canonical."""

    def __init__(self, genesis: BlockRecord, limit: int):
        self._lock = threading.Lock()
        self._limit = limit
        self._genesis = genesis
        self._by_root: OrderedDict[bytes, BlockRecord] = OrderedDict()
        self._by_slot: dict[int, BlockRecord] = {}
        self._head = genesis

    def append(self, record: BlockRecord) -> None:
        """Makes a block the head, and forgets the oldest one where there are too many."""
        with self._lock:
            self._by_root[record.root] = record
            self._by_slot[record.slot] = record
            self._head = record
            if len(self._by_root) > self._limit:
                _, oldest = self._by_root.popitem(last=False)
                del self._by_slot[oldest.slot]

    @property
    def genesis(self) -> BlockRecord:
        return self._genesis

    @property
    def head(self) -> BlockRecord:
        return self._head

    @property
    def finalized(self) -> BlockRecord:
        """The latest finalised block: the first block until there is one."""
        return self._at_checkpoint(self._head.checkpoints.finalized)

    @property
    def justified(self) -> BlockRecord:
        """The latest justified block: the first block until there is one."""
        return self._at_checkpoint(self._head.checkpoints.current_justified)

    def is_finalized(self, record: BlockRecord) -> bool:
        """Whether a block of this history is final."""
        return record.slot <= self.finalized.slot

    def by_slot(self, slot: int) -> BlockRecord | None:
        with self._lock:
            return self._genesis if slot == 0 else self._by_slot.get(slot)

    def by_root(self, root: bytes) -> BlockRecord | None:
        with self._lock:
            return self._genesis if root == self._genesis.root else self._by_root.get(root)

    def by_state_root(self, state_root: bytes) -> BlockRecord | None:
        with self._lock:
            records = [*reversed(self._by_root.values()), self._genesis]
        return next((record for record in records if record.state_root == state_root), None)

    def children(self, root: bytes) -> list[BlockRecord]:
        """The block that was built on a block, if there is one yet."""
        parent = self.by_root(root)
        child = None if parent is None else self.by_slot(parent.slot + 1)
        return [] if child is None else [child]

    def _at_checkpoint(self, checkpoint: spec.Checkpoint) -> BlockRecord:
        # The first checkpoints have an all-zero root, which stands for the first block. A later one is never out of
        # reach: blocks are final long before they are forgotten.
        return self.by_root(bytes(checkpoint.root)) or self._genesis
