//! The interpreter: `no_std`, inside the runtime.
//!
//! A code is translated once for all executors forked from one another, each function when it is
//! first called, and instantiated once for each executor: between two runs, an instance's globals
//! are set to what they began with, and the run itself leaves memory clean.

use super::{Executor, LoadError, Ran, Returned, Run, cache::Cache, host::host, sealed::Backend};
use crate::{
	code::{DEPTH, FRAME_OVERHEAD, FUEL, MEMORY, RESET, STACK_LIMIT},
	ids::CodeId,
	memory,
	message::DispatchKind,
	syscalls::Syscall,
};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::fmt;
use wasmi::{
	Caller, CompilationMode, Config, Engine, Error, FuncType, Global, Linker, Memory, Module,
	Store, TrapCode, TypedFunc, Val,
};

/// 64 KiB pages of all instances that are kept for further runs.
const KEPT_PAGES: u64 = if cfg!(feature = "std") { 8192 } else { 512 };

/// Runs programs by interpretation, translating each function when it is first called. Keep one
/// for as long as codes may recur: a block.
pub struct Wasmi {
	engine: Engine,
	linker: Result<Arc<Linker<Data>>, LoadError>,
	modules: Cache<Module>,
	instances: BTreeMap<CodeId, Instance>,
	/// Pages of all instances.
	kept: u64,
}

impl Wasmi {
	/// An interpreter that knows no code yet.
	pub fn new() -> Self {
		// Twice what the metered module allows itself, so that this limit is never met.
		let frames = 2 * STACK_LIMIT / FRAME_OVERHEAD;
		let mut config = Config::default();
		// `Lazy` also validates a function only when it is first called. That leaves nothing to
		// chance: `check_code` has validated them all, by the same validator.
		config
			.compilation_mode(CompilationMode::Lazy)
			.set_max_recursion_depth(frames as usize)
			.set_max_stack_height(4 * 1024 * 1024)
			.ignore_custom_sections(true);
		let engine = Engine::new(&config);
		let linker = linker(&engine).map(Arc::new);
		Self { engine, linker, modules: Cache::default(), instances: BTreeMap::new(), kept: 0 }
	}
}

impl Default for Wasmi {
	fn default() -> Self {
		Self::new()
	}
}

impl fmt::Debug for Wasmi {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Wasmi").finish_non_exhaustive()
	}
}

impl Executor for Wasmi {
	fn fork(&self) -> Self {
		Self {
			engine: self.engine.clone(),
			linker: self.linker.clone(),
			modules: self.modules.clone(),
			instances: BTreeMap::new(),
			kept: 0,
		}
	}
}

host!(wasmi, |_: &Linker<Data>, params, results| FuncType::new(params, results));

/// A code that is ready to run, its memory clean.
struct Instance {
	store: Store<Data>,
	memory: Memory,
	fuel: Global,
	depth: Global,
	reset: TypedFunc<(), ()>,
	/// By kind of dispatch.
	entries: [Option<TypedFunc<(), ()>>; DispatchKind::ALL.len()],
}

impl Instance {
	fn new(linker: &Linker<Data>, module: &Module) -> Result<Self, LoadError> {
		let data = Data { run: None, memory: None, fuel: None };
		let mut store = Store::new(module.engine(), data);
		// Checked modules have no start section.
		let instance = linker.instantiate_and_start(&mut store, module).map_err(|_| LoadError)?;
		let memory = instance.get_memory(&store, MEMORY).ok_or(LoadError)?;
		let fuel = instance.get_global(&store, FUEL).ok_or(LoadError)?;
		let depth = instance.get_global(&store, DEPTH).ok_or(LoadError)?;
		let reset = instance.get_typed_func(&store, RESET).map_err(|_| LoadError)?;
		let entries =
			DispatchKind::ALL.map(|kind| instance.get_typed_func(&store, kind.entry()).ok());
		*store.data_mut() = Data { run: None, memory: Some(memory), fuel: Some(fuel) };
		memory::prepare(memory.data_mut(&mut store));
		Ok(Self { store, memory, fuel, depth, reset, entries })
	}

	fn execute(&mut self, mut run: Run) -> Result<Ran, LoadError> {
		let Self { store, memory, fuel, depth, reset, entries } = self;
		let entry = entries.get(run.entry as usize).and_then(Option::as_ref).ok_or(LoadError)?;

		grow(*memory, &mut *store, run.image.physical_pages())?;
		run.image.begin(memory.data_mut(&mut *store));
		reset.call(&mut *store, ()).map_err(|_| LoadError)?;
		let handed = run.context.meter.hand_out();
		fuel.set(&mut *store, Val::I64(handed)).map_err(|_| LoadError)?;

		store.data_mut().run = Some(run);
		let returned = match entry.call(&mut *store, ()) {
			Ok(()) => Returned::Normally,
			Err(error) => match error.as_trap_code() {
				Some(TrapCode::StackOverflow) => Returned::Overflow,
				Some(_) => Returned::Trap,
				None => return Err(LoadError),
			},
		};
		let fuel = fuel.get(&*store).i64().ok_or(LoadError)?;
		let depth = depth.get(&*store).i32().ok_or(LoadError)?.cast_unsigned();
		let run = store.data_mut().run.take().ok_or(LoadError)?;
		Ok(run.conclude(returned, fuel, depth, memory.data_mut(&mut *store)))
	}

	/// 64 KiB pages of its memory.
	fn pages(&self) -> u64 {
		self.memory.size(&self.store)
	}
}

impl Backend for Wasmi {
	fn load(
		&mut self,
		code: CodeId,
		bytes: &mut dyn FnMut() -> Option<Vec<u8>>,
	) -> Result<(), LoadError> {
		self.modules.load(code, || {
			let bytes = bytes().ok_or(LoadError)?;
			Module::new(&self.engine, &bytes).map_err(|_| LoadError)
		})
	}

	fn execute(&mut self, code: CodeId, run: Run) -> Result<Ran, LoadError> {
		// One that fails is not put back.
		let mut instance = match self.instances.remove(&code) {
			Some(instance) => {
				self.kept = self.kept.saturating_sub(instance.pages());
				instance
			}
			None => {
				let linker = self.linker.as_deref().map_err(|error| *error)?;
				Instance::new(linker, self.modules.get(code).ok_or(LoadError)?)?
			}
		};
		let ran = instance.execute(run)?;
		let pages = instance.pages();
		while self.kept + pages > KEPT_PAGES
			&& let Some((_, dropped)) = self.instances.pop_first()
		{
			self.kept = self.kept.saturating_sub(dropped.pages());
		}
		if pages <= KEPT_PAGES {
			self.kept += pages;
			self.instances.insert(code, instance);
		}
		Ok(ran)
	}
}

/// Does something to the run, its memory and its fuel. `None` stops the program; the run knows
/// why.
fn inside<T>(
	caller: &mut Caller<'_, Data>,
	act: impl FnOnce(&mut Run, &mut [u8], &mut i64) -> Option<T>,
) -> Result<T, Error> {
	// Any error that is no trap means that the engine failed, not the program.
	let broken = || Error::i32_exit(0);
	let data = caller.data();
	let (Some(memory), Some(fuel)) = (data.memory, data.fuel) else { return Err(broken()) };
	let mut left = fuel.get(&*caller).i64().ok_or_else(broken)?;
	let (physical, data) = memory.data_and_store_mut(&mut *caller);
	let run = data.run.as_mut().ok_or_else(broken)?;
	let result = act(run, physical, &mut left);
	let pages = run.image.physical_pages();
	fuel.set(&mut *caller, Val::I64(left)).map_err(|_| broken())?;
	grow(memory, &mut *caller, pages).map_err(|_| broken())?;
	result.ok_or_else(|| TrapCode::UnreachableCodeReached.into())
}
