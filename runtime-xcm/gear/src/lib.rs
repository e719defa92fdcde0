//! The Gear parachain's runtime.
