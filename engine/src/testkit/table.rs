//! Maps and lists that can go back to how they were.
//!
//! While a transaction is open each remembers what it is told to forget, and nothing else: to open,
//! close or undo a transaction costs what was changed in it, however much the chain holds.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
	borrow::Borrow,
	ops::{Deref, RangeBounds},
};

/// Something that can go back to how it was when a transaction was opened.
pub(super) trait Undo {
	/// From now on, remembers.
	fn open(&mut self);

	/// Forgets what was.
	fn close(&mut self);

	/// Goes back to what was, and forgets it.
	fn undo(&mut self);
}

/// A map.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Table<K, V> {
	entries: BTreeMap<K, V>,
	/// What was there before each change of the open transaction, in order of the changes.
	before: Vec<(K, Option<V>)>,
	open: bool,
}

impl<K, V> Default for Table<K, V> {
	fn default() -> Self {
		Self { entries: BTreeMap::new(), before: Vec::new(), open: false }
	}
}

impl<K: Ord + Copy, V> Table<K, V> {
	pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
	where
		K: Borrow<Q>,
	{
		self.entries.get(key)
	}

	pub(super) fn insert(&mut self, key: K, value: V) {
		let before = self.entries.insert(key, value);
		if self.open {
			self.before.push((key, before));
		}
	}

	/// Whether there was an entry to remove.
	pub(super) fn remove(&mut self, key: K) -> bool {
		let Some(before) = self.entries.remove(&key) else { return false };
		if self.open {
			self.before.push((key, Some(before)));
		}
		true
	}

	/// Inserts or, given `None`, removes.
	pub(super) fn set(&mut self, key: K, value: Option<V>) {
		match value {
			Some(value) => self.insert(key, value),
			None => {
				self.remove(key);
			}
		}
	}

	/// Changes an entry, which begins as the default if there is none. If the change fails, nothing
	/// has changed.
	pub(super) fn change<T, E>(
		&mut self,
		key: K,
		change: impl FnOnce(&mut V) -> Result<T, E>,
	) -> Result<T, E>
	where
		V: Copy + Default,
	{
		let mut value = self.entries.get(&key).copied().unwrap_or_default();
		let changed = change(&mut value)?;
		self.insert(key, value);
		Ok(changed)
	}

	pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
		self.entries.iter()
	}

	pub(super) fn values(&self) -> impl Iterator<Item = &V> {
		self.entries.values()
	}

	pub(super) fn range(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
		self.entries.range(range)
	}
}

impl<K: Ord, V> Undo for Table<K, V> {
	fn open(&mut self) {
		self.open = true;
	}

	fn close(&mut self) {
		self.open = false;
		self.before.clear();
	}

	fn undo(&mut self) {
		self.open = false;
		for (key, before) in self.before.drain(..).rev() {
			match before {
				Some(value) => self.entries.insert(key, value),
				None => self.entries.remove(&key),
			};
		}
	}
}

/// A list that only grows.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct List<T> {
	items: Vec<T>,
	/// How long it was when the transaction was opened.
	before: usize,
}

impl<T> Default for List<T> {
	fn default() -> Self {
		Self { items: Vec::new(), before: 0 }
	}
}

impl<T> List<T> {
	pub(super) fn push(&mut self, item: T) {
		self.items.push(item);
	}

	/// Takes everything out.
	pub(super) fn take(&mut self) -> Vec<T> {
		self.before = 0;
		core::mem::take(&mut self.items)
	}
}

impl<T> Deref for List<T> {
	type Target = [T];

	fn deref(&self) -> &[T] {
		&self.items
	}
}

impl<T> Undo for List<T> {
	fn open(&mut self) {
		self.before = self.items.len();
	}

	fn close(&mut self) {
		self.before = 0;
	}

	fn undo(&mut self) {
		self.items.truncate(self.before);
		self.before = 0;
	}
}

/// A number that only grows.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Counter<N> {
	now: N,
	before: N,
}

impl<N: Copy> Counter<N> {
	pub(super) fn get(&self) -> N {
		self.now
	}

	pub(super) fn set(&mut self, now: N) {
		self.now = now;
	}
}

impl<N: Copy + Default> Undo for Counter<N> {
	fn open(&mut self) {
		self.before = self.now;
	}

	fn close(&mut self) {
		self.before = N::default();
	}

	fn undo(&mut self) {
		self.now = self.before;
		self.before = N::default();
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn table() -> Table<u32, u32> {
		let mut table = Table::default();
		for key in 0..4 {
			table.insert(key, key);
		}
		table
	}

	fn change(table: &mut Table<u32, u32>) {
		table.insert(0, 10);
		table.insert(0, 11);
		assert!(table.remove(1));
		table.insert(1, 12);
		table.set(2, None);
		table.set(9, Some(9));
		assert!(table.remove(9));
		assert!(!table.remove(9));
		assert_eq!(table.change(7, |value| Ok::<_, ()>(core::mem::replace(value, 7))), Ok(0));
		assert_eq!(table.change(3, |value| Err::<(), _>(core::mem::replace(value, 7))), Err(3));
	}

	#[test]
	fn a_table_goes_back() {
		let mut table = table();
		table.open();
		change(&mut table);
		table.undo();
		assert_eq!(table, self::table());
	}

	#[test]
	fn a_table_stays_changed() {
		let (mut plain, mut table) = (table(), table());
		change(&mut plain);
		table.open();
		change(&mut table);
		table.close();
		assert_eq!(table, plain);
		assert_eq!(table.range(..).collect::<Vec<_>>(), [(&0, &11), (&1, &12), (&3, &3), (&7, &7)]);
	}

	#[test]
	fn a_log_goes_back() {
		let mut log = List::default();
		log.push('a');
		log.open();
		log.push('b');
		log.undo();
		assert_eq!(*log, ['a']);
		log.open();
		log.push('c');
		log.close();
		assert_eq!(log.take(), ['a', 'c']);
		assert_eq!(log, List::default());
	}
}
