//! Figures of one pallet that have to cover another's, or another chain's.

use gear_runtime::Runtime as Gear;
use pallet_gear::WeightInfo as _;
use pallet_xcm_gateway::WeightInfo as _;
use polkadot_sdk::frame_support::traits::Get;
use sibling_runtime::Runtime as Sibling;

/// Payloads, in bytes, up to the longest that the sibling sends.
const LENGTHS: [u32; 4] = [0, 100, 1_024, 16 * 1_024];

#[test]
fn the_gateways_calls_cover_posting() {
	for len in LENGTHS {
		let call = <Gear as pallet_xcm_gateway::Config>::WeightInfo::send_message(len);
		let posting = <Gear as pallet_gear::Config>::WeightInfo::send_message(len);
		assert!(call.all_gte(posting), "{len} bytes: {call:?} is less than {posting:?}");
	}
	let notice = <Gear as pallet_xcm_gateway::Config>::WeightInfo::deposit();
	let posting = <Gear as pallet_gear::Config>::WeightInfo::send_message(1_024);
	assert!(notice.all_gte(posting), "{notice:?} is less than {posting:?}");
}

#[test]
fn the_siblings_allowance_covers_the_call_it_makes() {
	let allowed = <Sibling as pallet_program_client::Config>::SendMessageWeight::get();
	let longest = <Sibling as pallet_program_client::Config>::MaxPayload::get();
	let needed = <Gear as pallet_xcm_gateway::Config>::WeightInfo::send_message(longest);
	assert!(allowed.all_gte(needed), "{allowed:?} is less than {needed:?}");
}
