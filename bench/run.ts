/**
 * Measures a node on this machine: `npm run bench` runs every suite, `npm run bench -- ingest idle` some of
 * them.
 *
 * Absolute figures drift with the machine; what counts are the ratios within one run. The suites run one
 * after another, each on a data directory of its own in the temporary directory, which is removed afterwards.
 * The suite `network` compares with other systems: it installs them in bench/rivals, which needs a package
 * registry the first time, and goes on without them where there is none.
 */
import { cpus, totalmem } from 'node:os'
import { heightSuite } from './height.ts'
import { idleSuite } from './idle.ts'
import { ingestSuite } from './ingest.ts'
import { miningSuite } from './mining.ts'
import { networkSuite } from './network.ts'
import { measureOpenssl } from './support/openssl.ts'
import type { Report, Suite } from './support/report.ts'
import { syncSuite } from './sync.ts'
import { terminalSuite } from './terminals.ts'

const SUITES: Readonly<Record<string, Suite>> = {
  ingest: ingestSuite,
  terminals: terminalSuite,
  idle: idleSuite,
  height: heightSuite,
  mining: miningSuite,
  network: networkSuite,
  sync: syncSuite,
}

const chosen = process.argv.slice(2)
const unknown = chosen.find((name) => !(name in SUITES))
if (unknown !== undefined) {
  console.error(`error: no suite "${unknown}"; there are ${Object.keys(SUITES).join(', ')}`)
  process.exit(2)
}

console.log(
  `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
)
const report: Report = {
  line: (name, value, note = '') => console.log(`${name.padEnd(46)} ${value.padStart(14)}  ${note}`),
}
const openssl = await measureOpenssl()
report.line('openssl speed -multi 2 ed25519, verify/s', openssl ? openssl.toFixed(0) : 'absent', '= 1.00')
for (const [name, suite] of Object.entries(SUITES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  console.log(`\n${name}`)
  await suite(report, openssl)
}
