//! The engine's behaviour, seen from outside: one file a topic.

mod conservation;
mod failures;
mod gas;
mod lifecycle;
mod programs;
mod queue;
mod support;
mod syscalls;
mod upload;
