-- Integers are signed 64-bit; times are milliseconds of Unix time.
--
-- Written in SQLite's words. PostgreSQL gets the same text with the few words changed that
-- `outbox/store.rs` lists; `/* counted */` marks a key that the database counts up by itself.

-- What this file is about: one row. A relayer of another gateway or chain refuses the file.
CREATE TABLE identity (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	gear_genesis BLOB NOT NULL CHECK (length(gear_genesis) = 32),
	chain_id INTEGER NOT NULL,
	gateway BLOB NOT NULL CHECK (length(gateway) = 20)
) STRICT;

-- Execution blocks that were looked through: the latest final one and all after it. The highest is
-- how far the relayer has come; every one is the child of the one below it.
CREATE TABLE block (
	number INTEGER PRIMARY KEY,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	parent BLOB NOT NULL CHECK (length(parent) = 32)
) STRICT;

-- The last finalised block of the Gear chain whose events were read: one row.
CREATE TABLE walked (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	number INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Signed extrinsics, stored before they are sent.
CREATE TABLE submission (
	id INTEGER PRIMARY KEY /* counted */,
	kind TEXT NOT NULL CHECK (kind IN ('update', 'messages')),
	state TEXT NOT NULL CHECK (state IN ('pending', 'included', 'expired', 'refused')),
	-- The signer's account and nonce, and the last block of the Gear chain that can include it.
	signer BLOB NOT NULL CHECK (length(signer) = 32),
	nonce INTEGER NOT NULL,
	last_block INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	bytes BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	-- When a node last took the bytes; empty until one did.
	sent_at INTEGER,
	last_error TEXT
) STRICT;

CREATE UNIQUE INDEX submission_pending ON submission (signer, nonce) WHERE state = 'pending';

-- The gateway's messages, by the nonce the gateway gave them.
CREATE TABLE message (
	nonce INTEGER PRIMARY KEY,
	block_number INTEGER NOT NULL,
	block_hash BLOB NOT NULL CHECK (length(block_hash) = 32),
	-- The block's timestamp, in seconds of Unix time.
	block_time INTEGER NOT NULL,
	tx_hash BLOB NOT NULL CHECK (length(tx_hash) = 32),
	-- Position of the transaction in its block, and of the log in the transaction's receipt.
	tx_index INTEGER NOT NULL,
	log_index INTEGER NOT NULL,
	sender BLOB NOT NULL CHECK (length(sender) = 20),
	program BLOB NOT NULL CHECK (length(program) = 32),
	stage TEXT NOT NULL CHECK (
		stage IN ('observed', 'final', 'proven', 'sent', 'done', 'failed', 'dead')
	),
	-- How often it failed for a reason of its own, how often for any, when it may be tried again,
	-- and what was wrong last.
	attempts INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	next_attempt_at INTEGER NOT NULL DEFAULT 0,
	last_error TEXT,
	-- SCALE bytes of the receipt proof; there from `proven` on.
	proof BLOB,
	-- The extrinsic it went in; there from `sent` on.
	submission INTEGER REFERENCES submission (id),
	-- Where the Gear chain took it, and the id it has there; there once `done` and seen. Without an
	-- id, its nonce was used there but it could not be posted, for the reason in `last_error`.
	gear_block_number INTEGER,
	gear_block_hash BLOB,
	message_id BLOB,
	observed_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX message_stage ON message (stage, next_attempt_at);
CREATE INDEX message_block ON message (block_number);

-- SCALE bytes of the proof that a block's receipts are final, shared by the block's messages.
CREATE TABLE header_proof (
	block_hash BLOB PRIMARY KEY CHECK (length(block_hash) = 32),
	proof BLOB NOT NULL,
	created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What befell each message, in order: a row for every step. The same failure again is counted.
-- Rows outlive a message whose block turned out not to be part of the chain.
CREATE TABLE step (
	id INTEGER PRIMARY KEY /* counted */,
	nonce INTEGER NOT NULL,
	stage TEXT NOT NULL,
	note TEXT NOT NULL,
	submission INTEGER,
	times INTEGER NOT NULL DEFAULT 1,
	first_at INTEGER NOT NULL,
	last_at INTEGER NOT NULL
) STRICT;

CREATE INDEX step_nonce ON step (nonce, id);

-- What keeps a stage of the relayer from its work at the moment: a row for each that has trouble.
CREATE TABLE trouble (
	stage TEXT PRIMARY KEY,
	failures INTEGER NOT NULL,
	error TEXT NOT NULL,
	since INTEGER NOT NULL,
	last_at INTEGER NOT NULL
) STRICT;

-- Who may relay, where several relayers share a server; the times are the server's. One row.
CREATE TABLE lease (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	holder TEXT NOT NULL,
	-- Counts the changes of holder: what an earlier holder still wants to write is refused by it.
	epoch INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;

INSERT INTO lease (id, holder, epoch, expires_at) VALUES (1, '', 0, 0);
