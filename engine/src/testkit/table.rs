//! Maps and lists that can go back to how they were.
//!
//! While a transaction is open each remembers what it is told to forget, and nothing else: to open,
//! close or undo a transaction costs what was changed in it, however much the chain holds.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{
	hash::Hash,
	ops::{Deref, RangeBounds},
};
use std::collections::HashMap;

/// Something that can go back to how it was when a transaction was opened.
pub(super) trait Undo {
	/// From now on, remembers.
	fn open(&mut self);

	/// Forgets what was.
	fn close(&mut self);

	/// Goes back to what was, and forgets it.
	fn undo(&mut self);
}

/// What can be undone: a map of some kind.
pub(super) trait Map: Default {
	type Key: Copy;
	type Value;

	fn get(&self, key: &Self::Key) -> Option<&Self::Value>;

	/// Returns what was there.
	fn insert(&mut self, key: Self::Key, value: Self::Value) -> Option<Self::Value>;

	/// Returns what was there.
	fn remove(&mut self, key: &Self::Key) -> Option<Self::Value>;
}

impl<K: Ord + Copy, V> Map for BTreeMap<K, V> {
	type Key = K;
	type Value = V;

	fn get(&self, key: &K) -> Option<&V> {
		self.get(key)
	}

	fn insert(&mut self, key: K, value: V) -> Option<V> {
		self.insert(key, value)
	}

	fn remove(&mut self, key: &K) -> Option<V> {
		self.remove(key)
	}
}

impl<K: Hash + Eq + Copy, V> Map for HashMap<K, V> {
	type Key = K;
	type Value = V;

	fn get(&self, key: &K) -> Option<&V> {
		self.get(key)
	}

	fn insert(&mut self, key: K, value: V) -> Option<V> {
		self.insert(key, value)
	}

	fn remove(&mut self, key: &K) -> Option<V> {
		self.remove(key)
	}
}

/// A map in the order of its keys.
pub(super) type Table<K, V> = Undoable<BTreeMap<K, V>>;

/// A map in no order, for what every message asks for: its entries are found without comparing
/// keys all over memory.
pub(super) type Index<K, V> = Undoable<HashMap<K, V>>;

/// A map that can go back to how it was.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Undoable<M: Map> {
	entries: M,
	/// What was there before each change of the open transaction, in order of the changes.
	before: Vec<(M::Key, Option<M::Value>)>,
	open: bool,
}

impl<M: Map> Default for Undoable<M> {
	fn default() -> Self {
		Self { entries: M::default(), before: Vec::new(), open: false }
	}
}

impl<M: Map> Undoable<M> {
	pub(super) fn get(&self, key: &M::Key) -> Option<&M::Value> {
		self.entries.get(key)
	}

	pub(super) fn insert(&mut self, key: M::Key, value: M::Value) {
		let before = self.entries.insert(key, value);
		if self.open {
			self.before.push((key, before));
		}
	}

	/// Whether there was an entry to remove.
	pub(super) fn remove(&mut self, key: M::Key) -> bool {
		let Some(before) = self.entries.remove(&key) else { return false };
		if self.open {
			self.before.push((key, Some(before)));
		}
		true
	}

	/// Inserts or, given `None`, removes.
	pub(super) fn set(&mut self, key: M::Key, value: Option<M::Value>) {
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
		key: M::Key,
		change: impl FnOnce(&mut M::Value) -> Result<T, E>,
	) -> Result<T, E>
	where
		M::Value: Copy + Default,
	{
		let mut value = self.entries.get(&key).copied().unwrap_or_default();
		let changed = change(&mut value)?;
		self.insert(key, value);
		Ok(changed)
	}

	/// All there is, in the map's order if it has one.
	pub(super) fn iter<'a>(
		&'a self,
	) -> impl Iterator<Item = (&'a M::Key, &'a M::Value)> + use<'a, M>
	where
		&'a M: IntoIterator<Item = (&'a M::Key, &'a M::Value)>,
	{
		self.entries.into_iter()
	}

	pub(super) fn values<'a>(&'a self) -> impl Iterator<Item = &'a M::Value> + use<'a, M>
	where
		&'a M: IntoIterator<Item = (&'a M::Key, &'a M::Value)>,
	{
		self.iter().map(|(_, value)| value)
	}
}

impl<K: Ord + Copy, V> Undoable<BTreeMap<K, V>> {
	pub(super) fn range(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
		self.entries.range(range)
	}
}

impl<M: Map> Undo for Undoable<M> {
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
