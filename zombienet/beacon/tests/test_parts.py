"""Encoding, keys, memory and the command line."""

import contextlib
import io
import itertools
import unittest

from eth_consensus_specs.utils import bls

from beacon_devnet.__main__ import parse_arguments
from beacon_devnet.consensus import spec
from beacon_devnet.encoding import from_json, to_json
from beacon_devnet.history import BlockRecord, Checkpoints, History
from beacon_devnet.validators import public_key, secret_key, sign, sign_together


class EncodingTest(unittest.TestCase):
    def test_there_and_back(self) -> None:
        block = spec.SignedBeaconBlock()
        body = block.message.body
        body.execution_payload.base_fee_per_gas = 2**255
        body.execution_payload.extra_data = b"\x01\x02"
        body.execution_payload.transactions.append(spec.Transaction(b"\xff" * 40))
        body.attestations.append(spec.Attestation(aggregation_bits=[True, False, True]))
        body.sync_aggregate.sync_committee_bits[31] = True
        data = to_json(block)
        self.assertEqual(from_json(spec.SignedBeaconBlock, data), block)
        payload = data["message"]["body"]["execution_payload"]
        self.assertEqual(payload["base_fee_per_gas"], str(2**255))
        self.assertEqual(payload["transactions"], ["0x" + "ff" * 40])
        self.assertEqual(data["message"]["body"]["attestations"][0]["aggregation_bits"], "0x0d")
        self.assertEqual(data["message"]["body"]["sync_aggregate"]["sync_committee_bits"], "0x00000080")

    def test_booleans_stay_booleans(self) -> None:
        self.assertIs(to_json(spec.Validator(slashed=True))["slashed"], True)

    def test_refuses_missing_and_unknown_fields(self) -> None:
        data = to_json(spec.Checkpoint())
        with self.assertRaisesRegex(ValueError, "root"):
            from_json(spec.Checkpoint, {"epoch": "0"})
        with self.assertRaisesRegex(ValueError, "extra"):
            from_json(spec.Checkpoint, data | {"extra": "0"})
        with self.assertRaises(Exception):
            from_json(spec.Checkpoint, data | {"root": "0x12"})

    def test_refuses_what_has_no_form(self) -> None:
        with self.assertRaises(TypeError):
            to_json(object())


class KeysTest(unittest.TestCase):
    def test_first_key_is_the_interoperability_key(self) -> None:
        self.assertEqual(secret_key(0), 0x25295F0D1D592A90B333E26E85149708208E9F8E8BC18F6C77BD62F8AD7A6866)
        self.assertEqual(
            public_key(0).hex(),
            "a99a76ed7796f7be22d5b7e85deeb7c5677e88e511e0b337618f8c4eb61349b4bf2d153f649f7b53359fe8b94a38e44c",
        )

    def test_one_signature_by_the_sum_is_the_aggregate(self) -> None:
        message = b"\x2a" * 32
        for indices in ([5], [1, 2, 3], [7, 7, 9]):
            self.assertEqual(
                sign_together(indices, message), bls.Aggregate([sign(index, message) for index in indices])
            )


class HistoryTest(unittest.TestCase):
    def record(self, slot: int, parent: bytes, final_root: bytes = bytes(32)) -> BlockRecord:
        checkpoint = spec.Checkpoint(root=final_root)
        root = slot.to_bytes(32, "big") if slot else b"\x47" * 32
        return BlockRecord(
            slot, root, parent, b"\x53" + root[1:], b"", b"", Checkpoints(checkpoint, checkpoint, checkpoint)
        )

    def test_forgets_the_oldest_but_never_the_first(self) -> None:
        genesis = self.record(0, bytes(32))
        history = History(genesis, limit=10)
        parent = genesis.root
        for slot in range(1, 31):
            record = self.record(slot, parent)
            history.append(record)
            parent = record.root
        self.assertEqual(history.head.slot, 30)
        self.assertEqual([slot for slot in range(1, 31) if history.by_slot(slot)], list(range(21, 31)))
        self.assertIsNone(history.by_root((20).to_bytes(32, "big")))
        self.assertIsNone(history.by_state_root(self.record(20, parent).state_root))
        self.assertEqual(history.by_slot(0), genesis)
        self.assertEqual(history.by_root(genesis.root), genesis)
        self.assertEqual(history.finalized, genesis)
        self.assertEqual(history.children(genesis.root), [])
        self.assertEqual([each.slot for each in history.children(history.by_slot(25).root)], [26])

    def test_is_final_up_to_the_heads_checkpoint(self) -> None:
        history = History(self.record(0, bytes(32)), limit=10)
        for slot, final in itertools.zip_longest(range(1, 5), ()):
            history.append(self.record(slot, bytes(32), final or bytes(32)))
        history.append(self.record(5, bytes(32), history.by_slot(2).root))
        self.assertEqual(history.finalized.slot, 2)
        self.assertEqual([history.is_finalized(history.by_slot(slot)) for slot in (0, 2, 3)], [True, True, False])


class ArgumentsTest(unittest.TestCase):
    def refused(self, *arguments: str) -> str:
        output = io.StringIO()
        with contextlib.redirect_stderr(output), self.assertRaises(SystemExit) as exit_:
            parse_arguments(list(arguments))
        self.assertEqual(exit_.exception.code, 2)
        return output.getvalue()

    def test_a_running_node_needs_both_addresses_and_the_secret(self) -> None:
        self.assertIn("--spawn-execution", self.refused())
        self.assertIn("--jwt", self.refused("--execution-rpc-url", "http://a", "--execution-engine-url", "http://b"))

    def test_a_started_node_needs_a_folder_and_no_address(self) -> None:
        self.assertIn("--data-dir", self.refused("--spawn-execution", "x"))
        self.assertIn("--data-dir", self.refused("--spawn-execution", "x", "--data-dir", "y", "--jwt", "z"))

    def test_numbers_out_of_range(self) -> None:
        node = ("--spawn-execution", "x", "--data-dir", "y")
        for option, value in (
            ("--validators", "31"),
            ("--validators", "many"),
            ("--slot-ms", "-1"),
            ("--chain-id", "0"),
            ("--beacon-port", "65536"),
            ("--history", "63"),
        ):
            self.assertIn(option, self.refused(*node, option, value))
        self.refused(*node, "--unknown")


if __name__ == "__main__":
    unittest.main()
