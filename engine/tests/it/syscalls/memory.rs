//! Allocating and freeing pages.

use super::*;

/// The six words that these calls leave.
fn calls(calls: &str) -> Vec<u32> {
	let bytes = payload(&format!("{calls} (call $answer (i32.const 24))"));
	bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

fn store(index: u32, call: &str) -> String {
	format!("(i32.store (i32.const {}) {call})", index * 4)
}

fn alloc(pages: u32) -> String {
	format!("(call $alloc (i32.const {pages}))")
}

#[test]
fn alloc_takes_the_first_gap_that_is_large_enough() {
	let results = calls(
		&[
			store(0, &alloc(2)),
			store(1, &alloc(1)),
			store(2, "(call $free (i32.const 2))"),
			store(3, &alloc(2)),
			store(4, &alloc(1)),
			store(5, &alloc(0)),
		]
		.concat(),
	);
	// Two do not fit into the gap of one, one does; none begins where the heap does.
	assert_eq!(results, [1, 3, 0, 4, 2, 1]);
}

#[test]
fn free_takes_pages_of_the_heap_alone() {
	let results = calls(
		&[
			store(0, &alloc(511)),
			store(1, &alloc(1)),
			store(2, "(call $free (i32.const 0))"),
			store(3, "(call $free (i32.const 512))"),
			store(4, "(call $free_range (i32.const 3) (i32.const 2))"),
			store(5, "(call $free_range (i32.const 1) (i32.const 511))"),
		]
		.concat(),
	);
	assert_eq!(results, [1, u32::MAX, 1, 1, 1, 0]);
}

#[test]
fn free_range_takes_pages_of_the_heap_alone() {
	let results = calls(
		&[
			store(0, &alloc(u32::MAX)),
			store(1, "(call $free_range (i32.const 1) (i32.const 512))"),
			store(2, "(call $free_range (i32.const 1) (i32.const 9))"),
			store(3, "(call $free (i32.const -1))"),
			store(4, "(memory.size)"),
			store(5, "(i32.const 0)"),
		]
		.concat(),
	);
	assert_eq!(results, [u32::MAX, 1, 0, 1, 1, 0]);
}
