//! Carries an Ethereum gateway's messages to a Gear chain.

pub mod config;
