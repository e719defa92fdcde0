"""Writes vectors.json: what the executable consensus specification's own light-client tests feed to its own light
client, and where that client is after each step.

    PYTHONPATH=../../../../zombienet/beacon python make_vectors.py

Needs what the development network's beacon node needs (zombienet/beacon/requirements.txt); takes some minutes.
"""

import json
import sys
from pathlib import Path
from types import ModuleType

# The package's tests import one helper by the path it has in its own repository.
from eth_consensus_specs.test.helpers import churn

path = ""
for name in ("tests", "core", "pyspec", "eth_consensus_specs", "test", "helpers"):
    path = f"{path}.{name}".lstrip(".")
    sys.modules[path] = ModuleType(path)
sys.modules[f"{path}.churn"] = churn

# As generators, not as tests.
from eth_consensus_specs.test import context  # noqa: E402
from eth_consensus_specs.test.utils import yield_generator  # noqa: E402

context.is_generator = True
context.is_pytest = False
yield_generator._yield_generator_post_processing = lambda parts: parts

from beacon_devnet.encoding import to_json  # noqa: E402
from eth_consensus_specs.test.altair.light_client import test_sync  # noqa: E402
from eth_consensus_specs.test.deneb.light_client import test_sync as deneb_test_sync  # noqa: E402

CASES = [
    (name, getattr(test_sync, f"test_{name}"), fork)
    for fork in ("electra", "fulu")
    for name in (
        "light_client_sync",
        "supply_sync_committee_from_past_update",
        "advance_finality_without_sync_committee",
    )
]
# Across a fork that moves the generalised indices.
CASES.append(("electra_fork", deneb_test_sync.test_electra_fork, "deneb"))


def config_value(value):
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return to_json(value)


def versioned(name, value):
    """As the beacon API has it: what an update has not is left out there; and so is, here, what the client has no use
    for."""
    data = to_json(value)
    for header in ("header", "attested_header", "finalized_header"):
        if header in data:
            data[header] = {"beacon": data[header]["beacon"]}
    if name.endswith(("_xf", "_xx")):
        del data["next_sync_committee"], data["next_sync_committee_branch"]
    return {"version": type(value).__module__.split(".")[-2], "data": data}


def vector(name, test, fork):
    meta, data = {}, {}
    for part in test(phase=fork, preset="minimal", bls_active=True):
        if len(part) == 3:
            meta[part[0]] = part[2]
        elif part[0] == "steps":
            steps = part[1]
        else:
            # At once: the specification's client changes updates that it is forced to believe.
            data[part[0]] = versioned(part[0], part[1])
    wanted = ("PRESET_BASE", "SECONDS_PER_SLOT", "SLOT_DURATION_MS")
    spec = {
        name: config_value(value)
        for name, value in meta["config"].items()
        if name in wanted or name.endswith(("_FORK_VERSION", "_FORK_EPOCH"))
    }
    outcomes = []
    for step in steps:
        ((kind, content),) = step.items()
        finalized = content["checks"]["finalized_header"]
        update = content.get("update")
        # Which parts the update has: s or x, f or x.
        has = update and update.rsplit("_", 1)[1]
        outcomes.append(
            {
                "kind": kind,
                "has": has,
                "update": update and data[update],
                "finalized_slot": finalized["slot"],
                "finalized_root": finalized["beacon_root"],
            }
        )
    return {
        "name": f"{fork}/{name}",
        "spec": {"data": spec},
        "genesis": {
            "data": {"genesis_time": "0", "genesis_validators_root": meta["genesis_validators_root"]}
        },
        "trusted_block_root": meta["trusted_block_root"],
        "bootstrap": data["bootstrap"],
        "steps": outcomes,
    }


vectors = [vector(*case) for case in CASES]
Path(__file__).with_name("vectors.json").write_text(json.dumps(vectors) + "\n")
