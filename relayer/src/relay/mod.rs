//! Carries an Ethereum gateway's messages to a Gear chain.

pub mod backoff;
pub mod config;
mod error;
pub mod outbox;
pub mod stage;

pub use error::{Error, Fate};
