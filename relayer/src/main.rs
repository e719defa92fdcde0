//! The `gearway` command.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	gearway::cli::Cli::from_command_line().execute().await
}
