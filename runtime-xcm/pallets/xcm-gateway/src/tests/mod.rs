//! One file a way in or out.

mod answers;
mod deposits;
mod messages;
mod queries;
mod requests;
mod topics;
