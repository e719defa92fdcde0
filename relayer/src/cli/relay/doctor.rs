//! `gearway relay doctor`

use super::{
	super::{CommandError, exit::Failure, output::Output},
	Common,
};
use crate::relay::doctor::{Finding, Verdict, examine};

/// Arguments of `gearway relay doctor`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct DoctorArgs {
	#[command(flatten)]
	pub(super) common: Common,
	#[command(flatten)]
	pub(super) output: Output,
}

/// Looks at everything that a relayer needs, and changes nothing.
pub(super) async fn execute(args: DoctorArgs) -> Result<(), CommandError> {
	let findings = examine(&args.common.config).await;
	args.output.print(&findings, |findings| text(findings))?;
	let bad = findings.iter().filter(|finding| finding.verdict == Verdict::Bad).count();
	match bad {
		0 => Ok(()),
		1 => Err(Failure::Unwell("1 thing keeps messages from being carried".into()).into()),
		bad => {
			Err(Failure::Unwell(format!("{bad} things keep messages from being carried")).into())
		}
	}
}

fn text(findings: &[Finding]) -> String {
	let mut text = String::new();
	for Finding { subject, verdict, says, cure } in findings {
		text += &format!("{:<6}{subject:<15}{says}\n", verdict.name());
		if let Some(cure) = cure {
			text += &format!("{:21}cure: {cure}\n", "");
		}
	}
	text
}
