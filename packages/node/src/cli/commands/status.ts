import { toHex } from '@pulseledger/core'
import { loadCrypto } from '../../crypto/index.ts'
import type { MiningStatus, NetworkStatus } from '../../ports.ts'
import { miningFields } from '../../views/event-json.ts'
import { miningText } from '../../views/mining-text.ts'
import { addressesText, networkText, producingText } from '../../views/peer-text.ts'
import { asciiJson, printable } from '../../views/printable.ts'
import { millisecondsTime, plainTime } from '../../views/time.ts'
import { type Call, type Command, JSON_OPTION } from '../command.ts'
import type { AccessStatus } from '../ledger-access.ts'
import { openAccess } from '../open-access.ts'
import { Output } from '../output.ts'

export const status: Command = {
  name: 'status',
  summary: 'say what there is and whether a node runs',
  description: `Says which ledger the data directory holds, how far it is, which node serves it, and
whether that is connected to others and has caught up with them.`,
  options: [JSON_OPTION],
  examples: [
    ['pulseledger status', 'the ledger of this directory'],
    ['pulseledger status --json | jq .head.height', 'its height, for a program'],
  ],
  run,
}

async function run({ io, config, json }: Call): Promise<void> {
  const access = await openAccess({
    directory: config.values.dataDir,
    crypto: await loadCrypto(),
    clock: io.clock,
  })
  const output = new Output(io.stdout)
  try {
    const found = await access.status()
    for (const line of json ? [statusJson(found)] : statusLines(found)) await output.line(line)
  } finally {
    await access.close()
    await output.flush()
  }
}

function statusLines({
  ledger,
  head,
  finalHeight,
  pendingCount,
  publicKey,
  network,
  mining,
  running,
}: AccessStatus): string[] {
  const addresses = running?.addresses.map((address) => printable(address)).join(', ')
  return [
    `ledger      ${printable(ledger.name)}`,
    `id          ${toHex(ledger.id)}`,
    `engine      ${printable(ledger.engine)}`,
    `head        #${head.height} of ${plainTime(head.time)}, ${head.size} readings`,
    `hash        ${toHex(head.hash)}`,
    `final       up to #${finalHeight}`,
    `pending     ${pendingCount}`,
    `public key  ${publicKey ? toHex(publicKey) : 'none yet'}`,
    `node        ${running ? `process ${running.pid} since ${plainTime(running.startedAt)}` : 'not running'}`,
    ...(addresses ? [`terminals   ${addresses}`] : []),
    ...(running ? networkLines(network, mining) : []),
    ...(mining ? [`mining      ${miningText(mining)}`] : []),
  ]
}

function networkLines(network: NetworkStatus | undefined, mining: MiningStatus | undefined): string[] {
  if (network === undefined) return ['network     off']
  return [
    `network     ${networkText(network)}`,
    `addresses   ${addressesText(network)}`,
    `producing   ${producingText(network, mining)}`,
  ]
}

function statusJson({ ledger, head, publicKey, network, mining, running, ...counts }: AccessStatus): string {
  return asciiJson({
    ledger: { ...ledger, id: toHex(ledger.id) },
    head: { ...head, hash: toHex(head.hash), time: millisecondsTime(head.time) },
    ...counts,
    network: network ?? null,
    ...(mining && { mining: miningFields(mining) }),
    publicKey: publicKey ? toHex(publicKey) : null,
    node: running ? { ...running, startedAt: millisecondsTime(running.startedAt) } : null,
  })
}
