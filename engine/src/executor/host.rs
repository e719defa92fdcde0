//! What programs find in the host, for both backends.
//!
//! The two crates have the same names for linkers, callers and values, but no trait in common:
//! hence a macro.

/// Defines, for the crate `$backend`, what host functions find in a store, the linker of all that
/// a module may import, and `grow`. `$ty` makes a function's type of its linker, the types of its
/// parameters and those of its results; what it stands beside has to define `inside`.
macro_rules! host {
	($backend:ident, $ty:expr) => {
		/// What host functions find in the store.
		struct Data {
			/// What is being run.
			run: Option<Run>,
			/// Both are known once the module is instantiated.
			memory: Option<Memory>,
			fuel: Option<Global>,
		}

		/// All that a module may import.
		fn linker(engine: &Engine) -> Result<Linker<Data>, LoadError> {
			let mut linker = Linker::new(engine);
			linker
				.func_wrap(
					$crate::code::TOUCH_MODULE,
					$crate::code::TOUCH,
					|mut caller: Caller<'_, Data>, at: u32, len: u32| {
						inside(&mut caller, |run, physical, fuel| run.touch(at, len, physical, fuel))
					},
				)
				.map_err(|_| LoadError)?;
			for syscall in $crate::syscalls::all() {
				define(&mut linker, syscall)?;
			}
			Ok(linker)
		}

		/// A syscall as a host function: typed where all it deals in are i32, as most do, because
		/// that is called faster.
		fn define(linker: &mut Linker<Data>, syscall: &'static Syscall) -> Result<(), LoadError> {
			use $crate::{
				code::ENV,
				executor::host::typed,
				syscalls::{Kind, Kind::I32, MOST_PARAMS},
			};

			match (syscall.params, syscall.result) {
				([], None) => typed!(linker, syscall),
				([I32], None) => typed!(linker, syscall, a),
				([I32, I32], None) => typed!(linker, syscall, a b),
				([I32, I32, I32], None) => typed!(linker, syscall, a b c),
				([I32, I32, I32, I32], None) => typed!(linker, syscall, a b c d),
				([I32, I32, I32, I32, I32], None) => typed!(linker, syscall, a b c d e),
				_ => {
					let kind = |kind: &Kind| match kind {
						Kind::I32 => $backend::ValType::I32,
						Kind::I64 => $backend::ValType::I64,
					};
					let params = syscall.params.iter().map(kind);
					let ty = $ty(&*linker, params, syscall.result.iter().map(kind));
					linker.func_new(ENV, syscall.name, ty, move |mut caller, params, results| {
						let mut args = [0; MOST_PARAMS];
						args.iter_mut().zip(params).for_each(|(arg, param)| *arg = argument(param));
						let returned = call(&mut caller, syscall, &args)?;
						if let Some(result) = results.first_mut() {
							*result = Val::I32(returned.cast_signed());
						}
						Ok(())
					})
				}
			}
			.map(drop)
			.map_err(|_| LoadError)
		}

		fn argument(value: &Val) -> u64 {
			match value {
				Val::I32(value) => u64::from(value.cast_unsigned()),
				Val::I64(value) => value.cast_unsigned(),
				// Floats and references are in no syscall's signature.
				_ => 0,
			}
		}

		fn call(
			caller: &mut Caller<'_, Data>,
			syscall: &Syscall,
			args: &[u64],
		) -> Result<u32, Error> {
			inside(caller, |run, physical, fuel| run.syscall(syscall, args, physical, fuel))
		}

		/// Makes memory at least so large.
		fn grow(
			memory: Memory,
			mut store: impl $backend::AsContextMut,
			pages: u32,
		) -> Result<(), LoadError> {
			match u64::from(pages).checked_sub(memory.size(&store)) {
				Some(more) if more > 0 => {
					memory.grow(&mut store, more).map(drop).map_err(|_| LoadError)
				}
				_ => Ok(()),
			}
		}
	};
}

/// A host function for a syscall of as many i32 as there are names.
macro_rules! typed {
	($linker:ident, $syscall:ident $(, $($arg:ident)*)?) => {
		$linker.func_wrap(
			ENV,
			$syscall.name,
			move |mut caller: Caller<'_, Data>, $($($arg: u32),*)?| {
				call(&mut caller, $syscall, &[$($($arg.into()),*)?]).map(drop)
			},
		)
	};
}

pub(super) use {host, typed};
