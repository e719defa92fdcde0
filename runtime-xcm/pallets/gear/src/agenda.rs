//! What is scheduled: for each block the tasks that are due then, in the order in which they were
//! given.
//!
//! A task is found, given and taken at a cost that does not depend on how many there are: those of
//! later blocks are not looked at, and each gap that a withdrawn task leaves is crossed once.

use crate::{Agenda, Agendas, Config, FirstAgenda, Pallet, Tasks};
use gearway_engine::{Task, TaskKey};

/// Blocks whose agendas are looked through for a task, and forgotten at a time. More than one only
/// after blocks that had no room for anything.
const MOST_BLOCKS: u32 = 64;

impl<T: Config> Pallet<T> {
	/// Puts a task behind those of its block.
	pub(crate) fn schedule(block: u32, task: Task) -> TaskKey {
		let index = Agendas::<T>::mutate(block, |agenda| {
			let index = agenda.next;
			agenda.next = index.saturating_add(1);
			index
		});
		Tasks::<T>::insert(block, index, task);
		TaskKey { block, index }
	}

	/// Removes a task, if it is there.
	pub(crate) fn unschedule(key: TaskKey) {
		Tasks::<T>::remove(key.block, key.index);
		Agendas::<T>::mutate(key.block, |agenda| {
			if agenda.first != key.index {
				return;
			}
			agenda.first = agenda.first.saturating_add(1);
			while agenda.first < agenda.next && !Tasks::<T>::contains_key(key.block, agenda.first) {
				agenda.first = agenda.first.saturating_add(1);
			}
		});
	}

	/// The first task of this block or one before.
	pub(crate) fn next_task(now: u32) -> Option<(TaskKey, Task)> {
		let first = FirstAgenda::<T>::get().unwrap_or(now);
		(first..=now).take(MOST_BLOCKS as usize).find_map(|block| {
			let Agenda { first, next } = Agendas::<T>::get(block);
			let task = (first < next).then(|| Tasks::<T>::get(block, first)).flatten()?;
			Some((TaskKey { block, index: first }, task))
		})
	}

	/// Forgets agendas of blocks before this one whose tasks are all done. Returns how many blocks
	/// were looked at.
	pub(crate) fn close_agendas(now: u32) -> u32 {
		let mut first = FirstAgenda::<T>::get().unwrap_or(now);
		let mut looked_at = 0;
		while first < now && looked_at < MOST_BLOCKS {
			looked_at += 1;
			let agenda = Agendas::<T>::get(first);
			if agenda.first < agenda.next {
				break;
			}
			Agendas::<T>::remove(first);
			first += 1;
		}
		FirstAgenda::<T>::put(first);
		looked_at
	}
}
