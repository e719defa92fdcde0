//! One file a way in or out.

mod answers;
mod calls;
mod channels;
mod deposits;
mod messages;
mod programs;
mod queries;
mod requests;
mod topics;
