//! What executors that were forked from one another share: compiled modules.

use super::LoadError;
use crate::ids::CodeId;
use alloc::{collections::BTreeMap, sync::Arc};
use spin::Mutex;

/// Something made once per code. Clones share what is made, and each keeps what it has asked for,
/// so that only the first time costs a lock.
#[derive(Debug)]
pub(super) struct Cache<T> {
	own: BTreeMap<CodeId, T>,
	shared: Arc<Mutex<BTreeMap<CodeId, T>>>,
}

impl<T> Default for Cache<T> {
	fn default() -> Self {
		Self { own: BTreeMap::new(), shared: Arc::default() }
	}
}

impl<T: Clone> Clone for Cache<T> {
	fn clone(&self) -> Self {
		Self { own: self.own.clone(), shared: self.shared.clone() }
	}
}

impl<T: Clone> Cache<T> {
	/// Makes what is missing. The lock is not held meanwhile: two that want the same at once may
	/// both make it, and keep one.
	pub(super) fn load(
		&mut self,
		code: CodeId,
		make: impl FnOnce() -> Result<T, LoadError>,
	) -> Result<(), LoadError> {
		if self.own.contains_key(&code) {
			return Ok(());
		}
		let shared = self.shared.lock().get(&code).cloned();
		let made = match shared {
			Some(made) => made,
			None => {
				let made = make()?;
				self.shared.lock().entry(code).or_insert(made).clone()
			}
		};
		self.own.insert(code, made);
		Ok(())
	}

	/// What was loaded.
	pub(super) fn get(&self, code: CodeId) -> Option<&T> {
		self.own.get(&code)
	}
}
