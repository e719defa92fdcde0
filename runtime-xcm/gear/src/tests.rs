//! The configuration's own promises.

use crate::{
	Balances, Executive, Gear, ParachainInfo, Runtime, RuntimeCall, RuntimeGenesisConfig, System,
	TxExtension, UncheckedExtrinsic,
	configs::{
		chain::RuntimeBlockWeights,
		ethereum::{InboxPalletId, MAX_EVENTS, MAX_FINALIZED_HEADERS},
		gear::{MAX_GAS_LIMIT, REF_TIME_PER_GAS},
		parachain::{IdleMaxServiceWeight, ServiceWeight},
	},
	genesis::{self, CONSORTIUM_PRESET},
	xcm_config::{Barrier, LocationToAccountId, MAX_INSTRUCTIONS, SafeCalls, Weigher},
};
use codec::Encode;
use gearway_primitives::PostMessage;
use gearway_runtime_common::{
	AccountId, GATEWAY_SEND_MESSAGE, GEAR_PARA_ID, Header, SIBLING_PARA_ID,
	budget::{HOOKS_SHARE, IDLE_SHARE, MAXIMUM_BLOCK_WEIGHT},
	genesis::merge,
};
use pallet_gear::WeightInfo;
use polkadot_sdk::{
	frame_metadata_hash_extension,
	frame_support::{
		dispatch::DispatchClass,
		genesis_builder_helper::build_state,
		traits::{Contains, Get, ProcessMessageError},
		weights::Weight,
	},
	frame_system, pallet_sudo, pallet_transaction_payment, pallet_utility,
	sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PresetId},
	sp_io::TestExternalities,
	sp_keyring::Sr25519Keyring,
	sp_runtime::{
		generic::{Era, SignedPayload},
		traits::{AccountIdConversion, Header as _},
		transaction_validity::InvalidTransaction,
	},
	staging_xcm::latest::prelude::*,
	staging_xcm_executor::traits::{ConvertLocation, Properties, ShouldExecute, WeightBounds},
};

/// A chain at block 0 of a preset.
fn chain(preset: &str) -> TestExternalities {
	let patch = genesis::preset(&PresetId::from(preset)).expect("preset exists");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	merge(&mut config, serde_json::from_slice(&patch).unwrap());
	let mut chain = TestExternalities::new_empty();
	chain.execute_with(|| {
		build_state::<RuntimeGenesisConfig>(serde_json::to_vec(&config).unwrap()).unwrap();
	});
	chain
}

fn sibling_alice() -> Location {
	let id = Sr25519Keyring::Alice.to_raw_public();
	Location::new(1, [Parachain(SIBLING_PARA_ID), AccountId32 { network: None, id }])
}

fn check(
	from: &Location,
	message: Vec<Instruction<RuntimeCall>>,
) -> Result<(), ProcessMessageError> {
	let mut message = message;
	let mut properties = Properties { weight_credit: Weight::zero(), message_id: None };
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		Barrier::should_execute(from, &mut message, Weight::MAX / 2, &mut properties)
	})
}

#[test]
fn every_preset_makes_a_chain() {
	let priced = [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET];
	assert_eq!(genesis::preset_names(), [priced[0], priced[1], CONSORTIUM_PRESET]);
	for preset in priced.map(PresetId::from) {
		chain(preset.as_ref()).execute_with(|| {
			assert_eq!(ParachainInfo::parachain_id(), GEAR_PARA_ID.into());
			assert_eq!(
				pallet_sudo::Key::<Runtime>::get(),
				Some(Sr25519Keyring::Alice.to_account_id())
			);
			let sibling = Location::new(1, [Parachain(SIBLING_PARA_ID)]);
			for location in [sibling, sibling_alice()] {
				let account = LocationToAccountId::convert_location(&location).unwrap();
				assert_eq!(Balances::free_balance(account), genesis::ENDOWMENT, "{location:?}");
			}
		});
	}
}

/// A transaction as it comes from outside.
fn signed(from: Sr25519Keyring, nonce: u32, call: RuntimeCall) -> UncheckedExtrinsic {
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension).unwrap();
	let signature = payload.using_encoded(|payload| from.sign(payload));
	let (call, extension, _) = payload.deconstruct();
	let address = from.to_account_id().into();
	UncheckedExtrinsic::new_signed(call, address, signature.into(), extension)
}

#[test]
fn a_consortium_needs_no_money() {
	chain(CONSORTIUM_PRESET).execute_with(|| {
		let (root, parent) = (Default::default(), System::block_hash(0));
		let header = Header::new(1, root, root, parent, Default::default());
		Executive::initialize_block(&header);
		let upload = |salt: &[u8]| {
			RuntimeCall::Gear(pallet_gear::Call::upload_program {
				code: gearway_programs::PING.to_vec(),
				salt: salt.to_vec(),
				init_payload: vec![],
				gas_limit: MAX_GAS_LIMIT,
				value: 0,
				keep_alive: true,
			})
		};
		let alice =
			|nonce, call| Executive::apply_extrinsic(signed(Sr25519Keyring::Alice, nonce, call));
		assert_eq!(alice(0, upload(b"1")), Ok(Ok(())));
		assert_eq!(alice(1, upload(b"2")), Ok(Ok(())));
		assert_eq!(pallet_gear::Programs::<Runtime>::iter().count(), 2);
		assert_eq!(Balances::total_issuance(), 0);
		// Who is no member and has no balance cannot even begin.
		let bob = Executive::apply_extrinsic(signed(Sr25519Keyring::Bob, 0, upload(b"3")));
		assert_eq!(bob, Err(InvalidTransaction::Payment.into()));
	});
}

#[test]
fn messages_from_ethereum_can_be_paid() {
	let reserve: AccountId = InboxPalletId::get().into_account_truncating();
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		assert!(Balances::free_balance(reserve) >= Gear::gas_price(MAX_GAS_LIMIT));
	});
}

/// The heaviest calls of Ethereum's pallets, with committees of mainnet's size.
#[test]
fn proofs_from_ethereum_fit_in_a_transaction() {
	type Client = <Runtime as pallet_beacon_client::Config>::WeightInfo;
	type Inbox = <Runtime as pallet_ethereum_inbox::Config>::WeightInfo;
	use pallet_beacon_client::{WeightInfo as _, weights::MAX_COMMITTEE};
	use pallet_ethereum_inbox::WeightInfo as _;

	let limit = RuntimeBlockWeights::get().get(DispatchClass::Normal).max_extrinsic.unwrap();
	// A receipt's path has seven nodes in a block of thousands; a kilobyte each is plenty.
	let events = Inbox::submit(64) + Inbox::event(8, 8 * 1024) * u64::from(MAX_EVENTS);
	// All of them in blocks of their own, under one header chain.
	let one = Inbox::block() + Inbox::receipt(8, 8 * 1024) + Inbox::deliver(4 * 1024);
	let batch = Inbox::submit_batch(64, MAX_EVENTS) + one * u64::from(MAX_EVENTS);
	for weight in [
		Client::bootstrap(MAX_FINALIZED_HEADERS),
		Client::submit_with_committee(MAX_COMMITTEE),
		events,
		batch,
	] {
		assert!(weight.all_lt(limit), "{weight} of {limit}");
	}
}

#[test]
fn an_unknown_preset_is_none() {
	assert_eq!(genesis::preset(&PresetId::from("mainnet")), None);
}

#[test]
fn a_share_of_the_block_is_out_of_reach_for_all_but_on_idle() {
	let weights = RuntimeBlockWeights::get();
	let of_class = |class| weights.get(class).max_total.expect("limited");
	let taken = of_class(DispatchClass::Normal)
		+ of_class(DispatchClass::Operational)
		+ ServiceWeight::get()
		+ IdleMaxServiceWeight::get()
		+ HOOKS_SHARE * MAXIMUM_BLOCK_WEIGHT;
	let rounding = Weight::from_parts(10, 10);
	let left = weights.max_block.saturating_sub(taken).saturating_add(rounding);
	assert!((IDLE_SHARE * MAXIMUM_BLOCK_WEIGHT).all_lte(left), "{left}");
}

#[test]
fn the_longest_message_fits_in_its_share_of_a_block() {
	let deposit = DepositAsset { assets: AllCounted(1).into(), beneficiary: Here.into() };
	let mut message = Xcm(vec![deposit; MAX_INSTRUCTIONS as usize]);
	let longest = Weigher::weight(&mut message, Weight::MAX).unwrap();
	assert!(longest.all_lte(ServiceWeight::get()), "{longest} > {}", ServiceWeight::get());
}

#[test]
fn accounts_of_a_sibling_are_told_apart() {
	let account = |location: &Location| LocationToAccountId::convert_location(location).unwrap();
	let alice_here =
		Location::from(AccountId32 { network: None, id: Sr25519Keyring::Alice.to_raw_public() });
	assert_eq!(account(&alice_here), Sr25519Keyring::Alice.to_account_id());
	assert_ne!(account(&sibling_alice()), account(&alice_here));
	assert_ne!(account(&sibling_alice()), account(&Location::new(1, [Parachain(SIBLING_PARA_ID)])));
}

#[test]
fn an_account_of_a_sibling_may_come_in_if_it_pays() {
	let sibling = Location::new(1, [Parachain(SIBLING_PARA_ID)]);
	let who = AccountId32 { network: None, id: [7; 32] };
	let fee: Asset = (Here, 1_000u128).into();
	let paid = vec![
		DescendOrigin(who.into()),
		WithdrawAsset(fee.clone().into()),
		BuyExecution { fees: fee, weight_limit: Unlimited },
		SetTopic([1; 32]),
	];
	assert_eq!(check(&sibling, paid.clone()), Ok(()));
	let unpaid = vec![paid[0].clone(), paid[1].clone()];
	assert!(check(&sibling, unpaid).is_err());
	assert!(
		check(
			&Location::parent(),
			vec![UnpaidExecution { weight_limit: Unlimited, check_origin: None }]
		)
		.is_err()
	);
}

#[test]
fn reserves_do_not_go_to_the_relay_chain() {
	let fee: Asset = (Here, 1_000u128).into();
	let message = vec![
		WithdrawAsset(fee.clone().into()),
		BuyExecution { fees: fee, weight_limit: Unlimited },
		DepositReserveAsset {
			assets: AllCounted(1).into(),
			dest: Location::parent(),
			xcm: Xcm(vec![]),
		},
	];
	assert_eq!(check(&sibling_alice(), message), Err(ProcessMessageError::Unsupported));
}

#[test]
fn deposits_weigh_their_notices_however_deep() {
	let deposit = || DepositAsset { assets: AllCounted(1).into(), beneficiary: Here.into() };
	let weigh = |instructions| Weigher::weight(&mut Xcm(instructions), Weight::MAX).unwrap();
	let (plain, noticed) = (weigh(vec![ClearOrigin]), weigh(vec![deposit()]));
	assert!(noticed.all_gt(plain));
	let nested = weigh(vec![SetAppendix(Xcm(vec![SetErrorHandler(Xcm(vec![deposit()]))]))]);
	assert_eq!(nested, plain * 2 + noticed);
	let limit = noticed - Weight::from_parts(1, 0);
	assert!(Weigher::weight(&mut Xcm(vec![deposit()]), limit).is_err());
	let too_many =
		Weigher::weight(&mut Xcm(vec![ClearOrigin; MAX_INSTRUCTIONS as usize + 1]), Weight::MAX);
	assert!(too_many.is_err());
}

#[test]
fn the_heaviest_message_fits_in_the_engines_own_part_of_a_block() {
	let own = IDLE_SHARE * MAXIMUM_BLOCK_WEIGHT;
	let settings = <Runtime as pallet_gear::Config>::Settings::get();
	type Weights = <Runtime as pallet_gear::Config>::WeightInfo;
	let overhead =
		Weights::on_idle() + Weights::pass_over() * u64::from(settings.limits.passed_over);
	let time = MAX_GAS_LIMIT * REF_TIME_PER_GAS + overhead.ref_time();
	assert!(time <= own.ref_time(), "{time} > {}", own.ref_time());
	assert!(overhead.proof_size() < own.proof_size() / 2, "{overhead}");
}

#[test]
fn other_chains_know_where_messages_go() {
	let call = RuntimeCall::XcmGateway(pallet_xcm_gateway::Call::send_message {
		destination: Default::default(),
		payload: vec![],
		gas_limit: 0,
		value: 0,
		reply_to: None,
	});
	assert_eq!(call.encode()[..2], [GATEWAY_SEND_MESSAGE.0, GATEWAY_SEND_MESSAGE.1]);
	assert!(SafeCalls::contains(&call));
	let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
	assert!(!SafeCalls::contains(&remark));
	let all = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: vec![call] });
	assert!(!SafeCalls::contains(&all));
}

/// Metadata is what clients go by: it must be there, in a version they read.
#[test]
fn metadata_is_served_in_versions_15_and_16() {
	chain(DEV_RUNTIME_PRESET).execute_with(|| {
		for version in [15, 16] {
			assert!(Runtime::metadata_at_version(version).is_some(), "{version}");
		}
	});
}
