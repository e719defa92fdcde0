//! For programs: calls of other chains, awaited.
//!
//! ```ignored
//! use gearway_xcm::{self as xcm, Chain};
//!
//! // System::remark(b"hi") on parachain 2001, by the program's own account there, which pays up to
//! // half a token of that chain for it. An answer may take 50 blocks.
//! let remark = [&[0, 0][..], &b"hi".to_vec().encode()].concat();
//! match xcm::call(Chain::Parachain(2001), remark, 500_000_000_000, 50).await {
//! 	Ok(()) => {}
//! 	Err(xcm::Error::Timeout) => {} // It may have been made all the same.
//! 	Err(error) => panic!("{error}"),
//! }
//! ```
//!
//! The future is ready once: when the other chain says how it went, when the chain finds that
//! nothing can be sent, or when time is over. An answer after that changes nothing. Nobody but the
//! chain that was asked can answer.
//!
//! # Who pays
//!
//! The program: its account on the other chain pays what is done there, its account here the
//! chain's fee and the delivery, and whoever sent the message that it handles the gas, that of the
//! answer included.

#![no_std]
#![warn(missing_docs)]

extern crate alloc;

mod asset;
mod chain;
mod program;
mod request;

pub use asset::{Amount, Token};
pub use chain::Chain;
pub use program::{Call, Error, call};
pub use request::{ACTOR, CallRequest, Failure, OriginKind, Request};
