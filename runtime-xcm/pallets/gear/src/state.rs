//! The engine's view of this chain: its storage, money, queue, builtin actors and events.

use crate::{
	ChainEconomy, Chunks, Codes, Config, DispatchStash, DispatchStatus, Endowers, Entries, Entry,
	Event, GasNodes, HoldReason, InstrumentedCodes, Kept, Mailbox, Nonce, Pallet, Programs,
	QuarantinedMessages, Trace, Waitlist,
	bank::{account, funds_error},
	proof::{ProofMeter, Reads},
	types::{Quarantined, h256},
};
use alloc::{boxed::Box, collections::BTreeMap, sync::Arc, vec::Vec};
use core::{cell::OnceCell, marker::PhantomData};
use gear_core_errors::ReplyCode;
use gearway_engine::{
	ActorId, ApplyError, BlockInfo, BuiltinError, BuiltinReply, CodeId, CodeMetadata, Delayed,
	Dispatch, Economy, Event as EngineEvent, FundsError, Gas, GasNode, GasPrice, Mail, Message,
	MessageId, Phase, Position, Program, Queued, Randomness, State, StateMut, Task, TaskKey,
	Waiting,
};
use gearway_primitives::{
	self as primitives, Answer, Builtin, BuiltinCall, BuiltinFailure, Outgoing, Provenance,
	RouteMessage, Routed, Value,
};
use polkadot_sdk::{
	frame_support::{
		storage::{
			TransactionOutcome, transactional::with_transaction_opaque_err, with_storage_layer,
		},
		traits::{Get, Randomness as _, Time, fungible::Inspect},
	},
	frame_system,
	sp_core::H256,
	sp_runtime::traits::UniqueSaturatedInto,
};

/// What programs' random numbers are drawn for.
const RANDOM_SUBJECT: &[u8] = b"gear/programs";

/// This chain, as the engine sees it, while messages are posted or processed.
pub(crate) struct ChainState<T> {
	/// What is done now is done because of it.
	trace: Trace,
	/// Messages that were taken out of where they lay, and are not done yet: what is known of them
	/// goes with them.
	resumed: BTreeMap<MessageId, Trace>,
	/// For each place of the queue that was emptied, the place behind it at that time, or the one
	/// that was to be given next.
	behind: BTreeMap<Position, Position>,
	/// What is known of the message that was put into the queue last, for its event.
	queued: Trace,
	/// What came with the message that is being posted.
	provenance: Option<Provenance>,
	/// What became of the messages that were taken out of the queue.
	statuses: BTreeMap<H256, DispatchStatus>,
	/// What storage proof has been used, and how much may be.
	pub(crate) proof: ProofMeter,
	/// The block's randomness, once a message asked for it.
	randomness: OnceCell<Randomness>,
	_chain: PhantomData<T>,
}

impl<T: Config> ChainState<T> {
	/// For posting a message of an account of this chain, or one that came from elsewhere.
	pub(crate) fn posting(provenance: Option<Provenance>) -> Self {
		let topic = provenance.as_ref().and_then(|provenance| provenance.topic);
		Self {
			trace: Trace { cause: None, topic },
			resumed: BTreeMap::new(),
			behind: BTreeMap::new(),
			queued: Trace::default(),
			provenance,
			statuses: BTreeMap::new(),
			proof: ProofMeter::new(0),
			randomness: OnceCell::new(),
			_chain: PhantomData,
		}
	}

	/// For processing messages, at the cost of at most `proof` bytes of storage proof.
	pub(crate) fn processing(proof: u64) -> Self {
		Self { proof: ProofMeter::new(proof), ..Self::posting(None) }
	}

	/// What became of the messages that were taken out of the queue.
	pub(crate) fn into_statuses(self) -> BTreeMap<H256, DispatchStatus> {
		self.statuses
	}

	/// What is known of a message that is put somewhere now: what was, or what it comes from.
	fn trace_of(&mut self, message: MessageId) -> Trace {
		self.resumed.remove(&message).unwrap_or(self.trace)
	}

	/// A message leaves where it lay.
	fn resume(&mut self, message: MessageId, trace: Trace, len: usize) {
		self.proof.read_message(len as u32);
		self.resumed.insert(message, trace);
	}

	/// Takes a message to whoever it is for, on this chain or another.
	fn route(&mut self, message: Message, kept_until: Option<u32>) {
		let answer = message.reply.map(|reply| Answer::new(reply.to, reply.code));
		let Message { id, source, destination, ref payload, .. } = message;
		// What the engine says by itself on success tells nothing to who does not wait for it.
		let unheard = answer.is_some_and(|answer| {
			answer.is_automatic() && !T::Router::is_awaited(MessageId::new(answer.to))
		});
		let Trace { cause, topic } = self.trace_of(id);
		let routed = if unheard || kept_until.is_some() {
			Ok(Routed::Local)
		} else {
			self.proof.routed::<T>(payload.len() as u32);
			let outgoing = Outgoing {
				id,
				source,
				destination,
				payload: payload.clone(),
				cause: cause.unwrap_or(id),
				topic,
				answer,
			};
			with_storage_layer(|| T::Router::route(&outgoing))
		};
		match routed {
			Ok(Routed::Sent { topic }) => {
				return Pallet::<T>::deposit_event(Event::MessageSent {
					id: h256(id),
					source: h256(source),
					destination: h256(destination),
					topic,
				});
			}
			Ok(Routed::Local) => {}
			Err(error) => {
				Pallet::<T>::deposit_event(Event::MessageUndeliverable { id: h256(id), error });
			}
		}
		Pallet::<T>::deposit_event(Event::UserMessageSent {
			message: message.into(),
			expiration: kept_until.map(Into::into),
		});
	}

	fn height() -> u32 {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}
}

/// A program's memory, as far as it is stored.
struct Stored<T> {
	program: ActorId,
	reads: Reads,
	// Not `T`: what the engine hands to a backend has to be `Send`.
	_chain: PhantomData<fn() -> T>,
}

impl<T: Config> gearway_engine::Chunks for Stored<T> {
	fn chunk(&self, index: u32) -> Option<Vec<u8>> {
		self.reads.read_chunk();
		Chunks::<T>::get(self.program, index)
	}
}

impl<T: Config> State for ChainState<T> {
	fn block(&self) -> BlockInfo {
		BlockInfo { height: Self::height(), timestamp: T::Time::now() }
	}

	fn program(&self, id: ActorId) -> Option<Program> {
		Programs::<T>::get(id)
	}

	fn builtin(&self, id: ActorId) -> Option<Gas> {
		T::Builtins::is_builtin(id).then(|| Pallet::<T>::gas_for(T::Builtins::weight().ref_time()))
	}

	fn code_metadata(&self, id: CodeId) -> Option<Arc<CodeMetadata>> {
		Codes::<T>::get(id).map(Arc::new)
	}

	fn has_code(&self, id: CodeId) -> bool {
		Codes::<T>::contains_key(id)
	}

	fn code_bytes(&self, id: CodeId) -> Option<Vec<u8>> {
		let bytes = InstrumentedCodes::<T>::get(id)?;
		self.proof.loaded(id, bytes.len());
		Some(bytes)
	}

	fn memory(&self, program: ActorId) -> Box<dyn gearway_engine::Chunks> {
		Box::new(Stored::<T> { program, reads: self.proof.reads(), _chain: PhantomData })
	}

	fn gas_node(&self, id: MessageId) -> Option<GasNode> {
		GasNodes::<T>::get(id)
	}

	fn spendable(&self, actor: ActorId, incoming: Value) -> Value {
		Pallet::<T>::spendable(actor, incoming)
	}

	fn existential_deposit(&self) -> Value {
		T::Currency::minimum_balance()
	}

	fn endowment(&self) -> Value {
		Pallet::<T>::endowment()
	}

	fn gas_price(&self) -> GasPrice {
		match ChainEconomy::<T>::get() {
			Economy::Priced => GasPrice::ValuePerGas(T::GasPrice::get()),
			Economy::Free => GasPrice::FREE,
		}
	}

	fn randomness(&self) -> Randomness {
		*self.randomness.get_or_init(|| {
			let (seed, block) = T::Randomness::random(RANDOM_SUBJECT);
			Randomness { seed: seed.0, block: block.unique_saturated_into() }
		})
	}

	fn waiting(&self, program: ActorId, message: MessageId) -> Option<Waiting> {
		Waitlist::<T>::get(program, message).map(|kept| kept.what)
	}

	fn first_waiting(&self, program: ActorId) -> Option<MessageId> {
		Waitlist::<T>::iter_key_prefix(program).next()
	}

	fn keeps_mail(&self, user: ActorId) -> bool {
		!T::Router::is_elsewhere(user)
	}

	fn mail(&self, user: ActorId, message: MessageId) -> Option<Mail> {
		Mailbox::<T>::get(account(user), message).map(|kept| kept.what)
	}

	fn delayed(&self, message: MessageId) -> Option<Delayed> {
		DispatchStash::<T>::get(message).map(|kept| kept.what)
	}

	fn next_task(&self) -> Option<(TaskKey, Task)> {
		Pallet::<T>::next_task(Self::height())
	}

	fn has_room_for_task(&self) -> bool {
		self.proof.has_room_for_task::<T>()
	}

	fn queue_next(&self, after: Option<Position>) -> Option<(Position, Queued)> {
		let Some(mut after) = after else { return Pallet::<T>::first_in_queue() };
		// What has been taken out in this block is no link of the queue any more.
		while let Some(behind) = self.behind.get(&after) {
			if let Some(queued) = Pallet::<T>::queued(*behind) {
				return Some((*behind, queued));
			}
			after = *behind;
		}
		Pallet::<T>::next_in_queue(after)
	}

	fn queue_get(&self, position: Position) -> Option<Dispatch> {
		Entries::<T>::get(position).map(|entry| entry.dispatch)
	}
}

impl<T: Config> StateMut for ChainState<T> {
	fn transact<R>(
		&mut self,
		change: impl FnOnce(&mut Self) -> Result<R, ApplyError>,
	) -> Result<R, ApplyError> {
		let outcome = with_transaction_opaque_err(|| match change(self) {
			Ok(value) => TransactionOutcome::Commit(Ok(value)),
			Err(error) => TransactionOutcome::Rollback(Err(error)),
		})
		.unwrap_or(Err(ApplyError::Transaction));
		// What did not take effect did not happen. Only the message in hand can have got a status.
		if outcome.is_err() {
			if let Some(id) = self.trace.cause {
				self.statuses.remove(&h256(id));
			}
			self.resumed.clear();
		}
		outcome
	}

	fn begin(&mut self, message: MessageId) {
		if self.trace.cause != Some(message) {
			let topic = self.trace_of(message).topic;
			self.trace = Trace { cause: Some(message), topic };
		}
	}

	fn next_nonce(&mut self) -> u128 {
		Nonce::<T>::mutate(|nonce| {
			let this = *nonce;
			*nonce = nonce.wrapping_add(1);
			this
		})
	}

	fn set_program(&mut self, id: ActorId, program: Program) {
		Programs::<T>::insert(id, program);
	}

	fn set_chunk(&mut self, program: ActorId, index: u32, bytes: Option<Vec<u8>>) {
		self.proof.wrote_chunk();
		Chunks::<T>::set(program, index, bytes);
	}

	fn set_gas_node(&mut self, id: MessageId, node: Option<GasNode>) {
		GasNodes::<T>::set(id, node);
	}

	fn reserve_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		Pallet::<T>::hold(HoldReason::Gas, payer, Pallet::<T>::price_of(gas))
	}

	fn spend_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		Pallet::<T>::spend(payer, Pallet::<T>::price_of(gas))
	}

	fn refund_gas(&mut self, payer: ActorId, gas: Gas) -> Result<(), FundsError> {
		Pallet::<T>::release(HoldReason::Gas, payer, Pallet::<T>::price_of(gas))
	}

	fn pay_gas(&mut self, payer: ActorId, program: ActorId, gas: Gas) -> Result<(), FundsError> {
		Pallet::<T>::deliver(HoldReason::Gas, payer, program, Pallet::<T>::price_of(gas))
	}

	fn endow(&mut self, creator: ActorId, program: ActorId) -> Result<(), FundsError> {
		let creator = account(creator);
		if Pallet::<T>::endow(program, &creator).map_err(funds_error)? {
			Endowers::<T>::insert(program, creator);
		}
		Ok(())
	}

	fn hold_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		Pallet::<T>::hold(HoldReason::Value, owner, value)
	}

	fn deliver_value(
		&mut self,
		owner: ActorId,
		to: ActorId,
		value: Value,
	) -> Result<(), FundsError> {
		Pallet::<T>::deliver(HoldReason::Value, owner, to, value)
	}

	fn release_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		Pallet::<T>::release(HoldReason::Value, owner, value)
	}

	fn inherit(&mut self, program: ActorId, inheritor: ActorId) -> Result<(), FundsError> {
		Pallet::<T>::hand_over(program, inheritor)
	}

	fn queue_push(&mut self, dispatch: Dispatch) {
		self.queued = self.trace_of(dispatch.message.id);
		let provenance = self.provenance.take();
		Pallet::<T>::push(Entry { dispatch, provenance, trace: self.queued });
	}

	fn queue_remove(&mut self, position: Position) -> bool {
		self.proof.taken::<T>(position);
		let Some((Entry { dispatch, trace, .. }, behind)) = Pallet::<T>::take(position) else {
			return false;
		};
		self.behind.insert(position, behind);
		self.trace = Trace { cause: Some(dispatch.message.id), topic: trace.topic };
		true
	}

	fn set_room_aside(&mut self, position: Position) -> bool {
		self.proof.set_aside::<T>(position)
	}

	fn set_waiting(&mut self, program: ActorId, message: MessageId, waiting: Option<Waiting>) {
		match waiting {
			Some(what) => {
				let trace = self.trace_of(message);
				// The message that begins to wait is the one in hand: it is not its own cause.
				let trace = Trace { cause: trace.cause.filter(|cause| *cause != message), ..trace };
				Waitlist::<T>::insert(program, message, Kept { what, trace });
			}
			None => {
				if let Some(kept) = Waitlist::<T>::take(program, message) {
					self.resume(message, kept.trace, kept.what.dispatch.message.payload.len());
				}
			}
		}
	}

	fn set_mail(&mut self, user: ActorId, message: MessageId, mail: Option<Mail>) {
		let user = account(user);
		match mail {
			Some(what) => {
				let trace = self.trace_of(message);
				Mailbox::<T>::insert(user, message, Kept { what, trace });
			}
			None => {
				if let Some(kept) = Mailbox::<T>::take(user, message) {
					self.proof.read_message(kept.what.message.payload.len() as u32);
					// What comes of it, an answer or the engine's word, goes on with its journey.
					self.trace = kept.trace;
				}
			}
		}
	}

	fn set_delayed(&mut self, message: MessageId, delayed: Option<Delayed>) {
		match delayed {
			Some(what) => {
				let trace = self.trace_of(message);
				DispatchStash::<T>::insert(message, Kept { what, trace });
			}
			None => {
				if let Some(kept) = DispatchStash::<T>::take(message) {
					self.resume(message, kept.trace, kept.what.dispatch.message.payload.len());
				}
			}
		}
	}

	fn schedule(&mut self, block: u32, task: Task) -> TaskKey {
		Pallet::<T>::schedule(block, task)
	}

	fn unschedule(&mut self, key: TaskKey) {
		Pallet::<T>::unschedule(key);
	}

	fn call_builtin(
		&mut self,
		message: &Message,
		patience: u32,
	) -> Result<BuiltinReply, BuiltinError> {
		let call = BuiltinCall {
			id: message.id,
			source: message.source,
			actor: message.destination,
			payload: &message.payload,
			value: message.value,
			topic: self.trace.topic,
			patience,
		};
		match with_storage_layer(|| T::Builtins::handle(call)) {
			Ok(primitives::BuiltinReply::Now(payload)) => Ok(BuiltinReply::Now(payload)),
			Ok(primitives::BuiltinReply::Later { blocks }) => Ok(BuiltinReply::Later { blocks }),
			Err(BuiltinFailure(payload)) => Err(BuiltinError { payload }),
		}
	}

	fn deliver_to_user(&mut self, message: Message, kept_until: Option<u32>) {
		self.route(message, kept_until);
	}

	fn quarantine(&mut self, dispatch: Dispatch, error: ApplyError) {
		let id = dispatch.message.id;
		log::error!(target: crate::LOG_TARGET, "message {id:?} is put aside: {error:?}");
		Pallet::<T>::deposit_event(Event::MessageQuarantined { id: h256(id), error });
		QuarantinedMessages::<T>::insert(id, Quarantined { dispatch, error });
	}

	fn emit(&mut self, event: EngineEvent) {
		match event {
			EngineEvent::MessageQueued { id, source, destination, entry } => {
				Pallet::<T>::deposit_event(Event::MessageQueued {
					id: h256(id),
					source: h256(source),
					destination: h256(destination),
					entry,
					cause: self.queued.cause.map(h256),
					topic: self.queued.topic,
				});
			}
			EngineEvent::Dispatched { id, destination, gas_spent, failure } => {
				self.statuses.insert(h256(id), DispatchStatus::of(failure));
				if let Some(reason) = failure {
					Pallet::<T>::deposit_event(Event::MessageFailed {
						id: h256(id),
						destination: h256(destination),
						code: ReplyCode::Error(reason).to_bytes(),
						gas_spent,
					});
				}
			}
			EngineEvent::MessageDelayed { id, source, destination, until } => {
				Pallet::<T>::deposit_event(Event::MessageDelayed {
					id: h256(id),
					source: h256(source),
					destination: h256(destination),
					until: until.into(),
				});
			}
			EngineEvent::MessageWaiting { id, program, until, .. } => {
				Pallet::<T>::deposit_event(Event::MessageWaited {
					id: h256(id),
					program: h256(program),
					expiration: until.into(),
				});
			}
			EngineEvent::MessageWoken { id, program } => {
				Pallet::<T>::deposit_event(Event::MessageWoken {
					id: h256(id),
					program: h256(program),
				});
			}
			EngineEvent::MailEnded { id, user, reason } => {
				Pallet::<T>::deposit_event(Event::UserMessageRead {
					id: h256(id),
					user: account(user),
					reason,
				});
			}
			EngineEvent::TaskFailed { task, error } => {
				log::error!(target: crate::LOG_TARGET, "{task:?} cannot be done: {error:?}");
				Pallet::<T>::deposit_event(Event::TaskFailed { task, error });
			}
			EngineEvent::ProgramChanged { id, phase } => {
				Pallet::<T>::deposit_event(Event::ProgramChanged { id: h256(id), phase });
				match phase {
					Phase::Uploaded { .. } | Phase::Initialising { .. } => {}
					Phase::Active | Phase::Exited { .. } => Endowers::<T>::remove(id),
					Phase::Terminated => Pallet::<T>::return_endowment(id),
				}
			}
			EngineEvent::QueueBroken { position } => {
				log::error!(target: crate::LOG_TARGET, "the queue has nothing at {position}");
				Pallet::<T>::deposit_event(Event::QueueBroken { position });
			}
			EngineEvent::Debug { program, message, text } => log::debug!(
				target: crate::LOG_TARGET,
				"program {program:?}, message {message:?}: {}",
				alloc::string::String::from_utf8_lossy(&text),
			),
		}
	}
}
