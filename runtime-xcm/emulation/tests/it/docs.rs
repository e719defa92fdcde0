//! `docs/xcm.md` and the tests name each other.

use std::{collections::BTreeSet, fs, path::Path};

/// The tests in the file of that name.
fn tests_in(module: &str) -> BTreeSet<String> {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/{module}.rs"));
	let source = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
	let lines = source.lines().collect::<Vec<_>>();
	let names = lines.windows(2).filter(|pair| pair[0] == "#[test]").map(|pair| {
		let name = pair[1].strip_prefix("fn ").and_then(|rest| rest.strip_suffix("() {"));
		format!("{module}::{}", name.unwrap_or_else(|| panic!("no test: {}", pair[1])))
	});
	names.collect()
}

/// The tests that the tables name, in their last column.
fn named() -> BTreeSet<String> {
	let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/xcm.md");
	let page = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
	let rows = page.lines().filter(|line| line.starts_with('|') && line.contains("::"));
	let names = rows.flat_map(|row| {
		let last = row.trim_end_matches(['|', ' ']).rsplit(" | ").next().unwrap_or_default();
		last.split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>()
	});
	names.collect()
}

#[test]
fn the_tables_name_tests_that_there_are() {
	let named = named();
	assert!(named.len() > 20, "the tables are read: {named:#?}");
	for name in &named {
		let (module, _) = name.split_once("::").unwrap_or_else(|| panic!("no test: {name}"));
		assert!(tests_in(module).contains(name), "{name} is in docs/xcm.md and nowhere else");
	}
}

#[test]
fn the_tests_of_the_tables_and_of_calls_are_named_there() {
	let named = named();
	for name in ["mapping", "call"].into_iter().flat_map(tests_in) {
		assert!(named.contains(&name), "{name} is missing in docs/xcm.md");
	}
}
