//! Relay chain, Gear and sibling in one process.
//!
//! The runtimes are the real ones, natively compiled: Westend's, and both of this repository, each
//! from its `local_testnet` preset. Blocks are made one at a time, by [`gear`] and [`sibling`],
//! and every message between the chains goes through the real queues:
//!
//! ```text
//! block of A: XcmpQueue ──▶ ParachainSystem ──▶ in flight ──▶ next block of B: XcmpQueue ──▶
//! MessageQueue ──▶ executor
//! relay chain: Dmp ──▶ next block of B: MessageQueue ──▶ executor
//! ```
//!
//! The blocks are `xcm-emulator`'s, with one difference. It executes what arrives outside of any
//! block and with unlimited weight; here messages arrive with a block, as the inherent would bring
//! them, and the block's own hooks execute them within its own limits: `MessageQueue` and `Gear` in
//! `on_idle`, in what weight is left. So a message that is too heavy for a block waits here as well.
//!
//! What is not there: validators, proofs of validity, and the relay chain's part in HRMP. The
//! channels between the two parachains are open from the start.

mod block;
mod chains;
mod genesis;
mod world;

pub use block::{Arrival, arrive, in_flight};
pub use chains::{Emulation, GearPara, RelayRelay, SiblingPara};
pub use world::{capacitor, deploy, endow, gear, ping, run, sibling};
