//! Real programs with damaged bytes.

use crate::{Outcome, Target, agreement::agree, modules::Messages};
use arbitrary::Unstructured;
use gearway_engine::{Limits, Settings, check_code};

pub(crate) const TARGET: Target =
	Target { name: "mutants", len: 256, bounded_cases: 48, bounded_ran: 2, run };

fn run(u: &mut Unstructured<'_>) -> arbitrary::Result<Outcome> {
	let programs: Vec<_> = gearway_programs::all().collect();
	let (_, code) = *u.choose(&programs)?;
	let mut code = code.to_vec();
	for _ in 0..u.int_in_range(1..=3)? {
		damage(&mut code, u)?;
	}
	if check_code(&code, &Limits::new()).is_err() {
		return Ok(Outcome::Refused);
	}
	let mut messages = Vec::new();
	for payload in ["100", "PING", "70", "40"] {
		messages.push((payload.as_bytes().to_vec(), u.int_in_range(0..=400)? * 1_000_000));
	}
	agree(Settings::white_paper(), &Messages { code, messages });
	Ok(Outcome::Ran)
}

/// Changes, removes or doubles some bytes.
fn damage(code: &mut Vec<u8>, u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
	let at = u.choose_index(code.len())?;
	match u.int_in_range(0..=5)? {
		0 => code[at] = u.arbitrary()?,
		1 => code[at] ^= 1 << u.int_in_range(0..=7)?,
		2 => code[at] = code[at].wrapping_add(u.int_in_range(0..=2)?).wrapping_sub(1),
		3 => drop(code.drain(at..code.len().min(at + u.int_in_range(1..=4)?))),
		4 => code.truncate(at + 1),
		_ => {
			let piece = code[at..code.len().min(at + u.int_in_range(1..=32)?)].to_vec();
			let to = u.choose_index(code.len())?;
			code.splice(to..to, piece);
		}
	}
	Ok(())
}
