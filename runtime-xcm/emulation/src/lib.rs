//! Relay chain, Gear and sibling in one process.
