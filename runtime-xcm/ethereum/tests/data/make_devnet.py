"""Writes devnet.json: what the development network's beacon node answers, as it came.

    python make_devnet.py http://localhost:5052

Needs a chain of five sync-committee periods (320 slots). The node runs the executable consensus
specification (Electra, minimal preset), so its answers are right by definition.
"""

import json
import sys
from pathlib import Path
from urllib.request import urlopen


def get(path):
    with urlopen(sys.argv[1] + path) as answer:
        return json.load(answer)


finality_update = get("/eth/v1/beacon/light_client/finality_update")
finalized = int(finality_update["data"]["finalized_header"]["beacon"]["slot"])
first = get("/eth/v1/beacon/headers/16")["data"]["root"]
answers = {
    "spec": get("/eth/v1/config/spec"),
    "genesis": get("/eth/v1/beacon/genesis"),
    "bootstrap_root": first,
    "bootstrap": get(f"/eth/v1/beacon/light_client/bootstrap/{first}"),
    "updates": get("/eth/v1/beacon/light_client/updates?start_period=0&count=128"),
    "finality_update": finality_update,
    # A block and those after it, up to the finalised one.
    "block": get(f"/eth/v2/beacon/blocks/{finalized - 5}"),
    "headers": [get(f"/eth/v1/beacon/headers/{slot}") for slot in range(finalized - 4, finalized + 1)],
}
Path(__file__).with_name("devnet.json").write_text(json.dumps(answers) + "\n")
