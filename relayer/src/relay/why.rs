//! Why messages are where they are, in words for people.

use super::{outbox::Trouble, stage::Stage};

/// The stages of the work that move messages on from there, the one that waits last coming first.
fn movers(stage: Stage) -> &'static [&'static str] {
	match stage {
		Stage::Observed => &["finality", "observe"],
		Stage::Final | Stage::Failed => &["prove", "upkeep"],
		Stage::Proven => &["send"],
		Stage::Sent => &["confirm", "send"],
		Stage::Done | Stage::Dead => &[],
	}
}

/// What a message at that stage waits for when all goes well.
fn waits_for(stage: Stage) -> &'static str {
	match stage {
		Stage::Observed => "waits until the beacon chain has finalised its block",
		Stage::Final => {
			"waits until the Gear chain's light client knows a finalised block after its own"
		}
		Stage::Proven => "waits for its turn in an extrinsic",
		Stage::Sent => "waits until its extrinsic is in a finalised block of the Gear chain",
		Stage::Done => "the Gear chain took it",
		Stage::Failed => "is tried again after a pause",
		Stage::Dead => "was given up: `gearway relay retry` gives it another chance",
	}
}

/// Why messages are at that stage and have come no further: what keeps the relayer from its work,
/// or what was wrong with the message, or what it waits for.
pub fn why(stage: Stage, error: Option<&str>, troubles: &[Trouble]) -> String {
	let trouble = movers(stage)
		.iter()
		.find_map(|mover| troubles.iter().find(|trouble| trouble.stage == *mover));
	match (stage, trouble, error) {
		(Stage::Done, _, Some(error)) => format!("used its nonce and was not posted: {error}"),
		(_, Some(trouble), _) => {
			format!("`{}` has failed {} times: {}", trouble.stage, trouble.failures, trouble.error)
		}
		(Stage::Failed | Stage::Dead, None, Some(error)) => {
			format!("{}; {error}", waits_for(stage))
		}
		_ => waits_for(stage).to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn trouble(stage: &str) -> Trouble {
		let error = format!("the node of {stage} is away");
		Trouble { stage: stage.to_string(), failures: 3, error, since: 0, last_at: 0 }
	}

	#[test]
	fn what_keeps_the_relayer_from_its_work_comes_first() {
		let troubles = [trouble("send"), trouble("upkeep")];
		assert!(why(Stage::Proven, Some("old"), &troubles).contains("node of send is away"));
		assert!(why(Stage::Final, None, &troubles).contains("node of upkeep is away"));
		assert!(why(Stage::Observed, None, &troubles).contains("finalised its block"));
	}

	#[test]
	fn a_message_of_its_own_fault_says_so() {
		let dead = why(Stage::Dead, Some("no leaf"), &[trouble("prove")]);
		assert!(dead.contains("no leaf") && dead.contains("retry"), "{dead}");
		assert!(why(Stage::Done, Some("no program"), &[]).contains("no program"));
	}

	#[test]
	fn every_stage_has_a_word() {
		for stage in Stage::ALL {
			assert!(!why(stage, None, &[]).is_empty());
		}
	}
}
