//! Real parts for this crate's own tests, and one part that does not do what it should.

mod anvil;
mod postgres;
mod proxy;

pub(crate) use anvil::Anvil;
pub(crate) use postgres::Postgres;
pub(crate) use proxy::{Fault, FaultyProxy};
