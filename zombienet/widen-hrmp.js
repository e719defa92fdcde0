// Gives a local relay chain's plain spec the limits that Polkadot has for messages between chains;
// those of its preset are a toy's. Usage: node widen-hrmp.js SPEC

const fs = require("node:fs");
const limits = require("./relay-limits.json");

const [, , file] = process.argv;
const spec = JSON.parse(fs.readFileSync(file, "utf8"));
const config = spec.genesis.runtimeGenesis.patch.configuration.config;
for (const [limit, value] of Object.entries(limits)) {
	if (!(limit in config)) {
		throw new Error(`${file}: its runtime's preset has no ${limit}`);
	}
	config[limit] = value;
}
fs.writeFileSync(file, JSON.stringify(spec));
