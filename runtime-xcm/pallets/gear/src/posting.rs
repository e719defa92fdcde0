//! What goes into the engine from outside: codes, programs, messages.

use crate::{
	CodeRefusal, Codes, Config, Endowers, Error, Event, InstrumentedCodes, MAX_METERED_LEN,
	OriginalCodes, Pallet, Programs, UploaderSet, Uploaders, WeightInfo, bank::account,
	state::ChainState, types::h256,
};
use alloc::vec::Vec;
use codec::Encode;
use gearway_engine::{
	ActorId, BuiltinError, CodeId, Gas, MessageId, Phase, PostError, Posting, check_code,
	ids::code_id,
};
use gearway_primitives::{AnswerLater, BuiltinFailure, CreateProgram, Origin, PostMessage, Value};
use polkadot_sdk::{
	frame_support::{ensure, storage::with_storage_layer, traits::Get},
	frame_system,
	sp_runtime::{AccountId32, DispatchError},
	sp_weights::Weight,
};

impl<T: Config> Pallet<T> {
	/// Lets `who` upload only where anyone may, or as one of those who may.
	pub(crate) fn ensure_uploader(who: &AccountId32) -> Result<(), Error<T>> {
		let allowed = Uploaders::<T>::get().is_none_or(|uploaders| uploaders.contains(who));
		ensure!(allowed, Error::<T>::NotUploader);
		Ok(())
	}

	/// Changes who may upload. Their accounts exist for as long as they may, so that who has no
	/// balance can sign.
	pub(crate) fn do_set_uploaders(uploaders: Option<UploaderSet>) {
		for account in Uploaders::<T>::take().into_iter().flatten() {
			frame_system::Pallet::<T>::dec_sufficients(&account);
		}
		if let Some(uploaders) = uploaders {
			for account in &uploaders {
				frame_system::Pallet::<T>::inc_sufficients(account);
			}
			Uploaders::<T>::put(uploaders);
		}
	}

	/// Checks `code` and stores it.
	pub(crate) fn do_upload_code(code: Vec<u8>) -> Result<CodeId, DispatchError> {
		ensure!(!Codes::<T>::contains_key(code_id(&code)), Error::<T>::CodeExists);
		let checked = check_code(&code, &T::Settings::get().limits).map_err(|error| {
			log::debug!(target: crate::LOG_TARGET, "a code is refused: {error}");
			Error::<T>::CodeRefused(CodeRefusal::from(&error))
		})?;
		let len = checked.bytes.len().saturating_add(checked.metadata.encoded_size());
		ensure!(
			len <= MAX_METERED_LEN as usize,
			Error::<T>::CodeRefused(CodeRefusal::MeteredTooLong)
		);
		Codes::<T>::insert(checked.id, checked.metadata);
		InstrumentedCodes::<T>::insert(checked.id, checked.bytes);
		OriginalCodes::<T>::insert(checked.id, code);
		Self::deposit_event(Event::CodeChanged { id: h256(checked.id) });
		Ok(checked.id)
	}

	/// As [`Self::do_upload_code`], but content with a code that is there already.
	pub(crate) fn ensure_code(code: Vec<u8>) -> Result<CodeId, DispatchError> {
		let id = code_id(&code);
		if Codes::<T>::contains_key(id) { Ok(id) } else { Self::do_upload_code(code) }
	}

	/// Makes a program whose account the payer endows, and queues its first message.
	pub(crate) fn do_create_program(
		mut state: ChainState<T>,
		code: CodeId,
		salt: &[u8],
		posting: Posting,
	) -> Result<(ActorId, MessageId), DispatchError> {
		Self::ensure_gas_limit(posting.gas_limit)?;
		let (settings, payer) = (T::Settings::get(), account(posting.payer));
		let (id, message) =
			gearway_engine::create_program(&mut state, &settings, code, salt, posting)
				.map_err(Error::<T>::from)?;
		if Self::endow(id, &payer).map_err(|_| Error::<T>::EndowmentUnpaid)? {
			Endowers::<T>::insert(id, payer);
		}
		Ok((id, message))
	}

	/// The posting of an account of this chain, for itself.
	pub(crate) fn own_posting(
		who: AccountId32,
		payload: Vec<u8>,
		gas_limit: Gas,
		value: Value,
	) -> Posting {
		let source = ActorId::new(who.into());
		Posting { source, payer: source, payload, gas_limit, value }
	}

	/// Has the engine take what came from elsewhere, and says so.
	fn arrive<R>(
		posting: gearway_primitives::Posting,
		take: impl FnOnce(ChainState<T>, ActorId, Posting) -> Result<(R, MessageId), DispatchError>,
	) -> Result<(R, MessageId), DispatchError> {
		let gearway_primitives::Posting {
			source,
			payer,
			destination,
			payload,
			gas_limit,
			value,
			provenance,
		} = posting;
		let (origin, topic): (Origin, _) = (provenance.origin.clone(), provenance.topic);
		let payer = ActorId::new(payer.into());
		with_storage_layer(|| {
			let state = ChainState::posting(Some(provenance));
			let posting = Posting { source, payer, payload, gas_limit, value };
			let (result, id) = take(state, destination, posting)?;
			Self::deposit_event(Event::MessageArrived { id: h256(id), origin, topic });
			Ok((result, id))
		})
	}

	/// Queues a message.
	pub(crate) fn do_send_message(
		mut state: ChainState<T>,
		destination: ActorId,
		posting: Posting,
	) -> Result<MessageId, DispatchError> {
		Self::ensure_gas_limit(posting.gas_limit)?;
		let settings = T::Settings::get();
		gearway_engine::send_message(&mut state, &settings, destination, posting)
			.map_err(|error| Error::<T>::from(error).into())
	}

	/// Queues a reply to a message in the mailbox of the posting's source.
	pub(crate) fn do_send_reply(
		to: MessageId,
		posting: Posting,
	) -> Result<MessageId, DispatchError> {
		Self::ensure_gas_limit(posting.gas_limit)?;
		let mut state = ChainState::<T>::posting(None);
		let settings = T::Settings::get();
		gearway_engine::send_reply(&mut state, &settings, to, posting)
			.map_err(|error| Error::<T>::from(error).into())
	}

	/// Takes a message out of the mailbox of `who`, with its value.
	pub(crate) fn do_claim_value(who: &AccountId32, id: MessageId) -> Result<(), DispatchError> {
		let user = ActorId::new(who.clone().into());
		let mut state = ChainState::<T>::posting(None);
		gearway_engine::claim_value(&mut state, user, id)
			.map(drop)
			.map_err(|error| Error::<T>::from(error).into())
	}

	fn ensure_gas_limit(gas_limit: Gas) -> Result<(), Error<T>> {
		ensure!(gas_limit <= T::MaxGasLimit::get(), Error::<T>::GasLimitTooHigh);
		Ok(())
	}

	/// Gives what a program that never came to life owns to who made it.
	pub(crate) fn return_endowment(program: ActorId) {
		let Some(endower) = Endowers::<T>::take(program) else { return };
		let endower = ActorId::new(endower.into());
		if let Err(error) = Self::hand_over(program, endower) {
			// Nothing is lost: it stays where it is.
			log::warn!(
				target: crate::LOG_TARGET,
				"the endowment of {program:?} stays on its account: {error:?}",
			);
		}
	}
}

impl<T: Config> PostMessage for Pallet<T> {
	fn post(posting: gearway_primitives::Posting) -> Result<MessageId, DispatchError> {
		let take = |state, destination, posting| {
			Self::do_send_message(state, destination, posting).map(|id| ((), id))
		};
		Self::arrive(posting, take).map(|(_, id)| id)
	}

	fn is_program(id: ActorId) -> bool {
		let phase = Programs::<T>::get(id).map(|program| program.phase);
		phase.is_some_and(|phase| !matches!(phase, Phase::Exited { .. } | Phase::Terminated))
	}

	fn gas_price(gas: Gas) -> Value {
		Self::price_of(gas)
	}
}

impl<T: Config> CreateProgram for Pallet<T> {
	fn create(
		code: CodeId,
		salt: &[u8],
		posting: gearway_primitives::Posting,
	) -> Result<(ActorId, MessageId), DispatchError> {
		Self::arrive(posting, |state, _, posting| {
			Self::do_create_program(state, code, salt, posting)
		})
	}
}

impl<T: Config> AnswerLater for Pallet<T> {
	fn answer(
		actor: ActorId,
		message: MessageId,
		answer: Result<Vec<u8>, BuiltinFailure>,
	) -> Result<(), DispatchError> {
		let (mut state, settings) = (ChainState::<T>::posting(None), T::Settings::get());
		let answer = answer.map_err(|BuiltinFailure(payload)| BuiltinError { payload });
		gearway_engine::answer_later(&mut state, &settings, actor, message, answer)
			.map_err(|error| Error::<T>::from(error).into())
	}

	fn weight() -> Weight {
		T::WeightInfo::answer()
	}
}

impl<T: Config> From<PostError> for Error<T> {
	fn from(error: PostError) -> Self {
		match error {
			PostError::NoProgram(_) => Self::NoProgram,
			PostError::ProgramGone(_) => Self::ProgramGone,
			PostError::ProgramExists(_) => Self::ProgramExists,
			PostError::NoCode(_) => Self::NoCode,
			PostError::PayloadTooLong { .. } => Self::PayloadTooLong,
			PostError::ValueTooSmall { .. } => Self::ValueTooSmall,
			PostError::GasLimitTooHigh { .. } => Self::GasLimitTooHigh,
			PostError::NoMail(_) => Self::NoMail,
			PostError::NoInheritor(_) => Self::NoInheritor,
			PostError::NotWaiting(_) => Self::NotWaiting,
			PostError::Broken(_) => Self::Broken,
			PostError::Gas(_) => Self::GasUnpaid,
			PostError::Value(_) => Self::ValueUnpaid,
		}
	}
}
