//! The actor engine: runs Gear programs, knows nothing of chains.
