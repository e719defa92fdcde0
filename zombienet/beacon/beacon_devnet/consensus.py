"""The executable consensus spec, configured for a network that is in Electra from its first slot.

The spec's functions read their configuration from a global of the spec's module, so there is one configuration a
process: `configure` sets it, once, before anything else uses `spec`.
"""

from eth_consensus_specs.electra import minimal as spec

FORK = "electra"

# Forks in the order they happened, with the key that each has in the configuration.
FORKS = ("phase0", "altair", "bellatrix", "capella", "deneb", "electra")

# What the spec's module does not know, because it ends with Electra, but every node serves: the fork after it.
FULU_FORK_VERSION = spec.Version("0x06000001")


def configure(chain_id: int) -> None:
    """Starts every fork up to Electra at epoch 0 and ties deposits to the execution chain `chain_id`."""
    genesis = {f"{fork.upper()}_FORK_EPOCH": spec.Epoch(0) for fork in FORKS[1:]}
    spec.config = spec.config._replace(
        **genesis,
        MIN_GENESIS_ACTIVE_VALIDATOR_COUNT=spec.Uint64(1),
        GENESIS_DELAY=spec.Uint64(0),
        DEPOSIT_CHAIN_ID=spec.Uint64(chain_id),
        DEPOSIT_NETWORK_ID=spec.Uint64(chain_id),
    )


def fork_version(fork: str) -> spec.Version:
    """The version of a fork of `FORKS`."""
    key = "GENESIS_FORK_VERSION" if fork == "phase0" else f"{fork.upper()}_FORK_VERSION"
    return getattr(spec.config, key)


def fork_schedule() -> list[spec.Fork]:
    """All forks, the earliest first, each with the one before it."""
    versions = [fork_version(fork) for fork in FORKS]
    return [
        spec.Fork(previous_version=previous, current_version=current, epoch=0)
        for previous, current in zip([versions[0], *versions], versions, strict=False)
    ]


def constants() -> dict[str, object]:
    """Configuration, preset and constants by the names that nodes serve them under."""
    values = {
        name: value for name, value in vars(spec).items() if name.isupper() and isinstance(value, (spec.Uint64, bytes))
    }
    values |= spec.config._asdict()
    values |= {
        "CONFIG_NAME": "gearway-devnet",
        "SECONDS_PER_SLOT": spec.Uint64(spec.config.SLOT_DURATION_MS // 1000),
        "FULU_FORK_VERSION": FULU_FORK_VERSION,
        "FULU_FORK_EPOCH": spec.FAR_FUTURE_EPOCH,
    }
    return values


def payload_block_hash(block: spec.BeaconBlock) -> spec.Hash32:
    """Hash of the execution block inside a beacon block."""
    return block.body.execution_payload.block_hash
