"""What the network makes is a chain that anybody accepts: the spec itself, and a light client that knows one root."""

import unittest

from beacon_devnet.consensus import spec
from beacon_devnet.encoding import from_json
from beacon_devnet.genesis import beacon_genesis

from .network import Network

# By the first funded account, nonce 0, chain 31337, legacy, 10 gwei: creates a contract whose constructor logs.
TRANSACTION = (
    "0xf87a808502540be400830186a08080a77f86c0113429dace89dd32374c8105bc907a4b73f32815c58553986c02559984775f5fa15f5ff3"
    "82f4f6a0c9a4df5cc55f13befe38a73d5d1733f7fed3d4427ef59a800096a3a8796bc677a0031f391886d7b3d2c05b89e04bcb290b391873"
    "06412f59424ca94f0d35fed52e"
)
TOPIC = "0x86c0113429dace89dd32374c8105bc907a4b73f32815c58553986c0255998477"


class ChainTest(unittest.TestCase):
    """One network for all tests: it is given a transaction and left to run into the next sync-committee period."""

    network: Network

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = Network("--validators", "32")
        cls.addClassCleanup(cls.network.__exit__)
        cls.transaction = cls.network.execution("eth_sendRawTransaction", TRANSACTION)
        included = cls.network.wait_for("slot", lambda event: event["transactions"] > 0)
        cls.slot, cls.execution_hash = included["slot"], included["execution_block_hash"]
        cls.root = included["root"]
        period = int(spec.SLOTS_PER_EPOCH * spec.EPOCHS_PER_SYNC_COMMITTEE_PERIOD)
        cls.finalized = cls.network.wait_for("finalized", lambda event: event["slot"] >= period)

    def block(self, block_id: object) -> spec.SignedBeaconBlock:
        return from_json(spec.SignedBeaconBlock, self.network.data(f"/eth/v2/beacon/blocks/{block_id}"))

    def genesis_root(self) -> spec.Root:
        return spec.Root(bytes.fromhex(self.network.ready["genesis_validators_root"][2:]))

    def test_every_block_passes_the_full_state_transition(self) -> None:
        """From a first state built anew, with all signatures and state roots checked, past the first final epochs."""
        execution_block = self.network.execution("eth_getBlockByNumber", "0x0", False)
        state, _ = beacon_genesis(execution_block, 32)
        self.assertEqual(state.genesis_validators_root, self.genesis_root())
        for slot in range(1, 4 * int(spec.SLOTS_PER_EPOCH) + 2):
            data = self.network.beacon(f"/eth/v2/beacon/blocks/{slot}", "application/octet-stream").body
            block = spec.SignedBeaconBlock.decode_bytes(data)
            spec.state_transition(state, block, validate_result=True)
        self.assertEqual(state.finalized_checkpoint.epoch, 2)
        self.assertEqual(self.block(slot).message.state_root, spec.hash_tree_root(state))

    def test_transaction_is_in_a_final_block_with_the_execution_nodes_receipts_root(self) -> None:
        block = self.block(self.root).message
        self.assertLess(block.slot, self.finalized["slot"])
        payload = block.body.execution_payload
        header = self.network.execution("eth_getBlockByHash", self.execution_hash, False)
        self.assertEqual(header["transactions"], [self.transaction])
        self.assertEqual(["0x" + bytes(each).hex() for each in payload.transactions], [TRANSACTION])
        self.assertEqual("0x" + payload.block_hash.hex(), header["hash"])
        self.assertEqual("0x" + payload.receipts_root.hex(), header["receiptsRoot"])
        self.assertEqual(payload.block_number, int(header["number"], 16))
        self.assertEqual("0x" + block.parent_root.hex(), header["parentBeaconBlockRoot"])

        (log,) = self.network.execution("eth_getLogs", {"blockHash": self.execution_hash})
        self.assertEqual(log["topics"], [TOPIC])
        self.assertEqual(log["transactionHash"], self.transaction)

    def test_execution_node_knows_what_is_final(self) -> None:
        final = self.network.execution("eth_getBlockByNumber", "finalized", False)
        self.assertGreaterEqual(int(final["number"], 16), self.finalized["execution_block_number"])

    def test_parent_roots_lead_from_the_final_block_to_the_transaction(self) -> None:
        root = self.finalized["root"]
        for slot in range(self.finalized["slot"], self.slot, -1):
            header = self.network.data(f"/eth/v1/beacon/headers/{root}")["header"]["message"]
            self.assertEqual(header["slot"], str(slot))
            root = header["parent_root"]
        self.assertEqual(root, self.root)

    def test_light_client_follows_from_one_trusted_root_over_a_committee_change(self) -> None:
        store = self.bootstrapped()
        for update in self.updates():
            spec.process_light_client_update(store, update, self.clock(), self.genesis_root())
        data = self.network.data("/eth/v1/beacon/light_client/finality_update")
        latest = from_json(spec.LightClientFinalityUpdate, data)
        spec.process_light_client_finality_update(store, latest, self.clock(), self.genesis_root())

        header = store.finalized_header
        self.assertGreaterEqual(header.beacon.slot, self.finalized["slot"])
        self.assertGreater(spec.compute_sync_committee_period_at_slot(header.beacon.slot), 0)
        # The branch of the execution header was checked on the way; it is that of the block itself.
        block = self.block("0x" + spec.hash_tree_root(header.beacon).hex()).message
        self.assertEqual(header.execution.block_hash, block.body.execution_payload.block_hash)
        self.assertEqual(header.execution.receipts_root, block.body.execution_payload.receipts_root)

        data = self.network.data("/eth/v1/beacon/light_client/optimistic_update")
        optimistic = from_json(spec.LightClientOptimisticUpdate, data)
        spec.process_light_client_optimistic_update(store, optimistic, self.clock(), self.genesis_root())
        self.assertEqual(store.optimistic_header, optimistic.attested_header)

    def test_light_client_refuses_a_damaged_update(self) -> None:
        genuine = self.updates()[0]
        for damage in (
            lambda update: setattr(update.attested_header.beacon, "proposer_index", 31),
            lambda update: setattr(update.attested_header.execution, "receipts_root", bytes(32)),
            lambda update: setattr(update.finalized_header.beacon, "state_root", bytes(32)),
            lambda update: setattr(update, "sync_aggregate", spec.SyncAggregate()),
            lambda update: setattr(update, "signature_slot", update.attested_header.beacon.slot),
            lambda update: setattr(
                update.sync_aggregate,
                "sync_committee_signature",
                self.updates()[1].sync_aggregate.sync_committee_signature,
            ),
        ):
            update = genuine.copy()
            damage(update)
            self.assertNotEqual(update, genuine)
            store = self.bootstrapped()
            with self.assertRaises(AssertionError):
                spec.process_light_client_update(store, update, self.clock(), self.genesis_root())

    def test_every_period_has_an_update_with_finality_and_the_next_committee(self) -> None:
        updates = self.updates()
        for period, update in enumerate(updates):
            self.assertEqual(spec.compute_sync_committee_period_at_slot(update.attested_header.beacon.slot), period)
            self.assertTrue(spec.is_sync_committee_update(update))
            self.assertTrue(spec.is_finality_update(update))
            self.assertEqual(sum(update.sync_aggregate.sync_committee_bits), spec.SYNC_COMMITTEE_SIZE)
        self.assertGreaterEqual(len(updates), 2)
        self.assertNotEqual(updates[0].next_sync_committee, updates[1].next_sync_committee)

    def test_bootstraps_are_of_final_checkpoints_only(self) -> None:
        url = "/eth/v1/beacon/light_client/bootstrap/"
        for block_id in ("genesis", "16", "24", self.finalized["root"]):
            root = self.network.data(f"/eth/v1/beacon/blocks/{block_id}/root")["root"]
            bootstrap = from_json(spec.LightClientBootstrap, self.network.data(url + root))
            spec.initialize_light_client_store(spec.Root(bytes.fromhex(root[2:])), bootstrap)
        inside_an_epoch = self.network.data("/eth/v1/beacon/blocks/17/root")["root"]
        self.assertEqual(self.network.beacon(url + inside_an_epoch).status, 404)

    def test_ssz_and_json_are_the_same_values(self) -> None:
        def same(kind: type, path: str) -> None:
            response = self.network.beacon(path, "application/octet-stream;q=1,application/json;q=0.9")
            self.assertEqual(response.headers["Content-Type"], "application/octet-stream")
            self.assertEqual(response.headers["Eth-Consensus-Version"], "electra")
            self.assertEqual(kind.decode_bytes(response.body), from_json(kind, self.network.data(path)))

        same(spec.SignedBeaconBlock, f"/eth/v2/beacon/blocks/{self.root}")
        same(spec.LightClientBootstrap, f"/eth/v1/beacon/light_client/bootstrap/{self.finalized['root']}")

    def test_ssz_updates_are_length_prefixed_with_their_fork(self) -> None:
        path = "/eth/v1/beacon/light_client/updates?start_period=0&count=2"
        data = self.network.beacon(path, "application/octet-stream").body
        digest = spec.compute_fork_digest(self.genesis_root(), spec.Epoch(0))
        updates = []
        while data:
            length = int.from_bytes(data[:8], "little")
            self.assertEqual(data[8:12], digest)
            updates.append(spec.LightClientUpdate.decode_bytes(data[12 : 8 + length]))
            data = data[8 + length :]
        self.assertEqual(updates, self.updates()[:2])

    def bootstrapped(self) -> spec.LightClientStore:
        root = self.network.data("/eth/v1/beacon/blocks/16/root")["root"]
        data = self.network.data(f"/eth/v1/beacon/light_client/bootstrap/{root}")
        bootstrap = from_json(spec.LightClientBootstrap, data)
        return spec.initialize_light_client_store(spec.Root(bytes.fromhex(root[2:])), bootstrap)

    def updates(self) -> list[spec.LightClientUpdate]:
        response = self.network.beacon("/eth/v1/beacon/light_client/updates?start_period=0&count=128").json()
        self.assertEqual({each["version"] for each in response}, {"electra"})
        return [from_json(spec.LightClientUpdate, each["data"]) for each in response]

    def clock(self) -> spec.Slot:
        """A light client's clock: one slot after the head."""
        return spec.Slot(int(self.network.data("/eth/v1/node/syncing")["head_slot"]) + 1)


if __name__ == "__main__":
    unittest.main()
