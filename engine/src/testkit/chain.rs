//! A chain's storage, in memory.

use super::{
	chunks::{ChunkStore, Traffic},
	table::{Counter, Index, List, Table, Undo},
};
use crate::{
	code::{Code, CodeMetadata},
	gas::{Economy, GasNode, GasPrice},
	ids::{self, ActorId, CodeId, MessageId},
	mailbox::Mail,
	message::{Dispatch, Gas, Message, Queued, Value},
	program::Program,
	schedule::{Delayed, Task, TaskKey},
	state::{
		ApplyError, BlockInfo, BuiltinError, BuiltinReply, Chunks, Event, FundsError, Position,
		Randomness, State, StateMut,
	},
	waitlist::Waiting,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};

/// What an actor of the runtime does: makes a reply's payload of a message.
pub type BuiltinFn = fn(&Message) -> Result<BuiltinReply, BuiltinError>;

/// The funds of an actor. Gas costs as much native asset as there is of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Account {
	/// At its disposal.
	pub free: Value,
	/// Held for messages on their way.
	pub held: Value,
	/// Reserved for gas.
	pub reserved: Value,
}

impl Account {
	/// All of it.
	pub fn total(&self) -> Value {
		self.free + self.held + self.reserved
	}
}

/// A chain's storage. Two of them are equal if everything on them is.
#[derive(Clone, PartialEq, Debug)]
pub struct Chain {
	block: BlockInfo,
	existential_deposit: Value,
	economy: Economy,
	endowment: Value,
	/// Gets what gas costs.
	author: ActorId,
	nonce: Counter<u128>,
	accounts: Index<ActorId, Account>,
	codes: Table<CodeId, (Arc<CodeMetadata>, Arc<[u8]>)>,
	programs: Table<ActorId, Program>,
	chunks: ChunkStore,
	gas_nodes: Index<MessageId, GasNode>,
	builtins: Table<ActorId, (Gas, BuiltinFnPtr)>,
	queue: Table<Position, Dispatch>,
	next_position: Counter<Position>,
	waitlist: Table<(ActorId, MessageId), Waiting>,
	mailbox: Table<(ActorId, MessageId), Mail>,
	delayed: Table<MessageId, Delayed>,
	tasks: Table<TaskKey, Task>,
	/// Index of the next task of a block.
	next_task: Table<u32, u32>,
	outbox: List<Message>,
	quarantine: List<(Dispatch, ApplyError)>,
	events: List<Event>,
}

/// A function that is equal to itself.
#[derive(Clone, Copy, Debug)]
struct BuiltinFnPtr(BuiltinFn);

impl PartialEq for BuiltinFnPtr {
	fn eq(&self, other: &Self) -> bool {
		core::ptr::fn_addr_eq(self.0, other.0)
	}
}

impl Chain {
	pub(super) fn new() -> Self {
		Self {
			block: BlockInfo { height: 1, timestamp: 1_700_000_000_000 },
			existential_deposit: 1_000_000_000,
			economy: Economy::Priced,
			endowment: 0,
			author: ActorId::new(*b"the author of each and any block"),
			nonce: Counter::default(),
			accounts: Index::default(),
			codes: Table::default(),
			programs: Table::default(),
			chunks: ChunkStore::default(),
			gas_nodes: Index::default(),
			builtins: Table::default(),
			queue: Table::default(),
			next_position: Counter::default(),
			waitlist: Table::default(),
			mailbox: Table::default(),
			delayed: Table::default(),
			tasks: Table::default(),
			next_task: Table::default(),
			outbox: List::default(),
			quarantine: List::default(),
			events: List::default(),
		}
	}

	/// Makes `value` out of nothing, for `actor`.
	pub fn mint_to(&mut self, actor: impl Into<ActorId>, value: Value) {
		self.credit(actor.into(), value);
	}

	/// What an actor has at its disposal.
	pub fn balance_of(&self, actor: impl Into<ActorId>) -> Value {
		self.account(actor.into()).free
	}

	/// The funds of an actor.
	pub fn account(&self, actor: ActorId) -> Account {
		self.accounts.get(&actor).copied().unwrap_or_default()
	}

	/// The funds of all actors that ever had some, in no order.
	pub fn accounts(&self) -> impl Iterator<Item = (ActorId, Account)> {
		self.accounts.iter().map(|(actor, account)| (*actor, *account))
	}

	/// Gas that is paid for, with the ids under which it is kept, in no order.
	pub fn gas_nodes(&self) -> impl Iterator<Item = (MessageId, GasNode)> {
		self.gas_nodes.iter().map(|(id, node)| (*id, *node))
	}

	/// All programs.
	pub fn programs(&self) -> impl Iterator<Item = (ActorId, &Program)> {
		self.programs.iter().map(|(id, program)| (*id, program))
	}

	/// Who gets what gas costs.
	pub fn author(&self) -> ActorId {
		self.author
	}

	/// All funds there are.
	pub fn total_issuance(&self) -> Value {
		self.accounts.values().map(Account::total).sum()
	}

	/// Gas that is paid for and neither spent nor given back, in no order.
	pub fn open_gas(&self) -> impl Iterator<Item = &GasNode> {
		self.gas_nodes.values()
	}

	/// Messages in the queue, in order.
	pub fn queue(&self) -> impl Iterator<Item = &Dispatch> {
		self.queue.values()
	}

	/// Messages in the waitlist, by their programs and their own ids.
	pub fn waitlist(&self) -> impl Iterator<Item = &Waiting> {
		self.waitlist.values()
	}

	/// Messages in mailboxes, by their users and their own ids.
	pub fn mailbox(&self) -> impl Iterator<Item = &Mail> {
		self.mailbox.values()
	}

	/// Messages that are to be sent in a later block, by their ids.
	pub fn delayed_messages(&self) -> impl Iterator<Item = &Delayed> {
		self.delayed.values()
	}

	/// What is scheduled, in the order in which it will be done.
	pub fn tasks(&self) -> impl Iterator<Item = (TaskKey, Task)> {
		self.tasks.iter().map(|(key, task)| (*key, *task))
	}

	/// Messages that programs sent to users, in order, whether they are in a mailbox or not.
	pub fn outbox(&self) -> &[Message] {
		&self.outbox
	}

	/// Messages put aside, and why.
	pub fn quarantined(&self) -> &[(Dispatch, ApplyError)] {
		&self.quarantine
	}

	/// Makes `id` an actor of the runtime, a message to which costs `gas`.
	pub fn add_builtin(&mut self, id: ActorId, gas: Gas, handle: BuiltinFn) {
		self.builtins.insert(id, (gas, BuiltinFnPtr(handle)));
	}

	/// Lets the least value be `value`.
	pub fn set_existential_deposit(&mut self, value: Value) {
		self.existential_deposit = value;
	}

	/// Lets gas cost something or nothing. To be decided before anyone has bought gas.
	pub fn set_economy(&mut self, economy: Economy) {
		self.economy = economy;
	}

	/// Lets a program that makes another give it `value`, as chains want whose accounts must have
	/// something to exist.
	pub fn set_endowment(&mut self, value: Value) {
		self.endowment = value;
	}

	/// What so much gas costs.
	fn price(&self, gas: Gas) -> Value {
		match self.economy {
			Economy::Priced => gas.into(),
			Economy::Free => 0,
		}
	}

	pub(super) fn add_code(&mut self, code: Code) -> CodeId {
		let id = code.id;
		self.codes.insert(id, (Arc::new(code.metadata), code.bytes.into()));
		id
	}

	pub(super) fn next_block(&mut self, time: u64) -> Vec<Event> {
		self.next_task.remove(self.block.height);
		self.block.height += 1;
		self.block.timestamp += time;
		self.events.take()
	}

	/// What has gone between storage and programs' memory in this block.
	pub fn traffic(&self) -> Traffic {
		self.chunks.traffic()
	}

	pub(super) fn take_traffic(&mut self) -> Traffic {
		self.chunks.take_traffic()
	}

	/// All that a journal may change: what [`transact`](StateMut::transact) can undo.
	fn changeable(&mut self) -> [&mut dyn Undo; 15] {
		// A new field that is not named here does not compile.
		let Self {
			block: _,
			existential_deposit: _,
			economy: _,
			endowment: _,
			author: _,
			codes: _,
			builtins: _,
			nonce,
			accounts,
			programs,
			chunks,
			gas_nodes,
			queue,
			next_position,
			waitlist,
			mailbox,
			delayed,
			tasks,
			next_task,
			outbox,
			quarantine,
			events,
		} = self;
		[
			nonce,
			accounts,
			programs,
			chunks,
			gas_nodes,
			queue,
			next_position,
			waitlist,
			mailbox,
			delayed,
			tasks,
			next_task,
			outbox,
			quarantine,
			events,
		]
	}

	/// Moves `value` from one purse of an actor to another.
	fn shift(
		&mut self,
		actor: ActorId,
		value: Value,
		purses: impl FnOnce(&mut Account) -> (&mut Value, &mut Value),
	) -> Result<(), FundsError> {
		self.accounts.change(actor, |account| {
			let (from, to) = purses(account);
			*to += take(from, value)?;
			Ok(())
		})
	}

	fn credit(&mut self, actor: ActorId, value: Value) {
		let mut account = self.account(actor);
		account.free += value;
		self.accounts.insert(actor, account);
	}
}

/// Takes `value` out of a purse.
fn take(from: &mut Value, value: Value) -> Result<Value, FundsError> {
	*from = from.checked_sub(value).ok_or(FundsError::Insufficient)?;
	Ok(value)
}

impl State for Chain {
	fn block(&self) -> BlockInfo {
		self.block
	}

	fn program(&self, id: ActorId) -> Option<Program> {
		self.programs.get(&id).cloned()
	}

	fn builtin(&self, id: ActorId) -> Option<Gas> {
		self.builtins.get(&id).map(|(gas, _)| *gas)
	}

	fn code_metadata(&self, id: CodeId) -> Option<Arc<CodeMetadata>> {
		self.codes.get(&id).map(|(metadata, _)| metadata.clone())
	}

	fn code_bytes(&self, id: CodeId) -> Option<Vec<u8>> {
		self.codes.get(&id).map(|(_, bytes)| bytes.to_vec())
	}

	fn memory(&self, program: ActorId) -> Box<dyn Chunks> {
		self.chunks.memory(program)
	}

	fn chunk(&self, program: ActorId, index: u32) -> Option<Vec<u8>> {
		self.chunks.chunk(program, index)
	}

	fn gas_node(&self, id: MessageId) -> Option<GasNode> {
		self.gas_nodes.get(&id).copied()
	}

	fn spendable(&self, actor: ActorId, incoming: Value) -> Value {
		let free = self.account(actor).free.saturating_add(incoming);
		free.saturating_sub(self.existential_deposit)
	}

	fn existential_deposit(&self) -> Value {
		self.existential_deposit
	}

	fn endowment(&self) -> Value {
		self.endowment
	}

	fn gas_price(&self) -> GasPrice {
		match self.economy {
			Economy::Priced => GasPrice::ValuePerGas(1),
			Economy::Free => GasPrice::FREE,
		}
	}

	fn randomness(&self) -> Randomness {
		// Different in every block and always the same in tests.
		let block = self.block.height;
		Randomness { seed: ids::code_id(&block.to_le_bytes()).into_bytes(), block }
	}

	fn waiting(&self, program: ActorId, message: MessageId) -> Option<Waiting> {
		self.waitlist.get(&(program, message)).cloned()
	}

	fn first_waiting(&self, program: ActorId) -> Option<MessageId> {
		let ((owner, message), _) = self.waitlist.range((program, MessageId::zero())..).next()?;
		(*owner == program).then_some(*message)
	}

	fn mail(&self, user: ActorId, message: MessageId) -> Option<Mail> {
		self.mailbox.get(&(user, message)).cloned()
	}

	fn delayed(&self, message: MessageId) -> Option<Delayed> {
		self.delayed.get(&message).cloned()
	}

	fn next_task(&self) -> Option<(TaskKey, Task)> {
		let (key, task) = self.tasks.iter().next()?;
		(key.block <= self.block.height).then_some((*key, *task))
	}

	fn queue_next(&self, after: Option<Position>) -> Option<(Position, Queued)> {
		let from = after.map_or(0, |after| after + 1);
		self.queue.range(from..).next().map(|(position, dispatch)| (*position, dispatch.queued()))
	}

	fn queue_get(&self, position: Position) -> Option<Dispatch> {
		self.queue.get(&position).cloned()
	}
}

impl StateMut for Chain {
	fn transact<T>(
		&mut self,
		change: impl FnOnce(&mut Self) -> Result<T, ApplyError>,
	) -> Result<T, ApplyError> {
		for part in self.changeable() {
			part.open();
		}
		let result = change(self);
		for part in self.changeable() {
			match result {
				Ok(_) => part.close(),
				Err(_) => part.undo(),
			}
		}
		result
	}

	fn next_nonce(&mut self) -> u128 {
		self.nonce.set(self.nonce.get() + 1);
		self.nonce.get()
	}

	fn set_program(&mut self, id: ActorId, program: Program) {
		self.programs.insert(id, program);
	}

	fn set_chunk(&mut self, program: ActorId, index: u32, bytes: Option<Vec<u8>>) {
		self.chunks.set(program, index, bytes);
	}

	fn set_gas_node(&mut self, id: MessageId, node: Option<GasNode>) {
		self.gas_nodes.set(id, node);
	}

	fn reserve_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		let price = self.price(gas);
		self.shift(payer, price, |account| (&mut account.free, &mut account.reserved))
	}

	fn spend_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		self.pay_gas(payer, self.author, gas)
	}

	fn refund_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		let price = self.price(gas);
		self.shift(payer, price, |account| (&mut account.reserved, &mut account.free))
	}

	fn pay_gas(&mut self, payer: ActorId, program: ActorId, gas: Gas) -> Result<(), FundsError> {
		let price = self.price(gas);
		self.accounts.change(payer, |account| take(&mut account.reserved, price))?;
		self.credit(program, price);
		Ok(())
	}

	fn endow(&mut self, creator: ActorId, program: ActorId) -> Result<(), FundsError> {
		let endowment = self.endowment;
		self.accounts.change(creator, |account| take(&mut account.free, endowment))?;
		self.credit(program, endowment);
		Ok(())
	}

	fn hold_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		self.shift(owner, value, |account| (&mut account.free, &mut account.held))
	}

	fn deliver_value(
		&mut self,
		owner: ActorId,
		to: ActorId,
		value: Value,
	) -> Result<(), FundsError> {
		self.accounts.change(owner, |account| take(&mut account.held, value))?;
		self.credit(to, value);
		Ok(())
	}

	fn release_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		self.shift(owner, value, |account| (&mut account.held, &mut account.free))
	}

	fn inherit(&mut self, program: ActorId, inheritor: ActorId) -> Result<(), FundsError> {
		let free = self.accounts.change(program, |account| {
			let free = account.free;
			take(&mut account.free, free)
		})?;
		self.credit(inheritor, free);
		Ok(())
	}

	fn queue_push(&mut self, dispatch: Dispatch) {
		let position = self.next_position.get();
		self.queue.insert(position, dispatch);
		self.next_position.set(position + 1);
	}

	fn queue_remove(&mut self, position: Position) -> bool {
		self.queue.remove(position)
	}

	fn set_waiting(&mut self, program: ActorId, message: MessageId, waiting: Option<Waiting>) {
		self.waitlist.set((program, message), waiting);
	}

	fn set_mail(&mut self, user: ActorId, message: MessageId, mail: Option<Mail>) {
		self.mailbox.set((user, message), mail);
	}

	fn set_delayed(&mut self, message: MessageId, delayed: Option<Delayed>) {
		self.delayed.set(message, delayed);
	}

	fn schedule(&mut self, block: u32, task: Task) -> TaskKey {
		let index = self.next_task.get(&block).copied().unwrap_or(0);
		self.next_task.insert(block, index + 1);
		let key = TaskKey { block, index };
		self.tasks.insert(key, task);
		key
	}

	fn unschedule(&mut self, key: TaskKey) {
		self.tasks.remove(key);
	}

	fn call_builtin(&mut self, message: &Message, _: u32) -> Result<BuiltinReply, BuiltinError> {
		match self.builtins.get(&message.destination) {
			Some((_, BuiltinFnPtr(handle))) => handle(message),
			None => Err(BuiltinError { payload: Vec::new() }),
		}
	}

	fn deliver_to_user(&mut self, message: Message, _: Option<u32>) {
		self.outbox.push(message);
	}

	fn quarantine(&mut self, dispatch: Dispatch, error: ApplyError) {
		self.quarantine.push((dispatch, error));
	}

	fn emit(&mut self, event: Event) {
		self.events.push(event);
	}
}
