"""What a node keeps for light clients, by the rules of the spec's `full-node.md`.

https://github.com/ethereum/consensus-specs/blob/master/specs/altair/light-client/full-node.md
"""

import threading
from collections import OrderedDict

from .consensus import spec


class LightClientData:
    """Bootstraps by block root, the best update of every sync-committee period, and the latest updates."""

    def __init__(self, slots: int):
        """Keeps the bootstraps and updates of about the latest `slots` slots."""
        self._lock = threading.Lock()
        self._epochs = slots // int(spec.SLOTS_PER_EPOCH) + 1
        self._periods = self._epochs // int(spec.EPOCHS_PER_SYNC_COMMITTEE_PERIOD) + 1
        # Serialised: as objects, they would be ten times the size.
        self._bootstraps: OrderedDict[bytes, bytes] = OrderedDict()
        self._best: OrderedDict[int, spec.LightClientUpdate] = OrderedDict()
        self._finality: spec.LightClientFinalityUpdate | None = None
        self._optimistic: spec.LightClientOptimisticUpdate | None = None

    def on_block(
        self,
        state: spec.BeaconState,
        block: spec.SignedBeaconBlock,
        attested_state: spec.BeaconState,
        attested_block: spec.SignedBeaconBlock,
        finalized_block: spec.SignedBeaconBlock | None,
    ) -> None:
        """Takes note of the signatures in `block` under its parent, `attested_block`.

        `finalized_block` is what the attested state holds for final; None before anything is.
        """
        update = spec.create_light_client_update(state, block, attested_state, attested_block, finalized_block)
        period = int(spec.compute_sync_committee_period_at_slot(attested_block.message.slot))
        with self._lock:
            self._optimistic = spec.create_light_client_optimistic_update(update)
            if finalized_block is not None:
                self._finality = spec.create_light_client_finality_update(update)
            # An update signed by the next period's committee cannot carry the committee after it: it moves no one on.
            if spec.is_sync_committee_update(update):
                best = self._best.get(period)
                if best is None or spec.is_better_update(update, best):
                    self._best[period] = update
                    _trim(self._best, self._periods)

    def on_finalized(self, state: spec.BeaconState, block: spec.SignedBeaconBlock) -> None:
        """Makes a bootstrap of a final block and the state it led to."""
        bootstrap = spec.create_light_client_bootstrap(state, block)
        with self._lock:
            self._bootstraps[bytes(spec.hash_tree_root(block.message))] = bootstrap.encode_bytes()
            _trim(self._bootstraps, self._epochs)

    def bootstrap(self, root: bytes) -> spec.LightClientBootstrap | None:
        """The bootstrap of a block that is or was a final checkpoint."""
        with self._lock:
            data = self._bootstraps.get(root)
        return None if data is None else spec.LightClientBootstrap.decode_bytes(data)

    def updates(self, start_period: int, count: int) -> list[spec.LightClientUpdate]:
        """The best updates of consecutive periods, the first of which may be missing: then there are none."""
        found = []
        with self._lock:
            for period in range(start_period, start_period + count):
                if period not in self._best:
                    break
                found.append(self._best[period])
        return found

    @property
    def finality_update(self) -> spec.LightClientFinalityUpdate | None:
        return self._finality

    @property
    def optimistic_update(self) -> spec.LightClientOptimisticUpdate | None:
        return self._optimistic


def _trim(entries: OrderedDict, limit: int) -> None:
    while len(entries) > limit:
        entries.popitem(last=False)
