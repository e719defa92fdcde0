#!/usr/bin/env node
// Reads the lcov report of `forge coverage` and fails where too few lines of our contracts are covered.
const { readFileSync } = require('node:fs')

const REPORT = 'coverage/lcov.info'
const WANTED = 95

const sum = { LF: 0, LH: 0 }
for (const line of readFileSync(REPORT, 'utf8').split('\n')) {
  const [key, count] = line.split(':')
  if (key in sum) sum[key] += Number(count)
}
const percent = sum.LF === 0 ? 0 : (100 * sum.LH) / sum.LF
console.log(`lines covered: ${sum.LH} of ${sum.LF}, ${percent.toFixed(1)} % (at least ${WANTED} % wanted)`)
if (percent < WANTED) process.exitCode = 1
