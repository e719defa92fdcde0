"""Writes bodies.json: random beacon block bodies with their roots, by the executable specification.

    pip install --pre "eth-consensus-specs[test]==1.7.0a13" && python make_bodies.py

One body for every fork and preset that proofs can be built for, with something in every list.
"""

import json
from importlib import import_module
from pathlib import Path
from random import Random

from eth_consensus_specs.debug.encode import encode
from eth_consensus_specs.debug.random_value import RandomizationMode, get_random_ssz_object



def quoted(value):
    """As the beacon API writes it: integers are strings."""
    if isinstance(value, dict):
        return {key: quoted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [quoted(inner) for inner in value]
    return str(value)


vectors = []
for fork in ("deneb", "electra", "fulu"):
    for preset in ("mainnet", "minimal"):
        spec = import_module(f"eth_consensus_specs.{fork}.{preset}")
        rng = Random(f"{fork} {preset}")
        for mode in (RandomizationMode.mode_one_count, RandomizationMode.mode_random):
            if mode == RandomizationMode.mode_random and fork == "fulu":
                continue  # as in Electra
            body = get_random_ssz_object(rng, spec.BeaconBlockBody, 300, 3, mode, False)
            message = {
                "slot": "7",
                "proposer_index": "8",
                "parent_root": "0x" + "01" * 32,
                "state_root": "0x" + "02" * 32,
                "body": quoted(encode(body)),
            }
            vectors.append({
                "preset": preset,
                "block": {"version": fork, "data": {"message": message}},
                "body_root": "0x" + bytes(body.hash_tree_root()).hex(),
            })

Path(__file__).with_name("bodies.json").write_text(json.dumps(vectors) + "\n")
