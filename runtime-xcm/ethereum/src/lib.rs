//! Ethereum proofs: beacon light client, receipts; the same code in runtime and relayer.
