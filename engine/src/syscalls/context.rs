//! What a dispatch knows and has done, while it runs.

use super::{Halt, Meter, call::Addressed, reserve::Reservations};
use crate::{
	gas::GasPrice,
	ids::{self, ActorId, CodeId, MessageId},
	journal::SendGas,
	message::{Dispatch, DispatchKind, Earlier, Gas, Message, ReplyDetails, SignalDetails, Value},
	pages::RunSet,
	program::Program,
	rent,
	settings::Settings,
	state::{BlockInfo, Randomness},
};
use alloc::{collections::BTreeSet, vec::Vec};
use core::ops::Range;
use gear_core_errors::{
	ExecutionError, ExtError, MessageError, ReplyCode, ReservationError, SuccessReplyReason,
};

/// What a dispatch knows and has done.
#[derive(Debug)]
pub(crate) struct Context {
	pub(crate) settings: Settings,
	pub(crate) world: World,
	pub(crate) kind: DispatchKind,
	/// The message that is being handled.
	pub(crate) message: Message,
	pub(crate) signal: Option<SignalDetails>,
	/// What the message's earlier runs left to know.
	pub(crate) earlier: Earlier,
	/// What the program may still send, the message's own value included.
	pub(crate) value_available: Value,
	pub(crate) meter: Meter,
	/// Pages the program has allocated, within `heap`.
	pub(crate) pages: RunSet,
	pub(crate) heap: Range<u32>,
	/// Messages begun, from the number that `earlier` says on; `None` once sent.
	pub(super) drafts: Vec<Option<Vec<u8>>>,
	pub(super) reply_draft: Vec<u8>,
	pub(super) outgoing_bytes: u32,
	pub(crate) sent: Vec<Outgoing>,
	pub(crate) reply: Option<(Message, SendGas)>,
	/// Programs made.
	pub(super) created: BTreeSet<ActorId>,
	/// Gas for replies to come, by the messages they will answer.
	pub(crate) deposits: Vec<(MessageId, Gas)>,
	/// Messages to wake, and in how many blocks.
	pub(crate) wakes: Vec<(MessageId, u32)>,
	pub(super) woken: BTreeSet<MessageId>,
	pub(crate) reservations: Reservations,
	/// Gas set aside for a signal, by this run.
	pub(crate) for_signal: Gas,
	/// Gas turned into funds of the program.
	pub(crate) gas_bought: Gas,
	pub(crate) debug: Vec<Vec<u8>>,
	/// Why a syscall stopped the program.
	pub(crate) halt: Option<Halt>,
}

/// What a program can ask of the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
	pub(crate) block: BlockInfo,
	pub(crate) randomness: Randomness,
	pub(crate) gas_price: GasPrice,
	pub(crate) existential_deposit: Value,
	/// What it costs to make a program.
	pub(crate) endowment: Value,
}

/// A message that was sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
	pub(crate) kind: DispatchKind,
	pub(crate) message: Message,
	pub(crate) gas: SendGas,
	pub(crate) delay: u32,
	/// The code of the program that begins with it, if it is `init`.
	pub(crate) code: Option<CodeId>,
}

/// How a message is sent.
#[derive(Clone, Copy)]
pub(super) struct Terms {
	pub(super) gas: SendGas,
	pub(super) delay: u32,
}

impl Context {
	/// What `program` begins `dispatch` with.
	pub(crate) fn new(
		settings: Settings,
		world: World,
		dispatch: &Dispatch,
		program: &Program,
		value_available: Value,
		heap: Range<u32>,
		meter: Meter,
	) -> Self {
		let earlier = dispatch.earlier.unwrap_or_default();
		Self {
			settings,
			world,
			kind: dispatch.kind,
			message: dispatch.message.clone(),
			signal: dispatch.signal,
			earlier,
			value_available,
			meter,
			pages: program.pages.clone(),
			heap,
			drafts: Vec::new(),
			reply_draft: Vec::new(),
			outgoing_bytes: 0,
			sent: Vec::new(),
			reply: None,
			created: BTreeSet::new(),
			deposits: Vec::new(),
			wakes: Vec::new(),
			woken: BTreeSet::new(),
			reservations: Reservations::new(&program.reservations, earlier.reservations),
			for_signal: 0,
			gas_bought: 0,
			debug: Vec::new(),
			halt: None,
		}
	}

	/// Whether the message has been replied to, by this run or an earlier one.
	pub(crate) fn replied(&self) -> bool {
		self.earlier.replied || self.reply.is_some()
	}

	/// What is to be known if the message runs again after this run.
	pub(crate) fn afterwards(&self) -> Earlier {
		Earlier {
			// Their number is limited.
			sends: self.earlier.sends.saturating_add(self.drafts.len() as u32),
			reservations: self.reservations.next(),
			replied: self.replied(),
			for_signal: self.earlier.for_signal.saturating_add(self.for_signal),
		}
	}

	/// A piece of the message's payload.
	pub(super) fn input(&self, offset: u32, len: u32) -> Result<&[u8], MessageError> {
		let payload = &self.message.payload;
		let (offset, len) = (offset as usize, len as usize);
		if offset >= payload.len() {
			return Err(MessageError::OutOfBoundsInputSliceOffset);
		}
		offset
			.checked_add(len)
			.and_then(|end| payload.get(offset..end))
			.ok_or(MessageError::OutOfBoundsInputSliceLength)
	}

	/// Begins a message. Returns its handle, which is also the number its id is made of.
	pub(super) fn begin(&mut self) -> Result<u32, MessageError> {
		let begun = self.drafts.len() as u32;
		let handle = self.earlier.sends.checked_add(begun);
		match handle.filter(|_| begun < self.settings.limits.outgoing_messages) {
			Some(handle) => {
				self.drafts.push(Some(Vec::new()));
				Ok(handle)
			}
			None => Err(MessageError::OutgoingMessagesAmountLimitExceeded),
		}
	}

	fn draft(&mut self, handle: u32) -> Result<&mut Option<Vec<u8>>, MessageError> {
		let index = handle.checked_sub(self.earlier.sends).ok_or(MessageError::OutOfBounds)?;
		match self.drafts.get_mut(index as usize) {
			Some(None) => Err(MessageError::LateAccess),
			Some(draft) => Ok(draft),
			None => Err(MessageError::OutOfBounds),
		}
	}

	/// Adds to a message that was begun.
	pub(super) fn push(&mut self, handle: u32, bytes: &[u8]) -> Result<(), MessageError> {
		let limits = self.settings.limits;
		let outgoing = self.outgoing_bytes as usize;
		let draft = self.draft(handle)?.get_or_insert_default();
		let outgoing = grown(outgoing, bytes.len(), limits.outgoing_bytes)
			.ok_or(MessageError::OutgoingMessagesBytesLimitExceeded)?;
		grown(draft.len(), bytes.len(), limits.payload_len)
			.ok_or(MessageError::MaxMessageSizeExceed)?;
		draft.extend_from_slice(bytes);
		self.outgoing_bytes = outgoing;
		Ok(())
	}

	/// Adds to the reply.
	pub(super) fn reply_push(&mut self, bytes: &[u8]) -> Result<(), ExtError> {
		self.may_reply()?;
		if self.replied() {
			return Err(MessageError::LateAccess.into());
		}
		grown(self.reply_draft.len(), bytes.len(), self.settings.limits.payload_len)
			.ok_or(MessageError::MaxMessageSizeExceed)?;
		self.reply_draft.extend_from_slice(bytes);
		Ok(())
	}

	/// Sends a message that was begun. On an error it stays begun.
	pub(super) fn commit(
		&mut self,
		handle: u32,
		to: Addressed,
		terms: Terms,
	) -> Result<MessageId, ExtError> {
		self.draft(handle)?;
		self.take_out(to.value, terms)?;
		let payload = self.draft(handle)?.take().unwrap_or_default();
		let Addressed { destination, value } = to;
		Ok(self.leave(DispatchKind::Handle, handle, destination.into(), payload, value, terms))
	}

	/// Makes a program, with `payload` as its first message.
	pub(super) fn create(
		&mut self,
		code: CodeId,
		salt: &[u8],
		payload: Vec<u8>,
		value: Value,
		terms: Terms,
	) -> Result<(MessageId, ActorId), ExtError> {
		let program = ids::created_program_id(self.message.destination, code, salt);
		if self.created.contains(&program) {
			return Err(MessageError::DuplicateInit.into());
		}
		let bytes =
			grown(self.outgoing_bytes as usize, payload.len(), self.settings.limits.outgoing_bytes)
				.ok_or(MessageError::OutgoingMessagesBytesLimitExceeded)?;
		let endowed = self
			.value_available
			.checked_sub(self.world.endowment)
			.ok_or(ExecutionError::NotEnoughValue)?;
		let handle = self.begin()?;
		let before = core::mem::replace(&mut self.value_available, endowed);
		if let Err(error) = self.take_out(value, terms) {
			self.value_available = before;
			self.drafts.pop();
			return Err(error);
		}
		if let Some(draft) = self.drafts.last_mut() {
			*draft = None;
		}
		self.outgoing_bytes = bytes;
		self.created.insert(program);
		let id = self.leave(DispatchKind::Init, handle, program, payload, value, terms);
		if let Some(sent) = self.sent.last_mut() {
			sent.code = Some(code);
		}
		Ok((id, program))
	}

	/// Notes a message that is paid for.
	fn leave(
		&mut self,
		kind: DispatchKind,
		handle: u32,
		destination: ActorId,
		payload: Vec<u8>,
		value: Value,
		terms: Terms,
	) -> MessageId {
		let id = ids::sent_message_id(self.message.id, handle);
		let source = self.message.destination;
		let message = Message { id, source, destination, payload, value, reply: None };
		let Terms { gas, delay } = terms;
		self.sent.push(Outgoing { kind, message, gas, delay, code: None });
		id
	}

	/// Sends the reply.
	pub(super) fn reply_commit(
		&mut self,
		value: Value,
		gas: SendGas,
	) -> Result<MessageId, ExtError> {
		self.may_reply()?;
		if self.replied() {
			return Err(MessageError::DuplicateReply.into());
		}
		self.take_out(value, Terms { gas, delay: 0 })?;
		let id = ids::reply_message_id(self.message.id);
		let code = ReplyCode::Success(SuccessReplyReason::Manual);
		let message = Message {
			id,
			source: self.message.destination,
			destination: self.message.source,
			payload: core::mem::take(&mut self.reply_draft),
			value,
			reply: Some(ReplyDetails { to: self.message.id, code }),
		};
		self.reply = Some((message, gas));
		Ok(id)
	}

	/// Sets gas aside for the reply to a message that this run has sent.
	pub(super) fn deposit(&mut self, message: MessageId, gas: Gas) -> Result<(), ExtError> {
		if self.deposits.iter().any(|(deposited, _)| *deposited == message) {
			return Err(MessageError::DuplicateReplyDeposit.into());
		}
		if !self.sent.iter().any(|sent| sent.message.id == message) {
			return Err(MessageError::IncorrectMessageForReplyDeposit.into());
		}
		if !self.meter.pass_on(gas) {
			return Err(ExecutionError::NotEnoughGas.into());
		}
		self.deposits.push((message, gas));
		Ok(())
	}

	fn may_reply(&self) -> Result<(), ExtError> {
		match self.kind {
			DispatchKind::Init | DispatchKind::Handle => Ok(()),
			DispatchKind::Reply | DispatchKind::Signal => {
				Err(ExecutionError::IncorrectEntryForReply.into())
			}
		}
	}

	/// Takes value and gas out for a message, or nothing.
	fn take_out(&mut self, value: Value, terms: Terms) -> Result<(), ExtError> {
		let schedule = &self.settings.schedule;
		if value > 0 && value < self.world.existential_deposit {
			return Err(MessageError::InsufficientValue.into());
		}
		if let SendGas::Limit(gas) = terms.gas
			&& gas > 0
			&& gas < schedule.mailbox_threshold
		{
			return Err(MessageError::InsufficientGasLimit.into());
		}
		let left = self.value_available.checked_sub(value).ok_or(ExecutionError::NotEnoughValue)?;
		let rent = rent::price_of(&self.settings, schedule.stash_block, terms.delay)
			.ok_or(MessageError::InsufficientGasForDelayedSending)?;
		match terms.gas {
			SendGas::Reserved(id) => {
				let gas =
					self.reservations.gas(id).ok_or(ReservationError::InvalidReservationId)?;
				if gas < rent {
					return Err(MessageError::InsufficientGasForDelayedSending.into());
				}
				self.reservations.use_up(id);
			}
			SendGas::Limit(_) | SendGas::Shared => {
				let gas = if let SendGas::Limit(gas) = terms.gas { gas } else { 0 };
				if gas > self.meter.left() {
					return Err(ExecutionError::NotEnoughGas.into());
				}
				if !gas.checked_add(rent).is_some_and(|sum| self.meter.pass_on(sum)) {
					return Err(MessageError::InsufficientGasForDelayedSending.into());
				}
			}
		}
		self.value_available = left;
		Ok(())
	}
}

/// `len + more`, unless that is over `limit`.
fn grown(len: usize, more: usize, limit: u32) -> Option<u32> {
	let sum = u32::try_from(len.checked_add(more)?).ok()?;
	(sum <= limit).then_some(sum)
}
