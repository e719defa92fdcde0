//! A second parachain, as small as can be, that talks to programs.
