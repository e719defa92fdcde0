//! A chain's storage, in memory.

use super::chunks::{ChunkStore, Traffic};
use crate::{
	code::{Code, CodeMetadata},
	gas::{GasNode, GasPrice},
	ids::{self, ActorId, CodeId, MessageId},
	mailbox::Mail,
	message::{Dispatch, Gas, Message, Queued, Value},
	program::Program,
	schedule::{Delayed, Task, TaskKey},
	state::{
		ApplyError, BlockInfo, BuiltinError, Chunks, Event, FundsError, Position, Randomness,
		State, StateMut,
	},
	waitlist::Waiting,
};
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};

/// What an actor of the runtime does: makes a reply's payload of a message.
pub type BuiltinFn = fn(&Message) -> Result<Vec<u8>, BuiltinError>;

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

/// What gas costs on a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Economy {
	/// One gas costs one of native asset.
	#[default]
	Priced,
	/// Gas costs nothing: a consortium's chain. It is limited and counted all the same.
	Free,
}

/// A chain's storage. Two of them are equal if everything on them is.
#[derive(Clone, PartialEq, Debug)]
pub struct Chain {
	block: BlockInfo,
	existential_deposit: Value,
	economy: Economy,
	/// Gets what gas costs.
	author: ActorId,
	nonce: u128,
	accounts: BTreeMap<ActorId, Account>,
	codes: BTreeMap<CodeId, (Arc<CodeMetadata>, Arc<[u8]>)>,
	programs: BTreeMap<ActorId, Program>,
	chunks: ChunkStore,
	gas_nodes: BTreeMap<MessageId, GasNode>,
	builtins: BTreeMap<ActorId, (Gas, BuiltinFnPtr)>,
	queue: BTreeMap<Position, Dispatch>,
	next_position: Position,
	waitlist: BTreeMap<(ActorId, MessageId), Waiting>,
	mailbox: BTreeMap<(ActorId, MessageId), Mail>,
	delayed: BTreeMap<MessageId, Delayed>,
	tasks: BTreeMap<TaskKey, Task>,
	/// Index of the next task of a block.
	next_task: BTreeMap<u32, u32>,
	outbox: Vec<Message>,
	quarantine: Vec<(Dispatch, ApplyError)>,
	events: Vec<Event>,
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
			author: ActorId::new(*b"the author of each and any block"),
			nonce: 0,
			accounts: BTreeMap::new(),
			codes: BTreeMap::new(),
			programs: BTreeMap::new(),
			chunks: ChunkStore::default(),
			gas_nodes: BTreeMap::new(),
			builtins: BTreeMap::new(),
			queue: BTreeMap::new(),
			next_position: 0,
			waitlist: BTreeMap::new(),
			mailbox: BTreeMap::new(),
			delayed: BTreeMap::new(),
			tasks: BTreeMap::new(),
			next_task: BTreeMap::new(),
			outbox: Vec::new(),
			quarantine: Vec::new(),
			events: Vec::new(),
		}
	}

	/// Makes `value` out of nothing, for `actor`.
	pub fn mint_to(&mut self, actor: impl Into<ActorId>, value: Value) {
		self.account_mut(actor.into()).free += value;
	}

	/// What an actor has at its disposal.
	pub fn balance_of(&self, actor: impl Into<ActorId>) -> Value {
		self.account(actor.into()).free
	}

	/// The funds of an actor.
	pub fn account(&self, actor: ActorId) -> Account {
		self.accounts.get(&actor).copied().unwrap_or_default()
	}

	/// Who gets what gas costs.
	pub fn author(&self) -> ActorId {
		self.author
	}

	/// All funds there are.
	pub fn total_issuance(&self) -> Value {
		self.accounts.values().map(Account::total).sum()
	}

	/// Gas that is paid for and neither spent nor given back.
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
		self.next_task.remove(&self.block.height);
		self.block.height += 1;
		self.block.timestamp += time;
		core::mem::take(&mut self.events)
	}

	/// What has gone between storage and programs' memory in this block.
	pub fn traffic(&self) -> Traffic {
		self.chunks.traffic()
	}

	pub(super) fn take_traffic(&mut self) -> Traffic {
		self.chunks.take_traffic()
	}

	fn account_mut(&mut self, actor: ActorId) -> &mut Account {
		self.accounts.entry(actor).or_default()
	}
}

/// Moves `value` from one purse to another.
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

	fn gas_price(&self) -> GasPrice {
		match self.economy {
			Economy::Priced => GasPrice::ValuePerGas(1),
			// The least that can be told: a divisor of 0 would stop programs that calculate.
			Economy::Free => GasPrice::GasPerValue(Gas::MAX),
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
		let (key, task) = self.tasks.first_key_value()?;
		(key.block <= self.block.height).then_some((*key, *task))
	}

	fn queue_next(&self, after: Option<Position>) -> Option<(Position, Queued)> {
		let from = after.map_or(0, |after| after + 1);
		self.queue.range(from..).next().map(|(position, dispatch)| (*position, dispatch.queued()))
	}
}

impl StateMut for Chain {
	fn transact<T>(
		&mut self,
		change: impl FnOnce(&mut Self) -> Result<T, ApplyError>,
	) -> Result<T, ApplyError> {
		let before = self.clone();
		let result = change(self);
		if result.is_err() {
			*self = before;
		}
		result
	}

	fn next_nonce(&mut self) -> u128 {
		self.nonce += 1;
		self.nonce
	}

	fn set_program(&mut self, id: ActorId, program: Program) {
		self.programs.insert(id, program);
	}

	fn set_chunk(&mut self, program: ActorId, index: u32, bytes: Option<Vec<u8>>) {
		self.chunks.set(program, index, bytes);
	}

	fn set_gas_node(&mut self, id: MessageId, node: Option<GasNode>) {
		match node {
			Some(node) => self.gas_nodes.insert(id, node),
			None => self.gas_nodes.remove(&id),
		};
	}

	fn reserve_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		let price = self.price(gas);
		let account = self.account_mut(payer);
		account.reserved += take(&mut account.free, price)?;
		Ok(())
	}

	fn spend_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		self.pay_gas(payer, self.author, gas)
	}

	fn refund_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		let price = self.price(gas);
		let account = self.account_mut(payer);
		account.free += take(&mut account.reserved, price)?;
		Ok(())
	}

	fn pay_gas(&mut self, payer: ActorId, program: ActorId, gas: Gas) -> Result<(), FundsError> {
		let price = self.price(gas);
		let price = take(&mut self.account_mut(payer).reserved, price)?;
		self.account_mut(program).free += price;
		Ok(())
	}

	fn hold_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		let account = self.account_mut(owner);
		account.held += take(&mut account.free, value)?;
		Ok(())
	}

	fn deliver_value(
		&mut self,
		owner: ActorId,
		to: ActorId,
		value: Value,
	) -> Result<(), FundsError> {
		let value = take(&mut self.account_mut(owner).held, value)?;
		self.account_mut(to).free += value;
		Ok(())
	}

	fn release_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		let account = self.account_mut(owner);
		account.free += take(&mut account.held, value)?;
		Ok(())
	}

	fn inherit(&mut self, program: ActorId, inheritor: ActorId) -> Result<(), FundsError> {
		let free = core::mem::take(&mut self.account_mut(program).free);
		self.account_mut(inheritor).free += free;
		Ok(())
	}

	fn queue_push(&mut self, dispatch: Dispatch) {
		self.queue.insert(self.next_position, dispatch);
		self.next_position += 1;
	}

	fn queue_take(&mut self, position: Position) -> Option<Dispatch> {
		self.queue.remove(&position)
	}

	fn set_waiting(&mut self, program: ActorId, message: MessageId, waiting: Option<Waiting>) {
		match waiting {
			Some(waiting) => self.waitlist.insert((program, message), waiting),
			None => self.waitlist.remove(&(program, message)),
		};
	}

	fn set_mail(&mut self, user: ActorId, message: MessageId, mail: Option<Mail>) {
		match mail {
			Some(mail) => self.mailbox.insert((user, message), mail),
			None => self.mailbox.remove(&(user, message)),
		};
	}

	fn set_delayed(&mut self, message: MessageId, delayed: Option<Delayed>) {
		match delayed {
			Some(delayed) => self.delayed.insert(message, delayed),
			None => self.delayed.remove(&message),
		};
	}

	fn schedule(&mut self, block: u32, task: Task) -> TaskKey {
		let next = self.next_task.entry(block).or_default();
		let key = TaskKey { block, index: *next };
		*next += 1;
		self.tasks.insert(key, task);
		key
	}

	fn unschedule(&mut self, key: TaskKey) {
		self.tasks.remove(&key);
	}

	fn call_builtin(&mut self, message: &Message) -> Result<Vec<u8>, BuiltinError> {
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
