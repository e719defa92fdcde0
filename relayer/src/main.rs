//! The relayer daemon and the command line.
fn main() {}
