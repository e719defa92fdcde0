"""How the network begins: the execution chain's genesis file and the beacon chain's first state."""

from .consensus import fork_version, spec
from .system_contracts import SYSTEM_CONTRACTS
from .validators import public_key

# Accounts of the mnemonic "test test test test test test test test test test test junk", funded by every Ethereum
# development node. Their keys are public knowledge.
FUNDED_ACCOUNTS = (
    "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65",
    "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
    "0x976ea74026e726554db657fa54763abd0c3a0aa9",
    "0x14dc79964da2c08b23698b3d3cc7ca32193d9955",
    "0x23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f",
    "0xa0ee7a142d267c1f36714e4a8f75612f20a79720",
)
FUNDED_WEI = 10_000 * 10**18

GAS_LIMIT = 30_000_000
BASE_FEE_WEI = 10**9

# Where validators' rewards are paid out to, and blocks' tips: the last funded account.
REWARD_ADDRESS = FUNDED_ACCOUNTS[-1]


def execution_genesis(chain_id: int, timestamp: int) -> dict:
    """A geth genesis that is in Prague from its first block, with the system contracts that Prague calls."""
    blocks = (
        "homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg", "istanbul",
        "muirGlacier", "berlin", "london", "arrowGlacier", "grayGlacier", "mergeFork", "mergeNetsplit",
    )  # fmt: skip
    return {
        "config": {
            "chainId": chain_id,
            **{f"{name}Block": 0 for name in blocks},
            "terminalTotalDifficulty": 0,
            "terminalTotalDifficultyPassed": True,
            "shanghaiTime": 0,
            "cancunTime": 0,
            "pragueTime": 0,
            "depositContractAddress": "0x" + bytes(spec.config.DEPOSIT_CONTRACT_ADDRESS).hex(),
        },
        "nonce": "0x0",
        "timestamp": hex(timestamp),
        "extraData": "0x",
        "gasLimit": hex(GAS_LIMIT),
        "difficulty": "0x0",
        "mixHash": "0x" + "00" * 32,
        "coinbase": "0x" + "00" * 20,
        "baseFeePerGas": hex(BASE_FEE_WEI),
        "alloc": {
            **{address: {"balance": hex(FUNDED_WEI)} for address in FUNDED_ACCOUNTS},
            **SYSTEM_CONTRACTS,
        },
    }


def beacon_genesis(execution_block: dict, validator_count: int) -> tuple[spec.BeaconState, spec.SignedBeaconBlock]:
    """The first state and block, on top of the execution chain's first block (as `eth_getBlockByNumber` returns it).

    Validators are in place from the start, as in a network whose deposits were made before genesis. They compound and
    hold the maximum effective balance: every one of them is as likely a proposer as the next, and what they earn
    beyond it is withdrawn, so blocks have withdrawals as they have on a public network.
    """
    header = _execution_header(execution_block)
    state = spec.BeaconState(
        genesis_time=header.timestamp,
        fork=spec.Fork(
            previous_version=fork_version("deneb"),
            current_version=fork_version("electra"),
            epoch=spec.GENESIS_EPOCH,
        ),
        eth1_data=spec.Eth1Data(deposit_count=validator_count, block_hash=header.block_hash),
        eth1_deposit_index=validator_count,
        latest_block_header=spec.BeaconBlockHeader(body_root=spec.hash_tree_root(spec.BeaconBlockBody())),
        randao_mixes=[header.block_hash] * spec.EPOCHS_PER_HISTORICAL_VECTOR,
        latest_execution_payload_header=header,
        deposit_requests_start_index=spec.UNSET_DEPOSIT_REQUESTS_START_INDEX,
    )
    credentials = spec.COMPOUNDING_WITHDRAWAL_PREFIX + bytes(11) + bytes.fromhex(REWARD_ADDRESS[2:])
    for index in range(validator_count):
        state.validators.append(
            spec.Validator(
                pubkey=public_key(index),
                withdrawal_credentials=credentials,
                effective_balance=spec.MAX_EFFECTIVE_BALANCE_ELECTRA,
                activation_eligibility_epoch=spec.GENESIS_EPOCH,
                activation_epoch=spec.GENESIS_EPOCH,
                exit_epoch=spec.FAR_FUTURE_EPOCH,
                withdrawable_epoch=spec.FAR_FUTURE_EPOCH,
            )
        )
        state.balances.append(spec.MAX_EFFECTIVE_BALANCE_ELECTRA)
        state.previous_epoch_participation.append(spec.ParticipationFlags(0))
        state.current_epoch_participation.append(spec.ParticipationFlags(0))
        state.inactivity_scores.append(spec.Uint64(0))
    state.genesis_validators_root = spec.hash_tree_root(state.validators)
    state.earliest_exit_epoch = spec.compute_activation_exit_epoch(spec.GENESIS_EPOCH)
    state.earliest_consolidation_epoch = spec.compute_activation_exit_epoch(spec.GENESIS_EPOCH)
    state.exit_balance_to_consume = spec.get_activation_exit_churn_limit(state)
    state.consolidation_balance_to_consume = spec.get_consolidation_churn_limit(state)

    # The first two periods share one committee: there is no earlier state to draw the first one from.
    state.current_sync_committee = spec.get_next_sync_committee(state)
    state.next_sync_committee = state.current_sync_committee
    block = spec.SignedBeaconBlock(message=spec.BeaconBlock(state_root=spec.hash_tree_root(state)))
    return state, block


def _execution_header(block: dict) -> spec.ExecutionPayloadHeader:
    def integer(name: str) -> int:
        return int(block[name], 16)

    def data(name: str) -> bytes:
        return bytes.fromhex(block[name][2:])

    empty = spec.ExecutionPayload()
    return spec.ExecutionPayloadHeader(
        parent_hash=data("parentHash"),
        fee_recipient=data("miner"),
        state_root=data("stateRoot"),
        receipts_root=data("receiptsRoot"),
        logs_bloom=data("logsBloom"),
        prev_randao=data("mixHash"),
        block_number=integer("number"),
        gas_limit=integer("gasLimit"),
        gas_used=integer("gasUsed"),
        timestamp=integer("timestamp"),
        extra_data=data("extraData"),
        base_fee_per_gas=integer("baseFeePerGas"),
        block_hash=data("hash"),
        transactions_root=spec.hash_tree_root(empty.transactions),
        withdrawals_root=spec.hash_tree_root(empty.withdrawals),
        blob_gas_used=integer("blobGasUsed"),
        excess_blob_gas=integer("excessBlobGas"),
    )
