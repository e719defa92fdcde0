//! Why a load cannot be told of.

use crate::{
	gear::GearError,
	net::{figures::FiguresError, layout::LayoutError, select::AskError},
};
use std::{io, path::PathBuf, time::Duration};

/// A load that could not be sent or followed to its end.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
	/// The network's folder cannot be used.
	#[error(transparent)]
	Layout(#[from] LayoutError),
	/// No network runs there.
	#[error(transparent)]
	Ask(#[from] AskError),
	/// The network is not ready for messages.
	#[error(
		"the network is not ready yet\n  cure: wait until `gearway net status` says that it is"
	)]
	NotReady,
	/// There is nothing to send.
	#[error("nothing to send: both rates are zero\n  cure: give --direct or --xcm a rate")]
	Nothing,
	/// A chain failed.
	#[error("{chain} failed")]
	Chain {
		/// Its name.
		chain: &'static str,
		/// Why.
		source: GearError,
	},
	/// An address in the network's state is none.
	#[error(
		"the network's state says nothing that can be used of {0}\n  cure: start the network anew"
	)]
	State(&'static str),
	/// Messages were not dealt with in time.
	#[error("{open} messages were not dealt with in final blocks within {} s of the last one's sending", within.as_secs())]
	Late {
		/// How many.
		open: u64,
		/// How long was waited.
		within: Duration,
	},
	/// Messages failed.
	#[error("{0} messages failed")]
	Failed(u64),
	/// A node's log says nothing that can be used.
	#[error(
		"the log {} cannot be used\n  cure: measure a network of nodes that `gearway net up` has started",
		path.display()
	)]
	Log {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The figures cannot be written.
	#[error(transparent)]
	Figures(#[from] FiguresError),
}
