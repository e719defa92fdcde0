//! How a message that leaves a program gets to where it goes: into the queue, into a later block,
//! into a mailbox or straight to a user.

use crate::{
	gas,
	ids::{self, ActorId, MessageId},
	journal::{Send, SendGas},
	mailbox,
	message::{Dispatch, DispatchKind, Gas, Message},
	program, reservation,
	schedule::{self, Delayed},
	settings::Settings,
	state::{ApplyError, Event, StateMut},
};
use alloc::vec::Vec;
use gear_core_errors::{ReplyCode, SuccessReplyReason};

/// The way out of a dispatch, or of the stash of delayed messages.
pub(crate) struct Route<'a, S> {
	pub(crate) state: &'a mut S,
	pub(crate) settings: &'a Settings,
	/// The gas node that pays, where a message has none of its own.
	pub(crate) parent: MessageId,
	/// What that node can spare for mail that nobody gave gas.
	pub(crate) gas_left: Gas,
}

impl<S: StateMut> Route<'_, S> {
	/// Sends a message, now or later. Its value is held from now on.
	pub(crate) fn send(&mut self, send: Send) -> Result<(), ApplyError> {
		let Send { kind, message, gas, delay, heard } = send;
		let source = message.source;
		if message.value > 0 {
			self.state.hold_value(source, message.value)?;
		}
		let gas_node = self.fund(kind, &message, gas, delay)?;
		let own_gas = gas_node != self.parent;
		let dispatch = Dispatch::new(kind, message, gas_node, source);
		if delay > 0 {
			return schedule::delay(self.state, self.settings, dispatch, own_gas, delay);
		}
		self.pass(dispatch, own_gas, heard)
	}

	/// Finds what pays for a message, and counts it there.
	fn fund(
		&mut self,
		kind: DispatchKind,
		message: &Message,
		gas: SendGas,
		delay: u32,
	) -> Result<MessageId, ApplyError> {
		// A reply is paid by what its receiver deposited for it, if it did, unless the sender has
		// set gas aside for it.
		let deposited = kind == DispatchKind::Reply && self.state.gas_node(message.id).is_some();
		match gas {
			SendGas::Reserved(id) => {
				if deposited {
					gas::release(self.state, message.id)?;
				}
				reservation::use_up(self.state, message.source, id)
			}
			_ if deposited => Ok(message.id),
			SendGas::Limit(limit) => {
				let rent = schedule::rent(self.state, self.settings, delay)?;
				let gas =
					limit.checked_add(rent.locked).ok_or(ApplyError::GasOverspent(self.parent))?;
				gas::split(self.state, self.parent, message.id, gas)?;
				Ok(message.id)
			}
			SendGas::Shared => {
				gas::share(self.state, self.parent)?;
				Ok(self.parent)
			}
		}
	}

	/// Passes a message on to whoever it is for.
	pub(crate) fn pass(
		&mut self,
		dispatch: Dispatch,
		own_gas: bool,
		heard: bool,
	) -> Result<(), ApplyError> {
		let Dispatch { kind, message: Message { destination, .. }, .. } = dispatch;
		// The first message to a program that could not be made has to come to nothing.
		let here = kind == DispatchKind::Init
			|| self.state.program(destination).is_some()
			|| self.state.builtin(destination).is_some();
		if here {
			enqueue(self.state, dispatch);
			return Ok(());
		}
		let Some(dispatch) = self.keep(dispatch, own_gas)? else { return Ok(()) };
		let Dispatch { message, gas_node, .. } = dispatch;
		if message.value > 0 {
			self.state.deliver_value(message.source, destination, message.value)?;
		}
		self.state.deliver_to_user(message.clone(), None);
		match kind {
			DispatchKind::Reply => gas::release(self.state, gas_node),
			// Nobody is at the zero address: programs send there what they want the world to know.
			_ if heard && destination != ActorId::zero() => {
				acknowledge(self.state, &message, gas_node)
			}
			_ => {
				// What was deposited for a reply that never comes.
				let reply = ids::reply_message_id(message.id);
				if self.state.gas_node(reply).is_some() {
					gas::release(self.state, reply)?;
				}
				gas::release(self.state, gas_node)
			}
		}
	}

	/// Puts a message to a user into the mailbox, if it may be kept and has gas for that.
	fn keep(&mut self, dispatch: Dispatch, own_gas: bool) -> Result<Option<Dispatch>, ApplyError> {
		let threshold = self.settings.schedule.mailbox_threshold;
		let Dispatch { kind, message: Message { id, destination, .. }, gas_node, .. } = dispatch;
		let nobody = destination == ActorId::zero();
		if kind == DispatchKind::Reply || nobody || !self.state.keeps_mail(destination) {
			return Ok(Some(dispatch));
		}
		let gas = match own_gas {
			true => self.state.gas_node(gas_node).map_or(0, |node| node.remaining),
			false if self.gas_left >= threshold => threshold,
			false => 0,
		};
		let Some(blocks) = mailbox::blocks(self.settings, gas) else { return Ok(Some(dispatch)) };
		let gas_node = if own_gas {
			gas_node
		} else {
			self.gas_left = self.gas_left.saturating_sub(gas);
			gas::split(self.state, gas_node, id, gas)?;
			gas::release(self.state, gas_node)?;
			id
		};
		mailbox::keep(self.state, self.settings, dispatch.message, gas_node, blocks)?;
		Ok(None)
	}
}

/// Replies to a message that its user got or let go, in the user's name. What was deposited for
/// the reply pays for it, else what paid for the message.
pub(crate) fn acknowledge<S: StateMut>(
	state: &mut S,
	message: &Message,
	gas_node: MessageId,
) -> Result<(), ApplyError> {
	let code = ReplyCode::Success(SuccessReplyReason::Auto);
	let reply = message.reply(code, Vec::new());
	let node = if state.gas_node(reply.id).is_some() {
		gas::release(state, gas_node)?;
		reply.id
	} else {
		gas_node
	};
	let user = reply.source;
	enqueue(state, Dispatch::new(DispatchKind::Reply, reply, node, user));
	Ok(())
}

/// Gives the value of a dispatch that failed back to who paid it, or to its heir.
pub(crate) fn return_value<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	dispatch: &Dispatch,
) -> Result<(), ApplyError> {
	let (owner, value) = (dispatch.value_payer, dispatch.message.value);
	let heir: ActorId = program::heir(state, settings, owner);
	if heir == owner {
		state.release_value(owner, value)?;
	} else {
		state.deliver_value(owner, heir, value)?;
	}
	Ok(())
}

/// Puts a dispatch into the queue and says so.
pub(crate) fn enqueue<S: StateMut>(state: &mut S, dispatch: Dispatch) {
	let Message { id, source, destination, .. } = dispatch.message;
	let entry = dispatch.kind;
	state.queue_push(dispatch);
	state.emit(Event::MessageQueued { id, source, destination, entry });
}

/// Passes on a message whose delay is over.
pub(crate) fn send_delayed<S: StateMut>(
	state: &mut S,
	settings: &Settings,
	message: MessageId,
) -> Result<(), ApplyError> {
	let Some(Delayed { dispatch, own_gas, rent }) = state.delayed(message) else { return Ok(()) };
	state.begin(message);
	state.set_delayed(message, None);
	let node = dispatch.gas_node;
	gas::settle(state, node, rent)?;
	let gas_left = state.gas_node(node).map_or(0, |node| node.remaining);
	Route { state, settings, parent: node, gas_left }.pass(dispatch, own_gas, true)
}
