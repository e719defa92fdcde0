//! From a message to a journal: runs the program, changes nothing.

use crate::{
	code::CodeMetadata,
	executor::{End, Executor, Failed, Ran, Run},
	ids::ActorId,
	journal::{Journal, Note, Send},
	memory::{self, Changes, Image, NoChunk},
	message::{Dispatch, DispatchKind, Gas},
	program::{Phase, Program},
	settings::Settings,
	state::{ApplyError, State},
	syscalls::{Change, Context, Halt, Meter, Outgoing, Wait, World},
};
use alloc::{sync::Arc, vec::Vec};
use gear_core_errors::{
	ErrorReplyReason, SimpleExecutionError as Execution, SimpleUnavailableActorError as Unavailable,
};

/// Deals with a message and returns what is to be done about it.
///
/// Pure: the same message, state and settings give the same journal, with every executor. Whatever
/// the program does, the journal spends no more gas than the message's gas node has.
pub fn process<S: State, E: Executor>(
	dispatch: Dispatch,
	state: &S,
	executor: &mut E,
	settings: &Settings,
) -> Journal {
	let Some(node) = state.gas_node(dispatch.gas_node) else {
		let error = ApplyError::NoGasNode(dispatch.gas_node);
		return Journal::broken(dispatch, error);
	};
	// Of a node that has more than a block, the rest stays where it is.
	let gas = node.remaining.min(settings.limits.block_gas);
	let meter = Meter::new(gas, settings.schedule.instruction);
	let destination = dispatch.message.destination;
	if let Some(program) = state.program(destination) {
		return match admit(&dispatch, &program) {
			Ok(()) => Execute { dispatch, program, state, settings }.process(executor, meter),
			Err((reason, payload)) => Journal::refused(dispatch, 0, reason.into(), payload),
		};
	}
	match state.builtin(destination) {
		Some(price) => builtin(dispatch, meter, price),
		None => Journal::refused(dispatch, 0, Unavailable::ProgramNotCreated.into(), Vec::new()),
	}
}

/// Whether the program takes the message; if not, why, and what the error reply says.
fn admit(dispatch: &Dispatch, program: &Program) -> Result<(), (Unavailable, Vec<u8>)> {
	let (kind, id) = (dispatch.kind, dispatch.message.id);
	let reason = match program.phase {
		Phase::Uploaded { init } | Phase::Initialising { init } if init == id => return Ok(()),
		// Another `init` was made for this program, which was there already.
		_ if kind == DispatchKind::Init => Unavailable::ProgramNotCreated,
		// What `init` may be waiting for.
		Phase::Initialising { .. } if !kind.is_answered() => return Ok(()),
		Phase::Exited { inheritor } => {
			return Err((Unavailable::ProgramExited, inheritor.into_bytes().to_vec()));
		}
		phase => match phase.unavailable() {
			Some(reason) => reason,
			None => return Ok(()),
		},
	};
	Err((reason, Vec::new()))
}

fn builtin(dispatch: Dispatch, mut meter: Meter, price: Gas) -> Journal {
	if meter.charge(price).is_err() {
		return Journal::refused(dispatch, meter.spent(), out_of_gas(), Vec::new());
	}
	let notes = Vec::from([Note::CallBuiltin]);
	let (gas_spent, gas_left) = (meter.spent(), meter.left());
	Journal { dispatch, gas_spent, gas_left, failure: None, notes }
}

fn out_of_gas() -> ErrorReplyReason {
	Execution::RanOutOfGas.into()
}

/// How a run ended that did not fail.
#[derive(Clone, Copy)]
enum Outcome {
	Done,
	Waiting(Wait),
	Exited(ActorId),
}

/// A message on its way through a program that takes it.
struct Execute<'a, S> {
	dispatch: Dispatch,
	program: Program,
	state: &'a S,
	settings: &'a Settings,
}

impl<S: State> Execute<'_, S> {
	fn process<E: Executor>(self, executor: &mut E, mut meter: Meter) -> Journal {
		let Some(code) = self.state.code_metadata(self.program.code) else {
			let error = ApplyError::NoCode(self.program.code);
			return Journal::broken(self.dispatch, error);
		};
		if !code.entries.has(self.dispatch.kind) {
			return self.unheard(meter, &code);
		}
		if self.pay_beginning(&mut meter, &code).is_err() {
			return Journal::failed(self.dispatch, meter.spent(), out_of_gas(), Vec::new());
		}
		match self.run(executor, meter, code.clone()) {
			Ok(Ran { context, end }) => self.conclude(context, end, &code),
			Err(error) => Journal::broken(self.dispatch, error),
		}
	}

	/// A message that the program has no entry point for: it is delivered, and nothing runs.
	fn unheard(self, mut meter: Meter, code: &CodeMetadata) -> Journal {
		let pages = self.first_pages(code);
		let price = self.settings.schedule.new_page.saturating_mul(u64::from(pages));
		if meter.charge(price).is_err() {
			return Journal::failed(self.dispatch, meter.spent(), out_of_gas(), Vec::new());
		}
		let mut notes = self.delivery();
		self.settle_in(&mut notes);
		if self.dispatch.kind.is_answered() {
			notes.push(Note::auto_reply(&self.dispatch.message));
		}
		let (gas_spent, gas_left) = (meter.spent(), meter.left());
		Journal { dispatch: self.dispatch, gas_spent, gas_left, failure: None, notes }
	}

	/// Static pages that become the program's with this message.
	fn first_pages(&self, code: &CodeMetadata) -> u32 {
		if self.is_first() { code.static_pages } else { 0 }
	}

	/// Whether this is the first run of the program.
	fn is_first(&self) -> bool {
		matches!(self.program.phase, Phase::Uploaded { .. })
	}

	/// Pays for what is done before the first instruction.
	fn pay_beginning(&self, meter: &mut Meter, code: &CodeMetadata) -> Result<(), Halt> {
		let schedule = &self.settings.schedule;
		let (new, old) = match self.is_first() {
			true => (code.static_pages, 0),
			false => (0, code.static_pages.saturating_add(self.program.pages.len())),
		};
		for (price, amount) in [
			(schedule.dispatch, 1),
			(schedule.code_byte, code.read_len()),
			(schedule.new_page, new.into()),
			(schedule.allocated_page, old.into()),
		] {
			meter.charge(price.saturating_mul(amount))?;
		}
		Ok(())
	}

	fn run<E: Executor>(
		&self,
		executor: &mut E,
		meter: Meter,
		code: Arc<CodeMetadata>,
	) -> Result<Ran, ApplyError> {
		let (state, message) = (self.state, &self.dispatch.message);
		let (id, code_id) = (message.destination, self.program.code);
		executor
			.load(code_id, &mut || state.code_bytes(code_id))
			.map_err(|_| ApplyError::BadCode(code_id))?;
		let world = World {
			block: state.block(),
			randomness: state.randomness(),
			gas_price: state.gas_price(),
			existential_deposit: state.existential_deposit(),
			endowment: state.endowment(),
		};
		// An earlier run has received the value.
		let incoming = if self.dispatch.earlier.is_some() { 0 } else { message.value };
		let context = Context::new(
			*self.settings,
			world,
			&self.dispatch,
			&self.program,
			state.spendable(id, incoming),
			memory::heap(&code, self.settings.limits.pages),
			meter,
		);
		let image = Image::new(&self.program, code, state.memory(id));
		let run = Run { entry: self.dispatch.kind, image, context };
		executor.execute(code_id, run).map_err(|_| ApplyError::BadCode(code_id))
	}

	fn conclude(self, mut context: Context, end: End, code: &CodeMetadata) -> Journal {
		let (changes, outcome) = match end {
			End::Done(changes) => (changes, Outcome::Done),
			End::Waiting(changes, wait) => (changes, Outcome::Waiting(wait)),
			End::Exited(inheritor) => (Changes::default(), Outcome::Exited(inheritor)),
			End::Failed(failed) => return self.failed(context, failed),
			End::Broken(NoChunk(index)) => {
				let error = ApplyError::NoChunk(self.dispatch.message.destination, index);
				return Journal::broken(self.dispatch, error);
			}
		};
		let written = changes.chunks.len() as u64;
		let price = self.settings.schedule.chunk_write.saturating_mul(written);
		if context.meter.charge(price).is_err() {
			return self.failed(context, Failed::OutOfGas);
		}
		self.succeeded(context, changes, outcome, code)
	}

	fn failed(self, context: Context, failed: Failed) -> Journal {
		let (reason, payload) = match failed {
			Failed::OutOfGas => (Execution::RanOutOfGas, Vec::new()),
			Failed::OutOfMemory => (Execution::MemoryOverflow, Vec::new()),
			Failed::Panic(reason) => (Execution::UserspacePanic, reason),
			Failed::Misuse => (Execution::BackendError, Vec::new()),
			Failed::StackLimit => (Execution::StackLimitExceeded, Vec::new()),
			Failed::Trap => (Execution::UnreachableInstruction, Vec::new()),
		};
		let mut journal = Journal::failed_with_signal(
			self.dispatch,
			context.meter.spent(),
			reason.into(),
			payload,
			context.for_signal,
		);
		// What a program says before it fails is what helps to mend it.
		journal.notes.extend(context.debug.into_iter().map(Note::Debug));
		journal
	}

	fn succeeded(
		self,
		context: Context,
		changes: Changes,
		outcome: Outcome,
		code: &CodeMetadata,
	) -> Journal {
		let (gas_spent, gas_left) = (context.meter.spent(), context.meter.left());
		let (replied, afterwards) = (context.replied(), context.afterwards());
		let mut notes = self.delivery();
		notes.extend(context.debug.into_iter().map(Note::Debug));
		match outcome {
			Outcome::Done => self.settle_in(&mut notes),
			Outcome::Waiting(_) if self.is_first() => {
				let init = self.dispatch.message.id;
				notes.push(Note::Phase(Phase::Initialising { init }));
			}
			Outcome::Waiting(_) | Outcome::Exited(_) => {}
		}
		if !matches!(outcome, Outcome::Exited(_))
			&& (context.pages != self.program.pages || !changes.chunks.is_empty())
		{
			let Changes { stored, chunks } = changes;
			notes.push(Note::Memory { pages: context.pages, stored, chunks });
		}
		if context.gas_bought > 0 {
			notes.push(Note::BuyFunds { gas: context.gas_bought });
		}
		notes.extend(context.reservations.done.into_iter().map(|change| match change {
			Change::Reserve { id, gas, blocks } => Note::Reserve { id, gas, blocks },
			Change::Unreserve { id } => Note::Unreserve { id },
		}));
		let deposits = context.deposits.into_iter();
		notes.extend(deposits.map(|(message, gas)| Note::Deposit { message, gas }));
		for Outgoing { kind, message, gas, delay, code: new } in context.sent {
			if let Some(code) = new {
				notes.push(Note::Create { id: message.destination, code, init: message.id });
			}
			let heard = code.entries.handle_reply;
			notes.push(Note::Send(Send { kind, message, gas, delay, heard }));
		}
		if let Some((message, gas)) = context.reply {
			let kind = DispatchKind::Reply;
			notes.push(Note::Send(Send { kind, message, gas, delay: 0, heard: false }));
		}
		let wakes = context.wakes.into_iter();
		notes.extend(wakes.map(|(message, delay)| Note::Wake { message, delay }));

		if let Outcome::Waiting(Wait { blocks, expiry }) = outcome {
			if context.for_signal > 0 {
				notes.push(Note::ReserveForSignal { gas: context.for_signal });
			}
			notes.push(Note::Wait { blocks, expiry, earlier: afterwards });
		} else {
			// What this run alone has set aside for a signal has not left the gas node.
			if context.earlier.for_signal > 0 {
				notes.push(Note::ReleaseForSignal);
			}
			if !replied && self.dispatch.kind.is_answered() {
				notes.push(Note::auto_reply(&self.dispatch.message));
			}
		}
		if let Outcome::Exited(inheritor) = outcome {
			notes.push(Note::Phase(Phase::Exited { inheritor }));
			notes.push(Note::Inherit { inheritor });
		}
		Journal { dispatch: self.dispatch, gas_spent, gas_left, failure: None, notes }
	}

	/// The message's value arrives first: the program may have sent it on. It arrives once.
	fn delivery(&self) -> Vec<Note> {
		let arrives = self.dispatch.message.value > 0 && self.dispatch.earlier.is_none();
		Vec::from_iter(arrives.then_some(Note::DeliverValue))
	}

	/// After its `init`, a program is active.
	fn settle_in(&self, notes: &mut Vec<Note>) {
		if self.dispatch.kind == DispatchKind::Init {
			notes.push(Note::Phase(Phase::Active));
		}
	}
}
