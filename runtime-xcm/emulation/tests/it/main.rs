//! The main jobs and the refusals, over three chains. One file a behaviour; each test's network is
//! its own, and none may change what a parachain has issued.

mod call;
mod charge;
mod common;
mod deposit;
mod docs;
mod forged;
mod mapping;
mod outcome;
mod poor;
mod refused;
mod reply;
mod request;
mod weight;
