// Opens the HRMP channels between Gear and the sibling, both ways, by the relay chain's root, and
// waits until they stand. Answers 1 when they do.
//
// Not at genesis: the relay chain would send the parachains word of them in its block 0, which a
// parachain takes for a message it has processed already, and it would never make a block.

const GEAR = 2000;
const SIBLING = 2001;
const CAPACITY = 25;
const MESSAGE_BYTES = 102_400;
const SIX_MINUTES = 6 * 60 * 1000;

async function run(nodeName, networkInfo) {
	const { wsUri, userDefinedTypes } = networkInfo.nodesByName[nodeName];
	const api = await zombie.connect(wsUri, userDefinedTypes);
	await zombie.util.cryptoWaitReady();
	const alice = new zombie.Keyring({ type: "sr25519" }).addFromUri("//Alice");
	const ends = [
		[GEAR, SIBLING],
		[SIBLING, GEAR],
	];
	const orders = ends.map(([from, to]) =>
		api.tx.hrmp.forceOpenHrmpChannel(from, to, CAPACITY, MESSAGE_BYTES),
	);
	await api.tx.sudo.sudo(api.tx.utility.batchAll(orders)).signAndSend(alice);

	const until = Date.now() + SIX_MINUTES;
	while (Date.now() < until) {
		const final = await api.at(await api.rpc.chain.getFinalizedHead());
		const channels = await Promise.all(
			ends.map(([sender, recipient]) => final.query.hrmp.hrmpChannels({ sender, recipient })),
		);
		if (channels.every((channel) => channel.isSome)) {
			return 1;
		}
		await new Promise((resolve) => setTimeout(resolve, 6_000));
	}
	return 0;
}

module.exports = { run };
