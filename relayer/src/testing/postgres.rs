//! A real PostgreSQL server of one's own, on loopback and in a temporary folder.

use std::{
	net::TcpListener,
	os::unix::fs::{PermissionsExt, chown},
	path::{Path, PathBuf},
	process::{Command, Stdio},
	time::Duration,
};
use tempfile::TempDir;

/// Set where a missing server must fail a test instead of passing it over.
const REQUIRED: &str = "GEARWAY_REQUIRE_POSTGRES";

/// Where Debian keeps the server's programs, the version in between.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A server; ends with this.
pub(crate) struct Postgres {
	child: tokio::process::Child,
	port: u16,
	_folder: TempDir,
}

/// The user that the server runs as: it refuses to run as root.
struct User {
	uid: u32,
	gid: u32,
}

impl Postgres {
	/// Starts a server. `None`, and loudly, where its programs are missing.
	pub(crate) async fn start() -> Option<Self> {
		let Some(programs) = programs() else {
			let missing = "there is no PostgreSQL server: run `make setup`";
			assert!(std::env::var_os(REQUIRED).is_none(), "{missing}");
			eprintln!("NOT TESTED: {missing}");
			return None;
		};
		let folder = tempfile::tempdir().unwrap();
		std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
		let data = folder.path().join("data");
		std::fs::create_dir(&data).unwrap();
		std::fs::set_permissions(&data, PermissionsExt::from_mode(0o700)).unwrap();
		let user = user();
		if let Some(User { uid, gid }) = user {
			chown(&data, Some(uid), Some(gid)).unwrap();
		}
		let mut initdb = command(&programs.join("initdb"), &user);
		let made = initdb
			.args(["--auth=trust", "--username=gearway", "--encoding=UTF8", "--no-sync", "-D"])
			.arg(&data)
			.current_dir(folder.path())
			.output()
			.unwrap();
		assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

		let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
		let mut server = command(&programs.join("postgres"), &user);
		server
			.args(["-h", "127.0.0.1", "-k", "", "-F", "-p", &port.to_string(), "-D"])
			.arg(&data)
			.current_dir(folder.path())
			.stdin(Stdio::null())
			.stdout(Stdio::null())
			.stderr(std::fs::File::create(folder.path().join("log")).unwrap());
		let child = tokio::process::Command::from(server).kill_on_drop(true).spawn().unwrap();
		let server = Self { child, port, _folder: folder };
		server.until_it_answers().await;
		Some(server)
	}

	/// The address of a database of that name, which is made.
	pub(crate) async fn database(&self, name: &str) -> String {
		let pool = sqlx::PgPool::connect(&self.url("postgres")).await.unwrap();
		let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
		sqlx::query(sql).execute(&pool).await.unwrap();
		pool.close().await;
		self.url(name)
	}

	fn url(&self, database: &str) -> String {
		format!("postgres://gearway@127.0.0.1:{}/{database}", self.port)
	}

	async fn until_it_answers(&self) {
		let answers = async {
			while let Err(error) = sqlx::PgPool::connect(&self.url("postgres")).await {
				drop(error);
				tokio::time::sleep(Duration::from_millis(50)).await;
			}
		};
		tokio::time::timeout(Duration::from_secs(60), answers).await.unwrap();
	}
}

impl Drop for Postgres {
	fn drop(&mut self) {
		// At once, with all its processes. SIGKILL would leave those to find out for themselves.
		let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
		if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
			rustix::process::kill_process(pid, rustix::process::Signal::QUIT).unwrap();
		}
		for _ in 0..100 {
			if self.child.try_wait().unwrap().is_some() {
				return;
			}
			std::thread::sleep(Duration::from_millis(50));
		}
	}
}

fn programs() -> Option<PathBuf> {
	let has_all = |folder: &PathBuf| {
		["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
	};
	let debian = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
	let mut folders: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
	folders.sort();
	folders.reverse();
	folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
	folders.into_iter().find(has_all)
}

/// Whom to run the server as; `None` where this is not root anyway.
fn user() -> Option<User> {
	if !rustix::process::getuid().is_root() {
		return None;
	}
	let id = |what: &str| {
		let output = Command::new("id").args([what, "postgres"]).output().unwrap();
		String::from_utf8(output.stdout).unwrap().trim().parse().ok()
	};
	// Nobody, where the server came without its user.
	Some(User { uid: id("-u").unwrap_or(65_534), gid: id("-g").unwrap_or(65_534) })
}

fn command(program: &Path, user: &Option<User>) -> Command {
	use std::os::unix::process::CommandExt;
	let mut command = Command::new(program);
	if let Some(User { uid, gid }) = user {
		command.uid(*uid).gid(*gid);
	}
	command
}
