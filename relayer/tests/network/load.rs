//! Messages at a rate, direct and by XCM.
//!
//! Asserts: every message that was sent is told of as dealt with, with its latency and the fullness
//! of blocks.
//! Must not change: what comes of a message, whatever else is on its way.

use crate::environment::Environment;
use gearway::load::{Target, run, tally::Way};
use std::time::Duration;

/// Messages a second, direct and by XCM.
const RATES: [f64; 2] = [2.0, 0.5];

const TIME: Duration = Duration::from_secs(20);

pub(crate) async fn check(environment: &Environment<'_>) {
	environment.say("load");
	let [gear, sibling] = [&environment.chains.gear, &environment.chains.sibling]
		.map(|chain| chain.client().endpoint().clone());
	let target = Target::connect(gear, sibling, environment.programs.ping).await.unwrap();
	let console = environment.nodes.steps.console();
	let outcome = run(&target, RATES, TIME, console).await.unwrap();
	console.print(&gearway::load::report::table(&outcome));
	outcome.judge().unwrap();
	let [direct, by_xcm] = &outcome.summaries[..] else { panic!("two ways were taken") };
	for ((way, summary), (expected, count)) in
		[(direct, (Way::Direct, 40)), (by_xcm, (Way::Xcm, 10))]
	{
		assert_eq!((*way, summary.done, summary.refused), (expected, count, 0));
		assert!(summary.percentile(50).unwrap() <= summary.percentile(99).unwrap());
	}
	assert!(!outcome.blocks.is_empty());
	assert!(outcome.blocks.iter().all(|block| block.time > 0.0 && block.time <= 1.0));
}
