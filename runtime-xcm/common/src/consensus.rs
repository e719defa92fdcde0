//! How fast blocks are made.

/// Milliseconds between two blocks of a parachain here, and the length of an Aura slot.
pub const SLOT_DURATION: u64 = 6_000;

/// Milliseconds of a relay chain slot.
pub const RELAY_SLOT_DURATION: u32 = 6_000;

/// Parachain blocks a relay chain block takes in.
pub const BLOCKS_PER_RELAY_BLOCK: u32 = 1;

/// Parachain blocks that may wait for the relay chain to include them.
pub const UNINCLUDED_SEGMENT_CAPACITY: u32 = 3;

/// Relay chain blocks a parachain block stays behind the newest one.
pub const RELAY_PARENT_OFFSET: u32 = 0;
