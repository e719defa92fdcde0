// Gear's own JavaScript client, `@gear-js/api`, against this chain: uploading, sending and reading
// replies work as on Gear's chains, with nothing changed but the address.
//
//     GEARWAY_GEAR_URL=ws://127.0.0.1:… node --test zombienet/gear-js
import { GearApi, GearKeyring } from '@gear-js/api';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import wabt from 'wabt';

const GAS = 200_000_000_000n;

// Replies with what it is sent; a message of nothing is its end.
const ECHO = `(module
	(import "env" "memory" (memory 2))
	(import "env" "gr_size" (func $size (param i32)))
	(import "env" "gr_read" (func $read (param i32 i32 i32 i32)))
	(import "env" "gr_reply" (func $reply (param i32 i32 i32 i32)))
	(func (export "init"))
	(func (export "handle")
		(call $size (i32.const 0))
		(if (i32.eqz (i32.load (i32.const 0))) (then unreachable))
		(call $read (i32.const 0) (i32.load (i32.const 0)) (i32.const 128) (i32.const 8))
		(call $reply (i32.const 128) (i32.load (i32.const 0)) (i32.const -1) (i32.const 64))))`;

let api, alice, code, nonce;

before(async () => {
	const providerAddress = process.env.GEARWAY_GEAR_URL;
	assert.ok(providerAddress, 'set GEARWAY_GEAR_URL to the address of a Gear node, ws://…');
	api = await GearApi.create({ providerAddress });
	alice = await GearKeyring.fromSuri('//Alice');
	// Counted here: a node may tell of a block before it counts what is in it.
	nonce = (await api.rpc.system.accountNextIndex(alice.address)).toNumber();
	const { buffer } = (await wabt()).parseWat('echo.wat', ECHO).toBinary({});
	// A code is uploaded once: a custom section makes this one new at every run.
	const name = new TextEncoder().encode(randomUUID());
	code = Uint8Array.from([...buffer, 0, name.length + 1, name.length, ...name]);
});

after(() => api?.disconnect());

/** Sends an extrinsic and returns the final block it is in and the event it must have brought. */
function send(extrinsic, method) {
	return new Promise((resolve, reject) => {
		const seen = ({ status, events, dispatchError }) => {
			if (dispatchError) return reject(new Error(JSON.stringify(dispatchError.toHuman())));
			if (!status.isFinalized) return;
			const block = status.asFinalized.toHex();
			const event = events.map(({ event }) => event).find((event) => event.method === method);
			if (event) resolve({ block, data: event.data });
			else reject(new Error(`no ${method} among the extrinsic's events`));
		};
		extrinsic.signAndSend(alice, { nonce: nonce++ }, seen).catch(reject);
	});
}

/** Sends a message to a program and returns the program's reply. */
async function ask(destination, payload) {
	const extrinsic = api.message.send({ destination, payload, gasLimit: GAS });
	const { block, data } = await send(extrinsic, 'MessageQueued');
	const reply = await api.message.getReplyEvent(destination, data.id.toHex(), block);
	return reply.data.message;
}

describe('@gear-js/api', { timeout: 300_000 }, () => {
	let uploaded;

	it('uploads a program, whose id it has foretold', async () => {
		uploaded = api.program.upload({ code, gasLimit: GAS, initPayload: '0x' });
		const { data } = await send(uploaded.extrinsic, 'ProgramChanged');
		assert.equal(data.id.toHex(), uploaded.programId);
	});

	it('makes another of the same code', async () => {
		const { codeId } = uploaded;
		const made = api.program.create({ codeId, gasLimit: GAS, initPayload: '0x' });
		const { data } = await send(made.extrinsic, 'ProgramChanged');
		assert.equal(data.id.toHex(), made.programId);
		assert.notEqual(made.programId, uploaded.programId);
	});

	it('sends a message and reads the reply', async () => {
		const { payload, details } = await ask(uploaded.programId, '0x68656c6c6f');
		assert.equal(payload.toUtf8(), 'hello');
		assert.ok(details.unwrap().code.isSuccess);
	});

	it('reads from the reply that a message failed', async () => {
		const { details } = await ask(uploaded.programId, '0x');
		assert.ok(details.unwrap().code.isError, details.toHuman());
	});

	it('knows the highest gas limit', () => {
		const gasLimit = api.blockGasLimit.toBigInt() + 1n;
		const message = { destination: uploaded.programId, payload: '0x', gasLimit };
		assert.throws(() => api.message.send(message), /GasLimit too high/);
	});
});
