//! A program that does what its messages say.

use crate::support::*;
use gearway_engine::{ActorId, Gas, Value};

/// Obeys a list of orders, each 64 bytes (see [`Order`]) and the orders that go along.
///
/// It counts in memory what it handles, remembers the last message that waited, reservation,
/// program made and message sent, and wakes what waits when it gets a reply or a signal.
pub(crate) fn code() -> Vec<u8> {
	wat(r#"(module
		(import "env" "memory" (memory 2))
		(import "env" "alloc" (func $alloc (param i32) (result i32)))
		(import "env" "gr_block_height" (func $height (param i32)))
		(import "env" "gr_create_program_wgas"
			(func $create (param i32 i32 i32 i32 i32 i64 i32 i32)))
		(import "env" "gr_exit" (func $exit (param i32)))
		(import "env" "gr_gas_available" (func $gas_available (param i32)))
		(import "env" "gr_message_id" (func $message_id (param i32)))
		(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
		(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
		(import "env" "gr_reply_deposit" (func $deposit (param i32 i64 i32)))
		(import "env" "gr_reply_wgas" (func $reply_wgas (param i32 i32 i64 i32 i32)))
		(import "env" "gr_reservation_send" (func $send_reserved (param i32 i32 i32 i32 i32)))
		(import "env" "gr_reserve_gas" (func $reserve (param i64 i32 i32)))
		(import "env" "gr_send" (func $send (param i32 i32 i32 i32 i32)))
		(import "env" "gr_send_wgas" (func $send_wgas (param i32 i32 i32 i64 i32 i32)))
		(import "env" "gr_size" (func $size (param i32)))
		(import "env" "gr_system_reserve_gas" (func $system_reserve (param i64 i32)))
		(import "env" "gr_unreserve_gas" (func $unreserve (param i32 i32)))
		(import "env" "gr_value_available" (func $value_available (param i32)))
		(import "env" "gr_wait" (func $wait))
		(import "env" "gr_wait_for" (func $wait_for (param i32)))
		(import "env" "gr_wait_up_to" (func $wait_up_to (param i32)))
		(import "env" "gr_wake" (func $wake (param i32 i32 i32)))
		(import "env" "gw_gas_charge" (func $charge (param i64 i32)))

		;; 0 scratch, 16 results, 128 counters, 144 what waits, 176 a reservation, 208 a program,
		;; 240 a message, 272 what was seen, 320 a reservation with addressee, 512 a message id,
		;; 4096 the orders.
		(func $copy (param $to i32) (param $from i32)
			(i64.store (local.get $to) (i64.load (local.get $from)))
			(i64.store offset=8 (local.get $to) (i64.load offset=8 (local.get $from)))
			(i64.store offset=16 (local.get $to) (i64.load offset=16 (local.get $from)))
			(i64.store offset=24 (local.get $to) (i64.load offset=24 (local.get $from))))
		(func $count (param $at i32)
			(i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1))))
		;; Whether the last syscall went well.
		(func $well (result i32) (i32.eqz (i32.load (i32.const 16))))
		(func $waited (result i32)
			(call $message_id (i32.const 512))
			(if (i64.eq (i64.load (i32.const 512)) (i64.load (i32.const 144)))
				(then (return (i32.const 1))))
			(call $copy (i32.const 144) (i32.const 512))
			(i32.const 0))
		(func $sent (if (call $well) (then (call $copy (i32.const 240) (i32.const 20)))))
		(func $burn (param $times i32)
			(loop $again
				(local.set $times (i32.sub (local.get $times) (i32.const 1)))
				(br_if $again (i32.gt_s (local.get $times) (i32.const 0)))))

		(func $order (param $at i32) (param $len i32)
			(local $op i32) (local $n i32) (local $gas i64) (local $to i32) (local $rest i32)
			(local.set $op (i32.load8_u (local.get $at)))
			(local.set $n (i32.load offset=4 (local.get $at)))
			(local.set $gas (i64.load offset=8 (local.get $at)))
			(local.set $to (i32.add (local.get $at) (i32.const 16)))
			(local.set $rest (i32.add (local.get $at) (i32.const 64)))
			(if (i32.eq (local.get $op) (i32.const 0)) (then
				(call $send (local.get $to) (local.get $rest) (local.get $len) (local.get $n)
					(i32.const 16))
				(call $sent)))
			(if (i32.eq (local.get $op) (i32.const 1)) (then
				(call $send_wgas (local.get $to) (local.get $rest) (local.get $len)
					(local.get $gas) (local.get $n) (i32.const 16))
				(call $sent)))
			(if (i32.eq (local.get $op) (i32.const 2)) (then
				(call $reply (local.get $rest) (local.get $len)
					(i32.add (local.get $at) (i32.const 48)) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 3)) (then
				(call $reply_wgas (local.get $rest) (local.get $len) (local.get $gas)
					(i32.add (local.get $at) (i32.const 48)) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 4)) (then unreachable))
			(if (i32.eq (local.get $op) (i32.const 5)) (then (call $burn (local.get $n))))
			(if (i32.eq (local.get $op) (i32.const 6)) (then
				(i64.store (i32.add (i32.const 65536) (i32.and (local.get $n) (i32.const 0xfff8)))
					(local.get $gas))))
			(if (i32.eq (local.get $op) (i32.const 7)) (then (drop (call $alloc (i32.const 1)))))
			(if (i32.eq (local.get $op) (i32.const 8)) (then (call $exit (local.get $to))))
			(if (i32.eq (local.get $op) (i32.const 9)) (then
				(call $value_available (i32.const 272))
				(call $gas_available (i32.const 288))
				(call $height (i32.const 296))))
			(if (i32.eq (local.get $op) (i32.const 10)) (then
				(if (i32.eqz (call $waited)) (then (call $wait)))))
			(if (i32.eq (local.get $op) (i32.const 11)) (then
				(if (i32.eqz (call $waited)) (then (call $wait_for (local.get $n))))))
			(if (i32.eq (local.get $op) (i32.const 12)) (then
				(if (i32.eqz (call $waited)) (then (call $wait_up_to (local.get $n))))))
			(if (i32.eq (local.get $op) (i32.const 13)) (then
				(call $wake (i32.const 144) (local.get $n) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 14)) (then
				(call $reserve (local.get $gas) (local.get $n) (i32.const 16))
				(if (call $well) (then (call $copy (i32.const 176) (i32.const 20))))))
			(if (i32.eq (local.get $op) (i32.const 15)) (then
				(call $copy (i32.const 320) (i32.const 176))
				(call $copy (i32.const 352) (local.get $to))
				(i64.store (i32.const 384) (i64.load offset=48 (local.get $at)))
				(i64.store (i32.const 392) (i64.load offset=56 (local.get $at)))
				(call $send_reserved (i32.const 320) (local.get $rest) (local.get $len)
					(local.get $n) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 16)) (then
				(call $unreserve (i32.const 176) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 17)) (then
				(call $system_reserve (local.get $gas) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 18)) (then
				(call $create (local.get $to) (i32.add (local.get $at) (i32.const 4)) (i32.const 4)
					(local.get $rest) (local.get $len) (local.get $gas) (i32.const 0)
					(i32.const 16))
				(if (call $well) (then (call $copy (i32.const 208) (i32.const 52))))))
			(if (i32.eq (local.get $op) (i32.const 19)) (then
				(call $copy (local.get $to) (i32.const 208))
				(call $send_wgas (local.get $to) (local.get $rest) (local.get $len)
					(local.get $gas) (local.get $n) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 20)) (then
				(call $deposit (i32.const 240) (local.get $gas) (i32.const 16))))
			(if (i32.eq (local.get $op) (i32.const 21)) (then
				(call $charge (local.get $gas) (i32.const 16)))))

		(func $obey (local $at i32) (local $len i32) (local $end i32)
			(call $size (i32.const 0))
			(call $read (i32.const 0) (i32.load (i32.const 0)) (i32.const 4096) (i32.const 16))
			(local.set $at (i32.const 4096))
			(local.set $end (i32.add (local.get $at) (i32.load (i32.const 0))))
			(loop $next
				(if (i32.gt_u (i32.add (local.get $at) (i32.const 64)) (local.get $end))
					(then (return)))
				(local.set $len (i32.load16_u offset=2 (local.get $at)))
				(if (i32.gt_u
						(i32.add (i32.add (local.get $at) (i32.const 64)) (local.get $len))
						(local.get $end))
					(then (return)))
				(call $order (local.get $at) (local.get $len))
				(local.set $at
					(i32.add (i32.add (local.get $at) (i32.const 64)) (local.get $len)))
				(br $next)))
		(func $awake (call $wake (i32.const 144) (i32.const 0) (i32.const 16)))
		(func (export "init") (call $obey))
		(func (export "handle") (call $count (i32.const 128)) (call $obey))
		(func (export "handle_reply") (call $count (i32.const 132)) (call $awake))
		(func (export "handle_signal") (call $count (i32.const 136)) (call $awake)))"#)
}

/// What a puppet is told to do. A field that an order has no use for is ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
	pub(crate) what: What,
	/// Blocks, times, an address: whatever the order counts.
	pub(crate) n: u32,
	pub(crate) gas: Gas,
	/// An actor or a code.
	pub(crate) to: [u8; 32],
	pub(crate) value: Value,
	/// What goes along, for whoever gets the message.
	pub(crate) orders: Vec<Order>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub(crate) enum What {
	#[default]
	Send,
	SendWithGas,
	Reply,
	ReplyWithGas,
	Trap,
	Burn,
	Store,
	Alloc,
	Exit,
	Look,
	Wait,
	WaitFor,
	WaitUpTo,
	Wake,
	Reserve,
	SendReserved,
	Unreserve,
	SystemReserve,
	Create,
	SendToCreated,
	Deposit,
	ChargeGas,
}

impl Order {
	pub(crate) fn encode(orders: &[Self]) -> Vec<u8> {
		let mut bytes = Vec::new();
		for order in orders {
			let rest = Self::encode(&order.orders);
			bytes.extend_from_slice(&[order.what as u8, 0]);
			bytes.extend_from_slice(&u16::try_from(rest.len()).unwrap().to_le_bytes());
			bytes.extend_from_slice(&order.n.to_le_bytes());
			bytes.extend_from_slice(&order.gas.to_le_bytes());
			bytes.extend_from_slice(&order.to);
			bytes.extend_from_slice(&order.value.to_le_bytes());
			bytes.extend_from_slice(&rest);
		}
		bytes
	}

	pub(crate) fn new(what: What) -> Self {
		Self { what, ..Self::default() }
	}

	pub(crate) fn send(to: ActorId, orders: Vec<Self>) -> Self {
		Self { to: to.into_bytes(), orders, ..Self::default() }
	}

	pub(crate) fn with_value(self, value: Value) -> Self {
		Self { value, ..self }
	}
}
