//! The engine's behaviour, seen from outside: one file a topic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod builtin;
mod conservation;
mod cost;
mod failures;
mod gas;
mod lifecycle;
mod metering;
mod paging;
mod programs;
mod queue;
mod schedule;
mod streams;
mod support;
mod syscalls;
mod testkit;
mod upload;
