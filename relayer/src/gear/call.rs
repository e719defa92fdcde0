//! Calls by name, and extrinsics as bytes that can be stored before they are sent.

use super::{At, BlockId, Client, GearError};
use codec::Encode;
use std::fmt;
use subxt::{
	PolkadotConfig,
	config::{DefaultExtrinsicParamsBuilder, Hasher},
	error::DispatchError,
	events::Phase,
	ext::{
		scale_decode::visitor::{IgnoreVisitor, decode_with_visitor},
		scale_encode::{self, EncodeAsFields, FieldIter},
		scale_type_resolver::TypeResolver,
	},
	rpcs::methods::legacy::TransactionStatus,
	tx::{Payload, Signer},
	utils::{AccountId32, H256},
};
use subxt_signer::sr25519::Keypair;

/// A call by the names that the runtime's metadata gives it, its arguments in SCALE.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
	pallet: &'static str,
	name: &'static str,
	args: Arguments,
}

/// A call's arguments in SCALE, one after another.
#[derive(Clone, PartialEq, Eq)]
pub struct Arguments(Vec<u8>);

impl Call {
	/// A call whose arguments are the members of the tuple `args`, in order.
	pub fn new(pallet: &'static str, name: &'static str, args: impl Encode) -> Self {
		Self { pallet, name, args: Arguments(args.encode()) }
	}

	/// This call made by root, by way of pallet Sudo.
	pub fn by_sudo(&self, at: &At) -> Result<Self, GearError> {
		Ok(Self { pallet: "Sudo", name: "sudo", args: Arguments(self.encode(at)?) })
	}

	/// These calls in one, which is made only if all of them are, by way of pallet Utility.
	pub fn all(calls: &[Self], at: &At) -> Result<Self, GearError> {
		let count = u32::try_from(calls.len())
			.map_err(|_| GearError::Incompatible("too many calls for a batch".into()))?;
		let mut args = codec::Compact(count).encode();
		for call in calls {
			args.extend(call.encode(at)?);
		}
		Ok(Self { pallet: "Utility", name: "batch_all", args: Arguments(args) })
	}

	/// The call in SCALE, as the runtime at that block understands it.
	///
	/// The arguments are read back by the runtime's own metadata: where this program and the
	/// runtime disagree about a type, it shows here and not as a refused extrinsic.
	pub fn encode(&self, at: &At) -> Result<Vec<u8>, GearError> {
		let metadata = at.metadata_ref();
		let missing = || GearError::Incompatible(format!("it lacks the call {self:?}"));
		let pallet = metadata.pallet_by_name(self.pallet).ok_or_else(missing)?;
		let call = pallet.call_variant_by_name(self.name).ok_or_else(missing)?;
		let rest = &mut &self.args.0[..];
		for field in &call.fields {
			decode_with_visitor(rest, field.ty.id, metadata.types(), IgnoreVisitor::new())
				.map_err(|error| {
					let name = field.name.as_deref().unwrap_or("an argument");
					GearError::Incompatible(format!("{name} of the call {self:?}: {error}"))
				})?;
		}
		if !rest.is_empty() {
			return Err(GearError::Incompatible(format!(
				"the call {self:?} takes {} bytes less than this program gives it",
				rest.len()
			)));
		}
		at.tx().call_data(self).map_err(GearError::from)
	}
}

impl fmt::Debug for Call {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}.{}", self.pallet, self.name)
	}
}

impl Payload for Call {
	type CallData = Arguments;

	fn pallet_name(&self) -> &str {
		self.pallet
	}

	fn call_name(&self) -> &str {
		self.name
	}

	fn call_data(&self) -> &Arguments {
		&self.args
	}
}

impl EncodeAsFields for Arguments {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_: &mut dyn FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

/// A signed extrinsic: everything that is needed to send it, again if need be, and to know when
/// it can no longer be included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
	/// What is sent.
	pub bytes: Vec<u8>,
	/// Its hash, by which the chain's tools know it.
	pub hash: H256,
	/// The signer's nonce it takes.
	pub nonce: u64,
	/// The last block that can include it.
	pub last_block: u64,
}

impl Signed {
	/// Signs a call so that it can be included within `blocks` blocks after `at`, `blocks` being
	/// a power of two from 4 to 65536.
	pub fn new(
		at: &At,
		call: &Call,
		signer: &Keypair,
		nonce: u64,
		blocks: u64,
	) -> Result<Self, GearError> {
		call.encode(at)?;
		let (number, hash) = (at.block_number(), at.block_hash());
		let params = DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new()
			.nonce(nonce)
			.mortal_from_unchecked(blocks, number, hash)
			.build();
		let signed = at.tx().create_signable_offline(call, params)?.sign(signer)?;
		// The era's phase is stored in steps of `blocks / 4096`, rounded down.
		let birth = number - number % (blocks >> 12).max(1);
		Ok(Self {
			hash: signed.hash(),
			bytes: signed.into_encoded(),
			nonce,
			last_block: birth + blocks - 1,
		})
	}
}

/// An extrinsic in a finalised block.
#[derive(Debug)]
pub struct Executed {
	/// The block.
	pub block: BlockId,
	/// The chain as it stood after that block.
	pub at: At,
	/// The extrinsic's position in the block.
	pub index: u32,
	/// All events of the block; [`Executed::is_own`] tells those of this extrinsic.
	pub events: subxt::events::Events<PolkadotConfig>,
}

impl Executed {
	/// Whether an event of the block came from this extrinsic.
	pub fn is_own(&self, event: &subxt::events::Event<'_, PolkadotConfig>) -> bool {
		event.phase() == Phase::ApplyExtrinsic(self.index)
	}
}

/// Account of a key on a chain with 32-byte accounts.
pub fn account_of(key: &Keypair) -> AccountId32 {
	<Keypair as Signer<PolkadotConfig>>::account_id(key)
}

impl Client {
	/// Signs, sends and waits until the extrinsic is finalised; an error if it failed there.
	///
	/// For commands that a user waits for. The relayer itself stores what it signs before it
	/// sends it.
	pub async fn execute(&self, call: &Call, signer: &Keypair) -> Result<Executed, GearError> {
		let at = self.at_finalized().await?;
		let nonce = self.next_nonce(&account_of(signer)).await?;
		let signed = Signed::new(&at, call, signer, nonce, 64)?;
		let mut progress = self
			.with(async |c| Ok(c.methods.author_submit_and_watch_extrinsic(&signed.bytes).await?))
			.await?;
		let hash = loop {
			let lost =
				|| GearError::unreachable("the node stopped telling").located(&self.endpoint);
			let status = progress.next().await.ok_or_else(lost)?.map_err(GearError::from)?;
			match status {
				TransactionStatus::Finalized(hash) => break hash,
				TransactionStatus::Dropped => {
					return Err(GearError::NotIncluded("dropped from the pool".into()));
				}
				TransactionStatus::Invalid => {
					return Err(GearError::NotIncluded("no longer valid".into()));
				}
				TransactionStatus::Usurped(_) => {
					return Err(GearError::NotIncluded("another took its nonce".into()));
				}
				TransactionStatus::FinalityTimeout(_) => {
					return Err(GearError::NotIncluded("its block was not finalised".into()));
				}
				_ => continue,
			}
		};
		self.find(hash, &signed).await
	}

	/// As [`Client::execute`], by root: the signer is the account of pallet Sudo. An error also if
	/// root's call failed.
	pub async fn execute_as_root(
		&self,
		call: &Call,
		signer: &Keypair,
	) -> Result<Executed, GearError> {
		let at = self.at_finalized().await?;
		let executed = self.execute(&call.by_sudo(&at)?, signer).await?;
		// The extrinsic succeeds whatever becomes of the call inside.
		let mut outcome = Err("no event tells of the outcome".to_string());
		for event in executed.events.iter() {
			let event = event?;
			let is_outcome = (event.pallet_name(), event.event_name()) == ("Sudo", "Sudid");
			if is_outcome && executed.is_own(&event) {
				outcome = match event.field_bytes() {
					[0, ..] => Ok(()),
					[1, error @ ..] => Err(dispatch_error(error, &executed.at)),
					_ => Err("its event cannot be read".to_string()),
				};
			}
		}
		match outcome {
			Ok(()) => Ok(executed),
			Err(reason) => Err(GearError::Failed { block: executed.block.hash, reason }),
		}
	}

	/// Finds an extrinsic in a block and checks that it succeeded.
	pub async fn find(&self, block: H256, signed: &Signed) -> Result<Executed, GearError> {
		let details = self
			.with(async |c| {
				c.methods.chain_get_block(Some(block)).await?.ok_or(GearError::NoBlock(block))
			})
			.await?;
		let block = BlockId { number: details.block.header.number, hash: block };
		let at = self.at(block).await?;
		let index = details
			.block
			.extrinsics
			.iter()
			.position(|extrinsic| at.hasher().hash(&extrinsic.0) == signed.hash)
			.and_then(|index| u32::try_from(index).ok())
			.ok_or_else(|| GearError::NotIncluded(format!("not in block {:?}", block.hash)))?;
		let events = self.events(&at).await?;
		for event in events.iter() {
			let event = event?;
			let failed = event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed";
			if failed && event.phase() == Phase::ApplyExtrinsic(index) {
				let reason = dispatch_error(event.field_bytes(), &at);
				return Err(GearError::Failed { block: block.hash, reason });
			}
		}
		Ok(Executed { block, at, index, events })
	}
}

/// The runtime's words for a dispatch error in SCALE.
pub(crate) fn dispatch_error(bytes: &[u8], at: &At) -> String {
	match DispatchError::decode_from(bytes, at.metadata()) {
		Ok(error) => error.to_string(),
		Err(error) => format!("an error that cannot be read: {error}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt::utils::MultiSignature;

	#[test]
	fn arguments_are_concatenated_without_a_length() {
		let call = Call::new("System", "remark", (vec![1u8, 2], 7u32));
		assert_eq!(call.args.0, [8, 1, 2, 7, 0, 0, 0]);
		assert_eq!(format!("{call:?}"), "System.remark");
	}

	#[test]
	fn a_key_gives_the_account_that_the_chain_knows() {
		let alice = subxt_signer::sr25519::dev::alice();
		assert_eq!(
			account_of(&alice).to_string(),
			"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
		);
		let signature: MultiSignature = Signer::<PolkadotConfig>::sign(&alice, b"payload");
		assert!(matches!(signature, MultiSignature::Sr25519(_)));
	}
}
