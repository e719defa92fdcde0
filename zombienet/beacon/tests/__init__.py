"""Tests of the development network. They run the real execution node: `python -m unittest` in the folder above."""

from beacon_devnet import consensus

# One configuration a process, before anything uses the spec.
CHAIN_ID = 31337
consensus.configure(CHAIN_ID)
