//! Proven Ethereum events become messages to programs, exactly once.
