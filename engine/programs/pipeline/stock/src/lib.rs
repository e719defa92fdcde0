//! Knows what is there, and hands it out. Tells `prices` when little is left.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | `(ActorId, Vec<(String, u32)>)`, SCALE | `prices`, and what is there |
//! | handle | [`Take`], SCALE | the reply is a `bool`: whether it was handed out |

#![no_std]

use gstd::{ActorId, collections::BTreeMap, msg, prelude::*, static_mut};
use pipeline_words::{Price, Take};

/// With fewer of them left, goods are scarce.
const FEW: u32 = 3;

struct Stock {
	prices: ActorId,
	goods: BTreeMap<String, u32>,
}

static mut STOCK: Stock = Stock { prices: ActorId::zero(), goods: BTreeMap::new() };

fn stock() -> &'static mut Stock {
	// SAFETY: a program runs on one thread and handles one message at a time.
	unsafe { static_mut!(STOCK) }
}

#[unsafe(no_mangle)]
extern "C" fn init() {
	let (prices, goods): (_, Vec<_>) = msg::load().expect("the payload is not a stock");
	*stock() = Stock { prices, goods: goods.into_iter().collect() };
}

#[unsafe(no_mangle)]
extern "C" fn handle() {
	let Take { item, amount } = msg::load().expect("the payload takes nothing");
	let Stock { prices, goods } = stock();
	let left = goods.get(&item).and_then(|there| there.checked_sub(amount));
	if let Some(left) = left {
		goods.insert(item.clone(), left);
		if left < FEW {
			msg::send(*prices, Price::Scarce { item }, 0).expect("prices cannot be told");
		}
	}
	msg::reply(left.is_some(), 0).expect("the answer cannot be sent");
}
