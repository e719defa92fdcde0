//! Gas: what things cost, and who holds what was paid in advance.

use crate::{
	ids::{ActorId, MessageId},
	message::{Gas, Value},
	rent::Rent,
	state::{ApplyError, StateMut},
};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What gas costs in native asset. As `gsys` lays it out for programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GasPrice {
	/// So much native asset buys one gas.
	ValuePerGas(Value),
	/// One of native asset, in its smallest unit, buys so much gas.
	GasPerValue(Gas),
}

impl GasPrice {
	/// Nothing: the least that can be told, as a divisor of 0 would stop programs that calculate.
	pub const FREE: Self = Self::GasPerValue(Gas::MAX);
}

/// Whether gas costs anything on a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Economy {
	/// It has a price in native asset.
	#[default]
	Priced,
	/// It costs nothing: a consortium's chain. It is limited and counted all the same.
	Free,
}

/// The price list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct GasSchedule {
	/// A Wasm instruction. All weigh the same; `end` and `else` are no instructions. The same is
	/// due for each 8 locals of a called function beyond its first 64.
	pub instruction: Gas,
	/// A 64 KiB page that becomes the program's: its static memory at `init`, `alloc` later.
	pub new_page: Gas,
	/// A 64 KiB page that was the program's before the message.
	pub allocated_page: Gas,
	/// A message that is executed, whatever it does.
	pub dispatch: Gas,
	/// A byte of metered code, or of its initial memory, that is read and made ready.
	pub code_byte: Gas,
	/// A chunk of memory that is read from storage.
	pub chunk_read: Gas,
	/// A chunk of memory that is written to storage.
	pub chunk_write: Gas,
	/// A call of the program into the engine.
	pub syscall: Gas,
	/// A byte that such a call copies.
	pub syscall_byte: Gas,
	/// A message that is put into the queue or handed to a user.
	pub send: Gas,
	/// A task that is run in a later block: paid by who schedules it, and out of the allowance of
	/// that block.
	pub task: Gas,
	/// A block that a message waits.
	pub waitlist_block: Gas,
	/// A block that a message is in the mailbox.
	pub mailbox_block: Gas,
	/// A block by which the sending of a message is delayed.
	pub stash_block: Gas,
	/// A block that a gas reservation lasts.
	pub reservation_block: Gas,
	/// The least gas with which a message to a user is kept in the mailbox, and the least that can
	/// be given to a message or set aside.
	pub mailbox_threshold: Gas,
}

impl GasSchedule {
	/// The figures of Gear's white paper, and nothing else: 1 000 an instruction, 64 000 a newly
	/// allocated page, 1 000 an already allocated page per message.
	pub const fn white_paper() -> Self {
		Self {
			instruction: 1_000,
			new_page: 64_000,
			allocated_page: 1_000,
			dispatch: 0,
			code_byte: 0,
			chunk_read: 0,
			chunk_write: 0,
			syscall: 0,
			syscall_byte: 0,
			send: 0,
			task: 0,
			waitlist_block: 0,
			mailbox_block: 0,
			stash_block: 0,
			reservation_block: 0,
			mailbox_threshold: 0,
		}
	}

	/// What the chain runs with, at a picosecond a gas.
	///
	/// Measured with the interpreter inside a Wasm runtime: 9 to 10 ns an instruction, 82 ns to
	/// validate and translate a byte of code. Functions are translated when they are first called
	/// in a block, and of their bytes, which are about twice those that were uploaded, a good part
	/// is for what seldom happens, so a code byte is priced below that. Storage costs 25 µs a read and 100 µs a
	/// write, which is `RocksDbWeight` of Substrate; a page is cleared, filled and compared.
	pub const fn production() -> Self {
		Self {
			instruction: 10_000,
			new_page: 100_000_000,
			allocated_page: 50_000_000,
			dispatch: 500_000_000,
			code_byte: 35_000,
			chunk_read: 25_000_000,
			chunk_write: 100_000_000,
			syscall: 1_000_000,
			syscall_byte: 2_000,
			send: 200_000_000,
			task: 200_000_000,
			waitlist_block: 100_000,
			mailbox_block: 50_000,
			stash_block: 100_000,
			reservation_block: 50_000,
			mailbox_threshold: 1_000_000_000,
		}
	}
}

/// Gas paid in advance. Messages sent without a gas limit of their own share their parent's node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct GasNode {
	/// Who paid and has back what is left.
	pub payer: ActorId,
	/// What is left and can be spent.
	pub remaining: Gas,
	/// What is left and locked, as rent of what this node pays for in storage.
	pub locked: Gas,
	/// Messages, on their way or being executed, mails and reservations that this node pays for.
	pub users: u32,
}

/// Makes the node of message `id`, out of gas that the payer has reserved.
pub(crate) fn open<S: StateMut>(state: &mut S, id: MessageId, payer: ActorId, gas: Gas) {
	state.set_gas_node(id, Some(GasNode { payer, remaining: gas, locked: 0, users: 1 }));
}

/// Gives message `child` a node of its own with `gas` out of `parent`'s.
pub(crate) fn split<S: StateMut>(
	state: &mut S,
	parent: MessageId,
	child: MessageId,
	gas: Gas,
) -> Result<(), ApplyError> {
	let node = take(state, parent, gas)?;
	open(state, child, node.payer, gas);
	Ok(())
}

/// Takes `gas` out of what is left in a node, and returns it as it is then.
fn take<S: StateMut>(state: &mut S, id: MessageId, gas: Gas) -> Result<GasNode, ApplyError> {
	let mut node = state.gas_node(id).ok_or(ApplyError::NoGasNode(id))?;
	node.remaining = node.remaining.checked_sub(gas).ok_or(ApplyError::GasOverspent(id))?;
	state.set_gas_node(id, Some(node));
	Ok(node)
}

/// Moves `gas` out of `parent`'s node into `child`'s, which is made if there is none.
pub(crate) fn set_aside<S: StateMut>(
	state: &mut S,
	parent: MessageId,
	child: MessageId,
	gas: Gas,
) -> Result<(), ApplyError> {
	let Some(mut node) = state.gas_node(child) else { return split(state, parent, child, gas) };
	take(state, parent, gas)?;
	node.remaining = node.remaining.checked_add(gas).ok_or(ApplyError::GasOverspent(child))?;
	state.set_gas_node(child, Some(node));
	Ok(())
}

/// Locks the rent of what `id` pays for in storage.
pub(crate) fn lock<S: StateMut>(
	state: &mut S,
	id: MessageId,
	rent: Rent,
) -> Result<(), ApplyError> {
	if rent.locked == 0 {
		return Ok(());
	}
	let mut node = take(state, id, rent.locked)?;
	node.locked = node.locked.checked_add(rent.locked).ok_or(ApplyError::GasOverspent(id))?;
	state.set_gas_node(id, Some(node));
	Ok(())
}

/// Spends what is due of a rent, and unlocks the rest.
pub(crate) fn settle<S: StateMut>(
	state: &mut S,
	id: MessageId,
	rent: Rent,
) -> Result<(), ApplyError> {
	if rent.locked == 0 {
		return Ok(());
	}
	let mut node = state.gas_node(id).ok_or(ApplyError::NoGasNode(id))?;
	node.locked = node.locked.checked_sub(rent.locked).ok_or(ApplyError::GasOverspent(id))?;
	let due = rent.due(state.block().height);
	let rest = rent.locked.checked_sub(due).ok_or(ApplyError::GasOverspent(id))?;
	node.remaining = node.remaining.checked_add(rest).ok_or(ApplyError::GasOverspent(id))?;
	state.set_gas_node(id, Some(node));
	if due > 0 {
		state.spend_gas(node.payer, due)?;
	}
	Ok(())
}

/// Counts one more message that `id` pays for.
pub(crate) fn share<S: StateMut>(state: &mut S, id: MessageId) -> Result<(), ApplyError> {
	let mut node = state.gas_node(id).ok_or(ApplyError::NoGasNode(id))?;
	node.users = node.users.checked_add(1).ok_or(ApplyError::GasOverspent(id))?;
	state.set_gas_node(id, Some(node));
	Ok(())
}

/// Takes `gas` out of `id` for the author of the block.
pub(crate) fn spend<S: StateMut>(state: &mut S, id: MessageId, gas: Gas) -> Result<(), ApplyError> {
	if gas == 0 {
		return Ok(());
	}
	let node = take(state, id, gas)?;
	state.spend_gas(node.payer, gas)?;
	Ok(())
}

/// Turns `gas` of `id` into funds of `program`.
pub(crate) fn pay<S: StateMut>(
	state: &mut S,
	id: MessageId,
	program: ActorId,
	gas: Gas,
) -> Result<(), ApplyError> {
	let node = take(state, id, gas)?;
	state.pay_gas(node.payer, program, gas)?;
	Ok(())
}

/// Counts one message less; when it was the last, what is left goes back to the payer.
pub(crate) fn release<S: StateMut>(state: &mut S, id: MessageId) -> Result<(), ApplyError> {
	let mut node = state.gas_node(id).ok_or(ApplyError::NoGasNode(id))?;
	node.users = node.users.checked_sub(1).ok_or(ApplyError::GasOverspent(id))?;
	if node.users > 0 {
		state.set_gas_node(id, Some(node));
		return Ok(());
	}
	// Who locked something is among the users.
	if node.locked > 0 {
		return Err(ApplyError::GasOverspent(id));
	}
	state.set_gas_node(id, None);
	if node.remaining > 0 {
		state.refund_gas(node.payer, node.remaining)?;
	}
	Ok(())
}
