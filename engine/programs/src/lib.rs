//! The example programs, built to Wasm.
