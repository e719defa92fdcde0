//! The engine's view of this chain: its storage, money, queue, builtin actors and events.

use crate::{
	Chunks, Codes, Config, DispatchStatus, Endowers, Entry, Event, GasNodes, HoldReason,
	InstrumentedCodes, Nonce, Pallet, Programs, QuarantinedMessages,
	proof::ProofMeter,
	types::{Quarantined, UserMessage, h256},
};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::Encode;
use core::marker::PhantomData;
use gear_core_errors::{ReplyCode, SuccessReplyReason};
use gearway_engine::{
	ActorId, ApplyError, BlockInfo, BuiltinError, CodeId, CodeMetadata, Dispatch,
	Event as EngineEvent, FundsError, Gas, GasNode, Message, MessageId, Phase, Position, Program,
	Queued, State, StateMut,
};
use gearway_primitives::{Builtin, Outgoing, Provenance, RouteMessage, Routed, Topic, Value};
use polkadot_sdk::{
	frame_support::{
		storage::{
			TransactionOutcome, transactional::with_transaction_opaque_err, with_storage_layer,
		},
		traits::{Time, fungible::Inspect},
	},
	frame_system,
	sp_core::H256,
	sp_runtime::traits::UniqueSaturatedInto,
};

/// This chain, as the engine sees it, while messages are posted or processed.
pub(crate) struct ChainState<T> {
	/// The message that is being dealt with: what is sent now, is sent because of it.
	cause: Option<MessageId>,
	/// The journey that what is sent now is a step of.
	topic: Option<Topic>,
	/// What came with the message that is being posted.
	provenance: Option<Provenance>,
	/// What became of the messages that were taken out of the queue.
	statuses: BTreeMap<H256, DispatchStatus>,
	/// What storage proof has been used, and how much may be.
	pub(crate) proof: ProofMeter,
	_chain: PhantomData<T>,
}

impl<T: Config> ChainState<T> {
	/// For posting a message of an account of this chain, or one that came from elsewhere.
	pub(crate) fn posting(provenance: Option<Provenance>) -> Self {
		Self {
			cause: None,
			topic: provenance.as_ref().and_then(|provenance| provenance.topic),
			provenance,
			statuses: BTreeMap::new(),
			proof: ProofMeter::new(0),
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

	/// Takes a message to whoever it is for, on this chain or another.
	fn route(&mut self, message: Message) {
		// What the engine says by itself on success tells the caller nothing it would pay for.
		let automatic = message
			.reply
			.is_some_and(|reply| reply.code == ReplyCode::Success(SuccessReplyReason::Auto));
		let Message { id, source, destination, ref payload, .. } = message;
		let routed = if automatic {
			Ok(Routed::Local)
		} else {
			self.proof.routed::<T>(payload.len() as u32);
			let outgoing = Outgoing {
				id,
				source,
				destination,
				payload: payload.clone(),
				cause: self.cause.unwrap_or(id),
				topic: self.topic,
				in_reply_to: message.reply.map(|reply| reply.to),
			};
			with_storage_layer(|| T::Router::route(&outgoing))
		};
		match routed {
			Ok(Routed::Sent { topic }) => Pallet::<T>::deposit_event(Event::MessageSent {
				id: h256(id),
				source: h256(source),
				destination: h256(destination),
				topic,
			}),
			Ok(Routed::Local) => Pallet::<T>::deliver_mail(message.into()),
			Err(error) => {
				Pallet::<T>::deposit_event(Event::MessageUndeliverable { id: h256(id), error });
				Pallet::<T>::deliver_mail(UserMessage::from(message));
			}
		}
	}
}

impl<T: Config> State for ChainState<T> {
	fn block(&self) -> BlockInfo {
		BlockInfo {
			height: frame_system::Pallet::<T>::block_number().unique_saturated_into(),
			timestamp: T::Time::now(),
		}
	}

	fn program(&self, id: ActorId) -> Option<Program> {
		Programs::<T>::get(id)
	}

	fn builtin(&self, id: ActorId) -> Option<Gas> {
		T::Builtins::is_builtin(id).then(|| Pallet::<T>::gas_for(T::Builtins::weight().ref_time()))
	}

	fn code_metadata(&self, id: CodeId) -> Option<CodeMetadata> {
		Codes::<T>::get(id)
	}

	fn code_bytes(&self, id: CodeId) -> Option<Vec<u8>> {
		let bytes = InstrumentedCodes::<T>::get(id)?;
		self.proof.loaded(id, bytes.len());
		Some(bytes)
	}

	fn chunk(&self, program: ActorId, index: u32) -> Option<Vec<u8>> {
		self.proof.read_chunk();
		Chunks::<T>::get(program, index)
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

	fn queue_next(&self, after: Option<Position>) -> Option<(Position, Queued)> {
		Pallet::<T>::next_in_queue(after)
	}

	fn has_room(&self, position: Position) -> bool {
		self.proof.has_room::<T>(position)
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
		if outcome.is_err()
			&& let Some(id) = self.cause
		{
			self.statuses.remove(&h256(id));
		}
		outcome
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

	fn hold_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		Pallet::<T>::hold(HoldReason::Value, owner, value)
	}

	fn deliver_value(
		&mut self,
		owner: ActorId,
		to: ActorId,
		value: Value,
	) -> Result<(), FundsError> {
		Pallet::<T>::deliver(owner, to, value)
	}

	fn release_value(&mut self, owner: ActorId, value: Value) -> Result<(), FundsError> {
		Pallet::<T>::release(HoldReason::Value, owner, value)
	}

	fn inherit(&mut self, program: ActorId, inheritor: ActorId) -> Result<(), FundsError> {
		Pallet::<T>::hand_over(program, inheritor)
	}

	fn queue_push(&mut self, dispatch: Dispatch) {
		Pallet::<T>::push(Entry {
			dispatch,
			provenance: self.provenance.take(),
			cause: self.cause,
			topic: self.topic,
		});
	}

	fn queue_take(&mut self, position: Position) -> Option<Dispatch> {
		self.proof.taken::<T>(position);
		let Entry { dispatch, topic, .. } = Pallet::<T>::take(position)?;
		self.cause = Some(dispatch.message.id);
		self.topic = topic;
		Some(dispatch)
	}

	fn call_builtin(&mut self, message: &Message) -> Result<Vec<u8>, BuiltinError> {
		with_storage_layer(|| {
			T::Builtins::handle(message.source, message.destination, &message.payload)
		})
		.map_err(|error| BuiltinError { payload: error.encode() })
	}

	fn deliver_to_user(&mut self, message: Message) {
		self.route(message);
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
					cause: self.cause.map(h256),
					topic: self.topic,
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
