//! The compiler: for hosts.

use super::{Executor, LoadError, Ran, Returned, Run, cache::Cache, sealed::Backend};
use crate::{
	code::{DEPTH, FUEL, STACK_LIMIT},
	ids::CodeId,
	pages::PAGE_SIZE,
	syscalls::{self, Guest, Kind, OutOfBounds, Syscall},
};
use alloc::{boxed::Box, vec::Vec};
use wasmtime::{
	Caller, Config, Engine, Error, Extern, Func, FuncType, Global, Instance, Memory, MemoryType,
	Module, OptLevel, Store, Trap, Val, ValType,
};

/// Bytes of the host's stack that a program may use: eight times what its slots come to, as
/// machine code keeps return addresses and spilled registers there too.
const NATIVE_STACK: usize = 8 * 8 * STACK_LIMIT as usize;

/// Runs programs as machine code. Keep one for as long as codes may recur: compiling is slow.
#[derive(Debug)]
pub struct Wasmtime {
	engine: Engine,
	modules: Cache<Module>,
}

impl Wasmtime {
	/// A compiler that knows no code yet.
	///
	/// # Errors
	///
	/// The machine is none that code can be compiled for.
	pub fn new() -> Result<Self, LoadError> {
		let mut config = Config::new();
		config
			.max_wasm_stack(NATIVE_STACK)
			.wasm_backtrace(false)
			.memory_reservation(0)
			.memory_guard_size(0)
			.cranelift_opt_level(OptLevel::Speed);
		let engine = Engine::new(&config).map_err(|_| LoadError)?;
		Ok(Self { engine, modules: Cache::default() })
	}
}

impl Executor for Wasmtime {
	fn fork(&self) -> Self {
		Self { engine: self.engine.clone(), modules: self.modules.clone() }
	}
}

/// What host functions find in the store.
struct Data {
	/// `None` while a syscall has it.
	run: Option<Box<Run>>,
	/// Both are known once the module is instantiated.
	memory: Option<Memory>,
	fuel: Option<Global>,
}

impl Backend for Wasmtime {
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

	fn execute(&mut self, code: CodeId, mut run: Run) -> Result<Ran, LoadError> {
		let module = self.modules.get(code).ok_or(LoadError)?;
		let mut store = Store::new(&self.engine, Data { run: None, memory: None, fuel: None });

		let ty = MemoryType::new(run.image.pages, Some(run.most_pages()));
		let memory = Memory::new(&mut store, ty).map_err(|_| LoadError)?;
		run.image.fill(memory.data_mut(&mut store));

		let instance = instantiate(&mut store, module, memory)?;
		let fuel = instance.get_global(&mut store, FUEL).ok_or(LoadError)?;
		let depth = instance.get_global(&mut store, DEPTH).ok_or(LoadError)?;
		let entry = run.entry.entry();
		let entry = instance.get_typed_func::<(), ()>(&mut store, entry).map_err(|_| LoadError)?;

		let handed = run.context.meter.hand_out();
		fuel.set(&mut store, Val::I64(handed)).map_err(|_| LoadError)?;
		*store.data_mut() =
			Data { run: Some(Box::new(run)), memory: Some(memory), fuel: Some(fuel) };

		let returned = match entry.call(&mut store, ()) {
			Ok(()) => Returned::Normally,
			Err(error) => match error.downcast_ref::<Trap>() {
				Some(Trap::StackOverflow) => Returned::Overflow,
				_ => Returned::Trap,
			},
		};
		let fuel = fuel.get(&mut store).i64().ok_or(LoadError)?;
		let depth = depth.get(&mut store).i32().ok_or(LoadError)?;
		let run = store.data_mut().run.take().ok_or(LoadError)?;
		Ok(run.conclude(returned, fuel, depth.cast_unsigned(), memory.data(&store)))
	}
}

/// Gives the module what it imports.
fn instantiate(
	store: &mut Store<Data>,
	module: &Module,
	memory: Memory,
) -> Result<Instance, LoadError> {
	let imports: Vec<Extern> = module
		.imports()
		.map(|import| match syscalls::find(import.name()) {
			Some(syscall) => Extern::Func(function(store, syscall)),
			None => Extern::Memory(memory),
		})
		.collect();
	Instance::new(store, module, &imports).map_err(|_| LoadError)
}

/// A syscall as a host function.
fn function(store: &mut Store<Data>, syscall: &'static Syscall) -> Func {
	let ty = |kind: &Kind| match kind {
		Kind::I32 => ValType::I32,
		Kind::I64 => ValType::I64,
	};
	let (params, results) = (syscall.params.iter().map(ty), syscall.result.iter().map(ty));
	let ty = FuncType::new(store.engine(), params, results);
	Func::new(store, ty, move |mut caller, params, results| {
		let args: Vec<u64> = params.iter().map(argument).collect();
		let returned = invoke(&mut caller, syscall, &args)?;
		if let Some(result) = results.first_mut() {
			*result = Val::I32(returned.cast_signed());
		}
		Ok(())
	})
}

fn argument(value: &Val) -> u64 {
	match value {
		Val::I32(value) => u64::from(value.cast_unsigned()),
		Val::I64(value) => value.cast_unsigned(),
		// Floats and references are in no syscall's signature.
		_ => 0,
	}
}

/// Runs a syscall on the store's data. An error stops the program; the data knows why.
fn invoke(caller: &mut Caller<'_, Data>, syscall: &Syscall, args: &[u64]) -> Result<u32, Error> {
	let data = caller.data_mut();
	let (Some(memory), Some(fuel), Some(mut run)) = (data.memory, data.fuel, data.run.take())
	else {
		return Err(stop());
	};
	let mut left = fuel.get(&mut *caller).i64().unwrap_or(0);
	let mut guest = WasmtimeGuest { caller: &mut *caller, memory };
	let result = syscalls::invoke(syscall, args, &mut guest, &mut run.context, &mut left);
	let returned = result.map_err(|halt| {
		run.context.halt = Some(halt);
		stop()
	});
	caller.data_mut().run = Some(run);
	fuel.set(&mut *caller, Val::I64(left)).map_err(|_| stop())?;
	returned
}

fn stop() -> Error {
	Error::from(Trap::UnreachableCodeReached)
}

struct WasmtimeGuest<'a, 'c> {
	caller: &'a mut Caller<'c, Data>,
	memory: Memory,
}

impl Guest for WasmtimeGuest<'_, '_> {
	fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
		self.memory.read(&*self.caller, at as usize, into).map_err(|_| OutOfBounds)
	}

	fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
		self.memory.write(&mut *self.caller, at as usize, bytes).map_err(|_| OutOfBounds)
	}

	fn pages(&self) -> u32 {
		(self.memory.data(&*self.caller).len() / PAGE_SIZE as usize) as u32
	}

	fn grow(&mut self, more: u32) -> Result<(), OutOfBounds> {
		match self.memory.grow(&mut *self.caller, u64::from(more)) {
			Ok(_) => Ok(()),
			Err(_) => Err(OutOfBounds),
		}
	}
}
