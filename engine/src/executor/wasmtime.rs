//! The compiler: for hosts.
//!
//! A code is compiled once for all executors forked from one another, and instantiated once for
//! each: between two runs, an instance's globals are set to what they began with, and the run
//! itself leaves memory clean. So what a run costs, beyond its instructions, are a few calls and
//! the memory it touches.
//!
//! The address space of a memory is reserved as a whole, so that machine code needs no bounds
//! checks: what is out of bounds is not mapped, and the processor traps.

use super::{
	End, Executor, LoadError, Ran, Returned, Run, Trace, cache::Cache, host::host, sealed::Backend,
};
use crate::{
	code::{DEPTH, FUEL, MEMORY, RESET, STACK_LIMIT},
	ids::CodeId,
	memory,
	message::DispatchKind,
	syscalls::Syscall,
};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::fmt;
use wasmtime::{
	Caller, Config, Engine, Error, FuncType, Global, InstancePre, Linker, Memory, Module, OptLevel,
	Store, Trap, TypedFunc, Val, WasmBacktrace,
};

/// Bytes of the host's stack that a program may use: eight times what its slots come to, as
/// machine code keeps return addresses and spilled registers there too.
const NATIVE_STACK: usize = 8 * 8 * STACK_LIMIT as usize;

/// Instances that are kept for further runs.
const KEPT_INSTANCES: usize = 256;

/// Chunks that runs may touch on an instance before it is dropped, so that memory used once goes
/// back to the system.
const KEPT_CHUNKS: usize = 1024;

/// Runs programs as machine code. Keep one for as long as codes may recur: compiling is slow.
pub struct Wasmtime {
	engine: Engine,
	linker: Arc<Linker<Data>>,
	modules: Cache<InstancePre<Data>>,
	instances: BTreeMap<CodeId, Instance>,
	/// Of runs that failed, if it is asked to keep track.
	traces: Vec<Trace>,
}

impl Wasmtime {
	/// A compiler that knows no code yet.
	///
	/// # Errors
	///
	/// The machine is none that code can be compiled for.
	pub fn new() -> Result<Self, LoadError> {
		Self::configured(false)
	}

	/// A compiler that knows no code yet and tells by [`Executor::traces`] where programs were
	/// when they failed. Whatever stops a program takes longer with it, waiting included.
	///
	/// # Errors
	///
	/// As [`new`](Self::new).
	pub fn with_traces() -> Result<Self, LoadError> {
		Self::configured(true)
	}

	fn configured(traces: bool) -> Result<Self, LoadError> {
		let mut config = Config::new();
		config
			.max_wasm_stack(NATIVE_STACK)
			.wasm_backtrace(traces)
			.cranelift_opt_level(OptLevel::Speed);
		let engine = Engine::new(&config).map_err(|_| LoadError)?;
		let linker = Arc::new(linker(&engine)?);
		Ok(Self {
			engine,
			linker,
			modules: Cache::default(),
			instances: BTreeMap::new(),
			traces: Vec::new(),
		})
	}
}

impl fmt::Debug for Wasmtime {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Wasmtime").finish_non_exhaustive()
	}
}

impl Executor for Wasmtime {
	fn fork(&self) -> Self {
		Self {
			engine: self.engine.clone(),
			linker: self.linker.clone(),
			modules: self.modules.clone(),
			instances: BTreeMap::new(),
			traces: Vec::new(),
		}
	}

	fn traces(&mut self) -> Vec<Trace> {
		core::mem::take(&mut self.traces)
	}
}

host!(wasmtime, |linker: &Linker<Data>, params, results| FuncType::new(
	linker.engine(),
	params,
	results
));

/// A code that is ready to run, its memory clean.
struct Instance {
	store: Store<Data>,
	memory: Memory,
	fuel: Global,
	depth: Global,
	reset: TypedFunc<(), ()>,
	/// By kind of dispatch.
	entries: [Option<TypedFunc<(), ()>>; DispatchKind::ALL.len()],
	/// Chunks that runs have touched.
	touched: usize,
}

impl Instance {
	fn new(module: &InstancePre<Data>) -> Result<Self, LoadError> {
		let data = Data { run: None, memory: None, fuel: None };
		let mut store = Store::new(module.module().engine(), data);
		let instance = module.instantiate(&mut store).map_err(|_| LoadError)?;
		let memory = instance.get_memory(&mut store, MEMORY).ok_or(LoadError)?;
		let fuel = instance.get_global(&mut store, FUEL).ok_or(LoadError)?;
		let depth = instance.get_global(&mut store, DEPTH).ok_or(LoadError)?;
		let reset = instance.get_typed_func(&mut store, RESET).map_err(|_| LoadError)?;
		let entries =
			DispatchKind::ALL.map(|kind| instance.get_typed_func(&mut store, kind.entry()).ok());
		*store.data_mut() = Data { run: None, memory: Some(memory), fuel: Some(fuel) };
		memory::prepare(memory.data_mut(&mut store));
		Ok(Self { store, memory, fuel, depth, reset, entries, touched: 0 })
	}

	/// Runs it, and returns the functions it was in if it was stopped.
	fn execute(&mut self, mut run: Run) -> Result<(Ran, Vec<u32>), LoadError> {
		let Self { store, memory, fuel, depth, reset, entries, .. } = self;
		let entry = entries.get(run.entry as usize).and_then(Option::as_ref).ok_or(LoadError)?;

		grow(*memory, &mut *store, run.image.physical_pages())?;
		run.image.begin(memory.data_mut(&mut *store));
		reset.call(&mut *store, ()).map_err(|_| LoadError)?;
		let handed = run.context.meter.hand_out();
		fuel.set(&mut *store, Val::I64(handed)).map_err(|_| LoadError)?;

		store.data_mut().run = Some(run);
		let (returned, functions) = match entry.call(&mut *store, ()) {
			Ok(()) => (Returned::Normally, Vec::new()),
			Err(error) => match error.downcast_ref::<Trap>() {
				Some(Trap::StackOverflow) => (Returned::Overflow, functions(&error)),
				Some(_) => (Returned::Trap, functions(&error)),
				None => return Err(LoadError),
			},
		};
		let fuel = fuel.get(&mut *store).i64().ok_or(LoadError)?;
		let depth = depth.get(&mut *store).i32().ok_or(LoadError)?.cast_unsigned();
		let run = store.data_mut().run.take().ok_or(LoadError)?;
		self.touched += run.image.touched();
		Ok((run.conclude(returned, fuel, depth, memory.data_mut(&mut *store)), functions))
	}
}

/// The functions a program was in when it was stopped, if that is kept track of.
fn functions(error: &Error) -> Vec<u32> {
	let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
	// Behind the imports of the original there is one more, so its own functions are one further.
	trace.frames().iter().map(|frame| frame.func_index().saturating_sub(1)).collect()
}

impl Backend for Wasmtime {
	fn load(
		&mut self,
		code: CodeId,
		bytes: &mut dyn FnMut() -> Option<Vec<u8>>,
	) -> Result<(), LoadError> {
		self.modules.load(code, || {
			let bytes = bytes().ok_or(LoadError)?;
			let module = Module::new(&self.engine, &bytes).map_err(|_| LoadError)?;
			self.linker.instantiate_pre(&module).map_err(|_| LoadError)
		})
	}

	fn execute(&mut self, code: CodeId, run: Run) -> Result<Ran, LoadError> {
		// One that fails is not put back.
		let mut instance = match self.instances.remove(&code) {
			Some(instance) => instance,
			None => Instance::new(self.modules.get(code).ok_or(LoadError)?)?,
		};
		let (ran, functions) = instance.execute(run)?;
		if matches!(ran.end, End::Failed(_)) && !functions.is_empty() {
			self.traces.push(Trace { message: ran.context.message.id, code, functions });
		}
		if instance.touched < KEPT_CHUNKS {
			if self.instances.len() >= KEPT_INSTANCES {
				self.instances.pop_first();
			}
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
	let data = caller.data();
	let (Some(memory), Some(fuel)) = (data.memory, data.fuel) else { return Err(LoadError.into()) };
	let mut left = fuel.get(&mut *caller).i64().ok_or(LoadError)?;
	let (physical, data) = memory.data_and_store_mut(&mut *caller);
	let run = data.run.as_mut().ok_or(LoadError)?;
	let result = act(run, physical, &mut left);
	let pages = run.image.physical_pages();
	fuel.set(&mut *caller, Val::I64(left))?;
	grow(memory, &mut *caller, pages)?;
	result.ok_or_else(|| Error::from(Trap::UnreachableCodeReached))
}
