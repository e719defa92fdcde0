//! For any parachain: calls programs on a Gear parachain and receives their replies.
