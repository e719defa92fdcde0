//! A real browser, without a screen.

use std::{path::PathBuf, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// Set where a missing browser must fail a test instead of passing it over.
const REQUIRED: &str = "GEARWAY_REQUIRE_CHROMIUM";

/// How long it may take to start, to load a page and to draw it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Has the page drawn into a picture in the target folder, and returns what is on it. `None`, and
/// loudly, where there is no browser.
pub(crate) async fn photograph(url: &str, name: &str, dark: bool) -> Option<String> {
	let Some(browser) = browser() else {
		let missing = "there is no Chromium: run `make setup`";
		assert!(std::env::var_os(REQUIRED).is_none(), "{missing}");
		eprintln!("NOT TESTED: {missing}");
		return None;
	};
	let picture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
	let taken = format!("--screenshot={}", picture.display());
	run(&browser, url, dark, &taken).await;
	assert!(std::fs::metadata(&picture).unwrap().len() > 10_000, "{}", picture.display());
	Some(run(&browser, url, dark, "--dump-dom").await)
}

async fn run(browser: &PathBuf, url: &str, dark: bool, action: &str) -> String {
	let profile = tempfile::tempdir().unwrap();
	let scheme = if dark { 0 } else { 1 };
	let output = Command::new(browser)
		.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
		.args(["--window-size=1180,1500", "--virtual-time-budget=5000"])
		.arg(format!("--blink-settings=preferredColorScheme={scheme}"))
		.arg(format!("--user-data-dir={}", profile.path().display()))
		.args([action, url])
		.stdin(Stdio::null())
		.kill_on_drop(true)
		.output();
	let output = timeout(PATIENCE, output).await.expect("the browser hangs").unwrap();
	assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	String::from_utf8(output.stdout).unwrap()
}

fn browser() -> Option<PathBuf> {
	let path = std::env::var_os("PATH").unwrap_or_default();
	let folders: Vec<_> = std::env::split_paths(&path).collect();
	let names = ["chromium", "chromium-browser", "google-chrome"];
	let all = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
	all.into_iter().find(|program| program.is_file())
}
