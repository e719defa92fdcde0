//! `gearway net logs`: what the programs of a network have written.

use super::{
	NetError,
	layout::LayoutError,
	process::tail,
	report::Console,
	select::{AskError, Which},
};
use std::{
	fs::{self, File},
	io::{self, Read, Write as _},
	path::{Path, PathBuf},
	time::Duration,
};
use tokio::time::sleep;

/// Pause between two looks for new lines.
const LOOK: Duration = Duration::from_millis(250);

/// `gearway net logs`
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct LogsArgs {
	#[command(flatten)]
	which: Which,
	/// The program, such as relay-alice, gear-1, ethereum or relayer; without it, the last lines of
	/// every program are shown
	name: Option<String>,
	/// Go on with what is written from now on, until Ctrl-C
	#[arg(long, short, requires = "name")]
	follow: bool,
}

/// Shows them; also those of a network that has ended.
pub(super) async fn execute(args: &LogsArgs) -> Result<(), NetError> {
	let (folder, _) = args.which.find()?;
	let logs = all(&folder.join("logs"));
	if logs.is_empty() {
		return Err(AskError::NoneRuns(folder).into());
	}
	let Some(name) = &args.name else {
		let console = Console::new();
		for (name, log) in logs {
			console.print(&format!("== {name}: {}", log.display()));
			for line in tail(&log) {
				console.print(&line);
			}
		}
		return Ok(());
	};
	let Some((_, log)) = logs.iter().find(|(known, _)| known == name) else {
		let known = logs.into_iter().map(|(name, _)| name).collect();
		return Err(AskError::NoLog { name: name.clone(), known }.into());
	};
	show(log, args.follow)
		.await
		.map_err(|source| LayoutError::Io { path: log.clone(), source }.into())
}

/// The names of all programs that have written, and their logs.
fn all(folder: &Path) -> Vec<(String, PathBuf)> {
	let entries = fs::read_dir(folder).into_iter().flatten().flatten();
	let mut logs: Vec<_> = entries
		.map(|entry| entry.path())
		.filter(|path| path.extension().is_some_and(|extension| extension == "log"))
		.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
		.collect();
	logs.sort();
	logs
}

async fn show(log: &Path, follow: bool) -> io::Result<()> {
	let mut file = File::open(log)?;
	let mut text = Vec::new();
	loop {
		text.clear();
		file.read_to_end(&mut text)?;
		let mut out = io::stdout().lock();
		match out.write_all(&text).and_then(|()| out.flush()) {
			Ok(()) => {}
			// Whoever read it has seen enough.
			Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
			Err(error) => return Err(error),
		}
		drop(out);
		if !follow {
			return Ok(());
		}
		sleep(LOOK).await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn args(folder: &Path, name: Option<&str>) -> LogsArgs {
		let which = Which { data_dir: Some(folder.into()), ..Which::default() };
		LogsArgs { which, name: name.map(str::to_owned), follow: false }
	}

	#[tokio::test]
	async fn an_unknown_program_is_told_with_those_that_are_known() {
		let folder = tempfile::tempdir().unwrap();
		fs::create_dir(folder.path().join("logs")).unwrap();
		for name in ["gear-1.log", "relayer.log", "notes.txt"] {
			fs::write(folder.path().join("logs").join(name), "line\n").unwrap();
		}
		execute(&args(folder.path(), None)).await.unwrap();
		execute(&args(folder.path(), Some("relayer"))).await.unwrap();
		let error = execute(&args(folder.path(), Some("gear"))).await.unwrap_err();
		assert!(error.to_string().contains("there are logs of: gear-1, relayer"), "{error}");
	}

	#[tokio::test]
	async fn without_a_network_the_cure_is_told() {
		let folder = tempfile::tempdir().unwrap();
		let error = execute(&args(folder.path(), None)).await.unwrap_err();
		assert!(error.to_string().contains("gearway net up"), "{error}");
	}
}
