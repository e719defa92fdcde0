//! Clients of an Ethereum chain: its execution node and its beacon node.
