// Runs a Foundry tool from node_modules: `node scripts/foundry.js forge build`.
//
// The npm packages bring a launcher of their own (`bin.mjs`), but it drops the tool's exit code: a failing test run
// would look like a passing one.
const { spawnSync } = require('node:child_process')

const [tool, ...args] = process.argv.slice(2)
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' }
const extension = process.platform === 'win32' ? '.exe' : ''
const binary = require.resolve(
  `@foundry-rs/${tool}-${process.platform}-${ARCHITECTURES[process.arch]}/bin/${tool}${extension}`,
)

const { status, error } = spawnSync(binary, args, { stdio: 'inherit' })
if (error) throw error
process.exitCode = status ?? 1
