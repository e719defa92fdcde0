"""The API's answers have the standard's form, and so have its refusals."""

import itertools
import unittest

from beacon_devnet.consensus import spec

from .network import Network


class ApiTest(unittest.TestCase):
    """Asks a network that has something final and then stands nearly still."""

    network: Network

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = Network("--validators", "32")
        cls.addClassCleanup(cls.network.__exit__)
        cls.finalized = cls.network.wait_for("finalized")

    def answer(self, path: str) -> dict:
        response = self.network.beacon(path)
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(response.headers["Content-Type"], "application/json")
        return response.json()

    def test_genesis(self) -> None:
        ready = self.network.ready
        data = self.answer("/eth/v1/beacon/genesis")["data"]
        self.assertEqual(
            data,
            {
                "genesis_time": str(ready["genesis_time"]),
                "genesis_validators_root": ready["genesis_validators_root"],
                "genesis_fork_version": "0x00000001",
            },
        )

    def test_spec_has_what_a_client_configures_itself_with(self) -> None:
        data = self.answer("/eth/v1/config/spec")["data"]
        expected = {
            "PRESET_BASE": "minimal",
            "SLOTS_PER_EPOCH": "8",
            "SECONDS_PER_SLOT": "6",
            "EPOCHS_PER_SYNC_COMMITTEE_PERIOD": "8",
            "SYNC_COMMITTEE_SIZE": "32",
            "GENESIS_FORK_VERSION": "0x00000001",
            "ALTAIR_FORK_VERSION": "0x01000001",
            "ALTAIR_FORK_EPOCH": "0",
            "DENEB_FORK_VERSION": "0x04000001",
            "ELECTRA_FORK_VERSION": "0x05000001",
            "ELECTRA_FORK_EPOCH": "0",
            "FULU_FORK_EPOCH": str(2**64 - 1),
            "DEPOSIT_CHAIN_ID": "31337",
            "DOMAIN_SYNC_COMMITTEE": "0x07000000",
            "SLOTS_PER_HISTORICAL_ROOT": "64",
        }
        self.assertEqual({name: data.get(name) for name in expected}, expected)
        self.assertEqual({type(value) for value in data.values()}, {str})

    def test_fork_schedule_is_a_chain_that_ends_in_electra(self) -> None:
        forks = self.answer("/eth/v1/config/fork_schedule")["data"]
        for previous, fork in itertools.pairwise(forks):
            self.assertEqual(fork["previous_version"], previous["current_version"])
        self.assertEqual(forks[-1], {"previous_version": "0x04000001", "current_version": "0x05000001", "epoch": "0"})

    def test_node(self) -> None:
        self.assertRegex(self.answer("/eth/v1/node/version")["data"]["version"], r"^beacon-devnet/")
        syncing = self.answer("/eth/v1/node/syncing")["data"]
        self.assertGreaterEqual(int(syncing.pop("head_slot")), self.finalized["slot"])
        self.assertEqual(
            syncing, {"sync_distance": "0", "is_syncing": False, "is_optimistic": False, "el_offline": False}
        )
        health = self.network.beacon("/eth/v1/node/health")
        self.assertEqual((health.status, health.body), (200, b""))

    def test_header_by_every_identifier(self) -> None:
        slot, root = self.finalized["slot"], self.finalized["root"]
        by_slot = self.answer(f"/eth/v1/beacon/headers/{slot}")
        self.assertEqual(by_slot, self.answer(f"/eth/v1/beacon/headers/{root}"))
        self.assertEqual(by_slot["data"]["root"], root)
        self.assertIs(by_slot["finalized"], True)
        self.assertIs(by_slot["execution_optimistic"], False)
        self.assertIs(by_slot["data"]["canonical"], True)
        self.assertEqual(self.answer("/eth/v1/beacon/headers/genesis")["data"]["header"]["message"]["slot"], "0")
        self.assertIs(self.answer("/eth/v1/beacon/headers/head")["finalized"], False)
        self.assertIs(self.answer("/eth/v1/beacon/headers/finalized")["finalized"], True)
        self.assertIs(self.answer("/eth/v1/beacon/headers/justified")["finalized"], False)

    def test_header_hashes_to_its_root(self) -> None:
        data = self.answer("/eth/v1/beacon/headers/3")["data"]
        message = data["header"]["message"]
        header = spec.BeaconBlockHeader(
            slot=int(message["slot"]),
            proposer_index=int(message["proposer_index"]),
            parent_root=bytes.fromhex(message["parent_root"][2:]),
            state_root=bytes.fromhex(message["state_root"][2:]),
            body_root=bytes.fromhex(message["body_root"][2:]),
        )
        self.assertEqual("0x" + spec.hash_tree_root(header).hex(), data["root"])

    def test_headers_list(self) -> None:
        (head,) = self.answer("/eth/v1/beacon/headers")["data"]
        self.assertGreater(int(head["header"]["message"]["slot"]), 0)
        listed = self.answer("/eth/v1/beacon/headers?slot=5")
        self.assertIs(listed["finalized"], True)
        (fifth,) = listed["data"]
        (by_parent,) = self.answer(f"/eth/v1/beacon/headers?parent_root={fifth['header']['message']['parent_root']}")[
            "data"
        ]
        self.assertEqual(fifth, by_parent)
        self.assertEqual(
            self.answer(f"/eth/v1/beacon/headers?slot=6&parent_root={fifth['root']}")["data"][0]["header"]["message"][
                "parent_root"
            ],
            fifth["root"],
        )
        self.assertEqual(self.answer(f"/eth/v1/beacon/headers?slot=5&parent_root={fifth['root']}")["data"], [])
        self.assertEqual(self.answer("/eth/v1/beacon/headers?slot=999999999")["data"], [])

    def test_block(self) -> None:
        response = self.network.beacon("/eth/v2/beacon/blocks/finalized", "application/json")
        self.assertEqual(response.headers["Eth-Consensus-Version"], "electra")
        answer = response.json()
        self.assertEqual(answer["version"], "electra")
        self.assertIs(answer["finalized"], True)
        body = answer["data"]["message"]["body"]
        self.assertEqual(set(body["execution_requests"]), {"deposits", "withdrawals", "consolidations"})
        self.assertRegex(body["execution_payload"]["base_fee_per_gas"], r"^[0-9]+$")
        self.assertEqual(len(body["execution_payload"]["withdrawals"]), 4)
        (attestation,) = body["attestations"]
        self.assertEqual(attestation["committee_bits"], "0x01")
        self.assertEqual(body["sync_aggregate"]["sync_committee_bits"], "0xffffffff")

    def test_finality_checkpoints_by_state_root(self) -> None:
        state_root = self.answer("/eth/v1/beacon/headers/finalized")["data"]["header"]["message"]["state_root"]
        answer = self.answer(f"/eth/v1/beacon/states/{state_root}/finality_checkpoints")
        self.assertIs(answer["finalized"], True)
        self.assertEqual(set(answer["data"]), {"previous_justified", "current_justified", "finalized"})
        head = self.answer("/eth/v1/beacon/states/head/finality_checkpoints")["data"]
        self.assertGreaterEqual(int(head["finalized"]["epoch"]), self.finalized["epoch"])
        self.assertGreater(int(head["current_justified"]["epoch"]), int(head["finalized"]["epoch"]))

    def test_updates_of_periods_to_come_are_an_empty_list(self) -> None:
        self.assertEqual(self.answer("/eth/v1/beacon/light_client/updates?start_period=1000&count=5"), [])

    def test_refusals(self) -> None:
        unknown = "0x" + "ab" * 32
        light_client = "/eth/v1/beacon/light_client"
        root_of_head = "/eth/v1/beacon/blocks/head/root"
        for path, status in (
            ("/", 404),
            ("/eth/v1/beacon", 404),
            (root_of_head + "/", 404),
            ("/eth/v1/beacon/headers/current", 400),
            ("/eth/v1/beacon/headers/-1", 400),
            ("/eth/v1/beacon/headers/0x12", 400),
            ("/eth/v1/beacon/headers/99999999999999999999", 404),
            (f"/eth/v1/beacon/headers/{unknown}", 404),
            ("/eth/v1/beacon/headers?slot=five", 400),
            ("/eth/v1/beacon/headers?slot=1&slot=2", 400),
            ("/eth/v1/beacon/headers?parent_root=0x12", 400),
            (f"/eth/v1/beacon/blocks/{unknown}/root", 404),
            ("/eth/v2/beacon/blocks/999999999", 404),
            ("/eth/v2/beacon/blocks/%20", 400),
            ("/eth/v1/beacon/states/nothing/finality_checkpoints", 400),
            (f"/eth/v1/beacon/states/{unknown}/finality_checkpoints", 404),
            (f"{light_client}/bootstrap/head", 400),
            (f"{light_client}/bootstrap/{unknown}", 404),
            (f"{light_client}/updates", 400),
            (f"{light_client}/updates?start_period=0", 400),
            (f"{light_client}/updates?start_period=-1&count=1", 400),
            (f"{light_client}/updates?start_period=0&count=0", 400),
        ):
            with self.subTest(path):
                self.assert_refused(self.network.beacon(path), status)

    def test_refuses_other_methods_and_media(self) -> None:
        for method in ("POST", "PUT", "DELETE"):
            self.assert_refused(self.network.beacon("/eth/v1/beacon/genesis", method=method), 405)
        self.assert_refused(self.network.beacon("/eth/v1/beacon/genesis", "text/html"), 406)
        self.assert_refused(self.network.beacon("/eth/v1/beacon/genesis", "application/json;q=oops"), 406)
        self.assertEqual(self.network.beacon("/eth/v1/beacon/genesis", "text/html,*/*;q=0.1").status, 200)

    def assert_refused(self, response: object, status: int) -> None:
        self.assertEqual(response.status, status)
        body = response.json()
        self.assertEqual(set(body), {"code", "message"})
        self.assertEqual(body["code"], status)
        self.assertTrue(body["message"])


if __name__ == "__main__":
    unittest.main()
