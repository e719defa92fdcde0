//! The relayer daemon and the command line of Gearway.
//!
//! The library does the work and the binary is a thin shell around it:
//!
//! - [`relay`]: carries an Ethereum gateway's messages to the Gear chain, stage by stage, each
//!   stage a row's state in a database that survives any crash;
//! - [`gear`]: a client of a Gear chain's node;
//! - [`ethereum`]: clients of an execution node and of a beacon node;
//! - [`telemetry`]: what those clients count;
//! - [`net`]: networks on one machine, for development and tests;
//! - [`load`]: messages at a rate, and how a network takes them;
//! - [`cli`]: the command line, a file per command.

pub mod cli;
pub mod ethereum;
pub mod gear;
pub mod load;
pub mod net;
pub mod relay;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod tls;
