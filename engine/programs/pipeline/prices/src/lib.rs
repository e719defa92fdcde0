//! Knows what things cost.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | `Vec<(String, u32)>`, SCALE | the goods and their prices |
//! | handle | [`Price`], SCALE | see there |

#![no_std]

use gstd::{collections::BTreeMap, msg, prelude::*, static_mut};
use pipeline_words::Price;

static mut PRICES: BTreeMap<String, u32> = BTreeMap::new();

fn prices() -> &'static mut BTreeMap<String, u32> {
	// SAFETY: a program runs on one thread and handles one message at a time.
	unsafe { static_mut!(PRICES) }
}

#[unsafe(no_mangle)]
extern "C" fn init() {
	let goods: Vec<_> = msg::load().expect("the payload is not a price list");
	prices().extend(goods);
}

#[unsafe(no_mangle)]
extern "C" fn handle() {
	match msg::load().expect("the payload asks for no price") {
		Price::Ask { item } => {
			msg::reply(prices().get(&item), 0).expect("the price cannot be told");
		}
		Price::Scarce { item } => {
			if let Some(price) = prices().get_mut(&item) {
				*price = price.saturating_mul(2);
			}
		}
	}
}
