//! What commands print: for people, or in JSON for programs.

use super::CommandError;
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub(super) struct Output {
	/// Print JSON
	#[arg(long)]
	pub(super) json: bool,
}

impl Output {
	/// Prints one or the other.
	pub(super) fn print<T: Serialize>(
		self,
		value: &T,
		text: impl FnOnce(&T) -> String,
	) -> Result<(), CommandError> {
		if self.json {
			say(&format!("{}\n", serde_json::to_string_pretty(value)?))
		} else {
			say(&text(value))
		}
	}
}

/// Writes to standard output. Who reads it may stop doing so at any time, as `head` does.
pub(super) fn say(text: &str) -> Result<(), CommandError> {
	let mut out = std::io::stdout().lock();
	match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
		Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
		_ => Ok(()),
	}
}

/// A time in milliseconds of Unix time, as people write it: in UTC, to the second.
pub(super) fn utc(millis: i64) -> String {
	let seconds = millis.div_euclid(1_000);
	let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
	// The calendar repeats every 400 years of 146 097 days; years are counted from March, so that
	// the leap day is the last of its year.
	let shifted = days + 719_468;
	let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
	let year_of_era =
		(day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
	let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	let month_from_march = (5 * day_of_year + 2) / 153;
	let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
	let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
	let year = year_of_era + era * 400 + i64::from(month <= 2);
	let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
	format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// A length of time, as people say it.
pub(super) fn span(millis: i64) -> String {
	let seconds = millis.max(0) / 1_000;
	match seconds {
		0..120 => format!("{seconds} s"),
		120..7_200 => format!("{} min", seconds / 60),
		7_200..172_800 => format!("{} h", seconds / 3_600),
		_ => format!("{} days", seconds / 86_400),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn times_are_those_of_the_calendar() {
		for (seconds, expected) in [
			(0, "1970-01-01 00:00:00 UTC"),
			(951_782_400, "2000-02-29 00:00:00 UTC"),
			(1_709_251_199, "2024-02-29 23:59:59 UTC"),
			(1_735_689_600, "2025-01-01 00:00:00 UTC"),
			(4_107_542_400, "2100-03-01 00:00:00 UTC"),
			(-1, "1969-12-31 23:59:59 UTC"),
		] {
			assert_eq!(utc(seconds * 1_000), expected);
		}
	}

	#[test]
	fn spans_are_told_in_the_unit_that_fits() {
		for (seconds, expected) in
			[(-5, "0 s"), (119, "119 s"), (600, "10 min"), (7_200, "2 h"), (172_800, "2 days")]
		{
			assert_eq!(span(seconds * 1_000), expected);
		}
	}
}
