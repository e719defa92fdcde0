//! A chain.
