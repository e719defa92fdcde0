//! A counter, written with Sails: its constructor, commands, queries and events are described in
//! `sails-demo.idl`, from which clients are made.

#![no_std]

use sails_rs::{cell::RefCell, prelude::*};

/// What happens to a counter.
#[event]
#[derive(Clone, Debug, PartialEq, Encode, TypeInfo, ReflectHash)]
#[codec(crate = sails_rs::scale_codec)]
#[reflect_hash(crate = sails_rs)]
pub enum CounterEvent {
	/// It went up.
	Added {
		/// By so much.
		by: u32,
		/// To so much.
		to: u32,
	},
}

/// The service: a counter that somebody else owns.
pub struct Counter<'a>(&'a RefCell<u32>);

#[service(events = CounterEvent)]
impl Counter<'_> {
	/// Adds to the counter and returns what it is then.
	#[export]
	pub fn add(&mut self, by: u32) -> u32 {
		let to = self.0.borrow().checked_add(by).expect("the counter is over u32::MAX");
		*self.0.borrow_mut() = to;
		self.emit_event(CounterEvent::Added { by, to }).expect("the event cannot be sent");
		to
	}

	/// What the counter is.
	#[export]
	pub fn value(&self) -> u32 {
		*self.0.borrow()
	}
}

/// The program: one counter, and the service on it.
pub struct Demo(RefCell<u32>);

#[program]
impl Demo {
	/// A counter that begins with `start`.
	pub fn new(start: u32) -> Self {
		Self(RefCell::new(start))
	}

	/// The counter.
	pub fn counter(&self) -> Counter<'_> {
		Counter(&self.0)
	}
}
