//! `gearway-chain-specs`: writes chain specs.

use clap::{Args, Parser, Subcommand};
use gearway_chain_specs::{Chain, Format, Preset, Spec, SpecError, committed};
use serde_json::Value;
use std::{
	fs, io,
	path::{Path, PathBuf},
	process::ExitCode,
};

/// Makes the chain specs from the runtimes' genesis presets.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Writes one spec
	One(One),
	/// Writes the specs that are kept under version control, without code; needs no Wasm
	Committed {
		/// Folder to write to; made if it is not there
		#[arg(long, value_name = "DIR", default_value = "chain-specs/specs")]
		output_dir: PathBuf,
	},
	/// Writes all usual specs: CHAIN.json is raw local_testnet, for whatever starts from a state;
	/// CHAIN-PRESET.plain.json are plain, for polkadot-omni-node
	All {
		/// Folder to write to; made if it is not there
		#[arg(long, value_name = "DIR")]
		output_dir: PathBuf,
	},
}

#[derive(Debug, Args)]
struct One {
	/// The chain
	#[arg(long)]
	chain: Chain,
	/// How it begins
	#[arg(long, default_value = "local_testnet")]
	preset: Preset,
	/// Its parachain id [default: 2000 for gear, 2001 for sibling]
	#[arg(long, value_name = "N")]
	para_id: Option<u32>,
	/// The spec id of its relay chain
	#[arg(long, value_name = "ID", default_value = "westend-local")]
	relay_chain: String,
	/// How the genesis state is told
	#[arg(long, default_value = "plain")]
	format: Format,
	/// File to write to
	#[arg(long, value_name = "FILE")]
	output: PathBuf,
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
enum Failure {
	#[error(transparent)]
	Spec(#[from] SpecError),
	#[error("cannot write {}: {reason}", .path.display())]
	Write { path: PathBuf, reason: io::Error },
}

fn main() -> ExitCode {
	let done = match Cli::parse().command {
		Command::One(one) => write_one(one),
		Command::Committed { output_dir } => write_committed(&output_dir),
		Command::All { output_dir } => write_all(&output_dir),
	};
	match done {
		Ok(()) => ExitCode::SUCCESS,
		Err(failure) => {
			eprintln!("gearway-chain-specs: {failure}");
			ExitCode::FAILURE
		}
	}
}

fn write_one(one: One) -> Result<(), Failure> {
	let mut spec = Spec::new(one.chain, one.preset);
	spec.para_id = one.para_id.unwrap_or(spec.para_id);
	spec.relay_chain = one.relay_chain;
	write(&spec, one.format, &one.output)
}

fn write_all(dir: &Path) -> Result<(), Failure> {
	fs::create_dir_all(dir).map_err(|reason| Failure::Write { path: dir.into(), reason })?;
	for chain in Chain::ALL {
		let id = chain.id();
		let usual = Spec::new(chain, Preset::LocalTestnet);
		write(&usual, Format::Raw, &dir.join(format!("{id}.json")))?;
		for preset in chain.presets() {
			let file = format!("{id}-{}.plain.json", preset.id());
			write(&Spec::new(chain, *preset), Format::Plain, &dir.join(file))?;
		}
	}
	Ok(())
}

fn write_committed(dir: &Path) -> Result<(), Failure> {
	fs::create_dir_all(dir).map_err(|reason| Failure::Write { path: dir.into(), reason })?;
	for (name, spec) in committed()? {
		write_json(&spec, &dir.join(name))?;
	}
	Ok(())
}

fn write(spec: &Spec, format: Format, path: &Path) -> Result<(), Failure> {
	write_json(&spec.json(format)?, path)
}

fn write_json(spec: &Value, path: &Path) -> Result<(), Failure> {
	let json = format!("{spec:#}\n");
	fs::write(path, json).map_err(|reason| Failure::Write { path: path.into(), reason })?;
	println!("{}", path.display());
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_command_line_is_consistent() {
		use clap::CommandFactory;
		Cli::command().debug_assert();
	}

	#[test]
	fn a_wrong_chain_or_preset_is_refused() {
		let parse = |args: &str| Cli::try_parse_from(args.split(' '));
		assert!(parse("x one --chain gear --preset dev --output f").is_ok());
		assert!(parse("x one --chain moon --output f").is_err());
		assert!(parse("x one --chain gear --preset mainnet --output f").is_err());
		assert!(parse("x one --chain gear --para-id -1 --output f").is_err());
	}
}
