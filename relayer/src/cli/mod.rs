//! The command line: a file per command, mirroring the tree of commands.

mod exit;
mod load;
mod net;
mod output;
mod pages;
mod relay;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// Gear programs, reached from any parachain and from Ethereum.
#[derive(Debug, Parser)]
#[command(name = "gearway", version, propagate_version = true)]
pub struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Carry messages from an Ethereum gateway to a Gear chain
	#[command(subcommand)]
	Relay(relay::RelayCommand),
	/// Run a whole network on this machine
	#[command(subcommand)]
	Net(crate::net::NetCommand),
	/// Send messages at a rate to a network on this machine, and tell how it takes them
	Load(crate::load::LoadArgs),
	/// Print what a shell needs to complete commands
	Completions(pages::CompletionsArgs),
	/// Print the manual page
	Man(pages::ManArgs),
}

/// The tree of commands, each of which tells how it may end.
fn tree() -> clap::Command {
	fn with_exit_codes(command: clap::Command) -> clap::Command {
		command.after_help(exit::HELP).mut_subcommands(with_exit_codes)
	}
	with_exit_codes(Cli::command())
}

impl Cli {
	/// Understands this process's arguments, or ends the process with what is wrong with them.
	pub fn from_command_line() -> Self {
		Self::from_arg_matches(&tree().get_matches()).unwrap_or_else(|error| error.exit())
	}

	/// Does what was asked. The exit code is zero only if it was done; what else it can be is in the
	/// help.
	pub async fn execute(self) -> ExitCode {
		crate::tls::install();
		init_logging();
		let outcome = match self.command {
			Command::Relay(command) => relay::execute(command).await,
			Command::Net(command) => net::execute(command).await,
			Command::Load(args) => load::execute(args).await,
			Command::Completions(args) => pages::completions(args),
			Command::Man(args) => pages::man(args),
		};
		match outcome {
			Ok(()) => ExitCode::SUCCESS,
			Err(error) => {
				eprintln!("error: {error}");
				let mut cause = error.source();
				while let Some(inner) = cause {
					eprintln!("  because: {inner}");
					cause = inner.source();
				}
				ExitCode::from(exit::exit_of(&*error) as u8)
			}
		}
	}
}

/// What a command ends with when it fails: shown to the user with its causes.
type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Logs go to standard error, filtered by `RUST_LOG`, by default this crate at `info`.
fn init_logging() {
	let filter = tracing_subscriber::EnvFilter::try_from_default_env()
		.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,gearway=info"));
	tracing_subscriber::fmt()
		.with_env_filter(filter)
		.with_writer(std::io::stderr)
		.with_target(false)
		.init();
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_tree_of_commands_is_consistent() {
		tree().debug_assert();
	}

	#[test]
	fn every_command_on_the_operators_page_is_understood() {
		let page = include_str!("../../../docs/operators.md");
		let commands: Vec<_> = page.lines().filter(|line| line.starts_with("gearway ")).collect();
		assert!(commands.len() > 8, "{commands:?}");
		for line in commands {
			let command = line.split(" > ").next().unwrap_or_default().replace('"', "");
			let understood = tree().try_get_matches_from(command.split_whitespace());
			assert!(understood.is_ok(), "{line}: {}", understood.unwrap_err());
		}
		// Each code of the help, with the same beginning of its meaning.
		for line in exit::HELP.lines().skip(1) {
			let (code, meaning) = line.trim().split_once("  ").unwrap();
			let start: String = meaning.chars().take(20).collect();
			assert!(page.contains(&format!("| {code} | {start}")), "{line}");
		}
	}
}
