//! `gearway completions` and `gearway man`: what a shell and a reader of manuals want to have.

use super::{CommandError, output::say, tree};
use std::path::PathBuf;

/// Arguments of `gearway completions`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(super) struct CompletionsArgs {
	/// The shell
	#[arg(value_name = "SHELL")]
	pub(super) shell: clap_complete::Shell,
}

/// Arguments of `gearway man`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(super) struct ManArgs {
	/// Write a page for every command into this folder, instead of printing the first page
	#[arg(long, value_name = "FOLDER")]
	pub(super) dir: Option<PathBuf>,
}

/// Prints what the shell reads.
pub(super) fn completions(args: CompletionsArgs) -> Result<(), CommandError> {
	let mut script = Vec::new();
	clap_complete::generate(args.shell, &mut tree(), "gearway", &mut script);
	say(&String::from_utf8(script)?)
}

/// Prints the manual page, or writes all of them.
pub(super) fn man(args: ManArgs) -> Result<(), CommandError> {
	if let Some(dir) = args.dir {
		std::fs::create_dir_all(&dir)
			.and_then(|()| clap_mangen::generate_to(tree(), &dir))
			.map_err(|error| format!("{}: {error}", dir.display()))?;
		return Ok(());
	}
	let mut page = Vec::new();
	clap_mangen::Man::new(tree()).render(&mut page)?;
	say(&String::from_utf8(page)?)
}
