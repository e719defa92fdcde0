//! Makes the chain specs from the runtimes' genesis presets.
