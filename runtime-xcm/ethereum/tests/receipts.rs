//! Receipt proofs, honest and forged, over tries made here.

use gearway_ethereum::{
	Gateway, GatewayMessage, H256, ReceiptProof, gateway,
	prove::{BlockReceipts, Error as ProveError},
	receipts::{Error, decode_receipt},
	testing::{block_receipts, gateway_log, receipt},
};

const GATEWAY: Gateway = Gateway { chain_id: 1, address: [0xaa; 20] };

fn message(nonce: u64) -> GatewayMessage {
	GatewayMessage {
		nonce,
		sender: [0xbb; 20],
		program: [0xcc; 32],
		gas_limit: 1_000_000,
		payload: vec![nonce as u8; 100],
	}
}

/// `count` receipts; the one at each index carries, as its second log, the message with the
/// index's nonce.
fn receipts(count: u64) -> BlockReceipts {
	let noise = gateway_log(&Gateway { address: [0xdd; 20], ..GATEWAY }, &message(0));
	let one = |nonce| receipt(true, vec![noise.clone(), gateway_log(&GATEWAY, &message(nonce))]);
	block_receipts((0..count).map(one).collect())
}

fn single(success: bool, gateway: Gateway) -> (H256, ReceiptProof) {
	let receipts = block_receipts(vec![receipt(success, vec![gateway_log(&gateway, &message(1))])]);
	(receipts.root(), receipts.prove(0, 0, 1).expect("there is one receipt"))
}

#[test]
fn proves_every_receipt_of_blocks_of_many_sizes() {
	for count in [1, 2, 3, 16, 17, 127, 128, 129, 300] {
		let receipts = receipts(count);
		// Where the lengths of keys and branches change, and the ends.
		for index in [0, 1, 15, 16, 17, 126, 127, 128, 129, 255, 256, count as u32 - 1] {
			if index >= count as u32 {
				continue;
			}
			let proof = receipts.prove(index, 1, index.into()).unwrap();
			assert_eq!(proof.verify(receipts.root(), &GATEWAY), Ok(message(index.into())));
		}
		assert!(matches!(receipts.prove(count as u32, 0, 0), Err(ProveError::NoReceipt { .. })));
	}
}

#[test]
fn the_event_is_read_to_the_last_field() {
	let (root, proof) = single(true, GATEWAY);
	let read = proof.verify(root, &GATEWAY).unwrap();
	assert_eq!(read, message(1));
	assert_eq!(read.source()[..12], [0; 12]);
	assert_eq!(read.source()[12..], [0xbb; 20]);
}

#[test]
fn a_proof_for_another_index_is_refused() {
	let receipts = receipts(200);
	for index in [0, 1, 127, 128, 199] {
		let mut proof = receipts.prove(index, 1, index.into()).unwrap();
		for other in [0, 1, 2, 127, 128, 199, 200, u32::MAX] {
			proof.tx_index = other;
			if other != index {
				assert_eq!(proof.verify(receipts.root(), &GATEWAY), Err(Error::BadProof));
			}
		}
	}
}

#[test]
fn a_forged_receipt_is_refused() {
	let honest = receipts(20);
	let mut encoded = vec![receipt(true, vec![]); 20];
	encoded[7] = receipt(true, vec![gateway_log(&GATEWAY, &message(7))]);
	let forged = block_receipts(encoded).prove(7, 0, 7).unwrap();
	assert_eq!(forged.verify(honest.root(), &GATEWAY), Err(Error::BadProof));

	// A forged leaf under honest branches.
	let mut grafted = honest.prove(7, 0, 7).unwrap();
	*grafted.nodes.last_mut().unwrap() = forged.nodes.last().unwrap().clone();
	assert_eq!(grafted.verify(honest.root(), &GATEWAY), Err(Error::BadProof));
}

#[test]
fn every_damaged_byte_is_noticed() {
	let receipts = receipts(20);
	let proof = receipts.prove(3, 1, 3).unwrap();
	for node in 0..proof.nodes.len() {
		for byte in 0..proof.nodes[node].len() {
			let mut damaged = proof.clone();
			damaged.nodes[node][byte] ^= 1 << (byte % 8);
			assert_eq!(damaged.verify(receipts.root(), &GATEWAY), Err(Error::BadProof));
		}
	}
}

#[test]
fn noise_is_refused_and_harmless() {
	// A small generator of our own, so that a failure comes back.
	let mut state = 0x9e37_79b9_7f4a_7c15_u64;
	let mut random = move |below: usize| {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		(state % below as u64) as usize
	};
	let good = receipts(20).prove(3, 1, 3).unwrap();
	let root = receipts(20).root();
	for _ in 0..5_000 {
		let mut proof = good.clone();
		let node = random(proof.nodes.len());
		// The prefixes are where the structure is.
		for _ in 0..=random(4) {
			let position = random(proof.nodes[node].len().min(40));
			proof.nodes[node][position] = random(256) as u8;
		}
		let length = 1 + random(proof.nodes[node].len());
		proof.nodes[node].truncate(length);
		if proof != good {
			assert_eq!(proof.verify(root, &GATEWAY), Err(Error::BadProof));
			// As if the trie had such a node at its root.
			let own = alloy::primitives::keccak256(proof.nodes[node].as_slice());
			proof.nodes = vec![proof.nodes[node].clone()].try_into().unwrap();
			assert!(proof.verify(H256(own.0), &GATEWAY).is_err());
		}
		let noise: Vec<u8> = (0..random(80)).map(|_| random(256) as u8).collect();
		assert!(decode_receipt(&noise).is_err());
	}
}

#[test]
fn missing_and_surplus_nodes_are_noticed() {
	let receipts = receipts(20);
	let proof = receipts.prove(3, 1, 3).unwrap();
	assert!(proof.nodes.len() > 1);
	for node in 0..proof.nodes.len() {
		let mut damaged = proof.clone();
		damaged.nodes.remove(node);
		assert_eq!(damaged.verify(receipts.root(), &GATEWAY), Err(Error::BadProof));

		let mut damaged = proof.clone();
		damaged.nodes.try_insert(node, proof.nodes[node].clone()).unwrap();
		assert_eq!(damaged.verify(receipts.root(), &GATEWAY), Err(Error::BadProof));
	}
	let mut damaged = proof;
	damaged.nodes.clear();
	assert_eq!(damaged.verify(receipts.root(), &GATEWAY), Err(Error::BadProof));
}

#[test]
fn absence_is_not_emptiness() {
	// The empty trie's root and node prove that nothing is there, which is not a receipt.
	let empty = H256(alloy_trie::EMPTY_ROOT_HASH.0);
	let mut proof = receipts(1).prove(0, 1, 0).unwrap();
	proof.nodes[0] = vec![0x80].try_into().unwrap();
	assert_eq!(proof.verify(empty, &GATEWAY), Err(Error::BadProof));
	proof.nodes.clear();
	assert_eq!(proof.verify(empty, &GATEWAY), Err(Error::BadProof));
	assert!(proof.is_empty());
}

/// Values short enough lie in their parent: no receipt is, and such a proof ends at the parent.
#[test]
fn what_lies_in_its_parent_is_no_receipt() {
	for count in [2, 20, 200] {
		let short = block_receipts((0..count).map(|value| vec![0xc1, value]).collect());
		for index in 0..u32::from(count) {
			let proof = short.prove(index, 0, 0).unwrap();
			assert_eq!(proof.verify(short.root(), &GATEWAY), Err(Error::BadProof));
		}
	}
}

#[test]
fn logs_are_bounds_checked() {
	let receipts = receipts(2);
	for index in [2, 3, u32::MAX] {
		let proof = receipts.prove(1, index, 1).unwrap();
		assert_eq!(proof.verify(receipts.root(), &GATEWAY), Err(Error::LogIndexOutOfBounds));
	}
}

#[test]
fn a_reverted_transaction_proves_nothing() {
	let (root, proof) = single(false, GATEWAY);
	assert_eq!(proof.verify(root, &GATEWAY), Err(Error::Reverted));
}

#[test]
fn another_contract_is_not_the_gateway() {
	let (root, proof) = single(true, Gateway { address: [0xab; 20], ..GATEWAY });
	let error = Error::Gateway(gateway::Error::WrongGateway);
	assert_eq!(proof.verify(root, &GATEWAY), Err(error));
}

#[test]
fn another_event_is_not_a_message() {
	let error = Err(Error::Gateway(gateway::Error::WrongEvent));
	let verify = |log| {
		let receipts = block_receipts(vec![receipt(true, vec![log])]);
		receipts.prove(0, 0, 1).unwrap().verify(receipts.root(), &GATEWAY)
	};
	let good = gateway_log(&GATEWAY, &message(1));
	assert!(verify(good.clone()).is_ok());

	let topics = good.topics().to_vec();
	let with = |topics: Vec<_>, data: &[u8]| alloy::primitives::Log {
		address: good.address,
		data: alloy::primitives::LogData::new_unchecked(topics, data.to_vec().into()),
	};
	let data = &good.data.data;
	assert_eq!(verify(with(vec![], data)), error);
	assert_eq!(verify(with(topics[..3].to_vec(), data)), error);
	let mut other = topics.clone();
	other[0].0[0] ^= 1;
	assert_eq!(verify(with(other, data)), error);
	let mut dirty = topics.clone();
	// A nonce of more than 64 bits.
	dirty[1].0[0] = 1;
	assert_eq!(verify(with(dirty, data)), error);
	assert_eq!(verify(with(topics.clone(), &data[..data.len() - 1])), error);
	assert_eq!(verify(with(topics.clone(), &[])), error);
	// A length of the payload that goes far beyond the data.
	let mut long = data.to_vec();
	long[64..96].fill(0xff);
	assert_eq!(verify(with(topics, &long)), error);
}

#[test]
fn the_nonce_must_be_the_one_announced() {
	let (root, mut proof) = single(true, GATEWAY);
	proof.nonce = 2;
	assert_eq!(proof.verify(root, &GATEWAY), Err(Error::WrongNonce));
}

#[test]
fn receipts_are_decoded_whatever_the_envelope_and_nothing_else_is() {
	let good = receipt(true, vec![gateway_log(&GATEWAY, &message(1))]);
	let decoded = decode_receipt(&good).unwrap();
	assert_eq!(good[0], 2);
	assert_eq!(decode_receipt(&good[1..]), Ok(decoded.clone()));
	for kind in 0..=255 {
		let mut other = good.clone();
		other[0] = kind;
		let expected = match kind {
			1..=4 => Ok(decoded.clone()),
			0 | 5..0x80 => Err(Error::UnknownReceiptType),
			_ => Err(Error::BadReceipt),
		};
		assert_eq!(decode_receipt(&other), expected, "{kind}");
	}
	for length in 0..good.len() {
		assert!(decode_receipt(&good[..length]).is_err());
	}
	let mut trailing = good.clone();
	trailing.push(0);
	assert_eq!(decode_receipt(&trailing), Err(Error::BadReceipt));
}

#[test]
fn receipts_of_another_block_are_not_taken() {
	let root = receipts(3).root();
	for encoded in [vec![], vec![receipt(true, vec![])]] {
		assert!(matches!(
			BlockReceipts::from_encoded(encoded, root),
			Err(ProveError::WrongReceipts { expected, .. }) if expected == root
		));
	}
}

#[test]
fn a_topic_is_of_one_chain_one_gateway_one_nonce() {
	let topic = GATEWAY.topic(1);
	assert_eq!(topic, GATEWAY.topic(1));
	assert_ne!(topic, GATEWAY.topic(2));
	assert_ne!(topic, Gateway { chain_id: 2, ..GATEWAY }.topic(1));
	assert_ne!(topic, Gateway { address: [0; 20], ..GATEWAY }.topic(1));
}
