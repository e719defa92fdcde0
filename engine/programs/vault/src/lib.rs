//! Keeps value for its owners, and shows what happens when an owner says no.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | handle | [`Command`], SCALE | see there |
//!
//! A withdrawal waits for its owner's word. When it fails after that, what the message did before it
//! waited stays done; `handle_signal` puts it right. A gift is paid out by whoever claims it, out
//! of gas that the giver set aside.

#![no_std]

use gstd::{
	ActorId, Reservation, collections::BTreeMap, critical, exec, msg, prelude::*, static_mut,
};

/// Blocks that an owner has to answer.
const PATIENCE: u32 = 20;

/// Gas that the owner's answer is given for its way back.
const ANSWER_GAS: u64 = 10_000_000_000;

/// Gas set aside for paying out a gift.
const GIFT_GAS: u64 = 10_000_000_000;

/// What the vault can be told.
#[derive(Decode)]
#[codec(crate = gstd::codec)]
enum Command {
	/// Keep the value of this message for me. The reply is my balance, a `u128`, as for all
	/// commands that say nothing else.
	Deposit,
	/// Tell me my balance.
	Balance,
	/// Give me so much, after asking me `Withdraw {amount}?` and hearing `yes`. The value comes
	/// with the reply.
	Withdraw {
		/// How much.
		amount: u128,
	},
	/// Keep so much for somebody who may have it for so many blocks.
	Give {
		/// Who.
		to: ActorId,
		/// How much.
		amount: u128,
		/// Blocks for which the gas of the payment is set aside.
		blocks: u32,
	},
	/// Send me the gift that is kept for me. What arrives is no reply: the giver pays its gas.
	Claim,
}

/// Something that is kept for somebody else.
struct Gift {
	amount: u128,
	gas: Reservation,
}

#[derive(Default)]
struct Vault {
	balances: BTreeMap<ActorId, u128>,
	gifts: BTreeMap<ActorId, Gift>,
}

static mut VAULT: Vault = Vault { balances: BTreeMap::new(), gifts: BTreeMap::new() };

fn vault() -> &'static mut Vault {
	// SAFETY: a program runs on one thread, and no borrow lives over an `await`.
	unsafe { static_mut!(VAULT) }
}

impl Vault {
	fn balance(&self, owner: ActorId) -> u128 {
		self.balances.get(&owner).copied().unwrap_or(0)
	}

	fn put(&mut self, owner: ActorId, amount: u128) {
		*self.balances.entry(owner).or_default() += amount;
	}

	fn take(&mut self, owner: ActorId, amount: u128) {
		let left = self.balance(owner).checked_sub(amount);
		self.balances.insert(owner, left.expect("the balance does not suffice"));
	}
}

#[gstd::async_main]
async fn main() {
	let owner = msg::source();
	match msg::load().expect("the payload is not a command") {
		Command::Deposit => vault().put(owner, msg::value()),
		Command::Balance => {}
		Command::Withdraw { amount } => return withdraw(owner, amount).await,
		Command::Give { to, amount, blocks } => give(owner, to, amount, blocks),
		Command::Claim => claim(owner),
	}
	msg::reply(vault().balance(owner), 0).expect("the balance cannot be told");
}

async fn withdraw(owner: ActorId, amount: u128) {
	vault().take(owner, amount);
	critical::set_hook(move || vault().put(owner, amount));
	let question = format!("Withdraw {amount}?");
	let answer = msg::send_bytes_with_gas_for_reply(owner, question, ANSWER_GAS, 0, 0)
		.expect("the question cannot be sent")
		.up_to(Some(PATIENCE))
		.expect("the patience is not 0")
		.await
		.expect("the owner does not answer");
	assert_eq!(answer, b"yes", "the owner refuses");
	msg::reply(vault().balance(owner), amount).expect("the value cannot be sent");
}

fn give(owner: ActorId, to: ActorId, amount: u128, blocks: u32) {
	let vault = vault();
	vault.take(owner, amount);
	let gas = Reservation::reserve(GIFT_GAS, blocks).expect("the gas cannot be set aside");
	let earlier = vault.gifts.insert(to, Gift { amount, gas });
	assert!(earlier.is_none(), "a gift is kept for {to} already");
}

fn claim(to: ActorId) {
	let Gift { amount, gas } = vault().gifts.remove(&to).expect("no gift is kept for you");
	if gas.valid_until() > exec::block_height() {
		msg::send_bytes_from_reservation(gas.id(), to, "A gift", amount)
			.expect("the gift cannot be sent");
	} else {
		msg::send_bytes(to, "A gift", amount).expect("the gift cannot be sent");
	}
}
