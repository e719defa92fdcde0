//! Money: gas and value as holds on the accounts of those who pay.
//!
//! What is paid in advance never leaves the payer's account before it is spent or delivered. So
//! giving back cannot fail, and every payer can see what of its balance is bound to which purpose.

use crate::{ChainEconomy, Config, HoldReason, Pallet};
use gearway_engine::{ActorId, Economy, FundsError, Gas};
use gearway_primitives::Value;
use polkadot_sdk::{
	frame_support::traits::{
		Get, OnUnbalanced,
		fungible::{BalancedHold, Inspect, Mutate, MutateHold},
		tokens::{Fortitude, Precision, Preservation, Restriction},
	},
	sp_runtime::{AccountId32, DispatchError, TokenError},
};

/// The account of an actor: the same 32 bytes.
pub(crate) fn account(actor: ActorId) -> AccountId32 {
	AccountId32::new(actor.into_bytes())
}

pub(crate) fn funds_error(error: DispatchError) -> FundsError {
	match error {
		DispatchError::Token(TokenError::FundsUnavailable | TokenError::NotExpendable)
		| DispatchError::Arithmetic(_) => FundsError::Insufficient,
		DispatchError::Token(
			TokenError::BelowMinimum | TokenError::CannotCreate | TokenError::OnlyProvider,
		) => FundsError::BelowMinimum,
		_ => FundsError::Refused,
	}
}

impl<T: Config> Pallet<T> {
	/// Whether gas costs nothing here.
	pub fn is_free() -> bool {
		ChainEconomy::<T>::get() == Economy::Free
	}

	/// What `gas` costs.
	pub fn price_of(gas: Gas) -> Value {
		if Self::is_free() { 0 } else { Value::from(gas).saturating_mul(T::GasPrice::get()) }
	}

	pub(crate) fn hold(
		reason: HoldReason,
		owner: ActorId,
		amount: Value,
	) -> Result<(), FundsError> {
		// Nothing can be paid by anyone, even by who has no account.
		if amount == 0 {
			return Ok(());
		}
		T::Currency::hold(&reason.into(), &account(owner), amount).map_err(funds_error)
	}

	pub(crate) fn release(
		reason: HoldReason,
		owner: ActorId,
		amount: Value,
	) -> Result<(), FundsError> {
		if amount == 0 {
			return Ok(());
		}
		T::Currency::release(&reason.into(), &account(owner), amount, Precision::Exact)
			.map(drop)
			.map_err(funds_error)
	}

	/// Hands gas that was paid in advance to the chain.
	pub(crate) fn spend(owner: ActorId, amount: Value) -> Result<(), FundsError> {
		let (income, missing) =
			T::Currency::slash(&HoldReason::Gas.into(), &account(owner), amount);
		T::GasIncome::on_unbalanced(income);
		if missing == 0 { Ok(()) } else { Err(FundsError::Insufficient) }
	}

	/// Hands what is held for `reason` to whom it is for.
	pub(crate) fn deliver(
		reason: HoldReason,
		owner: ActorId,
		to: ActorId,
		amount: Value,
	) -> Result<(), FundsError> {
		if owner == to || amount == 0 {
			return Self::release(reason, owner, amount);
		}
		T::Currency::transfer_on_hold(
			&reason.into(),
			&account(owner),
			&account(to),
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Polite,
		)
		.map(drop)
		.map_err(funds_error)
	}

	/// What `actor` could have held once it had got `incoming` more, keeping the existential
	/// deposit.
	pub(crate) fn spendable(actor: ActorId, incoming: Value) -> Value {
		let account = account(actor);
		let free = T::Currency::balance(&account);
		let missing = T::Currency::minimum_balance().saturating_sub(free);
		T::Currency::reducible_balance(&account, Preservation::Preserve, Fortitude::Polite)
			.saturating_add(incoming.saturating_sub(missing))
	}

	/// Hands all that `from` can give away to `to`, and closes its account unless something of it
	/// is held.
	pub(crate) fn hand_over(from: ActorId, to: ActorId) -> Result<(), FundsError> {
		let (from, to) = (account(from), account(to));
		let all =
			T::Currency::reducible_balance(&from, Preservation::Expendable, Fortitude::Polite);
		if from == to || all == 0 {
			return Ok(());
		}
		T::Currency::transfer(&from, &to, all, Preservation::Expendable)
			.map(drop)
			.map_err(funds_error)
	}

	/// What a program's account is given by whoever makes it: nothing where nothing has a price.
	pub(crate) fn endowment() -> Value {
		if Self::is_free() { 0 } else { T::Currency::minimum_balance() }
	}

	/// Makes sure that the account of a new program has its endowment. Returns whether `payer` had
	/// to pay it.
	pub(crate) fn endow(program: ActorId, payer: &AccountId32) -> Result<bool, DispatchError> {
		let (account, least) = (account(program), Self::endowment());
		if T::Currency::balance(&account) >= least {
			return Ok(false);
		}
		T::Currency::transfer(payer, &account, least, Preservation::Preserve).map(|_| true)
	}
}
