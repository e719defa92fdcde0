//! The execution blocks that were looked through, and the messages found in them.

use super::{Error, Outbox, hash, int, journey::record, now, number, store::Tx};
use crate::relay::stage::Stage;
use alloy::primitives::{Address, B256};
use sqlx::any::AnyRow;

/// A block that was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenBlock {
	/// Its number.
	pub number: u64,
	/// Its hash.
	pub hash: B256,
	/// Its parent's hash.
	pub parent: B256,
}

/// A message found in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
	/// The gateway's number for it.
	pub nonce: u64,
	/// Hash of the transaction it was sent by.
	pub tx_hash: B256,
	/// The transaction's position in the block.
	pub tx_index: u32,
	/// The log's position in the transaction's receipt.
	pub log_index: u32,
	/// Who sent it.
	pub sender: Address,
	/// The program it is for.
	pub program: B256,
}

impl Outbox {
	/// How far the relayer has come: the highest block it looked through.
	pub async fn tip(&self) -> Result<Option<SeenBlock>, Error> {
		let row =
			sqlx::query("SELECT number, hash, parent FROM block ORDER BY number DESC LIMIT 1")
				.fetch_optional(&self.pool)
				.await?;
		row.as_ref().map(seen).transpose()
	}

	/// The block of that number, if it was looked through and is not long final.
	pub async fn seen(&self, number: u64) -> Result<Option<SeenBlock>, Error> {
		let row = sqlx::query("SELECT number, hash, parent FROM block WHERE number = $1")
			.bind(int(number)?)
			.fetch_optional(&self.pool)
			.await?;
		row.as_ref().map(seen).transpose()
	}

	/// Blocks that can still be gone back to, the highest first.
	pub async fn seen_from_tip(&self) -> Result<Vec<SeenBlock>, Error> {
		let rows = sqlx::query("SELECT number, hash, parent FROM block ORDER BY number DESC")
			.fetch_all(&self.pool)
			.await?;
		rows.iter().map(seen).collect()
	}

	/// Records that a block was looked through, and what was found in it: both or neither.
	///
	/// The block must be the child of the highest one, which is checked inside the transaction.
	pub async fn append(
		&self,
		block: SeenBlock,
		time: u64,
		messages: &[Found],
	) -> Result<(), Error> {
		let mut tx = self.begin().await?;
		let row =
			sqlx::query("SELECT number, hash, parent FROM block ORDER BY number DESC LIMIT 1")
				.fetch_optional(&mut *tx)
				.await?;
		if let Some(tip) = row.as_ref().map(seen).transpose()?
			&& (tip.number + 1 != block.number || tip.hash != block.parent)
		{
			return Err(Error::Contradiction(format!(
				"block {} ({}) does not follow block {} ({})",
				block.number, block.hash, tip.number, tip.hash
			)));
		}
		sqlx::query("INSERT INTO block (number, hash, parent) VALUES ($1, $2, $3)")
			.bind(int(block.number)?)
			.bind(block.hash.as_slice())
			.bind(block.parent.as_slice())
			.execute(&mut *tx)
			.await?;
		for message in messages {
			insert(&mut tx, block.number, block.hash, time, message).await?;
		}
		Ok(tx.commit().await?)
	}

	/// Forgets all blocks above `number` and the messages found in them, and returns those
	/// messages' nonces. The block of that number must be known.
	pub async fn unwind_to(&self, number: u64) -> Result<Vec<u64>, Error> {
		let mut tx = self.begin().await?;
		let known: Option<i64> = sqlx::query_scalar("SELECT number FROM block WHERE number = $1")
			.bind(int(number)?)
			.fetch_optional(&mut *tx)
			.await?;
		if known.is_none() {
			return Err(Error::Contradiction(format!(
				"block {number} is final and long forgotten, it cannot be gone back to"
			)));
		}
		let rows = sqlx::query("DELETE FROM message WHERE block_number > $1 RETURNING nonce")
			.bind(int(number)?)
			.fetch_all(&mut *tx)
			.await?;
		sqlx::query("DELETE FROM block WHERE number > $1")
			.bind(int(number)?)
			.execute(&mut *tx)
			.await?;
		let nonces = sorted_nonces(&rows)?;
		let note =
			format!("forgotten: only block {number} and those before are still in the chain");
		for nonce in &nonces {
			record(&mut tx, int(*nonce)?, Stage::Observed, &note, None).await?;
		}
		tx.commit().await?;
		Ok(nonces)
	}

	/// Records that the block of that number and hash is final, and all below it. Returns the
	/// nonces of the messages that became final by it.
	///
	/// A block of another hash there is a [`Error::Disagreement`]; a block not yet looked through
	/// changes nothing.
	pub async fn finalize(&self, number: u64, finalized: B256) -> Result<Vec<u64>, Error> {
		let mut tx = self.begin().await?;
		let row = sqlx::query("SELECT hash FROM block WHERE number = $1")
			.bind(int(number)?)
			.fetch_optional(&mut *tx)
			.await?;
		let Some(row) = row else { return Ok(Vec::new()) };
		let seen = hash(&row, "hash")?;
		if seen != finalized {
			return Err(Error::Disagreement(format!(
				"block {number} is {seen} by the execution node and {finalized} by the beacon node"
			)));
		}
		let rows = sqlx::query(
			"UPDATE message SET stage = 'final', updated_at = $1 \
			 WHERE stage = 'observed' AND block_number <= $2 RETURNING nonce",
		)
		.bind(now())
		.bind(int(number)?)
		.fetch_all(&mut *tx)
		.await?;
		sqlx::query("DELETE FROM block WHERE number < $1")
			.bind(int(number)?)
			.execute(&mut *tx)
			.await?;
		let nonces = sorted_nonces(&rows)?;
		let note = format!("the beacon chain finalised block {number} ({finalized})");
		for nonce in &nonces {
			record(&mut tx, int(*nonce)?, Stage::Final, &note, None).await?;
		}
		tx.commit().await?;
		Ok(nonces)
	}

	/// Adds a message of a block that was looked through, if it is not known. Returns whether it
	/// was not. The caller answers for the block being part of the chain.
	pub async fn add_missing(
		&self,
		number: u64,
		hash: B256,
		time: u64,
		message: &Found,
	) -> Result<bool, Error> {
		let mut tx = self.begin().await?;
		let known: Option<i64> = sqlx::query_scalar("SELECT nonce FROM message WHERE nonce = $1")
			.bind(int(message.nonce)?)
			.fetch_optional(&mut *tx)
			.await?;
		if known.is_some() {
			return Ok(false);
		}
		insert(&mut tx, number, hash, time, message).await?;
		tx.commit().await?;
		Ok(true)
	}
}

async fn insert(
	tx: &mut Tx,
	number: u64,
	hash: B256,
	time: u64,
	message: &Found,
) -> Result<(), Error> {
	let nonce = int(message.nonce)?;
	sqlx::query(
		"INSERT INTO message (nonce, block_number, block_hash, block_time, tx_hash, tx_index, \
		 log_index, sender, program, stage, observed_at, updated_at) \
		 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'observed', $10, $10)",
	)
	.bind(nonce)
	.bind(int(number)?)
	.bind(hash.as_slice())
	.bind(int(time)?)
	.bind(message.tx_hash.as_slice())
	.bind(i64::from(message.tx_index))
	.bind(i64::from(message.log_index))
	.bind(message.sender.as_slice())
	.bind(message.program.as_slice())
	.bind(now())
	.execute(&mut **tx)
	.await
	.map_err(|error| match error.as_database_error() {
		Some(inner) if inner.is_unique_violation() => Error::Contradiction(format!(
			"the gateway gave nonce {} twice, the second time in block {number} ({hash})",
			message.nonce
		)),
		_ => error.into(),
	})?;
	record(tx, nonce, Stage::Observed, &format!("block {number} ({hash})"), None).await
}

fn sorted_nonces(rows: &[AnyRow]) -> Result<Vec<u64>, Error> {
	let mut nonces = rows.iter().map(|row| number(row, "nonce")).collect::<Result<Vec<_>, _>>()?;
	nonces.sort_unstable();
	Ok(nonces)
}

fn seen(row: &AnyRow) -> Result<SeenBlock, Error> {
	Ok(SeenBlock {
		number: number(row, "number")?,
		hash: hash(row, "hash")?,
		parent: hash(row, "parent")?,
	})
}

#[cfg(test)]
pub(crate) mod tests {
	use super::{super::tests::Temporary, *};

	/// A block whose hash tells its number and branch.
	pub(crate) fn block(number: u64, branch: u8) -> SeenBlock {
		let hash = |number: u64| {
			let mut hash = B256::repeat_byte(branch);
			hash.0[..8].copy_from_slice(&number.to_be_bytes());
			hash
		};
		SeenBlock { number, hash: hash(number), parent: hash(number.wrapping_sub(1)) }
	}

	pub(crate) fn found(nonce: u64) -> Found {
		Found {
			nonce,
			tx_hash: B256::repeat_byte(9),
			tx_index: 0,
			log_index: 0,
			sender: Address::repeat_byte(7),
			program: B256::repeat_byte(8),
		}
	}

	async fn nonces(outbox: &Outbox) -> Vec<i64> {
		sqlx::query_scalar("SELECT nonce FROM message ORDER BY nonce")
			.fetch_all(&outbox.pool)
			.await
			.unwrap()
	}

	#[tokio::test]
	async fn a_block_and_its_messages_are_recorded_together_and_survive() {
		let temporary = Temporary::new().await;
		assert_eq!(temporary.outbox.tip().await.unwrap(), None);
		temporary.outbox.append(block(5, 0), 60, &[found(1), found(2)]).await.unwrap();
		let temporary = temporary.reopen().await;
		assert_eq!(temporary.outbox.tip().await.unwrap(), Some(block(5, 0)));
		assert_eq!(nonces(&temporary.outbox).await, [1, 2]);
	}

	#[tokio::test]
	async fn a_message_that_cannot_be_recorded_leaves_the_cursor_where_it_was() {
		let temporary = Temporary::new().await;
		temporary.outbox.append(block(5, 0), 60, &[found(1)]).await.unwrap();
		// Nonce 2 is recorded first, then nonce 1 for a second time: nothing must remain of it.
		let error =
			temporary.outbox.append(block(6, 0), 72, &[found(2), found(1)]).await.unwrap_err();
		assert!(matches!(error, Error::Contradiction(_)), "{error}");
		assert_eq!(temporary.outbox.tip().await.unwrap(), Some(block(5, 0)));
		assert_eq!(nonces(&temporary.outbox).await, [1]);
	}

	#[tokio::test]
	async fn a_block_that_does_not_follow_is_refused() {
		let temporary = Temporary::new().await;
		temporary.outbox.append(block(5, 0), 60, &[]).await.unwrap();
		for wrong in [block(7, 0), block(6, 1), block(5, 0)] {
			let error = temporary.outbox.append(wrong, 72, &[found(1)]).await.unwrap_err();
			assert!(matches!(error, Error::Contradiction(_)), "{error}");
		}
		assert!(nonces(&temporary.outbox).await.is_empty());
	}

	#[tokio::test]
	async fn unwinding_forgets_blocks_and_messages_above_and_nothing_else() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		for number in 5..9 {
			outbox.append(block(number, 0), 60, &[found(number)]).await.unwrap();
		}
		assert_eq!(outbox.unwind_to(6).await.unwrap(), [7, 8]);
		assert_eq!(outbox.tip().await.unwrap(), Some(block(6, 0)));
		assert_eq!(nonces(outbox).await, [5, 6]);
		// The same nonce on the other branch is no conflict.
		let other = SeenBlock { parent: block(6, 0).hash, ..block(7, 1) };
		outbox.append(other, 84, &[found(7)]).await.unwrap();
		assert_eq!(nonces(outbox).await, [5, 6, 7]);
	}

	#[tokio::test]
	async fn what_was_final_cannot_be_unwound() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		for number in 5..9 {
			outbox.append(block(number, 0), 60, &[found(number)]).await.unwrap();
		}
		assert_eq!(outbox.finalize(7, block(7, 0).hash).await.unwrap(), [5, 6, 7]);
		assert!(matches!(outbox.unwind_to(6).await, Err(Error::Contradiction(_))));
		assert_eq!(outbox.unwind_to(7).await.unwrap(), [8]);
		assert_eq!(nonces(outbox).await, [5, 6, 7]);
	}

	#[tokio::test]
	async fn finality_of_another_branch_changes_nothing() {
		let temporary = Temporary::new().await;
		let outbox = &temporary.outbox;
		outbox.append(block(5, 0), 60, &[found(1)]).await.unwrap();
		let error = outbox.finalize(5, block(5, 1).hash).await.unwrap_err();
		assert!(matches!(error, Error::Disagreement(_)), "{error}");
		// Finality may run ahead of what was looked through.
		assert!(outbox.finalize(6, block(6, 0).hash).await.unwrap().is_empty());
		assert_eq!(outbox.finalize(5, block(5, 0).hash).await.unwrap(), [1]);
	}
}
