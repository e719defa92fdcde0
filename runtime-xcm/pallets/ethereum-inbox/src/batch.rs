//! Proving and delivering a whole batch.

use crate::{
	Config, Error, Event, EventKey, Gateway, Pallet, Proven, Subscriptions, WeightInfo,
	subscriptions::FORGOTTEN_AT_ONCE,
};
use gearway_ethereum::{
	Batch, BeaconChain, BlockProof, Claim, ContractEvent, EventSource, Gateway as GatewayId, Log,
	Network, ReceiptClaims, receipts::Receipt,
};
use polkadot_sdk::{
	frame_support::{ensure, traits::Get},
	sp_runtime::DispatchError,
	sp_weights::Weight,
};

impl<T: Config> Pallet<T> {
	/// Verifies `batch` and delivers what is new in it; returns the weight that took.
	pub(crate) fn do_submit_batch(batch: &Batch) -> Result<Weight, DispatchError> {
		let gateway = Gateway::<T>::get().ok_or(Error::<T>::NoGateway)?;
		ensure!(batch.claims() > 0, Error::<T>::NoEvents);
		ensure!(batch.claims() <= T::MaxEvents::get(), Error::<T>::TooManyEvents);
		let mut news = false;
		for block in &batch.blocks {
			news |= Self::has_news(&gateway, Self::slot_of(batch, block)?, block);
		}
		ensure!(news, Error::<T>::NonceUsed);

		let network = T::Beacon::network().ok_or(Error::<T>::NoBeaconClient)?;
		let mut anchor = None;
		let is_finalized = |root| {
			anchor = T::Beacon::finalized_slot(root);
			anchor.is_some()
		};
		batch.verify_headers(is_finalized).map_err(Error::<T>::from)?;
		let mut weight = T::WeightInfo::submit_batch(batch.headers.len() as u32, batch.claims());
		for block in &batch.blocks {
			if Self::has_news(&gateway, Self::slot_of(batch, block)?, block) {
				weight =
					weight.saturating_add(Self::deliver_block(&gateway, &network, batch, block)?);
			}
		}
		if let Some(anchor) = anchor {
			Self::forget(anchor, batch.claims().saturating_mul(FORGOTTEN_AT_ONCE));
		}
		Ok(weight)
	}

	/// Weight of a batch of which everything is new.
	pub(crate) fn weight_of_batch(batch: &Batch) -> Weight {
		let base = T::WeightInfo::submit_batch(batch.headers.len() as u32, batch.claims());
		batch.blocks.iter().fold(base, |weight, block| {
			let start = weight.saturating_add(T::WeightInfo::block());
			block.receipts.iter().fold(start, |weight, receipt| {
				// A log is no longer than the receipt it is in.
				let (_, longest) = block.lengths(receipt);
				let claims = receipt.claims.len() as u64;
				weight
					.saturating_add(Self::weight_of_receipt(block, receipt))
					.saturating_add(T::WeightInfo::deliver(longest).saturating_mul(claims))
			})
		})
	}

	fn weight_of_receipt(block: &BlockProof, receipt: &ReceiptClaims) -> Weight {
		let (bytes, _) = block.lengths(receipt);
		T::WeightInfo::receipt(receipt.path.len() as u32, bytes)
	}

	fn deliver_block(
		gateway: &GatewayId,
		network: &Network,
		batch: &Batch,
		block: &BlockProof,
	) -> Result<Weight, Error<T>> {
		let open = batch.open_block(block, network)?;
		let mut weight = T::WeightInfo::block();
		for claims in &block.receipts {
			let is_news = |claim: &Claim| Self::is_news(gateway, open.slot, claims.tx_index, claim);
			if !claims.claims.iter().any(is_news) {
				continue;
			}
			let receipt = open.receipt(claims)?;
			weight = weight.saturating_add(Self::weight_of_receipt(block, claims));
			for claim in &claims.claims {
				// Looked at one by one, since a receipt may hold a claim twice.
				if !is_news(claim) {
					Self::skip(open.slot, claims.tx_index, claim);
					continue;
				}
				let proven =
					Self::prove_claim(gateway, open.slot, claims.tx_index, claim, &receipt)?;
				let Some(proven) = proven else {
					Self::skip(open.slot, claims.tx_index, claim);
					continue;
				};
				weight = weight.saturating_add(T::WeightInfo::deliver(proven.len()));
				Self::deliver(proven);
			}
		}
		Ok(weight)
	}

	/// What a claim comes to; `None` for an event that nobody is subscribed to (any more).
	fn prove_claim(
		gateway: &GatewayId,
		slot: u64,
		tx_index: u32,
		claim: &Claim,
		receipt: &Receipt,
	) -> Result<Option<Proven>, Error<T>> {
		match *claim {
			Claim::Message { log_index, nonce } => {
				let message = gateway.message(log_at(receipt, log_index)?)?;
				ensure!(message.nonce == nonce, Error::<T>::WrongNonce);
				Ok(Some(Proven::Message { gateway: *gateway, message }))
			}
			Claim::Event { log_index, program } => {
				let log = log_at(receipt, log_index)?;
				let subscription = EventSource::of(log)
					.and_then(|source| Subscriptions::<T>::get(source, program))
					.filter(|subscription| subscription.since <= slot);
				let chain_id = gateway.chain_id;
				Ok(subscription.map(|subscription| Proven::Event {
					program,
					gas_limit: subscription.gas_limit,
					event: ContractEvent::new(chain_id, slot, tx_index, log_index, log),
				}))
			}
		}
	}

	fn skip(slot: u64, tx_index: u32, claim: &Claim) {
		Self::deposit_event(match *claim {
			Claim::Message { nonce, .. } => Event::MessageSkipped { nonce },
			Claim::Event { log_index, program } => {
				Event::EventSkipped { key: EventKey { slot, tx_index, log_index, program } }
			}
		});
	}

	fn has_news(gateway: &GatewayId, slot: u64, block: &BlockProof) -> bool {
		block.receipts.iter().any(|receipt| {
			let is_news = |claim| Self::is_news(gateway, slot, receipt.tx_index, claim);
			receipt.claims.iter().any(is_news)
		})
	}

	fn is_news(gateway: &GatewayId, slot: u64, tx_index: u32, claim: &Claim) -> bool {
		match *claim {
			Claim::Message { nonce, .. } => !Self::is_used(gateway, nonce),
			Claim::Event { log_index, program } => {
				!Self::is_delivered(&EventKey { slot, tx_index, log_index, program })
			}
		}
	}

	/// As the batch says; whether that is true shows when its headers are verified.
	fn slot_of(batch: &Batch, block: &BlockProof) -> Result<u64, Error<T>> {
		let position = usize::try_from(block.header).map_err(|_| Error::<T>::HeaderOutOfBounds)?;
		let header = batch.headers.get(position).ok_or(Error::<T>::HeaderOutOfBounds)?;
		Ok(header.slot)
	}
}

fn log_at<T>(receipt: &Receipt, index: u32) -> Result<&Log, Error<T>> {
	let index = usize::try_from(index).map_err(|_| Error::<T>::LogIndexOutOfBounds)?;
	receipt.logs.get(index).ok_or(Error::<T>::LogIndexOutOfBounds)
}
