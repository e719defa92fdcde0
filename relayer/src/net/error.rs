//! Why there is no network.

use super::{
	guest::GuestError,
	layout::LayoutError,
	ports::PortsError,
	preflight::PreflightError,
	process::{Death, StartError},
	select::AskError,
	spec::SpecError,
	steps::StepFailure,
};
use rustix::process::Pid;
use std::{io, path::PathBuf};

/// A network that could not be started, or whose main job was not done.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
	/// Something needed is not there.
	#[error(transparent)]
	Preflight(#[from] PreflightError),
	/// A folder cannot be used.
	#[error(transparent)]
	Layout(#[from] LayoutError),
	/// Programs of a network that was killed are still there.
	#[error(
		"programs of an earlier network still run: {}\n  cure: `gearway net down` ends them", list(.0)
	)]
	Stale(Vec<(String, Pid)>),
	/// A port cannot be had.
	#[error(transparent)]
	Ports(#[from] PortsError),
	/// A chain spec cannot be used.
	#[error(transparent)]
	Spec(#[from] SpecError),
	/// A program cannot be started.
	#[error(transparent)]
	Start(#[from] StartError),
	/// A program ended.
	#[error(transparent)]
	Death(#[from] Death),
	/// A step was not seen.
	#[error("failed at: {step}; the logs are in {}", logs.display())]
	Step {
		/// The step.
		step: String,
		/// Why it was not seen.
		source: Box<StepFailure>,
		/// Where the logs are.
		logs: PathBuf,
	},
	/// The command that the network was started for failed.
	#[error(transparent)]
	Guest(#[from] GuestError),
	/// The user ended it before it was ready, or before the main job was done.
	#[error("ended by a signal before all was done")]
	Interrupted,
	/// The system gives no signals.
	#[error("cannot wait for signals")]
	Signals(#[source] io::Error),
	/// A running network cannot be asked or ended.
	#[error(transparent)]
	Ask(#[from] AskError),
}

fn list(programs: &[(String, Pid)]) -> String {
	let each = programs.iter().map(|(name, pid)| format!("{name} ({})", pid.as_raw_nonzero()));
	each.collect::<Vec<_>>().join(", ")
}
