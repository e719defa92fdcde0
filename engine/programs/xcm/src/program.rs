//! Asking and awaiting.

use crate::{ACTOR, Amount, CallRequest, Chain, Failure, OriginKind, Request, Token};
use alloc::{boxed::Box, vec::Vec};
use core::{
	fmt,
	future::{Future, IntoFuture},
	pin::Pin,
};
use gstd::{
	ActorId,
	codec::{Compact, Decode, Encode},
	errors::{Error as Gstd, ErrorReplyReason},
	msg,
};

/// Gas set aside for taking in the answer, enough for programs of a hundred kilobytes.
const ANSWER_GAS: u64 = 25_000_000_000;

/// Blocks that the program waits longer than the chain does, so that it hears what the chain says
/// even if blocks are full.
const MARGIN: u32 = 20;

/// Makes the call that `call` is the encoding of on `dest`, signed by the program's account there.
///
/// `fee` is the most that this may cost there, in that chain's native token, out of the program's
/// account there; an answer is waited for in `timeout` blocks. For more see [`Call`].
pub fn call(dest: Chain, call: impl Into<Vec<u8>>, fee: u128, timeout: u32) -> Call {
	let request = CallRequest {
		dest,
		origin_kind: OriginKind::Account,
		call: call.into(),
		max_weight: None,
		fee: Amount::native(fee),
		timeout,
	};
	Call { request, answer_gas: ANSWER_GAS }
}

/// A call that has not been made yet. Await it to make it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[must_use = "nothing is sent until this is awaited"]
pub struct Call {
	request: CallRequest,
	answer_gas: u64,
}

impl Call {
	/// Makes it as the program's location instead: for calls made for XCM.
	pub fn as_location(mut self) -> Self {
		self.request.origin_kind = OriginKind::Location;
		self
	}

	/// Pays with another token.
	pub fn pay_with(mut self, token: Token) -> Self {
		self.request.fee.token = token;
		self
	}

	/// Sets so much gas aside for taking in the answer, out of the message's. Large programs need
	/// more than is set aside by itself; what is left goes back.
	pub fn answer_gas(mut self, gas: u64) -> Self {
		self.answer_gas = gas;
		self
	}

	/// Tells the most weight that the call may take, in picoseconds and bytes of proof: chains that
	/// do not speak XCM 5 have to be told.
	pub fn max_weight(mut self, ref_time: u64, proof_size: u64) -> Self {
		self.request.max_weight = Some((Compact(ref_time), Compact(proof_size)));
		self
	}
}

impl IntoFuture for Call {
	type Output = Result<(), Error>;
	type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

	fn into_future(self) -> Self::IntoFuture {
		let timeout = self.request.timeout;
		Box::pin(ask(Request::Call(self.request), timeout, self.answer_gas))
	}
}

async fn ask(request: Request, timeout: u32, answer_gas: u64) -> Result<(), Error> {
	msg::send_bytes_for_reply(ActorId::new(ACTOR), request.encode(), 0, answer_gas)
		.map_err(Gstd::from)?
		.up_to(Some(timeout.saturating_add(MARGIN)))?
		.await?;
	Ok(())
}

/// Why a call came to nothing, or nobody knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
	/// It came to nothing.
	Failed(Failure),
	/// There was no answer in time. Whether it was carried out is not known.
	Timeout,
	/// The program could not ask, or the answer does not make sense.
	Program(Gstd),
}

impl From<Gstd> for Error {
	fn from(error: Gstd) -> Self {
		if let Gstd::ErrorReply(_, ErrorReplyReason::RemovedFromWaitlist) | Gstd::Timeout(..) =
			error
		{
			return Self::Timeout;
		}
		match error.error_reply_panic_bytes().map(|mut bytes| Failure::decode(&mut bytes)) {
			Some(Ok(failure)) => Self::Failed(failure),
			_ => Self::Program(error),
		}
	}
}

impl fmt::Display for Error {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Failed(Failure::Refused(error)) => write!(f, "nothing was sent: {error:?}"),
			Self::Failed(Failure::Call(error)) => write!(f, "the call failed there: {error:?}"),
			Self::Failed(Failure::Execution { instruction, error }) => {
				write!(f, "instruction {instruction} failed there: {error:?}")
			}
			Self::Failed(Failure::Nonsense) => f.write_str("the answer is none"),
			Self::Timeout => f.write_str("no answer in time"),
			Self::Program(error) => write!(f, "{error}"),
		}
	}
}

impl core::error::Error for Error {}
