//! Names of functions, as compilers leave them in a module.

use crate::executor::Trace;
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// Names of a code's functions, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<u32, String>);

impl Names {
	/// The names in the name section of a module. What cannot be read there is left out: names
	/// are of no account.
	pub(super) fn of(module: &[u8]) -> Self {
		let payloads = Parser::new(0).parse_all(module).map_while(Result::ok);
		let sections = payloads.filter_map(|payload| match payload {
			Payload::CustomSection(section) => match section.as_known() {
				KnownCustom::Name(names) => Some(names),
				_ => None,
			},
			_ => None,
		});
		let parts = sections.flatten().map_while(Result::ok);
		let functions = parts.filter_map(|part| match part {
			Name::Function(functions) => Some(functions),
			_ => None,
		});
		let named = functions.flatten().map_while(Result::ok);
		// `#` leaves out the hash that Rust puts behind a name.
		Self(named.map(|n| (n.index, format!("{:#}", rustc_demangle::demangle(n.name)))).collect())
	}

	/// The functions of a trace, the innermost first.
	pub(super) fn resolve(&self, trace: &Trace) -> Vec<String> {
		let name = |index: &u32| match self.0.get(index) {
			Some(name) => name.clone(),
			None => format!("function {index}"),
		};
		// The linker wraps entry points in functions of its own.
		let ours = |name: &String| !name.ends_with(".command_export");
		trace.functions.iter().map(name).filter(ours).collect()
	}
}
