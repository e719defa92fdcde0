//! The actor engine on a chain's storage.
