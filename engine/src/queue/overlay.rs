//! What a program sees while a round is run: the state as the round began, and on top what its own
//! messages did since.

use crate::{
	code::CodeMetadata,
	gas::{GasNode, GasPrice},
	ids::{ActorId, CodeId, MessageId},
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
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};

/// A state on top of another, that remembers what a program's later messages may ask for and
/// forgets the rest: the journals of a round take effect on the state itself when it has ended.
///
/// Prices of gas are not known here, so that gas which comes back to the program as money is seen
/// from the next round on. Whatever is seen here is there when the journals take effect; that
/// others take nothing from a program is for the state to refuse otherwise.
#[derive(Debug)]
pub(super) struct Overlay<'a, S> {
	base: &'a S,
	programs: BTreeMap<ActorId, Program>,
	memory: BTreeMap<ActorId, Arc<Changed>>,
	gas_nodes: BTreeMap<MessageId, Option<GasNode>>,
	waitlist: BTreeMap<(ActorId, MessageId), Option<Waiting>>,
	mailbox: BTreeMap<(ActorId, MessageId), Option<Mail>>,
	delayed: BTreeMap<MessageId, Option<Delayed>>,
	funds: BTreeMap<ActorId, Funds>,
	/// Numbers drawn here, which nobody else gets to see.
	nonce: u32,
}

/// Chunks of a program's memory that were stored since the round began, or removed.
type Changed = BTreeMap<u32, Option<Vec<u8>>>;

/// What an actor got and gave away since the round began.
#[derive(Clone, Copy, Debug, Default)]
struct Funds {
	gained: Value,
	lost: Value,
}

impl<'a, S> Overlay<'a, S> {
	pub(super) fn new(base: &'a S) -> Self {
		Self {
			base,
			programs: BTreeMap::new(),
			memory: BTreeMap::new(),
			gas_nodes: BTreeMap::new(),
			waitlist: BTreeMap::new(),
			mailbox: BTreeMap::new(),
			delayed: BTreeMap::new(),
			funds: BTreeMap::new(),
			nonce: 0,
		}
	}

	fn gain(&mut self, actor: ActorId, value: Value) {
		let funds = self.funds.entry(actor).or_default();
		funds.gained = funds.gained.saturating_add(value);
	}

	fn lose(&mut self, actor: ActorId, value: Value) {
		let funds = self.funds.entry(actor).or_default();
		funds.lost = funds.lost.saturating_add(value);
	}
}

impl<S: State> State for Overlay<'_, S> {
	fn block(&self) -> BlockInfo {
		self.base.block()
	}

	fn program(&self, id: ActorId) -> Option<Program> {
		self.programs.get(&id).cloned().or_else(|| self.base.program(id))
	}

	fn builtin(&self, id: ActorId) -> Option<Gas> {
		self.base.builtin(id)
	}

	fn code_metadata(&self, id: CodeId) -> Option<Arc<CodeMetadata>> {
		self.base.code_metadata(id)
	}

	fn code_bytes(&self, id: CodeId) -> Option<Vec<u8>> {
		self.base.code_bytes(id)
	}

	fn memory(&self, program: ActorId) -> Box<dyn Chunks> {
		let base = self.base.memory(program);
		match self.memory.get(&program) {
			Some(changed) => Box::new(Memory { base, changed: changed.clone() }),
			None => base,
		}
	}

	fn gas_node(&self, id: MessageId) -> Option<GasNode> {
		self.gas_nodes.get(&id).copied().unwrap_or_else(|| self.base.gas_node(id))
	}

	fn spendable(&self, actor: ActorId, incoming: Value) -> Value {
		let Funds { gained, lost } = self.funds.get(&actor).copied().unwrap_or_default();
		self.base.spendable(actor, incoming.saturating_add(gained)).saturating_sub(lost)
	}

	fn existential_deposit(&self) -> Value {
		self.base.existential_deposit()
	}

	fn has_code(&self, id: CodeId) -> bool {
		self.base.has_code(id)
	}

	fn endowment(&self) -> Value {
		self.base.endowment()
	}

	fn gas_price(&self) -> GasPrice {
		self.base.gas_price()
	}

	fn randomness(&self) -> Randomness {
		self.base.randomness()
	}

	fn waiting(&self, program: ActorId, message: MessageId) -> Option<Waiting> {
		match self.waitlist.get(&(program, message)) {
			Some(waiting) => waiting.clone(),
			None => self.base.waiting(program, message),
		}
	}

	/// May miss one that waits since before the round, if another one was there first and is gone:
	/// whether there is one decides about tasks only, and those are for later blocks.
	fn first_waiting(&self, program: ActorId) -> Option<MessageId> {
		let since = self
			.waitlist
			.range((program, MessageId::zero())..)
			.take_while(|((owner, _), _)| *owner == program)
			.find_map(|((_, message), waiting)| waiting.as_ref().map(|_| *message));
		since.or_else(|| {
			let before = self.base.first_waiting(program)?;
			(!self.waitlist.contains_key(&(program, before))).then_some(before)
		})
	}

	fn keeps_mail(&self, user: ActorId) -> bool {
		self.base.keeps_mail(user)
	}

	fn mail(&self, user: ActorId, message: MessageId) -> Option<Mail> {
		match self.mailbox.get(&(user, message)) {
			Some(mail) => mail.clone(),
			None => self.base.mail(user, message),
		}
	}

	fn delayed(&self, message: MessageId) -> Option<Delayed> {
		match self.delayed.get(&message) {
			Some(delayed) => delayed.clone(),
			None => self.base.delayed(message),
		}
	}

	/// Tasks are done between rounds.
	fn next_task(&self) -> Option<(TaskKey, Task)> {
		None
	}

	fn queue_next(&self, after: Option<Position>) -> Option<(Position, Queued)> {
		self.base.queue_next(after)
	}

	fn queue_get(&self, position: Position) -> Option<Dispatch> {
		self.base.queue_get(position)
	}
}

impl<S: State> StateMut for Overlay<'_, S> {
	/// An overlay on which something failed is not used any more, so nothing is undone.
	fn transact<T>(
		&mut self,
		change: impl FnOnce(&mut Self) -> Result<T, ApplyError>,
	) -> Result<T, ApplyError> {
		change(self)
	}

	fn next_nonce(&mut self) -> u128 {
		self.nonce += 1;
		self.nonce.into()
	}

	fn set_program(&mut self, id: ActorId, program: Program) {
		self.programs.insert(id, program);
	}

	fn set_chunk(&mut self, program: ActorId, index: u32, bytes: Option<Vec<u8>>) {
		Arc::make_mut(self.memory.entry(program).or_default()).insert(index, bytes);
	}

	fn set_gas_node(&mut self, id: MessageId, node: Option<GasNode>) {
		self.gas_nodes.insert(id, node);
	}

	fn reserve_gas(&mut self, _payer: ActorId, _gas: Gas) -> Result<(), FundsError> {
		Ok(())
	}

	fn spend_gas(&mut self, _payer: ActorId, _gas: Gas) -> Result<(), FundsError> {
		Ok(())
	}

	fn refund_gas(&mut self, _payer: ActorId, _gas: Gas) -> Result<(), FundsError> {
		Ok(())
	}

	fn hold_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		self.lose(owner, value);
		Ok(())
	}

	fn deliver_value(
		&mut self,
		_owner: ActorId,
		to: ActorId,
		value: Value,
	) -> Result<(), FundsError> {
		self.gain(to, value);
		Ok(())
	}

	fn release_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		self.gain(owner, value);
		Ok(())
	}

	fn pay_gas(&mut self, _payer: ActorId, _program: ActorId, _gas: Gas) -> Result<(), FundsError> {
		Ok(())
	}

	fn endow(&mut self, creator: ActorId, program: ActorId) -> Result<(), FundsError> {
		let endowment = self.base.endowment();
		self.lose(creator, endowment);
		self.gain(program, endowment);
		Ok(())
	}

	fn inherit(&mut self, program: ActorId, inheritor: ActorId) -> Result<(), FundsError> {
		let value = self.spendable(program, 0);
		self.lose(program, value);
		self.gain(inheritor, value);
		Ok(())
	}

	/// Nothing that is sent in a round is dealt with in it.
	fn queue_push(&mut self, _dispatch: Dispatch) {}

	/// The queue is not the program's to see.
	fn queue_remove(&mut self, _position: Position) -> bool {
		false
	}

	fn set_waiting(&mut self, program: ActorId, message: MessageId, waiting: Option<Waiting>) {
		self.waitlist.insert((program, message), waiting);
	}

	fn set_mail(&mut self, user: ActorId, message: MessageId, mail: Option<Mail>) {
		self.mailbox.insert((user, message), mail);
	}

	fn set_delayed(&mut self, message: MessageId, delayed: Option<Delayed>) {
		self.delayed.insert(message, delayed);
	}

	/// The place of a task that is not scheduled here, and that no scheduled task has.
	fn schedule(&mut self, block: u32, _task: Task) -> TaskKey {
		self.nonce += 1;
		TaskKey { block, index: u32::MAX - self.nonce }
	}

	fn unschedule(&mut self, _key: TaskKey) {}

	/// Actors of the runtime are called in turn, not here.
	fn call_builtin(&mut self, _: &Message, _: u32) -> Result<BuiltinReply, BuiltinError> {
		Err(BuiltinError { payload: Vec::new() })
	}

	fn deliver_to_user(&mut self, _message: Message, _kept_until: Option<u32>) {}

	fn quarantine(&mut self, _dispatch: Dispatch, _error: ApplyError) {}

	fn emit(&mut self, _event: Event) {}
}

/// A program's memory as the round began, and what was stored since.
struct Memory {
	base: Box<dyn Chunks>,
	changed: Arc<Changed>,
}

impl Chunks for Memory {
	fn chunk(&self, index: u32) -> Option<Vec<u8>> {
		match self.changed.get(&index) {
			Some(chunk) => chunk.clone(),
			None => self.base.chunk(index),
		}
	}
}
