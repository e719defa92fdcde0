//! How the pallets are set up, a file per concern.

pub mod chain;
pub mod ethereum;
pub mod gateway;
pub mod gear;
pub mod parachain;
