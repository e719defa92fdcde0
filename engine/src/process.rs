//! From a message to a journal: runs the program, changes nothing.

use crate::{
	code::CodeMetadata,
	executor::{End, Executor, Failed, Ran, Run},
	ids::ActorId,
	journal::{Journal, Note},
	memory::{self, Changes, Image},
	message::{Dispatch, DispatchKind, Gas},
	program::{Phase, Program},
	settings::Settings,
	state::{ApplyError, State},
	syscalls::{Context, Given, Halt, Meter},
};
use alloc::vec::Vec;
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
	let meter = Meter::new(node.remaining, settings.schedule.instruction);
	let destination = dispatch.message.destination;
	if let Some(program) = state.program(destination) {
		if dispatch.kind == DispatchKind::Init && !awaits(&program, &dispatch) {
			return Journal::broken(dispatch, ApplyError::NotUploaded(destination));
		}
		return match admit(&dispatch, &program) {
			Ok(()) => Execute { dispatch, program, state, settings }.process(executor, meter),
			Err((reason, payload)) => Journal::failed(dispatch, 0, reason.into(), payload),
		};
	}
	match state.builtin(destination) {
		Some(price) => builtin(dispatch, meter, price),
		None => Journal::failed(dispatch, 0, Unavailable::ProgramNotCreated.into(), Vec::new()),
	}
}

/// Whether the message is the one that the program is to begin with.
fn awaits(program: &Program, dispatch: &Dispatch) -> bool {
	program.phase == Phase::Uploaded { init: dispatch.message.id }
}

/// Whether the program takes the message; if not, why, and what the error reply says.
fn admit(dispatch: &Dispatch, program: &Program) -> Result<(), (Unavailable, Vec<u8>)> {
	if awaits(program, dispatch) {
		return Ok(());
	}
	let Some(reason) = program.phase.unavailable() else { return Ok(()) };
	let payload = match program.phase {
		Phase::Exited { inheritor } => inheritor.into_bytes().to_vec(),
		_ => Vec::new(),
	};
	Err((reason, payload))
}

fn builtin(dispatch: Dispatch, mut meter: Meter, price: Gas) -> Journal {
	if meter.charge(price).is_err() {
		return Journal::failed(dispatch, meter.spent(), out_of_gas(), Vec::new());
	}
	let notes = Vec::from([Note::CallBuiltin]);
	Journal { dispatch, gas_spent: meter.spent(), failure: None, notes }
}

fn out_of_gas() -> ErrorReplyReason {
	Execution::RanOutOfGas.into()
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
		match self.run(executor, meter, &code) {
			Ok(Ran { context, end }) => self.conclude(context, end),
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
		Journal { dispatch: self.dispatch, gas_spent: meter.spent(), failure: None, notes }
	}

	/// Static pages that become the program's with this message.
	fn first_pages(&self, code: &CodeMetadata) -> u32 {
		if self.dispatch.kind == DispatchKind::Init { code.static_pages } else { 0 }
	}

	/// Pays for what is done before the first instruction.
	fn pay_beginning(&self, meter: &mut Meter, code: &CodeMetadata) -> Result<(), Halt> {
		let schedule = &self.settings.schedule;
		let (new, old) = match self.dispatch.kind {
			DispatchKind::Init => (code.static_pages, 0),
			_ => (0, code.static_pages.saturating_add(self.program.pages.len())),
		};
		for (price, amount) in [
			(schedule.dispatch, 1),
			(schedule.code_byte, code.read_len()),
			(schedule.new_page, new.into()),
			(schedule.allocated_page, old.into()),
			(schedule.chunk_read, self.program.chunks.len().into()),
		] {
			meter.charge(price.saturating_mul(amount))?;
		}
		Ok(())
	}

	fn run<E: Executor>(
		&self,
		executor: &mut E,
		meter: Meter,
		code: &CodeMetadata,
	) -> Result<Ran, ApplyError> {
		let (state, message) = (self.state, &self.dispatch.message);
		let (id, code_id) = (message.destination, self.program.code);
		executor
			.load(code_id, &mut || state.code_bytes(code_id))
			.map_err(|_| ApplyError::BadCode(code_id))?;
		let image = Image::load(state, id, &self.program, code)?;
		let context = Context::new(Given {
			settings: *self.settings,
			block: state.block(),
			kind: self.dispatch.kind,
			message: message.clone(),
			existential_deposit: state.existential_deposit(),
			value_available: state.spendable(id, message.value),
			meter,
			pages: self.program.pages.clone(),
			heap: memory::heap(code, self.settings.limits.pages),
		});
		let run = Run { entry: self.dispatch.kind, image, context };
		executor.execute(code_id, run).map_err(|_| ApplyError::BadCode(code_id))
	}

	fn conclude(self, mut context: Context, end: End) -> Journal {
		match end {
			End::Done(changes) => {
				let written = changes.chunks.len() as u64;
				let price = self.settings.schedule.chunk_write.saturating_mul(written);
				if context.meter.charge(price).is_err() {
					return self.failed(context, Failed::OutOfGas);
				}
				self.succeeded(context, changes, None)
			}
			End::Exited(inheritor) => self.succeeded(context, Changes::default(), Some(inheritor)),
			End::Failed(failed) => self.failed(context, failed),
		}
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
		let mut journal =
			Journal::failed(self.dispatch, context.meter.spent(), reason.into(), payload);
		// What a program says before it fails is what helps to mend it.
		journal.notes.extend(context.debug.into_iter().map(Note::Debug));
		journal
	}

	fn succeeded(self, context: Context, changes: Changes, inheritor: Option<ActorId>) -> Journal {
		let gas_spent = context.meter.spent();
		let mut notes = self.delivery();
		notes.extend(context.debug.into_iter().map(Note::Debug));
		if inheritor.is_none() {
			self.settle_in(&mut notes);
			if context.pages != self.program.pages || !changes.chunks.is_empty() {
				notes.push(Note::Memory {
					pages: context.pages,
					stored: changes.stored,
					chunks: changes.chunks,
				});
			}
		}
		let sends = context.sent.into_iter().chain(context.reply.clone());
		notes.extend(sends.map(|(message, gas_limit)| Note::Send { message, gas_limit }));
		if context.reply.is_none() && self.dispatch.kind.is_answered() {
			notes.push(Note::auto_reply(&self.dispatch.message));
		}
		if let Some(inheritor) = inheritor {
			notes.push(Note::Phase(Phase::Exited { inheritor }));
			notes.push(Note::Inherit { inheritor });
		}
		Journal { dispatch: self.dispatch, gas_spent, failure: None, notes }
	}

	/// The message's value arrives first: the program may have sent it on.
	fn delivery(&self) -> Vec<Note> {
		let value = self.dispatch.message.value;
		Vec::from_iter((value > 0).then_some(Note::DeliverValue))
	}

	/// After its `init`, a program is active.
	fn settle_in(&self, notes: &mut Vec<Note>) {
		if self.dispatch.kind == DispatchKind::Init {
			notes.push(Note::Phase(Phase::Active));
		}
	}
}
