//! The same outbox on a real PostgreSQL server, and what only a server has: several writers.

use super::{
	blocks::tests::{block, found},
	*,
};
use crate::{
	gear::{BlockId, Signed},
	relay::{backoff::Backoff, config::RelayConfig},
	testing::Postgres,
};
use std::time::Duration;
use subxt::utils::{AccountId32, H256};

const LEASE: Duration = Duration::from_secs(600);

async fn opened(url: &str) -> Outbox {
	Outbox::open(Location::parse(url).unwrap()).await.unwrap()
}

fn patience() -> Patience {
	let config = RelayConfig { backoff_initial_ms: 0, backoff_max_ms: 0, ..Default::default() };
	Patience { backoff: Backoff::new(&config), max_attempts: 2 }
}

fn submission(signer: u8, nonce: u64, messages: &[u64]) -> NewSubmission {
	NewSubmission {
		kind: Kind::Messages,
		signer: AccountId32([signer; 32]),
		signed: Signed {
			bytes: vec![signer, nonce as u8],
			hash: H256::repeat_byte(nonce as u8),
			nonce,
			last_block: 100,
		},
		messages: messages.to_vec(),
	}
}

async fn with_messages(outbox: &Outbox, nonces: &[u64]) {
	let found: Vec<_> = nonces.iter().copied().map(found).collect();
	outbox.append(block(5, 0), 60, &found).await.unwrap();
	outbox.finalize(5, block(5, 0).hash).await.unwrap();
}

#[tokio::test]
async fn a_message_goes_all_its_way_on_a_server() {
	let Some(server) = Postgres::start().await else { return };
	let url = server.database("relay").await;
	let outbox = opened(&url).await;
	let identity = Identity {
		gear_genesis: B256::repeat_byte(1),
		chain_id: 32_382,
		gateway: Address::repeat_byte(2),
	};
	outbox.identify(&identity).await.unwrap();
	let walked = BlockId { number: 12, hash: H256::repeat_byte(3) };
	outbox.walk_from(walked).await.unwrap();
	assert!(outbox.take_lease("first", LEASE).await.unwrap());

	with_messages(&outbox, &[1, 2, 3, 4]).await;
	outbox.append(block(6, 0), 72, &[found(5)]).await.unwrap();
	assert_eq!(outbox.unwind_to(5).await.unwrap(), [5]);
	assert_eq!(outbox.to_prove(10).await.unwrap().len(), 4);
	assert_eq!(outbox.newest_waiting().await.unwrap(), Some(60));
	let proofs: Vec<_> = (1..=3).map(|nonce| (nonce, vec![nonce as u8; 1_000])).collect();
	outbox.proven(block(5, 0).hash, b"header", &proofs).await.unwrap();
	outbox.proven(block(5, 0).hash, b"header again", &[]).await.unwrap();
	let shared = outbox.header_proof(block(5, 0).hash).await.unwrap();
	assert_eq!(shared.as_deref(), Some(&b"header again"[..]));
	for _ in 0..2 {
		outbox.failed(&[4], "bad leaf", Blame::Message, &patience()).await.unwrap();
	}
	let id = outbox.submit(&submission(9, 7, &[1, 2])).await.unwrap();
	outbox.taken(id).await.unwrap();
	let error = outbox.submit(&submission(9, 7, &[3])).await.unwrap_err();
	assert!(matches!(error, Error::Database(_)), "{error}");
	// Another account has nonces of its own.
	let other = outbox.submit(&submission(8, 7, &[3])).await.unwrap();
	let place = Delivery {
		block_number: 13,
		block_hash: B256::repeat_byte(4),
		outcome: Ok(B256::repeat_byte(5)),
	};
	let next = BlockId { number: 13, ..walked };
	assert_eq!(outbox.walk(next, &[(1, Some(place.clone()))]).await.unwrap(), [1]);
	outbox.close(id, State::Included, "odd", Blame::Message, &patience()).await.unwrap();
	outbox.close(other, State::Expired, "era", Blame::Circumstances, &patience()).await.unwrap();

	let backlog = outbox.backlog().await.unwrap();
	let counts = [Stage::Done, Stage::Failed, Stage::Dead].map(|stage| backlog.at(stage));
	assert_eq!(counts, [1, 2, 1]);
	assert_eq!(backlog.leader.unwrap().name, "first");
	assert_eq!(outbox.walked().await.unwrap(), Some(next));
	assert_eq!(outbox.message(1).await.unwrap().unwrap().delivery, Some(place));
	assert_eq!(outbox.rides(1).await.unwrap().len(), 1);
	assert_eq!(outbox.undelivered().await.unwrap(), [2, 3, 4]);
	assert!(!outbox.ages(&[1, 2]).await.unwrap().is_empty());
	assert_eq!(outbox.messages(Some(Stage::Failed), Some(3), 9).await.unwrap().len(), 1);
	let stages: Vec<_> =
		outbox.steps(1).await.unwrap().into_iter().map(|step| step.stage).collect();
	assert_eq!(stages, ["observed", "final", "proven", "sent", "done"]);
	assert_eq!(outbox.failed_updates().await.unwrap().0, 0);
	outbox.in_trouble("prove", 1, "away").await.unwrap();
	outbox.in_trouble("prove", 2, "away").await.unwrap();
	assert_eq!(outbox.troubles().await.unwrap()[0].failures, 2);
	outbox.out_of_trouble(None).await.unwrap();

	let again = Outbox::open_to_change(Location::parse(&url).unwrap()).await.unwrap();
	assert!(again.retry(4).await.unwrap(), "an operator needs no lease");
	let other = Identity { gateway: Address::repeat_byte(3), ..identity };
	let error = again.identify(&other).await.unwrap_err();
	assert!(error.to_string().contains("[database] url"), "{error}");
}

#[tokio::test]
async fn whoever_lost_the_lease_writes_nothing_more() {
	let Some(server) = Postgres::start().await else { return };
	let url = server.database("relay").await;
	let (first, second) = (opened(&url).await, opened(&url).await);
	assert!(matches!(first.append(block(5, 0), 60, &[]).await, Err(Error::Superseded { .. })));
	// The lease has run out before the other looks.
	assert!(first.take_lease("first", Duration::ZERO).await.unwrap());
	with_messages(&first, &[1]).await;
	first.proven(block(5, 0).hash, b"header", &[(1, b"proof".to_vec())]).await.unwrap();
	tokio::time::sleep(Duration::from_millis(20)).await;
	assert!(second.take_lease("second", LEASE).await.unwrap());

	let error = first.submit(&submission(9, 7, &[1])).await.unwrap_err();
	assert!(matches!(&error, Error::Superseded { holder } if holder == "second"), "{error}");
	assert!(!first.renew_lease(LEASE).await.unwrap());
	assert!(!first.take_lease("first", LEASE).await.unwrap());
	second.submit(&submission(9, 7, &[1])).await.unwrap();
	assert!(second.renew_lease(LEASE).await.unwrap());
	assert_eq!(first.pending().await.unwrap().len(), 1);

	// Given back, it need not run out.
	first.release_lease().await.unwrap();
	assert!(!first.take_lease("first", LEASE).await.unwrap(), "it was not the first's to give");
	second.release_lease().await.unwrap();
	assert!(first.take_lease("first", LEASE).await.unwrap());
	assert!(matches!(second.taken(1).await, Err(Error::Superseded { .. })));
}

#[tokio::test]
async fn of_many_that_want_the_lease_one_gets_it() {
	let Some(server) = Postgres::start().await else { return };
	let url = server.database("relay").await;
	let mut outboxes = Vec::new();
	for _ in 0..3 {
		outboxes.push(opened(&url).await);
	}
	let wanting = outboxes.iter().map(|outbox| outbox.take_lease("one", LEASE));
	let got = futures::future::try_join_all(wanting).await.unwrap();
	assert_eq!(got.iter().filter(|got| **got).count(), 1);
}

#[tokio::test]
async fn three_that_start_at_once_make_the_tables_once() {
	let Some(server) = Postgres::start().await else { return };
	let url = server.database("relay").await;
	futures::future::join_all((0..3).map(|_| opened(&url))).await;
}
