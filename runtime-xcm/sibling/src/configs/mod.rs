//! How the pallets are set up, a file per concern.

pub mod chain;
pub mod client;
pub mod parachain;
