//! Writes the IDL of the program to the file that is named.

use sails_demo::Demo;
use std::{env, process::ExitCode};

fn main() -> ExitCode {
	let Some(path) = env::args_os().nth(1) else {
		eprintln!("usage: idl FILE");
		return ExitCode::FAILURE;
	};
	match sails_rs::generate_idl_to_file::<Demo>(Some("SailsDemo"), path) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("the IDL cannot be written: {error}");
			ExitCode::FAILURE
		}
	}
}
