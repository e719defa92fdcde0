//! The `gearway` command.

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
	gearway::cli::Cli::parse().execute().await
}
