//! Child processes that never outlive the network they belong to.
//!
//! Every program gets a process group of its own (so a Ctrl-C in the terminal reaches only
//! `gearway`, which then ends them in order), a log file, and the kernel's promise to be killed
//! when `gearway` itself is killed without a chance to tidy up.

use super::family::resident_kib;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
	ffi::OsString,
	fs::{self, File},
	io,
	path::{Path, PathBuf},
	process::{ExitStatus, Stdio},
	sync::{
		Arc, Mutex, MutexGuard, PoisonError,
		atomic::{AtomicBool, Ordering},
	},
	time::Duration,
};
use tokio::{
	process::{Child, Command},
	sync::watch,
	time::timeout,
};

/// How long a program has to end by itself once asked to.
const GRACE: Duration = Duration::from_secs(5);

/// Lines of a log that are shown when its program fails.
const TAIL_LINES: usize = 20;

/// How a program wants to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
	/// By `SIGTERM`, with time to put things in order; by `SIGKILL` when that time is over.
	Asked,
	/// By `SIGKILL` at once: it keeps nothing, or does not listen to `SIGTERM`.
	AtOnce,
}

/// A program to start.
#[derive(Debug, Clone)]
pub struct Program {
	/// What it is called in messages, and the stem of its log file's name.
	pub name: &'static str,
	/// The executable: a path, or a name to be found on `PATH`.
	pub command: PathBuf,
	/// Its arguments.
	pub args: Vec<OsString>,
	/// Variables added to the environment.
	pub env: Vec<(&'static str, OsString)>,
	/// Variables taken out of the environment.
	pub env_remove: Vec<&'static str>,
	/// Where it runs.
	pub dir: PathBuf,
	/// How it is ended.
	pub ending: Ending,
}

/// A program that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
	/// The log file cannot be written.
	#[error("cannot write the log {path}")]
	Log {
		/// The file.
		path: PathBuf,
		/// Why.
		source: io::Error,
	},
	/// The program cannot be executed.
	#[error("cannot start {name} ({command})")]
	Spawn {
		/// Its name.
		name: &'static str,
		/// The executable.
		command: PathBuf,
		/// Why.
		source: io::Error,
	},
}

/// The end of a program that should have gone on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} has ended ({status}); its log is {log}{}", indented(.tail))]
pub struct Death {
	/// Its name.
	pub name: &'static str,
	/// The exit code or signal, in words.
	pub status: String,
	/// Its log file.
	pub log: PathBuf,
	/// The log's last lines.
	pub tail: Vec<String>,
}

fn indented(lines: &[String]) -> String {
	lines.iter().map(|line| format!("\n    {line}")).collect()
}

/// What a running program takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
	/// Its name.
	pub name: &'static str,
	/// Its process id.
	pub pid: i32,
	/// Memory in use by it and all that it has started, in KiB; `None` once it has ended.
	pub resident_kib: Option<u64>,
	/// Its log file.
	pub log: PathBuf,
}

struct Running {
	name: &'static str,
	pid: Pid,
	ending: Ending,
	log: PathBuf,
	ended: watch::Receiver<bool>,
	/// Set before it is ended on purpose.
	is_expected: Arc<AtomicBool>,
}

/// The programs of one network. Dropping it kills them all.
pub struct Processes {
	logs: PathBuf,
	running: Mutex<Vec<Running>>,
	death: watch::Sender<Option<Death>>,
}

impl Processes {
	/// None yet; their logs go to the folder `logs`, which exists.
	pub fn new(logs: PathBuf) -> Self {
		Self { logs, running: Mutex::default(), death: watch::Sender::new(None) }
	}

	/// Where the log of the program called `name` is.
	pub fn log_of(&self, name: &str) -> PathBuf {
		self.logs.join(format!("{name}.log"))
	}

	/// Starts a program. Call it from the thread that lives as long as the network: the kernel
	/// kills the program when the thread that started it ends.
	pub fn start(&self, program: Program) -> Result<(), StartError> {
		let Program { name, command, args, env, env_remove, dir, ending } = program;
		let log = self.log_of(name);
		let log_error = |source| StartError::Log { path: log.clone(), source };
		// One that is started again goes on with its log.
		let output = File::options().create(true).append(true).open(&log).map_err(log_error)?;
		let errors = output.try_clone().map_err(log_error)?;

		let mut line = bound_to_this_process(&command);
		line.args(args).envs(env).current_dir(dir).process_group(0).kill_on_drop(true);
		for variable in env_remove {
			line.env_remove(variable);
		}
		line.stdin(Stdio::null()).stdout(output).stderr(errors);
		let spawn_error = |source| StartError::Spawn { name, command: command.clone(), source };
		let child = line.spawn().map_err(spawn_error)?;
		let pid = child
			.id()
			.and_then(|id| i32::try_from(id).ok())
			.and_then(Pid::from_raw)
			.ok_or_else(|| spawn_error(io::Error::other("it has no process id")))?;

		let (ended_now, ended) = watch::channel(false);
		let is_expected = Arc::<AtomicBool>::default();
		let told =
			Told { ended: ended_now, is_expected: is_expected.clone(), death: self.death.clone() };
		tokio::spawn(attend(child, name, log.clone(), told));
		self.running().push(Running { name, pid, ending, log, ended, is_expected });
		Ok(())
	}

	/// Waits for the first program to end by itself.
	pub async fn first_death(&self) -> Death {
		let mut death = self.death.subscribe();
		match death.wait_for(Option::is_some).await.as_deref() {
			Ok(Some(death)) => death.clone(),
			// The sender is ours: it cannot be gone while `self` is here.
			_ => std::future::pending().await,
		}
	}

	/// Kills one program, and waits until it is gone. Tells whether it was there. It can be started
	/// again.
	pub async fn kill(&self, name: &str) -> bool {
		let program = {
			let mut running = self.running();
			let place = running.iter().position(|program| program.name == name);
			place.map(|place| running.remove(place))
		};
		let Some(mut program) = program else { return false };
		program.is_expected.store(true, Ordering::Release);
		program.ending = Ending::AtOnce;
		program.stop().await;
		true
	}

	/// Ends every program, the last started first, and waits until all are gone.
	pub async fn stop(&self) {
		let running = std::mem::take(&mut *self.running());
		for mut program in running.into_iter().rev() {
			program.stop().await;
		}
	}

	/// What each program takes at this moment, in the order they were started.
	pub fn usage(&self) -> Vec<Usage> {
		let of = |program: &Running| Usage {
			name: program.name,
			pid: program.pid.as_raw_nonzero().get(),
			resident_kib: resident_kib(program.pid),
			log: program.log.clone(),
		};
		self.running().iter().map(of).collect()
	}

	fn running(&self) -> MutexGuard<'_, Vec<Running>> {
		// The list is whole between any two statements that hold the lock.
		self.running.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Drop for Processes {
	fn drop(&mut self) {
		for program in self.running().iter() {
			program.signal(Signal::KILL);
		}
	}
}

impl Running {
	async fn stop(&mut self) {
		if self.ending == Ending::Asked {
			self.signal(Signal::TERM);
			if timeout(GRACE, self.end()).await.is_err() {
				tracing::warn!("{} did not end when asked to: killing it", self.name);
			}
		}
		// Also when it has ended: its own children are in the group.
		self.signal(Signal::KILL);
		if timeout(GRACE, self.end()).await.is_err() {
			tracing::error!("{} (process {:?}) cannot be ended", self.name, self.pid);
		}
	}

	async fn end(&mut self) {
		// An error means that the task attending to it is gone, which it is only after the end.
		if self.ended.wait_for(|ended| *ended).await.is_err() {
			tracing::trace!("{} was attended to its end", self.name);
		}
	}

	fn signal(&self, signal: Signal) {
		match kill_process_group(self.pid, signal) {
			Ok(()) | Err(rustix::io::Errno::SRCH) => {}
			Err(error) => tracing::warn!("cannot signal {}: {error}", self.name),
		}
	}
}

/// Who is told of a program's end, and how.
struct Told {
	ended: watch::Sender<bool>,
	is_expected: Arc<AtomicBool>,
	death: watch::Sender<Option<Death>>,
}

/// Waits for the end of a program, and tells of it.
async fn attend(mut child: Child, name: &'static str, log: PathBuf, told: Told) {
	let status = in_words(child.wait().await);
	told.ended.send_replace(true);
	told.death.send_if_modified(|first| {
		let is_first = first.is_none() && !told.is_expected.load(Ordering::Acquire);
		if is_first {
			*first = Some(Death { name, status, tail: tail(&log), log });
		}
		is_first
	});
}

fn in_words(status: io::Result<ExitStatus>) -> String {
	match status {
		Ok(status) => status.to_string(),
		Err(error) => format!("its exit status is unknown: {error}"),
	}
}

/// A command that the kernel kills when the calling thread ends, where `setpriv` (util-linux) is
/// there to ask the kernel for it.
fn bound_to_this_process(command: &Path) -> Command {
	let setpriv = Path::new("/usr/bin/setpriv");
	if !setpriv.exists() {
		tracing::debug!("no {}: a killed gearway would leave processes behind", setpriv.display());
		return Command::new(command);
	}
	let mut line = Command::new(setpriv);
	line.args(["--pdeathsig", "KILL", "--"]).arg(command);
	line
}

/// The last lines of a log; empty where it cannot be read.
pub fn tail(log: &Path) -> Vec<String> {
	let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
	let lines: Vec<_> = text.iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
	lines[lines.len().saturating_sub(TAIL_LINES)..].to_vec()
}

#[cfg(test)]
mod tests {
	use super::*;
	use rustix::process::test_kill_process;

	fn shell(name: &'static str, script: &str, ending: Ending) -> Program {
		Program {
			name,
			command: "sh".into(),
			args: vec!["-c".into(), script.into()],
			env: Vec::new(),
			env_remove: Vec::new(),
			dir: std::env::temp_dir(),
			ending,
		}
	}

	async fn is_gone(pid: i32) -> bool {
		let pid = Pid::from_raw(pid).unwrap();
		// A killed orphan stays a zombie until it is reaped, which its new parent does in its time.
		for _ in 0..500 {
			let zombie = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))
				.is_ok_and(|stat| stat.contains(") Z "));
			if zombie || test_kill_process(pid).is_err() {
				return true;
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
		false
	}

	/// The first line a program writes, which tells that it is ready, or a number it knows.
	async fn first_line(processes: &Processes, name: &str) -> String {
		loop {
			let lines = tail(&processes.log_of(name));
			if let Some(line) = lines.first() {
				return line.clone();
			}
			tokio::time::sleep(Duration::from_millis(10)).await;
		}
	}

	#[tokio::test]
	async fn stop_ends_programs_and_their_children() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let script = "sleep 1000 & echo $!; wait";
		processes.start(shell("parent", script, Ending::Asked)).unwrap();
		let grandchild: i32 = first_line(&processes, "parent").await.parse().unwrap();
		let child = processes.usage()[0].pid;

		processes.stop().await;

		assert!(is_gone(child).await);
		assert!(is_gone(grandchild).await);
		assert!(processes.usage().is_empty());
	}

	#[tokio::test]
	async fn a_program_that_is_asked_can_put_things_in_order() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let script = "trap 'echo in order; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
		processes.start(shell("tidy", script, Ending::Asked)).unwrap();
		first_line(&processes, "tidy").await;

		processes.stop().await;

		assert_eq!(tail(&processes.log_of("tidy")).last().unwrap(), "in order");
	}

	#[tokio::test]
	async fn a_program_deaf_to_asking_is_killed() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let script = "trap '' TERM; echo ready; while :; do sleep 0.01; done";
		processes.start(shell("deaf", script, Ending::AtOnce)).unwrap();
		first_line(&processes, "deaf").await;
		let pid = processes.usage()[0].pid;

		processes.stop().await;

		assert!(is_gone(pid).await);
	}

	#[tokio::test]
	async fn dropping_kills() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let script = "trap '' TERM; sleep 1000 & echo $!; wait";
		processes.start(shell("dropped", script, Ending::Asked)).unwrap();
		let grandchild: i32 = first_line(&processes, "dropped").await.parse().unwrap();
		let child = processes.usage()[0].pid;

		drop(processes);

		assert!(is_gone(child).await);
		assert!(is_gone(grandchild).await);
	}

	#[tokio::test]
	async fn an_early_end_is_told_with_the_log() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		processes.start(shell("steady", "sleep 1000", Ending::AtOnce)).unwrap();
		processes.start(shell("brief", "echo no room >&2; exit 7", Ending::AtOnce)).unwrap();

		let death = processes.first_death().await;

		assert_eq!(death.name, "brief");
		assert_eq!(death.status, "exit status: 7");
		let told = death.to_string();
		assert!(told.contains("no room") && told.contains("brief.log"), "{told}");
		processes.stop().await;
	}

	#[tokio::test]
	async fn one_that_is_killed_on_purpose_is_no_death_and_starts_again() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let phoenix = shell("phoenix", "echo here; sleep 1000", Ending::Asked);
		processes.start(phoenix.clone()).unwrap();
		first_line(&processes, "phoenix").await;
		let pid = processes.usage()[0].pid;

		assert!(processes.kill("phoenix").await);
		assert!(is_gone(pid).await);
		assert!(!processes.kill("phoenix").await);
		processes.start(phoenix).unwrap();
		while tail(&processes.log_of("phoenix")).len() < 2 {
			tokio::time::sleep(Duration::from_millis(10)).await;
		}

		let death = timeout(Duration::ZERO, processes.first_death()).await;
		assert!(death.is_err(), "{death:?}");
		processes.stop().await;
	}

	#[tokio::test]
	async fn a_missing_executable_is_told() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let program = Program {
			command: "/no/such/executable".into(),
			..shell("missing", "", Ending::AtOnce)
		};

		// With `setpriv` in between, it starts and ends; without, it does not start.
		let told = match processes.start(program) {
			Ok(()) => processes.first_death().await.to_string(),
			Err(error) => error.to_string(),
		};

		assert!(told.contains("/no/such/executable"), "{told}");
	}

	#[tokio::test]
	async fn what_a_program_and_its_children_take_is_known() {
		let folder = tempfile::tempdir().unwrap();
		let processes = Processes::new(folder.path().into());
		let script = "sleep 1000 & echo $!; wait";
		processes.start(shell("measured", script, Ending::AtOnce)).unwrap();
		let child: i32 = first_line(&processes, "measured").await.parse().unwrap();

		let family = processes.usage()[0].resident_kib.unwrap();

		let alone = resident_kib(Pid::from_raw(child).unwrap()).unwrap();
		assert!(alone > 0 && family > alone, "{family} KiB with a child of {alone} KiB");
		processes.stop().await;
		assert!(is_gone(child).await);
	}

	/// Names the folder for [`victim`].
	const VICTIM: &str = "GEARWAY_TEST_VICTIM";

	/// What the test below starts and kills; nothing by itself.
	#[tokio::test]
	async fn victim() {
		let Some(folder) = std::env::var_os(VICTIM) else { return };
		let processes = Processes::new(folder.into());
		processes.start(shell("orphan", "echo $$; sleep 1000", Ending::Asked)).unwrap();
		std::future::pending::<()>().await;
	}

	#[tokio::test]
	async fn nothing_outlives_a_killed_gearway() {
		let folder = tempfile::tempdir().unwrap();
		let mut gearway = Command::new(std::env::current_exe().unwrap())
			.args(["--exact", "net::process::tests::victim"])
			.env(VICTIM, folder.path())
			.stdout(Stdio::null())
			.spawn()
			.unwrap();
		let processes = Processes::new(folder.path().into());
		let orphan: i32 = first_line(&processes, "orphan").await.parse().unwrap();

		gearway.kill().await.unwrap();

		assert!(is_gone(orphan).await);
	}
}
