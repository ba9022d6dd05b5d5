import { parseInvite } from '@pulseledger/core'
import { createLogger } from '../../adapters/logger.ts'
import { nodeOptions } from '../../config/node-options.ts'
import { loadCrypto } from '../../crypto/index.ts'
import type { NodeOptions } from '../../options.ts'
import { NodeFailure } from '../../ports.ts'
import { rejoinLedger } from '../../rejoin-ledger.ts'
import { addressBookPath } from '../../store/level/data-directory.ts'
import { type Call, type Command, preferred } from '../command.ts'
import type { CliIo } from '../io.ts'
import { hasLedger } from '../open-access.ts'
import { runNode } from '../run-node.ts'
import { unwrap } from '../unwrap.ts'
import { isDialable } from './join.ts'

export const rejoin: Command = {
  name: 'rejoin',
  summary: 'take the history of the others, keep all readings',
  description: `For a group that was apart for so long that its parts cannot agree any more (the alarm
BLOCK_BELOW_FINAL). Decide which part keeps its history and stop every node of the other one; then run this in
place of \`start\` on each of those. It sets the ledger aside within the data directory, fetches that of the
others, and gives them each entry that they do not have, signed as it was. Without an invite it looks for the
nodes that it knows. It makes no block before it has met one.`,
  argument: { name: '[word]', help: 'the invite of a node of the part that keeps its history' },
  options: [],
  examples: [
    ['pulseledger rejoin pulse1...', 'as a node of them printed it'],
    ['pulseledger rejoin', 'with the nodes that were met before'],
    ['pulseledger rejoin --peer 10.0.0.7:7400', 'with the node that runs there'],
  ],
  run,
}

async function run({ io, config, argument }: Call): Promise<void> {
  const chosen = unwrap(nodeOptions(config, io.invocation))
  const directory = chosen.dataDirectory
  const crypto = await loadCrypto(preferred(config.values.crypto))
  const invited = argument === undefined ? undefined : unwrap(parseInvite(argument, crypto))
  if (chosen.listen === undefined) {
    throw new NodeFailure('NETWORK_OFF', 'a ledger is rejoined over the network, which is off here')
  }
  if (!hasLedger(directory)) throw new NodeFailure('LEDGER_MISSING', `${directory} holds no ledger`)
  const peers = [...new Set([...(invited?.addresses.filter(isDialable) ?? []), ...chosen.peers])]
  if (peers.length === 0 && (invited || !(await remembersNodes(chosen, io)))) {
    const message = invited ? 'the invite names no address' : 'no address of another node is known'
    throw new NodeFailure('PEER_UNREACHABLE', `${message}; give an invite, or an address with --peer`)
  }
  const { clock, random } = io
  const expected = invited ? { expectedLedger: invited.ledgerId } : {}
  const done = await rejoinLedger({ directory, ...expected }, { crypto, clock, random })
  await runNode({
    io,
    config,
    options: { ...chosen, peers, waitsForPeers: true },
    source: { kind: 'rejoined', rejoin: done },
  })
}

async function remembersNodes({ dataDirectory, logLevel }: NodeOptions, io: CliIo): Promise<boolean> {
  const { clock, stderr } = io
  const pretty = stderr.isTTY === true
  const logger = createLogger({ level: logLevel, pretty, clock, write: (line) => stderr.write(line) })
  // Loaded when it is needed: most commands have nothing to do with the network.
  const { AddressBook } = await import('../../network/libp2p/address-book.ts')
  const book = new AddressBook({ path: addressBookPath(dataDirectory), clock, logger })
  await book.open()
  return book.peers().length > 0
}
