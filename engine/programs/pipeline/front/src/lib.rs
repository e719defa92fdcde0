//! Takes orders: asks `prices` what the goods cost, then `stock` to hand them out, and answers the
//! customer.
//!
//! | message | payload | effect |
//! |---|---|---|
//! | init | [`Colleagues`], SCALE | whom it works with |
//! | handle | [`Order`], SCALE | the reply is a `Result<u32, String>`: the total, or why not |

#![no_std]

use gstd::{ActorId, msg, prelude::*, static_mut};
use pipeline_words::{Colleagues, Order, Price, Take};

static mut COLLEAGUES: Colleagues = Colleagues { prices: ActorId::zero(), stock: ActorId::zero() };

#[unsafe(no_mangle)]
extern "C" fn init() {
	let colleagues = msg::load().expect("the payload names no colleagues");
	// SAFETY: a program runs on one thread and handles one message at a time.
	unsafe { *static_mut!(COLLEAGUES) = colleagues };
}

#[gstd::async_main]
async fn main() {
	let order = msg::load().expect("the payload is not an order");
	msg::reply(fulfil(order).await, 0).expect("the answer cannot be sent");
}

async fn fulfil(Order { item, amount }: Order) -> Result<u32, String> {
	// SAFETY: as in `init`.
	let Colleagues { prices, stock } = unsafe { static_mut!(COLLEAGUES) };

	let price: Option<u32> = ask(*prices, Price::Ask { item: item.clone() }).await?;
	let price = price.ok_or_else(|| format!("we do not sell {item}"))?;
	let total = price.checked_mul(amount).ok_or("nobody can pay that")?;
	if ask(*stock, Take { item, amount }).await? { Ok(total) } else { Err("sold out".into()) }
}

/// Asks a colleague and awaits the answer.
async fn ask<A: Decode>(colleague: ActorId, question: impl Encode) -> Result<A, String> {
	msg::send_for_reply_as(colleague, question, 0, 0)
		.map_err(|error| error.to_string())?
		.await
		.map_err(|error| error.to_string())
}
