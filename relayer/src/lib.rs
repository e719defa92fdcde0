//! The relayer daemon and the command line.
