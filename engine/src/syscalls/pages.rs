//! Syscalls that allocate and free 64 KiB pages.

use super::{Call, Halt};

/// What `alloc` returns when there is no room.
const NO_ROOM: u32 = u32::MAX;

/// What `free` and `free_range` return for pages that are not the heap's.
const NOT_ALLOCATED: u32 = 1;

/// Allocates a run of pages, the first that is free, zeroed. Returns the number of its first page.
pub(super) fn alloc(call: &mut Call<'_>) -> Result<u32, Halt> {
	let pages = call.u32(0);
	let heap = call.context().heap.clone();
	if heap.is_empty() {
		return Ok(NO_ROOM);
	}
	if pages == 0 {
		return Ok(heap.start);
	}
	let Some(first) = call.context().pages.first_gap(pages, heap) else {
		return Ok(NO_ROOM);
	};
	let end = first + pages;
	let context = call.context();
	let price = context.settings.schedule.new_page.saturating_mul(u64::from(pages));
	context.meter.charge(price)?;
	context.pages.insert(first..end);
	call.guest.renew(first..end);
	Ok(first)
}

/// Frees a page. Returns 0, or 1 if it was not allocated.
pub(super) fn free(call: &mut Call<'_>) -> Result<u32, Halt> {
	let page = call.u32(0);
	let context = call.context();
	if !context.heap.contains(&page) || !context.pages.remove(page..page + 1) {
		return Ok(NOT_ALLOCATED);
	}
	Ok(0)
}

/// Frees what is allocated of the pages from the first to the last, inclusive. Returns 0, or 1 if
/// they are not all in the heap.
pub(super) fn free_range(call: &mut Call<'_>) -> Result<u32, Halt> {
	let (first, last) = (call.u32(0), call.u32(1));
	let context = call.context();
	if first > last || !context.heap.contains(&first) || !context.heap.contains(&last) {
		return Ok(NOT_ALLOCATED);
	}
	context.pages.remove(first..last + 1);
	Ok(0)
}
