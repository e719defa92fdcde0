//! The relayer's own binary, started and ended as an operator's system would, or worse.

use gearway::relay::outbox::{Location, Message, Outbox};
use std::{
	collections::BTreeMap,
	ffi::OsStr,
	fs::File,
	path::{Path, PathBuf},
	process::Stdio,
	time::Duration,
};
use tokio::{
	process::{Child, Command},
	time::{sleep, timeout},
};

/// How long a message may take to the next stage: finality of the beacon chain is in it.
pub(crate) const STAGE: Duration = Duration::from_secs(300);

/// How long stopping may take.
const STOP: Duration = Duration::from_secs(30);

/// Pause between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(100);

/// The relayer, which is killed in the end.
pub(crate) struct Relayer {
	child: Child,
	log: PathBuf,
}

impl Relayer {
	/// Starts `gearway` with these arguments.
	pub(crate) fn start<S: AsRef<OsStr>>(
		args: impl IntoIterator<Item = S>,
		env: &[(&str, String)],
		dir: &Path,
		log: &Path,
	) -> Self {
		let file = File::options().create(true).append(true).open(log).unwrap();
		let child = Command::new(env!("CARGO_BIN_EXE_gearway"))
			.args(args)
			.envs(env.iter().map(|(name, value)| (name, value)))
			.current_dir(dir)
			.stdin(Stdio::null())
			.stdout(file.try_clone().unwrap())
			.stderr(file)
			.kill_on_drop(true)
			.spawn()
			.unwrap();
		Self { child, log: log.to_path_buf() }
	}

	/// Its process.
	#[allow(dead_code, reason = "not every test needs it")]
	pub(crate) fn pid(&self) -> u32 {
		self.child.id().unwrap()
	}

	/// SIGKILL, and waits until it is gone.
	#[allow(dead_code, reason = "not every test needs it")]
	pub(crate) async fn kill(mut self) {
		self.is_running();
		self.child.kill().await.unwrap();
	}

	/// SIGTERM, and waits until it has stopped of its own accord.
	pub(crate) async fn stop(mut self) {
		self.is_running();
		let pid = self.child.id().unwrap().to_string();
		let sent = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
		assert!(sent.success());
		let status = timeout(STOP, self.child.wait()).await.unwrap().unwrap();
		assert!(status.success(), "{status}:\n{}", self.said());
	}

	/// Fails the test where it has ended by itself.
	pub(crate) fn is_running(&mut self) {
		if let Some(status) = self.child.try_wait().unwrap() {
			panic!("the relayer ended by itself: {status}:\n{}", self.said());
		}
	}

	/// All that it said.
	pub(crate) fn said(&self) -> String {
		std::fs::read_to_string(&self.log).unwrap_or_default()
	}

	/// Waits until it has said something.
	#[allow(dead_code, reason = "not every test needs it")]
	pub(crate) async fn until_said(&mut self, what: &str) -> String {
		let looking = async {
			loop {
				self.is_running();
				if let Some(line) = self.said().lines().find(|line| line.contains(what)) {
					return line.to_string();
				}
				sleep(LOOK).await;
			}
		};
		match timeout(STAGE, looking).await {
			Ok(line) => line,
			Err(_) => panic!("{what}: not said in time; the relayer said:\n{}", self.said()),
		}
	}

	/// Looks into the database until `reached` says so of every one of the messages.
	pub(crate) async fn until(
		&mut self,
		database: impl Into<Location>,
		nonces: &[u64],
		what: &str,
		reached: impl Fn(&Message) -> bool,
	) {
		let database = database.into();
		let mut last = BTreeMap::new();
		let looking = async {
			loop {
				self.is_running();
				// Not there at first.
				if let Ok(outbox) = Outbox::open_to_read(database.clone()).await {
					let mut all = true;
					for nonce in nonces {
						let message = outbox.message(*nonce).await.unwrap_or_default();
						all &= message.as_ref().is_some_and(&reached);
						last.insert(*nonce, message.map(|message| message.stage));
					}
					if all {
						return;
					}
				}
				sleep(LOOK).await;
			}
		};
		if timeout(STAGE, looking).await.is_err() {
			panic!("{what}: not seen in time; {last:?}; the relayer said:\n{}", self.said());
		}
	}
}
