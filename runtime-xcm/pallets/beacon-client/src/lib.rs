//! Ethereum's beacon light client on a chain's storage.
