//! Chain specs out of the runtimes' genesis presets.
//!
//! A *plain* spec holds the runtime's code and the preset's patch; a node builds the state from
//! them. A *raw* spec holds the state itself, for whoever has no executor at hand. Here the state
//! is built by the runtime's native code, in this process: no node is needed to make either.
//!
//! The code in a spec is the runtime's Wasm without its names and debug sections, compressed:
//! smaller than what the relay chain accepts, and quicker to load.
//!
//! The folder `specs/` holds the plain specs without code, for people to read, and the template for
//! a live chain. A test compares them with what is made here.

mod blob;
mod chain;
mod committed;
mod spec;

pub use blob::{BlobError, pack};
pub use chain::Chain;
pub use committed::{PLACEHOLDER, committed, live};
pub use spec::{Format, Preset, Spec, SpecError, genesis, state};
