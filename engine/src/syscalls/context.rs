//! What a dispatch knows and has done, while it runs.

use super::{Call, Halt, Meter};
use crate::{
	ids::{self, MessageId},
	message::{DispatchKind, Gas, Message, ReplyDetails, Value},
	pages::RunSet,
	settings::Settings,
	state::BlockInfo,
};
use alloc::vec::Vec;
use core::ops::Range;
use gear_core_errors::{ExecutionError, ExtError, MessageError, ReplyCode, SuccessReplyReason};

/// Instead of a value's address: there is none.
const NO_VALUE: u32 = u32::MAX;

/// What a dispatch knows and has done.
#[derive(Debug)]
pub(crate) struct Context {
	pub(crate) settings: Settings,
	pub(crate) block: BlockInfo,
	pub(crate) kind: DispatchKind,
	/// The message that is being handled.
	pub(crate) message: Message,
	pub(crate) existential_deposit: Value,
	/// What the program may still send, the message's own value included.
	pub(crate) value_available: Value,
	pub(crate) meter: Meter,
	/// Pages the program has allocated, within `heap`.
	pub(crate) pages: RunSet,
	pub(crate) heap: Range<u32>,
	/// Messages begun, by handle; `None` once sent.
	pub(super) drafts: Vec<Option<Vec<u8>>>,
	pub(super) reply_draft: Vec<u8>,
	pub(super) outgoing_bytes: u32,
	/// Messages sent, with gas taken out for them.
	pub(crate) sent: Vec<(Message, Option<Gas>)>,
	pub(crate) reply: Option<(Message, Option<Gas>)>,
	pub(crate) debug: Vec<Vec<u8>>,
	/// Why a syscall stopped the program.
	pub(crate) halt: Option<Halt>,
}

/// What a dispatch begins with.
pub(crate) struct Given {
	pub(crate) settings: Settings,
	pub(crate) block: BlockInfo,
	pub(crate) kind: DispatchKind,
	pub(crate) message: Message,
	pub(crate) existential_deposit: Value,
	pub(crate) value_available: Value,
	pub(crate) meter: Meter,
	pub(crate) pages: RunSet,
	pub(crate) heap: Range<u32>,
}

impl Context {
	pub(crate) fn new(given: Given) -> Self {
		let Given {
			settings,
			block,
			kind,
			message,
			existential_deposit,
			value_available,
			meter,
			pages,
			heap,
		} = given;
		Self {
			settings,
			block,
			kind,
			message,
			existential_deposit,
			value_available,
			meter,
			pages,
			heap,
			drafts: Vec::new(),
			reply_draft: Vec::new(),
			outgoing_bytes: 0,
			sent: Vec::new(),
			reply: None,
			debug: Vec::new(),
			halt: None,
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

	/// Begins a message.
	pub(super) fn begin(&mut self) -> Result<u32, MessageError> {
		let handle = self.drafts.len() as u32;
		if handle >= self.settings.limits.outgoing_messages {
			return Err(MessageError::OutgoingMessagesAmountLimitExceeded);
		}
		self.drafts.push(Some(Vec::new()));
		Ok(handle)
	}

	/// Adds to a message that was begun.
	pub(super) fn push(&mut self, handle: u32, bytes: &[u8]) -> Result<(), MessageError> {
		let limits = &self.settings.limits;
		let draft = match self.drafts.get_mut(handle as usize) {
			Some(Some(draft)) => draft,
			Some(None) => return Err(MessageError::LateAccess),
			None => return Err(MessageError::OutOfBounds),
		};
		let outgoing = grown(self.outgoing_bytes as usize, bytes.len(), limits.outgoing_bytes)
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
		if self.reply.is_some() {
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
		gas_limit: Option<Gas>,
	) -> Result<MessageId, ExtError> {
		match self.drafts.get(handle as usize) {
			Some(Some(_)) => {}
			Some(None) => return Err(MessageError::LateAccess.into()),
			None => return Err(MessageError::OutOfBounds.into()),
		}
		self.take_out(to.value, gas_limit)?;
		let payload =
			self.drafts.get_mut(handle as usize).and_then(Option::take).unwrap_or_default();
		let id = ids::sent_message_id(self.message.id, handle);
		let message = Message {
			id,
			source: self.message.destination,
			destination: to.destination.into(),
			payload,
			value: to.value,
			reply: None,
		};
		self.sent.push((message, gas_limit));
		Ok(id)
	}

	/// Sends the reply.
	pub(super) fn reply_commit(
		&mut self,
		value: Value,
		gas_limit: Option<Gas>,
	) -> Result<MessageId, ExtError> {
		self.may_reply()?;
		if self.reply.is_some() {
			return Err(MessageError::DuplicateReply.into());
		}
		self.take_out(value, gas_limit)?;
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
		self.reply = Some((message, gas_limit));
		Ok(id)
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
	fn take_out(&mut self, value: Value, gas_limit: Option<Gas>) -> Result<(), ExtError> {
		if value > 0 && value < self.existential_deposit {
			return Err(MessageError::InsufficientValue.into());
		}
		let left = self
			.value_available
			.checked_sub(value)
			.ok_or(ExtError::Execution(ExecutionError::NotEnoughValue))?;
		if !self.meter.pass_on(gas_limit.unwrap_or(0)) {
			return Err(ExecutionError::NotEnoughGas.into());
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

/// Who a message is for, and what goes along: `HashWithValue` of `gsys`.
pub(super) struct Addressed {
	destination: [u8; 32],
	value: Value,
}

/// Why a fallible syscall fails.
pub(super) enum Fault {
	/// The program is told.
	Code(ExtError),
	/// The program is stopped.
	Halt(Halt),
}

impl<E: Into<ExtError>> From<E> for Fault {
	fn from(error: E) -> Self {
		Self::Code(error.into())
	}
}

impl Fault {
	pub(super) fn halt(halt: impl Into<Halt>) -> Self {
		Self::Halt(halt.into())
	}
}

impl Call<'_> {
	pub(super) fn context(&mut self) -> &mut Context {
		self.context
	}

	/// The argument at `index`, an i32 or an address. Signatures were checked at upload, so it is
	/// there.
	pub(super) fn u32(&self, index: usize) -> u32 {
		// Backends hand i32 over zero-extended.
		self.u64(index) as u32
	}

	/// The argument at `index`, an i64.
	pub(super) fn u64(&self, index: usize) -> u64 {
		self.args.get(index).copied().unwrap_or(0)
	}

	/// Pays for the copy of `len` bytes.
	pub(super) fn pay_copy(&mut self, len: usize) -> Result<(), Halt> {
		let price = self.context.settings.schedule.syscall_byte;
		self.context.meter.charge(price.saturating_mul(len as u64))
	}

	/// Pays for a message that is sent.
	pub(super) fn pay_send(&mut self) -> Result<(), Halt> {
		let price = self.context.settings.schedule.send;
		self.context.meter.charge(price)
	}

	/// Reads as many bytes of the program's memory as `into` holds.
	pub(super) fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), Halt> {
		Ok(self.guest.read(at, into)?)
	}

	/// Writes into the program's memory.
	pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Halt> {
		Ok(self.guest.write(at, bytes)?)
	}

	/// Bytes of the program's memory, at most `limit` of them.
	pub(super) fn bytes(&mut self, at: u32, len: u32, limit: u32) -> Result<Vec<u8>, Halt> {
		let len = len.min(limit) as usize;
		self.pay_copy(len)?;
		let mut bytes = alloc::vec![0; len];
		self.read(at, &mut bytes)?;
		Ok(bytes)
	}

	/// A payload in the program's memory.
	pub(super) fn payload(&mut self, at: u32, len: u32) -> Result<Vec<u8>, Fault> {
		let limit = self.context.settings.limits.payload_len;
		if len > limit {
			return Err(MessageError::MaxMessageSizeExceed.into());
		}
		self.bytes(at, len, limit).map_err(Fault::Halt)
	}

	/// A piece of the message's own payload, to be sent on.
	pub(super) fn input(&mut self, offset: u32, len: u32) -> Result<Vec<u8>, Fault> {
		let bytes = self.context.input(offset, len)?.to_vec();
		self.pay_copy(bytes.len()).map_err(Fault::Halt)?;
		Ok(bytes)
	}

	/// 32 bytes of the program's memory.
	pub(super) fn hash(&mut self, at: u32) -> Result<[u8; 32], Halt> {
		let mut hash = [0; 32];
		self.read(at, &mut hash)?;
		Ok(hash)
	}

	/// A value in the program's memory.
	fn value_at(&mut self, at: u32) -> Result<Value, Halt> {
		let mut value = [0; 16];
		self.read(at, &mut value)?;
		Ok(Value::from_le_bytes(value))
	}

	/// A value in the program's memory, or 0 if it gives none.
	pub(super) fn value(&mut self, at: u32) -> Result<Value, Fault> {
		if at == NO_VALUE { Ok(0) } else { self.value_at(at).map_err(Fault::Halt) }
	}

	/// A destination followed by a value.
	pub(super) fn addressed(&mut self, at: u32) -> Result<Addressed, Fault> {
		let destination = self.hash(at).map_err(Fault::Halt)?;
		let value = match at.checked_add(32) {
			Some(at) => self.value_at(at),
			None => Err(Halt::Misuse),
		};
		Ok(Addressed { destination, value: value.map_err(Fault::Halt)? })
	}

	/// Writes the result of an infallible syscall.
	pub(super) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<u32, Halt> {
		self.write(at, bytes)?;
		Ok(0)
	}

	/// Writes the result of a fallible syscall: an error code, 0 if all is well, and the rest.
	pub(super) fn answer<const N: usize>(
		&mut self,
		at: u32,
		result: Result<[u8; N], Fault>,
	) -> Result<u32, Halt> {
		let (code, rest) = match result {
			Ok(rest) => (0, rest),
			Err(Fault::Code(error)) => (error.to_u32(), [0; N]),
			Err(Fault::Halt(halt)) => return Err(halt),
		};
		let mut bytes = Vec::with_capacity(4 + N);
		bytes.extend_from_slice(&code.to_le_bytes());
		bytes.extend_from_slice(&rest);
		self.put(at, &bytes)
	}
}
