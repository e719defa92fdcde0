#!/usr/bin/env node
// The Solidity compiler as forge calls it, on top of npm's `solc`: compiled to WebAssembly, so it comes from the
// package registry and runs on every platform. `foundry.toml` names this file as its compiler.
//
// forge calls either `--version`, or `--standard-json` with the input on stdin. Paths (`--base-path`,
// `--allow-paths`, …) can be ignored: forge puts every source into the input.
const { readFileSync } = require('node:fs')
const solc = require('solc')

if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
} else if (process.argv.includes('--standard-json')) {
  // Never process.exit() here: it would cut off output that is still being written to the pipe.
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write('solc.js: expected --version or --standard-json\n')
  process.exitCode = 2
}
